//! `insert_overwrite`, the conditions of `merge`, and what refuses a batch.

use crate::project::Project;
use serde_json::json;
use snapbox::str;

/// A model `kept` that is built first from the query `first`, then once more from `second`.
fn changed(config: &str, first: &str, second: &str) -> Project {
    let model =
        |query: &str| format!("{{{{ config(materialized='incremental', {config}) }}}}\n{query}\n");
    let project = Project::new().model("kept", &model(first));
    project.run(["build"]).succeeds();
    project.write("models/kept.sql", &model(second));
    project
}

const DAYS: &str = "select * from (values ('mon', 1), ('mon', 2), ('tue', 3), (null, 4)) v(day, n)";

#[test]
fn insert_overwrite_replaces_whole_partitions() {
    for partition in ["'day'", "['day']"] {
        let config = format!("incremental_strategy='insert_overwrite', partition_by={partition}");
        let project = changed(
            &config,
            DAYS,
            "select * from (values ('mon', 9), ('wed', 8), ('wed', 8)) v(day, n)",
        );
        project.run(["build"]).succeeds();
        assert_eq!(
            project.query("select * from kept order by day nulls first, n"),
            json!([[null, 4], ["mon", 9], ["tue", 3], ["wed", 8], ["wed", 8]])
        );
    }
}

#[test]
fn null_is_a_partition_too() {
    for strategy in ["insert_overwrite", "delete+insert"] {
        let config = format!("incremental_strategy='{strategy}', partition_by=['day']");
        let project = changed(&config, DAYS, "select null::varchar as day, 9 as n");
        project.run(["build"]).succeeds();
        assert_eq!(
            project.query("select * from kept order by day nulls first, n"),
            json!([[null, 9], ["mon", 1], ["mon", 2], ["tue", 3]])
        );
    }
}

#[test]
fn delete_insert_without_a_key_replaces_partitions() {
    let config = "incremental_strategy='delete+insert', partition_by=['day', 'half']";
    let project = changed(
        config,
        "select * from (values ('mon', 'am', 1), ('mon', 'pm', 2), ('tue', 'am', 3)) v(day, half, n)",
        "select * from (values ('mon', 'pm', 8), ('mon', 'pm', 9)) v(day, half, n)",
    );
    let ran = project.run(["build"]).succeeds();
    assert!(!ran.stderr.contains("warning"), "{ran}");
    assert_eq!(
        project.query("select * from kept order by all"),
        json!([["mon", "am", 1], ["mon", "pm", 8], ["mon", "pm", 9], ["tue", "am", 3]])
    );
}

#[test]
fn what_becomes_of_duplicate_keys_is_told_as_it_is() {
    let second = "select * from (values (1, 'x'), (1, 'y')) v(id, word)";
    let merge = "incremental_strategy='merge', unique_key='id'";
    let project = changed(merge, "select 1 as id, 'a' as word", second);
    project.run(["build"]).succeeds().stderr_contains(
        "where the table has the key, its row takes the values of any one of them; where it has \
         not, all of them are added",
    );
    assert_eq!(project.query("select count(*) from kept"), json!([[1]]));

    let config = "unique_key='id', on_duplicate='warn'";
    let project = changed(config, "select 1 as id, 'a' as word", second);
    project.run(["build"]).succeeds().stderr_contains("note: all of them are added");
    assert_eq!(project.query("select count(*) from kept"), json!([[2]]));
}

#[test]
fn a_key_without_columns_is_none_and_is_told() {
    for key in ["[]", "['']", "''"] {
        let config = format!("unique_key={key}");
        let project = changed(&config, "select 1 as id", "select 1 as id");
        project
            .run(["build"])
            .succeeds()
            .stderr_contains("warning[SF105]: `unique_key` names no column")
            .stderr_contains("each run adds all rows again");
        assert_eq!(project.query("select * from kept"), json!([[1], [1]]));
    }
}

