//! What a load means, as plainly as it can be said: a table is a list of rows, and each rule of the
//! reference is a few lines on it.

use super::bench::Counts;
use super::setting::{Batch, Cell, Deletes, Empty, NullCursor, NullKey, Row, Setting};
use super::versions::{self, Version};
use sqlflow::mode::load::LoadMode;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The table, and what is remembered of its loads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct State {
    pub(super) made: bool,
    /// Rows, each with when it was marked as deleted.
    pub(super) rows: Vec<(Row, Option<i64>)>,
    /// The rows of scd2.
    pub(super) versions: Vec<Version>,
    /// The greatest cursor that was read.
    pub(super) recorded: Cell,
    /// Rows that were put aside, by all loads.
    pub(super) rejects: u64,
}

/// A load; `Err` holds the codes of everything that is wrong.
pub(super) type Loaded = Result<(State, Counts), Vec<&'static str>>;

/// What `batch` does to the table at `now`.
pub(super) fn apply(
    setting: &Setting,
    before: &State,
    batch: &Batch,
    now: i64,
    refresh: bool,
) -> Loaded {
    if u64::from(batch.bad) > setting.max_rejects {
        return Err(vec!["SF304"]);
    }
    let rebuilds = refresh && setting.mode != LoadMode::Scd2;
    let anew = !before.made || setting.mode == LoadMode::Replace || rebuilds;
    let read = read(setting, batch, if anew { None } else { before.recorded });
    let mut counts = Counts::new();
    count(&mut counts, "rows_read", read.len() + usize::from(batch.bad));
    count(&mut counts, "rows_rejected", usize::from(batch.bad));
    let has_rows = !before.rows.is_empty() || !before.versions.is_empty();
    if read.is_empty() && has_rows && (anew || setting.complete) {
        match setting.on_empty {
            Empty::Error => return Err(vec!["SF305"]),
            Empty::Keep => {
                let rejects = before.rejects + u64::from(batch.bad);
                return Ok((State { rejects, ..before.clone() }, counts));
            }
            Empty::Replace => {}
        }
    }
    let recorded = if anew { None } else { before.recorded };
    let mut after =
        State { made: true, recorded: recorded.max(newest(setting, &read)), ..before.clone() };
    let rows = usable(setting, read, &mut counts)?;
    let rows = match setting.mode {
        LoadMode::Merge | LoadMode::Scd2 => one_of_each_key(setting, rows, &mut counts)?,
        LoadMode::Replace | LoadMode::Append => rows,
    };
    if setting.mode == LoadMode::Scd2 {
        versions::apply(setting, &mut after.versions, rows, now, !before.made, &mut counts)?;
    } else if anew {
        after.rows = new_table(setting, rows, now, &mut counts);
    } else if setting.mode == LoadMode::Append {
        append(setting, &mut after.rows, rows, before.recorded, &mut counts);
    } else {
        merge(setting, &mut after.rows, rows, now, &mut counts)?;
    }
    after.rejects += counts.get("rows_rejected").copied().unwrap_or_default();
    after.rows.sort();
    after.versions.sort();
    Ok((after, counts))
}

pub(super) fn count(counts: &mut Counts, name: &'static str, rows: usize) {
    if rows > 0 {
        *counts.entry(name).or_default() += rows as u64;
    }
}

/// The least cursor that is read again.
fn since(setting: &Setting, recorded: Cell) -> Option<i16> {
    let lag = setting.cursor?.lag.unwrap_or(0);
    Some(i16::from(recorded?) - i16::from(lag))
}

fn is_read(setting: &Setting, row: &Row, recorded: Cell) -> bool {
    match (setting.cursor, since(setting, recorded)) {
        (Some(cursor), Some(since)) => row[cursor.column].is_none_or(|at| i16::from(at) >= since),
        _ => true,
    }
}

/// The rows that a load sees: all without a cursor, or what is new by it.
fn read(setting: &Setting, batch: &Batch, recorded: Cell) -> Vec<Row> {
    batch.rows.iter().filter(|row| is_read(setting, row, recorded)).cloned().collect()
}

