//! From PostgreSQL into DuckDB and back again, by the command line, compared in PostgreSQL.

use super::server::Server;
use super::types::{CASES, MADE};
use crate::project::Project;
use postgres::SimpleQueryMessage;
use serde_json::json;

/// A project that loads the tables of `sources` and exports each of `exports`: what it is called,
/// a query, the table that it goes into.
fn project(server: &Server, sources: &str, exports: &[(&str, &str, &str)]) -> Project {
    let port = server.port;
    let profiles = format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: shop.duckdb}}\n  connections:\n    crm: {{type: postgres, host: 127.0.0.1, port: {port}, dbname: postgres, sslmode: disable, user: postgres}}\n"
    );
    let yaml = format!(
        "sources:\n  - name: crm\n    connection: crm\n    schema: public\n    tables:\n{sources}"
    );
    let exports = exports.iter().map(|(name, query, table)| {
        format!(
            "  - name: {name}\n    query: {}\n    connection: crm\n    table: {}\n",
            json!(query),
            json!(table)
        )
    });
    let exports: String = exports.collect();
    Project::new()
        .file("profiles.yml", &profiles)
        .file("sources/crm.yml", &yaml)
        .file("models/exports.yml", &format!("exports:\n{exports}"))
}

/// What `sql` answers, a row a line.
fn ask(server: &Server, sql: &str) -> String {
    let answers = server.client().simple_query(sql).unwrap();
    let rows = answers.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len()).map(|at| row.get(at).unwrap_or("NULL")).collect::<Vec<_>>().join("|"),
        ),
        _ => None,
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// What a value of a type is compared by, where its text is another after the way through DuckDB:
/// before and after.
fn compared(type_name: &str) -> (&'static str, &'static str) {
    match type_name {
        // A list begins at 1.
        "integer[]" => {
            ("case when s.v is not null then array(select unnest(s.v))::text end", "o.v::text")
        }
        // Its text is without the spaces that are stored.
        "char(5)" => ("rpad(s.v::text, 5)", "o.v::text"),
        "timetz" => ("s.v::text", "o.v::timetz::text"),
        "json" | "jsonb" => ("s.v::jsonb::text", "o.v::jsonb::text"),
        "pair" | "pair[]" => ("to_jsonb(s.v)::text", "to_jsonb(o.v)::text"),
        "host" => (
            "case when s.v is distinct from null then jsonb_build_object('at', (s.v).at::text, 'n', (s.v).n)::text end",
            "o.v::text",
        ),
        _ => ("s.v::text", "o.v::text"),
    }
}

