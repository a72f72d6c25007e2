//! Loads from S3 by the command line.

use super::faults::Fault;
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
    let missing = missing.stderr_contains("none.csv").stderr_lacks(SECRET);
    missing.stderr_contains("relative paths start at `s3://shop/`");
    let prefix = format!("prefix: in/, {}", keys());
    let missing = project(&server, &prefix, &tables.replace("none", "/*")).run(["load"]).fails();
    missing.stderr_contains("relative paths start at `s3://shop/in/`");
    let whole = tables.replace("none.csv", "'s3://shop/none.csv'");
    let missing = project(&server, &keys(), &whole).run(["load"]).fails();
    missing.stderr_contains("s3://shop/none.csv").stderr_lacks("relative paths");
}

#[test]
fn a_password_in_an_endpoint_is_refused_and_not_shown() {
    let server = Server::start();
    let tables = "      - {name: orders, path: none.csv}\n";
    let project = project(&server, &keys(), tables);
    let profiles = project.read("profiles.yml");
    let message = "`endpoint` is not an address without user and password";
    for address in ["http://user:hush-hush@", "user:hush-hush@"] {
        project.write("profiles.yml", &profiles.replace("http://", address));
        for words in [&["parse"][..], &["load"], &["debug"], &["ls", "--output", "json"]] {
            let output = project.command(words).output().unwrap();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(said.contains(message) && !said.contains("hush"), "{words:?}: {said}");
        }
    }
    project.write("profiles.yml", &profiles.replace("http://", "ftp://"));
    project
        .run(["parse"])
        .exits(2)
        .stderr_contains("error[SF105]")
        .stderr_contains("expected an address of http://");
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

#[test]
fn a_load_that_gives_up_says_how_often_it_tried() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n");
    let project = project(&server, &keys(), "      - {name: orders, path: a.csv}\n");
    *server.faults.next.lock().unwrap() = vec![Fault::SlowDown; 9];
    let ran = project.run(["load"]).exits(3).stderr_contains("the store is overloaded");
    ran.stderr_contains("tried again 8 times");
}

#[test]
fn paths_that_are_no_keys_are_refused_before_anything_is_asked() {
    let server = Server::start();
    for (path, message) in [
        ("../a.csv", "`../a.csv` leads up by `..`"),
        ("s3://shop/a/../../b.csv", "leads up by `..`"),
        ("http://x/y.csv", "`http://x/y.csv` is an address of `http`, and not of this store"),
        ("'s3://'", "`s3://` names no bucket"),
    ] {
        let tables = format!("      - {{name: orders, path: {path}, format: csv}}\n");
        let project = project(&server, &keys(), &tables);
        let ran = project.run(["parse"]).exits(2).stderr_contains("error[SF105]");
        ran.stderr_contains(message).stderr_contains("sources/raw.yml:5:");
    }
    let export = |path: &str| {
        let yaml = format!(
            "exports:\n  - {{name: out, query: select 1 as id, connection: lake, path: {path}, format: csv}}\n"
        );
        project(&server, &keys(), "      - {name: orders, path: a.csv}\n")
            .file("models/exports.yml", &yaml)
    };
    for path in ["../a.csv", "a/../../b/", "http://x/y.csv", "'s3:///y.csv'"] {
        export(path).run(["parse"]).exits(2).stderr_contains("error[SF329]");
    }
    for path in ["a..b/c.csv", "s3://shop/a/b.csv", "s3://shop/"] {
        export(path).run(["parse"]).succeeds();
    }
}

#[test]
fn what_is_wrong_with_a_connection_is_told_once() {
    let server = Server::start();
    let tables = "      - {name: a, path: a.csv}\n      - {name: b, path: b.csv}\n";
    let exports =
        "exports:\n  - {name: out, query: select 1 as id, connection: lake, path: x.csv}\n";
    for more in ["buket: x", "region: \"{{ env_var('NOWHERE') }}\""] {
        let project = project(&server, more, tables).file("models/exports.yml", exports);
        let ran = project.run(["parse"]).exits(2);
        assert_eq!(ran.stderr.matches("error[").count(), 1, "{more}: {ran}");
    }
}
