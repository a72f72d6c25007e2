//! Whether the keys of a batch are keys: each in one row, none with NULL.

use super::batch_check::{react, reacting};
use super::worker::{Result, Worker, plain};
use crate::compile;
use crate::diagnostic::{self, Code, Diagnostic};
use crate::graph::Node;
use crate::mode::{Incremental, Key, Mode, Reaction};
use crate::relation::RelationName;
use serde_json::Value;

/// What can be wrong with keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Null,
    Duplicate,
}

impl Worker<'_> {
    /// Rows of `from` that share a key or have none are told, and follow dbt's result, or are
    /// refused.
    pub(super) fn check_keys(
        &mut self,
        node: &Node,
        incremental: &Incremental,
        from: &RelationName,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<()> {
        let Some(key) = incremental.mode.key() else { return Ok(()) };
        let checks = node.config.checks;
        // delete+insert replaces all rows of a key by all rows of a key.
        let merges = matches!(incremental.mode, Mode::Merge(_));
        let stage = |relation| compile::stage_relation(self.execution.graph, relation);
        let is_made = node.relation.as_ref().map(stage).as_ref() == Some(from);
        let on_duplicate = checks.on_duplicate.or(merges.then_some(Reaction::Warn));
        let on_null = checks.on_null_key.or(Some(Reaction::Warn));
        let sql = compile::batch_keys(self.execution.graph, from, key);
        let [with_null, with_copies] = self.counts(node, &sql)?;
        for (fault, reaction, rows) in
            [(Fault::Null, on_null, with_null), (Fault::Duplicate, on_duplicate, with_copies)]
        {
            if let (Some(reaction), 1..) = (reaction, rows) {
                let keys = self.faulty_keys(node, from, key, fault)?;
                react(
                    reaction,
                    fault.problem(node, reaction, rows, keys, merges && !is_made),
                    problems,
                )?;
            }
        }
        Ok(())
    }

    /// Up to five keys of that fault, for people.
    fn faulty_keys(
        &mut self,
        node: &Node,
        from: &RelationName,
        key: &Key,
        fault: Fault,
    ) -> Result<String> {
        let with_null = fault == Fault::Null;
        let sql = compile::keys_of_batch(self.execution.graph, from, key, with_null);
        let table = self.session.query(&sql, None);
        let table = table.map_err(|error| Box::new(plain(node, &error)))?;
        let shown: Vec<String> = table.rows.iter().map(|row| key_shown(row)).collect();
        Ok(format!("keys of {}: {}", key.columns().join(", "), shown.join("; ")))
    }
}

impl Fault {
    /// The problem; `matches` says whether rows of the table take the batch's values.
    fn problem(
        self,
        node: &Node,
        reaction: Reaction,
        rows: u64,
        keys: String,
        matches: bool,
    ) -> Diagnostic {
        let (code, what, setting, result) = match self {
            Self::Null => (
                Code::NULL_KEY,
                "NULL in",
                "on_null_key",
                "they are added, and no later run finds them again",
            ),
            Self::Duplicate => (
                Code::DUPLICATE_KEYS,
                "the same",
                "on_duplicate",
                if matches {
                    "where the table has the key, its row takes the values of any one of them; \
                     where it has not, all of them are added"
                } else {
                    "all of them are added"
                },
            ),
        };
        let (setting, result) = match reaction {
            Reaction::Error => (setting, "the table stays as it is"),
            Reaction::Warn => ("unique_key", result),
        };
        let message = format!("{} of the batch with {what} `unique_key`", diagnostic::rows(rows));
        reacting(reaction, code, message)
            .at(node.place_of(setting))
            .with_note(keys)
            .with_note(result)
    }
}

fn key_shown(row: &[Value]) -> String {
    let cell = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    row.iter().map(cell).collect::<Vec<_>>().join(", ")
}
