//! The files under schemas/: written, missing, locked, broken; and the flags about them.

use crate::elsewhere::again_on_postgres;
use crate::project::Project;
use serde_json::json;

const FILE: &str = "schemas/raw/orders.yml";

/// A project that loads `raw.orders` from orders.csv with the options `load`.
fn project(load: &str) -> Project {
    let yaml = format!(
        "sources:\n  - name: raw\n    tables:\n      - {{name: orders, path: orders.csv, load: {{{load}}}}}\n      \
         - {{name: other, path: other.csv}}\n"
    );
    let project = Project::new().file("sources/raw.yml", &yaml);
    project.write("orders.csv", "id,v\n1,7\n");
    project.write("other.csv", "id\n1\n");
    project
}

#[test]
fn a_drift_stops_its_load_and_what_depends_on_it_and_nothing_else() {
    let project = project("mode: replace")
        .model("of_orders", "select id from {{ source('raw', 'orders') }}")
        .model("below", "select id from {{ ref('of_orders') }}")
        .model("of_other", "select id from {{ source('raw', 'other') }}");
    project.run(["build"]).succeeds();
    project.write("orders.csv", "id,w\n1,7\n");
    let ran = project.run(["build"]).fails_with("SF401").tallies("PASS=2 WARN=0 ERROR=1 SKIP=2");
    ran.stderr_contains("error[SF401]: column `v` was removed from `orders.csv`")
        .stderr_contains("= note: column `w` (bigint) was added in `orders.csv`")
        .stderr_contains("= note: column `w` is perhaps `v` under a new name")
        .stderr_contains("`sqlflow schema accept raw.orders`, then commit schemas/raw/orders.yml");
}

#[test]
fn the_flag_wins_over_its_variable_and_that_over_the_load() {
    let project = project("mode: replace, on_drift: permissive");
    project.run(["load"]).succeeds();
    project.write("orders.csv", "id,v,w\n1,7,8\n");
    project.run(["load", "--on-drift", "alert"]).fails_with("SF401");
    let project = project.env("SQLFLOW_ON_DRIFT", "ignore");
    project.run(["load"]).succeeds().stderr_contains(
        "note[SF404]: column `w` (bigint) was added in `orders.csv` and is left out",
    );
    project.run(["load", "--on-drift", "permissive"]).succeeds();
    let rows = "select * from raw.orders";
    assert_eq!(project.query(rows), json!([[1, 7, 8]]));
    project
        .run(["load", "--on-drift", "never"])
        .exits(2)
        .stderr_contains("alert, permissive, ignore");
}

#[test]
fn a_default_of_the_project_file_says_what_a_drift_does() {
    let project = project("mode: replace");
    let file = project.read("sqlflow.yml");
    project.write("sqlflow.yml", &format!("{file}\nloads:\n  +on_drift: ignore\n"));
    project.run(["load"]).succeeds();
    project.write("orders.csv", "id,v,w\n1,7,8\n");
    project.run(["load"]).succeeds().stderr_contains("note[SF404]");
}

#[test]
fn a_locked_load_writes_no_file_and_wants_one() {
    let project = project("mode: merge, key: id, on_drift: permissive");
    project.run(["load", "--locked"]).fails_with("SF403").stderr_contains(
        "error[SF403]: `schemas/raw/orders.yml` does not exist, and --locked writes no file",
    );
    assert!(!project.has("schemas"));
    project.run(["load"]).succeeds();
    let before = project.read(FILE);
    project.run(["load", "--locked"]).succeeds().stderr_lacks("SF405");
    project.write("orders.csv", "id,v,w\n1,7,\n2,8,9\n");
    let said = "note[SF405]: version 2 of the schema is not yet in git: schemas/raw/orders.yml was not written";
    project.run(["load", "--locked"]).succeeds().stderr_contains(said).stderr_contains("SF404");
    assert_eq!(project.read(FILE), before);
    let rows = "select * from raw.orders order by id";
    assert_eq!(project.query(rows), json!([[1, 7, null], [2, 8, 9]]));
    // The file is older than the state: it shows the drift again.
    let state = "select \"schema\" from _sqlflow.loads where node like '%orders'";
    let remembered = project.query(state);
    project.run(["load", "--locked"]).succeeds().stderr_contains(said);
    assert_eq!(project.query(state), remembered);
    project.run(["load", "--on-drift", "alert"]).fails_with("SF401");
    project.run(["load"]).succeeds();
    assert_eq!(json!([[project.read(FILE)]]), remembered);
    project.run(["load", "--locked"]).succeeds().stderr_lacks("note[");
}

