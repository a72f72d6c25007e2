//! Rows out, as a small table.

use super::{one, subjects};
use serde_json::{Value, json};
use std::sync::Barrier;

const HUGE: &str = "select a.i as i from generate_series(1, 3000) as a(i), \
     generate_series(1, 3000) as b(j), generate_series(1, 3000) as c(k)";

#[test]
fn a_limit_ends_a_huge_result_and_the_session_goes_on() {
    for subject in subjects() {
        let mut session = subject.session();
        for _ in 0..5 {
            let table = session.query(HUGE, Some(3)).unwrap();
            assert_eq!((table.rows.len(), table.truncated), (3, true), "{}", subject.name());
            assert_eq!(one(&mut *session, "select 7"), json!(7));
            session.execute("create table t (i integer)").unwrap();
            session.apply(&["insert into t values (1)", "drop table t"]).unwrap();
        }
        let table = session.query("select 1 as a where 1 = 0", Some(0)).unwrap();
        assert_eq!((table.columns.len(), table.rows.len(), table.truncated), (1, 0, false));
        let table = session.query("select 1 as a", Some(1)).unwrap();
        assert_eq!((table.rows.len(), table.truncated), (1, false));
    }
}

#[test]
fn who_wants_no_more_rows_gets_none_and_the_session_goes_on() {
    for subject in subjects() {
        let mut session = subject.session();
        let mut batches = 0;
        session
            .stream(HUGE, &mut |_| {
                batches += 1;
                batches < 3
            })
            .unwrap();
        assert_eq!(batches, 3, "{}", subject.name());
        assert_eq!(one(&mut *session, "select 7"), json!(7));
    }
}

#[test]
fn values_are_told_with_their_types() {
    for subject in subjects() {
        let mut session = subject.session();
        for (sql, value, data_type) in [
            ("cast(null as integer)", Value::Null, "integer"),
            ("cast(1 = 1 as boolean)", json!(true), "boolean"),
            ("cast(9223372036854775807 as bigint)", json!(i64::MAX), "bigint"),
            ("cast('1.50' as decimal(4,2))", json!("1.50"), "decimal(4,2)"),
            ("cast('a ß' as varchar)", json!("a ß"), "varchar"),
            ("date '2024-02-29'", json!("2024-02-29"), "date"),
            (
                "cast('2024-02-29 10:00:00.5' as timestamp)",
                json!("2024-02-29 10:00:00.5"),
                "timestamp",
            ),
            (
                "cast('2024-02-29 10:00:00+02' as timestamp with time zone)",
                json!("2024-02-29 08:00:00+00"),
                "timestamp with time zone",
            ),
            ("cast(0.5 as double precision)", json!(0.5), "double"),
        ] {
            let table = session.query(&format!("select {sql} as x"), None).unwrap();
            let found = (table.columns[0].1.as_str(), &table.rows[0][0]);
            assert_eq!(found, (data_type, &value), "{} {sql}", subject.name());
        }
    }
}

#[test]
fn sessions_work_at_the_same_time() {
    for subject in subjects() {
        let barrier = Barrier::new(4);
        std::thread::scope(|scope| {
            for number in 0..4 {
                let (subject, barrier) = (&subject, &barrier);
                scope.spawn(move || {
                    let mut session = subject.session();
                    barrier.wait();
                    for turn in 0..10 {
                        let name = format!("t_{number}_{turn}");
                        session
                            .execute(&format!("create table {name} as select {turn} as i"))
                            .unwrap();
                        let insert = format!("insert into {name} select i + 1 from {name}");
                        session.apply(&[&insert, &insert]).unwrap();
                        let sql = format!("select count(*) from {name}");
                        assert_eq!(one(&mut *session, &sql), json!(4));
                    }
                });
            }
        });
        let mut session = subject.session();
        let all = session.relations(std::slice::from_ref(&subject.schema)).unwrap();
        assert_eq!(all.len(), 40, "{}", subject.name());
    }
}
