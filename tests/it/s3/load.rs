//! Loads from S3 by the command line.

use super::server::{KEY, SECRET, Server};
use crate::project::Project;
use serde_json::json;

fn project(server: &Server, parameters: &str, tables: &str) -> Project {
    let profiles = format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: shop.duckdb}}\n  connections:\n    lake: {{type: s3, bucket: shop, region: us-east-1, endpoint: '{}', {parameters}}}\n",
        server.endpoint()
    );
    let yaml = format!("sources:\n  - name: raw\n    connection: lake\n    tables:\n{tables}");
    Project::new().file("profiles.yml", &profiles).file("sources/raw.yml", &yaml)
}

fn keys() -> String {
    format!("access_key_id: {KEY}, secret_access_key: {SECRET}")
}

#[test]
fn objects_are_loaded_as_files_are() {
    let server = Server::start();
    server.object("in/day=1/a.csv", "id,v\n1,a\n").object("in/day=2/b.csv", "id,v\n2,b\n");
    let tables = "      - {name: orders, path: 'in/*/*.csv', load: {mode: append}}\n";
    let project = project(&server, &keys(), tables);
    project.run(["load"]).succeeds();
    let rows = "select id, v, day from raw.orders order by id";
    assert_eq!(project.query(rows), json!([[1, "a", "1"], [2, "b", "2"]]));
    server.object("in/day=3/c.csv", "id,v\n3,c\n");
    project.run(["load"]).succeeds().stderr_contains("1 row ");
    assert_eq!(project.query("select count(*) from raw.orders"), json!([[3]]));
    let known = project.query("select uri, etag <> '' from _sqlflow.files order by uri");
    assert_eq!(known[0], json!(["s3://shop/in/day=1/a.csv", true]));
    server.object("in/day=1/a.csv", "id,v\n1,z\n");
    project.run(["load"]).fails_with("SF316").stderr_contains("s3://shop/in/day=1/a.csv");
    assert!(project.files("target/scratch").is_empty());
    project.run(["debug"]).succeeds().stdout_contains("connection lake");
}

#[test]
fn what_a_store_refuses_is_told_and_keys_are_not() {
    let server = Server::start();
    let tables = "      - {name: orders, path: none.csv}\n";
    let wrong = "access_key_id: nobody, secret_access_key: not-the-secret";
    let ran = project(&server, wrong, tables).run(["load"]).exits(3);
    ran.stderr_contains("error[SF604]").stderr_lacks("not-the-secret");
    let missing = project(&server, &keys(), tables).run(["load"]).fails();
    missing.stderr_contains("none.csv").stderr_lacks(SECRET);
}
