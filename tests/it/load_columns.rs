//! `include_columns` and `exclude_columns`: which columns of a source are loaded.

use crate::corpus::session;
use crate::project::Project;
use serde_json::{Value, json};

/// A project that loads `raw.orders` from files with the options `load`.
fn project(path: &str, load: &str) -> Project {
    Project::new().file("sources/shop.yml", &yaml(path, load))
}

fn yaml(path: &str, load: &str) -> String {
    format!(
        "sources:\n  - name: raw\n    tables:\n      - name: orders\n        path: {path}\n        load: {{{load}}}\n"
    )
}

fn rows(project: &Project) -> Value {
    project.query("select * from raw.orders order by all")
}

fn columns(project: &Project) -> Value {
    let sql = "select string_agg(column_name || ' ' || data_type, ', ' order by column_index) \
               from duckdb_columns() where table_name = 'orders'";
    project.query(sql)[0][0].clone()
}

/// Writes what `query` gives as `orders.<format>`.
fn write(project: &Project, format: &str, query: &str) {
    let path = project.root().join(format!("orders.{format}"));
    let options = if format == "csv" { "format csv, header" } else { &format!("format {format}") };
    let sql = format!("copy ({query}) to '{}' ({options})", path.display());
    session().execute(&sql).unwrap();
}

#[test]
fn only_these_or_all_but_these_are_loaded_in_the_order_of_the_source() {
    for format in ["csv", "json", "parquet"] {
        for load in ["include_columns: [total, ID]", "exclude_columns: [note, Secret]"] {
            let project = project(&format!("orders.{format}"), load);
            let query =
                "select 1::bigint as id, 'n' as note, 2.5::decimal(3,1) as total, 's' as secret";
            write(&project, format, query);
            project.run(["load"]).succeeds();
            let text = project.query("select columns(*)::varchar from raw.orders");
            assert_eq!(text, json!([["1", "2.5"]]), "{format} {load}");
            let snapshot = project.read("schemas/raw/orders.yml");
            assert!(snapshot.contains("name: total") && !snapshot.contains("note"), "{snapshot}");
        }
    }
}

#[test]
fn what_becomes_of_other_columns_is_no_drift() {
    for format in ["csv", "json", "parquet"] {
        for (load, is_excluded) in
            [("include_columns: id", false), ("exclude_columns: [note]", true)]
        {
            let project = project(&format!("orders.{format}"), load);
            write(&project, format, "select 1::bigint as id, 10::bigint as note");
            project.run(["load"]).succeeds();
            let snapshot = project.read("schemas/raw/orders.yml");
            write(&project, format, "select 'text' as note, 2::bigint as id");
            project.run(["load"]).succeeds();
            write(
                &project,
                format,
                "select 3::bigint as id, [{'a': 1}]::varchar as note, 1 as more",
            );
            let ran = project.run(["load"]);
            if is_excluded {
                ran.fails_with("SF401").stderr_contains("column `more`");
            } else {
                ran.succeeds();
                write(&project, format, "select 4::bigint as id");
                project.run(["load"]).succeeds();
                assert_eq!(rows(&project), json!([[4]]), "{format}");
            }
            assert_eq!(project.read("schemas/raw/orders.yml"), snapshot, "{format} {load}");
            write(&project, format, "select 'x' as id, 1 as note");
            project.run(["load"]).fails_with("SF401").stderr_contains("column `id`");
        }
    }
}

#[test]
fn files_may_differ_in_columns_that_are_not_loaded() {
    for format in ["csv", "json", "parquet"] {
        let project = project(&format!("orders*.{format}"), "include_columns: [id, total]");
        write(&project, format, "select 1::bigint as id, 5::bigint as total, 'x' as a");
        let first = project.root().join(format!("orders.{format}"));
        std::fs::rename(&first, project.root().join(format!("orders-0.{format}"))).unwrap();
        write(&project, format, "select 1 as b, 6::bigint as total, 2::bigint as id, 7 as c");
        for _ in 0..2 {
            project.run(["load"]).succeeds();
            assert_eq!(rows(&project), json!([[1, 5], [2, 6]]), "{format}");
        }
    }
}

#[test]
fn a_file_without_a_header_has_columns_to_choose_from() {
    let load = "include_columns: [column0, column2]";
    let yaml = yaml("orders.csv", load)
        .replace("        load", "        options: {header: false}\n        load");
    let project =
        Project::new().file("sources/shop.yml", &yaml).file("orders.csv", "1,a,2\n3,b,4\n");
    for _ in 0..2 {
        project.run(["load"]).succeeds();
        assert_eq!(rows(&project), json!([[1, 2], [3, 4]]));
    }
}

#[test]
fn a_column_that_is_left_out_later_goes_and_one_that_is_taken_in_is_drift() {
    let project = project("orders.csv", "mode: replace").file("orders.csv", "id,a,b\n1,2,3\n");
    project.run(["load"]).succeeds();
    project.write("sources/shop.yml", &yaml("orders.csv", "exclude_columns: a"));
    project.run(["load"]).succeeds();
    assert_eq!(columns(&project), json!("id BIGINT, b BIGINT"));
    let snapshot = project.read("schemas/raw/orders.yml");
    assert!(snapshot.contains("version: 2") && snapshot.contains("removed"), "{snapshot}");
    project.write("sources/shop.yml", &yaml("orders.csv", "mode: replace"));
    project.run(["load"]).fails_with("SF401").stderr_contains("column `a` (bigint) was added");
    project.remove("schemas/raw/orders.yml");
    project.run(["load", "--full-refresh"]).succeeds();
    assert_eq!(columns(&project), json!("id BIGINT, a BIGINT, b BIGINT"));
}

