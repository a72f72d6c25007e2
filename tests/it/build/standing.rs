//! What stands in the database and on disk before and after a build.

use crate::project::{Project, files};
use serde_json::json;

const SOURCE: &str = "\
sources:
  - name: raw
    tables:
      - name: orders
        path: orders.csv
";

fn loading(csv: &str) -> Project {
    Project::new().file("sources/raw.yml", SOURCE).file("orders.csv", csv)
}

fn with_load(options: &str) -> String {
    format!("{SOURCE}        load: {{{options}}}\n")
}

#[test]
fn a_load_is_recorded_with_rows_and_files() {
    let project = loading("id\n1\n2\n");
    project.run(["load"]).succeeds();
    project.run(["load"]).succeeds();
    assert_eq!(
        project.query("select relation, node, row_count, files from _sqlflow.loads"),
        json!([[
            "\"shop\".\"raw\".\"orders\"",
            "source.shop.raw.orders",
            2,
            "[{\"path\":\"orders.csv\",\"size\":7}]"
        ]])
    );
}

// proves: L-4
#[test]
fn a_stage_that_a_killed_run_left_is_cleared() {
    let project = loading("id\n1\n");
    project.execute("create schema raw");
    project.execute("create table raw.__sqlflow_stage__orders as select 1 as id");
    project.run(["load"]).succeeds();
    assert_eq!(project.relations(), ["raw.orders"]);
}

#[test]
fn a_table_may_be_adopted() {
    let project = loading("id\n1\n").file("sources/raw.yml", &with_load("adopt: true"));
    project.execute("create schema raw");
    project.execute("create table raw.orders as select 'mine' as owner");
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select * from raw.orders"), json!([[1]]));
}

// proves: L-30
#[test]
fn an_empty_file_makes_an_empty_table_the_first_time() {
    let project = loading("id\n");
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select count(*) from raw.orders"), json!([[0]]));
    project.run(["load"]).succeeds();
}

// proves: L-28
#[test]
fn an_empty_file_may_replace_the_rows_or_keep_them() {
    for (option, rows) in [("replace", json!([[0]])), ("keep", json!([[1]]))] {
        let yaml = with_load(&format!("on_empty: {option}"));
        let project = loading("id\n1\n").file("sources/raw.yml", &yaml);
        project.run(["load"]).succeeds();
        project.write("orders.csv", "id\n");
        project.run(["load"]).succeeds();
        assert_eq!(project.query("select count(*) from raw.orders"), rows, "{option}");
        assert_eq!(project.relations(), ["raw.orders"]);
    }
}

// proves: L-65, L-66
#[test]
fn a_source_that_changes_its_columns_is_accepted_by_hand() {
    let project = loading("id\n1\n");
    project.run(["load"]).succeeds();
    project.write("orders.csv", "number,word\n1,one\n");
    project.run(["load"]).fails_with("SF401").stderr_contains("column `id` was removed");
    project.remove("schemas/raw/orders.yml");
    project.run(["load", "--full-refresh"]).succeeds();
    assert_eq!(project.query("select number, word from raw.orders"), json!([[1, "one"]]));
}

// proves: L-1, L-25
#[test]
fn a_failed_load_keeps_the_table_and_its_readers_are_skipped() {
    let project = loading("id\n1\n").model("a", "select * from {{ source('raw', 'orders') }}");
    project.run(["build"]).succeeds();
    project.write("orders.csv", "id\n1\n2,3\n");
    project.run(["build"]).fails_with("SF304").tallies("PASS=0 WARN=0 ERROR=1 SKIP=1");
    assert_eq!(project.query("select * from a"), json!([[1]]));
    assert_eq!(project.relations(), ["main.a", "raw.orders"]);
}

/// A project with one of everything that is written to target/.
fn everything() -> Project {
    let tests = "\
models:
  - name: orders
    columns: [{name: id, data_tests: [not_null, unique]}]
";
    loading("id\n1\n")
        .file("models/_models.yml", tests)
        .file("seeds/codes.csv", "code\nde\n")
        .model("clean", "{{ config(materialized='ephemeral') }}select * from {{ source('raw', 'orders') }}")
        .model("orders", "{{ config(materialized='table') }}select * from {{ ref('clean') }}, {{ ref('codes') }}")
        .model("grown", "{{ config(materialized='incremental', unique_key='id') }}select * from {{ ref('orders') }} {% if is_incremental() %}where id > 0{% endif %}")
        .file("tests/positive.sql", "select * from {{ ref('grown') }} where id < 0")
        .file("analyses/look.sql", "select count(*) from {{ ref('grown') }}")
}

#[test]
fn compiling_twice_writes_the_same_bytes() {
    let project = everything();
    project.run(["compile"]).succeeds();
    let (compiled, run) = (project.files("target/compiled"), project.files("target/run"));
    assert!(compiled.len() >= 7 && run.len() >= 6, "{compiled:?} {run:?}");
    project.remove("target");
    project.run(["compile", "--threads", "8"]).succeeds();
    assert_eq!(project.files("target/compiled"), compiled);
    assert_eq!(project.files("target/run"), run);
    project.run(["compile"]).succeeds();
    assert_eq!(project.files("target/run"), run);
}

#[test]
fn two_directories_with_one_project_are_compiled_to_the_same_bytes() {
    let (one, two) = (everything(), everything());
    one.run(["compile"]).succeeds();
    two.run(["compile"]).succeeds();
    assert_eq!(one.files("target/compiled"), two.files("target/compiled"));
    assert_eq!(one.files("target/run"), two.files("target/run"));
}

#[test]
fn building_leaves_the_compiled_queries_as_they_were() {
    let project = everything();
    project.run(["compile"]).succeeds();
    let compiled = project.files("target/compiled");
    project.run(["build"]).succeeds();
    assert_eq!(project.files("target/compiled"), compiled);
}

#[test]
fn the_target_path_is_where_everything_generated_goes() {
    let project = everything();
    project.run(["build", "--target-path", "out"]).succeeds();
    assert!(!project.has("target"));
    assert!(files(&project.root().join("out/run")).len() > 5);
    assert!(project.has("out/manifest.json") && project.has("out/run_results.json"));
}

#[test]
fn nothing_is_written_beside_target_database_and_schemas() {
    let project = everything();
    let before = project.files(".").len();
    project.run(["build"]).succeeds();
    project.remove("target");
    project.remove("shop.duckdb");
    project.remove("schemas/raw/orders.yml");
    project.remove_if_there("shop.duckdb.sqlflow.lock");
    assert_eq!(project.files(".").len(), before);
}