fn newest(setting: &Setting, rows: &[Row]) -> Cell {
    let cursor = setting.cursor?;
    rows.iter().filter_map(|row| row[cursor.column]).max()
}

pub(super) fn key(setting: &Setting, row: &Row) -> Vec<Cell> {
    setting.key.iter().map(|&column| row[column]).collect()
}

/// What is left when rows without cursor or key are dealt with.
fn usable(
    setting: &Setting,
    rows: Vec<Row>,
    counts: &mut Counts,
) -> Result<Vec<Row>, Vec<&'static str>> {
    let no_cursor = |row: &Row| setting.cursor.is_some_and(|cursor| row[cursor.column].is_none());
    let keyed = matches!(setting.mode, LoadMode::Merge | LoadMode::Scd2);
    let no_key = |row: &Row| keyed && key(setting, row).contains(&None);
    let on_null_cursor = setting.cursor.map(|cursor| cursor.on_null);
    let mut wrong = Vec::new();
    if setting.on_null_key == NullKey::Error && rows.iter().any(no_key) {
        wrong.push("SF311");
    }
    if on_null_cursor == Some(NullCursor::Error) && rows.iter().any(no_cursor) {
        wrong.push("SF312");
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let skips = on_null_cursor == Some(NullCursor::Skip);
    let (skipped, rows): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| skips && no_cursor(row));
    count(counts, "rows_skipped", skipped.len());
    let rejects = setting.on_null_key == NullKey::Reject;
    let (rejected, rows): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| rejects && no_key(row));
    count(counts, "rows_rejected", rejected.len());
    Ok(rows)
}

/// The row of each key that counts.
fn one_of_each_key(
    setting: &Setting,
    rows: Vec<Row>,
    counts: &mut Counts,
) -> Result<Vec<Row>, Vec<&'static str>> {
    let all = rows.len();
    let mut by_key: BTreeMap<Vec<Cell>, Vec<Row>> = BTreeMap::new();
    for row in rows {
        by_key.entry(key(setting, &row)).or_default().push(row);
    }
    let mut order = setting.dedup_by.clone();
    if let (true, Some(cursor)) = (order.is_empty(), setting.cursor) {
        order.push((cursor.column, true));
    }
    let decided = !order.is_empty();
    order.extend((0..setting.columns.len()).map(|column| (column, true)));
    let mut kept = Vec::new();
    for mut rows in by_key.into_values() {
        rows.sort();
        rows.dedup();
        if rows.len() > 1 && !decided {
            return Err(vec!["SF310"]);
        }
        rows.sort_by(|a, b| rank(&order, a, b));
        kept.push(rows.remove(0));
    }
    count(counts, "rows_deduplicated", all - kept.len());
    Ok(kept)
}

/// Which row comes first; NULL comes last either way.
fn rank(order: &[(usize, bool)], a: &Row, b: &Row) -> Ordering {
    let compared = order.iter().map(|&(column, descending)| match (a[column], b[column]) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (a, b) if descending => b.cmp(&a),
        (a, b) => a.cmp(&b),
    });
    compared.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn is_flagged(setting: &Setting, row: &Row) -> bool {
    setting.flag.is_some_and(|flag| row[flag] == Some(1))
}

fn new_table(
    setting: &Setting,
    rows: Vec<Row>,
    now: i64,
    counts: &mut Counts,
) -> Vec<(Row, Option<i64>)> {
    let mut table = Vec::new();
    for row in rows {
        match (is_flagged(setting, &row), setting.deletes) {
            (true, Deletes::Hard) => count(counts, "rows_skipped", 1),
            (flagged, _) => {
                count(counts, "rows_inserted", 1);
                table.push((row, flagged.then_some(now)));
            }
        }
    }
    table
}

/// What tells rows of an append apart: key and cursor, else everything.
pub(super) fn identity(setting: &Setting, row: &Row) -> Vec<Cell> {
    match setting.cursor {
        Some(cursor) if !setting.key.is_empty() => {
            let mut identity = key(setting, row);
            identity.push(row[cursor.column]);
            identity
        }
        _ => row.clone(),
    }
}

