//! `load:`: what each mode does to the rows that are there, what is counted, and what is refused.

use crate::project::{Project, Ran};
use serde_json::{Value, json};

/// A project that loads `raw.orders` from `orders.csv` with the options `load`.
fn project(load: &str, csv: &str) -> Project {
    Project::new().file("sources/shop.yml", &yaml("orders.csv", load)).file("orders.csv", csv)
}

fn yaml(path: &str, load: &str) -> String {
    format!(
        "sources:\n  - name: raw\n    tables:\n      - name: orders\n        path: {path}\n        load: {{{load}}}\n"
    )
}

/// Loads `csv` and answers the table.
#[track_caller]
fn load(project: &Project, csv: &str) -> Value {
    project.write("orders.csv", csv);
    project.run(["load"]).succeeds();
    rows(project)
}

#[track_caller]
fn rows(project: &Project) -> Value {
    project.query("select * from raw.orders order by all")
}

/// What the last load counted, without what is zero.
fn counts(project: &Project) -> Value {
    let results = project.json("target/run_results.json");
    let response = results["results"][0]["adapter_response"].as_object().unwrap().clone();
    let counted = response
        .into_iter()
        .filter(|(name, value)| name != "rows_affected" && value.as_u64() != Some(0));
    Value::Object(counted.collect())
}

/// Loading `csv` fails with `code`, and changes nothing.
#[track_caller]
fn refused(project: &Project, csv: &str, code: &str) -> Ran {
    let is_loaded =
        project.has_database() && project.relations().contains(&"raw.orders".to_owned());
    let before = is_loaded.then(|| state(project));
    project.write("orders.csv", csv);
    let ran = project.run(["load"]).fails_with(code);
    if let Some(before) = before {
        assert_eq!(state(project), before, "{ran}");
    }
    ran
}

/// The versions: key, value, how they follow each other, whether they are current.
#[track_caller]
fn versions(project: &Project) -> Value {
    project.query(
        "select id, v, valid_to is not distinct from lead(valid_from) over (partition by id order by valid_from), \
         is_current, valid_to is null from raw.orders order by id, valid_from",
    )
}

// proves: L-51, L-54
#[test]
fn scd2_keeps_every_version_of_a_row() {
    let project = project("mode: scd2, key: id", "");
    project.write("orders.csv", "id,v\n1,a\n2,b\n");
    project.run(["load"]).succeeds();
    let first = json!([[1, "a", true, true, true], [2, "b", true, true, true]]);
    assert_eq!(versions(&project), first);
    project.run(["load"]).succeeds();
    assert_eq!(versions(&project), first);
    assert_eq!(counts(&project), json!({"rows_read": 2, "rows_unchanged": 2}));
    project.write("orders.csv", "id,v\n1,A\n3,c\n");
    project.run(["load", "--full-refresh"]).succeeds();
    assert_eq!(
        versions(&project),
        json!([
            [1, "a", true, false, false],
            [1, "A", true, true, true],
            [2, "b", true, true, true],
            [3, "c", true, true, true]
        ])
    );
    let counted =
        json!({"rows_read": 2, "rows_inserted": 1, "rows_updated": 1, "versions_closed": 1});
    assert_eq!(counts(&project), counted);
    assert_eq!(project.relations(), ["raw.orders"]);
    refused(&project, "id,v\n1,A\n1,B\n", "SF310");
}

// proves: L-56, L-57
#[test]
fn scd2_ends_what_a_complete_source_lacks_and_dates_by_the_cursor() {
    let whole = project("mode: scd2, key: id, complete: true, max_delete_percent: 50", "");
    load(&whole, "id,v\n1,a\n2,b\n");
    load(&whole, "id,v\n1,a\n");
    let ended = json!([[1, "a", true, true, true], [2, "b", false, false, false]]);
    assert_eq!(versions(&whole), ended);
    assert_eq!(counts(&whole)["rows_deleted_by_absence"], 1);
    refused(&whole, "id,v\n9,x\n", "SF313");
    let dated = project("mode: scd2, key: id, cursor: at, track: [v]", "");
    load(&dated, "id,v,at\n1,a,2024-01-01 00:00:00\n");
    load(&dated, "id,v,at\n1,b,2024-01-02 00:00:00\n");
    let intervals = "select v, valid_from, valid_to from raw.orders order by valid_from";
    assert_eq!(
        dated.query(intervals),
        json!([
            ["a", "2024-01-01 00:00:00", "2024-01-02 00:00:00"],
            ["b", "2024-01-02 00:00:00", null]
        ])
    );
}

