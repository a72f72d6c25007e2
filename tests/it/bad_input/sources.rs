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

// proves: L-29
#[test]
fn a_missing_file_is_named_with_where_paths_start() {
    fail(&loading("data/orders.csv"), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF301]: `data/orders.csv` does not exist
 --> sources/raw.yml:5:15
  |
5 |         path: data/orders.csv
  |               ^^^^^^^^^^^^^^^
  |
  = note: relative paths start at `[PROJECT]`
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

// proves: L-29
#[test]
fn a_glob_that_matches_nothing_is_named() {
    fail(&loading("data/*.csv"), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF301]: no file matches `data/*.csv`
 --> sources/raw.yml:5:15
  |
5 |         path: data/*.csv
  |               ^^^^^^^^^^
  |
  = note: relative paths start at `[PROJECT]`
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn an_empty_file_is_named() {
    fail(&loading("orders.csv").file("orders.csv", ""), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF302]: `orders.csv` is empty
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_directory_in_place_of_a_file_is_named() {
    fail(&loading("orders.csv").directory("orders.csv"), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF303]: `orders.csv` cannot be read: is a directory
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

// proves: L-76
#[test]
fn a_file_that_is_not_utf_8_is_named_with_its_line() {
    let project = loading("orders.csv").bytes("orders.csv", b"id,name\n1,ok\n2,caf\xe9\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: line 3 of `orders.csv` is not UTF-8
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_picture_is_no_csv_file() {
    fail(&loading("orders.csv").bytes("orders.csv", PNG), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: `orders.csv` is not a CSV file but a PNG image
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

// proves: L-71
#[test]
fn a_line_with_too_many_fields_is_shown() {
    let project = loading("orders.csv").file("orders.csv", "id,name\n1,a\n2,b,c\n3,d\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: line 3 of `orders.csv`: expected 2 fields, found 3
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: the line is: 2,b,c
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

// proves: L-71
#[test]
fn a_line_with_too_few_fields_is_shown() {
    let project = loading("orders.csv").file("orders.csv", "id,name\n1,a\n2\n3,d\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: line 3 of `orders.csv`: expected 2 fields, found 1
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: the line is: 2
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_quote_that_is_not_closed_is_shown() {
    let project = loading("orders.csv").file("orders.csv", "id,name\n1,a\n2,\"b\n3,d\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: line 3 of `orders.csv`: a quote is not closed
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: the line is: 2,"b
          3,d
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_column_that_stands_twice_in_the_header_is_refused() {
    let project = loading("orders.csv").file("orders.csv", "id,id\n1,2\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: the header of `orders.csv`: columns 1 and 2 are both named `id`
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn malformed_json_is_shown_with_its_line() {
    let project = loading("orders.json").file("orders.json", "{\"id\": 1}\n{\"id\": }\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: line 2 of `orders.json`: expected value
 --> sources/raw.yml:5:15
  |
5 |         path: orders.json
  |               ^^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

// proves: L-71
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
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: column `id` is integer, but line 4 of `orders.csv` has `two`
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

// proves: L-28
#[test]
fn an_empty_file_over_a_table_with_rows_keeps_the_table() {
    let project = loading("orders.csv").file("orders.csv", "id\n1\n");
    project.run(["load"]).succeeds();
    project.write("orders.csv", "id\n");
    fail(&project, &["raw.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF305]: `orders.csv` has no rows, but table `raw.orders` has
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv
  |               ^^^^^^^^^^
  |
  = note: the table stays as it is
  = note: mode `replace`, into table `raw.orders`
  = help: if empty is right, write `load: {on_empty: replace}`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    assert_eq!(project.query("select id from raw.orders"), serde_json::json!([[1]]));
}

// proves: L-17
#[test]
fn a_table_that_sqlflow_did_not_make_is_not_touched() {
    let project = loading("orders.csv").file("orders.csv", "id\n1\n");
    project.execute("create schema raw");
    project.execute("create table raw.orders as select 'mine' as owner");
    fail(&project, &["raw.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF306]: table `raw.orders` exists and was not made by sqlflow
 --> sources/raw.yml:4:15
  |
4 |       - name: orders
  |               ^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`
  = help: to let this load replace it, write `load: {adopt: true}`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    assert_eq!(project.query("select owner from raw.orders"), serde_json::json!([["mine"]]));
}

// proves: L-18
#[test]
fn a_view_in_the_way_of_a_load_is_named() {
    let project = loading("orders.csv").file("orders.csv", "id\n1\n");
    project.execute("create schema raw");
    project.execute("create view raw.orders as select 'mine' as owner");
    fail(&project, &["raw.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF307]: `raw.orders` is a view, expected a table or nothing to load into
 --> sources/raw.yml:4:15
  |
4 |       - name: orders
  |               ^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`
  = help: drop the view, or load into another table: `load: {into: schema.table}`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
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
    super::refuse(&project).stderr_is(str![[r#"
error[SF110]: no connection `file` in profile `shop`
 --> sources/raw.yml:3:17
  |
3 |     connection: file
  |                 ^^^^
  |
  = help: did you mean `files`?


"#]]);
}

#[test]
fn a_missing_file_whose_name_is_nearly_right_is_compared() {
    let project = loading("data/order.csv").file("data/orders.csv", "id\n1\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF301]: `data/order.csv` does not exist
 --> sources/raw.yml:5:15
  |
5 |         path: data/order.csv
  |               ^^^^^^^^^^^^^^
  |
  = note: relative paths start at `[PROJECT]`
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_file_of_unknown_format_is_refused() {
    fail(&loading("orders.xlsx").bytes("orders.xlsx", b"PK\x03\x04"), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: the format of `orders.xlsx` is not known
 --> sources/raw.yml:5:15
  |
5 |         path: orders.xlsx
  |               ^^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_picture_is_no_parquet_file() {
    fail(&loading("orders.parquet").bytes("orders.parquet", PNG), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: `orders.parquet` is not a Parquet file but something else
 --> sources/raw.yml:5:15
  |
5 |         path: orders.parquet
  |               ^^^^^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_picture_is_no_json_file() {
    fail(&loading("orders.json").bytes("orders.json", PNG), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: `orders.json` is not a JSON file but something that starts with neither { nor [
 --> sources/raw.yml:5:15
  |
5 |         path: orders.json
  |               ^^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_picture_is_no_gzip_file() {
    fail(&loading("orders.csv.gz").bytes("orders.csv.gz", PNG), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✗ load   raw.orders  failed  [TIME]

error[SF304]: `orders.csv.gz` is not compressed with gzip
 --> sources/raw.yml:5:15
  |
5 |         path: orders.csv.gz
  |               ^^^^^^^^^^^^^
  |
  = note: mode `replace`, into table `raw.orders`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_seed_that_is_no_table_is_refused() {
    let project = Project::new()
        .bytes("seeds/picture.csv", PNG)
        .file("seeds/empty.csv", "")
        .file("seeds/short.csv", "id,name\n1\n");
    project.run(["seed", "--threads", "1"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
3 seeds · 1 thread
  ✗ seed   main.empty    failed  [TIME]
  ✗ seed   main.picture  failed  [TIME]
  ✗ seed   main.short    failed  [TIME]

error[SF309]: `seeds/empty.csv` is empty
--> seeds/empty.csv

error[SF309]: `seeds/picture.csv` is not a CSV file but a PNG image
--> seeds/picture.csv

error[SF309]: line 2 of `seeds/short.csv`: expected 2 fields, found 1
--> seeds/short.csv
 = note: the line is: 1

Done in [TIME]. PASS=0 WARN=0 ERROR=3 SKIP=0 TOTAL=3

"#]]);
    assert_eq!(project.relations(), [""; 0]);
}
