//! Rows for the cases: those that are written, and those that were read, as texts.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use sqlflow::connector::{Batches, ConnectorError, Kind};
use std::sync::Arc;

/// Batches that are there already; where it fails, an error follows them.
pub(super) struct Given {
    batches: std::vec::IntoIter<RecordBatch>,
    schema: SchemaRef,
    fails: bool,
}

/// People of these numbers, a batch each.
pub(super) fn people(ids: &[i64], name: &str, fails: bool) -> Given {
    let batches: Vec<RecordBatch> = ids.iter().map(|id| batch(&[*id], name)).collect();
    let schema = batch(&[], name).schema();
    Given { batches: batches.into_iter(), schema, fails }
}

fn batch(ids: &[i64], name: &str) -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new(Int64Array::from(ids.to_vec()))),
        ("name", Arc::new(StringArray::from(vec![name; ids.len()]))),
        ("at", Arc::new(TimestampMicrosecondArray::from(vec![None; ids.len()]))),
    ];
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

impl Batches for Given {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, ConnectorError> {
        match self.batches.next() {
            Some(batch) => Ok(Some(batch)),
            None if self.fails => Err(ConnectorError::new(Kind::Network, "the line is cut")),
            None => Ok(None),
        }
    }
}

/// Every row, as texts, in order; no batch has more rows than `most`.
pub(super) fn rows(batches: &mut dyn Batches, most: usize) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    while let Some(batch) = batches.next().unwrap() {
        assert_eq!(batch.schema().fields().len(), batches.schema().fields().len());
        assert!(batch.num_rows() <= most, "{} of {most}", batch.num_rows());
        for row in 0..batch.num_rows() {
            rows.push(batch.columns().iter().map(|column| value(column, row)).collect());
        }
    }
    assert!(batches.next().unwrap().is_none(), "after the last there is none");
    rows.sort();
    rows
}

/// A value; times as the numbers that they are.
fn value(array: &ArrayRef, row: usize) -> String {
    let array = match array.data_type() {
        DataType::Timestamp(..) => arrow::compute::cast(array, &DataType::Int64).unwrap(),
        _ => array.clone(),
    };
    let options = FormatOptions::new().with_null("NULL");
    ArrayFormatter::try_new(&array, &options).unwrap().value(row).to_string()
}