#[test]
fn declared_columns_that_are_left_out_say_nothing() {
    let more = "        columns: [{name: id, data_type: integer}, {name: note, data_type: date}]\n";
    let yaml = yaml("orders.csv", "exclude_columns: note") + more;
    let project =
        Project::new().file("sources/shop.yml", &yaml).file("orders.csv", "id,note\n1,x\n");
    project.run(["load"]).succeeds();
    assert_eq!(columns(&project), json!("id INTEGER"));
}

#[test]
fn a_name_that_is_none_of_the_source_is_told_where_it_stands() {
    for format in ["csv", "json", "parquet"] {
        for load in ["include_columns: [id, nots]", "exclude_columns: nots"] {
            let project = project(&format!("orders.{format}"), load);
            write(&project, format, "select 1 as id, 2 as note, 3 as other");
            let ran = project.run(["load"]).fails_with("SF319");
            let option = load.split(':').next().unwrap();
            ran.stderr_contains(&format!("`{option}` names column `nots`, which the source lacks"))
                .stderr_contains("sources/shop.yml:6:")
                .stderr_contains("its columns are id, note, other")
                .stderr_contains("did you mean `note`?");
        }
    }
}

#[test]
fn what_options_name_must_be_loaded() {
    let refused = |load: &str, message: &str| {
        let project = project("orders.csv", load).file("orders.csv", "id,at,v\n1,2024-01-01,3\n");
        project.run(["compile"]).exits(2).stderr_contains("error[SF105]").stderr_contains(message);
    };
    refused("mode: merge, key: id, exclude_columns: [ID]", "`key` names `id`, which is not loaded");
    refused(
        "mode: append, cursor: at, include_columns: [id]",
        "`cursor` names `at`, which is not loaded",
    );
    refused(
        "mode: merge, key: id, dedup_by: v desc, include_columns: [id, at]",
        "`dedup_by` names `v`, which is not loaded",
    );
    refused(
        "mode: merge, key: id, merge_update_columns: v, exclude_columns: v",
        "`merge_update_columns` names `v`, which is not loaded",
    );
    refused("include_columns: id, exclude_columns: v", "exclude each other");
    refused("include_columns: []", "`include_columns` is `[]`, expected a column or a list");
    refused("include_columns: [id, ID]", "names `ID` twice");
    refused(
        "mode: append, cursor: at, cursor_time_zone: Middle/Earth",
        "`cursor_time_zone` is `Middle/Earth`, expected a time zone",
    );
    refused(
        "mode: append, cursor: at, cursor_time_zone: Europe/Berlin",
        "`cursor_time_zone` means nothing for files",
    );
}

#[test]
fn a_merge_leaves_columns_that_are_not_loaded_as_they_are() {
    let load = "mode: merge, key: id";
    let project = project("orders.csv", load).file("orders.csv", "id,a,b\n1,x,y\n");
    project.run(["load"]).succeeds();
    project.write("sources/shop.yml", &yaml("orders.csv", &format!("{load}, exclude_columns: b")));
    project.write("orders.csv", "id,a,b\n1,new,new\n2,z,z\n");
    project.run(["load"]).succeeds();
    assert_eq!(rows(&project), json!([[1, "new", "y"], [2, "z", null]]));
}

// covers: replace × include_columns
// covers: replace × exclude_columns
// covers: append × include_columns
// covers: append × exclude_columns
// covers: merge × include_columns
// covers: merge × exclude_columns
// covers: scd2 × include_columns
// covers: scd2 × exclude_columns
#[test]
fn every_mode_loads_only_these_columns() {
    for (mode, expected) in [
        ("mode: replace", json!([[2, "b"]])),
        ("mode: append, cursor: id", json!([[1, "a"], [2, "b"]])),
        ("mode: merge, key: id", json!([[1, "a"], [2, "b"]])),
        ("mode: scd2, key: id", json!([[1, "a"], [2, "b"]])),
    ] {
        for choice in ["include_columns: [id, v]", "exclude_columns: [w]"] {
            let project = project("orders.csv", &format!("{mode}, {choice}"));
            project.write("orders.csv", "id,v,w\n1,a,1\n");
            project.run(["load"]).succeeds();
            // What is left out is of another type now, and stands elsewhere.
            project.write("orders.csv", "w,id,v\ntext,2,b\n");
            project.run(["load"]).succeeds();
            let rows = project.query("select id, v from raw.orders order by id");
            assert_eq!(rows, expected, "{mode} {choice}");
            let names = "select count(*) from duckdb_columns() where column_name = 'w'";
            assert_eq!(project.query(names), json!([[0]]), "{mode} {choice}");
        }
    }
}

crate::elsewhere::again_on_postgres!(
    what_becomes_of_other_columns_is_no_drift,
    files_may_differ_in_columns_that_are_not_loaded,
    a_file_without_a_header_has_columns_to_choose_from,
);