#[test]
fn a_key_that_is_a_partition_is_replaced_without_a_warning() {
    let config = "incremental_strategy='delete+insert', unique_key='day'";
    let project = changed(config, DAYS, "select * from (values ('mon', 9), ('mon', 9)) v(day, n)");
    let ran = project.run(["build"]).succeeds();
    assert!(!ran.stderr.contains("warning"), "{ran}");
    assert_eq!(project.query("select n from kept where day = 'mon'"), json!([[9], [9]]));
}

#[test]
fn merge_leaves_excluded_columns_as_they_were() {
    let project = changed(
        "incremental_strategy='merge', unique_key='id', merge_exclude_columns='NOTE'",
        "select 1 as id, 'one' as word, 'first' as note",
        "select * from (values (1, 'eins', 'second'), (2, 'zwei', 'second')) v(id, word, note)",
    );
    project.run(["build"]).succeeds();
    assert_eq!(
        project.query("select * from kept order by id"),
        json!([[1, "eins", "first"], [2, "zwei", "second"]])
    );
}

#[test]
fn conditions_narrow_what_merge_updates_and_adds() {
    let project = changed(
        "incremental_strategy='merge', unique_key='id', \
         merge_update_condition='DBT_INTERNAL_SOURCE.n > DBT_INTERNAL_DEST.n', \
         merge_insert_condition=['DBT_INTERNAL_SOURCE.n > 0', 'DBT_INTERNAL_SOURCE.id < 9']",
        "select * from (values (1, 10), (2, 20)) v(id, n)",
        "select * from (values (1, 5), (2, 25), (3, 0), (4, 1), (9, 1)) v(id, n)",
    );
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from kept order by id"), json!([[1, 10], [2, 25], [4, 1]]));
}

#[test]
fn predicates_are_text_or_a_list() {
    for predicates in [
        "\"DBT_INTERNAL_DEST.n < 15\"",
        "[\"DBT_INTERNAL_DEST.n < 15\", \"DBT_INTERNAL_DEST.n > 0\"]",
    ] {
        let config = format!(
            "incremental_strategy='merge', unique_key='id', incremental_predicates={predicates}"
        );
        let first = "select * from (values (1, 10), (2, 20)) v(id, n)";
        let second = "select * from (values (1, 11), (2, 21)) v(id, n)";
        let project = changed(&config, first, second);
        project.run(["build"]).succeeds();
        assert_eq!(
            project.query("select * from kept order by id, n"),
            json!([[1, 11], [2, 20], [2, 21]])
        );
    }
}

#[test]
fn duplicate_keys_warn_in_merge_and_can_be_refused() {
    let merge = "incremental_strategy='merge', unique_key='id'";
    let (first, second) =
        ("select 1 as id, 'a' as word", "select * from (values (2, 'x'), (2, 'y')) v(id, word)");
    let project = changed(merge, first, second);
    project.run(["build"]).succeeds().stderr_contains("warning[SF310]: 2 rows of the batch");
    assert_eq!(project.query("select count(*) from kept"), json!([[3]]));

    for strategy in [merge, "unique_key='id'"] {
        let config = format!("{strategy}, on_duplicate='error'");
        let project = changed(&config, first, second);
        project.run(["build"]).fails().stderr_contains("error[SF310]: 2 rows of the batch");
        assert_eq!(project.query("select * from kept"), json!([[1, "a"]]));
    }
}

