//! Values as JSON: structs, maps and nested lists have no other form in PostgreSQL.

use arrow::array::{Array, AsArray, StructArray};
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::io::Write as _;

/// Adds the value of a row.
pub(crate) fn write(array: &dyn Array, row: usize, bytes: &mut Vec<u8>) -> Result<(), String> {
    write_value(array, row, bytes, true)
}

/// Text at the top is JSON already; below it is a string.
fn write_value(
    array: &dyn Array,
    row: usize,
    bytes: &mut Vec<u8>,
    is_top: bool,
) -> Result<(), String> {
    if array.is_null(row) {
        bytes.extend_from_slice(b"null");
        return Ok(());
    }
    macro_rules! number {
        ($type:ty) => {
            write!(bytes, "{}", array.as_primitive::<$type>().value(row)).map_err(text)
        };
    }
    match array.data_type() {
        DataType::Boolean => write!(bytes, "{}", array.as_boolean().value(row)).map_err(text),
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float32 => {
            let value = array.as_primitive::<Float32Type>().value(row);
            is_finite(value.is_finite())?;
            serde_json::to_writer(bytes, &value).map_err(text)
        }
        DataType::Float64 => {
            let value = array.as_primitive::<Float64Type>().value(row);
            is_finite(value.is_finite())?;
            serde_json::to_writer(bytes, &value).map_err(text)
        }
        DataType::Decimal128(..) => {
            let value = array.as_primitive::<Decimal128Type>().value_as_string(row);
            bytes.extend_from_slice(value.as_bytes());
            Ok(())
        }
        DataType::Struct(_) => object(array.as_struct(), row, bytes),
        DataType::Map(..) => map(&array.as_map().value(row), bytes),
        DataType::List(_) => list(&array.as_list::<i32>().value(row), bytes),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row), bytes),
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row), bytes),
        DataType::Utf8 if is_top => {
            bytes.extend_from_slice(array.as_string::<i32>().value(row).as_bytes());
            Ok(())
        }
        DataType::LargeUtf8 if is_top => {
            bytes.extend_from_slice(array.as_string::<i64>().value(row).as_bytes());
            Ok(())
        }
        DataType::Utf8View if is_top => {
            bytes.extend_from_slice(array.as_string_view().value(row).as_bytes());
            Ok(())
        }
        // Nothing else has 16 bytes.
        DataType::FixedSizeBinary(16) => {
            uuid(array.as_fixed_size_binary().value(row), bytes).map_err(text)
        }
        _ => {
            let shown = shown(array, row)?;
            serde_json::to_writer(bytes, &shown).map_err(text)
        }
    }
}

/// JSON has no word for other numbers.
fn is_finite(is_finite: bool) -> Result<(), String> {
    if is_finite {
        Ok(())
    } else {
        Err("holds NaN or an infinity, which jsonb does not".to_owned())
    }
}

fn shown(array: &dyn Array, row: usize) -> Result<String, String> {
    let options = FormatOptions::default().with_display_error(false);
    let formatter = ArrayFormatter::try_new(array, &options).map_err(text)?;
    formatter.value(row).try_to_string().map_err(text)
}

/// In the server's own form: hexadecimal digits in groups.
fn uuid(value: &[u8], bytes: &mut Vec<u8>) -> std::io::Result<()> {
    bytes.push(b'"');
    for (at, byte) in value.iter().enumerate() {
        let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
        write!(bytes, "{dash}{byte:02x}")?;
    }
    bytes.push(b'"');
    Ok(())
}

fn object(fields: &StructArray, row: usize, bytes: &mut Vec<u8>) -> Result<(), String> {
    bytes.push(b'{');
    for (at, (name, column)) in fields.column_names().iter().zip(fields.columns()).enumerate() {
        if at > 0 {
            bytes.push(b',');
        }
        serde_json::to_writer(&mut *bytes, name).map_err(text)?;
        bytes.push(b':');
        write_value(column.as_ref(), row, bytes, false)?;
    }
    bytes.push(b'}');
    Ok(())
}

/// Keys and values side by side; keys that are no text are written as text.
fn map(entries: &StructArray, bytes: &mut Vec<u8>) -> Result<(), String> {
    let (keys, values) = (entries.column(0), entries.column(1));
    bytes.push(b'{');
    for row in 0..entries.len() {
        if row > 0 {
            bytes.push(b',');
        }
        serde_json::to_writer(&mut *bytes, &shown(keys.as_ref(), row)?).map_err(text)?;
        bytes.push(b':');
        write_value(values.as_ref(), row, bytes, false)?;
    }
    bytes.push(b'}');
    Ok(())
}

fn list(values: &dyn Array, bytes: &mut Vec<u8>) -> Result<(), String> {
    bytes.push(b'[');
    for row in 0..values.len() {
        if row > 0 {
            bytes.push(b',');
        }
        write_value(values, row, bytes, false)?;
    }
    bytes.push(b']');
    Ok(())
}

fn text(error: impl std::fmt::Display) -> String {
    format!("has a value that JSON cannot have: {error}")
}
