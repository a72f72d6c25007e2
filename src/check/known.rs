//! Which columns the roots of the graph have.

use super::verdict::{Unchecked, Verdict};
use crate::graph::{Node, NodeIndex};
use crate::relation::Column;
use std::collections::BTreeMap;

/// The columns of tables that no query of the project makes: those of sources and seeds.
#[derive(Debug, Clone, Default)]
pub struct Known {
    columns: BTreeMap<NodeIndex, Result<Vec<Column>, String>>,
}

impl Known {
    /// `node` has `columns`, or nobody knows them because of a reason, for people.
    pub fn insert(&mut self, node: NodeIndex, columns: Result<Vec<Column>, String>) {
        self.columns.insert(node, columns);
    }

    /// The columns of `node`, where they are known.
    pub fn columns(&self, node: NodeIndex) -> Option<&[Column]> {
        self.columns.get(&node)?.as_ref().ok().map(Vec::as_slice)
    }

    /// What is known of a source or seed.
    pub(super) fn verdict(&self, index: NodeIndex, node: &Node) -> Verdict {
        match self.columns.get(&index) {
            Some(Ok(columns)) => Verdict::Holds(columns.clone()),
            Some(Err(reason)) => Verdict::Unchecked(Unchecked::NoColumns(reason.clone())),
            None => {
                let reason = format!("nothing says which columns `{}` has", node.label());
                Verdict::Unchecked(Unchecked::NoColumns(reason))
            }
        }
    }
}
