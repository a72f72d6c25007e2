//! What the drift of each source breaks, before a row is loaded.

use super::comparison::Comparison;
use crate::check::{Bindings, Impact, landed_columns, versions_after};
use crate::compile::compile;
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::EngineError;
use crate::engine::duckdb::{Binder, in_memory};
use crate::graph::{Graph, LoadNode, Node, NodeIndex, Selection};
use crate::load::{SourceDrift, fit, known_columns};
use crate::mode::load::LoadMode;
use crate::relation::Column;
use std::collections::BTreeMap;

/// What the drift of each of `drifted` does to the graph once it is accepted: the whole graph is bound
/// to the accepted schemas, and again to each new one. `None` where the target is another engine than
/// DuckDB, which binds nothing for it.
///
/// # Errors
/// DuckDB fails in memory.
pub fn impacts<'d>(
    graph: &Graph,
    drifted: impl IntoIterator<Item = (NodeIndex, Changed<'d>)>,
) -> Result<Option<BTreeMap<NodeIndex, Impact>>, EngineError> {
    let mut drifted = drifted.into_iter().peekable();
    let target = &graph.target;
    if !target.dialect.is_embedded() {
        return Ok(None);
    }
    let mut impacts = BTreeMap::new();
    if drifted.peek().is_none() {
        return Ok(Some(impacts));
    }
    let compilation = compile(graph, &Selection::all(graph), None);
    let known = known_columns(graph, &|_| true, &mut in_memory)?;
    let mut binder = Binder::new(&target.settings, &target.extensions, &target.database)?;
    let mut bindings = Bindings::new(graph, &compilation, &known, &mut binder);
    for (index, changed) in drifted {
        let node = graph.node(index);
        let Some(load) = node.load() else { continue };
        let standing = bindings.checked().columns(index).unwrap_or_default().to_vec();
        let landed = match changed {
            Changed::Drifted(drift) => landed_after(graph, node, load, &standing, drift),
            Changed::Vanished(problem) => Err(problem.clone()),
        };
        let emptied = match changed {
            Changed::Drifted(drift) if load.rules.mode != LoadMode::Replace => {
                drift.difference.removed.iter().map(|column| column.name.clone()).collect()
            }
            Changed::Drifted(_) | Changed::Vanished(_) => Vec::new(),
        };
        let impact = bindings.impact(index, landed.as_deref(), emptied)?;
        impacts.insert(index, impact);
    }
    Ok(Some(impacts))
}

/// How many nodes a message lists.
const LISTED: usize = 8;

/// What `drift` breaks, a line a node, for a message about it.
pub(in crate::load) fn impact_lines(
    graph: &Graph,
    node: &Node,
    drift: &SourceDrift,
) -> Vec<String> {
    let Some(index) = graph.find(&node.id) else { return Vec::new() };
    let impact = match impacts(graph, [(index, Changed::Drifted(drift))]) {
        Ok(Some(mut impacts)) => impacts.remove(&index).unwrap_or_default(),
        Ok(None) => return Vec::new(),
        Err(error) => return vec![format!("what it breaks cannot be found out: {error}")],
    };
    let mut lines: Vec<String> =
        impact.affected.iter().take(LISTED).map(|affected| affected.told(graph)).collect();
    if impact.affected.is_empty() && impact.unknown.is_empty() {
        lines.push("once accepted, it breaks nothing".to_owned());
    }
    if let Some(more @ 1..) = impact.affected.len().checked_sub(LISTED) {
        lines.push(format!("and {more} nodes more"));
    }
    if !impact.unknown.is_empty() {
        lines.push(format!("of {} nodes that read it nothing is known", impact.unknown.len()));
    }
    lines
}

/// What became of a source.
#[derive(Debug, Clone, Copy)]
pub enum Changed<'d> {
    /// It has other columns.
    Drifted(&'d SourceDrift),
    /// It is not there any more, or cannot be loaded, because of this.
    Vanished(&'d Diagnostic),
}

/// What became of the source that was compared; `None` where it is as accepted, or nothing is known.
pub fn changed(comparison: &Comparison) -> Option<Changed<'_>> {
    match (&comparison.drift, &comparison.seen) {
        (Some(drift), _) if !drift.is_empty() => Some(Changed::Drifted(drift)),
        (_, Err(problems))
            if matches!(comparison.status(), super::Status::Vanished | super::Status::Failed) =>
        {
            Some(Changed::Vanished(problems.first()?))
        }
        _ => None,
    }
}

/// The columns of a load's table, which has `standing`, once it was loaded from a source that drifted.
///
/// # Errors
/// Why it can not be loaded: an option that names a column which is gone, or a type that the table does
/// not hold.
fn landed_after(
    graph: &Graph,
    node: &Node,
    load: &LoadNode,
    standing: &[Column],
    drift: &SourceDrift,
) -> Result<Vec<Column>, Diagnostic> {
    let seen = &drift.seen.columns;
    let spelt = fit::spelt_as(load, seen);
    fit::options(&spelt, seen, drift.seen.is_typed)
        .map_err(|problems| problems.into_iter().next().unwrap_or_else(|| defect(node)))?;
    let dialect = graph.target.dialect;
    let landed = landed_columns(dialect, &spelt, seen);
    let misfit = |column: &Column, was: &Column| {
        let message = format!(
            "column `{}` of {} does not fit `{}`, which has it as {}",
            column.name,
            column.data_type,
            node.label(),
            was.data_type
        );
        Diagnostic::error(Code::BATCH_MISFIT, message).at(load.place.clone())
    };
    match load.rules.mode {
        LoadMode::Replace => Ok(landed),
        LoadMode::Scd2 => versions_after(dialect, &spelt, seen, standing)
            .map_err(|(batch, table)| misfit(&batch, &table)),
        LoadMode::Append | LoadMode::Merge => {
            let mut after = standing.to_vec();
            for column in landed {
                let folded = dialect.fold(&column.name);
                let found = after.iter_mut().find(|known| dialect.fold(&known.name) == folded);
                match found {
                    None => after.push(column),
                    Some(known) if column.data_type.widens_to(&known.data_type) => {}
                    Some(known) if known.data_type.widens_to(&column.data_type) => {
                        known.data_type = column.data_type;
                    }
                    Some(known) => return Err(misfit(&column, known)),
                }
            }
            Ok(after)
        }
    }
}

fn defect(node: &Node) -> Diagnostic {
    let message = format!("`{}` cannot be loaded, and nothing says why", node.label());
    Diagnostic::error(Code::INTERNAL, message).at(node.place.clone())
}
