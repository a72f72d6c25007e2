//! Promises of loads that no other test proves by itself; `promises.rs` counts them all.

use crate::project::{Project, Ran};
use serde_json::{Value, json};

/// A project that loads `raw.orders` from `path` with the options `load`.
fn project(path: &str, load: &str) -> Project {
    Project::new().file("sources/raw.yml", &yaml(path, load))
}

fn yaml(path: &str, load: &str) -> String {
    format!(
        "sources:\n  - name: raw\n    tables:\n      - name: orders\n        path: {path}\n        load: {{{load}}}\n"
    )
}

/// Loads `csv`.
#[track_caller]
fn load(project: &Project, csv: &str) -> Ran {
    project.write("orders.csv", csv);
    project.run(["load"]).succeeds()
}

#[track_caller]
fn rows(project: &Project) -> Value {
    project.query("select * from raw.orders order by all")
}

/// Loading `csv` fails with `code`, and leaves rows, state and everything else.
#[track_caller]
fn refused(project: &Project, csv: &str, code: &str) -> Ran {
    let state = |project: &Project| {
        let recorded = project.query("select * from _sqlflow.loads order by all");
        (rows(project), recorded, project.relations())
    };
    let before = state(project);
    project.write("orders.csv", csv);
    let ran = project.run(["load"]).fails_with(code);
    assert_eq!(state(project), before, "{ran}");
    ran
}

// proves: L-35, L-61
#[test]
fn rows_without_a_cursor_are_added_once_even_where_no_row_had_one() {
    let project = project("orders.csv", "mode: append, cursor: at, on_null_cursor: include");
    let declared = "        columns: [{name: at, data_type: bigint}]\n";
    let yaml = project.read("sources/raw.yml") + declared;
    project.write("sources/raw.yml", &yaml);
    load(&project, "id,at\n1,\n1,\n");
    load(&project, "id,at\n1,\n1,\n2,5\n");
    assert_eq!(rows(&project), json!([[1, null], [1, null], [2, 5]]));
}

// proves: L-30
#[test]
fn types_that_no_row_tells_are_not_accepted() {
    let project = project("orders.csv", "mode: replace");
    load(&project, "id,v\n");
    assert!(!project.has("schemas/raw/orders.yml"));
    load(&project, "id,v\n1,7\n");
    let types = "select typeof(id), typeof(v) from raw.orders";
    assert_eq!(project.query(types), json!([["BIGINT", "BIGINT"]]));
}

// proves: L-14
#[test]
fn a_full_refresh_leaves_versions_and_says_so() {
    let project = project("orders.csv", "mode: scd2, key: id");
    project.write("orders.csv", "id,v\n1,a\n");
    project.run(["load", "--full-refresh"]).succeeds().stderr_lacks("SF323");
    project.write("orders.csv", "id,v\n1,b\n");
    project.run(["load", "--full-refresh"]).succeeds().stderr_contains("note[SF323]");
    assert_eq!(project.query("select count(*) from raw.orders"), json!([[2]]));
}

// proves: L-30
#[test]
fn a_table_of_no_rows_gets_its_types_from_the_first_ones() {
    let project = project("orders.csv", "mode: merge, key: id");
    load(&project, "id,v\n");
    load(&project, "id,v\n");
    load(&project, "id,v\n1,7\n");
    assert_eq!(rows(&project), json!([[1, 7]]));
    load(&project, "id,v\n1,7\n2,8\n");
    assert_eq!(rows(&project), json!([[1, 7], [2, 8]]));
}

// proves: L-12, L-34
#[test]
fn a_full_refresh_reads_every_file_again_and_remembers_it_as_it_is() {
    let project = project("in/*.csv", "mode: append");
    project.write("in/a.csv", "id\n1\n");
    project.run(["load"]).succeeds();
    project.write("in/a.csv", "id\n1\n2\n");
    project.run(["load"]).fails_with("SF316");
    project.run(["load", "--full-refresh"]).succeeds();
    assert_eq!(rows(&project), json!([[1], [2]]));
    project.write("in/b.csv", "id\n3\n");
    project.run(["load"]).succeeds();
    assert_eq!(rows(&project), json!([[1], [2], [3]]));
    assert_eq!(project.query("select count(*) from _sqlflow.files"), json!([[2]]));
}

// proves: L-11
#[test]
fn rejected_rows_are_kept_where_the_table_is() {
    let project = project("orders.csv", "max_rejects: 1, on_empty: keep");
    load(&project, "id,v\n1,a\n");
    load(&project, "id,v\n2,b,c\n");
    assert_eq!(rows(&project), json!([[1, "a"]]));
    let rejects = "select file, line, \"text\" from _sqlflow.rejects";
    assert_eq!(project.query(rejects), json!([["orders.csv", 2, "2,b,c"]]));
}

