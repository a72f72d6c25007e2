//! Rows in and out as Arrow: many, large, and ones that end early.

use super::{VIEW, one, subjects};
use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatchIterator, RecordBatchReader};
use serde_json::json;
use std::sync::Arc;

/// Rows without end.
pub(super) struct Endless {
    schema: SchemaRef,
}

impl Endless {
    pub(super) fn new() -> Self {
        let field = Field::new("i", DataType::Int32, true);
        Self { schema: Arc::new(Schema::new(vec![field])) }
    }
}

impl Iterator for Endless {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..100));
        Some(RecordBatch::try_new(self.schema.clone(), vec![numbers]))
    }
}

impl RecordBatchReader for Endless {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

fn batch(rows: i32) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..rows));
    let texts = (0..rows).map(|i| format!("row {i} {}", "é".repeat(40)));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    RecordBatch::try_from_iter([("i", numbers), ("s", texts)]).unwrap()
}

fn reader(batches: Vec<Result<RecordBatch, ArrowError>>) -> Box<dyn RecordBatchReader + Send> {
    let schema = batch(0).schema();
    Box::new(RecordBatchIterator::new(batches, schema))
}

#[test]
fn a_million_rows_go_in_and_come_out_in_bounded_memory() {
    for subject in subjects() {
        let mut session = subject.session();
        session.execute("create table t (i integer, s varchar)").unwrap();
        let batches = (0..10).map(|_| Ok(batch(100_000))).collect();
        let taken = session.ingest(&subject.taking("t"), VIEW, reader(batches)).unwrap();
        assert_eq!(taken, Some(1_000_000), "{}", subject.name());
        let sums = "select concat(count(*), ' ', sum(i), ' ', sum(length(s))) from t";
        let expected = "1000000 49999500000 49888900";
        assert_eq!(one(&mut *session, sums), json!(expected), "{}", subject.name());
        let (mut rows, mut sum, mut largest) = (0, 0, 0);
        let all = "select i, s from t order by i";
        session
            .stream(all, &mut |batch| {
                rows += batch.num_rows();
                largest = largest.max(batch.get_array_memory_size());
                let numbers = batch.column(0).as_any().downcast_ref::<Int32Array>().unwrap();
                sum += numbers.values().iter().map(|i| i64::from(*i)).sum::<i64>();
                true
            })
            .unwrap();
        assert_eq!((rows, sum), (1_000_000, 49_999_500_000), "{}", subject.name());
        assert!(largest < 64 << 20, "{}: a batch of {largest} bytes", subject.name());
    }
}

#[test]
fn rows_that_end_early_or_do_not_fit_leave_nothing() {
    for subject in subjects() {
        let mut session = subject.session();
        session.execute("create table t (i integer check (i < 1000), s varchar)").unwrap();
        let taking = subject.taking("t");
        let broken = ArrowError::ComputeError("the source is gone".to_owned());
        let error = session.ingest(&taking, VIEW, reader(vec![Ok(batch(900)), Err(broken)]));
        let error = error.unwrap_err();
        assert!(error.message.contains("the source is gone"), "{}: {error}", subject.name());
        let error = session.ingest(&taking, VIEW, reader(vec![Ok(batch(9)), Ok(batch(1001))]));
        assert!(error.unwrap_err().message.contains("constraint"), "{}", subject.name());
        assert_eq!(one(&mut *session, "select count(*) from t"), json!(0), "{}", subject.name());
        let none = session.ingest(&taking, VIEW, reader(vec![Ok(batch(0))])).unwrap();
        assert_eq!(none, Some(0), "{}", subject.name());
        let some = session.ingest(&taking, VIEW, reader(vec![Ok(batch(7))])).unwrap();
        assert_eq!(some, Some(7), "{}", subject.name());
    }
}
