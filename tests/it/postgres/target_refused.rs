//! PostgreSQL databases that a load cannot go into, and what is said about it.

use super::server::Server;
use super::target::{client, profiles, rows, shop, source};
use crate::project::Project;
use serde_json::json;
use std::sync::Arc;

/// The project as the role `loader` runs it.
fn as_loader(project: &Project) {
    let text = project.read("profiles.yml").replace("user: postgres", "user: loader");
    project.write("profiles.yml", &text);
}

// proves: T-6
#[test]
fn a_role_that_may_not_make_schemas_is_told_what_to_ask_for() {
    let server = Arc::new(Server::start());
    server.run("create role loader login");
    let project = shop(&server, "mode: replace");
    project.write("orders.csv", &rows(0..3, "a"));
    as_loader(&project);
    let ran = project.run(["load"]).exits(3).stderr_contains("role loader may not make schema raw");
    ran.stderr_contains("grant create on database shop");
    let mut superuser = client(&server, &project);
    superuser
        .batch_execute("create schema raw; grant usage, create on schema raw to loader")
        .unwrap();
    let ran = project.run(["load"]).exits(3).stderr_contains("the tables of schema _sqlflow");
    ran.stderr_contains("grant create on database");
    superuser
        .batch_execute("create schema _sqlflow; grant usage, create on schema _sqlflow to loader")
        .unwrap();
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select count(*) from raw.orders"), json!([[3]]));
}

// proves: T-6
#[test]
fn a_role_that_made_nothing_of_the_state_needs_to_read_and_write_it_only() {
    let server = Arc::new(Server::start());
    server.run("create role loader login");
    let project = shop(&server, "mode: merge, key: id");
    project.write("orders.csv", &rows(0..3, "a"));
    project.run(["load"]).succeeds();
    let grants = "grant usage on schema raw, _sqlflow to loader; grant create on schema raw to loader;
                  grant select, insert, update, delete on all tables in schema raw, _sqlflow to loader";
    client(&server, &project).batch_execute(grants).unwrap();
    as_loader(&project);
    project.write("orders.csv", &rows(1..5, "b"));
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select count(*) from raw.orders where v = 'b'"), json!([[4]]));
}

// proves: T-6
#[test]
fn a_table_of_another_role_is_not_replaced() {
    let server = Arc::new(Server::start());
    server.run("create role loader login");
    let project = shop(&server, "mode: replace");
    project.write("orders.csv", &rows(0..3, "a"));
    project.run(["load"]).succeeds();
    let grants = "grant usage, create on schema raw, _sqlflow to loader;
                  grant select, insert, update, delete on all tables in schema raw, _sqlflow to loader";
    client(&server, &project).batch_execute(grants).unwrap();
    as_loader(&project);
    project.write("orders.csv", &rows(0..5, "b"));
    let ran = project.run(["load"]).exits(3).stderr_contains("raw.orders belongs to role postgres");
    ran.stderr_contains("grant postgres to loader");
    assert_eq!(project.query("select count(*) from raw.orders"), json!([[3]]));
    assert_eq!(project.relations(), ["raw.orders"]);
}

// proves: T-6
#[test]
fn a_database_that_only_reads_is_told() {
    let server = Arc::new(Server::start());
    let project = shop(&server, "mode: replace");
    project.write("orders.csv", &rows(0..3, "a"));
    project.run(["load"]).succeeds();
    server.run("alter role postgres set default_transaction_read_only = on");
    let ran = project.run(["load"]).exits(3).stderr_contains("read-only");
    ran.stderr_contains("write to the primary");
}

// proves: T-6
#[test]
fn a_database_of_another_encoding_is_told() {
    let server = Arc::new(Server::start());
    let project = shop(&server, "mode: replace");
    project.write("orders.csv", &rows(0..3, "a"));
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = encoding.to_lowercase();
        server.run(&format!("create database {name} encoding '{encoding}' template template0"));
        project.write("profiles.yml", &profiles(server.port, &name, ""));
        let ran = project.run(["load"]).exits(3);
        ran.stderr_contains(&format!("has encoding {encoding}, expected UTF8"));
    }
}

// proves: T-6
#[test]
fn names_that_the_database_would_cut_are_errors() {
    let server = Arc::new(Server::start());
    let long = "n".repeat(64);
    let project = shop(&server, "mode: replace");
    project.write("orders.csv", &format!("id,{long}\n1,2\n"));
    let ran = project.run(["load"]).fails_with("SF304");
    ran.stderr_contains(&format!("column `{long}` has 64 bytes, but the database keeps 63"));
    project.write("sources/raw.yml", &source("orders", &format!("into: raw.{long}")));
    project.write("orders.csv", "id\n1\n");
    project
        .run(["load"])
        .fails_with("SF117")
        .stderr_contains(&format!("relation `{long}` has a name of 64 bytes"));
    let fits = "n".repeat(63);
    project.write(
        "sources/raw.yml",
        &source("orders", &format!("mode: merge, key: id, into: raw.{fits}")),
    );
    for _ in 0..2 {
        project.run(["load"]).succeeds();
    }
    assert_eq!(project.relations(), [format!("raw.{fits}")]);
}
