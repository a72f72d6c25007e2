//! `on_schema_change`: what becomes of a table when a batch has other columns.

use crate::project::Project;
use serde_json::{Value, json};
use snapbox::str;

/// A model `kept` that is built first from the query `first`, then once more from `second`.
fn changed(config: &str, first: &str, second: &str) -> Project {
    let project = Project::new().model("kept", &model(config, first));
    project.run(["build"]).succeeds();
    project.write("models/kept.sql", &model(config, second));
    project
}

fn model(config: &str, query: &str) -> String {
    format!("{{{{ config(materialized='incremental', {config}) }}}}\n{query}\n")
}

/// Names and types of the columns.
#[track_caller]
fn columns(project: &Project) -> Value {
    project.query(
        "select column_name, lower(data_type) from duckdb_columns() \
         where table_name = 'kept' order by column_index",
    )
}

const STRATEGIES: [&str; 3] = [
    "incremental_strategy='append'",
    "incremental_strategy='delete+insert', unique_key='id'",
    "incremental_strategy='merge', unique_key='id'",
];

#[test]
fn append_new_columns_adds_them_and_old_rows_are_null() {
    for strategy in STRATEGIES {
        let config = format!("{strategy}, on_schema_change='append_new_columns'");
        let project =
            changed(&config, "select 1 as id", "select 2 as id, 'new' as note, 1.5 as price");
        project.run(["build"]).succeeds();
        assert_eq!(
            project.query("select * from kept order by id"),
            json!([[1, null, null], [2, "new", "1.5"]]),
            "{strategy}"
        );
    }
}

#[test]
fn append_new_columns_writes_null_where_the_batch_lacks_a_column() {
    let project = changed(
        "unique_key='id', on_schema_change='append_new_columns'",
        "select 1 as id, 'a' as word",
        "select 2 as id",
    );
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from kept order by id"), json!([[1, "a"], [2, null]]));
}

#[test]
fn merge_keeps_the_value_of_a_column_that_the_batch_lacks() {
    let project = changed(
        "incremental_strategy='merge', unique_key='id', on_schema_change='append_new_columns'",
        "select 1 as id, 'a' as word, 1 as n",
        "select 1 as id, 2 as n",
    );
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from kept"), json!([[1, "a", 2]]));
}

#[test]
fn append_new_columns_takes_a_type_that_the_table_holds() {
    let project = changed(
        "on_schema_change='append_new_columns'",
        "select 1::bigint as id",
        "select 2::smallint as id",
    );
    project.run(["build"]).succeeds();
    assert_eq!(columns(&project), json!([["id", "bigint"]]));
}

#[test]
fn append_new_columns_refuses_a_type_that_the_table_does_not_hold() {
    let project = changed(
        "on_schema_change='append_new_columns'",
        "select 1 as id",
        "select 2.5::double as id, 'x' as note",
    );
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ incr   main.kept  failed  [TIME]

error[SF504]: the query gives other types than table `main.kept` holds
 --> models/kept.sql:1:39
  |
1 | {{ config(materialized='incremental', on_schema_change='append_new_columns') }}
  |                                       ^^^^^^^^^^^^^^^^
  |
  = note: retyped: `id` from integer to double
  = help: cast them in the query, write `on_schema_change: sync_all_columns`, or rebuild the table with --full-refresh

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    assert_eq!(columns(&project), json!([["id", "integer"]]));
    assert_eq!(project.query("select * from kept"), json!([[1]]));
}

#[test]
fn sync_all_columns_adds_drops_and_changes_types() {
    for strategy in STRATEGIES {
        let config = format!("{strategy}, on_schema_change='sync_all_columns'");
        let project = changed(
            &config,
            "select 1 as id, 'a' as word, 1::integer as n",
            "select 2 as id, 7::bigint as n, true as flag",
        );
        project.run(["build"]).succeeds();
        assert_eq!(
            columns(&project),
            json!([["id", "integer"], ["n", "bigint"], ["flag", "boolean"]]),
            "{strategy}"
        );
        assert_eq!(
            project.query("select * from kept order by id"),
            json!([[1, 1, null], [2, 7, true]]),
            "{strategy}"
        );
    }
}

#[test]
fn sync_all_columns_can_change_every_column() {
    let project = changed("on_schema_change='sync_all_columns'", "select 1 as a", "select 2 as b");
    project.run(["build"]).succeeds();
    assert_eq!(columns(&project), json!([["b", "integer"]]));
    assert_eq!(project.query("select * from kept order by b nulls first"), json!([[null], [2]]));
}

