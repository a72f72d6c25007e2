//! The integration tests: one binary, one file a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::doc_markdown,
    clippy::from_iter_instead_of_collect,
    clippy::too_many_lines,
    missing_docs,
    unreachable_pub,
    reason = "a test may fail loudly"
)]

mod applied;
mod bad_input;
mod build;
mod check;
mod clean;
mod codes;
mod compile;
mod compile_snapshots;
mod contract;
mod corpus;
mod crash;
mod dbt_project;
mod debug;
mod dialects;
mod drift;
mod edits;
mod elsewhere;
mod engine;
#[cfg(feature = "postgres")]
mod engines;
mod explain;
mod export;
#[cfg(all(feature = "postgres", feature = "s3"))]
mod guide;
mod init;
mod lineage;
mod load;
mod load_columns;
mod load_modes;
mod load_promises;
mod load_property;
mod load_refused;
mod ls;
mod parse;
mod plan;
#[cfg(feature = "postgres")]
mod postgres;
mod project;
mod promises;
mod readme;
mod run_results;
#[cfg(feature = "s3")]
mod s3;
mod sample;
mod scd2;
mod schema;
mod seed;
mod show;
mod snapshot;
mod snapshot_redefined;
mod template;
mod test;
mod walls;
mod watch;
mod widening;
#[cfg(feature = "postgres")]
mod with_servers;
