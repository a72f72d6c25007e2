//! Every format and each of its options; what goes out comes back in.

use super::project;
use crate::project::Project;
use serde_json::json;

#[test]
fn csv_is_written_as_the_options_say() {
    let row = "query: \"select 1 as id, null as empty, '' as blank, 'a;b' as text, \
               date '2024-02-01' as day, timestamp '2024-02-01 03:04:05' as at\"";
    for (options, expected) in [
        ("{}", "id,empty,blank,text,day,at\n1,,\"\",a;b,2024-02-01,2024-02-01 03:04:05\n"),
        (
            "{delimiter: ';', quote: \"'\"}",
            "id;empty;blank;text;day;at\n1;;'';'a;b';2024-02-01;2024-02-01 03:04:05\n",
        ),
        ("{header: false, 'null': NA}", "1,NA,,a;b,2024-02-01,2024-02-01 03:04:05\n"),
        (
            "{date_format: '%d.%m.%Y', timestamp_format: '%H h'}",
            "id,empty,blank,text,day,at\n1,,\"\",a;b,01.02.2024,03 h\n",
        ),
    ] {
        let project = project(&format!(
            "  - name: out\n    {row}\n    path: out.csv\n    options: {options}\n"
        ));
        project.run(["build"]).succeeds();
        assert_eq!(project.read("out.csv"), expected, "{options}");
    }
}

#[test]
fn json_is_an_object_a_line() {
    let project = project(
        "  - name: out\n    query: \"select 1 as id, [1, 2] as list, {'a': null} as \\\"a b\\\", date '2024-02-01' as day\"\n    path: out.json\n    options: {date_format: '%Y/%m/%d'}\n",
    );
    project.run(["build"]).succeeds();
    let expected = "{\"id\":1,\"list\":[1,2],\"a b\":{\"a\":null},\"day\":\"2024/02/01\"}\n";
    assert_eq!(project.read("out.json"), expected);
}

#[test]
fn text_is_packed_as_its_name_or_an_option_says() {
    for (path, options, magic) in [
        ("out.csv.gz", "{}", &[0x1f, 0x8b][..]),
        ("out.csv.gz", "{compression: gzip}", &[0x1f, 0x8b]),
        ("out.json.zst", "{}", &[0x28, 0xb5, 0x2f, 0xfd]),
        ("out.json", "{compression: none}", b"{"),
    ] {
        let project = project(&format!(
            "  - name: out\n    from: ref('orders')\n    path: {path}\n    options: {options}\n"
        ));
        project.run(["build"]).succeeds();
        let bytes = std::fs::read(project.root().join(path)).unwrap();
        assert!(bytes.starts_with(magic), "{path} {options}");
        let reader = if path.contains("csv") { "read_csv" } else { "read_json" };
        let count = project.query(&format!(
            "select count(*), sum(id) from {reader}('{}')",
            project.root().join(path).display()
        ));
        assert_eq!(count[0][0], json!(10));
    }
}

#[test]
fn parquet_is_packed_and_grouped_as_told() {
    for (options, codec, groups) in [
        ("{}", "ZSTD", 1),
        ("{compression: snappy}", "SNAPPY", 1),
        ("{compression: gzip}", "GZIP", 1),
        ("{compression: none, row_group_size: 2048}", "UNCOMPRESSED", 5),
    ] {
        let project = project(&format!(
            "  - name: out\n    query: select i from range(10000) r(i)\n    path: out.parquet\n    options: {options}\n"
        ));
        project.run(["build"]).succeeds();
        let facts = project.query(&format!(
            "select any_value(compression), max(row_group_id) + 1, (select count(*) from read_parquet('{0}')) \
             from parquet_metadata('{0}')",
            project.root().join("out.parquet").display()
        ));
        assert_eq!(facts[0], json!([codec, groups, 10000]), "{options}");
    }
}

#[test]
fn types_that_parquet_lacks_are_carried_exactly() {
    let project = project(
        "  - name: out\n    query: \"select 99999999999999999999999999999999999999::hugeint as big, \
         [1::uhugeint] as list, cast('03:04:05+02' as time with time zone) as moment, interval '1 month 1 microsecond' as span\"\n    path: out.parquet\n",
    );
    project.run(["build"]).succeeds();
    let file = project.root().join("out.parquet");
    let types = project.query(&format!(
        "select column_type from (describe from read_parquet('{}'))",
        file.display()
    ));
    assert_eq!(types, json!([["DECIMAL(38,0)"], ["DECIMAL(38,0)[]"], ["VARCHAR"], ["VARCHAR"]]));
    let values = project.query(&format!(
        "select big::varchar, list[1]::varchar, moment, span from read_parquet('{}')",
        file.display()
    ));
    let big = "99999999999999999999999999999999999999";
    assert_eq!(values[0], json!([big, "1", "03:04:05+02", "1 month 00:00:00.000001"]));
    let wide =
        project.read("models/exports.yml").replace(big, "170141183460469231731687303715884105727");
    project.write("models/exports.yml", &wide);
    project
        .run(["build"])
        .fails()
        .stderr_contains("error[SF5")
        .stderr_contains("models/exports.yml:3:12");
    assert_eq!(
        project.query(&format!("select count(*) from read_parquet('{}')", file.display())),
        json!([[1]])
    );
}

