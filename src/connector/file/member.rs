//! What the values of one JSON key are, and the type that holds them.
//!
//! | all values are | type |
//! | --- | --- |
//! | numbers | as in a CSV file |
//! | true, false | boolean |
//! | strings | date, timestamp or timestamp with time zone if all are, else varchar |
//! | objects or arrays | DuckDB's nested type; json where that would round a number in them, or where objects differ in their keys |
//! | null | varchar |
//! | of several kinds | json, as written |

use super::digits;
use super::facts::{Facts, kind};
use super::infer::infer;
use super::nesting::Nesting;
use super::scan::judge::{self, Formats, Test};
use crate::relation::DataType;
use std::borrow::Cow;

/// The kinds of JSON values, one bit each.
pub(super) mod shape {
    pub(in super::super) const NUMBER: u8 = 1;
    pub(in super::super) const STRING: u8 = 2;
    pub(in super::super) const BOOLEAN: u8 = 4;
    pub(in super::super) const NESTED: u8 = 8;
}

/// The values of one key.
#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    /// All shapes that occur.
    pub(super) shapes: u8,
    facts: Facts,
    /// A number in a nested value that a double would change.
    is_lossy: bool,
    /// Whether there are nested values but empty arrays.
    is_filled: bool,
    nesting: Nesting,
}

/// A value's shape and text; `None` for null. Text that is not a string is as written.
///
/// # Errors
/// A string with half a character in it.
pub(super) fn value(raw: &str) -> serde_json::Result<Option<(u8, Cow<'_, str>)>> {
    let shape = match raw.bytes().next().unwrap_or(b'n') {
        b'n' => return Ok(None),
        b'"' => shape::STRING,
        b't' | b'f' => shape::BOOLEAN,
        b'{' | b'[' => shape::NESTED,
        _ => shape::NUMBER,
    };
    let text = match (shape, raw.contains('\\')) {
        (shape::STRING, true) => Cow::Owned(serde_json::from_str(raw)?),
        (shape::STRING, false) => {
            let inside = raw.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            Cow::Borrowed(inside.unwrap_or_default())
        }
        _ => Cow::Borrowed(raw),
    };
    Ok(Some((shape, text)))
}

/// How JSON writes values.
pub(super) const FORMATS: Formats = Formats { point: b'.', date: None, timestamp: None };

impl Member {
    /// Adds a value.
    pub(super) fn add(&mut self, shape: u8, text: &str) {
        self.shapes |= shape;
        if shape == shape::NESTED {
            self.is_lossy = self.is_lossy || rounds(text);
            self.is_filled = self.is_filled || !is_empty_array(text);
            self.nesting.add(text);
        } else {
            judge::add(&mut self.facts, text.as_bytes(), &FORMATS);
        }
    }

    /// Whether all values are empty arrays, which a list of anything holds.
    pub(super) fn are_empty_lists(&self, data_type: &DataType) -> bool {
        self.shapes == shape::NESTED && !self.is_filled && data_type.as_str().ends_with(']')
    }

    /// The type that holds the values; `None` where it is for DuckDB to say.
    pub(super) fn data_type(&self) -> Option<DataType> {
        let dates = kind::DATE | kind::TIMESTAMP | kind::TIMESTAMP_TZ;
        Some(match self.shapes {
            shape::NUMBER => infer(&self.facts),
            shape::BOOLEAN => DataType::new("boolean"),
            shape::STRING if self.facts.only(dates) => infer(&self.facts),
            0 | shape::STRING => DataType::new("varchar"),
            shape::NESTED if !self.is_lossy && !self.nesting.is_ragged => return None,
            _ => DataType::new("json"),
        })
    }
}

fn is_empty_array(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inside.is_some_and(|inside| inside.trim().is_empty())
}

/// A number as the question about a column of integers or decimals wants it.
pub(super) fn asked<'t>(test: Option<&Test>, shape: u8, text: &'t str) -> Cow<'t, str> {
    match test {
        Some(Test::Integer { .. } | Test::Decimal { .. }) if shape == shape::NUMBER => {
            digits::plain(text)
        }
        _ => Cow::Borrowed(text),
    }
}

/// Whether DuckDB's reader changes a number in nested text: it takes all but 64-bit integers for
/// doubles.
fn rounds(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
        let token = rest.get(at..).unwrap_or_default();
        let length = if token.starts_with('"') { string(token) } else { number(token) };
        let (own, after) = token.split_at_checked(length).unwrap_or((token, ""));
        let is_kept = own.starts_with('"')
            || own.parse::<i64>().is_ok()
            || Test::Double(15).holds(own.as_bytes(), &FORMATS, false);
        if !is_kept {
            return true;
        }
        rest = after;
    }
    false
}

fn number(token: &str) -> usize {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    token.find(|c: char| !is_part(c)).unwrap_or(token.len())
}

/// The length of a string with its quotes.
fn string(token: &str) -> usize {
    let mut is_escaped = false;
    let end = token.bytes().enumerate().skip(1).find(|(_, byte)| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(token.len(), |(at, _)| at + 1)
}

/// Whether a type that an earlier load found is still right for a value; `test` is what it asks.
pub(super) fn agrees(data_type: &DataType, test: Option<&Test>, shape: u8, text: &str) -> bool {
    let is_text = match data_type.as_str() {
        "json" => return true,
        "varchar" => return shape != shape::NESTED,
        "boolean" => shape == shape::BOOLEAN,
        "date" | "timestamp" | "timestamp with time zone" => shape == shape::STRING,
        _ if test.is_some() => shape == shape::NUMBER,
        _ => return shape == shape::NESTED,
    };
    is_text && test.is_some_and(|test| test.holds(text.as_bytes(), &FORMATS, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(values: &[&str]) -> String {
        let mut member = Member::default();
        for (shape, text) in values.iter().filter_map(|raw| value(raw).unwrap()) {
            member.add(shape, &text);
        }
        member.data_type().map_or_else(|| "nested".to_owned(), |found| found.to_string())
    }

    #[test]
    fn types_hold_the_values() {
        for (values, expected) in [
            (&["1", "2", "null"][..], "bigint"),
            (&["1", "2.5"], "double"),
            (&["9223372036854775808"], "hugeint"),
            (&["12345678901234567.89"], "decimal(19,2)"),
            (&["true", "false"], "boolean"),
            (&["\"2024-01-01\""], "date"),
            (&["\"2024-01-01T10:00:00Z\""], "timestamp with time zone"),
            (&["\"1\"", "\"a\\nb\""], "varchar"),
            (&["\"\""], "varchar"),
            (&["null"], "varchar"),
            (&["1", "\"x\""], "json"),
            (&["[1]", "[2.5]"], "nested"),
            (&["[12345678901234567.89]"], "json"),
            (&["{\"a\": 1}", "{}"], "json"),
            (&["{\"a\": 99999999999999999999}"], "json"),
            (&["{\"99999999999999999999\": \"99999999999999999999\\\"9\"}"], "nested"),
        ] {
            assert_eq!(inferred(values), expected, "{values:?}");
        }
    }
}
