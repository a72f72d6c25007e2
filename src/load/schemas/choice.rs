//! Which source tables are meant.

use crate::artifact::SchemaDirectory;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::graph::{Graph, Node, NodeIndex, NodeKind};
use std::collections::{BTreeMap, BTreeSet};

/// Tables of one source that a message lists.
const LISTED: usize = 8;

/// The loaded source tables that `names` mean, by label: a source, `source.table`, or a node's id.
///
/// # Errors
/// A name means nothing, or nothing is named: what there is.
pub fn choose(graph: &Graph, names: &[String]) -> Result<Vec<NodeIndex>, Vec<Diagnostic>> {
    if names.is_empty() {
        return Err(vec![nothing_named(graph)]);
    }
    let all = all(graph);
    let (mut chosen, mut problems) = (BTreeSet::new(), Vec::new());
    for name in names {
        let meant = all.iter().copied().filter(|index| is_meant(graph.node(*index), name));
        let meant: Vec<NodeIndex> = meant.collect();
        if meant.is_empty() {
            problems.push(unknown(graph, name));
        }
        chosen.extend(meant);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(all.into_iter().filter(|index| chosen.contains(index)).collect())
}

/// Every source table that is loaded, by label.
pub fn all(graph: &Graph) -> Vec<NodeIndex> {
    let mut all: Vec<NodeIndex> =
        graph.order.iter().copied().filter(|index| graph.node(*index).load().is_some()).collect();
    all.sort_by_key(|index| graph.node(*index).label());
    all
}

fn is_meant(node: &Node, name: &str) -> bool {
    node.source_name() == name || node.label() == name || node.id.0 == name
}

fn unknown(graph: &Graph, name: &str) -> Diagnostic {
    let sources = || graph.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Source(_)));
    if let Some(node) = sources().find(|node| is_meant(node, name)) {
        let message = format!("`{name}` is not loaded by this project: it has no accepted schema");
        return Diagnostic::error(Code::EMPTY_SELECTION, message)
            .at(node.place.clone())
            .with_help("a source with a `connection`, or a table with a `path`, is loaded");
    }
    let message = format!("no source or source table `{name}`");
    let labels: BTreeSet<String> =
        sources().flat_map(|node| [node.label(), node.source_name().to_owned()]).collect();
    let problem = Diagnostic::error(Code::EMPTY_SELECTION, message)
        .with_help_maybe(did_you_mean(name, labels.iter().map(String::as_str)));
    let directory = SchemaDirectory::of(graph);
    let shown = name.split_once('.').map(|(source, table)| directory.shown_path(source, table));
    match directory.left_over(graph).into_iter().find(|file| Some(&file.shown) == shown.as_ref()) {
        Some(file) => problem.with_note(format!("its snapshot is still there: {}", file.shown)),
        None => problem,
    }
}

fn nothing_named(graph: &Graph) -> Diagnostic {
    let mut sources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for index in all(graph) {
        let node = graph.node(index);
        sources.entry(node.source_name()).or_default().push(&node.name);
    }
    let message = "no source or source table is named";
    let problem = Diagnostic::error(Code::SELECTION_SYNTAX, message);
    if sources.is_empty() {
        return problem.with_note("this project loads no source");
    }
    let line = |(source, tables): (&str, Vec<&str>)| {
        let listed = tables.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
        match tables.len().checked_sub(LISTED) {
            None | Some(0) => format!("source `{source}` has {listed}"),
            Some(more) => format!("source `{source}` has {listed}, and {more} more"),
        }
    };
    let problem = sources.into_iter().map(line).fold(problem, Diagnostic::with_note);
    problem.with_help("name a source, or `source.table`, or several; `--all` means all of them")
}
