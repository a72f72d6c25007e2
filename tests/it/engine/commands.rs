//! The commands on a project that is built in PostgreSQL.

use crate::postgres::server::Server;
use crate::project::Project;

/// A project that is built in `server`, whose output says `more`.
fn project(server: &Server, more: &str) -> Project {
    let port = server.port;
    let text = format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{type: postgres, host: 127.0.0.1, port: {port}, user: postgres, \
         dbname: postgres, schema: shop, threads: 2, sslmode: disable{more}}}\n  connections:\n    \
         crm: {{type: postgres, host: 127.0.0.1, port: {port}, dbname: postgres, user: postgres, sslmode: disable}}\n"
    );
    Project::new().file("profiles.yml", &text)
}

/// The same rows from both engines.
const ORDERS: &str = "select i as id, 'n ' || i % 3 as name, cast(i / 4.0 as decimal(10,2)) as amount, \
     cast(case when i % 5 > 0 then i end as double precision) as ratio, date '2024-02-28' + cast(i as integer) as day, \
     cast('2024-01-01 10:00:00.25' as timestamp) as at, i % 2 = 0 as is_even, \
     case when i % 4 = 0 then '' when i % 4 = 1 then 'é, \"q\"' end as note \
     from (select cast(g as bigint) as i from generate_series(1, 30) as s(g)) as numbers order by i";

