//! Loads from S3 by the command line.

use super::server::{KEY, SECRET, Server};
use crate::project::Project;
use serde_json::json;
use std::sync::atomic::Ordering;

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

#[test]
fn of_parquet_only_the_columns_that_are_loaded_are_fetched() {
    let server = Server::start();
    let path = server.bucket("shop").join("wide.parquet");
    let columns: String = (0..20).map(|i| format!(", md5((i + {i})::varchar) as t{i}")).collect();
    let sql =
        format!("copy (select i as id{columns} from range(40000) r(i)) to '{}'", path.display());
    crate::corpus::session().execute(&sql).unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    let load = |load: &str| {
        let tables = format!("      - {{name: orders, path: 'wide.parquet', load: {{{load}}}}}\n");
        let project = project(&server, &keys(), &tables);
        let before = server.faults.served.load(Ordering::Relaxed);
        project.run(["load"]).succeeds();
        let sum = "select count(*), sum(id)::bigint from raw.orders";
        assert_eq!(project.query(sum), json!([[40_000, 799_980_000]]));
        server.faults.served.load(Ordering::Relaxed) - before
    };
    let (all, some) = (load("mode: replace"), load("include_columns: [t3, id]"));
    assert!(size > 10 << 20 && all >= size, "{all} of {size}");
    assert!(some * 5 < size, "{some} of {size}");
}
