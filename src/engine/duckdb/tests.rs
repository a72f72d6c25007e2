//! What DuckDB does under this engine, kept as tests: a new version shows here what it changed.

use super::*;
use crate::engine::Table;
use crate::relation::{DataType, RelationKind, RelationName};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn memory() -> DuckDb {
    DuckDb::open(&Options::new(Location::Memory)).unwrap()
}

fn at(path: PathBuf) -> Options {
    Options::new(Location::File(path))
}

fn query(sql: &str) -> Table {
    memory().session().unwrap().query(sql, None).unwrap()
}

fn one(session: &mut dyn Session, sql: &str) -> Value {
    session.query(sql, None).unwrap().rows[0][0].clone()
}

/// Kind, message, the statement from the error's place on, candidates.
fn error<'a>(
    session: &mut dyn Session,
    sql: &'a str,
) -> (ErrorKind, String, Option<&'a str>, String) {
    let error = session.query(sql, None).unwrap_err();
    let place = error.position.map(|at| &sql[at..]);
    (error.kind, error.message, place, error.candidates.join(" "))
}

#[test]
fn values_of_every_type_are_shown() {
    for (sql, shown, data_type) in [
        ("true", json!(true), "boolean"),
        ("(-128)::tinyint", json!(-128), "tinyint"),
        ("9223372036854775807", json!(i64::MAX), "bigint"),
        ("18446744073709551615::ubigint", json!(u64::MAX), "ubigint"),
        ("(-9223372036854775809)::hugeint", json!("-9223372036854775809"), "hugeint"),
        (
            "340282366920938463463374607431768211455::uhugeint",
            json!("340282366920938463463374607431768211455"),
            "uhugeint",
        ),
        ("'-77777777777777777777'::bignum", json!("-77777777777777777777"), "bignum"),
        ("0.1::float", json!(0.1), "float"),
        ("0.1::double", json!(0.1), "double"),
        ("'nan'::double", json!("nan"), "double"),
        ("'-inf'::float", json!("-inf"), "float"),
        ("'1.50'::decimal(4,2)", json!("1.50"), "decimal(4,2)"),
        ("'-1.5'::decimal(9,1)", json!("-1.5"), "decimal(9,1)"),
        ("'-1.5'::decimal(18,1)", json!("-1.5"), "decimal(18,1)"),
        (
            "'-12345678901234567890.5'::decimal(38,1)",
            json!("-12345678901234567890.5"),
            "decimal(38,1)",
        ),
        ("'a' || chr(0) || 'ß'", json!("a\0ß"), "varchar"),
        ("'2024-02-29'::date", json!("2024-02-29"), "date"),
        ("'infinity'::date", json!("infinity"), "date"),
        ("'12:34:56.789'::time", json!("12:34:56.789"), "time"),
        ("'12:34:56.123456789'::time_ns", json!("12:34:56.123456789"), "time_ns"),
        ("'12:00:00+02'::timetz", json!("12:00:00+02"), "time with time zone"),
        ("'2024-01-01 10:00:00.5'::timestamp", json!("2024-01-01 10:00:00.5"), "timestamp"),
        ("'2024-01-01 10:00:00'::timestamp_s", json!("2024-01-01 10:00:00"), "timestamp_s"),
        (
            "'2024-01-01 10:00:00.123'::timestamp_ms",
            json!("2024-01-01 10:00:00.123"),
            "timestamp_ms",
        ),
        (
            "'2024-01-01 10:00:00.123456789'::timestamp_ns",
            json!("2024-01-01 10:00:00.123456789"),
            "timestamp_ns",
        ),
        (
            "'2024-01-01 10:00:00+02'::timestamptz",
            json!("2024-01-01 08:00:00+00"),
            "timestamp with time zone",
        ),
        ("interval '1 year 2 days 3.5 seconds'", json!("1 year 2 days 00:00:03.5"), "interval"),
        (
            "uuid '550e8400-e29b-41d4-a716-446655440000'",
            json!("550e8400-e29b-41d4-a716-446655440000"),
            "uuid",
        ),
        ("'\\x00\\xFFa'::blob", json!("\\x00\\xFFa"), "blob"),
        ("'01011'::bit", json!("01011"), "bit"),
        ("'b'::enum('a', 'b')", json!("b"), "enum('a', 'b')"),
        ("[1, null]", json!("[1, NULL]"), "integer[]"),
        ("[[1.5], []]", json!("[[1.5], []]"), "decimal(2,1)[][]"),
        ("[1, 2]::integer[2]", json!("[1, 2]"), "integer[2]"),
        (
            "{'a': 1, 'B c': null::int}",
            json!("{'a': 1, 'B c': NULL}"),
            "struct(a integer, \"B c\" integer)",
        ),
        ("row(1, 'x')", json!("(1, x)"), "struct(integer, varchar)"),
        ("map {'k': [1]}", json!("{k=[1]}"), "map(varchar, integer[])"),
        ("union_value(n := 2)::union(n int, s varchar)", json!("2"), "union(n integer, s varchar)"),
        ("'{\"a\": [1]}'::json", json!("{\"a\": [1]}"), "json"),
        ("['1'::json]", json!("[1]"), "json[]"),
        ("null", Value::Null, "integer"),
    ] {
        let table = query(&format!("select {sql} as x, typeof(x), x::varchar"));
        assert_eq!(table.columns[0].1.as_str(), data_type, "{sql}");
        assert_eq!(table.rows[0][0], shown, "{sql}");
        let (name, text) = (table.rows[0][1].as_str().unwrap(), &table.rows[0][2]);
        if sql != "null" {
            assert_eq!(DataType::new(name).as_str(), data_type, "{sql}");
        }
        if shown.is_string() && sql != "['1'::json]" {
            assert_eq!(*text, shown, "as DuckDB prints {sql}");
        }
    }
}

