//! How a batch whose columns are refused is told.

use crate::diagnostic::{Code, Diagnostic, columns_named};
use crate::graph::Node;
use crate::graph::NodeKind;
use crate::mode::{Incremental, Materialization, OnSchemaChange, SchemaChange};
use crate::relation::RelationName;

/// The part of a change that the model's `on_schema_change` refuses.
pub fn columns_refused(node: &Node, relation: &RelationName, refused: &SchemaChange) -> Diagnostic {
    match rule(node).map(|incremental| incremental.on_schema_change) {
        None | Some(OnSchemaChange::Ignore) => removed(node, relation, refused),
        Some(OnSchemaChange::AppendNewColumns) => lossy(node, relation, refused),
        Some(OnSchemaChange::Fail | OnSchemaChange::SyncAllColumns) => {
            changed(node, relation, refused)
        }
    }
}

fn rule(node: &Node) -> Option<&Incremental> {
    match &node.kind {
        NodeKind::Model(Materialization::Incremental(incremental)) => Some(incremental),
        _ => None,
    }
}

fn removed(node: &Node, relation: &RelationName, refused: &SchemaChange) -> Diagnostic {
    let gone = columns_named(&refused.removed);
    let message = format!("the query no longer gives {gone} of table `{relation}`");
    Diagnostic::error(Code::DATA_FAILED, message)
        .at(node.place.clone())
        .with_help("rebuild the table with --full-refresh, or give the column again")
}

fn lossy(node: &Node, relation: &RelationName, refused: &SchemaChange) -> Diagnostic {
    let message = format!("the query gives other types than table `{relation}` holds");
    let problem =
        Diagnostic::error(Code::DATA_FAILED, message).at(node.place_of("on_schema_change"));
    with_types(problem, refused).with_help(
        "cast them in the query, write `on_schema_change: sync_all_columns`, or rebuild the table \
         with --full-refresh",
    )
}

fn changed(node: &Node, relation: &RelationName, refused: &SchemaChange) -> Diagnostic {
    let message = format!("the query gives other columns than table `{relation}` has");
    let mut problem =
        Diagnostic::error(Code::DATA_FAILED, message).at(node.place_of("on_schema_change"));
    if !refused.added.is_empty() {
        let names: Vec<String> = refused
            .added
            .iter()
            .map(|column| format!("`{}` ({})", column.name, column.data_type))
            .collect();
        problem = problem.with_note(format!("added: {}", names.join(", ")));
    }
    if !refused.removed.is_empty() {
        let names: Vec<String> = refused.removed.iter().map(|name| format!("`{name}`")).collect();
        problem = problem.with_note(format!("removed: {}", names.join(", ")));
    }
    with_types(problem, refused).with_help(
        "write `on_schema_change: append_new_columns` or `sync_all_columns`, or rebuild the table \
         with --full-refresh",
    )
}

fn with_types(problem: Diagnostic, refused: &SchemaChange) -> Diagnostic {
    if refused.retyped.is_empty() {
        return problem;
    }
    let types = refused.retyped.iter();
    let types =
        types.map(|column| format!("`{}` from {} to {}", column.name, column.before, column.after));
    problem.with_note(format!("retyped: {}", types.collect::<Vec<_>>().join(", ")))
}