#[test]
fn sync_all_columns_narrows_a_type_where_every_value_stays() {
    let project =
        changed("on_schema_change='sync_all_columns'", "select '1' as n", "select 2 as n");
    project.run(["build"]).succeeds();
    assert_eq!(columns(&project), json!([["n", "integer"]]));
}

#[test]
fn sync_all_columns_never_changes_a_value() {
    let project = changed(
        "on_schema_change='sync_all_columns'",
        "select 1.5 as n union all select 2",
        "select 2 as n",
    );
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ incr   main.kept  failed  [TIME]

error[SF504]: column `n` of table `main.kept` cannot change from decimal(11,1) to integer: its values in 1 row would change
 --> models/kept.sql:1:39
  |
1 | {{ config(materialized='incremental', on_schema_change='sync_all_columns') }}
  |                                       ^^^^^^^^^^^^^^^^
  |
  = note: the table stays as it is
  = help: cast the column to decimal(11,1) in the query, or rebuild the table with --full-refresh

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    assert_eq!(project.query("select * from kept order by n"), json!([["1.5"], ["2.0"]]));
}

#[test]
fn fail_names_what_is_added_removed_and_retyped() {
    let project = changed(
        "on_schema_change='fail'",
        "select 1 as id, 'a' as word, 1 as n",
        "select 2 as id, 7::bigint as n, true as flag",
    );
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ incr   main.kept  failed  [TIME]

error[SF504]: the query gives other columns than table `main.kept` has
 --> models/kept.sql:1:39
  |
1 | {{ config(materialized='incremental', on_schema_change='fail') }}
  |                                       ^^^^^^^^^^^^^^^^
  |
  = note: added: `flag` (boolean)
  = note: removed: `word`
  = note: retyped: `n` from integer to bigint
  = help: write `on_schema_change: append_new_columns` or `sync_all_columns`, or rebuild the table with --full-refresh

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    assert_eq!(project.query("select count(*) from kept"), json!([[1]]));
}

#[test]
fn fail_says_nothing_while_columns_stay() {
    let project = changed(
        "on_schema_change='fail'",
        "select 1 as id, 'a' as word",
        "select 'b' as Word, 2 as ID",
    );
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from kept order by id"), json!([[1, "a"], [2, "b"]]));
}

#[test]
fn a_batch_that_fails_leaves_the_columns_as_they_were() {
    let config = "on_schema_change='sync_all_columns', post_hook=\"select error('no')\"";
    let text = model("on_schema_change='sync_all_columns'", "select 1 as id, 'a' as word");
    let project = Project::new().model("kept", &text);
    project.run(["build"]).succeeds();
    project.write("models/kept.sql", &model(config, "select 2::bigint as id, 1 as n"));
    project.run(["build"]).fails();
    assert_eq!(columns(&project), json!([["id", "integer"], ["word", "varchar"]]));
    assert_eq!(project.query("select * from kept"), json!([[1, "a"]]));
}

#[test]
fn what_is_executed_is_what_is_written() {
    let project = changed(
        "unique_key='id', on_schema_change='sync_all_columns'",
        "select 1 as id, 'a' as word",
        "select 2::bigint as id, 1 as n",
    );
    project.run(["build"]).succeeds();
    let script = project.read("target/run/shop/models/kept.sql");
    let altered: Vec<&str> =
        script.lines().filter(|line| line.starts_with("alter table")).collect();
    assert_eq!(
        altered,
        [
            r#"alter table "shop"."main"."kept" add column "n" integer;"#,
            r#"alter table "shop"."main"."kept" alter column "id" set data type bigint;"#,
            r#"alter table "shop"."main"."kept" drop column "word";"#,
        ]
    );
}

#[test]
fn a_column_that_an_index_holds_fast_stops_the_model_and_nothing_is_changed() {
    let project = changed(
        "on_schema_change='sync_all_columns', post_hook='create index if not exists i on {{ this }} (id)'",
        "select 1 as id, 'a' as word",
        "select 2 as id, 3 as n",
    );
    project.run(["build"]).fails().stderr_contains("entries that depend on it");
    assert_eq!(columns(&project), json!([["id", "integer"], ["word", "varchar"]]));
    assert_eq!(project.query("select * from kept"), json!([[1, "a"]]));
}
