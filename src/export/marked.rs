//! UUIDs and JSON as Arrow has them. DuckDB gives both as text, unless it is asked to give every type
//! in another form; and text would make a new table's column one of text.

use crate::connector::{ConnectorError, Kind};
use crate::relation::Column;
use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use std::collections::HashMap;
use std::sync::Arc;

/// The places of columns that are text for DuckDB's Arrow and more for others.
#[derive(Debug, Clone, Default)]
pub(super) struct Marked {
    uuids: Vec<usize>,
    json: Vec<usize>,
}

impl Marked {
    /// Those among `columns`.
    pub(super) fn of(columns: &[Column]) -> Self {
        let places = |name: &str| {
            let all = columns.iter().enumerate();
            let own = all.filter(|(_, column)| column.data_type.as_str() == name);
            own.map(|(place, _)| place).collect()
        };
        Self { uuids: places("uuid"), json: places("json") }
    }

    /// The columns as they are.
    pub(super) fn schema(&self, schema: &SchemaRef) -> SchemaRef {
        let field = |(place, field): (usize, &Arc<Field>)| {
            let marked = |data_type: &DataType, name: &str| {
                let mark = ("ARROW:extension:name".to_owned(), name.to_owned());
                let field = Field::new(field.name(), data_type.clone(), true);
                Arc::new(field.with_metadata(HashMap::from([mark])))
            };
            if self.uuids.contains(&place) {
                marked(&DataType::FixedSizeBinary(16), "arrow.uuid")
            } else if self.json.contains(&place) {
                marked(field.data_type(), "arrow.json")
            } else {
                field.clone()
            }
        };
        let fields: Vec<Arc<Field>> = schema.fields().iter().enumerate().map(field).collect();
        Arc::new(Schema::new(fields))
    }

    /// The rows as they are.
    pub(super) fn batch(&self, batch: RecordBatch) -> Result<RecordBatch, ConnectorError> {
        if self.uuids.is_empty() && self.json.is_empty() {
            return Ok(batch);
        }
        let schema = self.schema(&batch.schema());
        let mut columns = batch.columns().to_vec();
        for place in &self.uuids {
            if let Some(column) = columns.get_mut(*place) {
                *column = binary(column).ok_or_else(wrong)?;
            }
        }
        RecordBatch::try_new(schema, columns).map_err(|_| wrong())
    }
}

fn wrong() -> ConnectorError {
    ConnectorError::new(Kind::Data, "the engine gave a UUID that is none")
}

fn binary(texts: &ArrayRef) -> Option<ArrayRef> {
    let texts = cast(texts, &DataType::Utf8).ok()?;
    let texts = texts.as_string::<i32>();
    let mut values = FixedSizeBinaryBuilder::with_capacity(texts.len(), 16);
    for text in texts {
        match text {
            None => values.append_null(),
            Some(text) => values.append_value(bytes(text)?).ok()?,
        }
    }
    Some(Arc::new(values.finish()))
}

fn bytes(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringArray;

    #[test]
    fn text_becomes_sixteen_bytes() {
        let texts = [Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), None];
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let batch = RecordBatch::try_from_iter([("a", texts.clone()), ("b", texts)]).unwrap();
        let made = Marked { uuids: vec![1], json: vec![0] }.batch(batch.clone()).unwrap();
        assert_eq!(made.column(0), batch.column(0));
        let column = made.column(1).as_fixed_size_binary();
        assert_eq!(column.value(0)[..4], [0xa0, 0xee, 0xbc, 0x99]);
        assert!(column.is_null(1));
        assert_eq!(made.schema().field(0).metadata()["ARROW:extension:name"], "arrow.json");
        let other: ArrayRef = Arc::new(StringArray::from(vec!["a0"]));
        let batch = RecordBatch::try_from_iter([("a", other)]).unwrap();
        assert!(Marked { uuids: vec![0], json: Vec::new() }.batch(batch).is_err());
    }
}
