//! Loads from PostgreSQL by the command line.

use super::server::Server;
use crate::project::Project;
use serde_json::{Value, json};

/// A project whose source `crm` has the tables `tables` of `server`.
fn project(server: &Server, tables: &str) -> Project {
    project_with(&server.port.to_string(), "user: postgres", tables)
}

pub(super) fn project_with(port: &str, more: &str, tables: &str) -> Project {
    let profiles = format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: shop.duckdb}}\n  connections:\n    crm: {{type: postgres, host: 127.0.0.1, port: {port}, dbname: postgres, sslmode: disable, {more}}}\n"
    );
    let yaml = format!(
        "sources:\n  - name: crm\n    connection: crm\n    schema: public\n    tables:\n{tables}"
    );
    Project::new().file("profiles.yml", &profiles).file("sources/crm.yml", &yaml)
}

fn rows(project: &Project) -> Value {
    project.query("select * from crm.people order by all")
}

#[test]
fn a_table_is_loaded_with_its_types_and_its_schema_accepted() {
    let server = Server::start();
    server.run(
        "create table people (id int primary key, \"Full name\" text not null, paid numeric(10,2), any_number numeric, at timestamptz, day date, tags text[]);
         insert into people values
           (1, 'Ann', 1.50, 1.23456789012345678901234567890123456789, '2024-01-02 03:04:05+02', '2024-01-02', '{a,NULL}'),
           (2, 'Bo', null, null, null, 'infinity', null)",
    );
    let project = project(&server, "      - {name: people}\n");
    project.run(["load"]).succeeds();
    assert_eq!(
        project.query("select columns(*)::varchar from crm.people order by id"),
        json!([
            [
                "1",
                "Ann",
                "1.50",
                "1.23456789012345678901234567890123456789",
                "2024-01-02 01:04:05+00",
                "2024-01-02",
                "[a, NULL]"
            ],
            ["2", "Bo", null, null, null, "infinity", null]
        ])
    );
    let snapshot = project.read("schemas/crm/people.yml");
    for line in [
        "{name: id, type: integer, nullable: false}",
        "{name: Full name, type: varchar, nullable: false}",
        "{name: paid, type: \"decimal(10,2)\", nullable: true}",
        "{name: any_number, type: varchar, nullable: true}",
        "{name: tags, type: \"varchar[]\", nullable: true}",
    ] {
        assert!(snapshot.contains(line), "{line}\n{snapshot}");
    }
    let script = project.read("target/run/shop/sources/crm.yml/crm.people.sql");
    assert!(script.contains("from \"__sqlflow_rows__people\""), "{script}");
    server.run("alter table people add column late int");
    project
        .run(["load"])
        .fails_with("SF401")
        .stderr_contains("column `late` (integer) was added in `public.people`");
    project.remove("schemas/crm/people.yml");
    project.run(["load", "--full-refresh"]).succeeds();
    assert_eq!(rows(&project)[0][7], Value::Null);
}

#[test]
fn declared_types_hold_or_the_load_fails() {
    let server = Server::start();
    server.run(
        "create table people (id int, n numeric); insert into people values (1, 1.50), (2, -3)",
    );
    let yaml = "      - name: people\n        columns: [{name: n, data_type: 'decimal(10,2)'}]\n";
    let project = project(&server, yaml);
    project.run(["load"]).succeeds();
    assert_eq!(rows(&project), json!([[1, "1.50"], [2, "-3.00"]]));
    server.run("insert into people values (3, 1.234)");
    project.run(["load"]).fails().stderr_contains("column `n`: 1.234 does not fit decimal(10,2)");
    assert_eq!(rows(&project), json!([[1, "1.50"], [2, "-3.00"]]));
}

#[test]
fn rows_that_commit_late_are_read_next_time() {
    let server = Server::start();
    server.run(
        "create table people (id bigserial primary key, at timestamptz not null default now())",
    );
    for load in ["{mode: merge, key: id, cursor: at}", "{mode: append, cursor: at}"] {
        server.run("truncate people restart identity; insert into people select from generate_series(1, 3)");
        let project = project(&server, &format!("      - {{name: people, load: {load}}}\n"));
        project.run(["load"]).succeeds();
        let mut late = server.client();
        let mut transaction = late.transaction().unwrap();
        transaction.execute("insert into people default values", &[]).unwrap();
        server.run("insert into people default values");
        project.run(["load"]).succeeds();
        assert_eq!(project.query("select count(*) from crm.people"), json!([[4]]), "{load}");
        transaction.commit().unwrap();
        for _ in 0..2 {
            project.run(["load"]).succeeds();
            let seen = project.query("select count(*), count(distinct id) from crm.people");
            assert_eq!(seen, json!([[5, 5]]), "{load}");
        }
    }
}