const EXPORTS: &str = "exports:
  - {name: csv, from: ref('orders'), path: out/orders.csv}
  - {name: json, from: ref('orders'), path: out/orders.json.gz, options: {compression: gzip}}
  - {name: parquet, query: \"select id, name from {{ ref('orders') }} where id < 9 order by id\", path: out/orders.parquet}
  - {name: parts, from: ref('orders'), path: out/parts/, format: csv, options: {partition_by: [name], max_rows_per_file: 6}}
";

/// Every file that exports wrote, without ids of runs, and its bytes.
fn written(project: &Project) -> Vec<(String, Vec<u8>)> {
    let id = fancy_regex::Regex::new(r"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}").unwrap();
    let walk = walkdir::WalkDir::new(project.root().join("out")).sort_by_file_name().into_iter();
    let files = walk.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    let mut all: Vec<_> = files
        .filter(|entry| entry.file_name() != "_manifest.json")
        .map(|entry| {
            let path = entry.path().strip_prefix(project.root()).unwrap().to_string_lossy();
            (id.replace_all(&path, "RUN").into_owned(), std::fs::read(entry.path()).unwrap())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn the_same_export_writes_the_same_files_from_both_engines() {
    let server = Server::start();
    let with = |project: Project| {
        let config = "{{ config(materialized='table') }}";
        let project = project.model("orders", &format!("{config} {ORDERS}"));
        let project = project.file("models/exports.yml", EXPORTS);
        project.run(["build"]).succeeds().tallies("PASS=5 WARN=0 ERROR=0 SKIP=0");
        written(&project)
    };
    let (ours, theirs) = (with(Project::new()), with(project(&server, "")));
    let names = |files: &[(String, Vec<u8>)]| {
        files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&theirs), names(&ours));
    assert!(ours.len() > 7, "{:?}", names(&ours));
    for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        let shown = String::from_utf8_lossy(theirs);
        assert!(ours == theirs, "{name}:\n{shown}\nnot\n{}", String::from_utf8_lossy(ours));
    }
}

#[test]
fn an_export_that_fails_late_leaves_the_file_and_tells_the_line() {
    let server = Server::start();
    let sql = "select i, 10 / (5000 - i) as x from generate_series(1, 4000) as r(i)";
    let project = project(&server, "")
        .model("orders", sql)
        .file("models/e.yml", "exports: [{name: out, from: ref('orders'), path: out.csv}]");
    project.run(["build"]).succeeds();
    let before = project.read("out.csv");
    assert_eq!(before.lines().count(), 4001);
    project.write("models/orders.sql", &sql.replace("4000)", "9000)"));
    project.run(["build"]).fails_with("SF504").stderr_contains("division by zero");
    assert_eq!(project.read("out.csv"), before);
    project.write("models/orders.sql", "select 1 as i where false");
    project.run(["build"]).fails_with("SF305").stderr_contains("has no rows, but `out.csv` has");
    project.write(
        "models/e.yml",
        "exports: [{name: out, query: 'select nix from {{ ref(\"orders\") }}', path: out.csv}]",
    );
    project.run(["build"]).fails_with("SF502").stderr_contains("nix");
    assert_eq!(project.read("out.csv"), before);
}

#[test]
fn tables_go_to_another_database_with_their_types() {
    let server = Server::start();
    let sql = "select 1::smallint as s, 1.50::numeric(10,2) as n, '6f070184-381d-4671-af70-1618d9d73193'::uuid as u, \
         '{\"a\": 1}'::jsonb as j, array[1, null] as l, '\\x00ff'::bytea as b, interval '1 mon 2 days' as v, \
         '2024-01-01 00:00+02'::timestamptz as z, null::text as t";
    let project = project(&server, "").model("wide", sql).file(
        "models/e.yml",
        "exports: [{name: out, from: ref('wide'), connection: crm, table: public.theirs}]",
    );
    project.run(["build"]).succeeds();
    let mut client = server.client();
    let sql = "select string_agg(data_type::text, ' ' order by ordinal_position) from information_schema.columns \
         where table_schema = 'public' and table_name = 'theirs'";
    let types: String = client.query_one(sql, &[]).unwrap().get(0);
    let expected = "smallint numeric uuid jsonb ARRAY bytea interval timestamp with time zone text";
    assert_eq!(types, expected);
    let sql = "select (select one::text from theirs as one) = (select other::text from shop.wide as other)";
    assert!(client.query_one(sql, &[]).unwrap().get::<_, bool>(0));
}

#[test]
fn every_key_of_dbt_is_taken_and_no_other() {
    let server = Server::start();
    let all = ", pass: x, keepalives_idle: 0, connect_timeout: 10, retries: 1, search_path: public, role: postgres, \
         sslcert: c.pem, sslkey: k.pem, sslrootcert: r.pem, application_name: x, state_schema: kept, statement_timeout: 0";
    project(&server, all).run(["parse"]).succeeds();
    for (more, message) in [
        (", serch_path: x", "a postgres connection has no `serch_path`"),
        (", path: shop.duckdb", "a postgres connection has no `path`"),
        (", retries: often", "`retries` is `often`, expected a number from 0 to 100"),
        (", settings: {a: b}", "`settings` of target `dev` is no text or number"),
        (", extensions: [json]", "`extensions` of target `dev` is no text or number"),
    ] {
        project(&server, more).run(["parse"]).exits(2).stderr_contains(message);
    }
    let near = project(&server, ", serch_path: x");
    near.run(["parse"]).exits(2).stderr_contains("did you mean `search_path`?");
}

#[test]
fn the_server_and_what_may_be_made_there_is_told() {
    let server = Server::start();
    server.run("create role guest login");
    let ours = project(&server, "").run(["debug"]).succeeds();
    let port = server.port;
    ours.stdout_contains("postgres, schema shop of database postgres")
        .stdout_contains(&format!("server          127.0.0.1:{port}"))
        .stdout_contains("schemas         can be made by `postgres`");
    let guest = project(&server, ", role: guest");
    guest.run(["debug"]).succeeds().stdout_contains("`GRANT CREATE ON DATABASE postgres TO guest`");
}

#[test]
fn what_only_reads_changes_nothing() {
    let server = Server::start();
    let project = project(&server, "")
        .model("orders", "select 1 as id, 'é' as name")
        .file("analyses/a.sql", "select count(*) as many from {{ ref('orders') }}");
    project.run(["build"]).succeeds();
    project.run(["show", "orders", "--output", "csv"]).succeeds().stdout("id,name\n1,é\n");
    project.run(["show", "a", "--output", "json"]).succeeds().stdout("[{\"many\":1}]\n");
    let huge =
        "select 7 as i from generate_series(1, 9000) as r(i), generate_series(1, 9000) as s(j)";
    project
        .run(["show", "--inline", huge, "--limit", "2", "--output", "csv"])
        .succeeds()
        .stdout("i\n7\n7\n");
    let inline = "drop view shop.orders";
    project
        .run(["show", "--inline", inline])
        .exits(3)
        .stderr_contains("error[SF605]: postgres: cannot execute DROP VIEW");
    project.run(["show", "orders"]).succeeds();
    project.run(["compile", "--introspect"]).succeeds();
    project.run(["ls", "--output", "path"]).succeeds().stdout_contains("models/orders.sql");
    project.run(["plan"]).succeeds().stdout_contains("create or replace the view");
    project.run(["clean"]).succeeds();
}