#[test]
fn every_type_goes_there_and_back() {
    let server = Server::start();
    server.run(MADE);
    let mut sources = String::new();
    let mut exports = Vec::new();
    for (at, (type_name, _, values)) in CASES.iter().enumerate() {
        let rows: String = values
            .iter()
            .enumerate()
            .map(|(id, (sql, _))| format!("({id}, cast({sql} as {type_name})), "))
            .collect();
        server.run(&format!(
            "create table t{at} (id int, v {type_name}); insert into t{at} values {rows}(-1, null)"
        ));
        sources += &format!("      - {{name: t{at}}}\n");
        let query = format!("select * from {{{{ source('crm', 't{at}') }}}}");
        exports.push((format!("e{at}"), query, format!("public.o{at}")));
    }
    let exports: Vec<(&str, &str, &str)> = exports
        .iter()
        .map(|(name, query, table)| (name.as_str(), query.as_str(), table.as_str()))
        .collect();
    let project = project(&server, &sources, &exports);
    project.run(["build"]).succeeds();
    let sql = "select string_agg(table_name || ' ' || lower(data_type), chr(10)) from duckdb_columns() \
               where schema_name = 'crm' and column_name = 'v'";
    let landed = project.query(sql)[0][0].as_str().unwrap().to_owned();
    let mut wrong = Vec::new();
    for (at, (type_name, data_type, values)) in CASES.iter().enumerate() {
        let (before, after) = compared(type_name);
        let differ = format!(
            "select id, {before}, {after} from t{at} as s full join o{at} as o using (id) where {before} is distinct from {after}"
        );
        let differ = ask(&server, &differ);
        if !differ.is_empty() {
            wrong.push(format!("{type_name}: {differ}"));
        }
        let count = ask(&server, &format!("select count(*) from o{at}"));
        assert_eq!(count, (values.len() + 1).to_string(), "{type_name}");
        if matches!(*data_type, "uuid" | "json") {
            assert!(landed.lines().any(|line| line == format!("t{at} {data_type}")), "{landed}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let types = "select string_agg(format_type(atttypid, atttypmod), ', ' order by attrelid::regclass::text)
         from pg_attribute where attname = 'v' and attrelid::regclass::text = any (array[{}]::text[])";
    let of = |wanted: &[&str]| {
        let tables = CASES.iter().enumerate().filter(|(_, case)| wanted.contains(&case.0));
        let tables: Vec<String> = tables.map(|(at, _)| format!("'o{at}'")).collect();
        ask(&server, &types.replace("{}", &tables.join(", ")))
    };
    assert_eq!(of(&["uuid"]), "uuid");
    assert_eq!(of(&["json"]), "jsonb");
    assert_eq!(of(&["numeric(38,38)"]), "numeric(38,38)");
    assert_eq!(of(&["numeric(5,1)[]"]), "numeric(5,1)[]");
    assert_eq!(of(&["timestamptz"]), "timestamp with time zone");
    assert_eq!(of(&["pair"]), "jsonb");
}

#[test]
fn empty_tables_and_a_thousand_columns() {
    let server = Server::start();
    let columns: Vec<String> = (0..1000)
        .map(|i| match i % 4 {
            0 => format!("c{i} int default {i}"),
            1 => format!("c{i} text default 'text {i}'"),
            2 => format!("c{i} numeric(20,4) default {i}.25"),
            _ => format!("c{i} timestamptz"),
        })
        .collect();
    server.run(&format!(
        "create table wide ({}); insert into wide (c3) select now() + i * interval '1 h' from generate_series(1, 500) i;
         create table none as select * from wide where false",
        columns.join(", ")
    ));
    let project = project(
        &server,
        "      - {name: wide}\n      - {name: none}\n",
        &[
            ("wide", "select * from {{ source('crm', 'wide') }}", "public.wide_out"),
            ("none", "select * from {{ source('crm', 'none') }}", "public.none_out"),
        ],
    );
    project.run(["build"]).succeeds();
    for (one, other) in [("wide", "wide_out"), ("wide_out", "wide")] {
        let differ = format!(
            "select count(*) from (select * from {one} except all select * from {other}) d"
        );
        assert_eq!(ask(&server, &differ), "0", "{one}");
    }
    let count =
        "select count(*) from pg_attribute where attrelid = 'none_out'::regclass and attnum > 0";
    assert_eq!(ask(&server, count), "1000");
    assert_eq!(ask(&server, "select count(*) from wide_out, (select 1) x"), "500");
    assert_eq!(ask(&server, "select count(*) from none_out"), "0");
}

#[test]
fn any_name_goes_there_and_back() {
    let server = Server::start();
    let longest = "x".repeat(63);
    // 63 bytes of 32 characters.
    let wide = format!("{}z", "é".repeat(31));
    let names = [
        "Capital",
        "sp ace",
        "a\"b",
        "it's",
        "select",
        "order",
        "user",
        "table",
        "dot.ted",
        "{{ brace }}",
        "-- dash",
        "semi;colon",
        "back\\slash",
        "percent%s",
        "$1",
        "é😀",
        "tab\tbed",
        "1digit",
        &longest,
        &wide,
    ];
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    for (at, table) in names.iter().enumerate() {
        let columns: Vec<String> =
            names.iter().map(|name| format!("{} int", quoted(name))).collect();
        let values: Vec<String> = (0..names.len()).map(|i| (i + at).to_string()).collect();
        server.run(&format!(
            "create table {table} ({}); insert into {table} values ({})",
            columns.join(", "),
            values.join(", "),
            table = quoted(table)
        ));
    }
    let sources: String = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            // The words of YAML are templates.
            let name = name.replace("{{ brace }}", "{{ '{{ brace }}' }}");
            format!("      - {{name: t{at}, identifier: {}}}\n", json!(name))
        })
        .collect();
    let mut exports = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let query = format!("select * from {{{{ source('crm', 't{at}') }}}}");
        exports.push((format!("e{at}"), query, name));
    }
    server.run("create schema \"Out.put\"");
    let exports: Vec<(String, String, String)> = exports
        .into_iter()
        .map(|(export, query, name)| {
            let name = name.replace("{{ brace }}", "{{ '{{ brace }}' }}");
            (export, query, format!("{}.{}", quoted("Out.put"), quoted(&name)))
        })
        .collect();
    let exports: Vec<(&str, &str, &str)> =
        exports.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    let project = project(&server, &sources, &exports);
    project.run(["build"]).succeeds();
    for name in names {
        let (one, other) = (quoted(name), format!("\"Out.put\".{}", quoted(name)));
        let differ = format!(
            "select count(*) from (select * from {one} except all select * from {other}) d"
        );
        assert_eq!(ask(&server, &differ), "0", "{name}");
        let named = format!(
            "select count(*) from pg_attribute a join pg_attribute b using (attname, attnum)
             where a.attrelid = '{one}'::regclass and b.attrelid = '{other}'::regclass and attnum > 0",
            one = one.replace('\'', "''"),
            other = other.replace('\'', "''")
        );
        assert_eq!(ask(&server, &named), names.len().to_string(), "{name}");
    }
}