#[test]
fn a_variant_has_to_be_cast() {
    let found = error(&mut *memory().session().unwrap(), "select 1::variant as v");
    let message = "column `v` of type variant cannot be shown: cast it to varchar";
    assert_eq!(found, (ErrorKind::Sql, message.into(), None, String::new()));
}

#[test]
fn a_limit_stops_the_query_and_is_told() {
    let mut session = memory().session().unwrap();
    let table = session.query("from range(1000000000000) r(i)", Some(2)).unwrap();
    assert_eq!((table.rows.len(), table.truncated), (2, true));
    let table = session.query("from range(2) r(i)", Some(2)).unwrap();
    assert_eq!((table.rows.len(), table.truncated), (2, false));
    let table = session.query("select 1 as a where false", None).unwrap();
    assert_eq!((table.columns.len(), table.rows.len()), (1, 0));
}

#[test]
fn errors_of_the_sql_tell_kind_place_and_candidates() {
    let mut session = memory().session().unwrap();
    session.execute("create table names (name varchar not null, age int check (age > 0))").unwrap();
    session.execute("create table keys (id int primary key)").unwrap();
    session.execute("insert into keys values (1)").unwrap();
    for (sql, kind, message, place, candidates) in [
        ("selec 1", ErrorKind::Sql, "syntax error at or near \"selec\"", Some("selec 1"), ""),
        ("select 'äöü€' frm y z", ErrorKind::Sql, "syntax error at or near \"y\"", Some("y z"), ""),
        ("select 'ä' +", ErrorKind::Sql, "syntax error at end of input", Some(""), ""),
        (
            "select 'äöü€', nam\nfrom names",
            ErrorKind::Sql,
            "Referenced column \"nam\" not found in FROM clause",
            Some("nam\nfrom names"),
            "name",
        ),
        (
            "select n.nam from names n",
            ErrorKind::Sql,
            "Table \"n\" does not have a column named \"nam\"",
            Some("nam from names n"),
            "name age",
        ),
        (
            "/* äöü€ */ select * from nmes",
            ErrorKind::Sql,
            "Table with name nmes does not exist",
            Some("nmes"),
            "names",
        ),
        (
            "select 'ä', lengt('x')",
            ErrorKind::Sql,
            "Scalar Function with name lengt does not exist",
            Some("lengt('x')"),
            "length",
        ),
        (
            "select 'ä', cast('abc' as integer)",
            ErrorKind::Data,
            "Could not convert string 'abc' to integer",
            Some("cast('abc' as integer)"),
            "",
        ),
        (
            "insert into keys values (1)",
            ErrorKind::Data,
            "Duplicate key \"id: 1\" violates primary key constraint",
            None,
            "",
        ),
        (
            "insert into names values (null, 1)",
            ErrorKind::Data,
            "NOT NULL constraint failed: names.name",
            None,
            "",
        ),
        (
            "from 'missing.csv'",
            ErrorKind::File,
            "No files found that match the pattern \"missing.csv\"",
            None,
            "",
        ),
        (
            "select strptime('x', '%Y')",
            ErrorKind::Data,
            "Could not parse string \"x\" according to format specifier \"%Y\"\nx\n^\nError: Expected a number",
            None,
            "",
        ),
        (
            "select 9223372036854775807 + 1",
            ErrorKind::Data,
            "Overflow in addition of bigint (9223372036854775807 + 1)",
            None,
            "",
        ),
        (
            "create table keys (id int)",
            ErrorKind::Sql,
            "Table with name \"keys\" already exists",
            None,
            "",
        ),
        ("select error('mine')", ErrorKind::Data, "mine", None, ""),
        (
            "select 1; select 2",
            ErrorKind::Sql,
            "expected one statement, found another after it",
            Some("select 2"),
            "",
        ),
        (" -- nothing", ErrorKind::Sql, "there is no statement", None, ""),
        ("select '\0'", ErrorKind::Internal, "the text contains a NUL byte", None, ""),
    ] {
        let expected = (kind, message.to_owned(), place, candidates.to_owned());
        assert_eq!(error(&mut *session, sql), expected, "{sql}");
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn the_name_that_is_not_there_is_told_with_its_place() {
    let mut session = memory().session().unwrap();
    for sql in [
        "create table orders (id int, status varchar)",
        "create table statuses (status varchar, is_revenue boolean)",
        "create schema raw",
        "create table raw.events (id int)",
        "create schema _sqlflow",
        "create table _sqlflow.loads (id int)",
    ] {
        session.execute(sql).unwrap();
    }
    for (sql, message, missing, expected, candidates) in [
        (
            "select 'ä', statuses.is_revenu from orders join statuses using (status)",
            "Table \"statuses\" does not have a column named \"is_revenu\"",
            "is_revenu",
            Some("is_revenu from orders join statuses using (status)"),
            "is_revenue",
        ),
        (
            "select main . \"statuses\".\"is revenu\" from statuses",
            "Table \"statuses\" does not have a column named \"is revenu\"",
            "is revenu",
            Some("\"is revenu\" from statuses"),
            "is_revenue",
        ),
        (
            "with a as (select 1 as x) select a.y from a",
            "Values list \"a\" does not have a column named \"y\"",
            "y",
            Some("y from a"),
            "",
        ),
        (
            "select o.id from orders",
            "Referenced table \"o\" not found",
            "o",
            Some("o.id from orders"),
            "orders",
        ),
        (
            "insert into orders (id, stat) select 1, 'x'",
            "Table \"orders\" does not have a column with name \"stat\"",
            "stat",
            None,
            "status",
        ),
        (
            "update orders set stat = 'x'",
            "Referenced update column stat not found in table",
            "stat",
            None,
            "status",
        ),
        (
            "select * exclude (x) from orders",
            "Column \"x\" in EXCLUDE list not found in FROM clause",
            "x",
            None,
            "",
        ),
        (
            "from raw.evnts",
            "Table with name evnts does not exist",
            "evnts",
            Some("evnts"),
            "events",
        ),
        (
            "from raww.events",
            "Table with name \"raww.events\" does not exist because schema \"raww\" does not exist",
            "raww",
            Some("raww.events"),
            "",
        ),
        (
            "create table raww.x as select 1 as i",
            "Schema with name raww does not exist",
            "raww",
            None,
            "",
        ),
        ("from nowhere.raw.events", "Catalog \"nowhere\" does not exist", "nowhere", None, ""),
        ("from load", "Table with name load does not exist", "load", Some("load"), ""),
        (
            "from \"my table\"",
            "Table with name my table does not exist",
            "my table",
            Some("\"my table\""),
            "",
        ),
        (
            "select main.foo(1)",
            "Scalar Function with name foo does not exist",
            "foo",
            Some("foo(1)"),
            "floor",
        ),
        (
            "select 1::strng",
            "Type with name strng does not exist",
            "strng",
            Some("strng"),
            "string",
        ),
        ("select {'a': 1}.b", "Could not find key \"b\" in struct", "b", None, "a"),
        (
            "set memory_limt = '1GB'",
            "unrecognized configuration parameter \"memory_limt\"",
            "memory_limt",
            None,
            "memory_limit",
        ),
        (
            "from duckdb_tablez()",
            "Table Function with name duckdb_tablez does not exist",
            "duckdb_tablez",
            Some("duckdb_tablez()"),
            "duckdb_tables",
        ),
    ] {
        let error = session.query(sql, None).unwrap_err();
        let place = error.position.map(|at| &sql[at..]);
        let candidates_found = error.candidates.join(" ");
        let found = (error.message.as_str(), error.missing.as_deref(), place, candidates_found);
        assert_eq!(found, (message, Some(missing), expected, candidates.to_owned()), "{sql}");
    }
    let data = session.query("select 'x Could not find key \"b\" y'::int", None).unwrap_err();
    assert_eq!((data.kind, data.missing), (ErrorKind::Data, None));
}

#[test]
fn messages_have_no_full_stop_and_no_list_of_names() {
    let mut session = memory().session().unwrap();
    session.execute("create table orders (id int, status varchar)").unwrap();
    for (sql, message) in [
        ("use nowhere", "SET schema: No catalog + schema named \"nowhere\" found"),
        (
            "select sum(id), status from orders",
            "column \"status\" must appear in the GROUP BY clause or must be part of an aggregate function\nEither add it to the GROUP BY list, or use \"ANY_VALUE(status)\" if the exact value of \"status\" is not important",
        ),
        ("select id from orders where sum(id) > 1", "WHERE clause cannot contain aggregates"),
        (
            "from read_csv('x', delimter = ';')",
            "Invalid named parameter \"delimter\" for function read_csv",
        ),
        ("set timezone = 'Nowhere/X'", "Unknown TimeZone 'Nowhere/X'"),
        ("select error('and so on...')", "and so on..."),
    ] {
        assert_eq!(session.query(sql, None).unwrap_err().message, message, "{sql}");
    }
    let many = session.query("select id + status from orders", None).unwrap_err().message;
    assert_eq!(many.lines().count(), 8, "{many}");
}

#[test]
fn an_error_inside_a_view_points_at_nothing() {
    let mut session = memory().session().unwrap();
    session.execute("create view a as select 'x' as s, 1 as n").unwrap();
    session.execute("create view b as select cast(s as integer) as i, n from a").unwrap();
    let sql = "select * from b where 'abcdefghi' = 'abcdef' or 1 = n or 2 = n";
    let (kind, message, place, _) = error(&mut *session, sql);
    assert_eq!((kind, place), (ErrorKind::Data, None), "{message}");
    session.execute("create or replace view a as select 'x' as other, 1 as n").unwrap();
    let (kind, message, place, _) = error(&mut *session, "select * from b");
    assert_eq!((kind, place), (ErrorKind::Sql, None), "{message}");
}

#[test]
fn an_error_in_a_late_row_is_an_error_of_the_query() {
    let sql = "select cast(case when i = 900000 then 'x' else '1' end as integer) from range(1000000) r(i)";
    let (kind, message, place, _) = error(&mut *memory().session().unwrap(), sql);
    assert_eq!(
        (kind, message.as_str()),
        (ErrorKind::Data, "Could not convert string 'x' to integer")
    );
    assert!(place.unwrap().starts_with("cast("));
}

#[test]
fn running_out_of_memory_is_a_resource_error() {
    let mut options = Options::new(Location::Memory);
    let settings = [("memory_limit", "20MB"), ("max_temp_directory_size", "0KB"), ("threads", "1")];
    options.settings = settings.map(|(name, value)| (name.into(), value.into())).to_vec();
    let engine = DuckDb::open(&options).unwrap();
    let sql = "select count(*) from (select distinct i, i || 'abcdefghijklmnopqrstuvw' from range(3000000) r(i))";
    assert_eq!(error(&mut *engine.session().unwrap(), sql).0, ErrorKind::Resource);
}

#[test]
fn two_transactions_in_each_others_way_conflict() {
    let engine = memory();
    let (mut a, mut b) = (engine.session().unwrap(), engine.session().unwrap());
    a.execute("create table t as select 1 as i").unwrap();
    a.execute("begin").unwrap();
    b.execute("begin").unwrap();
    a.execute("update t set i = 2").unwrap();
    assert_eq!(b.execute("update t set i = 3").unwrap_err().kind, ErrorKind::Conflict);
    b.execute("rollback").unwrap();
    a.execute("create table u (i int)").unwrap();
    b.execute("begin").unwrap();
    let error = b.execute("create table u (i int)").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict, "{error}");
}

#[test]
fn statements_tell_how_many_rows_they_changed() {
    let mut session = memory().session().unwrap();
    for (sql, changed) in [
        ("create table t (i int)", None),
        ("insert into t select * from range(5)", Some(5)),
        ("create table u as from t", Some(5)),
        ("update t set i = 0 where i > 2", Some(2)),
        ("delete from t", Some(5)),
        ("select 1", None),
        ("set threads = 1", None),
        ("drop table t;", None),
    ] {
        assert_eq!(session.execute(sql).unwrap(), changed, "{sql}");
    }
}

#[test]
fn a_script_applies_whole_or_not_at_all() {
    let engine = memory();
    let mut session = engine.session().unwrap();
    let changed =
        session.apply(&["create table t (i int)", "insert into t values (1), (2)"]).unwrap();
    assert_eq!(changed, [None, Some(2)]);
    let script = ["drop table t", "create table u as select 1 as i", "insert into u values ('x')"];
    let (index, error) = session.apply(&script).unwrap_err();
    assert_eq!((index, error.kind), (2, ErrorKind::Data));
    assert_eq!(one(&mut *session, "select count(*) from t"), json!(2));
    assert_eq!(session.relation_kind(&RelationName::new("memory", "main", "u")).unwrap(), None);
    let (index, _) = session.apply(&["create table w (i int)", "selec"]).unwrap_err();
    assert_eq!(index, 1);
    session.apply(&["create table w (i int)"]).unwrap();
}

#[test]
fn a_failing_commit_fails_the_script_and_leaves_a_usable_session() {
    let engine = memory();
    let (mut a, mut b) = (engine.session().unwrap(), engine.session().unwrap());
    a.execute("create table t (i int primary key)").unwrap();
    b.execute("begin").unwrap();
    b.execute("insert into t values (1)").unwrap();
    a.execute("begin").unwrap();
    a.execute("insert into t values (1)").unwrap();
    b.execute("commit").unwrap();
    assert!(a.execute("commit").is_err());
    a.apply(&["insert into t values (2)"]).unwrap();
    assert_eq!(one(&mut *a, "select count(*) from t"), json!(2));
}

#[test]
fn a_dynamic_pivot_is_one_statement() {
    let mut session = memory().session().unwrap();
    session
        .execute("create table t as select * from (values ('a', 1), ('b', 2)) as v(k, n)")
        .unwrap();
    let table = session.query("pivot t on k using sum(n)", None).unwrap();
    assert_eq!(table.rows, [[json!("1"), json!("2")]]);
    session.apply(&["create table p as pivot t on k using sum(n)"]).unwrap();
    assert_eq!(one(&mut *session, "select a from p"), json!("1"));
}

#[test]
fn a_second_statement_is_refused_wherever_sql_is_taken() {
    let mut session = memory().session().unwrap();
    for sql in [
        "select 1; create table t (i int)",
        "select 1 -- one\r; create table t (i int)",
        "select 1;;; create table t (i int);",
        "pivot (select 1 as k) on k; create table t (i int)",
        "create table t (i int); select $$;$$",
        "select e'\\''; create table t (i int)",
    ] {
        let errors = [
            session.query(sql, Some(0)).unwrap_err(),
            session.execute(sql).unwrap_err(),
            session.apply(&["select 1", sql]).unwrap_err().1,
        ];
        let at = sql.find("; c").or_else(|| sql.find("; s")).unwrap() + 2;
        for error in errors {
            let found = (error.message.as_str(), error.position);
            assert_eq!(
                found,
                ("expected one statement, found another after it", Some(at)),
                "{sql}"
            );
        }
    }
    let all = session.relations(&[RelationName::new("memory", "main", "t")]).unwrap();
    assert_eq!(all, []);
}

#[test]
fn an_interrupt_stops_what_runs_and_the_rest_of_a_script() {
    let mut session = memory().session().unwrap();
    let stop = session.interrupt();
    stop.interrupt();
    session.execute("create table before as select 1").unwrap();
    let long =
        "create table big as select sum(a.i * b.i) from range(10000000) a(i), range(10000000) b(i)";
    std::thread::scope(|scope| {
        let started = Instant::now();
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            stop.interrupt();
        });
        let (index, error) = session.apply(&["create table first (i int)", long]).unwrap_err();
        assert_eq!(
            (index, error.kind, error.message.as_str()),
            (1, ErrorKind::Interrupted, "Interrupted")
        );
        assert!(started.elapsed() < Duration::from_secs(5));
    });
    assert_eq!(session.relation_kind(&RelationName::new("memory", "main", "first")).unwrap(), None);
    assert_eq!(one(&mut *session, "select 1"), json!(1));
    drop(session);
    stop.interrupt();
}

