//! What is known of a column of text: the forms its values have, and their extent.

use super::scan::judge::Formats;
use super::sql;
use crate::engine::{EngineError, Session};
use minijinja::{Value as Item, context};
use serde_json::Value;

/// Forms of values, one bit each, as `templates/duckdb/text_kind.sql` sorts them.
pub(super) mod kind {
    pub(in super::super) const INTEGER: u32 = 1;
    pub(in super::super) const DECIMAL: u32 = 2;
    pub(in super::super) const EXPONENT: u32 = 4;
    pub(in super::super) const BOOLEAN: u32 = 8;
    pub(in super::super) const DATE: u32 = 16;
    pub(in super::super) const TIMESTAMP: u32 = 32;
    pub(in super::super) const TIMESTAMP_TZ: u32 = 64;
    /// Digits after a zero or a plus: a number only to who says so.
    pub(in super::super) const PADDED: u32 = 128;
    pub(in super::super) const OTHER: u32 = 256;
}

/// The facts of one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// All forms that occur.
    pub(super) kinds: u32,
    /// Integers that 64 bits do not hold.
    pub(super) over_64_bits: u64,
    /// Integers that 128 bits do not hold.
    pub(super) over_128_bits: u64,
    /// The most digits before the point.
    pub(super) integer_digits: u64,
    /// The most digits after it.
    pub(super) scale: u64,
    /// The most digits that count, of a number without exponent.
    pub(super) significant_digits: u64,
}

/// How many cells of the query's answer make the facts of one column.
const WIDTH: usize = 6;

/// Runs `cells`, a query of which all columns are text, once to its end: how many rows it has, and
/// the facts of each of `columns`.
pub(super) fn gather(
    cells: &str,
    columns: &[&str],
    options: Item,
    session: &mut dyn Session,
) -> Result<(u64, Vec<Facts>), EngineError> {
    let columns: Vec<Item> = columns.iter().map(|name| context! { name => *name }).collect();
    let query = sql::render("infer_text.sql", context! { cells, columns, options })?;
    let table = session.query(&query, Some(1))?;
    let cells: Vec<Value> = table.rows.into_iter().flatten().collect();
    let row_count = cells.first().and_then(Value::as_u64).unwrap_or(0);
    let facts = cells.get(1..).unwrap_or_default().chunks(WIDTH).map(Facts::read).collect();
    Ok((row_count, facts))
}

impl Facts {
    /// Reads the cells of one column.
    fn read(cells: &[Value]) -> Self {
        let number = |index: usize| cells.get(index).and_then(Value::as_u64).unwrap_or(0);
        let integer_digits = number(3);
        Self {
            kinds: u32::try_from(number(0)).unwrap_or(kind::OTHER),
            over_64_bits: number(1),
            over_128_bits: number(2),
            integer_digits,
            scale: number(4),
            significant_digits: number(5).max(integer_digits),
        }
    }

    /// Adds what is known of other values.
    pub(super) fn merge(&mut self, other: &Self) {
        self.kinds |= other.kinds;
        self.over_64_bits += other.over_64_bits;
        self.over_128_bits += other.over_128_bits;
        self.integer_digits = self.integer_digits.max(other.integer_digits);
        self.scale = self.scale.max(other.scale);
        self.significant_digits = self.significant_digits.max(other.significant_digits);
    }

    /// The facts where dates and timestamps are written in `formats`: DuckDB does not read the one
    /// for the other then.
    pub(super) fn in_formats(mut self, formats: &Formats) -> Self {
        let both = kind::DATE | kind::TIMESTAMP;
        if self.kinds & both == both && (formats.date.is_some() || formats.timestamp.is_some()) {
            self.kinds |= kind::OTHER;
        }
        self
    }

    /// Whether no form occurs but those in `kinds`.
    pub(super) fn only(&self, kinds: u32) -> bool {
        self.kinds & !kinds == 0
    }
}
