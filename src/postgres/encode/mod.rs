//! Arrow into binary COPY.
//!
//! | Arrow | PostgreSQL |
//! | --- | --- |
//! | Boolean | boolean |
//! | Int8, Int16, UInt8 | smallint |
//! | Int32, UInt16 | integer |
//! | Int64, UInt32 | bigint |
//! | UInt64 | numeric(20,0) |
//! | Float32, Float64 | real, double precision |
//! | Decimal128(p,s) | numeric(p,s); hugeint comes as Decimal128(38,0) |
//! | Utf8, LargeUtf8, Utf8View, dictionaries of them | text |
//! | those marked `arrow.json` | jsonb |
//! | Binary, LargeBinary, BinaryView | bytea |
//! | FixedSizeBinary(16) marked `arrow.uuid` | uuid |
//! | Date32, Time64, Timestamp | date, time, timestamp, timestamptz |
//! | Interval(MonthDayNano) | interval |
//! | List, LargeList, FixedSizeList of the above | array |
//! | Struct, Map, lists of lists | jsonb |
//! | Null | text |

mod json;
mod values;

use crate::system::{ConnectorError, Kind};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;

/// What a stream begins with: signature, flags, no extension.
pub(crate) const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What it ends with.
pub(crate) const END: &[u8] = &[0xff, 0xff];

/// The type that a column is written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// A type by the name that SQL has for it, and its number.
    Plain(String, u32),
    /// Text in JSON, made of the value.
    Json,
    /// An array.
    Array(Box<Form>),
}

impl Form {
    /// The type's name in SQL.
    pub(crate) fn sql(&self) -> String {
        match self {
            Self::Plain(name, _) => name.clone(),
            Self::Json => "jsonb".to_owned(),
            Self::Array(element) => format!("{}[]", element.sql()),
        }
    }

    fn oid(&self) -> u32 {
        match self {
            Self::Plain(_, oid) => *oid,
            Self::Json => 3802,
            Self::Array(_) => 0,
        }
    }
}

/// How each column of `schema` is written.
pub(crate) fn forms(schema: &Schema) -> Result<Vec<Form>, ConnectorError> {
    schema
        .fields()
        .iter()
        .map(|field| {
            form(field).ok_or_else(|| {
                let (name, data_type) = (field.name(), field.data_type());
                let message =
                    format!("column `{name}` has type `{data_type}`, which cannot be written");
                ConnectorError::new(Kind::Data, message).with_help("cast it in the model's SQL")
            })
        })
        .collect()
}

fn form(field: &Field) -> Option<Form> {
    let extension = field.metadata().get("ARROW:extension:name").map(String::as_str);
    let plain = |name: &str, oid| Some(Form::Plain(name.to_owned(), oid));
    match (field.data_type(), extension) {
        (data_type, Some("arrow.json")) if is_text(data_type) => Some(Form::Json),
        (DataType::FixedSizeBinary(16), Some("arrow.uuid")) => plain("uuid", 2950),
        (DataType::Boolean, _) => plain("boolean", 16),
        (DataType::Int8 | DataType::Int16 | DataType::UInt8, _) => plain("smallint", 21),
        (DataType::Int32 | DataType::UInt16, _) => plain("integer", 23),
        (DataType::Int64 | DataType::UInt32, _) => plain("bigint", 20),
        (DataType::UInt64, _) => plain("numeric(20,0)", 1700),
        (DataType::Float32, _) => plain("real", 700),
        (DataType::Float64, _) => plain("double precision", 701),
        (DataType::Decimal128(precision, scale @ 0..), _) => {
            plain(&format!("numeric({precision},{scale})"), 1700)
        }
        (DataType::Null, _) => plain("text", 25),
        (data_type, _) if is_text(data_type) => plain("text", 25),
        (
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_),
            _,
        ) => plain("bytea", 17),
        (DataType::Date32, _) => plain("date", 1082),
        (DataType::Time64(_), _) => plain("time", 1083),
        (DataType::Timestamp(_, None), _) => plain("timestamp", 1114),
        (DataType::Timestamp(_, Some(_)), _) => plain("timestamptz", 1184),
        (DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano), _) => {
            plain("interval", 1186)
        }
        (DataType::Struct(_) | DataType::Map(..), _) => Some(Form::Json),
        (
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _),
            _,
        ) => match form(item)? {
            // PostgreSQL's arrays have as many elements in each row of a dimension.
            Form::Array(_) => Some(Form::Json),
            element => Some(Form::Array(Box::new(element))),
        },
        _ => None,
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Adds the rows of a batch.
pub(crate) fn rows(
    batch: &RecordBatch,
    forms: &[Form],
    bytes: &mut Vec<u8>,
) -> Result<(), ConnectorError> {
    let schema = batch.schema();
    let mut columns = Vec::with_capacity(forms.len());
    for ((array, form), field) in batch.columns().iter().zip(forms).zip(schema.fields()) {
        let told = |what: String| {
            ConnectorError::new(Kind::Data, format!("column `{}` {what}", field.name()))
        };
        columns.push((values::writer(array.as_ref(), form).map_err(told)?, field.name()));
    }
    let count = i16::try_from(columns.len()).map_err(|_| {
        ConnectorError::new(Kind::Data, format!("{} columns are too many", columns.len()))
    })?;
    for row in 0..batch.num_rows() {
        bytes.extend_from_slice(&count.to_be_bytes());
        for (write, name) in &columns {
            sized(bytes, |bytes| write(row, bytes)).map_err(|what| {
                let message = format!("column `{name}` {what}, in row {} of its batch", row + 1);
                ConnectorError::new(Kind::Data, message).with_help("cast it in the model's SQL")
            })?;
        }
    }
    Ok(())
}

/// Adds what `write` adds, with its length before it; -1 where it says that there is nothing.
fn sized(
    bytes: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<bool, String>,
) -> Result<(), String> {
    let at = bytes.len();
    bytes.extend_from_slice(&(-1_i32).to_be_bytes());
    if write(bytes)? {
        let length = i32::try_from(bytes.len() - at - 4)
            .map_err(|_| "has a value of more than 2 GB".to_owned())?;
        bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}