#[test]
fn sessions_start_in_utc_and_know_icu() {
    let engine = memory();
    let mut session = engine.session().unwrap();
    assert_eq!(one(&mut *session, "select current_setting('TimeZone')"), json!("UTC"));
    session.query("select now()::date, date_trunc('day', now())", None).unwrap();
    let mut options = Options::new(Location::Memory);
    options.settings =
        vec![("timezone".into(), "Europe/Berlin".into()), ("threads".into(), "2".into())];
    let mut session = DuckDb::open(&options).unwrap().session().unwrap();
    assert_eq!(one(&mut *session, "select current_setting('TimeZone')"), json!("Europe/Berlin"));
    assert_eq!(one(&mut *session, "select current_setting('threads')"), json!(2));
    options.settings = vec![("thread".into(), "2".into())];
    let error = DuckDb::open(&options).unwrap_err();
    assert_eq!(error.message, "DuckDB has no setting `thread`");
    assert_eq!(
        (error.missing.as_deref(), error.candidates),
        (Some("thread"), vec!["threads".into()])
    );
    options.settings = vec![("threads".into(), "many".into())];
    let error = DuckDb::open(&options).unwrap_err();
    let message =
        "setting `threads`: Failed to cast value: Could not convert string 'many' to bigint";
    assert_eq!(error.message, message);
}

