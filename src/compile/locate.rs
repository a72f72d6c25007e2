//! A place in compiled SQL brought back to the user's own line.

use super::{Query, Run, host, template};
use crate::diagnostic::Place;
use crate::graph::{Files, Graph, Node};
use crate::template::{Limits, Mapped, Renderer};
use std::sync::Arc;

/// Where a place of a compiled query comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The user's text.
    pub place: Place,
    /// Whether the text stands there as it was compiled; else the place is the Jinja expression
    /// that wrote it.
    pub verbatim: bool,
}

/// Where the byte `offset` of `query`, the query of `node`, comes from.
///
/// The template is rendered once more, with a map of what wrote which byte. Where that cannot tell,
/// the answer is the node's own place.
pub fn locate(graph: &Graph, node: &Node, query: &Query, offset: usize) -> Located {
    let place = node.query_in_yaml().unwrap_or(&node.place).clone();
    let nowhere = Located { place, verbatim: false };
    let part = query.parts.iter().find(|part| part.range.contains(&offset)).or_else(|| {
        // An error "at the end" lies one past the last byte.
        query.parts.iter().rev().find(|part| part.range.end == offset)
    });
    let Some(part) = part else { return nowhere };
    let Some(author) = graph.nodes.get(part.node.get()) else { return nowhere };
    if author.test().is_some_and(|test| test.generic.is_some()) {
        return nowhere;
    }
    let mut renderer = Renderer::new(graph.library.clone(), Limits::default());
    let host = Arc::new(host(graph, author, Run { variant: query.variant, batch: query.batch }));
    let Ok((rendered, map)) = renderer.render_mapped(&template(author), host) else {
        return nowhere;
    };
    let length = part.range.len();
    if rendered.text.get(part.start..part.start + length) != query.text.get(part.range.clone()) {
        return nowhere;
    }
    find(&graph.files, &map, part.start + (offset - part.range.start)).unwrap_or(nowhere)
}

pub(super) fn find(files: &Files, map: &[Mapped], offset: usize) -> Option<Located> {
    let span = map
        .iter()
        .find(|span| span.output.contains(&offset))
        .or_else(|| map.iter().rev().find(|span| span.output.end <= offset))?;
    let range = if span.verbatim {
        let start = span.source.start + (offset - span.output.start).min(span.output.len());
        start..start
    } else {
        span.source.clone()
    };
    let place = files.at(&span.path, range)?;
    Some(Located {
        place: if span.verbatim { to_word(&place) } else { place },
        verbatim: span.verbatim,
    })
}

/// The place stretched over the word that begins there, for the carets.
fn to_word(place: &Place) -> Place {
    let start = place.range().start;
    let rest = place.file.text.get(start..).unwrap_or("");
    let length = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest[1..].find(quote).map_or(1, |end| end + 2),
        _ => rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len())
            .max(rest.chars().next().map_or(0, char::len_utf8)),
    };
    Place::new(place.file.clone(), start..start + length)
}
