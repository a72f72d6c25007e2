//! Sources in servers: PostgreSQL and S3.

use super::{json, schema, words};
use crate::postgres::server::Server as Postgres;
use crate::project::Project;
use crate::s3::server::{KEY, SECRET, Server as Store};
use serde_json::json;
use snapbox::str;

const LOGGED: &[&str] = &["log_statement=all", "log_connections=on", "log_line_prefix=[%a] "];

fn project(port: u16, endpoint: &str, tables: &str) -> Project {
    let profiles = format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: shop.duckdb}}\n  connections:\n    crm: {{type: postgres, host: 127.0.0.1, port: {port}, dbname: postgres, sslmode: disable, user: postgres, password: hush-hush, retries: 0}}\n    lake: {{type: s3, bucket: shop, region: us-east-1, endpoint: '{endpoint}', access_key_id: {KEY}, secret_access_key: {SECRET}}}\n"
    );
    Project::new()
        .file("profiles.yml", &profiles)
        .file("sources/all.yml", &format!("sources:\n{tables}"))
}

fn crm(tables: &str) -> String {
    format!("  - name: crm\n    connection: crm\n    schema: public\n    tables:\n{tables}")
}

/// Statements that the server was given by us, and connections that were made.
fn asked(server: &Postgres) -> (usize, usize) {
    let log = server.log().replace("\n\t", " ");
    let own = || log.lines().filter(|line| line.starts_with("[sqlflow]"));
    let statements = own().filter(|line| line.contains("pg_attribute"));
    let connections = log.lines().filter(|line| {
        line.contains("connection authorized") && line.contains("application_name=sqlflow")
    });
    (statements.count(), connections.count())
}

#[test]
fn two_hundred_tables_are_compared_by_one_read_of_the_catalogue() {
    let server = Postgres::with(LOGGED, |_| ());
    server.run(
        "do $$ begin
             for i in 1..200 loop
                 execute format('create table t%s (id int primary key, name text, total numeric(10,2))', i);
             end loop;
         end $$;",
    );
    let tables: String = (1..=200).map(|i| format!("      - {{name: t{i}}}\n")).collect();
    let project = project(server.port, "http://127.0.0.1:1", &crm(&tables));
    schema(&project, ["accept", "--all"]).succeeds();
    let before = asked(&server);
    assert!(before.0 <= 2 && before.1 <= 2, "{before:?}");
    server.run("alter table t7 add column note text; alter table t200 drop column name");
    let ran = schema(&project, ["compare", "--all", "--output", "json"]).exits(1);
    let after = asked(&server);
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 1), "one look for all tables");
    let drifted = words(&ran, "status").into_iter().filter(|word| word.ends_with(" drifted"));
    assert_eq!(drifted.collect::<Vec<_>>(), ["crm.t200 drifted", "crm.t7 drifted"]);
    ran.stderr_is("200 tables: 2 drifted, 198 as accepted\n");
}

