//! Every type from another PostgreSQL, and from files, into PostgreSQL: kept, and fit for the next load.

#![allow(clippy::print_stdout, reason = "what differs is for people to read")]

use super::server::{Server, all, read, table};
use super::target::{Database, profiles};
use super::types::{CASES, MADE};
use crate::corpus::session;
use crate::elsewhere::Elsewhere;
use crate::project::Project;
use serde_json::json;
use std::sync::Arc;

/// A project whose source `crm` is tables of the server's first database.
fn from_server(database: &Arc<Database>, tables: &[String], load: &str) -> Project {
    let mut project = Project::new();
    project.elsewhere = Some(database.clone());
    let connection = format!(
        "  connections:\n    crm: {{type: postgres, host: 127.0.0.1, port: {}, user: postgres, \
         dbname: postgres, sslmode: disable, max_connections: 1}}\n",
        database.server.port
    );
    project.write("profiles.yml", &(profiles(database.port, &database.name, "") + &connection));
    let table =
        |name: &String| format!("      - {{name: {name}, columns: [], load: {{{load}}}}}\n");
    let tables: String = tables.iter().map(table).collect();
    let yaml = "sources:\n  - name: crm\n    connection: crm\n    schema: public\n    tables:\n";
    project.write("sources/crm.yml", &format!("{yaml}{tables}"));
    project
}

/// The types of this list go by another way; what they become is the same.
fn shown(type_name: &str, expected: &str) -> String {
    match type_name {
        // jsonb has a form of its own.
        "json" => expected.replace(" :  ", ": "),
        _ => expected.to_owned(),
    }
}

// proves: L-32, L-41
#[test]
fn every_type_of_another_postgres_is_kept_and_fits_the_next_load() {
    let server = Arc::new(Server::start());
    server.run(MADE);
    let mut names = Vec::new();
    for (at, (type_name, _, values)) in CASES.iter().enumerate() {
        let texts: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(id, (sql, _))| format!("({id}, cast({sql} as {type_name}))"))
            .collect();
        server.run(&format!(
            "create table t{at} (id int, v {type_name}); insert into t{at} values {}, (99, null)",
            texts.join(", ")
        ));
        names.push(format!("t{at}"));
    }
    for (load, copies) in [("mode: merge, key: id", 1), ("mode: append", 2)] {
        let database = Arc::new(Database::new(&server));
        let project = from_server(&database, &names, load);
        project.run(["load"]).succeeds();
        project.run(["load"]).succeeds();
        let connector = server.connector(&[("dbname", &database.name)]);
        let mut wrong = Vec::new();
        for (at, (type_name, _, values)) in CASES.iter().enumerate() {
            let mut found = read(&connector, &all(table(&format!("crm.t{at}")))).unwrap();
            found.sort();
            let mut expected: Vec<Vec<String>> = Vec::new();
            for _ in 0..copies {
                expected.push(vec!["99".to_owned(), "NULL".to_owned()]);
                let rows = values.iter().enumerate();
                expected
                    .extend(rows.map(|(id, row)| vec![id.to_string(), shown(type_name, row.1)]));
            }
            expected.sort();
            if found != expected {
                wrong.push(format!("{type_name}: {found:?}, not {expected:?}"));
            }
        }
        println!("{load}:\n{}", wrong.join("\n"));
        let nested = |line: &String| ["pair", "host"].iter().any(|name| line.starts_with(name));
        wrong.retain(|line| !nested(line));
        assert_eq!(wrong, Vec::<String>::new(), "{load}");
    }
}

/// What DuckDB reads from files, under a type that it has.
const OF_FILES: [(&str, &str); 24] = [
    ("boolean", "true"),
    ("tinyint", "-128"),
    ("utinyint", "255"),
    ("smallint", "-32768"),
    ("usmallint", "65535"),
    ("integer", "-2147483648"),
    ("uinteger", "4294967295"),
    ("bigint", "-9223372036854775808"),
    ("ubigint", "18446744073709551615"),
    ("decimal(38,0)", "99999999999999999999999999999999999999"),
    ("float", "1.5"),
    ("double", "5e-324"),
    ("decimal(38,10)", "1234567890123456789012345678.0123456789"),
    ("varchar", "Größe 😀"),
    ("blob", "ab"),
    ("date", "2024-02-29"),
    ("time", "23:59:59.999999"),
    ("timestamp", "2024-02-29 23:59:59.999999"),
    ("timestamptz", "2024-02-29 23:59:59.999999+00"),
    ("interval", "14 months"),
    ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("integer[]", "[1, null, 3]"),
    ("struct(a integer, b varchar)", "{'a': 1, 'b': x}"),
    ("json", "{\"a\": [1]}"),
];

// proves: L-32, L-41
#[test]
fn every_type_of_files_is_kept_and_fits_the_next_load() {
    let server = Arc::new(Server::start());
    for load in ["mode: merge, key: id", "mode: append", "mode: scd2, key: id", "mode: replace"] {
        let database = Arc::new(Database::new(&server));
        let mut project = Project::new();
        project.elsewhere = Some(database.clone());
        project.write("profiles.yml", &database.profiles());
        let columns: Vec<String> = (0..)
            .zip(OF_FILES)
            .map(|(at, (name, value))| {
                format!("cast('{}' as {name}) as c{at}", value.replace('\'', "''"))
            })
            .collect();
        let query = format!("select 1 as id, {}", columns.join(", "));
        for number in 0..2 {
            let path = project.root().join(format!("orders{number}.parquet"));
            let sql = format!("copy (from ({query})) to '{}' (format parquet)", path.display());
            session().execute(&sql).unwrap();
            let path = if load == "mode: append" { "orders*.parquet" } else { "orders0.parquet" };
            let yaml = format!(
                "sources:\n  - name: raw\n    tables:\n      - {{name: orders, path: '{path}', load: {{{load}}}}}\n"
            );
            project.write("sources/raw.yml", &yaml);
            project.run(["load"]).succeeds();
        }
        let texts: Vec<String> = (0..OF_FILES.len()).map(|at| format!("c{at}::text")).collect();
        let sql = format!("select distinct {} from raw.orders", texts.join(", "));
        let found = project.query(&sql);
        assert_eq!(found.as_array().unwrap().len(), 1, "{load} {found}");
        let expected: Vec<&str> = OF_FILES
            .iter()
            .map(|(name, value)| match *name {
                "blob" => "\\x6162",
                "interval" => "1 year 2 mons",
                "integer[]" => "{1,NULL,3}",
                "struct(a integer, b varchar)" => "{\"a\": 1, \"b\": \"x\"}",
                _ => value,
            })
            .collect();
        assert_eq!(found[0], json!(expected), "{load}");
    }
}
