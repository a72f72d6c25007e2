//! Kills at exact points: before each statement, around the commit, before the database is closed.
//!
//! Until the commit everything is as it was, to the last byte of each row and of what is recorded;
//! after it everything is new.

use super::contents::{Contents, Saved, leftovers};
use super::stalled::{Stalled, fills};
use super::{kills, rows, source};
use crate::project::Project;
use std::collections::BTreeMap;

/// The kinds of points at which the small run kills, once each.
const TELLING: [&str; 4] = ["after stage", "inside publish", "just before commit", "after commit"];

/// What is run, and the files of the run before and of the one that is killed.
struct Case<'c> {
    verb: &'c str,
    declared: (&'c str, String),
    /// Nothing where the first run is killed.
    before: Option<(&'c str, String)>,
    changed: (&'c str, String),
}

impl Case<'_> {
    /// A load of orders.csv, which comes with other rows the second time.
    fn load(options: &str) -> Self {
        Self {
            verb: "load",
            declared: ("sources/raw.yml", source("orders.csv", options)),
            before: Some(("orders.csv", rows(0..40, "a"))),
            changed: ("orders.csv", rows(20..60, "b")),
        }
    }

    /// A model or snapshot of orders.csv.
    fn node(verb: &'static str, path: &'static str, sql: &str) -> Self {
        Self { verb, declared: (path, sql.to_owned()), ..Self::load("") }
    }

    /// The project after the run before the one that is killed.
    fn project(&self) -> Project {
        let project = Project::new().file(self.declared.0, &self.declared.1);
        if let Some((path, text)) = &self.before {
            project.write(path, text);
            project.run([self.verb]).succeeds();
        }
        project
    }

    fn is_killed(&self) {
        self.is_killed_after(|_| ());
    }

    /// Kills the second run, which finds the database as `prepare` leaves it.
    fn is_killed_after(&self, prepare: impl Fn(&Project)) {
        let project = self.project();
        prepare(&project);
        let old = Saved::of(&project);
        project.write(self.changed.0, &self.changed.1);
        let (ran, points) = Stalled::start(&project, self.verb).finish(&project);
        ran.succeeds();
        let new = Contents::of(&project).timeless;
        assert_ne!(old.contents.timeless, new);
        project.run([self.verb]).succeeds();
        let again = Contents::of(&project).timeless;
        let mut fell: BTreeMap<&str, u32> = BTreeMap::new();
        for last in 0..points.len() {
            let passed = &points[..=last];
            let kind = kind(passed);
            if kills().is_none() && (fell.contains_key(kind) || !TELLING.contains(&kind)) {
                continue;
            }
            *fell.entry(kind).or_default() += 1;
            old.restore(&project);
            self.kill_at(&project, passed);
            let found = Contents::of(&project);
            let place = format!("killed at point {last}, {kind}: `{}`", points[last]);
            if is_published(passed) {
                assert_eq!(found.timeless, new, "{place}");
                assert_ne!(found, old.contents, "{place}");
            } else {
                assert_eq!(found, old.contents, "{place}");
            }
            project.run([self.verb]).succeeds();
            let expected = if is_published(passed) { &again } else { &new };
            assert_eq!(&Contents::of(&project).timeless, expected, "the next run, {place}");
            assert!(leftovers(&project).is_empty(), "{:?}, {place}", leftovers(&project));
        }
        let kills: u32 = fell.values().sum();
        println!("{kills} kills, all of them at work: {fell:?}");
    }

    /// Kills a run at the last of these points.
    fn kill_at(&self, project: &Project, points: &[String]) {
        let mut run = Stalled::start(project, self.verb);
        for _ in points {
            run.step();
        }
        assert_eq!(run.passed, points, "runs differ");
        run.kill();
    }
}

/// Whether the rows have to be the new ones.
fn is_published(passed: &[String]) -> bool {
    passed.iter().any(|point| point == "committed" || point == "end")
}

/// Where a run stands at the last of these points.
fn kind(passed: &[String]) -> &'static str {
    let (last, before) = passed.split_last().unwrap();
    let staged = before.iter().any(|point| fills(point));
    match last.as_str() {
        "commit" => "just before commit",
        inside if inside.starts_with("inside: ") => "inside publish",
        _ if is_published(passed) => "after commit",
        _ if staged => "after stage",
        statement if fills(statement) => "just before extract",
        _ => "preparing",
    }
}