/// The table, its state, and what else stands there.
fn state(project: &Project) -> (Value, Value, Vec<String>) {
    let state =
        "select relation, definition, cursor_value, row_count from _sqlflow.loads order by all";
    (rows(project), project.query(state), project.relations())
}

// proves: L-10, L-41, L-49
#[test]
fn a_merge_updates_what_differs_and_adds_what_is_new() {
    let project = project("mode: merge, key: id", "");
    assert_eq!(load(&project, "id,v\n1,a\n2,b\n3,c\n"), json!([[1, "a"], [2, "b"], [3, "c"]]));
    assert_eq!(counts(&project), json!({"rows_read": 3, "rows_inserted": 3}));
    let expected = json!([[1, "a"], [2, "B"], [3, "c"], [4, "d"]]);
    assert_eq!(load(&project, "v,id\nB,2\nd,4\nc,3\n"), expected);
    let counted =
        json!({"rows_read": 3, "rows_inserted": 1, "rows_updated": 1, "rows_unchanged": 1});
    assert_eq!(counts(&project), counted);
    assert_eq!(load(&project, "v,id\nB,2\nd,4\nc,3\n"), expected);
    assert_eq!(counts(&project), json!({"rows_read": 3, "rows_unchanged": 3}));
    assert_eq!(project.relations(), ["raw.orders"]);
}

// proves: L-7
#[test]
fn columns_of_options_are_found_without_case_where_that_is_unique() {
    let project = project("mode: merge, key: ID, cursor: At, merge_update_columns: [V, AT]", "");
    load(&project, "id,v,at\n1,a,1\n");
    assert_eq!(load(&project, "id,v,at\n1,b,2\n"), json!([[1, "b", 2]]));
    assert_eq!(counts(&project), json!({"rows_read": 1, "rows_updated": 1}));
}

// proves: L-41
#[test]
fn null_is_a_value_when_rows_are_compared() {
    let project = project("mode: merge, key: id", "");
    load(&project, "id,v\n1,\n2,b\n");
    assert_eq!(load(&project, "id,v\n1,\n2,\n"), json!([[1, null], [2, null]]));
    assert_eq!(counts(&project), json!({"rows_read": 2, "rows_updated": 1, "rows_unchanged": 1}));
}

// proves: L-39
#[test]
fn rows_equal_in_every_column_collapse_and_others_are_an_error() {
    let project = project("mode: merge, key: id", "");
    assert_eq!(load(&project, "id,v\n1,a\n1,a\n"), json!([[1, "a"]]));
    assert_eq!(
        counts(&project),
        json!({"rows_read": 2, "rows_inserted": 1, "rows_deduplicated": 1})
    );
    refused(&project, "id,v\n1,a\n1,b\n2,c\n2,d\n", "SF310")
        .stderr_contains("2 keys stand several times in the batch")
        .stderr_contains("id 1; id 2");
}

// proves: L-37
#[test]
fn dedup_by_or_the_cursor_tell_which_row_of_a_key_counts() {
    let dedup = project("mode: merge, key: id, dedup_by: v desc", "");
    assert_eq!(load(&dedup, "id,v\n1,a\n1,c\n1,b\n"), json!([[1, "c"]]));
    let cursor = project("mode: merge, key: id, cursor: at", "");
    let expected = json!([[1, "new", 3], [2, "b", 2]]);
    assert_eq!(load(&cursor, "id,v,at\n1,old,1\n1,new,3\n2,b,2\n"), expected);
    assert_eq!(counts(&cursor)["rows_deduplicated"], 1);
}

// proves: L-59, L-62
#[test]
fn a_cursor_reads_what_is_new_and_remembers_the_greatest() {
    let project = project("mode: merge, key: id, cursor: at", "");
    load(&project, "id,v,at\n1,a,1\n2,b,2\n");
    load(&project, "id,v,at\n1,changed without its cursor,1\n2,b,2\n3,c,3\n");
    assert_eq!(counts(&project), json!({"rows_read": 2, "rows_inserted": 1, "rows_unchanged": 1}));
    assert_eq!(rows(&project), json!([[1, "a", 1], [2, "b", 2], [3, "c", 3]]));
    project.write("orders.csv", "id,v,at\n1,a,1\n");
    project.run(["load"]).succeeds().stderr_contains("[SF325]");
    assert_eq!(project.query("select cursor_value from _sqlflow.loads"), json!([["3"]]));
}

