//! Whole or nothing.

use super::{one, subjects};
use serde_json::json;
use sqlflow::engine::ErrorKind;

#[test]
fn a_script_that_fails_anywhere_leaves_nothing() {
    for subject in subjects() {
        let mut session = subject.session();
        session.execute("create table t (i integer check (i < 10))").unwrap();
        let good = ["insert into t values (1)", "create table u (i integer)", "delete from t"];
        for (bad, kind) in [
            ("insert into t values (10)", ErrorKind::Data),
            ("insert into nowhere values (1)", ErrorKind::Sql),
            ("selec 1", ErrorKind::Sql),
            ("insert into t values (1); drop table t", ErrorKind::Sql),
            ("-- nothing", ErrorKind::Sql),
        ] {
            for position in 0..=good.len() {
                let mut statements = good.to_vec();
                statements.insert(position, bad);
                let (index, error) = session.apply(&statements).unwrap_err();
                let case = format!("{}: `{bad}` at {position}: {error}", subject.name());
                assert_eq!((index, error.kind), (position, kind), "{case}");
                assert_eq!(one(&mut *session, "select count(*) from t"), json!(0), "{case}");
                assert_eq!(subject.kind("u"), None, "{case}");
            }
        }
        let changed = session.apply(&good).unwrap();
        assert_eq!(changed, [Some(1), None, Some(1)], "{}", subject.name());
        assert!(subject.kind("u").is_some());
        assert_eq!(session.apply(&[]).unwrap(), []);
    }
}

#[test]
fn others_see_a_script_when_all_of_it_is_there() {
    for subject in subjects() {
        let mut session = subject.session();
        session.execute("create table t (i integer)").unwrap();
        let looking = || {
            let mut other = subject.session();
            loop {
                match one(&mut *other, "select count(*) from t").as_u64().unwrap() {
                    0 => {}
                    count => return count,
                }
            }
        };
        let seen = std::thread::scope(|scope| {
            let other = scope.spawn(looking);
            let insert = "insert into t select i from generate_series(1, 20000) as r(i)";
            session.apply(&[insert, insert, insert]).unwrap();
            other.join().unwrap()
        });
        assert_eq!(seen, 60_000, "{}", subject.name());
    }
}

#[test]
fn errors_have_their_place_in_their_statement() {
    for subject in subjects() {
        let mut session = subject.session();
        let bad = "select 'äöü€ 😀' as ü, nix\nfrom (select 1 as i) as t -- 😀";
        let place = bad.find("nix");
        let message = |error: &sqlflow::engine::EngineError| error.message.clone();
        let alone = session.execute(bad).unwrap_err();
        assert_eq!((alone.position, alone.missing.as_deref()), (place, Some("nix")), "{alone}");
        let asked = session.query(bad, Some(1)).unwrap_err();
        assert_eq!((asked.position, message(&asked)), (place, message(&alone)));
        let streamed = session.stream(bad, &mut |_| true).unwrap_err();
        assert_eq!((streamed.position, message(&streamed)), (place, message(&alone)));
        let (index, applied) = session.apply(&["select 'é'", bad, "select 1"]).unwrap_err();
        assert_eq!((index, applied.position, message(&applied)), (1, place, message(&alone)));
        let cut = "select 'ä' +";
        let alone = session.execute(cut).unwrap_err();
        let (index, applied) = session.apply(&["select 1", cut, "select 1"]).unwrap_err();
        assert_eq!((index, message(&applied)), (1, message(&alone)), "{}", subject.name());
        assert_eq!(applied.position, Some(cut.len()), "{}", subject.name());
        let open = "select 'ä";
        let (index, applied) = session.apply(&[open, "select 1"]).unwrap_err();
        assert_eq!((index, applied.position), (0, open.find('\'')), "{}", subject.name());
    }
}

#[test]
fn a_second_statement_is_refused_wherever_sql_is_taken() {
    for subject in subjects() {
        let mut session = subject.session();
        session.execute("create table t (i integer)").unwrap();
        let two = "select 'ä' as i; drop table t";
        let errors = [
            session.execute(two).unwrap_err(),
            session.query(two, None).unwrap_err(),
            session.stream(two, &mut |_| true).unwrap_err(),
            session.apply(&[two]).unwrap_err().1,
        ];
        for error in errors {
            let message = "expected one statement, found another after it";
            assert_eq!(error.message, message, "{}", subject.name());
            assert_eq!(error.position, two.find("drop"), "{}", subject.name());
        }
        assert!(subject.kind("t").is_some());
        for (sql, rows) in [("select 1;", 1), ("select 1 as a ; -- end; of it", 1)] {
            assert_eq!(session.query(sql, None).unwrap().rows.len(), rows);
            session.execute(sql).unwrap();
            session.stream(sql, &mut |_| true).unwrap();
        }
    }
}
