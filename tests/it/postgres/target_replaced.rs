//! Tables of PostgreSQL that a load replaces: what readers see meanwhile, and what stands on them.

use super::server::Server;
use super::target::{client, rows, shop};
use crate::crash::kills;
use crate::project::Project;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const ROWS: u32 = 300;

/// Replaces the rows again and again while readers look all the time.
fn is_whole_to_readers(load: &str, prepare: &str, batch: impl Fn(&str) -> String) {
    let server = Arc::new(Server::start());
    let project = shop(&server, load);
    project.write("orders.csv", &batch("first"));
    project.run(["load"]).succeeds();
    client(&server, &project).batch_execute(prepare).unwrap();
    let done = AtomicBool::new(false);
    let looks = std::thread::scope(|scope| {
        let simple = scope.spawn(|| looks(&server, &project, &done, "read committed"));
        let old = scope.spawn(|| looks(&server, &project, &done, "repeatable read"));
        let count = kills().map_or(4, |_| 50);
        for number in 0..count {
            project.write("orders.csv", &batch(&format!("v{number}")));
            project.run(["load", "--full-refresh"]).succeeds();
        }
        done.store(true, Ordering::SeqCst);
        [simple.join().unwrap(), old.join().unwrap()]
    });
    assert!(looks.iter().all(|count| *count > 4), "{looks:?}");
    assert_eq!(project.relations().iter().filter(|name| name.contains("__sqlflow")).count(), 0);
}

/// Looks at the table until `done`, each time in a transaction whose snapshot is older than the look;
/// answers how often.
fn looks(server: &Server, project: &Project, done: &AtomicBool, isolation: &str) -> u32 {
    let mut client = client(server, project);
    let sql = "select count(*), count(distinct v), min(v) from raw.orders";
    let mut count = 0;
    while !done.load(Ordering::SeqCst) {
        client.batch_execute(&format!("begin isolation level {isolation}; select 1")).unwrap();
        let mut seen = Vec::new();
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(40));
            let row = client.query_one(sql, &[]).unwrap();
            let (rows, values): (i64, i64) = (row.get(0), row.get(1));
            assert_eq!((rows, values), (i64::from(ROWS), 1), "{isolation}, look {count}");
            seen.push(row.get::<_, String>(2));
        }
        assert!(isolation == "read committed" || seen[0] == seen[1], "{seen:?}");
        client.batch_execute("commit").unwrap();
        count += 1;
    }
    count
}

// proves: T-1
#[test]
fn readers_see_the_old_rows_or_the_new_ones() {
    is_whole_to_readers("mode: replace", "", |value| rows(0..ROWS, value));
}

// proves: T-1
#[test]
fn readers_see_the_old_rows_or_the_new_ones_where_a_view_reads_the_table() {
    let view = "create view raw.some as select id from raw.orders";
    is_whole_to_readers("mode: replace", view, |value| rows(0..ROWS, value));
}

/// Rows that were taken out of the stage are none of the new ones.
// proves: T-1
#[test]
fn readers_see_no_row_that_was_taken_out() {
    is_whole_to_readers("mode: merge, key: id, dedup_by: v", "", |value| {
        rows(0..ROWS, value) + &rows(0..9, &format!("z{value}")).replace("id,v\n", "")
    });
}

const STANDING: &str = "
create role reader; create role writer; create role owner; grant owner to postgres;
grant usage on schema raw to owner; grant create on schema raw to owner;
grant select on raw.orders to reader;
grant insert, update on raw.orders to writer with grant option;
grant update (v) on raw.orders to reader;
comment on table raw.orders is 'all of them';
comment on column raw.orders.id is 'its number';
create unique index by_id on raw.orders (id);
create index by_v on raw.orders (lower(v)) where id > 3;
alter table raw.orders add constraint small check (id < 1000);
alter table raw.orders owner to owner;";

