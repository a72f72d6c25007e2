//! `sqlflow load`: files of each format, as they come.

use crate::project::{Project, Ran};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

/// A project that loads `raw.t` from `path`, with more said about the table.
fn loading(path: &str, more: &str) -> Project {
    let yaml = format!(
        "sources:\n  - name: raw\n    tables:\n      - name: t\n        path: {path}\n{more}"
    );
    Project::new().file("sources/raw.yml", &yaml)
}

/// What stands in `raw.t` after loading `text` as `t.csv`.
#[track_caller]
fn csv(text: &str, more: &str) -> Value {
    let project = loading("t.csv", more).file("t.csv", text);
    project.run(["load"]).succeeds();
    project.query("select * from raw.t order by all")
}

/// The types that the columns of `raw.t` get.
#[track_caller]
fn types(text: &str) -> Vec<String> {
    let project = loading("t.csv", "").file("t.csv", text);
    project.run(["load"]).succeeds();
    let sql = "select data_type from information_schema.columns where table_name = 't' order by ordinal_position";
    let rows = project.query(sql);
    rows.as_array().unwrap().iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A frame of Zstandard that holds `bytes` as they are.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap();
    // Magic number, then a header: one segment, its size in one byte, no checksum.
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0x20, length];
    // One raw block, the last.
    let header = 1 | (u32::from(length) << 3);
    frame.extend_from_slice(&header.to_le_bytes()[..3]);
    frame.extend_from_slice(bytes);
    frame
}

#[track_caller]
fn refuses(project: &Project, text: &str) -> Ran {
    let ran = project.run(["load"]).fails_with("SF304").stderr_contains(text);
    assert_eq!(project.relations(), [""; 0]);
    ran
}

#[test]
fn columns_are_named_by_the_header() {
    assert_eq!(csv("id,word\n1,one\n2,two\n", ""), json!([[1, "one"], [2, "two"]]));
}

// proves: L-69
#[test]
fn types_are_those_that_every_value_fits() {
    let text = "\
whole,decimal,huge,day,moment,flag,word,mixed,padded
1,1.50,9223372036854775808,2013-01-01,2013-01-01 05:00:00,true,one,1,007
-2,2.25,1,2013-12-31,2013-12-31 23:59:59,false,two,x,008
";
    let found = types(text);
    let expected = [
        "BIGINT",
        "DOUBLE",
        "HUGEINT",
        "DATE",
        "TIMESTAMP",
        "BOOLEAN",
        "VARCHAR",
        "VARCHAR",
        "VARCHAR",
    ];
    assert_eq!(found, expected);
}

// proves: L-68
#[test]
fn a_value_far_down_the_file_still_counts() {
    use std::fmt::Write as _;
    let mut text = "n\n".to_owned();
    for n in 0..50_000 {
        _ = writeln!(text, "{n}");
    }
    text += "last\n";
    assert_eq!(types(&text), ["VARCHAR"]);
}

// proves: L-70
#[test]
fn only_an_empty_field_without_quotes_is_null() {
    assert_eq!(csv("id,word\n1,\n2,\"\"\n3,NA\n", ""), json!([[1, null], [2, ""], [3, "NA"]]));
}

// proves: L-70
#[test]
fn null_values_say_what_else_is_null() {
    let more = "        options: {null_values: [\"NA\", \"\"]}\n";
    assert_eq!(csv("id,n\n1,NA\n2,5\n3,\n", more), json!([[1, null], [2, 5], [3, null]]));
}

#[test]
fn quotes_hold_delimiters_quotes_and_line_breaks() {
    let text = "id,word\n1,\"a,b\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n";
    assert_eq!(csv(text, ""), json!([[1, "a,b"], [2, "say \"hi\""], [3, "two\nlines"]]));
}

#[test]
fn delimiters_are_found_or_given() {
    assert_eq!(csv("id;word\n1;a,b\n", ""), json!([[1, "a,b"]]));
    assert_eq!(csv("id\tword\n1\ta\n", ""), json!([[1, "a"]]));
    assert_eq!(csv("id|word\n1|a\n", "        options: {delimiter: '|'}\n"), json!([[1, "a"]]));
}

#[test]
fn lines_may_end_as_on_windows_and_the_last_without_end() {
    assert_eq!(csv("id,word\r\n1,one\r\n2,two", ""), json!([[1, "one"], [2, "two"]]));
}