// proves: L-36, L-59
#[test]
fn a_lag_reads_again_what_may_be_late() {
    let project = project("mode: append, key: id, cursor: at, lag: 2 hours", "");
    load(&project, "id,at\n1,2024-01-01 10:00:00\n2,2024-01-01 12:00:00\n");
    load(
        &project,
        "id,at\n1,2024-01-01 10:00:00\n2,2024-01-01 12:00:00\n3,2024-01-01 11:00:00\n4,2024-01-01 09:00:00\n",
    );
    assert_eq!(
        counts(&project),
        json!({"rows_read": 3, "rows_inserted": 1, "rows_deduplicated": 2})
    );
    assert_eq!(project.query("select id from raw.orders order by id"), json!([[1], [2], [3]]));
}

// proves: L-35
#[test]
fn an_append_counts_copies_in_the_overlap() {
    let project = project("mode: append, cursor: at", "");
    load(&project, "v,at\na,1\nb,2\nb,2\n");
    assert_eq!(
        load(&project, "v,at\na,1\nb,2\nb,2\nb,2\nc,3\n"),
        json!([["a", 1], ["b", 2], ["b", 2], ["b", 2], ["c", 3]])
    );
    assert_eq!(
        counts(&project),
        json!({"rows_read": 4, "rows_inserted": 2, "rows_deduplicated": 2})
    );
}

// proves: L-34
#[test]
fn an_append_reads_each_file_once() {
    let project = Project::new()
        .file("sources/shop.yml", &yaml("in/*.csv", "mode: append"))
        .file("in/a.csv", "id\n1\n1\n");
    project.run(["load"]).succeeds();
    project.write("in/b.csv", "id\n2\n");
    project.run(["load"]).succeeds();
    assert_eq!(counts(&project), json!({"rows_read": 1, "rows_inserted": 1}));
    assert_eq!(rows(&project), json!([[1], [1], [2]]));
    project.run(["load"]).succeeds().stderr_contains("note[SF326]: every file was loaded before");
    assert_eq!(rows(&project), json!([[1], [1], [2]]));
    project.write("in/a.csv", "id\n1\n7\n");
    project.run(["load"]).fails_with("SF316");
    assert_eq!(rows(&project), json!([[1], [1], [2]]));
}

// proves: L-40
#[test]
fn null_keys_are_an_error_or_put_aside_or_a_value() {
    let batch = "id,v\n1,a\n,b\n";
    let strict = project("mode: merge, key: id", batch);
    refused(&strict, batch, "SF311").stderr_contains("1 row with NULL in the key");
    let reject = project("mode: merge, key: id, on_null_key: reject", "");
    assert_eq!(load(&reject, batch), json!([[1, "a"]]));
    assert_eq!(counts(&reject), json!({"rows_read": 2, "rows_inserted": 1, "rows_rejected": 1}));
    let rejects = "select relation, reason, \"text\" from _sqlflow.rejects";
    assert_eq!(reject.query(rejects)[0][1], json!("the key holds NULL"));
    let matching = project("mode: merge, key: id, on_null_key: match", "");
    load(&matching, batch);
    assert_eq!(load(&matching, "id,v\n,c\n"), json!([[1, "a"], [null, "c"]]));
}

// proves: L-61
#[test]
fn null_cursors_are_an_error_or_read_each_time_or_left_out() {
    let batch = "id,at\n1,5\n2,\n";
    refused(&project("mode: append, cursor: at", batch), batch, "SF312");
    let include = project("mode: append, cursor: at, on_null_cursor: include", "");
    load(&include, batch);
    assert_eq!(load(&include, batch), json!([[1, 5], [2, null]]));
    let skip = project("mode: append, cursor: at, on_null_cursor: skip", "");
    assert_eq!(load(&skip, batch), json!([[1, 5]]));
    assert_eq!(counts(&skip), json!({"rows_read": 2, "rows_inserted": 1, "rows_skipped": 1}));
}