// proves: L-33, L-43
#[test]
fn a_column_of_the_table_alone_that_must_have_a_value_stops_a_merge_and_an_append() {
    for mode in ["mode: merge, key: id", "mode: append, cursor: id"] {
        let project = project("orders.csv", mode);
        load(&project, "id,v\n1,a\n");
        let note = "alter table raw.orders alter column note";
        project.execute("alter table raw.orders add column note varchar default 'x'");
        project.execute(&format!("{note} set not null"));
        project.execute(&format!("{note} drop default"));
        refused(&project, "id,v\n2,b\n", "SF317").stderr_contains("`note`");
        project.execute(&format!("{note} set default 'y'"));
        load(&project, "id,v\n2,b\n");
        assert_eq!(rows(&project), json!([[1, "a", "x"], [2, "b", "y"]]));
    }
}

// proves: L-32
#[test]
fn a_batch_that_the_table_cannot_hold_stops_an_append() {
    let project = project("orders.csv", "mode: append, cursor: id");
    load(&project, "id,v\n1,1\n");
    project.execute("alter table raw.orders alter column v type integer");
    refused(&project, "id,v\n2,2\n", "SF317").stderr_contains("`v`");
    project.execute("alter table raw.orders alter column v type decimal(20,0)");
    load(&project, "id,v\n2,2\n");
    project.execute("alter table raw.orders drop column v");
    refused(&project, "id,v\n3,3\n", "SF317").stderr_contains("`v` of the batch is not in");
}

// proves: L-13
#[test]
fn a_full_refresh_of_an_empty_source_is_an_error() {
    let project = project("orders.csv", "mode: merge, key: id");
    load(&project, "id,v\n1,a\n");
    project.write("orders.csv", "id,v\n");
    project.run(["load", "--full-refresh"]).fails_with("SF305");
    assert_eq!(rows(&project), json!([[1, "a"]]));
}

// proves: L-12, L-16
#[test]
fn no_error_falls_back_to_a_full_refresh() {
    let project = project("orders.csv", "mode: merge, key: id");
    load(&project, "id,v\n1,a\n2,b\n");
    refused(&project, "id,v\n1,c\n1,d\n", "SF310");
    project.write("sources/raw.yml", &yaml("orders.csv", "mode: append, cursor: id"));
    refused(&project, "id,v\n1,c\n", "SF315");
}

// proves: L-23
#[test]
fn no_key_or_unique_index_is_made() {
    for mode in ["mode: replace", "mode: merge, key: id", "mode: scd2, key: id"] {
        let project = project("orders.csv", mode);
        load(&project, "id,v\n1,a\n");
        load(&project, "id,v\n1,b\n");
        let made = "select count(*) from duckdb_constraints() where schema_name = 'raw' \
                    union all select count(*) from duckdb_indexes() where schema_name = 'raw'";
        assert_eq!(project.query(made), json!([[0], [0]]), "{mode}");
    }
}

// proves: L-17
// covers: replace × adopt, append × adopt, merge × adopt, scd2 × adopt
#[test]
fn a_table_of_others_is_adopted_by_every_mode() {
    for (mode, columns, expected) in [
        ("mode: replace", "9::bigint as id, 'z'::varchar as v", json!([[1, "a"]])),
        (
            "mode: append, cursor: id",
            "0::bigint as id, 'z'::varchar as v",
            json!([[0, "z"], [1, "a"]]),
        ),
        ("mode: merge, key: id", "1::bigint as id, 'z'::varchar as v", json!([[1, "a"]])),
        (
            "mode: scd2, key: id, track: [v]",
            "1::bigint as id, 'z'::varchar as v, cast('2024-01-01' as timestamptz) as valid_from, \
             cast(null as timestamptz) as valid_to, true as is_current",
            json!([[1, "a"], [1, "z"]]),
        ),
    ] {
        let project = project("orders.csv", mode);
        project.execute("create schema raw");
        project.execute(&format!("create table raw.orders as select {columns}"));
        project.write("orders.csv", "id,v\n1,a\n");
        project.run(["load"]).fails_with("SF306");
        project.write("sources/raw.yml", &yaml("orders.csv", &format!("{mode}, adopt: true")));
        project.run(["load"]).succeeds();
        let held = project.query("select id, v from raw.orders order by all");
        assert_eq!(held, expected, "{mode}");
    }
}

