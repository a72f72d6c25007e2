//! A compiled query, and which node wrote which part of it.

use crate::dialect::{Statements, after_with, statements};
use crate::graph::{NodeId, NodeIndex, ephemeral_name};
use crate::mode::Batch;
use std::ops::Range;
use std::sync::Arc;

/// For which run a query was rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// The relation is made from nothing.
    Anew,
    /// The rows already there stay: `is_incremental()` is true.
    RowsStay,
}

/// A query as it is sent, with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The SQL.
    pub text: Arc<str>,
    /// For which run.
    pub variant: Variant,
    /// The interval of time that it was rendered for, where it is that of a microbatch.
    pub batch: Option<Batch>,
    /// Which ranges of the text come from which node's rendering, in order.
    pub parts: Vec<Part>,
    /// The bytes of each statement in the text; one, unless something is wrong.
    pub statements: Statements,
}

/// A range of a query that one node's template wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Bytes of the query.
    pub range: Range<usize>,
    /// The node.
    pub node: NodeIndex,
    /// Where the range begins in the node's own rendering.
    pub start: usize,
}

impl Query {
    /// The query without what stands behind its one statement.
    pub fn statement(&self) -> &str {
        let end = self.statements.first().map_or(self.text.len(), |range| range.end);
        &self.text[..end]
    }
}

/// Joins renderings to one query: all but the last become common table expressions of the last,
/// before those that it has itself.
pub(super) fn assemble(
    renderings: &[(NodeIndex, Option<&NodeId>, &Arc<str>)],
    variant: Variant,
) -> Query {
    if let [(node, _, text)] = renderings {
        let parts = vec![Part { range: 0..text.len(), node: *node, start: 0 }];
        return Query {
            statements: statements(text),
            text: (*text).clone(),
            variant,
            batch: None,
            parts,
        };
    }
    let Some(((node, _, own), ephemeral)) = renderings.split_last() else {
        let text = Arc::from("");
        return Query { text, variant, batch: None, parts: Vec::new(), statements: Vec::new() };
    };
    let mut builder = Builder::default();
    let split = after_with(own);
    match split {
        Some(at) => builder.part(*node, own, 0..at),
        None => builder.text.push_str("with"),
    }
    for (position, (index, id, text)) in ephemeral.iter().enumerate() {
        let name = id.map_or_else(String::new, |id: &NodeId| name_of(id));
        builder.text.push_str(if position == 0 { " " } else { ", " });
        builder.text.push_str(&name);
        builder.text.push_str(" as (\n");
        let end = statements(text).first().map_or(text.len(), |range| range.end);
        builder.part(*index, text, 0..end);
        builder.text.push_str("\n)");
    }
    match split {
        Some(at) => {
            builder.text.push(',');
            builder.part(*node, own, at..own.len());
        }
        None => {
            builder.text.push('\n');
            builder.part(*node, own, 0..own.len());
        }
    }
    let statements = statements(&builder.text);
    Query { text: builder.text.into(), variant, batch: None, parts: builder.parts, statements }
}

fn name_of(id: &NodeId) -> String {
    ephemeral_name(id.0.rsplit('.').next().unwrap_or(&id.0))
}

#[derive(Default)]
struct Builder {
    text: String,
    parts: Vec<Part>,
}

impl Builder {
    fn part(&mut self, node: NodeIndex, text: &str, range: Range<usize>) {
        let begin = self.text.len();
        self.text.push_str(&text[range.clone()]);
        self.parts.push(Part { range: begin..self.text.len(), node, start: range.start });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ephemeral_models_stand_before_the_models_own_expressions() {
        let id = NodeId("model.p.e".to_owned());
        let inner: Arc<str> = Arc::from("select 1 as a;\n");
        for (own, expected) in [
            (
                "select * from __dbt__cte__e",
                "with __dbt__cte__e as (\nselect 1 as a\n)\nselect * from __dbt__cte__e",
            ),
            (
                "-- note\nwith x as (select 1) select * from x",
                "-- note\nwith __dbt__cte__e as (\nselect 1 as a\n), x as (select 1) select * from x",
            ),
        ] {
            let own: Arc<str> = Arc::from(own);
            let renderings = [(NodeIndex(0), Some(&id), &inner), (NodeIndex(1), None, &own)];
            let query = assemble(&renderings, Variant::Anew);
            assert_eq!(&*query.text, expected);
            for part in &query.parts {
                let source = if part.node == NodeIndex(0) { &inner } else { &own };
                assert_eq!(
                    &query.text[part.range.clone()],
                    &source[part.start..part.start + part.range.len()]
                );
            }
        }
    }
}
