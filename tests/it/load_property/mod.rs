//! Random loads of each mode, with random schemas, options and batches, against a plain model of what
//! the table must hold after every step.
//!
//! `PROPTEST_CASES=1000` plays as many cases of each mode.

mod bench;
mod expected;
mod random;
mod setting;
mod versions;

use bench::{Bench, Counts, Into, Said};
use expected::{Loaded, State, apply, identity};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use random::{Case, Step, case};
use setting::{Batch, Cell, HOUR, MIDNIGHT, Setting};
use sqlflow::mode::load::LoadMode;
use std::collections::BTreeSet;

/// Options that random loads of `mode` have.
pub(crate) fn options_of_random_loads(mode: LoadMode) -> BTreeSet<String> {
    let mut runner = TestRunner::deterministic();
    let mut options = BTreeSet::new();
    for _ in 0..300 {
        let drawn = case(mode).new_tree(&mut runner).unwrap().current();
        options.extend(drawn.setting.options().keys().cloned());
    }
    options
}

/// As many cases as asked for, else `few`.
fn cases(few: u32) -> Config {
    // proptest reads the variable; this is what it says where there is none.
    const UNASKED: u32 = 256;
    let config = Config::default();
    let cases = if config.cases == UNASKED { few } else { config.cases };
    Config { cases, failure_persistence: None, max_shrink_time: 60_000, ..config }
}

/// A load that is played: what stands in the database, and what should.
struct Play<'c> {
    setting: &'c Setting,
    bench: Bench,
    state: State,
    now: i64,
    /// Columns of the files, and of the table.
    columns: usize,
    held: usize,
}

impl<'c> Play<'c> {
    fn new(case: &'c Case, into: Into) -> Self {
        let setting = &case.setting;
        let columns = setting.columns.len() - usize::from(setting.late);
        let bench = Bench::new(into);
        bench.declare(setting, columns);
        let (state, now) = (State::default(), MIDNIGHT + 10 * HOUR);
        Self { setting, bench, state, now, columns, held: columns }
    }

    fn step(&mut self, step: &Step, late: bool) -> TestCaseResult {
        self.now += step.wait * HOUR;
        if late {
            self.a_new_column(&step.batch)?;
        }
        // A schema that was not accepted yet is accepted by a full refresh.
        let full_refresh = step.full_refresh || self.columns > self.held;
        if full_refresh {
            self.bench.forget_schema();
        }
        // The first file tells the order in which columns break ties.
        let turn = if self.bench.accepted().is_some() { step.batch.turn } else { 0 };
        let batch = Batch { turn, ..step.batch.clone() };
        self.bench.put(self.setting, self.columns, &batch);
        self.load(&batch, full_refresh)?;
        if !step.again {
            return Ok(());
        }
        let before = self.table();
        self.now += HOUR;
        self.load(&step.batch, self.columns > self.held)?;
        if self.repeats_nothing() {
            prop_assert_eq!(self.table(), before, "the same input again");
        }
        Ok(())
    }

    /// The source has a column more than was accepted: the load halts.
    fn a_new_column(&mut self, batch: &Batch) -> TestCaseResult {
        let columns = self.setting.columns.len();
        let accepted = self.bench.accepted();
        if accepted.is_some() && !batch.rows.is_empty() {
            let before = self.bench.everything();
            let batch = Batch { bad: 0, ..batch.clone() };
            self.bench.put(self.setting, columns, &batch);
            prop_assert_eq!(self.bench.load(self.now, false), Err(vec!["SF401".to_owned()]));
            prop_assert_eq!(self.bench.everything(), before);
            prop_assert_eq!(self.bench.accepted(), accepted);
        }
        self.columns = columns;
        self.bench.declare(self.setting, columns);
        Ok(())
    }

    /// One load, and everything that is true after it.
    fn load(&mut self, batch: &Batch, full_refresh: bool) -> TestCaseResult {
        let expected = apply(self.setting, &self.state, batch, self.now, full_refresh);
        let before = self.state.made.then(|| self.bench.everything());
        let said = self.bench.load(self.now, full_refresh);
        prop_assert_eq!(&said, &counts(&expected));
        match expected {
            Ok((after, counts)) => {
                reconcile(&counts)?;
                self.held = self.columns;
                self.compare(after)
            }
            Err(_) => {
                if let Some(before) = before {
                    prop_assert_eq!(self.bench.everything(), before);
                }
                prop_assert_eq!(self.bench.has_table(), self.state.made);
                Ok(())
            }
        }
    }

    fn compare(&mut self, mut after: State) -> TestCaseResult {
        let (setting, bench) = (self.setting, &self.bench);
        if setting.mode == LoadMode::Scd2 {
            let versions = versions::standing(bench, setting, self.held);
            prop_assert_eq!(&versions, &after.versions);
            versions::check_intervals(setting, &versions);
        } else {
            let rows = bench.rows(setting, self.held);
            if setting.mode == LoadMode::Append && !setting.key.is_empty() {
                // Which of two rows of one key and cursor is added is left open.
                let identities = |rows: &[(Vec<Cell>, Option<i64>)]| {
                    let mut all: Vec<_> =
                        rows.iter().map(|(row, _)| identity(setting, row)).collect();
                    all.sort();
                    all
                };
                prop_assert_eq!(identities(&rows), identities(&after.rows));
                after.rows = rows;
            } else {
                prop_assert_eq!(rows, after.rows.clone());
            }
        }
        prop_assert_eq!(bench.recorded(), setting.cursor_text(after.recorded));
        prop_assert_eq!(bench.rejects(), after.rejects);
        let mut tables = bench.tables();
        tables.retain(|table| table.starts_with("raw."));
        prop_assert_eq!(tables.len(), 1, "{:?}", tables);
        self.state = after;
        Ok(())
    }

