//! Streams of Arrow batches into DuckDB and out of it.

use crate::engine::duckdb::{DuckDb, Location, Options};
use crate::engine::{Engine, Session};
use crate::relation::RelationName;
use arrow::array::{Int64Array, StringArray};
use arrow::datatypes::{DataType as ArrowType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use serde_json::{Value, json};
use std::sync::Arc;

fn memory() -> DuckDb {
    DuckDb::open(&Options::new(Location::Memory)).unwrap()
}

fn one(session: &mut dyn Session, sql: &str) -> Value {
    session.query(sql, None).unwrap().rows[0][0].clone()
}

/// Batches of two columns: `n` counts from 0, `text` is its decimal; after `fails_at` of them, an
/// error.
fn batches(count: u32, fails_at: Option<u32>) -> Box<dyn RecordBatchReader + Send> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("n", ArrowType::Int64, true),
        Field::new("Text", ArrowType::Utf8, true),
    ]));
    let of = schema.clone();
    let batch = move |number: u32| {
        if fails_at == Some(number) {
            return Err(ArrowError::ComputeError("the wire is cut".to_owned()));
        }
        let numbers = i64::from(number) * 1000..i64::from(number + 1) * 1000;
        let texts = StringArray::from_iter_values(numbers.clone().map(|n| n.to_string()));
        RecordBatch::try_new(
            of.clone(),
            vec![Arc::new(Int64Array::from_iter_values(numbers)), Arc::new(texts)],
        )
    };
    Box::new(RecordBatchIterator::new((0..count).map(batch), schema))
}

const NO_VIEWS: &str = "select count(*) from duckdb_views() where not internal";

#[test]
fn rows_of_a_stream_become_a_table() {
    let engine = memory();
    let mut session = engine.session().unwrap();
    let sql = "create table main.t as select n + 1 as m, \"Text\" from \"a \"\"b\"";
    assert_eq!(session.ingest(sql, "a \"b", batches(100, None)).unwrap(), Some(100_000));
    let sums = "select [count(*), sum(m), count(distinct \"Text\")]::varchar from t";
    assert_eq!(one(&mut *session, sums), json!("[100000, 5000050000, 100000]"));
    let again = session.ingest("insert into t by name select n as m from s", "s", batches(1, None));
    assert_eq!(again.unwrap(), Some(1000));
    assert_eq!(one(&mut *session, NO_VIEWS), json!(0));
}

#[test]
fn a_stream_that_fails_leaves_nothing() {
    let engine = memory();
    let mut session = engine.session().unwrap();
    for fails_at in [0, 1, 70] {
        let sql = "create table main.t as select * from s";
        let error = session.ingest(sql, "s", batches(100, Some(fails_at))).unwrap_err();
        assert!(error.message.contains("the wire is cut"), "{error}");
        assert!(session.query("from t", None).is_err());
        assert_eq!(one(&mut *session, NO_VIEWS), json!(0));
    }
    let error = session.ingest("create table t as select nope from s", "s", batches(1, None));
    assert!(error.unwrap_err().message.contains("nope"));
    assert_eq!(one(&mut *session, NO_VIEWS), json!(0));
    session.ingest("create table t as select * from s", "s", batches(1, None)).unwrap();
}

#[test]
fn a_stream_of_no_rows_makes_an_empty_table() {
    let mut session = memory().session().unwrap();
    let made = session.ingest("create table t as select * from s", "s", batches(0, None)).unwrap();
    assert_eq!((made, one(&mut *session, "select count(*) from t")), (Some(0), json!(0)));
}

