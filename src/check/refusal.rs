//! A database's refusal as a diagnostic that points at the user's own line.

use crate::compile::{Query, locate, locate_inline};
use crate::diagnostic::{Diagnostic, nearest};
use crate::engine::EngineError;
use crate::graph::{Graph, Node};

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
pub fn refusal(graph: &Graph, error: &EngineError) -> Diagnostic {
    let mut lines = error.message.lines();
    let first = lines.next().unwrap_or_default();
    let message = format!("{}: {first}", graph.target.dialect.name());
    let diagnostic = Diagnostic::error(error.kind.code(), message);
    let rest = lines.filter(|line| !line.trim().is_empty());
    rest.fold(diagnostic, |diagnostic, line| diagnostic.with_note(line.trim()))
        .with_help_maybe(suggestion(error))
}

/// Points at the text that the user wrote, or at the expression that wrote it.
pub(crate) fn at_origin(
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