#[test]
fn duplicate_keys_are_told_with_their_place_and_values() {
    let project = changed(
        "unique_key=['id', 'day'], on_duplicate='error'",
        "select 1 as id, 'mon' as day",
        "select 2 as id, 'tue' as day from range(3) union all select 3, 'wed' from range(2)",
    );
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ incr   main.kept  failed  [TIME]

error[SF310]: 5 rows of the batch with the same `unique_key`
 --> models/kept.sql:1:65
  |
1 | {{ config(materialized='incremental', unique_key=['id', 'day'], on_duplicate='error') }}
  |                                                                 ^^^^^^^^^^^^
  |
  = note: keys of id, day: 2, tue; 3, wed
  = note: the table stays as it is

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn null_keys_can_be_refused() {
    let project = changed(
        "unique_key='id', on_null_key='error'",
        "select 1 as id",
        "select null::integer as id",
    );
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ incr   main.kept  failed  [TIME]

error[SF311]: 1 row of the batch with NULL in `unique_key`
 --> models/kept.sql:1:56
  |
1 | {{ config(materialized='incremental', unique_key='id', on_null_key='error') }}
  |                                                        ^^^^^^^^^^^
  |
  = note: keys of id: NULL
  = note: the table stays as it is

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    assert_eq!(project.query("select * from kept"), json!([[1]]));
}

#[test]
fn what_is_refused_is_refused_in_the_first_run_too() {
    let config = "materialized='incremental', unique_key='id', on_duplicate='error'";
    let model = format!("{{{{ config({config}) }}}}select 1 as id from range(2)");
    let project = Project::new().model("kept", &model);
    project.run(["build"]).fails().stderr_contains("error[SF310]");
    assert!(project.relations().is_empty());
    project.write("models/kept.sql", &model.replace("range(2)", "range(1)"));
    project.run(["build"]).succeeds();
    project.write("models/kept.sql", &model);
    project.run(["build", "--full-refresh"]).fails();
    assert_eq!(project.query("select * from kept"), json!([[1]]));
    assert_eq!(project.relations(), ["main.kept"]);
}

#[test]
fn a_table_that_would_be_empty_can_be_refused() {
    let model = "{{ config(materialized='table', on_empty='error') }}\nselect 1 as id where NONE\n";
    let project = Project::new().model("kept", &model.replace("NONE", "true"));
    project.run(["build"]).succeeds();
    project.write("models/kept.sql", &model.replace("NONE", "false"));
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ table  main.kept  failed  [TIME]

error[SF305]: the query of `kept` gives no rows
 --> models/kept.sql:1:33
  |
1 | {{ config(materialized='table', on_empty='error') }}
  |                                 ^^^^^^^^
  |
  = note: the table stays as it is

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    assert_eq!(project.query("select * from kept"), json!([[1]]));
    assert_eq!(project.relations(), ["main.kept"]);
}

#[test]
fn an_empty_batch_and_an_empty_seed_can_be_refused_or_told() {
    let config = "{{ config(materialized='incremental', on_empty='REACTION') }}select * from {{ ref('rows') }}";
    let project = Project::new()
        .model("kept", &config.replace("REACTION", "error"))
        .file("seeds/rows.csv", "id\n1\n");
    project.run(["build"]).succeeds();
    project.write("seeds/rows.csv", "id\n");
    project
        .run(["build"])
        .fails()
        .stderr_contains("error[SF305]: the query of `kept` gives no rows");
    project.write("models/kept.sql", &config.replace("REACTION", "warn"));
    project.run(["build"]).succeeds().stderr_contains("warning[SF305]");

    project.write("seeds/_seeds.yml", "seeds:\n  - name: rows\n    config: {on_empty: error}\n");
    project.write("seeds/rows.csv", "id\n7\n");
    project.run(["seed"]).succeeds();
    project.write("seeds/rows.csv", "id\n");
    project.run(["seed"]).fails().stderr_contains("error[SF305]: `seeds/rows.csv` has no rows");
    assert_eq!(project.query("select * from rows"), json!([[7]]));
}

#[test]
fn a_view_gives_way_to_a_table_that_was_checked_first() {
    let project = Project::new().model("kept", "select 1 as id");
    project.run(["build"]).succeeds();
    project.write(
        "models/kept.sql",
        "{{ config(materialized='table', on_empty='error') }}select 2 as id",
    );
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from kept"), json!([[2]]));
}

#[test]
fn a_table_that_is_made_empty_can_be_told() {
    for materialized in ["table", "incremental"] {
        let config = format!("{{{{ config(materialized='{materialized}', on_empty='warn') }}}}");
        let project = Project::new().model("kept", &format!("{config}select 1 as id where false"));
        let told = "warning[SF305]: the query of `kept` gives no rows";
        project.run(["build"]).succeeds().stderr_contains(told);
        project.run(["build"]).succeeds().stderr_contains(told);
        assert_eq!(project.query("select count(*) from kept"), json!([[0]]));
    }
}