#[test]
fn a_query_is_a_source_and_another_one_asks_for_a_full_refresh() {
    let server = Server::start();
    server.run("create table t (id int); insert into t select generate_series(1, 10)");
    let yaml = |limit: u32| {
        format!(
            "      - {{name: people, query: 'select id, id * 2 as double from t where id <= {limit}', load: {{mode: merge, key: id}}}}\n"
        )
    };
    let first = project(&server, &yaml(2));
    first.run(["load"]).succeeds();
    assert_eq!(rows(&first), json!([[1, 2], [2, 4]]));
    let text = first.read("sources/crm.yml").replace("<= 2", "<= 3");
    first.write("sources/crm.yml", &text);
    first.run(["load"]).fails_with("SF315");
    first.run(["load", "--full-refresh"]).succeeds();
    assert_eq!(rows(&first), json!([[1, 2], [2, 4], [3, 6]]));
}

#[test]
fn what_a_server_refuses_is_told_by_its_kind_and_the_others_go_on() {
    let server = Server::start();
    server.run(
        "create table people (id int); create table secret (id int);
         create table shapes (id int, shape polygon);
         create role loader login password 'sesame-opens'; grant select on people, shapes to loader;
         create role crowd login connection limit 0",
    );
    let tables = "      - {name: people}\n      - {name: secret}\n      - {name: nobody}\n";
    let port = server.port.to_string();
    let project = project_with(&port, "user: loader, password: sesame-opens", tables);
    let ran = project.run(["load"]).exits(3);
    let ran = ran
        .stderr_contains("error[SF605]")
        .stderr_contains("`loader` may not read `public.secret`");
    let ran = ran.stderr_contains("error[SF327]").stderr_contains("nobody");
    ran.stderr_contains("✓ load   crm.people").stderr_lacks("sesame-opens");
    let refused = |port: &str, more: &str, tables: &str, code: &str| {
        let project = project_with(port, more, tables);
        let ran = project
            .run(["load"])
            .stderr_contains(&format!("error[{code}]"))
            .stderr_lacks("sesame-opens");
        assert!(!project.read("target/run_results.json").contains("sesame-opens"));
        ran
    };
    let people = "      - {name: people}\n";
    refused(&port, "user: crowd", people, "SF606");
    refused("1", "user: loader, password: sesame-opens", people, "SF603");
    refused(&port, "user: nobody, password: sesame-opens", people, "SF604");
}

#[test]
fn a_wrong_password_and_a_type_that_cannot_be_carried() {
    let server = Server::with(&[], |data| {
        std::fs::write(
            data.join("pg_hba.conf"),
            "host all postgres all trust\nhost all all all scram-sha-256\n",
        )
        .unwrap();
    });
    server.run(
        "create table shapes (id int, shape xid8[][]); create role loader login password 'sesame-opens'; grant select on shapes to loader",
    );
    let port = server.port.to_string();
    let shapes = "      - {name: shapes}\n";
    let wrong = project_with(&port, "user: loader, password: not-sesame", shapes);
    wrong.run(["load"]).exits(3).stderr_contains("error[SF604]").stderr_lacks("not-sesame");
}

#[test]
fn a_value_that_cannot_be_carried_and_rows_that_may_be_missed_are_told() {
    let server = Server::start();
    server.run(
        "create table people (id int, n numeric(10, 2)); insert into people values (1, 'NaN')",
    );
    let nan = project(&server, "      - {name: people}\n");
    nan.run(["load"]).fails_with("SF328").stderr_contains("`n`");
    let query = "      - {name: people, query: 'select id from people', load: {mode: append, cursor: id}}\n";
    project(&server, query)
        .run(["load"])
        .succeeds()
        .stderr_contains("warning[SF339]: rows that commit late");
}

#[test]
fn debug_tries_each_connection() {
    let server = Server::start();
    let project = project(&server, "      - {name: people}\n");
    let ran = project.run(["debug"]).succeeds();
    for line in ["connection crm", "PostgreSQL 15", "✓ reached", "✓ authenticated", "✓ may read"]
    {
        assert!(ran.stdout.contains(line), "{line}\n{}", ran.stdout);
    }
    project
        .run(["debug", "--list"])
        .succeeds()
        .stdout_contains("postgres 0.1.0")
        .stdout_contains("password");
    let wrong = project_with("x", "usr: postgres", "      - {name: people}\n");
    let ran = wrong
        .run(["load"])
        .exits(2)
        .stderr_contains("`port` is `x`, expected a number from 1 to 65535");
    ran.stderr_contains("a postgres connection has no `usr`").stderr_contains("profiles.yml:6:");
}

#[test]
fn columns_that_differ_only_in_case_are_refused() {
    let server = Server::start();
    server.run(
        "create table people (\"A\" text, a text); insert into people values ('first', 'second')",
    );
    let query = "      - {name: people, query: 'select 1 as \"A\", 2 as a'}\n";
    for tables in ["      - {name: people}\n", query] {
        let ran = project(&server, tables).run(["load"]).fails_with("SF328");
        ran.stderr_contains("columns `A` and `a` of").stderr_contains("differ only in case");
    }
    let one = "      - {name: people, load: {exclude_columns: a}}\n";
    let project = project(&server, one);
    project.run(["load"]).succeeds();
    assert_eq!(rows(&project), json!([["first"]]));
}