// covers: replace × into, append × into, merge × into, scd2 × into
#[test]
fn every_mode_lands_where_it_is_told() {
    for mode in
        ["mode: replace", "mode: append, cursor: id", "mode: merge, key: id", "mode: scd2, key: id"]
    {
        let project = project("orders.csv", &format!("{mode}, into: lake.sales"));
        load(&project, "id,v\n1,a\n");
        load(&project, "id,v\n1,b\n2,c\n");
        assert_eq!(project.relations(), ["lake.sales"], "{mode}");
        let found = project.query("select max(id) from lake.sales");
        assert_eq!(found, json!([[2]]), "{mode}");
    }
}

// proves: L-29
#[test]
fn a_lost_file_leaves_the_table() {
    let project = project("in/*.csv", "mode: replace");
    project.write("in/a.csv", "id,v\n1,a\n");
    project.run(["load"]).succeeds();
    project.remove("in/a.csv");
    project.run(["load"]).fails_with("SF301");
    assert_eq!(rows(&project), json!([[1, "a"]]));
}

// proves: L-38
#[test]
fn ties_between_rows_of_a_key_are_broken_the_same_way_each_time() {
    let batches = ["id,at,v,w\n1,5,a,z\n1,5,b,y\n", "w,v,at,id\ny,b,5,1\nz,a,5,1\n"];
    for options in ["cursor: at", "dedup_by: at desc"] {
        let [first, second] = batches.map(|batch| {
            let project = project("orders.csv", &format!("mode: merge, key: id, {options}"));
            load(&project, "id,at,v,w\n9,1,x,x\n");
            load(&project, batch);
            load(&project, batch);
            rows(&project)
        });
        assert_eq!(first, second, "{options}");
    }
}

// proves: L-50
#[test]
fn a_key_of_nested_type_is_refused() {
    for (mode, code) in [("merge", "SF319"), ("scd2", "SF319")] {
        let project = project("orders.json", &format!("mode: {mode}, key: id"));
        project.write("orders.json", "{\"id\": {\"a\": 1}, \"v\": 1}\n");
        project.run(["load"]).fails_with(code).stderr_contains("`id`");
        assert_eq!(project.relations(), [""; 0]);
    }
}

// proves: L-63
#[test]
fn a_cursor_of_nested_type_is_refused() {
    let project = project("orders.json", "mode: append, cursor: at");
    project.write("orders.json", "{\"id\": 1, \"at\": [1]}\n");
    project.run(["load"]).fails_with("SF319").stderr_contains("`at`");
    assert_eq!(project.relations(), [""; 0]);
}

// proves: L-60
#[test]
fn the_recorded_cursor_is_what_was_read_and_not_what_stands_in_the_table() {
    let project = project("orders.csv", "mode: append, cursor: at");
    load(&project, "id,at\n1,5\n");
    project.execute("insert into raw.orders values (9, 100)");
    load(&project, "id,at\n1,5\n2,6\n");
    assert_eq!(project.query("select cursor_value from _sqlflow.loads"), json!([["6"]]));
    assert_eq!(rows(&project), json!([[1, 5], [2, 6], [9, 100]]));
}

// proves: L-51, L-56
#[test]
fn versions_end_where_the_next_begins_and_never_before_they_began() {
    let project = project("orders.csv", "mode: scd2, key: id, cursor: at, lag: 100 days");
    load(&project, "id,v,at\n1,a,2124-01-02 00:00:00\n");
    // It comes late, and says that it was earlier.
    load(&project, "id,v,at\n1,b,2124-01-01 00:00:00\n");
    let versions = "select v, valid_from, valid_to, is_current from raw.orders order by v";
    let there = "2124-01-02 00:00:00";
    assert_eq!(
        project.query(versions),
        json!([["a", there, there, false], ["b", there, null, true]])
    );
}

// proves: L-55
#[test]
fn two_current_versions_of_a_key_are_never_committed() {
    let project = project("orders.csv", "mode: scd2, key: id");
    load(&project, "id,v\n1,a\n");
    project.execute("insert into raw.orders from raw.orders");
    project.write("orders.csv", "id,v\n1,b\n");
    project.run(["load"]).fails_with("SF321");
    assert_eq!(project.query("select v from raw.orders"), json!([["a"], ["a"]]));
}