#[test]
fn the_catalogue_tells_kinds_columns_and_relations() {
    let mut session = memory().session().unwrap();
    session.execute("create schema s").unwrap();
    session.execute("create table s.t (i int not null, \"D d\" decimal(10,2))").unwrap();
    session.execute("create view v as select i from s.t").unwrap();
    let table = RelationName::new("memory", "s", "T");
    assert_eq!(session.relation_kind(&table).unwrap(), Some(RelationKind::Table));
    let columns = session.columns(&table).unwrap().unwrap();
    let shown: Vec<_> =
        columns.iter().map(|c| (c.name.as_str(), c.data_type.as_str(), c.nullable)).collect();
    assert_eq!(shown, [("i", "integer", false), ("D d", "decimal(10,2)", true)]);
    let view = RelationName { database: None, schema: None, identifier: "v".into() };
    assert_eq!(session.relation_kind(&view).unwrap(), Some(RelationKind::View));
    assert_eq!(session.columns(&view).unwrap().unwrap().len(), 1);
    assert_eq!(session.columns(&table.sibling("none")).unwrap(), None);
    let all = session.relations(&[table.clone(), view.clone()]).unwrap();
    let names: Vec<_> = all.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    assert_eq!(names, ["main.v view", "s.t table"]);
    assert_eq!(session.relations(&[]).unwrap(), []);
    session.execute("drop table s.t").unwrap();
    let error = session.columns(&view).unwrap_err();
    assert_eq!(error.message, "Table with name t does not exist");
    assert_eq!(session.relation_kind(&view).unwrap(), Some(RelationKind::View));
}

