//! Kills at times spread over a run, and within the statements that take longest: while rows are
//! extracted, and while they are committed.

use super::contents::{Contents, Saved, Tables, leftovers};
use super::stalled::{Stalled, fills};
use super::{kills, rows, source};
use crate::project::Project;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Spread kills of each mode, and rows of a file, in the small run and in the full one.
const SMALL: (u32, u32) = (1, 6_000);
const FULL_ROWS: u32 = 30_000;

/// A load that is killed, what stands before it, and what after.
struct Load {
    project: Project,
    old: Saved,
    new: Tables,
}

/// What is counted.
#[derive(Debug, Default)]
struct Kills {
    all: u32,
    at_work: u32,
    during_extract: u32,
    during_commit: u32,
    found_new: u32,
}

impl Load {
    fn of(options: &str, count: u32) -> Self {
        let project = Project::new()
            .file("sources/raw.yml", &source("orders.csv", options))
            .file("orders.csv", &rows(0..count, "a"));
        project.run(["load"]).succeeds();
        let old = Saved::of(&project);
        project.write("orders.csv", &rows(count / 2..count / 2 + count, "b"));
        project.run(["load"]).succeeds();
        let new = Contents::of(&project).timeless;
        assert_ne!(old.contents.timeless, new);
        Self { project, old, new }
    }

    /// Old or new, wherever the kill fell, and the next run goes through.
    fn is_whole(&self, place: &str, kills: &mut Kills) {
        let found = Contents::of(&self.project);
        if found != self.old.contents {
            assert!(found.timeless == self.new, "neither old nor new, {place}");
            kills.found_new += 1;
        }
        self.project.run(["load"]).succeeds();
        let rows = Contents::of(&self.project).timeless;
        assert!(rows["raw.orders"] == self.new["raw.orders"], "next run, {place}");
        assert!(leftovers(&self.project).is_empty(), "{:?}, {place}", leftovers(&self.project));
    }

    /// At times from the start of the process to its end. The duration is learned: a run that ends
    /// before its time has come shortens it, and is no kill at work.
    fn kill_spread(&self, count: u32, kills: &mut Kills) {
        self.old.restore(&self.project);
        let begin = Instant::now();
        self.project.run(["load"]).succeeds();
        let mut duration = begin.elapsed();
        let mut landed = 0;
        while landed < count {
            self.old.restore(&self.project);
            let mut command = self.project.command(["load"]);
            let begin = Instant::now();
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let due = duration * (2 * landed + 1) / (2 * count);
            while child.try_wait().unwrap().is_none() && begin.elapsed() < due {
                std::thread::sleep(Duration::from_millis(1));
            }
            if child.try_wait().unwrap().is_none() {
                landed += 1;
            } else {
                duration = duration.min(begin.elapsed()) * 9 / 10;
            }
            kills.all += 1;
            child.kill().unwrap();
            child.wait().unwrap();
            self.is_whole(&format!("killed after {due:?} of {duration:?}"), kills);
        }
        kills.at_work += landed;
    }

    /// Within the statement at the first point that is `wanted`, `count` times.
    fn kill_within(&self, count: u32, wanted: impl Fn(&str) -> bool, kills: &mut Kills) -> u32 {
        // What the statement takes without a kill.
        self.old.restore(&self.project);
        let mut run = Stalled::start(&self.project, "load");
        run.until(&wanted);
        let begin = Instant::now();
        run.step();
        let duration = begin.elapsed();
        run.kill();
        let mut within = 0;
        for kill in 0..count {
            self.old.restore(&self.project);
            let mut run = Stalled::start(&self.project, "load");
            run.until(&wanted);
            run.release();
            std::thread::sleep(duration * (2 * kill + 1) / (2 * count));
            // Standing at the next point, it has done the statement.
            let done = run.stands();
            run.kill();
            within += u32::from(!done);
            kills.all += 1;
            kills.at_work += 1;
            self.is_whole(&format!("killed {kill}/{count} into {duration:?}"), kills);
        }
        within
    }
}

fn killed_at_any_time(options: &str) {
    let (count, rows) = kills().map_or(SMALL, |count| (count, FULL_ROWS));
    let load = Load::of(options, rows);
    let mut kills = Kills::default();
    load.kill_spread(count, &mut kills);
    kills.during_extract = load.kill_within(count.div_ceil(2), fills, &mut kills);
    kills.during_commit = load.kill_within(count.div_ceil(2), |p| p == "commit", &mut kills);
    println!("{kills:?}");
    assert!(kills.at_work * 10 >= kills.all * 7, "{kills:?}");
    assert!(kills.during_extract > 0 || rows < FULL_ROWS, "{kills:?}");
}

// proves: L-2, L-3
#[test]
fn replace() {
    killed_at_any_time("mode: replace");
}

// proves: L-2, L-3
#[test]
fn append() {
    killed_at_any_time("mode: append, cursor: id");
}

// proves: L-2, L-3
#[test]
fn merge() {
    killed_at_any_time("mode: merge, key: id");
}

// proves: L-2, L-3
#[test]
fn versions() {
    killed_at_any_time("mode: scd2, key: id, complete: true, max_delete_percent: 100");
}

crate::elsewhere::again_on_postgres!(replace, append, merge, versions);
