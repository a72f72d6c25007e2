//! The parts that the JSON of all `schema` verbs has in common.

use crate::printer::Printer;
use serde_json::{Map, Value, json};
use sqlflow::artifact::LeftOver;
use sqlflow::diagnostic::Diagnostic;
use sqlflow::load::Sign;
use sqlflow::relation::Column;
use sqlflow::schema::{Change, Entry, Snapshot, Verdict};

/// Writes the object of a verb: its tables, and under `key` snapshots of tables that are gone.
pub(super) fn print(tables: Vec<Value>, key: &str, files: &[LeftOver], printer: &Printer) {
    let files: Vec<&str> = files.iter().map(|file| file.shown.as_str()).collect();
    printer.data(&format!("{}\n", json!({"tables": tables, key: files})));
}

/// What every table begins with.
pub(super) fn table(label: &str, id: &str, file: &str, status: &str) -> Map<String, Value> {
    let pairs = [("table", label), ("unique_id", id), ("file", file), ("status", status)];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

pub(super) fn column(column: &Column) -> Value {
    json!({
        "name": column.name,
        "type": column.data_type.as_str(),
        "nullable": column.nullable,
    })
}

/// Version, fingerprint, since when, and the columns with their descriptions.
pub(super) fn snapshot(snapshot: &Snapshot) -> Value {
    let columns = snapshot.columns().iter().map(|described| {
        let mut value = column(&described.column);
        value["description"] = described.description.clone().into();
        value
    });
    let last = snapshot.history().last().map(|entry| entry.acceptance.at.to_string());
    json!({
        "version": snapshot.version(),
        "fingerprint": snapshot.fingerprint(),
        "since": last,
        "columns": columns.collect::<Vec<_>>(),
    })
}

pub(super) fn entry(entry: &Entry) -> Value {
    let columns = |columns: &[Column]| columns.iter().map(column).collect::<Vec<_>>();
    let retyped = entry.retyped.iter().map(|retyped| {
        json!({"name": retyped.name, "from": retyped.from.as_str(), "to": retyped.to.as_str()})
    });
    let nullability = entry.nullability.iter();
    let nullability =
        nullability.map(|(name, nullable)| json!({"name": name, "nullable": nullable}));
    json!({
        "version": entry.version,
        "at": entry.acceptance.at.to_string(),
        "by": entry.acceptance.by.words(),
        "who": entry.acceptance.who,
        "why": entry.acceptance.why,
        "added": columns(&entry.added),
        "removed": columns(&entry.removed),
        "retyped": retyped.collect::<Vec<_>>(),
        "nullability": nullability.collect::<Vec<_>>(),
        "moved": entry.moved,
    })
}

/// One change of a source, as it was and as it is.
pub(super) fn change(change: Change<'_>, verdict: Verdict, sign: Option<&Sign>) -> Value {
    let (kind, was, is) = match change {
        Change::Added(is) => ("added", None, Some(column(is))),
        Change::Removed(was) => ("removed", Some(column(was)), None),
        Change::Widened(was, is) => ("widened", Some(column(was)), Some(column(is))),
        Change::Retyped(was, is) => ("retyped", Some(column(was)), Some(column(is))),
        Change::NowRequired(is) => ("now_required", None, Some(column(is))),
        Change::NowNullable(is) => ("now_nullable", None, Some(column(is))),
        Change::Moved(_) => ("moved", None, None),
    };
    let verdict = match verdict {
        Verdict::Note => "note",
        Verdict::LeaveOut => "leave_out",
        Verdict::Accept => "accept",
        Verdict::Halt => "halt",
    };
    let sign = sign.map(|sign| json!({"file": sign.path, "line": sign.line, "text": sign.text}));
    let column = change.column();
    json!({"kind": kind, "column": column, "was": was, "is": is, "verdict": verdict, "sign": sign})
}

/// Problems as data, without secrets.
pub(super) fn problems<'d>(
    problems: impl Iterator<Item = &'d Diagnostic>,
    printer: &Printer,
) -> Vec<Value> {
    let masked = problems.map(|problem| problem.clone().masked(printer.secrets()));
    let value = |problem: Diagnostic| {
        let place = problem.labels.first().map(|label| {
            let at = label.place.line_column();
            json!({"file": label.place.file.path, "line": at.line, "column": at.column})
        });
        json!({
            "code": problem.code.as_str(),
            "severity": problem.severity.to_string(),
            "message": problem.message,
            "notes": problem.notes,
            "help": problem.help,
            "place": place,
        })
    };
    masked.map(value).collect()
}
