//! The statements that apply a batch to the rows that stay, and those that look at it before.

use super::Query;
use super::script::{Result, Script, first_statement, internal_name, place_context, render};
use crate::dialect::{Dialect, Stage, event_time_sql};
use crate::graph::{Graph, Node};
use crate::mode::{
    Alteration, Batch, Incremental, Key, Merge, Microbatch, Mode, Reconciled, Retyped,
};
use crate::relation::RelationName;
use minijinja::{Value, context};

/// Stages a batch, changes the table's columns where that is needed, applies the batch. `views` of
/// the project, by schema and name, may read the table.
pub(super) fn batch_script(
    dialect: &dyn Dialect,
    relation: &RelationName,
    incremental: &Incremental,
    query: &Query,
    reconciled: Option<&Reconciled>,
    views: &[[String; 2]],
) -> Result<Script> {
    let context = batch_context(dialect, relation, incremental, query, reconciled);
    let mut script = render(dialect, mode_template(&incremental.mode), &context, &[query])?;
    // DuckDB refuses to alter a table that the transaction has written to: alterations come first.
    let publish = script.sections.iter().position(|section| section.stage == Stage::Publish);
    let mut at = publish.unwrap_or(script.sections.len());
    for alteration in reconciled.map_or(&[][..], |reconciled| &reconciled.alterations) {
        for section in alteration_script(dialect, relation, alteration, views)?.sections {
            script.sections.insert(at, section);
            at += 1;
        }
    }
    Ok(script)
}

/// Makes the table of a microbatch model from its first interval.
pub(super) fn first_interval(
    graph: &Graph,
    node: &Node,
    relation: &RelationName,
    microbatch: &Microbatch,
    query: &Query,
) -> Result<Script> {
    let dialect = graph.target.dialect;
    let own = context! {
        relation => dialect.render(relation),
        batch => dialect.quote(&batch_name(relation)),
        query => query.statement(),
        ..interval_context(dialect, microbatch, query.batch)
    };
    let context = context! { ..own, ..place_context(graph, node, relation) };
    render(dialect, "microbatch_anew", &context, &[query])
}

fn interval_context(
    dialect: &dyn Dialect,
    microbatch: &Microbatch,
    interval: Option<Batch>,
) -> Value {
    context! {
        event_time => event_time_sql(dialect, &microbatch.event_time),
        start => interval.map(|batch| Batch::literal(batch.start)),
        end => interval.map(|batch| Batch::literal(batch.end)),
    }
}

/// Counts the rows of a staged batch: in `interval`, outside of it, and outside of `run`.
pub fn microbatch_rows(
    graph: &Graph,
    relation: &RelationName,
    microbatch: &Microbatch,
    interval: Batch,
    run: Batch,
) -> String {
    let dialect = graph.target.dialect;
    let context = context! {
        batch => dialect.quote(&batch_name(relation)),
        run_start => Batch::literal(run.start),
        run_end => Batch::literal(run.end),
        ..interval_context(dialect, microbatch, Some(interval))
    };
    first_statement(render(dialect, "microbatch_rows", &context, &[]))
}

fn mode_template(mode: &Mode) -> &'static str {
    match mode {
        Mode::Replace => "anew",
        Mode::Append => "append",
        Mode::DeleteInsert(_) => "delete_insert",
        Mode::Merge(_) => "merge",
        Mode::InsertOverwrite(_) => "insert_overwrite",
        Mode::Microbatch(_) => "microbatch",
    }
}

fn alteration_script(
    dialect: &dyn Dialect,
    relation: &RelationName,
    alteration: &Alteration,
    views: &[[String; 2]],
) -> Result<Script> {
    let (template, column, data_type) = match alteration {
        Alteration::Add(column) => ("add_column", &column.name, column.data_type.as_str()),
        Alteration::Drop(column) => ("drop_column", column, ""),
        Alteration::Retype(column) => ("retype_column", &column.name, column.after.as_str()),
    };
    let name = dialect.render(relation);
    let context = context! {
        relation => name,
        column => column,
        data_type => data_type,
        views => views.to_vec(),
    };
    render(dialect, template, &context, &[])
}

