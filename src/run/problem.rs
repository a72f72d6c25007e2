//! A database's refusal as a diagnostic that points at the user's own line.

use crate::compile::{Compiled, Query, Statement, Variant, locate, locate_inline};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::engine::{EngineError, Notice};
use crate::graph::{Graph, Node};

/// `error`, which the database answered to `statement` of `node`.
pub(super) fn describe(
    graph: &Graph,
    node: &Node,
    compiled: &Compiled,
    statement: Option<&Statement>,
    error: &EngineError,
) -> Diagnostic {
    let origin = statement.and_then(|statement| {
        let (range, variant) = statement.query.as_ref()?;
        let query = match variant {
            Variant::Anew => compiled.query.as_ref()?,
            Variant::RowsStay => compiled.incremental.as_ref().or(compiled.query.as_ref())?,
        };
        let position = error.position?;
        let inside = range.contains(&position) || position == range.end;
        inside.then(|| (query, position - range.start))
    });
    let diagnostic = refusal(graph, error);
    match (origin, statement.and_then(|statement| statement.hook)) {
        (Some((query, position)), _) => at_origin(diagnostic, graph, node, query, position),
        (None, Some(hook)) => {
            let place = node.config.places.get(hook).unwrap_or(&node.place).clone();
            diagnostic.label(place, format!("in this {hook}"))
        }
        (None, None) => {
            let query = node.export().map(|export| &export.query.place);
            diagnostic.at(query.unwrap_or(&node.place).clone())
        }
    }
}

/// `error`, which the database answered to `query`, the query of `node`.
pub fn describe_query_error(
    graph: &Graph,
    node: &Node,
    query: &Query,
    error: &EngineError,
) -> Diagnostic {
    let diagnostic = refusal(graph, error);
    match error.position {
        Some(position) => at_origin(diagnostic, graph, node, query, position),
        None => diagnostic.at(node.place.clone()),
    }
}

/// `error`, which the database answered to `query`, made of the inline text `text`.
pub fn describe_inline_error(
    graph: &Graph,
    text: &str,
    query: &Query,
    error: &EngineError,
) -> Diagnostic {
    let diagnostic = refusal(graph, error);
    match error.position {
        Some(position) => diagnostic.at(locate_inline(graph, text, query, position)),
        None => diagnostic,
    }
}

/// The database's words, without a place.
pub(super) fn refusal(graph: &Graph, error: &EngineError) -> Diagnostic {
    let mut lines = error.message.lines();
    let first = lines.next().unwrap_or_default();
    let message = format!("{}: {first}", graph.target.dialect.name());
    let diagnostic = Diagnostic::error(error.kind.code(), message);
    let rest = lines.filter(|line| !line.trim().is_empty());
    rest.fold(diagnostic, |diagnostic, line| diagnostic.with_note(line.trim()))
        .with_help_maybe(suggestion(error))
}

/// What the database said while it worked on `node`.
pub(super) fn heard(graph: &Graph, node: &Node, notice: Notice) -> Diagnostic {
    let message = format!("{}: {}", graph.target.dialect.name(), notice.message);
    let told = Diagnostic::note(Code::SQL_NOTICE, message).at(node.place.clone());
    let details = notice.detail.unwrap_or_default();
    details.lines().fold(told, |told, line| told.with_note(line.trim_end()))
}

/// Points at the text that the user wrote, or at the expression that wrote it.
fn at_origin(
    diagnostic: Diagnostic,
    graph: &Graph,
    node: &Node,
    query: &Query,
    position: usize,
) -> Diagnostic {
    let located = locate(graph, node, query, position);
    let text = if located.verbatim { "" } else { "in what this wrote" };
    diagnostic.label(located.place, text)
}

fn suggestion(error: &EngineError) -> Option<String> {
    let named = error.message.split('"').nth(1).unwrap_or_default();
    let quoted = error.missing.as_deref().unwrap_or(named);
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
