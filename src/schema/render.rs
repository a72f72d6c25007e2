//! Writes a snapshot as YAML: a column a line, so that a drift is a line of a pull request.
//!
//! Two branches that change one table meet in the line of the fingerprint, always: git cannot merge
//! them into a schema that nobody accepted.

use super::scalar::scalar;
use super::snapshot::{Acceptance, Entry, Snapshot, SnapshotColumn};
use crate::relation::Column;
use serde_json::{Map, Value};

impl Snapshot {
    /// The file's text: the same bytes for the same snapshot, a newline at the end.
    pub fn render(&self) -> String {
        let mut lines = vec![
            format!("version: {}", self.version()),
            format!("fingerprint: {}", digits(&self.fingerprint())),
        ];
        if !self.read().is_empty() {
            lines.push(format!("read: {}", mapping(self.read())));
        }
        let columns = self.columns().iter().map(|column| flow(&described(column))).collect();
        lines.push(list("columns", columns));
        lines.push(list(
            "history",
            self.history().iter().map(|entry| flow(&parts(entry))).collect(),
        ));
        lines.join("\n") + "\n"
    }
}

/// Hexadecimal digits that YAML could take for a number stand in quotes.
fn digits(text: &str) -> String {
    let is_word = text.contains(|c| matches!(c, 'a'..='d' | 'f'));
    if is_word { text.to_owned() } else { format!("\"{text}\"") }
}

fn list(key: &str, items: Vec<String>) -> String {
    if items.is_empty() {
        return format!("{key}: []");
    }
    format!(
        "{key}:\n{}",
        items.iter().map(|item| format!("  - {item}")).collect::<Vec<_>>().join("\n")
    )
}

type Parts = Vec<(&'static str, String)>;

fn flow(parts: &Parts) -> String {
    let parts: Vec<_> = parts.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", parts.join(", "))
}

fn flow_list(items: Vec<String>) -> String {
    format!("[{}]", items.join(", "))
}

fn column(column: &Column) -> Parts {
    vec![
        ("name", scalar(&column.name)),
        ("type", scalar(column.data_type.as_str())),
        ("nullable", column.nullable.to_string()),
    ]
}

fn described(described: &SnapshotColumn) -> Parts {
    let mut parts = column(&described.column);
    parts.extend(described.description.iter().map(|text| ("description", scalar(text))));
    parts
}

fn parts(entry: &Entry) -> Parts {
    let Acceptance { at, by, who, why } = &entry.acceptance;
    let mut parts = vec![
        ("version", entry.version.to_string()),
        ("at", at.to_string()),
        ("by", scalar(by.words())),
    ];
    parts.extend(who.iter().map(|who| ("who", scalar(who))));
    parts.extend(why.iter().map(|why| ("why", scalar(why))));
    let columns = |columns: &[Column]| columns.iter().map(|c| flow(&column(c))).collect::<Vec<_>>();
    let retyped = entry.retyped.iter().map(|retyped| {
        flow(&vec![
            ("name", scalar(&retyped.name)),
            ("from", scalar(retyped.from.as_str())),
            ("to", scalar(retyped.to.as_str())),
        ])
    });
    let nullability = entry.nullability.iter().map(|(name, nullable)| {
        flow(&vec![("name", scalar(name)), ("nullable", nullable.to_string())])
    });
    let changes = [
        ("added", columns(&entry.added)),
        ("removed", columns(&entry.removed)),
        ("retyped", retyped.collect()),
        ("nullability", nullability.collect()),
        ("moved", entry.moved.iter().map(|name| scalar(name)).collect()),
    ];
    let changes = changes.into_iter().filter(|(_, items)| !items.is_empty());
    parts.extend(changes.map(|(key, items)| (key, flow_list(items))));
    parts
}

/// Keys in order, so that who put them in first makes no difference.
fn mapping(map: &Map<String, Value>) -> String {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|a, b| a.0.cmp(b.0));
    let entries =
        entries.into_iter().map(|(key, item)| format!("{}: {}", scalar(key), value(item)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}

fn value(item: &Value) -> String {
    match item {
        Value::Null | Value::Bool(_) | Value::Number(_) => item.to_string(),
        Value::String(text) => scalar(text),
        Value::Array(items) => flow_list(items.iter().map(value).collect()),
        Value::Object(map) => mapping(map),
    }
}