#[test]
fn a_table_of_a_server_is_compared_by_its_catalogue_and_a_query_by_its_description() {
    let server = Postgres::start();
    server.run("create table people (id int primary key, name varchar(10), born date)");
    let tables =
        "      - {name: people}\n      - {name: names, query: 'select id, name from people'}\n";
    let project = project(server.port, "http://127.0.0.1:1", &crm(tables));
    project.run(["load"]).succeeds();
    schema(&project, ["compare", "--all"]).succeeds();
    server.run(
        "alter table people alter id type bigint; alter table people alter born set not null;
         alter table people rename name to called; alter table people add column mood text",
    );
    let ran = schema(&project, ["compare", "--all"]).exits(1).stdout(str![[r#"
✗ crm.names   cannot be compared
    ✗ source `crm.names` breaks at sources/all.yml:7:30: PostgreSQL says: column "name" does not exist [42703]
~ crm.people  drifted from version 1 · on_drift: alert
    ~ id      integer -> bigint (holds every value)  stops the load
    - name    varchar                                stops the load
    + called  varchar                                stops the load
    ~ born    nullable -> not null                   stops the load
    + mood    varchar                                stops the load
    ? called is perhaps name under a new name
    breaks nothing
    if that is right: sqlflow schema accept crm.people

"#]]);
    ran.stderr_contains("2 tables: 1 drifted").stderr_lacks("hush");
    server.run("alter table people rename called to name");
    schema(&project, ["accept", "crm", "--message", "wider keys"]).succeeds().stdout(str![[r#"
✓ crm.names   version 1 -> 2
    ~ id: integer -> bigint
✓ crm.people  version 1 -> 2
    + mood varchar
    ~ id: integer -> bigint
    ~ born: nullable -> not null

"#]]);
    schema(&project, ["compare", "--all"]).succeeds();
}

#[test]
fn a_server_that_is_not_reached_is_said_once_and_the_others_are_compared() {
    let (server, store) = (Postgres::start(), Store::start());
    server.run("create table a (id int); create table b (id int)");
    store.object("in/orders.csv", "id,total\n1,2\n");
    let tables = crm("      - {name: a}\n      - {name: b}\n")
        + "  - name: raw\n    connection: lake\n    tables: [{name: orders, path: in/*.csv}]\n";
    let project = project(server.port, &store.endpoint(), &tables);
    schema(&project, ["accept", "--all"]).succeeds();
    store.object("in/orders.csv", "id,total,paid\n1,2,true\n");
    schema(&project, ["compare", "raw"]).exits(1);
    server.stop();
    let ran = schema(&project, ["compare", "--all"]).exits(3).stdout(str![[r#"
✗ crm.a       cannot be reached
✗ crm.b       cannot be reached
~ raw.orders  drifted from version 1 · on_drift: alert
      id     bigint
      total  bigint
    + paid   boolean  stops the load
    breaks nothing
    if that is right: sqlflow schema accept raw.orders

"#]]);
    let ran = ran.stderr_lacks("hush").stderr_contains("so it is for 2 tables: crm.a, crm.b");
    assert_eq!(ran.stderr.matches("error[").count(), 1, "{ran}");
    let ran = schema(&project, ["compare", "--all", "--output", "json"]).exits(3);
    assert_eq!(
        words(&ran, "status"),
        ["crm.a unreachable", "crm.b unreachable", "raw.orders drifted"]
    );
    let ran = schema(&project, ["accept", "--all"]).exits(3);
    ran.stdout_contains("✓ raw.orders  version 1 -> 2")
        .stdout_contains("✗ crm.a       not accepted");
    schema(&project, ["compare", "raw"]).succeeds();
}

#[test]
fn a_table_that_was_dropped_has_vanished() {
    let server = Postgres::start();
    server.run("create table a (id int); create table b (id int)");
    let project =
        project(server.port, "http://127.0.0.1:1", &crm("      - {name: a}\n      - {name: b}\n"));
    schema(&project, ["accept", "--all"]).succeeds();
    server.run("drop table a");
    let ran = schema(&project, ["compare", "--all", "--output", "json"]).exits(1);
    assert_eq!(words(&ran, "status"), ["crm.a vanished", "crm.b same"]);
    let before = project.files("schemas");
    schema(&project, ["accept", "--all"]).fails_with("SF327");
    assert_eq!(project.files("schemas"), before);
}

#[test]
fn objects_of_a_store_are_compared() {
    let store = Store::start();
    store.object("in/orders.csv", "id,total\n1,2\n");
    let tables =
        "  - name: raw\n    connection: lake\n    tables: [{name: orders, path: in/*.csv}]\n";
    let project = project(1, &store.endpoint(), tables);
    project.run(["load"]).succeeds();
    schema(&project, ["compare", "--all"]).succeeds();
    store.object("in/orders.csv", "id,total\n1,x\n");
    schema(&project, ["compare", "--all"]).exits(1).stdout(str![[r#"
~ raw.orders  drifted from version 1 · on_drift: alert
      id     bigint
    ~ total  bigint -> varchar  stops the load
        line 2 of s3://shop/in/orders.csv has `x`
    breaks nothing
    if that is right: sqlflow schema accept raw.orders

"#]]);
    let ran = schema(&project, ["compare", "--all", "--output", "json"]).exits(1);
    let change = &json(&ran)["tables"][0]["changes"][0];
    assert_eq!(change["kind"], "retyped");
    assert_eq!(change["sign"], json!({"file": "s3://shop/in/orders.csv", "line": 2, "text": "x"}));
    schema(&project, ["accept", "--all"]).succeeds();
    schema(&project, ["compare", "--all"]).succeeds();
}