/// What a load makes of it is what the query gave: values, NULL and empty text, and types.
#[test]
fn csv_comes_back_through_a_load() {
    let rows = "select i::bigint as id, case when i % 3 = 0 then null when i % 3 = 1 then '' else \
                'a \"b\", ü ' || chr(10) || i end as text, '00' || i as code, i / 8 as half, \
                (i * 1000000007)::decimal(18, 3) as price, i % 2 = 0 as even, date '2024-01-01' + i::int \
                as day, timestamp '2024-01-01 00:00:00.123456' + to_seconds(i) as at from range(100) r(i)";
    for (options, read) in [
        ("{}", "{}"),
        ("{delimiter: '|', quote: \"'\"}", "{delimiter: '|', quote: \"'\"}"),
        ("{'null': NA}", "{null_values: [NA]}"),
    ] {
        let project = Project::new()
            .model("rows", &format!("{{{{ config(materialized='table') }}}}\n{rows}"))
            .file(
                "models/exports.yml",
                &format!("exports:\n  - name: out\n    from: ref('rows')\n    path: out.csv\n    options: {options}\n"),
            );
        project.run(["build"]).succeeds();
        project.write(
            "sources/raw.yml",
            &format!("sources:\n  - name: raw\n    tables:\n      - name: rows\n        path: out.csv\n        options: {read}\n"),
        );
        project.run(["load"]).succeeds();
        let text = if options.contains("NA") { "nullif(text, '')" } else { "text" };
        let other = project.query(&format!(
            "select count(*) from (select * replace ({text} as text) from main.rows except all select * replace ({text} as text) from raw.rows)"
        ));
        assert_eq!(other, json!([[0]]), "{options}");
        let types = project.query("select column_name, column_type from (describe raw.rows)");
        let expected = json!([
            ["id", "BIGINT"],
            ["text", "VARCHAR"],
            ["code", "VARCHAR"],
            ["half", "DOUBLE"],
            ["price", "DOUBLE"],
            ["even", "BOOLEAN"],
            ["day", "DATE"],
            ["at", "TIMESTAMP"]
        ]);
        assert_eq!(types.as_array().unwrap().len(), expected.as_array().unwrap().len());
        for (found, expected) in types.as_array().unwrap().iter().zip(expected.as_array().unwrap())
        {
            // Fractions are decimals or doubles: which of them, the load decides by the digits.
            if expected[1] != "DOUBLE" {
                assert_eq!(found, expected, "{options}");
            }
        }
    }
}

#[test]
fn names_with_quotes_and_spaces_are_names() {
    let project = Project::new()
        .model("odd", "select 1 as \"a \"\"b\"\"\", 2 as \"select\", 'x' as \"O'Brien\"")
        .file(
            "models/exports.yml",
            "exports:\n  - name: odd one\n    from: ref('odd')\n    path: \"out dir/o'clock \\\"x\\\".csv\"\n  \
             - name: odd folder\n    from: ref('odd')\n    path: out two/\n    format: json\n    options: {partition_by: [\"O'Brien\"]}\n",
        );
    project.run(["build"]).succeeds();
    let text = project.read("out dir/o'clock \"x\".csv");
    assert_eq!(text, "\"a \"\"b\"\"\",select,O'Brien\n1,2,x\n");
    let names = super::names(&project, "out two");
    assert_eq!(names, ["O'Brien=x/odd_folder_ad4c3e-RUN-00001.json", "_manifest.json"]);
}

#[test]
fn the_option_null_needs_no_quotes() {
    for key in ["null", "\"null\""] {
        let project = project(&format!(
            "  - name: one\n    from: ref('orders')\n    path: x.csv\n    options: {{delimiter: \";\", {key}: \"NA\"}}\n"
        ));
        project.write("models/orders.sql", "select 1 as id, null as v");
        project.run(["build"]).succeeds();
        assert_eq!(project.read("x.csv"), "id;v\n1;NA\n");
    }
}