#[test]
fn a_file_that_is_missing_comes_back_as_it_was() {
    let project = project("mode: replace, on_drift: permissive");
    project.run(["load"]).succeeds().stderr_lacks("SF405");
    project.write("orders.csv", "id,v,w\n1,7,8\n");
    project.run(["load"]).succeeds();
    let file = project.read(FILE);
    project.remove(FILE);
    project.run(["load", "--locked"]).fails_with("SF403");
    project.run(["load"]).succeeds().stderr_contains(
        "note[SF405]: schemas/raw/orders.yml was missing, and is written again from the state of the target",
    );
    assert_eq!(project.read(FILE), file);
    project.run(["load"]).succeeds().stderr_lacks("SF405");
}

#[test]
fn a_new_column_of_files_without_rows_waits_for_a_row() {
    let project = project("mode: append, cursor: id, on_drift: permissive");
    project.run(["load"]).succeeds();
    project.write("orders.csv", "id,v,w\n");
    project.run(["load"]).succeeds().stderr_contains("was added in `orders.csv` and is left out");
    project.write("orders.csv", "id,v,w\n2,8,9\n");
    project.run(["load"]).succeeds().stderr_contains("column `w` (bigint) was added");
    let rows = "select * from raw.orders order by id";
    assert_eq!(project.query(rows), json!([[1, 7, null], [2, 8, 9]]));
}

#[test]
fn a_schema_that_was_accepted_elsewhere_reaches_the_table() {
    for mode in ["mode: append, cursor: id", "mode: merge, key: id", "mode: scd2, key: id"] {
        let project = project(mode);
        project.run(["load"]).succeeds();
        // Somebody else's load accepted the change, and git brings the file.
        project.write("orders.csv", "id,v,w\n2,12345678901234567890,x\n");
        let file = project.read(FILE);
        let twin = Project::new()
            .file("sources/raw.yml", &project.read("sources/raw.yml"))
            .file(FILE, &file)
            .file("other.csv", "id\n1\n")
            .file("orders.csv", &project.read("orders.csv"));
        twin.run(["load", "--on-drift", "permissive"]).succeeds();
        project.write(FILE, &twin.read(FILE));
        project.run(["load"]).succeeds().stderr_lacks("SF40");
        let rows = "select id, cast(v as varchar), w from raw.orders order by id";
        let expected = json!([[1, "7", null], [2, "12345678901234567890", "x"]]);
        assert_eq!(project.query(rows), expected, "{mode}");
    }
}

#[test]
fn a_column_that_somebody_dropped_from_the_table_is_not_put_back() {
    let project = project("mode: merge, key: id");
    project.run(["load"]).succeeds();
    project.execute("alter table raw.orders drop column v");
    project.run(["load"]).fails_with("SF317");
}

#[test]
fn what_the_yaml_declares_is_no_drift() {
    let project = project("mode: replace");
    project.run(["load"]).succeeds();
    let yaml = project.read("sources/raw.yml");
    let declared = yaml.replace(
        "load: {mode: replace}",
        "load: {mode: replace}, columns: [{name: v, data_type: varchar, constraints: [{type: not_null}]}]",
    );
    project.write("sources/raw.yml", &declared);
    project.run(["load"]).succeeds();
    assert!(project.read(FILE).contains("{name: v, type: varchar, nullable: false}"));
    project.write("sources/raw.yml", &yaml.replace("orders.csv", "orders.csv, description: x"));
    project.write("orders.csv", "id,v\n1,x\n");
    project.run(["load"]).succeeds();
    assert!(project.read(FILE).contains("{name: v, type: varchar, nullable: true}"));
}

