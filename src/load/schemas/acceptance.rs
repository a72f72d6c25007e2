//! What is written when the schema of a source table is accepted.

use super::comparison::Comparison;
use crate::artifact::SchemaDirectory;
use crate::diagnostic::{Code, Diagnostic, any_error, did_you_mean};
use crate::graph::Graph;
use crate::relation::Column;
use crate::schema::{Acceptance, Salvage, Snapshot, SnapshotColumn, single};
use std::collections::BTreeSet;

/// How schemas are accepted.
#[derive(Debug, Clone)]
pub struct AcceptRequest<'r> {
    /// The project.
    pub graph: &'r Graph,
    /// When, who and why.
    pub acceptance: Acceptance,
    /// The columns whose changes are accepted; empty for all of them.
    pub columns: Vec<String>,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// What became of one table.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// It is as accepted: nothing was written.
    Unchanged(Snapshot),
    /// Nothing was accepted of it before.
    First(Snapshot),
    /// It has a version more than the first says.
    Changed(u32, Snapshot),
    /// The file was broken, and is whole again.
    Repaired(Snapshot),
    /// Nothing was written.
    Failed(Vec<Diagnostic>),
}

impl Accepted {
    /// The word that JSON has for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unchanged(_) => "unchanged",
            Self::First(_) => "first",
            Self::Changed(..) => "accepted",
            Self::Repaired(_) => "repaired",
            Self::Failed(_) => "failed",
        }
    }

    /// What is accepted now, where that is known.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Unchanged(snapshot)
            | Self::First(snapshot)
            | Self::Changed(_, snapshot)
            | Self::Repaired(snapshot) => Some(snapshot),
            Self::Failed(_) => None,
        }
    }
}

/// Whether every column that `request` names is in one of the tables.
///
/// # Errors
/// Those that are in none, where every table could be asked.
pub fn check_columns(
    request: &AcceptRequest<'_>,
    comparisons: &[Comparison],
) -> Result<(), Vec<Diagnostic>> {
    let seen = comparisons.iter().filter_map(|comparison| comparison.seen.as_ref().ok());
    let seen = seen.flat_map(|seen| &seen.columns);
    let accepted = comparisons.iter().flat_map(|comparison| &comparison.columns);
    let known: BTreeSet<&str> = accepted.chain(seen).map(|column| column.name.as_str()).collect();
    if comparisons.iter().any(|comparison| comparison.problems().next().is_some()) {
        return Ok(());
    }
    let unknown = request.columns.iter().filter(|name| !known.contains(name.as_str()));
    let problems: Vec<Diagnostic> = unknown
        .map(|name| {
            let message = format!("no column `{name}`, neither accepted nor in the source");
            Diagnostic::error(Code::EMPTY_SELECTION, message)
                .with_help_maybe(did_you_mean(name, known.iter().copied()))
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Accepts what `comparison` saw, and writes it.
pub fn accept(request: &AcceptRequest<'_>, comparison: &Comparison) -> Accepted {
    let node = request.graph.node(comparison.node);
    let directory = SchemaDirectory::of(request.graph);
    let accepted = match decide(request, comparison, &directory) {
        Ok(accepted) => accepted,
        Err(problems) => return Accepted::Failed(problems),
    };
    let is_new = !matches!(accepted, Accepted::Unchanged(_));
    match accepted.snapshot().filter(|_| is_new && !request.dry_run) {
        Some(snapshot) => match directory.write(node.source_name(), &node.name, snapshot) {
            Ok(_) => accepted,
            Err(problem) => Accepted::Failed(vec![*problem]),
        },
        None => accepted,
    }
}

fn decide(
    request: &AcceptRequest<'_>,
    comparison: &Comparison,
    directory: &SchemaDirectory,
) -> Result<Accepted, Vec<Diagnostic>> {
    let seen = comparison.seen.as_ref().map_err(Clone::clone)?;
    let acceptance = request.acceptance.clone();
    let columns = seen.columns.clone();
    match &comparison.accepted {
        Ok(Some(snapshot)) => {
            let columns = if request.columns.is_empty() {
                columns
            } else {
                single(&snapshot.relation_columns(), &columns, &request.columns)
            };
            Ok(changed(snapshot, columns, acceptance))
        }
        Ok(None) if request.columns.is_empty() => {
            let columns = columns.into_iter().map(undescribed).collect();
            Ok(Accepted::First(Snapshot::first(columns, seen.read.clone(), acceptance)))
        }
        Err(problems) if request.columns.is_empty() => {
            let node = request.graph.node(comparison.node);
            // What is wrong with the disk is not mended by writing.
            let broken = |problem: &Diagnostic| problem.code == Code::SNAPSHOT_UNREADABLE;
            let text = directory.text(node.source_name(), &node.name).ok().flatten();
            match text.filter(|_| any_error(problems) && problems.iter().all(broken)) {
                Some(text) => {
                    let salvage = Salvage::of(&text);
                    let snapshot = salvage.accept(columns, seen.read.clone(), acceptance);
                    Ok(Accepted::Repaired(snapshot))
                }
                None => Err(problems.clone()),
            }
        }
        Ok(None) | Err(_) => Err(vec![no_columns(request, comparison)]),
    }
}

fn changed(snapshot: &Snapshot, columns: Vec<Column>, acceptance: Acceptance) -> Accepted {
    let after = snapshot.accept(columns, acceptance);
    if after.version() == snapshot.version() {
        Accepted::Unchanged(after)
    } else {
        Accepted::Changed(snapshot.version(), after)
    }
}

fn undescribed(column: Column) -> SnapshotColumn {
    SnapshotColumn { column, description: None }
}

/// Single columns are accepted beside others that were.
fn no_columns(request: &AcceptRequest<'_>, comparison: &Comparison) -> Diagnostic {
    let label = request.graph.node(comparison.node).label();
    let (message, help) = match &comparison.accepted {
        Ok(_) => (format!("nothing of `{label}` was accepted yet"), "a first snapshot"),
        Err(_) => (format!("the snapshot of `{label}` cannot be read"), "a new snapshot"),
    };
    Diagnostic::error(Code::EMPTY_SELECTION, message)
        .with_help(format!("without `--column`, {help} is written"))
}
