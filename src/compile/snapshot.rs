//! The script of a snapshot: its query into a batch, the batch into the versions.

use super::scd2::{self, Scd2Facts, scd2_script, temporary};
use super::script::{Result, add_hooks, render};
use super::{Compiled, Hooks, Query, Script, batch_name, defect};
use crate::diagnostic::Diagnostic;
use crate::dialect::{Section, Stage};
use crate::graph::{Graph, Node, SnapshotNode};
use crate::mode::scd2::Fit;
use crate::relation::{Column, RelationName};
use minijinja::context;

/// The script as far as it is known without a database.
pub(super) fn unbound(
    graph: &Graph,
    node: &Node,
    snapshot: &SnapshotNode,
    query: &Query,
    hooks: &Hooks,
) -> Result<Script> {
    let Some(relation) = &node.relation else { return Ok(Script::default()) };
    let applied = scd2::unbound(graph.target.dialect, relation, &snapshot.scd2)?;
    let mut script = whole(graph, relation, query, applied, hooks)?;
    "The columns and types are known when the batch is bound: they then stand in place of `…`, and\n\
     this file is written again before it is executed."
        .clone_into(&mut script.remark);
    Ok(script)
}

/// The script of a snapshot whose batch has the columns `columns`; `table` are those of the table
/// that keeps the versions, where it is there.
///
/// # Errors
/// A template of ours is broken.
pub fn bind_snapshot(
    graph: &Graph,
    compiled: &Compiled,
    columns: &[Column],
    table: Option<&[Column]>,
    fit: &Fit,
    now: &str,
) -> std::result::Result<Script, Box<Diagnostic>> {
    let node = graph.node(compiled.index);
    let (Some(snapshot), Some(relation), Some(query)) =
        (node.snapshot(), &node.relation, &compiled.query)
    else {
        return Ok(Script::default());
    };
    let batch = temporary(&batch_name(relation));
    let scd2 = &snapshot.scd2;
    let facts = Scd2Facts { relation, batch: &batch, columns, table, scd2, fit, now };
    scd2_script(graph.target.dialect, &facts)
        .and_then(|applied| whole(graph, relation, query, applied, &compiled.hooks))
        .map_err(|error| Box::new(defect(node, &error)))
}

/// The query into the batch, then `applied`, with hooks around both.
fn whole(
    graph: &Graph,
    relation: &RelationName,
    query: &Query,
    applied: Script,
    hooks: &Hooks,
) -> Result<Script> {
    let dialect = graph.target.dialect;
    let batch = dialect.render(&temporary(&batch_name(relation)));
    let context = context! { batch => batch, query => query.statement() };
    let own = render(dialect, "snapshot", &context, &[query])?;
    let (before, after): (Vec<_>, Vec<_>) =
        own.sections.into_iter().partition(|section| section.stage == Stage::Stage);
    let mut script = Script { sections: before, remark: String::new() };
    let (publish, rest): (Vec<_>, Vec<Section<_>>) =
        applied.sections.into_iter().partition(|section| section.stage == Stage::Publish);
    script.sections.extend(publish);
    add_hooks(&mut script, hooks);
    script.sections.extend(rest.into_iter().chain(after));
    Ok(script)
}