#[test]
fn four_threads_build_in_one_database() {
    let directory = tempfile::tempdir().unwrap();
    let engine = DuckDb::open(&at(directory.path().join("x.duckdb"))).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let engine = &engine;
            scope.spawn(move || {
                let mut session = engine.session().unwrap();
                for table in (thread..50).step_by(4) {
                    let create = format!("create table t{table} as select i from range(2000) r(i)");
                    session
                        .apply(&[&create, &format!("comment on table t{table} is 'x'")])
                        .unwrap();
                }
            });
        }
    });
    let mut session = engine.session().unwrap();
    let sql = "select count(*), sum(estimated_size) from duckdb_tables() where comment = 'x'";
    assert_eq!(session.query(sql, None).unwrap().rows, [[json!(50), json!("100000")]]);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let write = |name: &str, content: &[u8]| std::fs::write(path(name), content).unwrap();
    write("garbage.duckdb", b"id,name\n1,a\n");
    write("sqlite.duckdb", b"SQLite format 3\0............");
    write("empty.duckdb", b"");
    let mut newer = vec![0; 4096];
    newer[8..12].copy_from_slice(b"DUCK");
    newer[12] = 99;
    let word = u64::from_le_bytes(newer[8..16].try_into().unwrap());
    let checksum = 0x1505 ^ word.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    newer[..8].copy_from_slice(&checksum.to_le_bytes());
    write("newer.duckdb", &newer);
    let message = |name: &str, read_only: bool| {
        let error = DuckDb::open(&Options { read_only, ..at(path(name)) }).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        error.message.replace(directory.path().to_str().unwrap(), "/dir")
    };
    assert_eq!(message("", false), "`/dir/` is a directory, expected a DuckDB database file");
    assert_eq!(
        message("no/x.duckdb", false),
        "the directory `/dir/no` of the database `/dir/no/x.duckdb` does not exist"
    );
    write("file", b"x");
    for name in ["file/x.duckdb", "file/deep/x.duckdb"] {
        assert_eq!(
            message(name, false),
            format!("`/dir/file` is a file, expected a directory for the database `/dir/{name}`")
        );
    }
    assert_eq!(message("none.duckdb", true), "the database `/dir/none.duckdb` does not exist");
    assert_eq!(
        message("garbage.duckdb", false),
        "`/dir/garbage.duckdb` is not a DuckDB database but another file"
    );
    assert_eq!(
        message("sqlite.duckdb", true),
        "`/dir/sqlite.duckdb` is not a DuckDB database but a SQLite database"
    );
    assert_eq!(
        message("empty.duckdb", false),
        "`/dir/empty.duckdb` is not a DuckDB database but an empty file"
    );
    let newer = message("newer.duckdb", false);
    let start = "the database `/dir/newer.duckdb` cannot be opened: Trying to read a database file with version number 99, but we can only read versions between ";
    assert!(newer.starts_with(start), "{newer}");
}

