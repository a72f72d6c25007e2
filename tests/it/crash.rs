//! Loads that are killed: the table and what is recorded of it are the old ones or the new ones.

use crate::project::Project;
use serde_json::Value;
use std::fmt::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Kills of each mode; `SQLFLOW_TEST_KILLS` asks for more.
const KILLS: u32 = 6;

const MODES: [&str; 4] = [
    "mode: replace",
    "mode: append, cursor: id",
    "mode: merge, key: id",
    "mode: scd2, key: id, complete: true, max_delete_percent: 100",
];

/// Rows from `first`, all with the value `value`.
fn batch(first: u32, value: &str) -> String {
    let mut text = String::from("id,v\n");
    for id in first..first + 30_000 {
        _ = writeln!(text, "{id},{value}");
    }
    text
}

/// What readers see, and what is recorded.
fn state(project: &Project) -> (Value, Value) {
    let rows = "select count(*), sum(id)::bigint, count(distinct v) from raw.orders";
    (
        project.query(rows),
        project.query("select run_id, cursor_value, row_count from _sqlflow.loads"),
    )
}

// proves: L-2, L-3, L-4, L-77
#[test]
fn a_killed_load_leaves_the_old_rows_or_the_new_ones() {
    let kills = option_env!("SQLFLOW_TEST_KILLS").and_then(|n| n.parse().ok()).unwrap_or(KILLS);
    let mut working = 0;
    for mode in MODES {
        working += kill_in(mode, kills);
    }
    println!("{working} of {} kills fell while the load was at work", kills * 4);
}

/// Kills loads of `mode` at times spread over their duration; how many were still at work.
fn kill_in(mode: &str, kills: u32) -> u32 {
    let yaml = format!(
        "sources:\n  - name: raw\n    tables:\n      - name: orders\n        path: orders.csv\n        load: {{{mode}}}\n"
    );
    let project = Project::new().file("sources/raw.yml", &yaml).file("orders.csv", &batch(0, "a"));
    project.run(["load"]).succeeds();
    let saved = std::fs::read(project.root().join("shop.duckdb")).unwrap();
    let old = state(&project);
    project.write("orders.csv", &batch(15_000, "b"));
    let begin = Instant::now();
    project.run(["load"]).succeeds();
    let duration = begin.elapsed();
    let (new, _) = state(&project);
    assert_ne!(old.0, new);
    let mut working = 0;
    for kill in 0..kills {
        project.remove_if_there("shop.duckdb.wal");
        project.write_bytes("shop.duckdb", &saved);
        let mut command = project.command(["load"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(duration * (2 * kill + 1) / (2 * kills) + Duration::from_millis(1));
        working += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let (rows, recorded) = state(&project);
        if rows == old.0 {
            assert_eq!(recorded, old.1, "{mode}: the rows are old, the state is not");
        } else {
            assert_eq!(rows, new, "{mode}: neither old nor new");
            assert_ne!(recorded, old.1, "{mode}: the rows are new, the state is not");
        }
        project.run(["load"]).succeeds();
        assert_eq!(state(&project).0, new, "{mode}: the next run ends otherwise");
        assert_eq!(project.relations(), ["raw.orders"], "{mode}: something is left");
    }
    working
}
