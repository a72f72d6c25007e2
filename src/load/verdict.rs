//! What the checks of a load found, and whether it goes on.

use crate::diagnostic::{Code, Diagnostic, rows};
use crate::engine::Table;
use crate::graph::LoadNode;
use crate::mode::load::{Counts, DeleteKind, OnNullCursor, OnNullKey};
use crate::relation::RelationName;
use serde_json::Value;

/// A row of counts, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Found(Vec<(String, Value)>);

impl Found {
    /// The first row of `table`.
    pub(super) fn new(table: Table) -> Self {
        let row = table.rows.into_iter().next().unwrap_or_default();
        Self(table.columns.into_iter().map(|(name, _)| name).zip(row).collect())
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn count(&self, name: &str) -> u64 {
        self.value(name).and_then(Value::as_u64).unwrap_or_default()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name)?.as_str().map(str::to_owned)
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.value(name) == Some(&Value::Bool(true))
    }
}

/// Whether what the stage holds may be applied.
pub(super) fn of_stage(load: &LoadNode, required: &[String], found: &Found) -> Vec<Diagnostic> {
    let rules = &load.rules;
    let mut problems = Vec::new();
    let null_cursors = found.count("null_cursors");
    if let Some(cursor) = &rules.cursor
        && null_cursors > 0
        && cursor.on_null == OnNullCursor::Error
    {
        let message = format!("{} with NULL in cursor `{}`", rows(null_cursors), cursor.column);
        problems.push(
            Diagnostic::error(Code::NULL_CURSOR, message).at(load.place_of("cursor")).with_help(
                "to read them each time write `on_null_cursor: include`, to leave them out \
                 `on_null_cursor: skip`",
            ),
        );
    }
    let null_keys = found.count("null_keys");
    if null_keys > 0 && rules.on_null_key == OnNullKey::Error {
        let message = format!("{} with NULL in the key", rows(null_keys));
        problems.push(
            Diagnostic::error(Code::NULL_KEY, message).at(load.place_of("key")).with_help(
                "to put them aside write `on_null_key: reject`, to let NULL equal NULL \
                 `on_null_key: match`",
            ),
        );
    }
    for column in required {
        let nulls = found.count(&format!("nulls in {column}"));
        if nulls > 0 {
            let message = format!("{} with NULL in `{column}`, which is not null", rows(nulls));
            let declared = load.required.iter().find(|(name, _)| name == column);
            let place = declared.map_or(&load.place, |(_, place)| place);
            problems.push(Diagnostic::error(Code::BATCH_MISFIT, message).at(place.clone()));
        }
    }
    problems
}

/// Keys that stand several times where nothing tells which row counts.
pub(super) fn of_repeats(load: &LoadNode, table: &Table) -> Option<Diagnostic> {
    let first = table.rows.first()?;
    let keys = first.first().and_then(Value::as_u64).unwrap_or_default();
    let shown: Vec<String> =
        table.rows.iter().filter_map(|row| Some(plain_key(row.get(1)?.as_str()?))).collect();
    let message = match keys {
        1 => "1 key stands several times in the batch".to_owned(),
        keys => format!("{keys} keys stand several times in the batch"),
    };
    let note = format!("{}{}", shown.join("; "), if keys > 5 { "; …" } else { "" });
    Some(
        Diagnostic::error(Code::DUPLICATE_KEYS, message)
            .at(load.place_of("key"))
            .with_note(note)
            .with_help(
                "say which row counts: `dedup_by: updated_at desc`, or a `cursor`: then the newest \
                 does",
            ),
    )
}

/// `{"id":1,"at":null}` as `id 1, at NULL`.
fn plain_key(text: &str) -> String {
    let Ok(Value::Object(columns)) = serde_json::from_str(text) else { return text.to_owned() };
    let column = |(name, value): (&String, &Value)| match value {
        Value::Null => format!("{name} NULL"),
        Value::String(text) => format!("{name} {text}"),
        other => format!("{name} {other}"),
    };
    columns.iter().map(column).collect::<Vec<_>>().join(", ")
}

/// Whether a merge may be published, and its counts.
pub(super) fn of_merge(
    load: &LoadNode,
    relation: &RelationName,
    staged: u64,
    found: &Found,
    counts: &mut Counts,
) -> Option<Diagnostic> {
    if found.count("matches") > staged {
        let message =
            format!("table `{relation}` has rows that share a key, which the batch has too");
        return Some(
            Diagnostic::error(Code::TARGET_DUPLICATES, message)
                .at(load.place_of("key"))
                .with_help("take the copies out of the table, or load anew with --full-refresh"),
        );
    }
    counts.inserted = found.count("inserted");
    counts.updated = found.count("updated");
    counts.unchanged = found.count("unchanged");
    counts.skipped += found.count("skipped");
    counts.deleted = found.count("deleted");
    counts.deleted_by_absence = found.count("absent");
    too_many_deletes(load, relation, found.count("rows_before"), counts)
}

/// Whether versions may be written: as many as a complete source lacks may end.
pub(super) fn of_versions(
    load: &LoadNode,
    relation: &RelationName,
    found: &Found,
) -> Option<Diagnostic> {
    let counts = Counts { deleted_by_absence: found.count("absent"), ..Counts::default() };
    too_many_deletes(load, relation, found.count("rows_before"), &counts)
}

#[allow(clippy::cast_precision_loss, reason = "a share of rows, compared with a percentage")]
fn too_many_deletes(
    load: &LoadNode,
    relation: &RelationName,
    before: u64,
    counts: &Counts,
) -> Option<Diagnostic> {
    let deletes = &load.rules.deletes;
    let none = deletes.kind == DeleteKind::None && !deletes.complete;
    if none || before == 0 {
        return None;
    }
    let deleted = counts.deleted + counts.deleted_by_absence;
    let percent = deleted as f64 * 100.0 / before as f64;
    if percent <= deletes.max_percent {
        return None;
    }
    let message = format!(
        "the load would delete {deleted} of {} in `{relation}`, {percent:.0} percent",
        rows(before)
    );
    Some(
        Diagnostic::error(Code::TOO_MANY_DELETES, message)
            .at(load.place_of(if deletes.complete { "complete" } else { "deletes" }))
            .with_note(format!("`max_delete_percent` is {}", deletes.max_percent))
            .with_help("if that is right, raise `max_delete_percent`"),
    )
}