#[test]
fn declared_columns_are_the_schema_where_the_load_says_so() {
    let project = project("declare: true, on_drift: ignore");
    project.run(["load"]).exits(2).stderr_contains("no column is declared with a type");
    let yaml = project.read("sources/raw.yml").replace(
        "load: {declare: true, on_drift: ignore}",
        "load: {declare: true, on_drift: ignore}, columns: [{name: v, data_type: \"decimal(9,2)\"}, {name: id}]",
    );
    project.write("sources/raw.yml", &yaml);
    let said = "note[SF404]: column `id` (bigint) was added in `orders.csv` and is left out";
    project.run(["load"]).succeeds().stderr_contains(said);
    assert_eq!(project.query("select cast(v as varchar) from raw.orders"), json!([["7.00"]]));
    let file = project.read(FILE);
    assert!(
        file.contains("columns:\n  - {name: v, type: \"decimal(9,2)\", nullable: true}\nhistory:")
    );
    project.run(["load", "--on-drift", "alert"]).fails_with("SF401");
    project.write("orders.csv", "id\n1\n");
    project.run(["load"]).fails_with("SF401").stderr_contains("column `v` was removed");
    project.write(
        "sources/raw.yml",
        &yaml.replace("decimal(9,2)", "bigint").replace(", {name: id}", ""),
    );
    project.write("orders.csv", "v\n8\n");
    project.run(["load", "--on-drift", "alert"]).succeeds().stderr_lacks("SF40");
    assert!(project.read(FILE).contains("{name: v, type: bigint, nullable: true}"));
}

// covers: replace × declare, append × declare, merge × declare, scd2 × declare
#[test]
fn declared_columns_are_the_schema_in_every_mode() {
    for mode in ["replace", "append, cursor: id", "merge, key: [id]", "scd2, key: [id]"] {
        let load = format!("mode: {mode}, declare: true");
        let project = project(&load);
        let columns = "columns: [{name: id, data_type: integer}, {name: v, data_type: varchar}]";
        let yaml = project.read("sources/raw.yml");
        let with = format!("load: {{{load}}}, {columns}");
        project.write("sources/raw.yml", &yaml.replace(&format!("load: {{{load}}}"), &with));
        project.run(["load"]).succeeds();
        let file = project.read(FILE);
        for column in ["{name: id, type: integer,", "{name: v, type: varchar,"] {
            assert!(file.contains(column), "{mode}: {file}");
        }
        let types = project.query(
            "select data_type from duckdb_columns() where table_name = 'orders' \
             and column_name in ('id', 'v') order by column_name",
        );
        assert_eq!(types, json!([["INTEGER"], ["VARCHAR"]]), "{mode}");
    }
}

#[test]
fn a_source_that_is_gone_was_there_once() {
    let project = project("mode: replace");
    project.run(["load"]).succeeds();
    project.remove("orders.csv");
    let ran = project.run(["load"]).fails_with("SF301");
    ran.stderr_contains("= note: version 1 of its schema was accepted at ");
}

#[test]
fn broken_files_say_how_they_are_mended() {
    let project = project("mode: replace");
    project.run(["load"]).succeeds();
    let file = project.read(FILE);
    let mended = "`sqlflow schema accept raw.orders`";
    let by_hand = file.replace("nullable: true", "nullable: false");
    let conflict =
        file.replace("columns:", "<<<<<<< HEAD\ncolumns:\n=======\ncolumns:\n>>>>>>> b\n");
    let later = file.replace("columns:", "clustering: [id]\ncolumns:");
    let cut = &file[..file.len() / 2];
    for (broken, said) in [
        (by_hand.as_str(), "they were changed by hand"),
        (conflict.as_str(), "an unresolved merge conflict in the snapshot"),
        (later.as_str(), "clustering"),
        (cut, "error[SF402]"),
        ("", "the snapshot is empty"),
        ("\0\0", "error[SF402]"),
    ] {
        project.write(FILE, broken);
        for args in [&["load"][..], &["load", "--locked"], &["load", "--on-drift", "permissive"]] {
            let ran = project.run(args).fails_with("SF402").tallies("PASS=1 WARN=0 ERROR=1 SKIP=0");
            ran.stderr_contains(said).stderr_contains(mended);
        }
        assert_eq!(project.read(FILE), broken);
    }
    project.write_bytes(FILE, b"version: \xff");
    project.run(["load"]).fails_with("SF402").stderr_contains(mended);
    project.remove(FILE);
    std::fs::create_dir(project.root().join(FILE)).unwrap();
    project.run(["load"]).exits(3).stderr_contains("schemas/raw/orders.yml`: ");
}

again_on_postgres!(
    the_flag_wins_over_its_variable_and_that_over_the_load,
    a_locked_load_writes_no_file_and_wants_one,
    a_new_column_of_files_without_rows_waits_for_a_row,
    a_schema_that_was_accepted_elsewhere_reaches_the_table,
    a_column_that_somebody_dropped_from_the_table_is_not_put_back,
);
