//! Which columns the roots of the graph have.

use super::verdict::{Unchecked, Verdict};
use crate::diagnostic::Diagnostic;
use crate::graph::NodeIndex;
use crate::relation::Column;
use std::collections::BTreeMap;

/// The columns of tables that no query of the project makes: those of sources and seeds.
#[derive(Debug, Clone, Default)]
pub struct Known {
    columns: BTreeMap<NodeIndex, Result<Vec<Column>, String>>,
    /// What is wrong with the files that say so.
    pub unreadable: Vec<Diagnostic>,
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

    /// What is known of a source or seed; `None` where nobody asked.
    pub(super) fn verdict(&self, index: NodeIndex) -> Option<Verdict> {
        Some(match self.columns.get(&index)? {
            Ok(columns) => Verdict::Holds(columns.clone()),
            Err(reason) => Verdict::Unchecked(Unchecked::NoColumns(reason.clone())),
        })
    }
}