/// Each row of the batch stands for one of the overlap that is there already, or is new.
fn append(
    setting: &Setting,
    table: &mut Vec<(Row, Option<i64>)>,
    rows: Vec<Row>,
    recorded: Cell,
    counts: &mut Counts,
) {
    let mut there: Vec<Vec<Cell>> = match setting.cursor {
        None => Vec::new(),
        Some(_) => table
            .iter()
            .filter(|(row, _)| is_read(setting, row, recorded))
            .map(|(row, _)| identity(setting, row))
            .collect(),
    };
    for row in rows {
        let known = there.iter().position(|known| *known == identity(setting, &row));
        if let Some(position) = known {
            there.remove(position);
            count(counts, "rows_deduplicated", 1);
        } else {
            table.push((row, None));
            count(counts, "rows_inserted", 1);
        }
    }
}

fn merge(
    setting: &Setting,
    table: &mut Vec<(Row, Option<i64>)>,
    rows: Vec<Row>,
    now: i64,
    counts: &mut Counts,
) -> Result<(), Vec<&'static str>> {
    let alive = table.iter().filter(|(_, gone)| gone.is_none()).count();
    let keys: Vec<Vec<Cell>> = rows.iter().map(|row| key(setting, row)).collect();
    for row in rows {
        let place = table.iter().position(|(known, _)| key(setting, known) == key(setting, &row));
        let became = merge_row(setting, table, place, row, now);
        count(counts, became, 1);
    }
    if setting.complete {
        let absent =
            |row: &(Row, Option<i64>)| row.1.is_none() && !keys.contains(&key(setting, &row.0));
        let gone = table.iter().filter(|row| absent(row)).count();
        count(counts, "rows_deleted_by_absence", gone);
        if setting.deletes == Deletes::Hard {
            table.retain(|row| !absent(row));
        }
        for row in table.iter_mut().filter(|row| absent(row)) {
            row.1 = Some(now);
        }
    }
    within_limit(setting, alive, counts)
}

/// Whether the deletes are as many as a load may make of `before` rows.
pub(super) fn within_limit(
    setting: &Setting,
    before: usize,
    counts: &Counts,
) -> Result<(), Vec<&'static str>> {
    let names = ["rows_deleted", "rows_deleted_by_absence"];
    let deleted: u64 = names.iter().filter_map(|name| counts.get(name)).sum();
    let most = u64::from(setting.max_delete_percent.unwrap_or(20)) * before as u64;
    if before > 0 && deleted * 100 > most { Err(vec!["SF313"]) } else { Ok(()) }
}

fn merge_row(
    setting: &Setting,
    table: &mut Vec<(Row, Option<i64>)>,
    place: Option<usize>,
    row: Row,
    now: i64,
) -> &'static str {
    let flagged = is_flagged(setting, &row);
    let hard = setting.deletes == Deletes::Hard;
    match place {
        None if flagged && hard => return "rows_skipped",
        None => {
            table.push((row, flagged.then_some(now)));
            return "rows_inserted";
        }
        Some(place) if flagged && hard => {
            table.remove(place);
            return "rows_deleted";
        }
        Some(_) => {}
    }
    let Some((known, gone)) = place.map(|place| &mut table[place]) else { return "" };
    if let Some(column) = setting.condition
        && !matches!((row[column], known[column]), (Some(new), Some(old)) if new > old)
    {
        return "rows_skipped";
    }
    let updates = |column: usize| match (&setting.update[..], &setting.exclude[..]) {
        ([], exclude) => !exclude.contains(&column),
        (update, _) => update.contains(&column),
    };
    let mut merged = known.clone();
    for column in (0..row.len()).filter(|column| updates(*column)) {
        merged[column] = row[column];
    }
    let differs = std::mem::replace(known, merged) != *known;
    match (flagged, *gone) {
        (true, None) => {
            *gone = Some(now);
            "rows_deleted"
        }
        (false, Some(_)) => {
            *gone = None;
            "rows_updated"
        }
        _ if differs => "rows_updated",
        _ => "rows_unchanged",
    }
}