#[test]
fn an_extension_that_is_not_installed_is_named() {
    let mut session = memory().session().unwrap();
    load_extension("parquet", &mut *session).unwrap();
    let error = load_extension("excell", &mut *session).unwrap_err();
    let message = error.message.lines().next().unwrap();
    let expected = (ErrorKind::Unavailable, "the extension `excell` is not installed");
    assert_eq!((error.kind, message), expected);
    assert_eq!(
        (error.missing.as_deref(), error.candidates),
        (Some("excell"), vec!["excel".into()])
    );
}

#[test]
fn a_csv_error_keeps_the_fault_and_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.csv");
    std::fs::write(&path, "a,b\n1,2\n3\n").unwrap();
    let sql = format!(
        "from read_csv('{}', auto_detect = false, header = true, columns = {{'a': 'int', 'b': 'int'}})",
        path.display()
    );
    let (kind, message, _, _) = error(&mut *memory().session().unwrap(), &sql);
    let expected =
        "CSV Error on Line: 3\nOriginal Line: 3\nExpected Number of Columns: 2 Found: 1\n  file = ";
    assert_eq!((kind, message), (ErrorKind::File, format!("{expected}{}", path.display())));
}

#[test]
fn a_wrong_setting_leaves_no_file_and_a_reader_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.duckdb");
    let mut options = at(path.clone());
    options.settings = vec![("nope".into(), "1".into())];
    DuckDb::open(&options).unwrap_err();
    assert!(!path.exists());
    options.settings.clear();
    DuckDb::open(&options).unwrap().session().unwrap().execute("create table t (i int)").unwrap();
    let engine = DuckDb::open(&Options { read_only: true, ..options }).unwrap();
    let error = engine.session().unwrap().execute("insert into t values (1)").unwrap_err();
    let message = "Cannot execute statement of type \"INSERT\" on database \"x\" which is attached in read-only mode";
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Sql, message));
}

