//! How a table is stored, where its engine lets a project say so: `indexes`, `unlogged`, `fillfactor`.

use super::config::Reader;
use crate::diagnostic::Code;
use serde_json::Value;

/// How a table is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// Indexes that are made with it.
    pub indexes: Vec<Index>,
    /// Whether it is left out of the server's log, and empty after a crash.
    pub unlogged: bool,
    /// The part of a page, in percent, that is filled at first.
    pub fillfactor: Option<u64>,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its columns, at least one.
    pub columns: Vec<String>,
    /// Whether no two rows may have the same values.
    pub unique: bool,
    /// The access method: `btree`.
    pub method: String,
}

impl TableOptions {
    /// The names of the options that are set.
    pub fn set(&self) -> Vec<&'static str> {
        let options = [
            ("indexes", !self.indexes.is_empty()),
            ("unlogged", self.unlogged),
            ("fillfactor", self.fillfactor.is_some()),
        ];
        options.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect()
    }
}

/// Reads the options.
pub(super) fn read(reader: &mut Reader<'_>) -> TableOptions {
    let indexes = match reader.value("indexes").cloned() {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().filter_map(|item| index(reader, item)).collect(),
        Some(_) => {
            reader.wrong("indexes", "a list, such as [{columns: [id], unique: true}]");
            Vec::new()
        }
    };
    let unlogged = reader.boolean("unlogged").unwrap_or(false);
    let fillfactor = reader.count("fillfactor");
    if fillfactor.is_some_and(|percent| !(10..=100).contains(&percent)) {
        reader.wrong("fillfactor", "10 to 100");
    }
    TableOptions { indexes, unlogged, fillfactor }
}

fn index(reader: &mut Reader<'_>, item: &Value) -> Option<Index> {
    let known = ["columns", "unique", "type"];
    let mut refuse = |message: String, help: &str| {
        reader.report(Code::INVALID_VALUE, "indexes", message, Some(help.to_owned()));
        None
    };
    let Value::Object(entries) = item else {
        let message = format!("`{item}` is no index, expected `columns` and what else it has");
        return refuse(message, "write it as {columns: [id], unique: true, type: btree}");
    };
    if let Some(key) = entries.keys().find(|key| !known.contains(&key.as_str())) {
        return refuse(
            format!("unknown key `{key}` of an index"),
            "known are columns, unique, type",
        );
    }
    let columns = match entries.get("columns") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => {
            several.iter().filter_map(|column| Some(column.as_str()?.to_owned())).collect()
        }
        _ => Vec::new(),
    };
    if columns.is_empty() {
        return refuse("an index has no columns".to_owned(), "name them: {columns: [id]}");
    }
    let unique = match entries.get("unique") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(unique)) => *unique,
        Some(other) => {
            let message = format!("`unique` of an index is `{other}`, expected true or false");
            return refuse(message, "an index that is not unique needs no `unique`");
        }
    };
    let method = match entries.get("type") {
        None | Some(Value::Null) => "btree",
        Some(Value::String(method)) if crate::mode::is_name(method) => method,
        Some(other) => {
            let message = format!("`type` of an index is `{other}`, expected the name of a method");
            return refuse(message, "usual are btree, hash, gin, gist, spgist, brin");
        }
    };
    if unique && !method.eq_ignore_ascii_case("btree") {
        let message = format!("an index of type `{method}` cannot be unique");
        return refuse(message, "leave out `type`, or `unique`");
    }
    Some(Index { columns, unique, method: method.to_owned() })
}
