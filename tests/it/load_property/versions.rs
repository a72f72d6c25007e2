//! What scd2 means: a list of versions, each with the interval in which it held.

use super::bench::{Bench, Counts};
use super::expected::{count, key, within_limit};
use super::setting::{Cell, DAY, Row, Setting, Type};
use std::collections::BTreeMap;

/// A row, from when to when it held; in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) row: Row,
    pub(super) begin: i64,
    pub(super) end: Option<i64>,
}

/// The type of the cursor, where it dates versions.
fn dated_by(setting: &Setting) -> Option<(usize, Type)> {
    let column = setting.cursor?.column;
    let data_type = setting.columns[column].1;
    matches!(data_type, Type::Date | Type::Timestamp).then_some((column, data_type))
}

/// Brings `versions` up to date with `rows`, one of each key.
pub(super) fn apply(
    setting: &Setting,
    versions: &mut Vec<Version>,
    rows: Vec<Row>,
    now: i64,
    first: bool,
    counts: &mut Counts,
) -> Result<(), Vec<&'static str>> {
    let dated = dated_by(setting);
    // Versions that are dated by days begin and end at midnight.
    let now = match dated {
        Some((_, Type::Date)) => now - now.rem_euclid(DAY),
        _ => now,
    };
    let date = |row: &Row| dated.and_then(|(column, data_type)| data_type.moment(row[column]?));
    let current = |version: &Version| version.end.is_none();
    let before = versions.iter().filter(|version| current(version)).count();
    let keys: Vec<Vec<Cell>> = rows.iter().map(|row| key(setting, row)).collect();
    for row in rows {
        let of_key = |version: &&mut Version| key(setting, &version.row) == key(setting, &row);
        let last_end = versions.iter_mut().filter(of_key).filter_map(|version| version.end).max();
        let standing = versions.iter_mut().filter(of_key).find(|version| current(version));
        // A version cannot begin before what is there.
        let after = standing.as_ref().map(|version| version.begin).or(last_end);
        let begin = match (date(&row), after) {
            (Some(date), None) => date,
            (Some(date), Some(after)) if date > after => date,
            (_, Some(after)) => now.max(after),
            (None, None) => now,
        };
        match standing {
            None => count(counts, "rows_inserted", 1),
            Some(version) if differs(setting, &version.row, &row) => {
                version.end = Some(begin);
                count(counts, "rows_updated", 1);
                count(counts, "versions_closed", 1);
            }
            Some(_) => {
                count(counts, "rows_unchanged", 1);
                continue;
            }
        }
        versions.push(Version { row, begin, end: None });
    }
    if setting.complete && !first {
        let gone = |version: &&mut Version| {
            version.end.is_none() && !keys.contains(&key(setting, &version.row))
        };
        for version in versions.iter_mut().filter(gone) {
            version.end = Some(now.max(version.begin));
            count(counts, "rows_deleted_by_absence", 1);
            count(counts, "versions_closed", 1);
        }
        within_limit(setting, before, counts)?;
    }
    Ok(())
}

/// Whether a tracked column has another value; NULL equals NULL.
fn differs(setting: &Setting, old: &Row, new: &Row) -> bool {
    let tracked = |column: &usize| {
        !setting.key.contains(column)
            && (setting.track.is_empty() || setting.track.contains(column))
    };
    (0..new.len()).filter(tracked).any(|column| old[column] != new[column])
}

/// The versions that stand in the table.
pub(super) fn standing(bench: &Bench, setting: &Setting, columns: usize) -> Vec<Version> {
    let sql = format!(
        "select {}, {}, {}, is_current from raw.t",
        setting.select(columns),
        bench.moment("valid_from"),
        bench.moment("valid_to")
    );
    let rows = bench.query(&sql).into_iter().map(|row| {
        let end = row[columns + 1].as_i64();
        assert_eq!(row[columns + 2], end.is_none(), "`is_current` of {row:?}");
        Version { row: setting.row(&row[..columns]), begin: row[columns].as_i64().unwrap(), end }
    });
    let mut versions: Vec<Version> = rows.collect();
    versions.sort();
    versions
}

/// The intervals of a key follow each other without meeting, and one at most is open.
pub(super) fn check_intervals(setting: &Setting, versions: &[Version]) {
    let mut by_key: BTreeMap<Vec<Cell>, Vec<(i64, i64)>> = BTreeMap::new();
    for version in versions {
        let end = version.end.unwrap_or(i64::MAX);
        assert!(version.begin <= end, "{version:?}");
        by_key.entry(key(setting, &version.row)).or_default().push((version.begin, end));
    }
    for (key, mut intervals) in by_key {
        intervals.sort_unstable();
        let follow = intervals.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        assert!(follow, "key {key:?} has intervals {intervals:?}");
    }
}
