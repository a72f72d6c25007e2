//! How a source has drifted from its accepted schema, and how people are told.
//!
//! | the source says | compared with the accepted schema |
//! | --- | --- |
//! | a declared type | is no drift: the user's own word counts on both sides |
//! | `constraints: not_null` | likewise |
//! | whether a column may hold NULL | where it is a database or Parquet; other files do not say |
//! | the order | as a note; in JSON, and where files are united by name, there is none |

use super::fit;
use crate::artifact::SchemaDirectory;
use crate::connector::file::{Drift, Scan, Seen};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Graph, LoadNode, Node};
use crate::relation::{Column, DataType};
use crate::schema::{
    Acceptance, Change, Difference, Policy, Snapshot, SnapshotColumn, Verdict, compare, verdict,
};
use serde_json::Map;
use std::cmp::Reverse;

/// The columns that a source table has now, of those that are loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceColumns {
    /// The columns in the source's order: canonical types, those that the YAML declares in place of
    /// the source's, and whether they may hold NULL.
    pub columns: Vec<Column>,
    /// Whether that order means something.
    pub is_ordered: bool,
    /// Whether the source itself says which columns may hold NULL.
    pub tells_nulls: bool,
    /// Whether the types are known: files without a row do not tell them.
    pub is_typed: bool,
    /// What stands between two fields of a CSV file.
    pub delimiter: Option<String>,
    /// Where the changes show, where the source has such places. In the source's order.
    pub signs: Vec<Sign>,
}

/// Where it shows that a column is not as accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// The column.
    pub column: String,
    /// The first file in which it shows.
    pub path: String,
    /// The line of the first value that shows it, from 1.
    pub line: Option<u64>,
    /// That value.
    pub text: String,
}

impl SourceColumns {
    /// The columns of a table or query.
    pub(super) fn of_rows(load: &LoadNode, columns: Vec<Column>) -> Self {
        let seen = Seen { columns, is_ordered: true, tells_nulls: true, is_typed: true };
        Self::of_seen(load, seen)
    }

    /// The columns of files that are as accepted, or read for the first time.
    pub(super) fn of_scan(load: &LoadNode, scan: &Scan, is_frozen: bool) -> Self {
        let is_typed = is_frozen || scan.seen.is_typed;
        let delimiter = scan.delimiter.clone();
        Self { is_typed, delimiter, ..Self::of_seen(load, scan.seen.clone()) }
    }

    /// The columns of files that are not as accepted.
    pub(super) fn of_drift(load: &LoadNode, drift: Drift) -> Self {
        let sign =
            |column: String, path: String| Sign { column, path, line: None, text: String::new() };
        let added = drift.added.into_iter().map(|one| sign(one.column, one.path));
        let removed = drift.removed.into_iter().map(|one| sign(one.column, one.path));
        let retyped = drift.retyped.into_iter().map(|one| Sign {
            column: one.column,
            path: one.path,
            line: one.line,
            text: one.text,
        });
        let signs = added.chain(removed).chain(retyped).collect();
        Self { signs, ..Self::of_seen(load, drift.seen) }
    }

    fn of_seen(load: &LoadNode, seen: Seen) -> Self {
        let Seen { mut columns, is_ordered, tells_nulls, is_typed } = seen;
        fit::require(&fit::spelt_as(load, &columns), &mut columns);
        Self { columns, is_ordered, tells_nulls, is_typed, ..Self::default() }
    }

    /// The snapshot once these columns are accepted: the next version of `before`, the same where
    /// nothing has changed, or the first one.
    pub fn accept(&self, before: Option<&Snapshot>, acceptance: Acceptance) -> Snapshot {
        if let Some(before) = before {
            return before.accept(self.columns.clone(), acceptance);
        }
        let delimiter = self.delimiter.iter();
        let read = delimiter.map(|text| ("delimiter".to_owned(), text.clone().into()));
        let plain = |column: &Column| SnapshotColumn { column: column.clone(), description: None };
        let columns = self.columns.iter().map(plain).collect();
        Snapshot::first(columns, read.collect::<Map<_, _>>(), acceptance)
    }
}

/// How one source table differs from what was accepted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDrift {
    /// The accepted columns of those that are loaded, as far as the YAML does not declare them
    /// otherwise by now.
    pub accepted: Vec<Column>,
    /// What the source has.
    pub seen: SourceColumns,
    /// What is different.
    pub difference: Difference,
}

impl SourceDrift {
    /// How `seen` differs from `snapshot`.
    pub fn between(load: &LoadNode, snapshot: &Snapshot, seen: SourceColumns) -> Self {
        let accepted = accepted(load, snapshot, &seen);
        let mut difference = compare(&accepted, &seen.columns);
        if !seen.is_ordered {
            difference.moved.clear();
        }
        Self { accepted, seen, difference }
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.difference.is_empty()
    }

