//! A small result, held whole: rows of a preview, of a test, of `run_query`.

use crate::relation::DataType;
use serde_json::Value;

/// Columns and rows of a query's result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Name and type of each column, in order.
    pub columns: Vec<(String, DataType)>,
    /// The rows. NULL is `Null`; booleans and numbers that JSON holds exactly are themselves;
    /// everything else (decimals, big integers, times, nested values) is text as the engine
    /// prints it.
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more rows than asked for.
    pub truncated: bool,
}
