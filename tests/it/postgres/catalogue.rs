//! One read of the catalogue for a run, and what a connection says of it.

use super::server::{Server, all, table};
use crate::project::Project;
use serde_json::{Value, json};
use sqlflow::connector::{Connector, Kind, Object, ReadRequest};

const LOGGED: &[&str] = &["log_statement=all", "log_line_prefix=[%a] "];

/// A project whose source `crm` loads `tables`; `more` are parameters of its connection.
fn project(server: &Server, more: &str, tables: &str) -> Project {
    let port = server.port;
    let profiles = format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: shop.duckdb, threads: 4}}\n  connections:\n    crm: {{type: postgres, host: 127.0.0.1, port: {port}, dbname: postgres, sslmode: disable, user: postgres{more}}}\n"
    );
    let yaml = format!(
        "sources:\n  - name: crm\n    connection: crm\n    schema: public\n    tables:\n{tables}"
    );
    Project::new().file("profiles.yml", &profiles).file("sources/crm.yml", &yaml)
}

/// Statements of ours that `needle` is in.
fn logged(server: &Server, needle: &str) -> usize {
    // Lines of one statement after its first begin with a tab.
    let log = server.log().replace("\n\t", " ");
    let own = log.lines().filter(|line| line.starts_with("[sqlflow]"));
    own.filter(|line| line.contains(needle)).count()
}

#[test]
fn two_hundred_tables_take_one_read_of_the_catalogue() {
    let server = Server::with(LOGGED, |_| ());
    server.run(
        "create type mood as enum ('sad', 'ok');
         create domain price as numeric(10,2) check (value >= 0);
         do $$ begin
             for i in 1..200 loop
                 execute format('create table t%s as select %s as id, 1.5::price as p, ''ok''::mood as m', i, i);
             end loop;
         end $$;
         create view v as select * from t1;",
    );
    let tables: String = (1..=200).map(|i| format!("      - {{name: t{i}}}\n")).collect();
    let project = project(&server, "", &(tables + "      - {name: v}\n"));
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select id, p, m from crm.t200"), json!([[200, "1.50", "ok"]]));
    assert_eq!(project.query("select * from crm.v"), json!([[1, "1.50", "ok"]]));
    assert_eq!(logged(&server, "pg_attribute"), 1, "one read tells of all columns");
    assert_eq!(logged(&server, "to stdout (format binary)"), 201);
    project.run(["load"]).succeeds();
    assert_eq!(logged(&server, "pg_attribute"), 2, "the next run looks again");
}

#[test]
fn what_changes_after_the_catalogue_was_read_is_told_or_read_as_it_is() {
    let server = Server::start();
    let tables =
        ["dropped", "retyped", "renamed", "lost", "grown", "remade", "twin", "narrowed", "same"];
    let objects: Vec<Object> = tables.iter().map(|name| table(name)).collect();
    for name in tables {
        server.run(&format!(
            "create table {name} (id int, v varchar(10)); insert into {name} values (1, 'x')"
        ));
    }
    let postgres = server.connector(&[]);
    postgres.foresee(&objects);
    assert_eq!(postgres.schema(&objects[0]).unwrap().len(), 2);
    server.run(
        "drop table dropped; alter table retyped alter id type text; alter table renamed rename v to w;
         alter table lost drop column v; alter table grown add column more int default 7;
         drop table remade; create table remade (v varchar(10), id bigint); drop table twin;
         create table twin (v varchar(10), x int, id int); insert into twin values ('y', 5, 2);
         alter table narrowed alter v type varchar(5);",
    );
    let read = |name: &str| super::server::read(&postgres, &all(table(name)));
    for (name, message) in [
        ("dropped", "relation \"public.dropped\" does not exist"),
        (
            "retyped",
            "`public.retyped` changed during this run: column `id` was integer and is varchar",
        ),
        ("renamed", "`public.renamed` changed during this run: column `v` is gone"),
        ("lost", "`public.lost` changed during this run: column `v` is gone"),
        (
            "remade",
            "`public.remade` changed during this run: column `id` was integer and is bigint",
        ),
    ] {
        // What was planned still stands.
        assert_eq!(postgres.schema(&table(name)).unwrap().len(), 2);
        let error = read(name).unwrap_err();
        assert_eq!(error.kind, Kind::NotFound, "{error}");
        assert!(error.message.contains(message), "{error}");
        assert!(error.help.is_some());
    }
    for (name, row) in [
        ("grown", ["1", "x"]),
        ("twin", ["2", "y"]),
        ("narrowed", ["1", "x"]),
        ("same", ["1", "x"]),
    ] {
        assert_eq!(read(name).unwrap(), [row], "{name}");
    }
    let columns = Some(vec!["id".to_owned()]);
    for name in ["lost", "renamed"] {
        let request = ReadRequest { columns: columns.clone(), ..all(table(name)) };
        assert_eq!(super::server::read(&postgres, &request).unwrap(), [["1"]], "{name}");
    }
}

#[test]
fn tables_that_are_wrong_do_not_hide_the_others() {
    let server = Server::start();
    server.run("create table good (id int); insert into good values (1); create table none ()");
    let tables = "      - {name: good}\n      - {name: godo}\n      - {name: none}\n      - {name: bad, query: select * from nothing}\n";
    let project = project(&server, "", tables);
    let ran = project.run(["load"]).fails();
    ran.stderr_contains("there is no table or view `public.godo`")
        .stderr_contains("did you mean `good`?")
        .stderr_contains("`public.none` has no columns")
        .stderr_contains("✓ load   crm.good");
    assert_eq!(project.query("select * from crm.good"), json!([[1]]));
}

