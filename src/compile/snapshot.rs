//! The script of a snapshot: its query into a batch, the batch into the versions.

use super::load::{state_context, state_tables};
use super::scd2::{self, Scd2Facts, scd2_script};
use super::script::first_statement;
use super::script::{Result, add_hooks, render};
use super::{Compiled, Hooks, Query, Script, batch_name, defect};
use crate::diagnostic::Diagnostic;
use crate::dialect::{Dialect, Section, Stage};
use crate::graph::{Graph, Node, SnapshotNode};
use crate::mode::scd2::{Fit, HardDeletes, Marks, Scd2};
use crate::relation::{Column, RelationName};
use minijinja::{Value, context};

/// The script as far as it is known without a database.
pub(super) fn unbound(
    graph: &Graph,
    node: &Node,
    snapshot: &SnapshotNode,
    query: &Query,
    hooks: &Hooks,
) -> Result<Script> {
    let Some(relation) = &node.relation else { return Ok(Script::default()) };
    let mut applied = scd2::unbound(graph.target.dialect, relation, &snapshot.scd2)?;
    record(graph, node, snapshot, &mut applied, ["…", "…"])?;
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
    let batch = graph.target.dialect.temporary(&batch_name(relation));
    let scd2 = &snapshot.scd2;
    let facts = Scd2Facts { relation, place: None, batch: &batch, columns, table, scd2, fit, now };
    let run_id = graph.shared.facts().invocation_id.as_str();
    scd2_script(graph.target.dialect, &facts)
        .and_then(|mut applied| {
            record(graph, node, snapshot, &mut applied, [run_id, now])?;
            Ok(applied)
        })
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
    let batch = dialect.render(&dialect.temporary(&batch_name(relation)));
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

/// Adds what is recorded of a snapshot. A transaction writes to one database: versions that stand in
/// another one than the state have no record.
fn record(
    graph: &Graph,
    node: &Node,
    snapshot: &SnapshotNode,
    script: &mut Script,
    [run_id, now]: [&str; 2],
) -> Result<()> {
    let Some(relation) = &node.relation else { return Ok(()) };
    if relation.database != state_tables(graph).loads.database {
        return Ok(());
    }
    let dialect = graph.target.dialect;
    let context = context! {
        state => state_context(graph),
        name => dialect.fold(&dialect.render(relation)),
        node => node.id.0.as_str(),
        batch => dialect.render(&dialect.temporary(&batch_name(relation))),
        definition => snapshot.scd2.definition(),
        run_id => run_id,
        now => now,
    };
    script.sections.extend(render(dialect, "snapshot_record", &context, &[])?.sections);
    Ok(())
}

/// What ends of versions are compared with, besides what the configuration says.
#[derive(Debug, Clone)]
pub struct Ends<'e> {
    /// What stood in the end of current versions before, where that was something else than now.
    pub was: Option<&'e str>,
    /// No run can have closed a version later than this.
    pub limit: String,
}

/// Asks for versions that are current by another configuration than `scd2`; `None` where the ends
/// in `table` are no times, or it lacks the key.
pub fn snapshot_ends(
    dialect: &dyn Dialect,
    relation: &RelationName,
    scd2: &Scd2,
    table: &[Column],
    ends: &Ends<'_>,
) -> Option<String> {
    let find = |name: &String| {
        let name = dialect.fold(name);
        table.iter().find(|column| dialect.fold(&column.name) == name)
    };
    let column = find(&scd2.names.valid_to)?;
    if scd2.key.columns().iter().any(|name| find(name).is_none()) {
        return None;
    }
    let context = context! {
        time => column.data_type.is_temporal().then(|| column.data_type.as_str())?,
        limit => ends.limit.as_str(),
        was => ends.was,
        ..versions_context(dialect, relation, scd2)
    };
    Some(first_statement(render(dialect, "snapshot_ends", &context, &[])))
}

/// Counts current versions, and those of them whose key the batch lacks.
pub fn snapshot_absent(dialect: &dyn Dialect, relation: &RelationName, scd2: &Scd2) -> String {
    let context = versions_context(dialect, relation, scd2);
    first_statement(render(dialect, "snapshot_absent", &context, &[]))
}

fn versions_context(dialect: &dyn Dialect, relation: &RelationName, scd2: &Scd2) -> Value {
    let is_deleted = match &scd2.names.marks {
        Marks::Snapshot { is_deleted, .. } if scd2.deletes == HardDeletes::NewRecord => {
            Some(is_deleted.as_str())
        }
        Marks::Snapshot { .. } | Marks::Load { .. } => None,
    };
    context! {
        relation => dialect.render(relation),
        batch => dialect.render(&dialect.temporary(&batch_name(relation))),
        key => scd2.key.columns().to_vec(),
        valid_from => scd2.names.valid_from.as_str(),
        valid_to => scd2.names.valid_to.as_str(),
        open_end => scd2.open_end.as_deref(),
        is_deleted => is_deleted,
    }
}
