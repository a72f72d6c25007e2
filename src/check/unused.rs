//! What nothing reads.

use super::syntax::{self, Syntax};
use super::uses::Uses;
use super::verdict::Checked;
use crate::compile::Compilation;
use crate::diagnostic::{Code, Diagnostic, columns_named};
use crate::engine::{EngineError, Session};
use crate::graph::{Graph, NodeIndex, NodeKind};
use crate::mode::Materialization;
use std::collections::{BTreeMap, BTreeSet};

/// Sources that no model, snapshot, export or analysis reads: what is loaded for nobody.
pub fn unused(graph: &Graph) -> Vec<Diagnostic> {
    let mut read = vec![false; graph.nodes.len()];
    for node in graph.nodes.iter().filter(|node| !matches!(node.kind, NodeKind::Test(_))) {
        for parent in &node.parents {
            read[parent.get()] = true;
        }
    }
    let indexed = (0..).map(NodeIndex).zip(graph.nodes.iter());
    let unread = indexed
        .filter(|(index, node)| matches!(node.kind, NodeKind::Source(_)) && !read[index.get()]);
    unread
        .map(|(_, node)| {
            let message = format!("nothing reads source `{}`", node.label());
            let help = match node.load() {
                Some(_) => "it is loaded all the same: read it with `source(…)`, or take it out",
                None => "read it with `source(…)`, or take it out",
            };
            Diagnostic::warning(Code::UNUSED, message).at(node.place.clone()).with_help(help)
        })
        .collect()
}

/// Columns of models that others read, but that none of these names or passes on; tests do not count.
/// Nothing is said of a model where one of them cannot be told, or did not fit.
///
/// # Errors
/// `session`, a DuckDB that parses, fails.
pub fn dead_columns(
    graph: &Graph,
    compilation: &Compilation,
    checked: &Checked,
    session: &mut dyn Session,
) -> Result<Vec<Diagnostic>, EngineError> {
    let readers = compilation
        .nodes
        .iter()
        .filter(|compiled| !matches!(graph.node(compiled.index).kind, NodeKind::Test(_)));
    let queries: Vec<(NodeIndex, &str)> = readers
        .flat_map(|compiled| {
            let both = [&compiled.query, &compiled.incremental].into_iter().flatten();
            both.map(|query| (compiled.index, query.statement()))
        })
        .collect();
    let texts: Vec<&str> = queries.iter().map(|(_, text)| *text).collect();
    let uses = Uses::new(graph, checked);
    let mut used: BTreeMap<NodeIndex, BTreeSet<String>> = BTreeMap::new();
    let mut untold: BTreeSet<NodeIndex> = BTreeSet::new();
    for ((reader, _), tree) in queries.iter().zip(syntax::syntax(session, &texts)?) {
        let resolved = uses.resolve(&tree);
        let is_told = resolved.uncertain.is_empty() && resolved.problems.is_empty();
        for (number, relation) in (0u32..).zip(&resolved.relations) {
            let Some(owner) = uses.owner(&relation.name) else { continue };
            if !is_told || owner == *reader {
                untold.extend((!is_told).then_some(owner));
                continue;
            }
            let names = named(&resolved, number).filter_map(|column| {
                relation.columns.get(column as usize).map(|name| name.to_lowercase())
            });
            used.entry(owner).or_default().extend(names);
        }
    }
    let told = used.iter().filter(|(index, _)| !untold.contains(index));
    Ok(told.filter_map(|(index, names)| dead(graph, checked, *index, names)).collect())
}

/// The columns of the relation `number` that a query names, or that one of its own is made of.
fn named(resolved: &Syntax, number: u32) -> impl Iterator<Item = u32> {
    let uses = resolved.uses.iter().map(|used| used.column);
    let fed = resolved.outputs.iter().flat_map(|output| output.feeds.iter().copied());
    let all = uses.chain(fed).chain(resolved.rows.iter().copied());
    all.filter(move |column| column.relation == number).map(|column| column.column)
}

fn dead(
    graph: &Graph,
    checked: &Checked,
    index: NodeIndex,
    used: &BTreeSet<String>,
) -> Option<Diagnostic> {
    let node = graph.node(index);
    if !matches!(node.kind, NodeKind::Model(ref how) if *how != Materialization::Ephemeral) {
        return None;
    }
    let columns = checked.columns(index)?.iter().map(|column| &column.name);
    let dead: Vec<String> =
        columns.filter(|name| !used.contains(&name.to_lowercase())).cloned().collect();
    if dead.is_empty() {
        return None;
    }
    let message = format!("nothing reads {} of model `{}`", columns_named(&dead), node.label());
    Some(Diagnostic::warning(Code::UNUSED, message).at(node.place.clone()))
}