/// The child of `another_process_that_holds_the_file_is_named` and of the lock's test.
#[test]
#[ignore = "runs only as a child process"]
fn hold() {
    #[allow(clippy::disallowed_methods, reason = "a child process is told its part so")]
    let path = PathBuf::from(std::env::var("SQLFLOW_TEST_HOLD").unwrap());
    let _engine = DuckDb::open(&at(path.clone())).unwrap();
    let who = holder("build");
    let _lock = FileLock::acquire(&path, &who, Duration::ZERO, &mut |_| false).unwrap();
    std::fs::write(path.with_extension("ready"), b"").unwrap();
    std::thread::sleep(Duration::from_mins(1));
}

fn holder(verb: &str) -> LockHolder {
    let (host, since) = ("here".into(), "12:00".into());
    LockHolder { host, pid: std::process::id(), verb: verb.into(), since }
}

// proves: L-77
#[test]
fn another_process_that_holds_the_file_is_named_and_its_death_frees_the_lock() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.duckdb");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "engine::duckdb::tests::hold", "--ignored"])
        .env("SQLFLOW_TEST_HOLD", &path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !path.with_extension("ready").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let error = DuckDb::open(&at(path.clone())).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Held { pid: Some(child.id()) });
    let start = format!("the database `{}` is held by process {} (", path.display(), child.id());
    assert!(error.message.starts_with(&start), "{error}");

    let error = FileLock::acquire(&path, &holder("run"), Duration::from_millis(120), &mut |_| true);
    let message = error.unwrap_err().to_string();
    let expected = format!(
        "the database `{}` is in use by `sqlflow build` (process {} on here, since 12:00)",
        path.display(),
        child.id()
    );
    assert_eq!(message, expected);
    child.kill().unwrap();
    child.wait().unwrap();
    FileLock::acquire(&path, &holder("run"), Duration::from_secs(5), &mut |_| true).unwrap();
    DuckDb::open(&at(path)).unwrap();
}

