//! The script of a load as it will be if the source still has the schema that was accepted.

use super::accepted::Accepted;
use super::facts::required;
use super::fit;
use crate::compile::{self, LoadFacts, RowColumn, Script, Versions, load_script};
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect::Dialect;
use crate::graph::{Graph, LoadNode, Node};
use crate::relation::Column;

/// What stands for values that only a run knows.
const LATER: &str = "…";

/// The statements of a load that was carried out before, with the columns of its snapshot; `None`
/// where there is none. Opens neither source nor target.
///
/// # Errors
/// The snapshot cannot be read, or a template of ours is broken.
pub fn foreseen_script(
    graph: &Graph,
    node: &Node,
    load: &LoadNode,
) -> Result<Option<Script>, Vec<Diagnostic>> {
    let accepted = Accepted::read(graph, node, None)?;
    let Some(snapshot) = accepted.snapshot else { return Ok(None) };
    let columns = load.rules.selection.of(&snapshot.relation_columns());
    let load = &fit::spelt_as(load, &columns);
    let relation = node.relation.as_ref();
    let query = match (load.path(), relation) {
        (None, Some(relation)) => compile::rows_query(relation, &row_columns(&columns)),
        _ => compile::unread(graph, &load.object.to_string()),
    };
    let facts = LoadFacts {
        query,
        streamed: load.path().is_none(),
        required: required(&columns),
        versions: versions(graph.target.dialect, load, &columns),
        columns,
        run_id: LATER.to_owned(),
        loaded_at: LATER.to_owned(),
        ..LoadFacts::default()
    };
    let script = load_script(graph, node, load, &facts).map_err(|error| {
        let message = format!("`{}`: a template is broken: {error:#}", node.label());
        vec![Diagnostic::error(Code::INTERNAL, message).at(node.place.clone())]
    })?;
    Ok(Some(script))
}

fn row_columns(columns: &[Column]) -> Vec<RowColumn> {
    let column = |column: &Column| RowColumn {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        checked: false,
    };
    columns.iter().map(column).collect()
}

/// How versions are kept where the table has the columns of the batch; `None` in other modes, and
/// where the columns are of no use: the load says why.
fn versions(dialect: &dyn Dialect, load: &LoadNode, columns: &[Column]) -> Option<Versions> {
    let scd2 = load.rules.scd2(columns)?;
    let fit = scd2.fit(columns, None, &|name| dialect.fold(name)).ok()?;
    Some(Versions { scd2, fit, table: None, now: LATER.to_owned() })
}
