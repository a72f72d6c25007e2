//! Snapshots whose configuration is another than when their versions were written, and those whose
//! query has lost its rows.

use crate::project::{Project, Ran};
use serde_json::{Value, json};
use snapbox::str;

const END: &str = ", dbt_valid_to_current: \"timestamp '9999-12-31'\"";
const CHECK: &str = "strategy: check, unique_key: id, check_cols: all";
const FIRST: &str = "(1, 'a', '2024-01-01'), (2, 'b', '2024-01-01')";

/// The snapshot `history` of `raw.orders`, after its first run.
fn project(config: &str) -> Project {
    let project = Project::new();
    project.execute("create schema raw");
    rows(&project, FIRST);
    configure(&project, config).run(["snapshot"]).succeeds();
    project
}

fn configure<'p>(project: &'p Project, config: &str) -> &'p Project {
    let yaml = format!(
        "sources:\n  - name: raw\n    tables: [{{name: orders}}]\nsnapshots:\n  \
         - name: history\n    relation: source('raw', 'orders')\n    config: {{{config}}}\n"
    );
    project.write("snapshots/history.yml", &yaml);
    project
}

fn rows(project: &Project, rows: &str) {
    project
        .execute("create or replace table raw.orders (id int, status varchar, changed timestamp)");
    if !rows.is_empty() {
        project.execute(&format!("insert into raw.orders values {rows}"));
    }
}

fn table(project: &Project) -> Value {
    project.query("from history order by all")
}

/// A run that fails and leaves the versions as they are.
#[track_caller]
fn refused(project: &Project, config: &str) -> Ran {
    let before = table(project);
    let ran = configure(project, config).run(["snapshot"]).fails();
    assert_eq!(table(project), before);
    assert!(!ran.stderr.contains("--full-refresh"), "{ran}");
    ran
}

#[test]
fn an_open_end_that_is_taken_away_is_refused() {
    let project = project(&format!("{CHECK}{END}"));
    let told = str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 snapshot · 2 threads
  ✗ snap   main.history  failed  [TIME]

error[SF315]: table `main.history` has 2 current versions that end at 9999-12-31 00:00:00, but `dbt_valid_to_current` is not set: current versions end in NULL
 --> snapshots/history.yml:5:11
  |
5 |   - name: history
  |           ^^^^^^^
  |
  = note: the table stays as it is
  = help: restore `dbt_valid_to_current`, or write the new end into `dbt_valid_to` of those versions, or drop `main.history` to begin anew

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]];
    refused(&project, CHECK).stderr_is(told.clone());
    // As dbt leaves it.
    project.execute("delete from _sqlflow.loads");
    refused(&project, CHECK).stderr_is(told);
    configure(&project, &format!("{CHECK}{END}")).run(["snapshot"]).succeeds();
    assert_eq!(table(&project).as_array().unwrap().len(), 2);
}

#[test]
fn an_open_end_that_is_set_later_or_changed_is_refused() {
    let project = project(CHECK);
    refused(&project, &format!("{CHECK}{END}")).stderr_contains(
        "error[SF315]: table `main.history` has 2 current versions that end in NULL, but \
         `dbt_valid_to_current` is `timestamp '9999-12-31'`",
    );
    project.execute("update history set dbt_valid_to = timestamp '9999-12-31'");
    configure(&project, &format!("{CHECK}{END}")).run(["snapshot"]).succeeds();
    let other = END.replace("9999-12-31", "2999-01-01");
    refused(&project, &format!("{CHECK}{other}"))
        .stderr_contains("that end at 9999-12-31 00:00:00, but")
        .stderr_contains("--> snapshots/history.yml:7:");
    // Another spelling of the same end is the same end.
    let same = ", dbt_valid_to_current: \"cast('9999-12-31' as timestamp)\"";
    configure(&project, &format!("{CHECK}{same}")).run(["snapshot"]).succeeds();
    assert_eq!(table(&project).as_array().unwrap().len(), 2);
}

#[test]
fn a_past_end_is_known_from_the_record() {
    let past = END.replace("9999-12-31", "2038-01-19").replace("timestamp", "date");
    let project = project(&format!("{CHECK}{past}"));
    refused(&project, CHECK).stderr_contains("that end at 2038-01-19 00:00:00, but");
}