// proves: L-77
#[test]
fn a_lock_is_waited_for_and_handed_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.duckdb");
    let first = FileLock::acquire(&path, &holder("build"), Duration::ZERO, &mut |_| true).unwrap();
    let text = std::fs::read_to_string(directory.path().join("x.duckdb.sqlflow.lock")).unwrap();
    let pid = std::process::id();
    assert_eq!(
        text,
        format!("{{\"host\":\"here\",\"pid\":{pid},\"verb\":\"build\",\"since\":\"12:00\"}}\n")
    );
    let mut seen = None;
    let mut first = Some(first);
    let second = FileLock::acquire(&path, &holder("run"), Duration::from_secs(9), &mut |other| {
        seen = other.cloned();
        first = None;
        true
    });
    assert_eq!(seen.unwrap().verb, "build");
    drop(second.unwrap());
    let third = FileLock::acquire(&path, &holder("a"), Duration::ZERO, &mut |_| true).unwrap();
    let stopped = FileLock::acquire(&path, &holder("b"), Duration::from_secs(9), &mut |_| false);
    assert!(matches!(stopped, Err(LockError::Held { .. })));
    drop(third);
    let missing = directory.path().join("no/x.duckdb");
    let error =
        FileLock::acquire(&missing, &holder("a"), Duration::ZERO, &mut |_| true).unwrap_err();
    assert!(matches!(error, LockError::Unusable { .. }), "{error}");
}

#[test]
fn integers_are_called_as_sql_calls_them() {
    let database = memory();
    let mut session = database.session().unwrap();
    let sql = "select (x * 40000)::smallint from (values (2::integer)) t(x)";
    let (kind, message, ..) = error(&mut *session, sql);
    assert_eq!(kind, ErrorKind::Data);
    assert!(message.contains("integer") && message.contains("smallint"), "{message}");
    assert!(!message.contains("INT"), "{message}");
    let (_, message, ..) = error(&mut *session, "select 'INT8 x'::integer");
    assert_eq!(message, "Could not convert string 'INT8 x' to integer");
}