// proves: L-46
#[test]
fn deleted_rows_go_or_are_marked() {
    let options = "mode: merge, key: id, delete_when: gone, max_delete_percent: 100";
    let hard = project(&format!("{options}, deletes: hard"), "");
    let first = "id,v,gone\n1,a,false\n2,b,true\n3,c,false\n";
    assert_eq!(load(&hard, first), json!([[1, "a", false], [3, "c", false]]));
    assert_eq!(counts(&hard), json!({"rows_read": 3, "rows_inserted": 2, "rows_skipped": 1}));
    assert_eq!(load(&hard, "id,v,gone\n1,a,true\n9,x,true\n"), json!([[3, "c", false]]));
    assert_eq!(counts(&hard), json!({"rows_read": 2, "rows_deleted": 1, "rows_skipped": 1}));

    let soft = project(&format!("{options}, deletes: {{soft: deleted_at}}"), "");
    let marks = "select id, deleted_at is not null from raw.orders order by id";
    load(&soft, first);
    assert_eq!(soft.query(marks), json!([[1, false], [2, true], [3, false]]));
    load(&soft, "id,v,gone\n1,a,true\n2,b,false\n");
    assert_eq!(counts(&soft), json!({"rows_read": 2, "rows_updated": 1, "rows_deleted": 1}));
    assert_eq!(soft.query(marks), json!([[1, true], [2, false], [3, false]]));
    load(&soft, "id,v,gone\n1,a,true\n2,b,false\n");
    assert_eq!(counts(&soft), json!({"rows_read": 2, "rows_unchanged": 2}));
}

// proves: L-47, L-48
#[test]
fn what_a_complete_source_lacks_is_deleted_up_to_a_limit() {
    let project = project("mode: merge, key: id, complete: true, deletes: hard", "");
    let all = "id\n1\n2\n3\n4\n5\n6\n";
    load(&project, all);
    assert_eq!(load(&project, "id\n1\n2\n3\n4\n5\n"), json!([[1], [2], [3], [4], [5]]));
    let counted = json!({"rows_read": 5, "rows_unchanged": 5, "rows_deleted_by_absence": 1});
    assert_eq!(counts(&project), counted);
    refused(&project, "id\n1\n", "SF313").stderr_contains("would delete 4 of 5 rows");
    refused(&project, "id\n", "SF305");
}

// proves: L-45
#[test]
fn options_narrow_what_a_merge_updates() {
    let only = project("mode: merge, key: id, merge_update_columns: [a]", "");
    load(&only, "id,a,b\n1,x,x\n");
    assert_eq!(load(&only, "id,a,b\n1,y,y\n2,z,z\n"), json!([[1, "y", "x"], [2, "z", "z"]]));
    let except = project("mode: merge, key: id, merge_exclude_columns: [a]", "");
    load(&except, "id,a,b\n1,x,x\n");
    assert_eq!(load(&except, "id,a,b\n1,y,y\n"), json!([[1, "x", "y"]]));
    let condition = "DBT_INTERNAL_SOURCE.a > DBT_INTERNAL_DEST.a";
    let newer = project(&format!("mode: merge, key: id, matched_condition: {condition}"), "");
    load(&newer, "id,a\n1,5\n2,5\n");
    assert_eq!(load(&newer, "id,a\n1,4\n2,6\n"), json!([[1, 5], [2, 6]]));
    assert_eq!(counts(&newer), json!({"rows_read": 2, "rows_updated": 1, "rows_skipped": 1}));
}

// proves: L-42
#[test]
fn columns_of_the_table_alone_keep_their_values() {
    let project = project("mode: merge, key: id", "");
    load(&project, "id,v\n1,a\n2,b\n");
    project.execute("alter table raw.orders add column note varchar default 'new'");
    project.execute("update raw.orders set note = 'old'");
    let expected = json!([[1, "A", "old"], [2, "b", "old"], [3, "c", "new"]]);
    assert_eq!(load(&project, "id,v\n1,A\n3,c\n"), expected);
}

// proves: L-44
#[test]
fn a_table_that_does_not_fit_is_said_before_anything_is_written() {
    let project = project("mode: merge, key: id", "");
    load(&project, "id,v\n1,a\n");
    project.execute("alter table raw.orders drop column v");
    refused(&project, "id,v\n2,b\n", "SF317").stderr_contains("column `v` of the batch is not in");
    project.execute("alter table raw.orders add column v varchar");
    project.execute("insert into raw.orders values (1, 'x')");
    refused(&project, "id,v\n1,b\n", "SF324");
}

// proves: L-12, L-15, L-16
#[test]
fn another_definition_or_a_lost_table_asks_for_a_full_refresh() {
    let project = project("mode: merge, key: id", "");
    load(&project, "id,v\n1,a\n2,b\n");
    project.write("sources/shop.yml", &yaml("orders.csv", "mode: merge, key: v"));
    refused(&project, "id,v\n1,a\n", "SF315").stderr_contains("was `merge on id`");
    project.run(["load", "--full-refresh"]).succeeds();
    assert_eq!(rows(&project), json!([[1, "a"]]));
    project.execute("drop table raw.orders");
    project.run(["load"]).fails_with("SF314").stderr_contains("--full-refresh");
    project.run(["load", "--full-refresh"]).succeeds();
    assert_eq!(rows(&project), json!([[1, "a"]]));
}

