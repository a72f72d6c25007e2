//! How a read is split, so that several connections share it.

use super::catalog::{Described, Form};
use crate::connector::batches::ReadRequest;
use crate::postgres::session::Session;
use crate::postgres::sql::sql;
use crate::postgres::types::Kind as Read;
use crate::system::{ConnectorError, Kind};
use minijinja::{Value, context};

/// Fewer pages are not worth a statement of their own: 8 MB.
const LEAST_PAGES: u64 = 1024;

/// Statements for each connection, so that none waits long for the last.
const SHARES: u64 = 8;

/// Ranges of a column for each connection.
const PARTS: u64 = 2;

/// The part of a relation that one statement reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Range {
    /// All of it.
    All,
    /// The rows in some pages; without an end, in all that follow.
    Pages(u64, Option<u64>),
    /// The rows whose column is at or after the first value, and before the second.
    Part(Option<String>, Option<String>),
    /// The rows whose column is NULL.
    Nulls,
}

/// Ranges of pages that together are a table of so many.
pub(super) fn pages(total: u64, connections: usize) -> Vec<Range> {
    let shares = SHARES * connections as u64;
    if connections < 2 || total <= LEAST_PAGES {
        return vec![Range::All];
    }
    let step = total.div_ceil(shares).max(LEAST_PAGES);
    let mut ranges = Vec::new();
    let mut first = 0;
    while first + step < total {
        ranges.push(Range::Pages(first, Some(first + step)));
        first += step;
    }
    // The end is open: the table may have grown since it was measured.
    ranges.push(Range::Pages(first, None));
    ranges
}

/// Ranges between bounds, and the rows without a value.
fn parts(bounds: Vec<String>) -> Vec<Range> {
    let mut ranges = vec![Range::Nulls];
    let mut first = None;
    for bound in bounds {
        ranges.push(Range::Part(first, Some(bound.clone())));
        first = Some(bound);
    }
    ranges.push(Range::Part(first, None));
    ranges
}

/// How `request` is split. Asks in the snapshot that it will be read in.
pub(super) fn split(
    session: &mut Session,
    described: &Described,
    request: &ReadRequest,
    connections: usize,
) -> Result<Vec<Range>, ConnectorError> {
    // A limit is for all rows together.
    if connections < 2 || request.limit.is_some() {
        return Ok(vec![Range::All]);
    }
    match (&described.form, &request.partition_on) {
        (Form::Relation { oid, kind, .. }, None) if matches!(kind.as_str(), "r" | "p" | "m") => {
            let row = session.row(&sql("extent", &context! { oid => oid })?)?;
            let total = row.get(0).and_then(|pages| pages.parse().ok()).unwrap_or(0);
            let splits = row.get(1) == Some("t");
            Ok(if splits { pages(total, connections) } else { vec![Range::All] })
        }
        (_, None) => Ok(vec![Range::All]),
        (_, Some(column)) => bounds(session, described, column, connections).map(parts),
    }
}

fn bounds(
    session: &mut Session,
    described: &Described,
    column: &str,
    connections: usize,
) -> Result<Vec<String>, ConnectorError> {
    let column = described.column(column)?;
    let read = described.read(column)?;
    let form = match read {
        Read::Int16 | Read::Int32 | Read::Int64 => "integer",
        Read::Decimal { .. } | Read::Numeric => "numeric",
        Read::Date => "date",
        Read::Timestamp | Read::TimestampTz => "timestamp",
        _ => {
            let message = format!(
                "`partition_on: {}` is of type `{}`, expected a number, a date or a timestamp",
                column.name,
                read.data_type()
            );
            return Err(ConnectorError::new(Kind::Data, message));
        }
    };
    let context = context! {
        form,
        column => &column.name,
        parts => PARTS * connections as u64,
        ..source(&described.form)
    };
    let rows = session.rows(&sql("bounds", &context)?)?;
    let mut bounds: Vec<String> =
        rows.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect();
    bounds.dedup();
    Ok(bounds)
}

/// What a statement reads from, for its template.
pub(super) fn source(form: &Form) -> Value {
    match form {
        Form::Relation { schema, name, .. } => {
            context! { schema => schema, name => name, query => () }
        }
        Form::Query(query) => context! { schema => (), name => (), query => query },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_split_without_gaps() {
        assert_eq!(pages(0, 4), [Range::All]);
        assert_eq!(pages(1024, 4), [Range::All]);
        assert_eq!(pages(1_000_000, 1), [Range::All]);
        for (total, connections) in [(1025, 2), (2048, 2), (100_000, 2), (100_001, 3), (9_999, 8)] {
            let mut next = 0;
            let ranges = pages(total, connections);
            for (at, range) in ranges.iter().enumerate() {
                let Range::Pages(first, end) = range else { panic!("{range:?}") };
                assert_eq!(*first, next);
                assert_eq!(end.is_none(), at + 1 == ranges.len());
                next = end.unwrap_or(total);
            }
            assert_eq!(next, total);
        }
    }

    #[test]
    fn parts_hold_every_value_and_null() {
        let part = |first: Option<&str>, end: Option<&str>| {
            Range::Part(first.map(str::to_owned), end.map(str::to_owned))
        };
        assert_eq!(parts(Vec::new()), [Range::Nulls, part(None, None)]);
        assert_eq!(
            parts(vec!["5".to_owned(), "9".to_owned()]),
            [
                Range::Nulls,
                part(None, Some("5")),
                part(Some("5"), Some("9")),
                part(Some("9"), None)
            ]
        );
    }
}