#[test]
fn a_table_without_a_record_is_taken_as_dbt_takes_it_and_recorded() {
    let project = project(CHECK);
    project.execute("delete from _sqlflow.loads");
    configure(&project, &format!("{CHECK}{END}")).run(["snapshot"]).succeeds();
    rows(&project, "(1, 'z', '2024-01-01'), (2, 'b', '2024-01-01')");
    project.run(["snapshot"]).succeeds();
    assert_eq!(
        project.query(
            "select id, status, year(dbt_valid_to) = 9999 from history \
             where dbt_valid_to is null or year(dbt_valid_to) = 9999 order by id"
        ),
        json!([[1, "z", true], [2, "b", null]])
    );
    assert_eq!(
        project.query(
            "select node, row_count, definition->>'$.snapshot.strategy', \
             definition->>'$.snapshot.dbt_valid_to_current' from _sqlflow.loads"
        ),
        json!([["snapshot.shop.history", 2, "check", "timestamp '9999-12-31'"]])
    );
}

#[test]
fn another_key_is_refused() {
    let project = project(CHECK);
    refused(&project, "strategy: check, unique_key: [id, status], check_cols: all").stderr_is(str![
        [r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 snapshot · 2 threads
  ✗ snap   main.history  failed  [TIME]

error[SF315]: the key of snapshot `history` is `id, status`, but was `id` when its versions were written
 --> snapshots/history.yml:7:43
  |
7 |     config: {strategy: check, unique_key: [id, status], check_cols: all}
  |                                           ^
  |
  = note: the table stays as it is
  = help: restore `unique_key`; to begin anew, drop `main.history` or give the snapshot another `alias`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]
    ]);
    project.execute("drop table history");
    project.run(["snapshot"]).succeeds();
    for config in [
        "strategy: check, unique_key: [STATUS, id], check_cols: [changed]",
        "strategy: timestamp, unique_key: [id, status], updated_at: changed",
    ] {
        configure(&project, config).run(["snapshot"]).succeeds();
    }
    assert_eq!(table(&project).as_array().unwrap().len(), 2);
}

#[test]
fn versions_of_the_future_are_no_open_ends() {
    let config = "strategy: timestamp, unique_key: id, updated_at: changed, \
                  hard_deletes: invalidate";
    let project = project(config);
    rows(&project, "(1, 'z', '2999-01-01'), (2, 'b', '2024-01-01')");
    project.run(["snapshot"]).succeeds();
    rows(&project, "(2, 'b', '2024-01-01')");
    project.run(["snapshot"]).succeeds();
    project.run(["snapshot"]).succeeds();
    assert_eq!(project.query("select id from history where dbt_valid_to is null"), json!([[2]]));
}

#[test]
fn an_empty_query_is_told_or_refused() {
    let config = format!("{CHECK}, hard_deletes: invalidate");
    let project = project(&config);
    rows(&project, "");
    refused(&project, &format!("{config}, on_empty: error"))
        .stderr_contains("error[SF305]: the query of `history` gives no rows")
        .stderr_contains("--> snapshots/history.yml:7:");
    configure(&project, &format!("{config}, on_empty: warn"))
        .run(["snapshot"])
        .succeeds()
        .stderr_contains("warning[SF305]: the query of `history` gives no rows");
    assert_eq!(
        project.query("select count(*) from history where dbt_valid_to is null"),
        json!([[0]])
    );
}

#[test]
fn more_deletes_than_max_delete_percent_are_refused() {
    for deletes in ["invalidate", "new_record"] {
        let config = format!("{CHECK}{END}, hard_deletes: {deletes}, max_delete_percent: 40");
        let project = project(&config);
        rows(&project, "(2, 'c', '2024-01-01')");
        refused(&project, &config)
            .stderr_contains(
                "error[SF313]: snapshot `history` would end 1 of 2 current versions in \
                 `main.history`, 50 percent",
            )
            .stderr_contains("note: `max_delete_percent` is 40");
        configure(&project, &config.replace("40", "50")).run(["snapshot"]).succeeds();
        project.run(["snapshot"]).succeeds();
    }
}

#[test]
fn max_delete_percent_is_checked_at_its_place() {
    let project = Project::new();
    for (config, told) in [
        (
            "max_delete_percent: 20",
            "`max_delete_percent` means nothing under `hard_deletes: ignore`",
        ),
        (
            "hard_deletes: invalidate, max_delete_percent: 101",
            "`max_delete_percent` is `101`, expected a number from 0 to 100",
        ),
    ] {
        configure(&project, &format!("{CHECK}, {config}"))
            .run(["parse"])
            .exits(2)
            .stderr_contains(&format!("error[SF105]: {told}"))
            .stderr_contains("--> snapshots/history.yml:7:");
    }
}
