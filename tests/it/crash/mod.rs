//! Runs that are killed, and files that change under a run: the table and what is recorded of it are
//! the old ones or the new ones.
//!
//! `SQLFLOW_TEST_KILLS=N` is the full run: kills at every point of every case, and N kills at times
//! spread over a run, in each mode. Without it there is one kill at a point of each kind, and a few
//! at such times. What fell where is printed.

#![allow(clippy::print_stdout, reason = "which kills fell where is for people to read")]

mod changed_files;
mod contents;
mod copies;
mod points;
pub(crate) mod stalled;
mod times;

/// How many kills are asked for; `None` is the small run.
#[allow(clippy::disallowed_methods, reason = "the full run is asked for so")]
pub(crate) fn kills() -> Option<u32> {
    std::env::var("SQLFLOW_TEST_KILLS").ok().map(|count| count.parse().unwrap())
}

/// Rows of `id` and `v`, the same value in all of them.
fn rows(ids: std::ops::Range<u32>, value: &str) -> String {
    let rows: String = ids.map(|id| format!("{id},{value}\n")).collect();
    format!("id,v\n{rows}")
}

/// The source table `raw.orders` of the files at `path`, loaded as `load` says.
fn source(path: &str, load: &str) -> String {
    format!(
        "sources:\n  - name: raw\n    tables:\n      - name: orders\n        path: {path}\n        \
         load: {{{load}}}\n"
    )
}