// proves: L-64, L-65, L-66
#[test]
fn the_accepted_schema_is_written_and_obeyed() {
    let project = project("mode: replace", "");
    load(&project, "id,v\n1,7\n");
    let snapshot = project.read("schemas/raw/orders.yml");
    assert!(snapshot.contains("  - {name: id, type: bigint, nullable: true}\n"), "{snapshot}");
    assert_eq!(load(&project, "v,id\n8,2\n"), json!([[2, 8]]));
    assert_eq!(project.read("schemas/raw/orders.yml"), snapshot);
    refused(&project, "id,v\n1,x\n", "SF401").stderr_contains("schemas/raw/orders.yml");
    refused(&project, "id,w\n1,2\n", "SF401");
    project.remove("schemas/raw/orders.yml");
    refused(&project, "id,v\n1,x\n", "SF401");
    load(&project, "id,v\n3,9\n");
    assert_eq!(project.read("schemas/raw/orders.yml"), snapshot);
    project.remove("schemas/raw/orders.yml");
    project.write("orders.csv", "id,v\n1,x\n");
    project.run(["load", "--full-refresh"]).succeeds();
    assert_eq!(rows(&project), json!([[1, "x"]]));
}

// proves: L-31
#[test]
fn what_stands_on_a_table_stays_when_it_is_replaced() {
    let project = project("mode: replace", "");
    load(&project, "id,v\n1,a\n");
    project.execute("comment on table raw.orders is 'all of them'");
    project.execute("comment on column raw.orders.id is 'its number'");
    project.execute("create index by_id on raw.orders(id)");
    load(&project, "id,v\n2,b\n");
    let comments = "select comment from duckdb_tables() where table_name = 'orders' union all \
                    select comment from duckdb_columns() where column_name = 'id' and table_name = 'orders'";
    assert_eq!(project.query(comments), json!([["all of them"], ["its number"]]));
    assert_eq!(project.query("select index_name from duckdb_indexes()"), json!([["by_id"]]));
}

// proves: L-11, L-71
#[test]
fn bad_rows_are_put_aside_up_to_a_number() {
    let project = project("max_rejects: 1", "");
    assert_eq!(load(&project, "id,v\n1,a\n2,b,c\n3,d\n"), json!([[1, "a"], [3, "d"]]));
    assert_eq!(counts(&project), json!({"rows_read": 3, "rows_inserted": 2, "rows_rejected": 1}));
    let rejects = "select file, line, \"text\" from _sqlflow.rejects";
    assert_eq!(project.query(rejects), json!([["orders.csv", 3, "2,b,c"]]));
    refused(&project, "id,v\n1,a,x\n2,b,c\n3,d\n", "SF304");
}

// proves: L-19, L-20, L-21
#[test]
fn options_that_do_not_go_together_are_told_before_anything_runs() {
    for (load, code, text) in [
        ("mode: upset", "SF105", "unknown load mode `upset`"),
        ("mode: merge", "SF106", "mode `merge` needs a `key`"),
        ("key: id", "SF318", "`key` means nothing in mode `replace`"),
        ("mode: append, key: id", "SF318", "`key` needs `cursor`"),
        ("mode: append, cursor: id, lag: 5", "SF318", "`lag` needs `key`"),
        ("mode: merge, key: id, lag: 1 hour", "SF318", "`lag` needs `cursor`"),
        ("mode: merge, key: [id, id]", "SF105", "`key` names `id` twice"),
        ("mode: merge, key: id, cursor: id, lag: 5 fortnights", "SF105", "`lag` is `5 fortnights`"),
        ("mode: merge, key: id, deletes: hard", "SF106", "does not say which rows are deleted"),
        (
            "mode: merge, key: id, cursor: v, complete: true, deletes: hard",
            "SF318",
            "`complete: true`",
        ),
        ("mode: merge, key: id, on_empty: keep", "SF318", "`on_empty` needs `complete`"),
        (
            "mode: merge, key: id, max_delete_percent: 120, deletes: hard, complete: true",
            "SF105",
            "0 to 100",
        ),
        ("mode: merge, key: id, on_null_key: ignore", "SF105", "expected error, reject or match"),
        ("mode: merge, kee: id, key: id", "SF105", "unknown load option `kee`"),
    ] {
        let ran = project(load, "id,v\n1,2\n").run(["load"]).exits(2);
        ran.stderr_contains(code).stderr_contains(text);
    }
}

