//! Files that are missing, empty, damaged, or something else.

use super::fail;
use crate::project::Project;
use snapbox::str;

/// A project that loads `raw.orders` from `path`.
fn loading(path: &str) -> Project {
    let yaml = format!(
        "sources:\n  - name: raw\n    tables:\n      - name: orders\n        path: {path}\n"
    );
    Project::new().file("sources/raw.yml", &yaml)
}

/// The first bytes of every PNG.
const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

#[test]
fn a_missing_file_is_named_with_where_paths_start() {
    fail(&loading("data/orders.csv"), &[]).stderr_is(str![[]]);
}

#[test]
fn a_missing_file_whose_name_is_nearly_right_is_compared() {
    let project = loading("data/order.csv").file("data/orders.csv", "id\n1\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_glob_that_matches_nothing_is_named() {
    fail(&loading("data/*.csv"), &[]).stderr_is(str![[]]);
}

#[test]
fn an_empty_file_is_named() {
    fail(&loading("orders.csv").file("orders.csv", ""), &[]).stderr_is(str![[]]);
}

#[test]
fn a_directory_in_place_of_a_file_is_named() {
    fail(&loading("orders.csv").directory("orders.csv"), &[]).stderr_is(str![[]]);
}

#[test]
fn a_file_that_is_not_utf_8_is_named_with_its_line() {
    let project = loading("orders.csv").bytes("orders.csv", b"id,name\n1,ok\n2,caf\xe9\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_picture_is_no_csv_file() {
    fail(&loading("orders.csv").bytes("orders.csv", PNG), &[]).stderr_is(str![[]]);
}

#[test]
fn a_picture_is_no_parquet_file() {
    fail(&loading("orders.parquet").bytes("orders.parquet", PNG), &[]).stderr_is(str![[]]);
}

#[test]
fn a_picture_is_no_json_file() {
    fail(&loading("orders.json").bytes("orders.json", PNG), &[]).stderr_is(str![[]]);
}

#[test]
fn a_picture_is_no_gzip_file() {
    fail(&loading("orders.csv.gz").bytes("orders.csv.gz", PNG), &[]).stderr_is(str![[]]);
}

#[test]
fn a_file_of_unknown_format_is_refused() {
    fail(&loading("orders.xlsx").bytes("orders.xlsx", b"PK\x03\x04"), &[]).stderr_is(str![[]]);
}

#[test]
fn a_line_with_too_many_fields_is_shown() {
    let project = loading("orders.csv").file("orders.csv", "id,name\n1,a\n2,b,c\n3,d\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_line_with_too_few_fields_is_shown() {
    let project = loading("orders.csv").file("orders.csv", "id,name\n1,a\n2\n3,d\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_quote_that_is_not_closed_is_shown() {
    let project = loading("orders.csv").file("orders.csv", "id,name\n1,a\n2,\"b\n3,d\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_column_that_stands_twice_in_the_header_is_refused() {
    let project = loading("orders.csv").file("orders.csv", "id,id\n1,2\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn malformed_json_is_shown_with_its_line() {
    let project = loading("orders.json").file("orders.json", "{\"id\": 1}\n{\"id\": }\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_value_that_is_not_of_the_declared_type_is_shown() {
    let yaml = "\
sources:
  - name: raw
    tables:
      - name: orders
        path: orders.csv
        columns: [{name: id, data_type: integer}]
";
    let project =
        Project::new().file("sources/raw.yml", yaml).file("orders.csv", "id\n1\n2\ntwo\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn an_empty_file_over_a_table_with_rows_keeps_the_table() {
    let project = loading("orders.csv").file("orders.csv", "id\n1\n");
    project.run(["load"]).succeeds();
    project.write("orders.csv", "id\n");
    fail(&project, &["raw.orders"]).stderr_is(str![[]]);
    assert_eq!(project.query("select id from raw.orders"), serde_json::json!([[1]]));
}

#[test]
fn a_table_that_sqlflow_did_not_make_is_not_touched() {
    let project = loading("orders.csv").file("orders.csv", "id\n1\n");
    project.execute("create schema raw");
    project.execute("create table raw.orders as select 'mine' as owner");
    fail(&project, &["raw.orders"]).stderr_is(str![[]]);
    assert_eq!(project.query("select owner from raw.orders"), serde_json::json!([["mine"]]));
}

#[test]
fn a_view_in_the_way_of_a_load_is_named() {
    let project = loading("orders.csv").file("orders.csv", "id\n1\n");
    project.execute("create schema raw");
    project.execute("create view raw.orders as select 'mine' as owner");
    fail(&project, &["raw.orders"]).stderr_is(str![[]]);
}

#[test]
fn an_unknown_connection_is_compared_with_the_known_ones() {
    let yaml = "\
sources:
  - name: raw
    connection: file
    tables: [{name: orders, path: orders.csv}]
";
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb}
  connections:
    files: {type: file, path: data}
";
    let project = Project::new().file("profiles.yml", profiles).file("sources/raw.yml", yaml);
    super::refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_seed_that_is_no_table_is_refused() {
    let project = Project::new()
        .bytes("seeds/picture.csv", PNG)
        .file("seeds/empty.csv", "")
        .file("seeds/short.csv", "id,name\n1\n");
    project.run(["seed", "--threads", "1"]).fails().stderr_is(str![[]]);
    assert_eq!(project.relations(), [""; 0]);
}
