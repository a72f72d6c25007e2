//! Rows that commit late are read by a later run.

use super::server::{Server, all, rows, table};
use sqlflow::connector::postgres::Postgres;
use sqlflow::connector::{Connector as _, Incremental, Mark};
use sqlflow::connector::{Filter, ReadRequest};
use std::collections::BTreeMap;

/// What a load keeps from run to run: the greatest cursor, the mark, and the rows by key.
#[derive(Default)]
struct Load {
    recorded: Option<String>,
    mark: Option<Mark>,
    kept: BTreeMap<String, String>,
}

impl Load {
    fn run(&mut self, postgres: &Postgres, server: &Server, cursor: &str, cast: &str) {
        let filter = self.recorded.clone().map(|since| Filter {
            column: cursor.to_owned(),
            since,
            lag: None,
            skips_null: false,
        });
        let request = ReadRequest {
            columns: Some(vec!["id".to_owned(), cursor.to_owned()]),
            filter,
            connections: 2,
            ..all(table("t"))
        };
        let incremental =
            Incremental { cursor: cursor.to_owned(), recorded: self.mark.clone(), time_zone: None };
        let (mut batches, mark) = postgres.read_with(&request, &incremental).unwrap();
        assert_eq!(mark.warning, None);
        for row in rows(batches.as_mut()).unwrap() {
            self.kept.insert(row[0].clone(), row[1].clone());
        }
        // What is recorded is the greatest cursor that was read, but not beyond the ceiling.
        let values: Vec<String> = self.kept.values().cloned().collect();
        let sql = match cast {
            "timestamptz" => format!(
                "select least(max('epoch'::timestamptz + v::bigint * interval '1 microsecond'), $1::text::timestamptz)::text
                 from unnest($2::text[]) v"
            ),
            _ => "select coalesce(max(v::bigint), 0)::text from unnest($2::text[]) v where $1::text is null".to_owned(),
        };
        let mut client = server.client();
        self.recorded = client.query_one(&sql, &[&mark.ceiling, &values]).unwrap().get(0);
        let json = serde_json::to_string(&mark).unwrap();
        self.mark = Some(serde_json::from_str(&json).unwrap());
    }
}

const TABLE: &str = "
create table t (id bigserial, at timestamptz not null default now(), number int not null default 0);
create role reader login; grant select on t to reader;
";

/// Writers overlap: each run sees some that began before the last one and commit after it.
fn ten_runs(user: &str, cursor: &str, cast: &str) {
    let server = Server::start();
    server.run(TABLE);
    let postgres = server.connector(&[("user", user)]);
    let mut load = Load::default();
    let mut open: Vec<::postgres::Client> = Vec::new();
    let mut number = 0;
    for run in 0..10 {
        let mut late = server.client();
        number += 1;
        late.batch_execute(&format!("begin; insert into t (number) values ({number})")).unwrap();
        open.push(late);
        number += 1;
        // This one commits at once, with a greater cursor.
        server.run(&format!("insert into t (number) values ({number})"));
        if run % 2 == 0 {
            // Has begun, but has written nothing yet.
            let mut later = server.client();
            later.batch_execute("begin; select now()").unwrap();
            open.push(later);
        }
        load.run(&postgres, &server, cursor, cast);
        if run % 3 == 2 {
            for mut client in open.drain(..) {
                client
                    .batch_execute("savepoint a; insert into t (number) values (1); commit")
                    .unwrap();
            }
        }
    }
    for mut client in open.drain(..) {
        client.batch_execute("commit").unwrap();
    }
    load.run(&postgres, &server, cursor, cast);
    let count: i64 = server.client().query_one("select count(*) from t", &[]).unwrap().get(0);
    assert_eq!(i64::try_from(load.kept.len()), Ok(count));
    let before = load.kept.len();
    load.run(&postgres, &server, cursor, cast);
    assert_eq!(load.kept.len(), before);
}

#[test]
fn times_are_not_recorded_beyond_the_oldest_open_transaction() {
    ten_runs("postgres", "at", "timestamptz");
}

#[test]
fn a_role_that_sees_no_starts_reads_late_rows_by_their_transaction() {
    ten_runs("reader", "at", "timestamptz");
}

#[test]
fn numbers_are_followed_by_the_transaction_of_their_rows() {
    ten_runs("postgres", "number", "int");
}

#[test]
fn only_rows_of_later_transactions_are_read_again() {
    let server = Server::start();
    server.run(TABLE);
    server.run("insert into t (number) select i from generate_series(1, 1000) i");
    let postgres = server.connector(&[]);
    let read = |recorded: Option<Mark>| {
        let filter = Filter {
            column: "number".to_owned(),
            since: "1000".to_owned(),
            lag: None,
            skips_null: true,
        };
        let request = ReadRequest {
            columns: Some(vec!["number".to_owned()]),
            filter: Some(filter),
            ..all(table("t"))
        };
        let incremental = Incremental { cursor: "number".to_owned(), recorded, time_zone: None };
        let (mut batches, mark) = postgres.read_with(&request, &incremental).unwrap();
        (rows(batches.as_mut()).unwrap().concat().join(" "), mark)
    };
    let (found, mark) = read(None);
    assert_eq!(found, "1000");
    assert!(mark.xmin.is_some() && mark.ceiling.is_none());
    server.run("insert into t (number) values (5)");
    assert_eq!(read(Some(mark.clone())).0, "1000 5");
    // A number from the future: the database is another one.
    let strange = Mark { xmin: mark.xmin.map(|xmin| xmin + 1_000_000), ..mark };
    assert_eq!(read(Some(strange)).0.split(' ').count(), 1001);
}

#[test]
fn a_view_warns_where_late_rows_may_be_missed() {
    let server = Server::start();
    server.run(TABLE);
    server.run("create view v as select * from t; grant select on v to reader");
    let mark = |user: &str, cursor: &str| {
        let postgres = server.connector(&[("user", user)]);
        let incremental = Incremental { cursor: cursor.to_owned(), ..Incremental::default() };
        postgres.read_with(&all(table("v")), &incremental).unwrap().1
    };
    assert_eq!(mark("postgres", "at").warning, None);
    assert!(mark("postgres", "at").ceiling.is_some());
    assert_eq!(
        mark("reader", "at").warning.unwrap(),
        "rows that commit late may be missed: `reader` does not see when transactions began; \
         `GRANT pg_read_all_stats TO \"reader\"`, or set `lag`"
    );
    assert!(mark("postgres", "number").warning.unwrap().contains("the cursor is no time"));
}