/// What stands on the table, as text.
fn standing(server: &Server, project: &Project) -> Vec<String> {
    let mut client = client(server, project);
    let sql = "
      select relacl::text || ' ' || pg_get_userbyid(relowner) from pg_class where oid = 'raw.orders'::regclass
      union all select attname || attacl::text from pg_attribute where attrelid = 'raw.orders'::regclass and attacl is not null
      union all select indexdef from pg_indexes where schemaname = 'raw'
      union all select objsubid || description from pg_description where objoid = 'raw.orders'::regclass
      union all select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'raw.orders'::regclass
      order by 1";
    client.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

// proves: T-2
#[test]
fn what_stands_on_a_table_stays() {
    let server = Arc::new(Server::start());
    for view in
        ["", "create view raw.some as select v from raw.orders; grant select on raw.some to reader"]
    {
        let project = shop(&server, "mode: replace");
        project.write("orders.csv", &rows(0..9, "a"));
        project.run(["load"]).succeeds();
        let roles = "drop role if exists reader, writer, owner;";
        let mut client = client(&server, &project);
        if view.is_empty() {
            client.batch_execute(&format!("{roles}{STANDING}")).unwrap();
        } else {
            let standing: Vec<&str> =
                STANDING.lines().filter(|l| !l.starts_with("create role")).collect();
            client.batch_execute(&format!("{}{view}", standing.join("\n"))).unwrap();
        }
        let before = standing(&server, &project);
        assert_eq!(before.len(), 7, "{before:?}");
        project.write("orders.csv", &rows(3..12, "b"));
        project.run(["load"]).succeeds();
        assert_eq!(standing(&server, &project), before);
        let held = "select min(id), max(id), min(v) from raw.orders";
        assert_eq!(project.query(held), json!([[3, 11, "b"]]));
        if !view.is_empty() {
            assert_eq!(project.query("select count(*) from raw.some"), json!([[9]]));
        }
        project.write("orders.csv", "id,v\n5000,b\n");
        project.run(["load"]).fails().stderr_contains("small");
        assert_eq!(project.query(held), json!([[3, 11, "b"]]));
    }
}

// proves: T-2
#[test]
fn a_table_that_others_refer_to_keeps_the_rows_that_stay() {
    let server = Arc::new(Server::start());
    let project = shop(&server, "mode: replace");
    project.write("orders.csv", &rows(0..9, "a"));
    project.run(["load"]).succeeds();
    client(&server, &project)
        .batch_execute(
            "alter table raw.orders add primary key (id);
             create table public.lines (id bigint references raw.orders (id)); insert into lines values (7)",
        )
        .unwrap();
    project.write("orders.csv", &rows(5..12, "b"));
    project.run(["load"]).succeeds();
    let held =
        "select min(id), max(id), min(v), (select count(*) from public.lines) from raw.orders";
    assert_eq!(project.query(held), json!([[5, 11, "b", 1]]));
    project.write("orders.csv", &rows(8..12, "c"));
    project.run(["load"]).fails().stderr_contains("lines");
    assert_eq!(project.query(held), json!([[5, 11, "b", 1]]));
    assert_eq!(project.relations(), ["public.lines", "raw.orders"]);
}

// proves: T-2
#[test]
fn a_view_of_others_stops_a_load_that_would_change_its_columns() {
    let server = Arc::new(Server::start());
    let project = shop(&server, "mode: replace");
    project.write("orders.csv", "id,v\n1,a\n");
    project.run(["load"]).succeeds();
    client(&server, &project)
        .batch_execute("create view raw.mine as select v from raw.orders")
        .unwrap();
    project.write("orders.csv", "id,w\n1,a\n");
    project.remove("schemas");
    project
        .run(["load", "--full-refresh"])
        .fails()
        .stderr_contains("view raw.mine reads raw.orders");
    assert_eq!(project.query("select * from raw.orders"), json!([[1, "a"]]));
    assert_eq!(project.relations(), ["raw.mine", "raw.orders"]);
}

// proves: L-18
#[test]
fn a_view_is_no_target() {
    let server = Arc::new(Server::start());
    for view in ["view", "materialized view"] {
        for load in [
            "mode: replace",
            "mode: append, cursor: id",
            "mode: merge, key: id",
            "mode: scd2, key: id",
        ] {
            let project = shop(&server, &format!("{load}, adopt: true"));
            project.write("orders.csv", &rows(0..9, "a"));
            client(&server, &project)
                .batch_execute(&format!(
                    "create schema raw; create {view} raw.orders as select 1 as id"
                ))
                .unwrap();
            project.run(["load"]).fails().stderr_contains("is a view, expected a table");
        }
    }
}