#[test]
fn nobody_else_sees_the_view_of_a_stream() {
    let directory = tempfile::tempdir().unwrap();
    let engine =
        DuckDb::open(&Options::new(Location::File(directory.path().join("a.duckdb")))).unwrap();
    let mut other = engine.session().unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("n", ArrowType::Int64, true)]));
    let looking = std::iter::once_with(move || {
        let seen = one(&mut *other, NO_VIEWS).as_i64();
        RecordBatch::try_new(
            Arc::new(Schema::new(vec![Field::new("n", ArrowType::Int64, true)])),
            vec![Arc::new(Int64Array::from(vec![seen]))],
        )
    });
    let rows = Box::new(RecordBatchIterator::new(looking, schema));
    let mut session = engine.session().unwrap();
    session.ingest("create table t as select * from s", "s", rows).unwrap();
    assert_eq!(one(&mut *session, "select n from t"), json!(0));
}

/// Why the contract of `ingest` is as narrow as it is: should this fail, it can be widened.
#[test]
fn duckdb_drops_a_condition_on_a_stream() {
    let mut session = memory().session().unwrap();
    let sql = "create table t as select n, \"Text\" from s where n < 5";
    assert_eq!(session.ingest(sql, "s", batches(1, None)).unwrap(), Some(1000));
}

#[test]
fn rows_of_a_query_become_batches() {
    let mut session = memory().session().unwrap();
    let sql = "select i::integer as i, 'x' || i as \"T\", case when i > 2 then i end as n \
               from range(5000) r(i) order by i";
    let (mut rows, mut first) = (0, None);
    session
        .stream(sql, &mut |batch| {
            first.get_or_insert_with(|| batch.clone());
            rows += batch.num_rows();
            true
        })
        .unwrap();
    let first = first.unwrap();
    assert_eq!((rows, first.num_rows()), (5000, 0));
    let names: Vec<_> = first.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["i", "T", "n"]);
    let mut batches = 0;
    session
        .stream(sql, &mut |batch| {
            batches += 1;
            batch.num_rows() == 0
        })
        .unwrap();
    assert_eq!(batches, 2);
    let error = session.stream("select error('x' || i) from range(3) r(i)", &mut |_| true);
    assert!(error.unwrap_err().message.contains("x0"));
}

#[test]
fn batches_that_went_out_come_back_the_same() {
    let mut session = memory().session().unwrap();
    // Of hugeint and uhugeint Arrow has no integer, and the largest are no decimal either.
    let sql =
        "create table a as select * exclude (hugeint, uhugeint, bignum) from test_all_types()";
    session.execute(sql).unwrap();
    let mut batches = Vec::new();
    session
        .stream("from a", &mut |batch| {
            batches.push(Ok(batch));
            true
        })
        .unwrap();
    let schema = batches[0].as_ref().unwrap().schema();
    let rows = Box::new(RecordBatchIterator::new(batches, schema));
    session.ingest("create table b as select * from s", "s", rows).unwrap();
    let columns = |session: &mut dyn Session, table: &str| {
        session.columns(&RelationName::new("memory", "main", table)).unwrap().unwrap()
    };
    let mut other = Vec::new();
    for (a, b) in columns(&mut *session, "a").iter().zip(columns(&mut *session, "b")) {
        let values = format!(
            "select count(*) from (select \"{0}\"::varchar from a except all select \"{0}\"::varchar from b)",
            a.name
        );
        if a.data_type != b.data_type || one(&mut *session, &values) != json!(0) {
            other.push(format!("{} -> {}", a.name, b.data_type));
        }
    }
    // These are cast before they go out.
    assert_eq!(
        other,
        [
            "time_tz -> time",
            "uuid -> varchar",
            "bit -> blob",
            "small_enum -> varchar",
            "medium_enum -> varchar",
            "large_enum -> varchar",
        ]
    );
}

#[test]
fn a_failure_of_one_of_several_threads_is_told_as_it_is() {
    let mut session = memory().session().unwrap();
    session.execute("create table t as select i from range(1000000) r(i)").unwrap();
    let sql = "select case when i = 900000 then error('no luck') else 'x' end as text from t";
    for _ in 0..10 {
        let error = session.stream(sql, &mut |_| true).unwrap_err();
        assert!(error.message.contains("no luck"), "{error}");
    }
}