// proves: L-2, L-3, L-4
#[test]
fn the_first_load() {
    Case { before: None, ..Case::load("mode: replace") }.is_killed();
}

// proves: L-2, L-3, L-4
#[test]
fn replace_with_what_stands_on_the_table() {
    Case::load("mode: replace").is_killed_after(|project| {
        project.execute("create index by_id on raw.orders (id)");
        project.execute("comment on table raw.orders is 'what was ordered'");
        project.execute("comment on column raw.orders.v is 'its value'");
    });
}

// proves: L-2, L-3, L-4
#[test]
fn append_by_cursor() {
    Case::load("mode: append, cursor: id").is_killed();
}

// proves: L-2, L-3, L-4
#[test]
fn append_of_new_files() {
    Case {
        declared: ("sources/raw.yml", source("in/*.csv", "mode: append")),
        before: Some(("in/1.csv", rows(0..40, "a"))),
        changed: ("in/2.csv", rows(20..60, "b")),
        ..Case::load("")
    }
    .is_killed();
}

// proves: L-2, L-3, L-4
#[test]
fn merge() {
    Case::load("mode: merge, key: id").is_killed();
}

// proves: L-2, L-4, L-77
#[test]
fn a_load_after_one_that_was_killed() {
    Case::load("mode: merge, key: id").is_killed_after(|project| {
        project.write("orders.csv", &rows(30..70, "c"));
        let mut run = Stalled::start(project, "load");
        run.until(|point| point == "begin");
        run.kill();
        assert!(!leftovers(project).is_empty());
    });
}

// proves: L-2, L-3, L-4
#[test]
fn merge_with_deletes() {
    let flagged = |ids: std::ops::Range<u32>| {
        let rows: String = ids.map(|id| format!("{id},b,{}\n", id % 3 == 0)).collect();
        format!("id,v,gone\n{rows}")
    };
    let options = "mode: merge, key: id, delete_when: gone, deletes: hard, max_delete_percent: 100";
    Case {
        before: Some(("orders.csv", flagged(0..40))),
        changed: ("orders.csv", flagged(21..61)),
        ..Case::load(options)
    }
    .is_killed();
}

// proves: L-2, L-3, L-4
#[test]
fn versions_of_a_complete_source() {
    Case::load("mode: scd2, key: id, complete: true, max_delete_percent: 100").is_killed();
}

#[test]
fn a_table_model() {
    let sql = "{{ config(materialized='table') }}\nselect * from read_csv('orders.csv')";
    Case::node("run", "models/latest.sql", sql).is_killed();
}

#[test]
fn an_incremental_model() {
    let config = "materialized='incremental', unique_key='id', incremental_strategy='merge'";
    let sql = format!("{{{{ config({config}) }}}}\nselect * from read_csv('orders.csv')");
    Case::node("run", "models/latest.sql", &sql).is_killed();
}

#[test]
fn a_snapshot() {
    let config = "strategy='check', unique_key='id', check_cols='all', hard_deletes='invalidate'";
    let sql = format!(
        "{{% snapshot history %}}\n{{{{ config({config}) }}}}\n\
         select * from read_csv('orders.csv')\n{{% endsnapshot %}}"
    );
    Case::node("snapshot", "snapshots/history.sql", &sql).is_killed();
}

#[test]
fn a_seed() {
    Case {
        before: Some(("seeds/latest.csv", rows(0..40, "a"))),
        changed: ("seeds/latest.csv", rows(20..60, "b")),
        ..Case::node("seed", "models/none.sql", "select 1 as one")
    }
    .is_killed();
}

crate::elsewhere::again_on_postgres!(
    the_first_load,
    append_by_cursor,
    append_of_new_files,
    merge,
    a_load_after_one_that_was_killed,
    merge_with_deletes,
    versions_of_a_complete_source,
    replace_with_what_stands_on_the_table,
    a_seed,
);