#[test]
fn names_that_the_server_would_cut_are_told() {
    let server = Server::start();
    let long = "y".repeat(64);
    let twins = format!("select 1 as {long}a, 2 as {long}b");
    let long_table = format!("public.{long}");
    let project = project(
        &server,
        "      - {name: t}\n",
        &[
            ("column", &format!("select 1 as {long}"), "public.a"),
            ("columns", &twins, "public.b"),
            ("table", "select 1 as id", &long_table),
        ],
    );
    server.run("create table t (id int)");
    let ran = project.run(["export"]).fails();
    assert_eq!(ran.stderr.matches("63 bytes").count(), 3, "{}", ran.stderr);
    assert_eq!(
        ask(
            &server,
            "select count(*) from pg_class where relname like 'yyy%' or relname in ('a', 'b')"
        ),
        "0"
    );
}

/// A gigabyte of text, in short values and in long ones; prints the most memory that was taken. Run
/// by `make gigabyte`.
///
/// DuckDB keeps what it wrote or read until its limit is reached, by default most of the machine's
/// memory, and groups of 122,880 rows until they are whole: so there is a limit here.
#[test]
#[ignore = "takes minutes; `make gigabyte` runs it"]
#[expect(clippy::disallowed_methods, reason = "the only setting of this test")]
fn a_gigabyte_of_text_goes_there_and_back() {
    let megabytes: u64 =
        std::env::var("SQLFLOW_TEST_TEXT_MB").map_or(1024, |megabytes| megabytes.parse().unwrap());
    for bytes in [256, 4096] {
        let server = Server::start();
        let rows = (megabytes << 20) / bytes;
        // Half of the values have half of the bytes, the others the rest.
        server.run(&format!(
            "create unlogged table texts (id int, v text);
             alter table texts alter v set storage external;
             insert into texts select i, repeat(md5(i::text), {bytes} / 64 * (1 + i % 2 * 2))
             from generate_series(1, {rows}) i"
        ));
        let project = project(
            &server,
            "      - {name: texts}\n",
            &[("out", "select * from {{ source('crm', 'texts') }}", "public.out")],
        );
        let profiles = project.read("profiles.yml");
        let limited = "path: shop.duckdb, settings: {memory_limit: 300MB}";
        let limited = profiles.replace("path: shop.duckdb", limited);
        project.write("profiles.yml", &limited);
        for verb in ["load", "export"] {
            let most = most_memory(project.command([verb]));
            println!("{verb} {rows} texts of {bytes} bytes: {} MB of memory", most >> 10);
            assert!(most > 0, "nothing was measured");
        }
        let sent = "select count(*), sum(length(v)) >> 20, sum(hashtext(v)) from";
        let expected = ask(&server, &format!("{sent} texts"));
        println!("rows, MB, sum of hashes: {expected}");
        assert_eq!(ask(&server, &format!("{sent} out")), expected);
    }
}

/// Carries out a command; the most memory that it took, in kB.
fn most_memory(mut command: std::process::Command) -> u64 {
    let mut child = command.spawn().unwrap();
    let mut most = 0;
    loop {
        most = most.max(peak(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return most;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// The most memory that a process ever had, in kB; 0 where it ended.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
