//! Rows of an answer as a small table.

use crate::dialect::{Dialect, POSTGRES};
use crate::engine::Table;
use crate::relation::DataType;
use serde_json::{Number, Value};
use tokio_postgres::{SimpleQueryRow, Statement};

/// A table without rows, of the columns that `statement` answers with.
pub(super) fn empty(statement: &Statement) -> Table {
    let columns = statement.columns().iter().map(|column| {
        let native = native(column.type_().name(), column.type_modifier());
        (column.name().to_owned(), POSTGRES.data_type(&native))
    });
    Table { columns: columns.collect(), rows: Vec::new(), truncated: false }
}

/// The name of a type as `format_type` writes it.
fn native(name: &str, modifier: i32) -> String {
    if let Some(element) = name.strip_prefix('_') {
        return format!("{}[]", native(element, modifier));
    }
    let name = match name {
        "bool" => "boolean",
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "timestamptz" => "timestamp with time zone",
        "timetz" => "time with time zone",
        "varchar" => "character varying",
        "bpchar" => "character",
        other => other,
    };
    match name {
        "numeric" if modifier >= 4 => {
            let (precision, scale) = (((modifier - 4) >> 16) & 0xffff, (modifier - 4) & 0x7ff);
            format!("numeric({precision},{scale})")
        }
        "character varying" | "character" if modifier >= 4 => format!("{name}({})", modifier - 4),
        _ => name.to_owned(),
    }
}

/// The cells of `row`.
pub(super) fn cells(columns: &[(String, DataType)], row: &SimpleQueryRow) -> Vec<Value> {
    let cell = |(index, (_, data_type)): (usize, &(String, DataType))| match row.get(index) {
        Some(text) => value(data_type, text),
        None => Value::Null,
    };
    columns.iter().enumerate().map(cell).collect()
}

/// Booleans and numbers that JSON holds exactly are themselves; all else is text.
fn value(data_type: &DataType, text: &str) -> Value {
    let number = match data_type.as_str() {
        "boolean" => return Value::Bool(text == "t"),
        "smallint" | "integer" | "bigint" | "oid" => text.parse::<i64>().ok().map(Number::from),
        "float" | "double" => text.parse::<f64>().ok().and_then(Number::from_f64),
        _ => None,
    };
    number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
}
