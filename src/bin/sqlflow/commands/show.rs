//! `sqlflow show`: a preview of rows.

use super::{Opened, build::cannot_open, open};
use crate::args::{Common, Show, ShowOutput};
use crate::outcome::Exit;
use crate::printer::Printer;
use comfy_table::{CellAlignment, ContentArrangement, Table as Drawn, presets};
use serde_json::Value;
use sqlflow::check::{describe_inline_error, describe_query_error};
use sqlflow::compile::{compile, compile_inline};
use sqlflow::diagnostic::{Code, Diagnostic, did_you_mean};
use sqlflow::engine::{Access, OpenEngine, Table, open as open_engine};
use sqlflow::graph::{Graph, NodeIndex, NodeKind, Selection};
use sqlflow::mode::Materialization;
use sqlflow::run::SessionIntrospection;
use sqlflow::template::Introspection;
use std::sync::Arc;

pub(crate) fn run(common: &Common, args: &Show, printer: &Printer) -> Result<Exit, Exit> {
    let opened = open(common, "show", false, printer)?;
    match preview(&opened, args) {
        Ok(table) => {
            printer.data(&draw(&table, args.output));
            if table.truncated && args.output == ShowOutput::Table {
                let rows = Printer::count(table.rows.len(), "row");
                printer.tell(&format!("The first {rows}; more with --limit."));
            }
            Ok(Exit::Success)
        }
        Err(problem) => {
            printer.problems(std::slice::from_ref(&problem));
            Err(Exit::of_running(&[*problem]))
        }
    }
}

fn preview(opened: &Opened, args: &Show) -> Result<Table, Box<Diagnostic>> {
    let graph = &opened.graph;
    let wanted = match (&args.node, &args.inline) {
        (_, Some(text)) => Wanted::Text(text),
        (Some(name), None) => Wanted::Node(find(graph, name)?),
        (None, None) => {
            let message = "name a node, or give a query with --inline";
            return Err(Box::new(Diagnostic::error(Code::SELECTION_SYNTAX, message)));
        }
    };
    let opened_engine = open_engine(&graph.target, &Access::Read, &mut |_| true)
        .map_err(|error| Box::new(cannot_open(opened, &error)))?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    query(graph, &opened_engine, &wanted, limit)
}

enum Wanted<'a> {
    Node(NodeIndex),
    Text(&'a str),
}

fn query(
    graph: &Graph,
    opened: &OpenEngine,
    wanted: &Wanted<'_>,
    limit: usize,
) -> Result<Table, Box<Diagnostic>> {
    let session = || {
        opened
            .engine
            .session()
            .map_err(|error| Box::new(Diagnostic::error(Code::CANNOT_OPEN, error.message.clone())))
    };
    let asked: Arc<dyn Introspection> =
        Arc::new(SessionIntrospection::new(session()?, graph.target.dialect));
    let mut session = session()?;
    match wanted {
        Wanted::Text(text) => {
            let query = compile_inline(graph, text, Some(&asked))?;
            if query.statements.len() != 1 {
                let message =
                    format!("`--inline` holds {} statements, expected one", query.statements.len());
                return Err(Box::new(Diagnostic::error(Code::NOT_ONE_QUERY, message)));
            }
            session
                .query(query.statement(), Some(limit))
                .map_err(|error| Box::new(describe_inline_error(graph, text, &query, &error)))
        }
        Wanted::Node(index) => {
            let node = graph.node(*index);
            let mut compilation = compile(graph, &Selection::of(graph, [*index]), Some(&asked));
            if let Some((_, problem)) = compilation.broken.pop_first() {
                return Err(Box::new(problem));
            }
            let compiled = compilation.nodes.pop();
            // Of an incremental model the table is what counts: its query only makes the batch.
            let built = match (&node.kind, &node.relation) {
                (
                    NodeKind::Model(Materialization::Incremental(_)) | NodeKind::Snapshot(_),
                    Some(relation),
                ) => session.relation_kind(relation).ok().flatten().is_some(),
                _ => false,
            };
            let query = compiled.and_then(|compiled| compiled.query).filter(|_| !built);
            match (query, &node.relation) {
                (Some(query), _) => session
                    .query(query.statement(), Some(limit))
                    .map_err(|error| Box::new(describe_query_error(graph, node, &query, &error))),
                (None, Some(relation)) => {
                    let sql = sqlflow::compile::statement(graph, "all_rows", relation);
                    session.query(&sql, Some(limit)).map_err(|error| {
                        let problem = Diagnostic::error(Code::SQL_FAILED, error.message.clone());
                        Box::new(problem.at(node.place.clone()))
                    })
                }
                (None, None) => {
                    let message = format!("`{}` has no rows to show", node.label());
                    Err(Box::new(Diagnostic::error(Code::SELECTION_SYNTAX, message)))
                }
            }
        }
    }
}

/// The node called `name`, or `source.table`.
fn find(graph: &Graph, name: &str) -> Result<NodeIndex, Box<Diagnostic>> {
    let matches = |label: &str| label == name;
    let found = (0..)
        .zip(graph.nodes.iter())
        .filter(|(_, node)| matches(&node.label()) || matches(&node.id.0))
        // An export may have its model's name.
        .min_by_key(|(_, node)| node.export().is_some())
        .map(|(index, _)| NodeIndex(index));
    found.ok_or_else(|| {
        let names: Vec<String> = graph
            .nodes
            .iter()
            .filter(|node| !matches!(node.kind, NodeKind::Test(_)))
            .map(sqlflow::graph::Node::label)
            .collect();
        Box::new(
            Diagnostic::error(Code::EMPTY_SELECTION, format!("no node `{name}`"))
                .with_help_maybe(did_you_mean(name, names.iter().map(String::as_str))),
        )
    })
}

fn draw(table: &Table, output: ShowOutput) -> String {
    match output {
        ShowOutput::Table => drawn(table),
        ShowOutput::Json => {
            let rows: Vec<Value> = table
                .rows
                .iter()
                .map(|row| {
                    let names = table.columns.iter().map(|(name, _)| name.clone());
                    Value::Object(names.zip(row.iter().cloned()).collect())
                })
                .collect();
            format!("{}\n", Value::Array(rows))
        }
        ShowOutput::Csv => csv(table),
    }
}

fn drawn(table: &Table) -> String {
    let mut drawn = Drawn::new();
    drawn
        .load_preset(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Disabled);
    drawn.set_header(table.columns.iter().map(|(name, _)| name));
    for row in &table.rows {
        drawn.add_row(row.iter().map(|value| text(value, "NULL").replace(['\n', '\r', '\t'], " ")));
    }
    for (column, (_, data_type)) in drawn.column_iter_mut().zip(&table.columns) {
        let name = data_type.as_str();
        let number = ["int", "decimal", "double", "float"].iter().any(|kind| name.contains(kind));
        if number && !name.ends_with(']') {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{drawn}\n")
}

fn text(value: &Value, null: &str) -> String {
    match value {
        Value::Null => null.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn csv(table: &Table) -> String {
    let quoted = |text: String| {
        if text.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let header = line(table.columns.iter().map(|(name, _)| quoted(name.clone())).collect());
    let rows = table.rows.iter().map(|row| {
        let cells = row.iter().map(|value| match value {
            // NULL is an empty field, empty text a quoted one.
            Value::String(text) if text.is_empty() => "\"\"".to_owned(),
            value => quoted(text(value, "")),
        });
        line(cells.collect())
    });
    std::iter::once(header).chain(rows).collect()
}
