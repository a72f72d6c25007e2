//! Random edits of the sources of random projects: what `schema compare` says that they do, against
//! what loads and builds then do.
//!
//! `SQLFLOW_TEST_EDITS=1000` is the full run. `SQLFLOW_TEST_SEED` gives another start.

mod change;
mod models;
mod oracle;
mod random;
mod source;

use crate::project::Project;
use models::Models;
use oracle::{Outcome, Verdict};
use random::Random;
use source::Source;
use sqlflow::engine::Session;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Edits of one project, which is built once.
const OF_ONE: u64 = 6;

#[allow(clippy::disallowed_methods, reason = "the full run is asked for so")]
fn count() -> u64 {
    std::env::var("SQLFLOW_TEST_EDITS").map_or(12, |count| count.parse().unwrap())
}

/// Where the numbers begin; `SQLFLOW_TEST_SEED` gives another start.
#[allow(clippy::disallowed_methods, reason = "a test's own knob")]
fn seed() -> u64 {
    std::env::var("SQLFLOW_TEST_SEED").map_or(20_261_123, |seed| seed.parse().unwrap())
}

/// What came of the edits of one kind.
#[derive(Default)]
struct Row {
    edits: u64,
    breaks: u64,
    may: u64,
    not: u64,
    wrong: u64,
}

#[derive(Default)]
struct Report {
    rows: BTreeMap<String, Row>,
    wrong: Vec<String>,
}

impl Report {
    #[allow(clippy::print_stdout, reason = "what is wrong is told while the others go on")]
    fn add(&mut self, kind: &str, outcome: &Outcome, place: &str) {
        for kind in [kind, "~ all"] {
            let row = self.rows.entry(kind.to_owned()).or_default();
            row.edits += 1;
            *match outcome.verdict {
                Verdict::Breaks => &mut row.breaks,
                Verdict::MayBreak => &mut row.may,
                Verdict::DoesNotBreak => &mut row.not,
            } += 1;
            row.wrong += u64::from(!outcome.wrong.is_empty());
        }
        if !outcome.wrong.is_empty() {
            let told = format!("{place} {kind}\n  {}", outcome.wrong.join("\n  "));
            println!("{told}");
            self.wrong.push(told);
        }
    }

    fn table(&self) -> String {
        let mut text = format!(
            "{:28} {:>6} {:>7} {:>9} {:>9} {:>6}\n",
            "edit", "edits", "breaks", "may break", "does not", "wrong"
        );
        for (kind, row) in &self.rows {
            let Row { edits, breaks, may, not, wrong } = row;
            writeln!(text, "{kind:28} {edits:>6} {breaks:>7} {may:>9} {not:>9} {wrong:>6}")
                .unwrap();
        }
        text
    }
}

#[test]
fn what_an_edit_of_a_source_breaks_is_what_was_said() {
    let (count, seed) = (count(), seed());
    println!("SQLFLOW_TEST_SEED={seed} SQLFLOW_TEST_EDITS={count}");
    let report = Mutex::new(Report::default());
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number * OF_ONE >= count {
                        break;
                    }
                    edit_one(
                        seed.wrapping_add(number),
                        OF_ONE.min(count - number * OF_ONE),
                        &report,
                    );
                }
            });
        }
    });
    let report = report.into_inner().unwrap();
    println!("{}", report.table());
    assert!(report.wrong.is_empty(), "{}\n{}", report.wrong.join("\n"), report.table());
    let all = &report.rows["~ all"];
    // Few edits may be of any kind.
    assert!(count < 100 || all.breaks * 3 >= all.edits, "too little breaks:\n{}", report.table());
}

/// The edits `0..count` of the project of `seed`.
fn edit_one(seed: u64, count: u64, report: &Mutex<Report>) {
    let mut random = Random::new(seed);
    let mut memory = crate::corpus::session();
    let (project, sources, models) = loop {
        if let Some(made) = made(&mut random, &mut *memory) {
            break made;
        }
    };
    let before = oracle::Bindings::of(&project);
    for number in 0..count {
        let mut random = Random::new(seed.wrapping_mul(1000).wrapping_add(number + 1));
        let mut source = random.pick(&sources);
        let kind = change::change(&mut random, &mut source, &models.names);
        let edited = oracle::copy(&project);
        source.write(&edited, &mut *memory, 8);
        let outcome = oracle::judge(&edited, &source.name, &before);
        let place = format!("SQLFLOW_TEST_SEED={seed}, edit {number} of {}:", source.name);
        let is_wrong = !outcome.wrong.is_empty();
        report.lock().unwrap().add(&kind, &outcome, &place);
        keep(&edited, seed, number, is_wrong);
    }
}

/// A project that was built once; `None` where some value does not fit a query.
fn made(random: &mut Random, memory: &mut dyn Session) -> Option<(Project, Vec<Source>, Models)> {
    let sources: Vec<Source> =
        (1..=2 + random.below(2)).map(|number| Source::new(random, number)).collect();
    let project = Project::new();
    for source in &sources {
        source.write(&project, memory, 6);
    }
    let own = Random::new(random.below(1 << 40) as u64);
    let models = Models::write(own, &sources, &project);
    let built = project.run(["build", "--no-check", "--quiet"]);
    built.is_success().then_some((project, sources, models))
}

/// Leaves what went wrong where `SQLFLOW_TEST_KEEP` says.
#[allow(clippy::disallowed_methods, reason = "a test's own knob")]
fn keep(edited: &Project, seed: u64, number: u64, is_wrong: bool) {
    if let (true, Ok(directory)) = (is_wrong, std::env::var("SQLFLOW_TEST_KEEP")) {
        let to = std::path::Path::new(&directory).join(format!("{seed}_{number}"));
        oracle::copy_files(edited.root(), &to);
    }
}