#[test]
fn a_load_uses_as_many_connections_as_its_connection_says() {
    let server = Server::with(&["log_connections=on", "log_line_prefix=[%a] "], |_| ());
    server.run(
        "create table t as select i, repeat('x', 500) as pad from generate_series(1, 300000) i",
    );
    let opened = || {
        server
            .log()
            .matches(
                "connection authorized: user=postgres database=postgres application_name=sqlflow",
            )
            .count()
    };
    let mut before = 0;
    for (more, expected) in
        [("", 5), (", max_connections: 1", 2), (", max_connections: 6, batch_rows: 1000", 7)]
    {
        let project = project(&server, more, "      - {name: t}\n");
        project.run(["load"]).succeeds();
        assert_eq!(
            project.query("select count(*), sum(i)::bigint from crm.t"),
            json!([[300_000, 45_000_150_000_i64]])
        );
        let now = opened();
        // One more read the catalogue.
        assert_eq!(now - std::mem::replace(&mut before, now), expected, "{more}");
    }
}

#[test]
fn only_the_columns_that_are_loaded_are_asked_for() {
    let server = Server::with(LOGGED, |_| ());
    server.run(
        "create table people (id int primary key, \"Name\" text, secret text, shape xid8[][], at timestamp);
         create role reader login; grant select (id, \"Name\", at) on people to reader;
         insert into people values (1, 'Ann', 's', null, '2024-01-01'), (2, 'Bo', 's', null, '2024-01-02')",
    );
    let load = |load: &str| format!("      - {{name: people, load: {{{load}}}}}\n");
    let rows = |project: &Project| project.query("select * from crm.people order by id");
    let only = project(&server, "", &load("include_columns: [name, id]"));
    for _ in 0..2 {
        only.run(["load"]).succeeds();
        assert_eq!(rows(&only), json!([[1, "Ann"], [2, "Bo"]]));
    }
    let log = server.log().replace("\n\t", " ");
    let copy = log.lines().filter(|line| line.contains("copy (")).collect::<Vec<_>>().join("\n");
    assert!(
        copy.contains("\"Name\"") && !copy.contains("secret") && !copy.contains("shape"),
        "{copy}"
    );
    server.run("alter table people drop column secret; alter table people add column late int; alter table people alter shape type text");
    only.run(["load"]).succeeds();
    let except = project(
        &server,
        "",
        &load("mode: merge, key: id, cursor: at, exclude_columns: [shape, late]"),
    );
    except.run(["load"]).succeeds();
    server.run("insert into people values (3, 'Cy', null, '2024-01-03')");
    except.run(["load"]).succeeds();
    assert_eq!(
        except
            .query("select id, \"Name\", \"at\"::varchar from crm.people where id > 1 order by id"),
        json!([[2, "Bo", "2024-01-02 00:00:00"], [3, "Cy", "2024-01-03 00:00:00"]])
    );
    let wrong = project(&server, "", &load("exclude_columns: [shap]"));
    wrong
        .run(["load"])
        .fails_with("SF319")
        .stderr_contains("`exclude_columns` names column `shap`, which the source lacks")
        .stderr_contains("its columns are id, Name, shape, at, late")
        .stderr_contains("did you mean `shape`?");
}

#[test]
fn a_type_that_cannot_be_carried_is_no_matter_where_it_is_left_out() {
    let server = Server::start();
    server.run("create type pair as (a int, b int); create table people (id int); insert into people values (1)");
    let deep = "create type deep0 as (a int)";
    let deeper: String =
        (1..40).map(|i| format!("; create type deep{i} as (d deep{})", i - 1)).collect();
    server.run(&format!("{deep}{deeper}; alter table people add column deep deep39"));
    let tables = "      - {name: people}\n";
    let refused = project(&server, "", tables).run(["load"]).fails_with("SF328");
    refused.stderr_contains("column `deep` of `public.people`").stderr_contains("exclude_columns");
    let taken = project(&server, "", "      - {name: people, load: {exclude_columns: deep}}\n");
    taken.run(["load"]).succeeds();
    assert_eq!(taken.query("select * from crm.people"), json!([[1]]));
}

// covers: append × cursor_time_zone, merge × cursor_time_zone, scd2 × cursor_time_zone
#[test]
fn naive_cursors_are_of_the_time_zone_that_is_said() {
    let server = Server::start();
    server.run(
        "create table people (id int, at timestamp);
         insert into people values (1, (clock_timestamp() at time zone 'UTC') + interval '1 day')",
    );
    // What is recorded is not later than now, as a clock in that zone shows it.
    let recorded = |mode: &str, zone: &str| {
        let load = format!("mode: {mode}, cursor: at{zone}");
        let project =
            project(&server, "", &format!("      - {{name: people, load: {{{load}}}}}\n"));
        project.run(["load"]).succeeds();
        let ahead = "select round(date_diff('minute', now() at time zone 'UTC', cursor_value::timestamp) / 60) from _sqlflow.loads";
        project.query(ahead)[0][0].clone()
    };
    for mode in ["append", "merge, key: id", "scd2, key: id"] {
        assert_eq!(recorded(mode, ""), Value::from(0.0), "{mode}");
        assert_eq!(recorded(mode, ", cursor_time_zone: Asia/Tokyo"), Value::from(9.0), "{mode}");
        assert_eq!(recorded(mode, ", cursor_time_zone: Etc/GMT+5"), Value::from(-5.0), "{mode}");
    }
}
