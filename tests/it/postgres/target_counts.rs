//! Rows that a PostgreSQL database does not take without saying so: no load believes it.

use super::server::Server;
use super::target::{client, rows, shop};
use serde_json::json;
use std::sync::Arc;

const SWALLOW: &str = "create or replace function public.nothing() returns trigger language plpgsql as
  'begin if coalesce(new.id, old.id) = 2 then return null; end if; return coalesce(new, old); end';";

/// A table `raw.orders` that a first load filled; `make` is done to it, and the next load fails with
/// `told`. The table and what is recorded of it stay.
fn is_refused(server: &Arc<Server>, load: &str, make: &str, told: &str) {
    let project = shop(server, load);
    project.write("orders.csv", "id,v\n1,a\n2,b\n");
    project.run(["load"]).succeeds();
    let mut client = client(server, &project);
    client.batch_execute(&format!("{SWALLOW}{make}")).unwrap();
    let look = "select string_agg(concat(o.id, o.v), ',' order by o.id, o.v), (select string_agg(row_count::text || run_id, ',') from _sqlflow.loads) from raw.orders as o";
    let before = project.query(look);
    project.write("orders.csv", "id,v\n1,z\n2,z\n3,z\n");
    // A file that changed is not appended again.
    if load.contains("append") && !load.contains("cursor") {
        project.write(
            "sources/raw.yml",
            &project.read("sources/raw.yml").replace("orders.csv", "more.csv"),
        );
        project.write("more.csv", "id,v\n2,z\n3,z\n");
    }
    let ran = project.run(["load"]).fails();
    ran.stderr_contains(told);
    assert_eq!(project.query(look), before, "{load}: {make}");
    assert_eq!(project.relations().iter().filter(|name| name.contains("made")).count(), 0);
}

const TRIGGER: &str = "create trigger swallowed before insert or update or delete on raw.orders for each row execute function nothing();";

// proves: T-7
#[test]
fn rows_that_a_trigger_keeps_are_missed() {
    let server = Arc::new(Server::start());
    let server = &server;
    is_refused(server, "mode: append", TRIGGER, "a statement wrote 1 rows, expected 2");
    is_refused(server, "mode: append, cursor: id", TRIGGER, "a statement wrote 1 rows, expected 2");
    is_refused(server, "mode: merge, key: id", TRIGGER, "a statement wrote 1 rows, expected 2");
    is_refused(
        server,
        "mode: replace",
        TRIGGER,
        "a trigger of raw.orders kept rows from being written",
    );
    is_refused(server, "mode: scd2, key: id", TRIGGER, "raw.orders");
    let inserts = TRIGGER.replace(" or update or delete", "");
    is_refused(
        server,
        "mode: scd2, key: id",
        &inserts,
        "a trigger of raw.orders kept rows from being written",
    );
}

// proves: T-7
#[test]
fn a_rule_that_does_something_else_is_named() {
    let server = Arc::new(Server::start());
    for load in ["mode: append", "mode: merge, key: id", "mode: replace", "mode: scd2, key: id"] {
        let rule = "create rule elsewhere as on insert to raw.orders do instead nothing;";
        is_refused(&server, load, rule, "rule elsewhere of raw.orders does something else");
    }
}

// proves: T-7
#[test]
fn rows_that_row_security_hides_are_not_taken_for_none() {
    let server = Arc::new(Server::start());
    server.run("create role loader login");
    for load in
        ["mode: append, cursor: id", "mode: merge, key: id", "mode: replace", "mode: scd2, key: id"]
    {
        let project = shop(&server, load);
        project.write("orders.csv", &rows(0..3, "a"));
        project.run(["load"]).succeeds();
        client(&server, &project)
            .batch_execute(
                "alter schema raw owner to loader; alter table raw.orders owner to loader;
                 grant usage, create on schema _sqlflow to loader;
                 grant select, insert, update, delete on all tables in schema _sqlflow to loader;
                 alter table raw.orders enable row level security; alter table raw.orders force row level security;
                 create policy few on raw.orders using (id > 1) with check (true)",
            )
            .unwrap();
        let text = project.read("profiles.yml").replace("user: postgres", "user: loader");
        project.write("profiles.yml", &text);
        project.write("orders.csv", &rows(0..5, "b"));
        project
            .run(["load"])
            .exits(3)
            .stderr_contains("row security hides rows of raw.orders from role loader");
        assert_eq!(project.query("select count(*) from raw.orders"), json!([[3]]), "{load}");
    }
}

// proves: T-2
#[test]
fn what_stands_on_a_table_of_versions_that_began_empty_stays() {
    let server = Arc::new(Server::start());
    let project = shop(&server, "mode: scd2, key: id");
    project.write("orders.csv", "id,v\n");
    project.run(["load"]).succeeds();
    let mut client = client(&server, &project);
    client
        .batch_execute(
            "create role analyst; grant select on raw.orders to analyst; comment on table raw.orders is 'mine';
             create index by_id on raw.orders (id)",
        )
        .unwrap();
    project.write("orders.csv", &rows(0..3, "a"));
    project.run(["load"]).succeeds();
    let look = "select has_table_privilege('analyst', 'raw.orders', 'select'), obj_description('raw.orders'::regclass, 'pg_class'),
        (select count(*) from pg_indexes where tablename = 'orders')";
    assert_eq!(project.query(look), json!([[true, "mine", 1]]));
    project.write("orders.csv", &rows(1..3, "b"));
    project.run(["load"]).succeeds();
    assert_eq!(project.query("select count(*) from raw.orders"), json!([[5]]));
    assert_eq!(project.relations(), ["raw.orders"]);
}