    fn table(&self) -> State {
        State { recorded: None, rejects: 0, ..self.state.clone() }
    }

    /// Whether the same input once more must leave the table as it is. Not where a cursor leaves out
    /// rows that decided which row of a key counts.
    fn repeats_nothing(&self) -> bool {
        let setting = self.setting;
        let includes =
            setting.cursor.is_some_and(|cursor| cursor.on_null == setting::NullCursor::Include);
        setting.cursor.is_none()
            || setting.mode == LoadMode::Append
            || (!includes && setting.dedup_by.is_empty())
    }
}

fn counts(expected: &Loaded) -> Said {
    match expected {
        Ok((_, counts)) => Ok(counts.clone()),
        Err(codes) => Err(codes.iter().map(|&code| code.to_owned()).collect()),
    }
}

/// Every row that was read became exactly one thing.
fn reconcile(counts: &Counts) -> TestCaseResult {
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    let became = [
        "rows_inserted",
        "rows_updated",
        "rows_unchanged",
        "rows_deduplicated",
        "rows_rejected",
        "rows_skipped",
        "rows_deleted",
    ];
    let became: u64 = became.iter().map(|name| count(name)).sum();
    prop_assert_eq!(count("rows_read"), became, "{:?}", counts);
    Ok(())
}

fn play(case: &Case, into: Into) -> TestCaseResult {
    if case.setting.files {
        return play_files(case, into);
    }
    let mut play = Play::new(case, into);
    let late = case.setting.late.then_some(case.steps.len() / 2);
    for (at, step) in case.steps.iter().enumerate() {
        play.step(step, late == Some(at))?;
    }
    Ok(())
}

/// Each step adds a file; one that was read must not change.
fn play_files(case: &Case, into: Into) -> TestCaseResult {
    let mut play = Play::new(case, into);
    let mut all = Batch::default();
    for (at, step) in case.steps.iter().enumerate() {
        let name = format!("in/{at:02}.csv");
        play.bench.write(&name, &play.setting.csv(play.columns, &step.batch));
        let refused = u64::from(step.batch.bad) > play.setting.max_rejects;
        play.load(&step.batch, false)?;
        if refused {
            play.bench.remove(&name);
            continue;
        }
        all.rows.extend(step.batch.rows.clone());
        all.bad += step.batch.bad;
        if step.full_refresh {
            play.load(&all, true)?;
        }
        let before = play.bench.everything();
        prop_assert_eq!(play.bench.load(play.now, false), Ok(Counts::new()));
        prop_assert_eq!(&play.bench.everything(), &before);
        let other = Batch { turn: step.batch.turn + 1, ..step.batch.clone() };
        play.bench.write(&name, &play.setting.csv(play.columns, &other));
        prop_assert_eq!(play.bench.load(play.now, false), Err(vec!["SF316".to_owned()]));
        prop_assert_eq!(play.bench.everything(), before);
        play.bench.write(&name, &play.setting.csv(play.columns, &step.batch));
    }
    Ok(())
}

fn holds(mode: LoadMode, few: u32) {
    holds_in(mode, few, Into::DuckDb);
}

fn holds_in(mode: LoadMode, few: u32, into: Into) {
    let mut runner = TestRunner::new(cases(few));
    let ran = runner.run(&case(mode), |case| play(&case, into));
    ran.unwrap_or_else(|error| panic!("{mode}: {error}"));
}

// proves: L-1, L-5, L-9, L-27, L-28, L-65, L-66
#[test]
fn a_replace_holds_the_last_batch() {
    holds(LoadMode::Replace, 6);
}

// proves: L-1, L-5, L-9, L-34, L-35, L-36, L-59, L-60, L-61
#[test]
fn an_append_holds_what_was_read_each_copy_once() {
    holds(LoadMode::Append, 20);
}

// proves: L-1, L-5, L-9, L-37, L-40, L-41, L-42, L-45, L-46, L-47, L-48, L-49, L-59, L-61
#[test]
fn a_merge_holds_the_row_of_each_key_that_counts() {
    holds(LoadMode::Merge, 30);
}

// proves: L-1, L-5, L-9, L-51, L-52, L-53, L-54, L-55, L-56, L-57
#[test]
fn versions_hold_every_change_of_a_row() {
    holds(LoadMode::Scd2, 24);
}

/// The same loads into PostgreSQL.
#[cfg(feature = "postgres")]
mod postgres {
    use super::{Into, LoadMode, holds_in};
    use crate::postgres::server::Server;

    fn holds(mode: LoadMode) {
        let server = Server::start();
        holds_in(mode, 6, Into::Postgres(server.port));
    }

    // proves: L-1, L-5, L-9, L-27, L-28, L-65, L-66
    #[test]
    fn a_replace_holds_the_last_batch() {
        holds(LoadMode::Replace);
    }

    // proves: L-1, L-5, L-9, L-34, L-35, L-36, L-59, L-60, L-61
    #[test]
    fn an_append_holds_what_was_read_each_copy_once() {
        holds(LoadMode::Append);
    }

    // proves: L-1, L-5, L-9, L-37, L-40, L-41, L-42, L-45, L-46, L-47, L-48, L-49, L-59, L-61
    #[test]
    fn a_merge_holds_the_row_of_each_key_that_counts() {
        holds(LoadMode::Merge);
    }

    // proves: L-1, L-5, L-9, L-51, L-52, L-53, L-54, L-55, L-56, L-57
    #[test]
    fn versions_hold_every_change_of_a_row() {
        holds(LoadMode::Scd2);
    }
}
