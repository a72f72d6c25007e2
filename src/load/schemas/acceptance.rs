//! What is written when the schema of a source table is accepted.

use super::comparison::Comparison;
use crate::artifact::SchemaDirectory;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::graph::Graph;
use crate::load::SourceDrift;
use crate::relation::Column;
use crate::schema::{Acceptance, Salvage, Snapshot, single};
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
    let accepted = comparisons.iter().filter_map(|comparison| comparison.accepted.as_ref().ok());
    let accepted =
        accepted.flatten().flat_map(Snapshot::columns).map(|described| &described.column);
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
    if !seen.is_typed {
        return Err(vec![untyped(request, comparison)]);
    }
    match (&comparison.accepted, &comparison.drift) {
        (Ok(Some(snapshot)), Some(drift)) => Ok(changed(request, snapshot, drift)),
        (Ok(_), _) if request.columns.is_empty() => {
            Ok(Accepted::First(seen.accept(None, request.acceptance.clone())))
        }
        (Err(problems), _) if request.columns.is_empty() => {
            let node = request.graph.node(comparison.node);
            // What is wrong with the disk is not mended by writing.
            let broken = |problem: &Diagnostic| problem.code == Code::SNAPSHOT_UNREADABLE;
            let text = directory.text(node.source_name(), &node.name).ok().flatten();
            let text = text.filter(|_| problems.iter().all(broken));
            let text = text.ok_or_else(|| problems.clone())?;
            let fresh = seen.accept(None, request.acceptance.clone());
            Ok(Accepted::Repaired(Salvage::of(&text).accept(&fresh, request.acceptance.clone())))
        }
        (Ok(_) | Err(_), _) => Err(vec![no_columns(request, comparison)]),
    }
}

fn changed(request: &AcceptRequest<'_>, snapshot: &Snapshot, drift: &SourceDrift) -> Accepted {
    let (accepted, seen) = (snapshot.relation_columns(), &drift.seen);
    let columns = match request.columns.as_slice() {
        _ if drift.is_empty() => accepted,
        [] if seen.is_ordered => seen.columns.clone(),
        [] => unordered(&accepted, &seen.columns),
        names => single(&accepted, &seen.columns, names),
    };
    let after = snapshot.accept(columns, request.acceptance.clone());
    if after.version() == snapshot.version() {
        Accepted::Unchanged(after)
    } else {
        Accepted::Changed(snapshot.version(), after)
    }
}

/// The columns of a source that has no order: as they stood, new ones behind them.
fn unordered(accepted: &[Column], seen: &[Column]) -> Vec<Column> {
    let of = |name: &str| seen.iter().find(|column| column.name == name).cloned();
    let is_new = |column: &&Column| !accepted.iter().any(|known| known.name == column.name);
    let stays = accepted.iter().filter_map(|column| of(&column.name));
    stays.chain(seen.iter().filter(is_new).cloned()).collect()
}

/// Types that no value tells would be frozen.
fn untyped(request: &AcceptRequest<'_>, comparison: &Comparison) -> Diagnostic {
    let node = request.graph.node(comparison.node);
    let message = format!("the files of `{}` have no rows, which tell the types", node.label());
    let place = node.load().map_or(&node.place, |load| &load.place);
    Diagnostic::error(Code::SOURCE_EMPTY, message)
        .at(place.clone())
        .with_help("accept it once there are rows; its first load does so by itself")
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