#[test]
fn a_mark_at_the_start_of_the_file_is_no_part_of_the_first_name() {
    assert_eq!(csv("\u{feff}id,word\n1,one\n", ""), json!([[1, "one"]]));
}

#[test]
fn a_file_without_header_is_read_as_declared() {
    let more = "        options: {header: false}\n        columns: [{name: id, data_type: integer}, {name: word, data_type: varchar}]\n";
    assert_eq!(csv("1,one\n2,two\n", more), json!([[1, "one"], [2, "two"]]));
}

#[test]
fn lines_before_the_header_and_comments_are_skipped() {
    let more = "        options: {skip: 2, comment: '#'}\n";
    assert_eq!(csv("exported 2013\n\nid,word\n# a remark\n1,one\n", more), json!([[1, "one"]]));
}

#[test]
fn dates_decimals_and_encodings_of_elsewhere() {
    let more = "        options: {delimiter: ';', decimal_separator: ',', date_format: '%d.%m.%Y', encoding: latin-1}\n";
    let project =
        loading("t.csv", more).bytes("t.csv", b"day;price;name\n24.12.2013;1,50;caf\xe9\n");
    project.run(["load"]).succeeds();
    assert_eq!(
        project.query("select day::varchar, price::double, name from raw.t"),
        json!([["2013-12-24", 1.5, "café"]])
    );
}

#[test]
fn a_declared_type_is_the_columns_type() {
    let more = "        columns: [{name: zip, data_type: varchar}, {name: price, data_type: 'decimal(9,2)'}]\n";
    let project = loading("t.csv", more).file("t.csv", "zip,price\n12345,1.5\n");
    project.run(["load"]).succeeds();
    assert_eq!(
        project.query("select typeof(zip), typeof(price), price::varchar from raw.t"),
        json!([["VARCHAR", "DECIMAL(9,2)", "1.50"]])
    );
}

// proves: L-6
#[test]
fn columns_keep_their_spelling_whatever_it_is() {
    let project = loading("t.csv", "").file("t.csv", "Order Id,select,ä\n1,2,3\n");
    project.run(["load"]).succeeds();
    assert_eq!(
        project.query("select \"Order Id\", \"select\", \"ä\" from raw.t"),
        json!([[1, 2, 3]])
    );
}

#[test]
fn compressed_files_are_read_as_their_names_tell() {
    for (name, bytes) in [("t.csv.gz", gzip(b"id\n1\n2\n")), ("t.csv.zst", zstd(b"id\n1\n2\n"))] {
        let project = loading(name, "").bytes(name, &bytes);
        project.run(["load"]).succeeds();
        assert_eq!(project.query("select sum(id)::int from raw.t"), json!([[3]]), "{name}");
    }
}

// proves: L-72
#[test]
fn a_compressed_file_that_is_cut_is_refused() {
    for (name, bytes) in [("t.csv.gz", gzip(b"id\n1\n2\n")), ("t.csv.zst", zstd(b"id\n1\n2\n"))] {
        let cut = &bytes[..bytes.len() - 2];
        refuses(&loading(name, "").bytes(name, cut), "damaged");
    }
}

// proves: L-5
#[test]
fn several_files_are_one_table_by_name_of_column() {
    let project = loading("data/*.csv", "")
        .file("data/a.csv", "id,word\n1,one\n")
        .file("data/b.csv", "word,id\ntwo,2\n");
    project.run(["load"]).succeeds();
    assert_eq!(
        project.query("select id, word from raw.t order by id"),
        json!([[1, "one"], [2, "two"]])
    );
}

// proves: L-67
#[test]
fn a_file_with_other_columns_than_the_first_is_refused() {
    let project = loading("data/*.csv", "")
        .file("data/a.csv", "id,word\n1,one\n")
        .file("data/b.csv", "id,wrod\n2,two\n");
    refuses(&project, "`data/b.csv` has other columns than `data/a.csv`");
}

#[test]
fn files_may_lack_columns_where_union_by_name_says_so() {
    let project = loading("data/*.csv", "        options: {union_by_name: true}\n")
        .file("data/a.csv", "id,word\n1,one\n")
        .file("data/b.csv", "id\n2\n");
    project.run(["load"]).succeeds();
    assert_eq!(
        project.query("select id, word from raw.t order by id"),
        json!([[1, "one"], [2, null]])
    );
}

