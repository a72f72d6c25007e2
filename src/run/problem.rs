//! A database's refusal as a diagnostic that points at the user's own line.

use crate::compile::{Compiled, Query, Statement, Variant, locate};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::engine::{EngineError, ErrorKind};
use crate::graph::{Graph, Node};

/// The code for an error of this kind.
pub(crate) fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Sql | ErrorKind::Internal => Code::SQL_FAILED,
        ErrorKind::Data | ErrorKind::File | ErrorKind::Conflict => Code::DATA_FAILED,
        ErrorKind::Interrupted => Code::CANCELLED,
        ErrorKind::Held { .. } => Code::DATABASE_HELD,
        ErrorKind::Unavailable => Code::CANNOT_OPEN,
        ErrorKind::Resource => Code::INPUT_OUTPUT,
    }
}

/// `error`, which the database answered to `statement` of `node`.
pub(crate) fn describe(
    graph: &Graph,
    node: &Node,
    compiled: &Compiled,
    statement: Option<&Statement>,
    error: &EngineError,
) -> Diagnostic {
    let mut lines = error.message.lines();
    let first = lines.next().unwrap_or_default();
    let mut diagnostic =
        Diagnostic::error(code(error.kind), format!("{}: {first}", graph.target.dialect.name()));
    for line in lines.filter(|line| !line.trim().is_empty()) {
        diagnostic = diagnostic.with_note(line.trim());
    }
    diagnostic = match origin(graph, node, compiled, statement, error) {
        Some((place, true)) => diagnostic.at(place),
        Some((place, false)) => diagnostic.label(place, "in what this wrote"),
        None => diagnostic.at(node.place.clone()),
    };
    diagnostic.with_help_maybe(suggestion(error))
}

/// Where in the user's files the error is, and whether the text stands there as it was sent.
fn origin(
    graph: &Graph,
    node: &Node,
    compiled: &Compiled,
    statement: Option<&Statement>,
    error: &EngineError,
) -> Option<(crate::diagnostic::Place, bool)> {
    let statement = statement?;
    let (range, variant) = statement.query.as_ref()?;
    let query: &Query = match variant {
        Variant::Anew => compiled.query.as_ref()?,
        Variant::RowsStay => compiled.incremental.as_ref().or(compiled.query.as_ref())?,
    };
    let position = error.position.filter(|position| range.contains(position) || *position == range.end)?;
    let located = locate(graph, node, query, position - range.start);
    Some((located.place, located.verbatim))
}

fn suggestion(error: &EngineError) -> Option<String> {
    let quoted = error.message.split('"').nth(1).unwrap_or_default();
    let candidates = error.candidates.iter().map(|name| name.rsplit('.').next().unwrap_or(name));
    let near = nearest(quoted.trim_matches('"'), candidates.clone(), 1);
    match near.first() {
        Some(name) => Some(format!("did you mean `{}`?", name.trim_matches('"'))),
        None => {
            let names: Vec<String> =
                candidates.map(|name| format!("`{}`", name.trim_matches('"'))).take(5).collect();
            (!names.is_empty()).then(|| format!("candidates are {}", names.join(", ")))
        }
    }
}

/// `error`, which the database answered to `query`, the query of `node` or of no node.
pub fn describe_query_error(
    graph: &Graph,
    node: Option<&Node>,
    query: &Query,
    error: &EngineError,
) -> Diagnostic {
    let mut lines = error.message.lines();
    let first = lines.next().unwrap_or_default();
    let mut diagnostic =
        Diagnostic::error(code(error.kind), format!("{}: {first}", graph.target.dialect.name()));
    for line in lines.filter(|line| !line.trim().is_empty()) {
        diagnostic = diagnostic.with_note(line.trim());
    }
    diagnostic = match (node, error.position) {
        (Some(node), Some(position)) => diagnostic.at(locate(graph, node, query, position).place),
        (Some(node), None) => diagnostic.at(node.place.clone()),
        (None, Some(position)) => {
            let text = crate::diagnostic::SourceFile::new("--inline", &*query.text);
            diagnostic.at(crate::diagnostic::Place::new(text, position..position + 1))
        }
        (None, None) => diagnostic,
    };
    diagnostic.with_help_maybe(suggestion(error))
}