// proves: L-65
// covers: replace × on_drift, append × on_drift, merge × on_drift, scd2 × on_drift
#[test]
fn a_changed_source_stops_every_mode() {
    for mode in
        ["mode: replace", "mode: append, cursor: id", "mode: merge, key: id", "mode: scd2, key: id"]
    {
        let project = project("orders.csv", &format!("{mode}, on_drift: alert"));
        load(&project, "id,v\n1,7\n");
        let accepted = project.read("schemas/raw/orders.yml");
        for changed in ["id,v,w\n2,8,9\n", "id\n2\n", "id,v\n2,x\n", "id,w\n2,8\n"] {
            refused(&project, changed, "SF401");
        }
        assert_eq!(project.read("schemas/raw/orders.yml"), accepted);
        load(&project, "v,id\n8,2\n");
        let last = project.query("select id, v from raw.orders order by id desc limit 1");
        assert_eq!(last, json!([[2, 8]]), "{mode}");
    }
}

// proves: L-39
// covers: merge × on_duplicate, scd2 × on_duplicate
#[test]
fn on_duplicate_is_an_error_where_nothing_decides() {
    for mode in ["merge", "upsert", "scd2"] {
        let project = project("orders.csv", &format!("mode: {mode}, key: id, on_duplicate: error"));
        load(&project, "id,v\n1,a\n1,a\n");
        refused(&project, "id,v\n1,b\n1,c\n", "SF310").stderr_contains("id 1");
    }
}

// proves: L-39
#[test]
fn a_repeated_key_is_shown_with_four_others_at_most() {
    let project = project("orders.csv", "mode: merge, key: [id, k]");
    load(&project, "id,k,v\n1,x,a\n");
    let batch = "id,k,v\n1,x,a\n1,x,b\n2,x,a\n2,x,b\n3,x,a\n3,x,b\n4,x,a\n4,x,b\n5,x,a\n5,x,b\n6,x,a\n6,x,b\n";
    refused(&project, batch, "SF310")
        .stderr_contains("6 keys stand several times")
        .stderr_contains("id 5, k x; …")
        .stderr_lacks("id 6");
}

// proves: L-25
#[test]
fn a_load_that_fails_stops_only_what_reads_it() {
    let tables = "sources:\n  - name: raw\n    tables:\n      - {name: bad, path: bad.csv}\n      - {name: good, path: good.csv}\n";
    let project = Project::new()
        .file("sources/raw.yml", tables)
        .file("bad.csv", "id\n1,2\n")
        .file("good.csv", "id\n1\n")
        .model("of_bad", "select * from {{ source('raw', 'bad') }}")
        .model("of_good", "select * from {{ source('raw', 'good') }}");
    project.run(["build"]).fails_with("SF304").tallies("PASS=2 WARN=0 ERROR=1 SKIP=1");
    assert_eq!(project.relations(), ["main.of_good", "raw.good"]);
}

// proves: L-11
#[test]
fn rejects_of_several_loads_are_told_apart() {
    let project =
        project("orders.csv", "mode: merge, key: id, on_null_key: reject, max_rejects: 1");
    load(&project, "id,v\n1,a\n,b\n");
    load(&project, "id,v\n2,b,c\n1,a\n");
    let rejects = "select reason, \"text\", line, (select count(distinct run_id) from _sqlflow.rejects) from _sqlflow.rejects order by line nulls first";
    assert_eq!(
        project.query(rejects),
        json!([
            ["the key holds NULL", "{\"id\":null,\"v\":\"b\"}", null, 2],
            ["expected 2 fields, found 3", "2,b,c", 2, 2]
        ])
    );
}

crate::elsewhere::again_on_postgres!(
    rows_without_a_cursor_are_added_once_even_where_no_row_had_one,
    a_full_refresh_leaves_versions_and_says_so,
    a_table_of_no_rows_gets_its_types_from_the_first_ones,
    a_full_refresh_reads_every_file_again_and_remembers_it_as_it_is,
    rejected_rows_are_kept_where_the_table_is,
    a_column_of_the_table_alone_that_must_have_a_value_stops_a_merge_and_an_append,
    a_batch_that_the_table_cannot_hold_stops_an_append,
    a_full_refresh_of_an_empty_source_is_an_error,
    no_error_falls_back_to_a_full_refresh,
    a_table_of_others_is_adopted_by_every_mode,
    every_mode_lands_where_it_is_told,
    a_lost_file_leaves_the_table,
    ties_between_rows_of_a_key_are_broken_the_same_way_each_time,
    a_key_of_nested_type_is_refused,
    a_cursor_of_nested_type_is_refused,
    the_recorded_cursor_is_what_was_read_and_not_what_stands_in_the_table,
    versions_end_where_the_next_begins_and_never_before_they_began,
    a_changed_source_stops_every_mode,
    on_duplicate_is_an_error_where_nothing_decides,
    a_repeated_key_is_shown_with_four_others_at_most,
    a_load_that_fails_stops_only_what_reads_it,
    rejects_of_several_loads_are_told_apart,
);
