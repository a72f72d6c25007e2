//! What a database said to a statement of a node, as a diagnostic that points at the user's own line.

use crate::check::{at_origin, refusal};
use crate::compile::{Compiled, Statement, Variant};
use crate::diagnostic::{Code, Diagnostic};
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

/// What the database said while it worked on `node`.
pub(super) fn heard(graph: &Graph, node: &Node, notice: Notice) -> Diagnostic {
    let message = format!("{}: {}", graph.target.dialect.name(), notice.message);
    let told = Diagnostic::note(Code::SQL_NOTICE, message).at(node.place.clone());
    let details = notice.detail.unwrap_or_default();
    details.lines().fold(told, |told, line| told.with_note(line.trim_end()))
}