fn batch_context(
    dialect: &dyn Dialect,
    relation: &RelationName,
    incremental: &Incremental,
    query: &Query,
    reconciled: Option<&Reconciled>,
) -> Value {
    let mode = &incremental.mode;
    let columns = reconciled.map(|reconciled| &reconciled.columns);
    let list = columns.map(|columns| {
        columns.iter().map(|column| dialect.quote(column)).collect::<Vec<_>>().join(", ")
    });
    let common = context! {
        relation => dialect.render(relation),
        batch => dialect.quote(&batch_name(relation)),
        query => query.statement(),
        key => mode.key().map(|key| key.columns().to_vec()).unwrap_or_default(),
        predicates => incremental.predicates.clone(),
        names => columns.cloned().unwrap_or_default(),
        columns => list.unwrap_or_default(),
    };
    let own = match mode {
        Mode::Replace | Mode::Append | Mode::DeleteInsert(_) => context! {},
        Mode::Merge(merge) => context! {
            update => updated(dialect, merge, columns.map(Vec::as_slice)),
            update_conditions => merge.update_conditions.clone(),
            insert_conditions => merge.insert_conditions.clone(),
        },
        Mode::InsertOverwrite(partitions) => {
            context! { partition_by => partitions.columns().to_vec() }
        }
        Mode::Microbatch(microbatch) => interval_context(dialect, microbatch, query.batch),
    };
    context! { ..common, ..own }
}

/// The columns that a merge updates; `None` means all that the batch has.
fn updated(
    dialect: &dyn Dialect,
    merge: &Merge,
    columns: Option<&[String]>,
) -> Option<Vec<String>> {
    if merge.exclude.is_empty() {
        return (!merge.update.is_empty()).then(|| merge.update.clone());
    }
    let excluded: Vec<String> = merge.exclude.iter().map(|name| dialect.fold(name)).collect();
    let stays = |name: &&String| !excluded.contains(&dialect.fold(name));
    columns.map(|columns| columns.iter().filter(stays).cloned().collect())
}

/// The temporary table that holds the rows to be applied to `relation`.
pub fn batch_relation(graph: &Graph, relation: &RelationName) -> RelationName {
    graph.target.dialect.temporary(&batch_name(relation))
}

/// The name of [`batch_relation`].
pub fn batch_name(relation: &RelationName) -> String {
    internal_name("batch", &relation.identifier)
}

/// Counts the rows of `from` whose key holds NULL, and those that share theirs.
pub fn batch_keys(graph: &Graph, from: &RelationName, key: &Key) -> String {
    let dialect = graph.target.dialect;
    let batch = dialect.render(from);
    let context = context! { batch => batch, key => key.columns().to_vec() };
    first_statement(render(dialect, "batch_keys", &context, &[]))
}

/// Up to five keys of the rows of `from` that several rows share, or that hold NULL.
pub fn keys_of_batch(graph: &Graph, from: &RelationName, key: &Key, with_null: bool) -> String {
    let dialect = graph.target.dialect;
    let batch = dialect.render(from);
    let key = key.columns().to_vec();
    let context = context! { batch => batch, key => key, with_null => with_null };
    first_statement(render(dialect, "keys_of_batch", &context, &[]))
}

/// Counts the values of a column of `relation` that its new type would not hold exactly.
pub fn retyped_values(graph: &Graph, relation: &RelationName, column: &Retyped) -> String {
    let dialect = graph.target.dialect;
    let context = context! {
        relation => dialect.render(relation),
        column => column.name.as_str(),
        before => column.before.as_str(),
        data_type => column.after.as_str(),
    };
    first_statement(render(dialect, "retyped_values", &context, &[]))
}

/// Gives the columns of `query` and no rows.
pub fn columns_of_query(graph: &Graph, query: &Query) -> String {
    let context = context! { query => query.statement() };
    first_statement(render(graph.target.dialect, "columns_of_query", &context, &[]))
}