// proves: L-22, L-50, L-63
#[test]
fn options_that_name_no_column_are_told_before_the_first_write() {
    for (load, text) in [
        ("mode: merge, key: idd", "`key` names column `idd`, which the source lacks"),
        ("mode: merge, key: x", "key column `x` is double"),
        ("mode: merge, key: id, cursor: v", "cursor `v` is varchar"),
        ("mode: merge, key: id, dedup_by: w", "`dedup_by` names column `w`"),
        ("mode: merge, key: id, cursor: id, lag: 2 hours", "`lag` is of another unit"),
        (
            "mode: merge, key: id, complete: true, deletes: {soft: v}",
            "names a column that the source has",
        ),
    ] {
        let project = project(load, "id,v,x\n1,a,1.5\n");
        project.run(["load"]).fails_with("SF319").stderr_contains(text);
        assert_eq!(project.relations(), [""; 0]);
    }
}

#[test]
fn the_reference_shows_the_table_of_modes_and_options() {
    let path = std::path::Path::new(crate::project::PROJECT_ROOT)
        .join("docs/reference/sources-and-loads.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let table = sqlflow::mode::load::modes_table();
    let start = text.find("| option | takes |").unwrap();
    let end = start + text[start..].find("\n\n").unwrap() + 1;
    assert_eq!(&text[start..end], table);
}

// proves: L-20
// covers: every refused cell
#[test]
fn every_option_is_refused_where_its_mode_does_not_take_it() {
    use sqlflow::mode::load::{Cell, LOAD_OPTIONS, LoadMode};
    for mode in LoadMode::ALL {
        for option in LOAD_OPTIONS {
            let Cell::Refused(reason) = option.cell(mode) else { continue };
            let load = format!("mode: {mode}, {}: x", option.name);
            let ran = project(&load, "x\n1\n").run(["load"]).exits(2);
            let text = format!("`{}` means nothing in mode `{mode}`: {reason}", option.name);
            ran.stderr_contains("SF318").stderr_contains(&text);
        }
    }
}

// proves: L-24
#[test]
fn a_declared_not_null_is_kept() {
    let yaml = "sources:
  - name: raw
    tables:
      - name: orders
        path: orders.csv
        columns:
          - {name: ID, constraints: [{type: not_null}]}
          - {name: v, data_type: bigint}
";
    let project =
        Project::new().file("sources/raw.yml", yaml).file("orders.csv", "id,v\n1,\n2,5\n");
    project.run(["load"]).succeeds();
    let nullable = "select column_name, is_nullable from information_schema.columns where table_name = 'orders' order by 1";
    assert_eq!(project.query(nullable).to_string(), r#"[["id","NO"],["v","YES"]]"#);
    assert!(
        project
            .read("schemas/raw/orders.yml")
            .contains("{name: id, type: bigint, nullable: false}")
    );
    project.write("orders.csv", "id,v\n1,\n,5\n,6\n");
    project.run(["load"]).exits(1).stderr_contains(
        "error[SF317]: 2 rows with NULL in `id`, which is not null\n --> sources/raw.yml:7:20",
    );
    assert_eq!(project.query("select id, v from raw.orders").to_string(), "[[1,null],[2,5]]");
}

#[test]
fn a_not_null_of_no_column_and_other_constraints_are_told() {
    let yaml = |constraint: &str| {
        format!(
            "sources:\n  - name: raw\n    tables:\n      - name: orders\n        path: orders.csv\n        columns:\n          - {{name: nr, constraints: [{{type: {constraint}}}]}}\n"
        )
    };
    let project =
        Project::new().file("sources/raw.yml", &yaml("not_null")).file("orders.csv", "id\n1\n");
    project
        .run(["load"])
        .exits(1)
        .stderr_contains("constraint `not_null` is of column `nr`, which the source lacks");
    project.write("sources/raw.yml", &yaml("unique").replace("nr", "id"));
    project
        .run(["load"])
        .succeeds()
        .stderr_contains("`constraints` are not applied by this version");
}

#[test]
fn max_rejects_of_files_that_have_no_lines_is_an_error() {
    let yaml = "sources:
  - name: raw
    tables:
      - {name: orders, path: orders.json, load: {max_rejects: 3}}
";
    let project = Project::new().file("sources/raw.yml", yaml).file("orders.json", "{\"a\":1}\n");
    project
        .run(["load"])
        .exits(2)
        .stderr_contains("option `max_rejects` means nothing for JSON files");
}

#[test]
fn two_current_versions_that_somebody_wrote_stop_the_load() {
    let project = project("mode: scd2, key: id", "");
    load(&project, "id,v\n1,a\n2,b\n");
    let copy = "insert into raw.orders select * from raw.orders where id = 1";
    project.execute(copy);
    refused(&project, "id,v\n1,c\n2,c\n", "SF321")
        .stderr_contains("`raw.orders` already has more than one current version of a key");
}

#[test]
fn a_first_file_without_rows_tells_no_types() {
    for options in [
        "mode: scd2, key: id, cursor: at",
        "mode: append, cursor: at",
        "mode: merge, key: id, cursor: at",
    ] {
        let project = project(options, "");
        load(&project, "id,at\n");
        let loaded = load(&project, "id,at\n1,2024-01-02\n");
        assert_eq!((&loaded[0][0], &loaded[0][1]), (&json!(1), &json!("2024-01-02")), "{options}");
        let snapshot = project.read("schemas/raw/orders.yml");
        assert!(snapshot.contains("{name: at, type: date, nullable: true}"), "{snapshot}");
    }
}

#[test]
fn rows_marked_as_deleted_go_whatever_the_condition_on_updates_says() {
    for deletes in ["hard", "{soft: gone}"] {
        let options = format!(
            "mode: merge, key: id, deletes: {deletes}, delete_when: 'v = ''x''', matched_condition: 'false', max_delete_percent: 100"
        );
        let project = project(&options, "");
        load(&project, "id,v\n1,a\n2,b\n");
        load(&project, "id,v\n1,x\n2,c\n");
        assert_eq!(counts(&project), json!({"rows_read": 2, "rows_deleted": 1, "rows_skipped": 1}));
    }
}

#[test]
fn another_mode_asks_for_a_full_refresh_and_versions_stay() {
    let all = [
        "mode: replace",
        "mode: merge, key: id",
        "mode: append, cursor: id",
        "mode: scd2, key: id",
    ];
    for was in all {
        for is in all.into_iter().filter(|is| *is != was) {
            let project = project(was, "");
            load(&project, "id,v\n1,a\n");
            project.write("sources/shop.yml", &yaml("orders.csv", is));
            refused(&project, "id,v\n2,b\n", "SF315");
            let versions = was.contains("scd2") || is.contains("scd2");
            if versions {
                let ran = project.run(["load", "--full-refresh"]).fails_with("SF315");
                ran.stderr_contains("or drop `raw.orders` and run with --full-refresh");
                project.execute("drop table raw.orders");
            }
            project.run(["load", "--full-refresh"]).succeeds();
            assert_eq!(
                project.query("select id, v from raw.orders"),
                json!([[2, "b"]]),
                "{was} {is}"
            );
        }
    }
}

#[test]
fn unknown_keys_of_tables_that_are_loaded_are_errors() {
    let text = yaml("orders.csv", "mode: merge, key: id").replace("load:", "laod:");
    let project = Project::new().file("sources/shop.yml", &text).file("orders.csv", "id\n1\n");
    project.run(["load"]).exits(2).stderr_contains("error[SF104]: unknown key `laod`");
}

#[test]
fn a_complete_source_rejects_no_rows() {
    for reject in ["max_rejects: 5", "on_null_key: reject"] {
        let options = format!("mode: merge, key: id, complete: true, deletes: hard, {reject}");
        let ran = project(&options, "id,v\n").run(["load"]).exits(2);
        ran.stderr_contains(
            "error[SF318]: `complete: true` does not go with rows that are rejected",
        );
    }
}

#[test]
fn columns_under_our_names_are_refused() {
    for column in ["__sqlflow_copy", "__SQLFLOW_x"] {
        let project = project("mode: merge, key: id", &format!("id,{column}\n1,2\n"));
        project.run(["load"]).fails_with("SF304").stderr_contains(column);
    }
}

#[test]
fn a_full_refresh_that_would_keep_no_row_is_an_error() {
    for (options, batch) in [
        ("mode: merge, key: id, on_null_key: reject", "id,v\n,a\n"),
        ("mode: merge, key: id, cursor: at, on_null_cursor: skip", "id,at,v\n1,,a\n"),
        ("mode: merge, key: id, deletes: hard, delete_when: 'v = ''a'''", "id,v\n1,a\n"),
    ] {
        let first = if batch.contains("at") { "id,at,v\n1,2,b\n" } else { "id,v\n1,b\n" };
        let project = project(options, "");
        load(&project, first);
        let before = rows(&project);
        project.write("orders.csv", batch);
        let ran = project.run(["load", "--full-refresh"]).fails_with("SF305");
        ran.stderr_contains("no row of `orders.csv` is kept, but table `raw.orders` has rows");
        assert_eq!(rows(&project), before);
    }
}

#[test]
fn only_stages_of_this_project_are_swept() {
    let project = project("mode: replace", "");
    load(&project, "id\n1\n");
    project.execute("create table raw.__sqlflow_stage__mine as select 1 as a");
    // On a server, digits of the run follow.
    let run = if project.elsewhere.is_some() { "__0badbeef" } else { "" };
    project.execute(&format!("create table raw.__sqlflow_stage__orders{run} as select 1 as a"));
    load(&project, "id\n2\n");
    assert_eq!(project.relations(), ["raw.__sqlflow_stage__mine", "raw.orders"]);
    for into in ["raw.__sqlflow_stage__x", "_sqlflow.loads"] {
        let yaml = yaml("orders.csv", &format!("into: {into}"));
        project.write("sources/shop.yml", &yaml);
        project.run(["load"]).exits(2).stderr_contains("which is kept for sqlflow");
    }
}

#[test]
fn a_lag_may_reach_before_the_least_value() {
    let project = project("mode: append, key: id, cursor: id, lag: 1000", "");
    let yaml =
        project.read("sources/shop.yml") + "        columns: [{name: id, data_type: ubigint}]\n";
    project.write("sources/shop.yml", &yaml);
    load(&project, "id\n5\n");
    load(&project, "id\n5\n6\n");
    let ids = "select cast(id as bigint) from raw.orders order by id";
    assert_eq!(project.query(ids), json!([[5], [6]]));
}

#[test]
fn options_that_contradict_the_key_are_refused() {
    for (options, text) in [
        ("mode: scd2, key: id, track: [id]", "`track` names `id`, which is part of the key"),
        ("mode: merge, key: id, dedup_by: [v, v desc]", "`dedup_by` names `v` twice"),
        (
            "mode: merge, key: id, merge_exclude_columns: [id]",
            "names `id`, which is part of the key",
        ),
    ] {
        project(options, "id,v\n").run(["load"]).exits(2).stderr_contains(text);
    }
}

#[test]
fn errors_of_loads_name_mode_and_table() {
    let project = project("mode: merge, key: id", "");
    refused(&project, "id,v\n1,a\n1,b\n", "SF310")
        .stderr_contains("mode `merge`, into table `raw.orders`");
}

crate::elsewhere::again_on_postgres!(
    scd2_keeps_every_version_of_a_row,
    scd2_ends_what_a_complete_source_lacks_and_dates_by_the_cursor,
    a_merge_updates_what_differs_and_adds_what_is_new,
    columns_of_options_are_found_without_case_where_that_is_unique,
    null_is_a_value_when_rows_are_compared,
    rows_equal_in_every_column_collapse_and_others_are_an_error,
    dedup_by_or_the_cursor_tell_which_row_of_a_key_counts,
    a_cursor_reads_what_is_new_and_remembers_the_greatest,
    a_lag_reads_again_what_may_be_late,
    an_append_counts_copies_in_the_overlap,
    an_append_reads_each_file_once,
    null_keys_are_an_error_or_put_aside_or_a_value,
    null_cursors_are_an_error_or_read_each_time_or_left_out,
    deleted_rows_go_or_are_marked,
    what_a_complete_source_lacks_is_deleted_up_to_a_limit,
    options_narrow_what_a_merge_updates,
    columns_of_the_table_alone_keep_their_values,
    a_table_that_does_not_fit_is_said_before_anything_is_written,
    another_definition_or_a_lost_table_asks_for_a_full_refresh,
    the_accepted_schema_is_written_and_obeyed,
    bad_rows_are_put_aside_up_to_a_number,
    options_that_name_no_column_are_told_before_the_first_write,
    a_declared_not_null_is_kept,
    two_current_versions_that_somebody_wrote_stop_the_load,
    a_first_file_without_rows_tells_no_types,
    rows_marked_as_deleted_go_whatever_the_condition_on_updates_says,
    another_mode_asks_for_a_full_refresh_and_versions_stay,
    a_full_refresh_that_would_keep_no_row_is_an_error,
    only_stages_of_this_project_are_swept,
    a_lag_may_reach_before_the_least_value,
    errors_of_loads_name_mode_and_table,
);