// proves: L-74
#[test]
fn folders_named_as_partitions_become_columns() {
    let project = loading("data/**/*.csv", "")
        .file("data/country=de/day=01/a.csv", "id\n1\n")
        .file("data/country=fr/day=02/a.csv", "id\n2\n");
    project.run(["load"]).succeeds();
    assert_eq!(
        project.query("select id, country, day from raw.t order by id"),
        json!([[1, "de", "01"], [2, "fr", "02"]])
    );
}

// proves: L-75
#[test]
fn marker_files_are_passed_over() {
    let project = loading("data/*", "").file("data/a.csv", "id\n1\n").file("data/_SUCCESS", "");
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select id from raw.t"), json!([[1]]));
}

#[test]
fn json_objects_become_rows() {
    for text in [
        "{\"id\": 1, \"word\": \"one\"}\n{\"id\": 2}\n",
        "[{\"id\": 1, \"word\": \"one\"}, {\"id\": 2}]",
    ] {
        let project = loading("t.json", "").file("t.json", text);
        project.run(["load"]).succeeds();
        assert_eq!(
            project.query("select id, word from raw.t order by id"),
            json!([[1, "one"], [2, null]])
        );
    }
}

#[test]
fn json_lines_and_nested_values_keep_their_shape() {
    let project = loading("t.jsonl", "")
        .file("t.jsonl", "{\"id\": 1, \"tags\": [\"a\", \"b\"], \"at\": {\"x\": 1}}\n");
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select id, tags[2], \"at\".x from raw.t"), json!([[1, "b", 1]]));
}

#[test]
fn parquet_keeps_its_types() {
    let project = loading("t.parquet", "");
    let path = project.root().join("t.parquet");
    project.execute(&format!(
        "copy (select 1::smallint as id, 1.50::decimal(9,2) as price, date '2013-01-01' as day) to '{}'",
        path.display()
    ));
    project.run(["load"]).succeeds();
    assert_eq!(
        project.query("select typeof(id), typeof(price), typeof(day) from raw.t"),
        json!([["SMALLINT", "DECIMAL(9,2)", "DATE"]])
    );
}

#[test]
fn a_format_that_the_name_does_not_tell_may_be_said() {
    let project = loading("export.dat", "        format: csv\n").file("export.dat", "id\n1\n");
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select id from raw.t"), json!([[1]]));
}

#[test]
fn paths_of_a_connection_start_at_its_directory() {
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb}
    prod: {type: duckdb, path: shop.duckdb, connections: {files: {path: elsewhere}}}
  connections:
    files: {type: file, path: data}
";
    let yaml =
        "sources:\n  - name: raw\n    connection: files\n    tables: [{name: t, path: t.csv}]\n";
    let project = Project::new()
        .file("profiles.yml", profiles)
        .file("sources/raw.yml", yaml)
        .file("data/t.csv", "id\n1\n")
        .file("elsewhere/t.csv", "id\n2\n");
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select id from raw.t"), json!([[1]]));
    project.run(["load", "--target", "prod"]).succeeds();
    assert_eq!(project.query("select id from raw.t"), json!([[2]]));
}

#[test]
fn a_path_may_be_absolute_or_hold_jinja() {
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("t.csv"), "id\n1\n").unwrap();
    let project = loading("\"{{ env_var('DATA') }}/t.csv\"", "");
    let project = project.env("DATA", &elsewhere.path().to_string_lossy());
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select id from raw.t"), json!([[1]]));
}

#[test]
fn a_file_whose_name_is_odd_is_read() {
    let name = "it's [a] \"file\".csv";
    let project = loading(&format!("'{}'", name.replace('\'', "''")), "").file(name, "id\n1\n");
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select id from raw.t"), json!([[1]]));
}

// proves: L-26
#[test]
fn the_statements_that_were_executed_are_those_in_target_run() {
    let project = loading("t.csv", "").file("t.csv", "id\n1\n");
    project.run(["load"]).succeeds();
    let text = project.read("target/run/shop/sources/raw.yml/raw.t.sql");
    assert!(
        text.contains("t.csv") && text.contains("bigint") && text.contains("1 as row_count"),
        "{text}"
    );
}
