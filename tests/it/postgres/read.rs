//! Several connections, one snapshot.

use super::server::{Server, all, read, rows, table};
use sqlflow::connector::{Connector, Filter, Object, ReadRequest};
use sqlflow::mode::load::Lag;
use std::sync::atomic::{AtomicBool, Ordering};

fn sorted(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.sort();
    rows
}

#[test]
fn several_connections_read_what_one_reads_while_others_write() {
    let server = Server::start();
    server.run(
        "create table t (id int primary key, a int, pad text);
         insert into t select i, 0, repeat('x', 100) from generate_series(1, 150000) i;",
    );
    let postgres = server.connector(&[]);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = server.client();
            let mut next = 150_001;
            while !stop.load(Ordering::SeqCst) {
                // Every state that commits has the same sum, and as many rows as it says.
                client
                    .batch_execute(&format!(
                        "begin; update t set a = a + 1 where id % 1000 = {next} % 1000;
                         update t set a = a - 1 where id % 1000 = ({next} + 1) % 1000;
                         delete from t where id = {next} - 150000; insert into t values ({next}, 0, '');
                         commit"
                    ))
                    .unwrap();
                next += 1;
            }
        });
        for connections in [1, 2, 3, 4, 2, 3] {
            let request = ReadRequest { connections, ..all(table("t")) };
            let found = read(&postgres, &request).unwrap();
            let ids: std::collections::BTreeSet<i32> =
                found.iter().map(|row| row[0].parse().unwrap()).collect();
            assert_eq!((found.len(), ids.len()), (150_000, 150_000));
            assert_eq!(ids.last().unwrap() - ids.first().unwrap(), 149_999);
        }
        stop.store(true, Ordering::SeqCst);
    });
    let one = read(&postgres, &all(table("t"))).unwrap();
    let four = read(&postgres, &ReadRequest { connections: 4, ..all(table("t")) }).unwrap();
    assert_eq!(sorted(one), sorted(four));
}

#[test]
fn a_table_that_is_truncated_meanwhile_is_read_whole_or_empty() {
    let server = Server::start();
    server.run("create table t (id int, pad text)");
    let fill = "insert into t select i, repeat('x', 500) from generate_series(1, 30000) i";
    let postgres = server.connector(&[]);
    for round in 0..6 {
        server.run(fill);
        let request = ReadRequest {
            connections: 1 + round % 3,
            object: match round % 2 {
                0 => table("t"),
                _ => Object::Query("select * from t".to_owned()),
            },
            partition_on: (round == 5).then(|| "id".to_owned()),
            ..all(table("t"))
        };
        let mut batches = postgres.read(&request).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| server.run("truncate t"));
            assert_eq!(rows(batches.as_mut()).unwrap().len(), 30_000);
            drop(batches);
        });
    }
}

#[test]
fn ranges_of_a_column_hold_all_rows_and_those_without_a_value() {
    let server = Server::start();
    server.run(
        "create table t as select
             nullif(i % 50, 0) as i, (i * 0.5)::numeric(9,2) as n, date '2024-01-01' + i % 700 as d,
             timestamptz '2024-01-01' + i * interval '1 minute' as ts, i::text as txt
         from generate_series(1, 20000) as i;
         insert into t (d, ts) values ('infinity', '-infinity');
         create view v as select * from t;
         create view none as select * from t where false;",
    );
    let postgres = server.connector(&[]);
    let whole = sorted(read(&postgres, &all(table("t"))).unwrap());
    assert_eq!(whole.len(), 20_001);
    for column in ["i", "n", "d", "ts"] {
        let request = ReadRequest {
            connections: 3,
            partition_on: Some(column.to_owned()),
            ..all(table("v"))
        };
        assert!(sorted(read(&postgres, &request).unwrap()) == whole, "{column}");
        let query =
            ReadRequest { object: Object::Query("select * from v".to_owned()), ..request.clone() };
        assert!(sorted(read(&postgres, &query).unwrap()) == whole, "{column}");
        let none = ReadRequest { object: table("none"), ..request };
        assert!(read(&postgres, &none).unwrap().is_empty());
    }
    let request =
        ReadRequest { connections: 3, partition_on: Some("txt".to_owned()), ..all(table("v")) };
    let error = postgres.read(&request).err().unwrap();
    assert_eq!(
        error.message,
        "`partition_on: txt` is of type `varchar`, expected a number, a date or a timestamp"
    );
}

#[test]
fn a_cursor_is_compared_by_the_server() {
    let server = Server::start();
    server.run(
        "create table t (id int, at timestamp);
         insert into t values (1, '2024-01-01 10:00'), (2, '2024-01-01 11:00'), (3, null), (4, '2024-01-01 12:00')",
    );
    let postgres = server.connector(&[]);
    let ids = |column: &str, since: &str, lag, skips_null| {
        let filter = Filter { column: column.to_owned(), since: since.to_owned(), lag, skips_null };
        let request = ReadRequest {
            filter: Some(filter),
            columns: Some(vec!["id".to_owned()]),
            ..all(table("t"))
        };
        read(&postgres, &request).unwrap().concat().join(" ")
    };
    assert_eq!(ids("at", "2024-01-01 11:00:00", None, true), "2 4");
    assert_eq!(ids("at", "2024-01-01 11:00:00", None, false), "2 3 4");
    assert_eq!(ids("at", "2024-01-01 12:00:00", Some(Lag::Minutes(60)), true), "2 4");
    assert_eq!(ids("ID", "3", None, true), "3 4");
    assert_eq!(ids("id", "4", Some(Lag::Units(2)), true), "2 3 4");
}

#[test]
fn a_read_that_nobody_wants_ends_at_once_on_the_server_too() {
    let server = Server::start();
    server.run(
        "create table t as select i, repeat('x', 900) as pad from generate_series(1, 60000) i",
    );
    let postgres = server.connector(&[]);
    let sleeper = Object::Query("select 1 as one, pg_sleep(3600)::text as two".to_owned());
    let slow = postgres.read(&all(sleeper)).unwrap();
    let mut fast = postgres.read(&ReadRequest { connections: 3, ..all(table("t")) }).unwrap();
    fast.next().unwrap().unwrap();
    drop(fast);
    drop(slow);
    let mut client = server.client();
    let left = "select count(*) from pg_stat_activity where application_name = 'sqlflow'";
    // The server notices a closed connection by itself, a moment later.
    while client.query_one(left, &[]).unwrap().get::<_, i64>(0) > 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
