//! The project of tests/engines: every materialization, strategy, test, snapshot, hook and macro.

use super::both::Both;
use crate::project::{PROJECT_ROOT, Project, Ran};
use std::path::Path;

/// The times of a run.
const MASKED: [(&str, &str); 12] = [
    ("kept_by_check", "dbt_valid_from"),
    ("kept_by_check", "dbt_valid_to"),
    ("kept_by_check", "dbt_updated_at"),
    ("kept_by_check", "dbt_scd_id"),
    ("kept_all", "dbt_valid_from"),
    ("kept_all", "dbt_valid_to"),
    ("kept_all", "dbt_updated_at"),
    ("kept_all", "dbt_scd_id"),
    ("kept_deleted", "dbt_valid_from"),
    ("kept_deleted", "dbt_valid_to"),
    ("kept_deleted", "dbt_updated_at"),
    ("kept_deleted", "dbt_scd_id"),
];

fn twins() -> Both {
    let project = Project::copy_of(&Path::new(PROJECT_ROOT).join("tests/engines"));
    Both::new(project, "here.duckdb", &["twins", "twins_dbt_test__audit"])
}

/// Builds everything but the model that refuses further columns, as on the given day.
fn build(both: &Both, day: u32, more: &[&str]) -> [Ran; 2] {
    let vars = format!("{{day: {day}}}");
    let end = format!("2024-01-{:02}", day + 1);
    let window = ["--event-time-start", "2024-01-01", "--event-time-end", &end];
    let words = [&["build", "--vars", &vars], &window[..], more].concat();
    both.run(&words)
}

#[test]
fn a_project_with_everything_gives_the_same_rows_on_both_engines() {
    let both = twins();
    for day in 1..=3 {
        let more: &[&str] = if day == 1 { &[] } else { &["--exclude", "change_fail"] };
        for ran in build(&both, day, more) {
            ran.succeeds();
        }
        both.are_the_same(&MASKED);
    }
    for ran in both.run(&["run", "--vars", "{day: 2}", "--select", "change_fail"]) {
        ran.fails_with("SF504").stderr_contains("added: `extra`");
    }
    for ran in build(&both, 2, &["--full-refresh"]) {
        ran.succeeds();
    }
    both.are_the_same(&MASKED);
}
