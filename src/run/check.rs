//! The check of a compiled project without its database.

use super::worker::open_failed;
use crate::artifact::SchemaDirectory;
use crate::check::{Checked, check, dead_columns, unused};
use crate::compile::Compilation;
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::duckdb::{Binder, in_memory};
use crate::engine::{EngineError, ErrorKind};
use crate::graph::{Graph, Node, NodeIndex, Selection};
use crate::load::known_columns;
use std::collections::BTreeSet;

/// Types the nodes of `compilation`. It opens no
/// database: `None` where the target's is another one than DuckDB, which binds nothing for it.
///
/// # Errors
/// DuckDB cannot be opened in memory, with the settings and extensions of the target.
pub fn check_compiled(
    graph: &Graph,
    compilation: &Compilation,
) -> Result<Option<Checked>, Box<Diagnostic>> {
    let target = &graph.target;
    if !target.dialect.is_embedded() {
        return Ok(None);
    }
    let told = |error: EngineError| refused(graph, &error);
    let compiled = || compilation.nodes.iter().map(|compiled| compiled.index);
    let parents = compiled().flat_map(|index| graph.node(index).parents.iter().copied());
    let read: BTreeSet<NodeIndex> = compiled().chain(parents).collect();
    let known = known_columns(graph, &|index| read.contains(&index), &mut in_memory);
    let known = known.map_err(told)?;
    let mut binder =
        Binder::new(&target.settings, &target.extensions, &target.database).map_err(told)?;
    Ok(Some(check(graph, compilation, &known, &mut binder)))
}

/// What nothing of the project reads: sources, and columns of models that were checked.
///
/// # Errors
/// DuckDB cannot be opened in memory.
pub fn unused_of(
    graph: &Graph,
    compilation: &Compilation,
    checked: &Checked,
) -> Result<Vec<Diagnostic>, Box<Diagnostic>> {
    let told = |error: EngineError| refused(graph, &error);
    let mut session = in_memory().map_err(told)?;
    let dead = dead_columns(graph, compilation, checked, &mut *session).map_err(told)?;
    Ok(unused(graph).into_iter().chain(dead).collect())
}

/// A setting or an extension is wrong where the profile names it.
fn refused(graph: &Graph, error: &EngineError) -> Box<Diagnostic> {
    match error.kind {
        ErrorKind::Sql | ErrorKind::Unavailable => Box::new(
            Diagnostic::error(Code::CANNOT_OPEN, error.message.clone())
                .at_maybe(graph.target.settings_place.clone()),
        ),
        _ => open_failed(error),
    }
}

/// Takes what does not fit out of `compilation`, so that a build does not start it.
pub fn break_what_fails(graph: &Graph, compilation: &mut Compilation, checked: &Checked) {
    // What may stand in the target is left to it, and a contract is no reason not to build.
    let sure = |problem: &&Diagnostic| problem.code != Code::NOT_AS_DECLARED;
    let failures = checked.failures(graph).filter(|(index, _)| !checked.doubtful.contains(index));
    for (index, problems) in failures {
        if let Some(problem) = problems.iter().find(sure) {
            compilation.broken.entry(index).or_insert_with(|| problem.clone());
        }
    }
}

/// Whether the schema of any source was accepted, so that a check before a build can tell more than
/// the database does.
pub fn has_accepted_schemas(graph: &Graph) -> bool {
    let directory = SchemaDirectory::of(graph);
    let loads = graph.nodes.iter().filter(|node| node.load().is_some());
    let accepted = |node: &Node| directory.exists(node.source_name(), &node.name);
    loads.into_iter().any(accepted)
}

/// The nodes of `selection` and all that they are made from.
pub fn with_ancestors(graph: &Graph, selection: &Selection) -> Selection {
    let mut found: BTreeSet<NodeIndex> = selection.iter().collect();
    let mut edge: Vec<NodeIndex> = selection.iter().collect();
    while let Some(index) = edge.pop() {
        edge.extend(graph.node(index).parents.iter().filter(|parent| found.insert(**parent)));
    }
    Selection::of(graph, found)
}