    /// Each change with what becomes of it under `policy`.
    pub fn verdicts(&self, policy: Policy) -> Vec<(Change<'_>, Verdict)> {
        let of = |change| match verdict(policy, change) {
            // A type that no value tells would be accepted for ever.
            Verdict::Accept if !self.seen.is_typed => Verdict::LeaveOut,
            verdict => verdict,
        };
        self.difference.changes().map(|change| (change, of(change))).collect()
    }

    /// One change in words, with where it shows; `load` is what is read.
    pub fn told(&self, load: &LoadNode, change: Change<'_>) -> String {
        let name = change.column();
        let sign = self.seen.signs.iter().find(|sign| sign.column == name);
        let place = sign.map_or_else(|| load.object.to_string(), |sign| sign.path.clone());
        match change {
            Change::Added(column) => {
                let required = if column.nullable { "" } else { " not null" };
                format!("column `{name}` ({}{required}) was added in `{place}`", column.data_type)
            }
            Change::Removed(_) => format!("column `{name}` was removed from `{place}`"),
            Change::Widened(was, now) | Change::Retyped(was, now) => {
                let (was, now) = (&was.data_type, &now.data_type);
                match sign {
                    None => format!("column `{name}` was {was} and is {now} in `{place}`"),
                    Some(sign) => {
                        format!("column `{name}` was {was} and would be {now}: {}", sign.told())
                    }
                }
            }
            Change::NowRequired(_) => {
                format!("column `{name}` was nullable and is not null in `{place}`")
            }
            Change::NowNullable(_) => {
                format!("column `{name}` was not null and is nullable in `{place}`")
            }
            Change::Moved(_) => format!("column `{name}` stands elsewhere in `{place}`"),
        }
    }

    /// Possible renames in words.
    pub fn renames(&self) -> impl Iterator<Item = String> {
        self.difference.renames.iter().map(|(old, new)| {
            format!("column `{}` is perhaps `{}` under a new name", new.name, old.name)
        })
    }
}

impl Sign {
    fn told(&self) -> String {
        let Self { path, line, text, .. } = self;
        match line {
            Some(line) => format!("line {line} of `{path}` has `{text}`"),
            None if text.is_empty() => format!("`{path}`"),
            None => format!("`{path}` has `{text}`"),
        }
    }
}

/// The accepted columns of those that are loaded, under what the YAML declares by now.
fn accepted(load: &LoadNode, snapshot: &Snapshot, seen: &SourceColumns) -> Vec<Column> {
    let mut columns = load.rules.selection.of(&snapshot.relation_columns());
    for column in &mut columns {
        if let Some(declared) = declared_type(load, &columns_named(&seen.columns), &column.name) {
            column.data_type = declared;
        }
        let now = seen.columns.iter().find(|now| now.name == column.name);
        if let Some(now) = now.filter(|_| !seen.tells_nulls) {
            column.nullable = now.nullable;
        }
    }
    fit::require(&fit::spelt_as(load, &columns), &mut columns);
    columns
}

fn columns_named(columns: &[Column]) -> Vec<&str> {
    columns.iter().map(|column| column.name.as_str()).collect()
}

/// The type that the YAML declares for `name`: it is spelt so there, else like it but for case.
fn declared_type(load: &LoadNode, known: &[&str], name: &str) -> Option<DataType> {
    let exact = load.columns.iter().find(|(declared, _)| declared == name);
    let is_twin = |declared: &str| declared != name && known.contains(&declared);
    let alike = load
        .columns
        .iter()
        .find(|(declared, _)| declared.to_lowercase() == name.to_lowercase() && !is_twin(declared));
    exact.or(alike).map(|(_, data_type)| DataType::new(data_type))
}

/// The one place where a drift that stops a load becomes a problem. The gravest change comes first.
pub fn problem(
    graph: &Graph,
    node: &Node,
    load: &LoadNode,
    drift: &SourceDrift,
    policy: Policy,
) -> Diagnostic {
    let mut changes = drift.verdicts(policy);
    // What no policy lets pass comes first.
    let gravity = |change| verdict(Policy::Permissive, change);
    changes.sort_by_key(|(change, verdict)| Reverse((*verdict, gravity(*change))));
    let mut lines = changes.iter().map(|(change, _)| drift.told(load, *change));
    let message = lines.next().unwrap_or_default();
    let problem = Diagnostic::error(Code::SCHEMA_DRIFT, message).at(load.place.clone());
    let problem = lines.chain(drift.renames()).fold(problem, Diagnostic::with_note);
    problem.with_help(accept_help(graph, node))
}

/// How a new schema is accepted.
fn accept_help(graph: &Graph, node: &Node) -> String {
    let name = node.label();
    let path = SchemaDirectory::of(graph).shown_path(node.source_name(), &node.name);
    format!(
        "`sqlflow schema compare {name}` shows what it breaks; if it is right, `sqlflow schema accept \
         {name}`, then commit {path}"
    )
}
