//! What came of a check.

use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Graph, NodeIndex, NodeKind, Selection};
use crate::relation::Column;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of each node after a check.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// The nodes that were looked at.
    pub verdicts: BTreeMap<NodeIndex, Verdict>,
    /// What is worth a look though it holds, with its node: declared types that differ, comparisons of
    /// text.
    pub remarks: Vec<(NodeIndex, Diagnostic)>,
    /// Nodes that fail for want of something that may stand in the target though no node makes it: only
    /// the target knows.
    pub doubtful: BTreeSet<NodeIndex>,
    /// What is wrong with the files that say which columns sources have.
    pub unreadable: Vec<Diagnostic>,
}

/// What is known of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds: the columns that it gives, in order. Those of a test are the columns of its failing
    /// rows, those of a source the columns of its table.
    Holds(Vec<Column>),
    /// It does not: at least one reason, the first of which keeps it from being built.
    Fails(Vec<Diagnostic>),
    /// Nothing is known.
    Unchecked(Unchecked),
}

/// Why nothing is known of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unchecked {
    /// Its template asks the database.
    AsksDatabase,
    /// It reads this node, of which nothing is known, or which does not hold.
    Reads(NodeIndex),
    /// It reads something that no node makes, or calls something that none defines.
    Beyond(String),
    /// Nothing says which columns it has.
    NoColumns(String),
    /// Its columns come from values: `pivot` without a list.
    FromValues,
}

impl Checked {
    /// The columns of a node that holds.
    pub fn columns(&self, node: NodeIndex) -> Option<&[Column]> {
        match self.verdicts.get(&node)? {
            Verdict::Holds(columns) => Some(columns),
            Verdict::Fails(_) | Verdict::Unchecked(_) => None,
        }
    }

    /// The columns of the nodes that hold, but for tests and exports, which are no tables.
    pub fn bound(&self, graph: &Graph) -> BTreeMap<NodeIndex, Vec<Column>> {
        let all = self.verdicts.iter().filter_map(|(index, verdict)| match verdict {
            Verdict::Holds(columns) => Some((*index, columns)),
            Verdict::Fails(_) | Verdict::Unchecked(_) => None,
        });
        let tables = all.filter(|(index, _)| {
            !matches!(graph.node(*index).kind, NodeKind::Test(_) | NodeKind::Export(_))
        });
        tables.map(|(index, columns)| (index, columns.clone())).collect()
    }

    /// What is wrong, in the order of the graph.
    pub fn failures<'c>(
        &'c self,
        graph: &'c Graph,
    ) -> impl Iterator<Item = (NodeIndex, &'c [Diagnostic])> {
        graph.order.iter().filter_map(|index| match self.verdicts.get(index)? {
            Verdict::Fails(problems) => Some((*index, problems.as_slice())),
            Verdict::Holds(_) | Verdict::Unchecked(_) => None,
        })
    }

    /// The nodes of which nothing is known, with the reason, in the order of the graph. A node that
    /// reads such a node is counted with it.
    pub fn unchecked<'c>(
        &'c self,
        graph: &'c Graph,
    ) -> impl Iterator<Item = (NodeIndex, &'c Unchecked)> {
        graph.order.iter().filter_map(|index| match self.verdicts.get(index)? {
            Verdict::Unchecked(reason) => Some((*index, reason)),
            Verdict::Holds(_) | Verdict::Fails(_) => None,
        })
    }

    /// The node at the root of why `node` was not checked: the first that is unchecked for a reason of
    /// its own, or that fails.
    pub fn root_of(&self, node: NodeIndex) -> NodeIndex {
        let mut root = node;
        while let Some(Verdict::Unchecked(Unchecked::Reads(parent))) = self.verdicts.get(&root) {
            root = *parent;
        }
        root
    }

    /// One note for each reason: what of `selected` was not checked, and why.
    pub fn notes(&self, graph: &Graph, selected: &Selection) -> Vec<Diagnostic> {
        let mut behind: BTreeMap<NodeIndex, Vec<String>> = BTreeMap::new();
        let unchecked = self.unchecked(graph).filter(|(index, _)| selected.contains(*index));
        for (index, reason) in unchecked {
            let root = self.root_of(index);
            let labels = behind.entry(root).or_default();
            if matches!(reason, Unchecked::Reads(_)) {
                labels.push(graph.node(index).label());
            }
        }
        let note = |(root, labels): (NodeIndex, Vec<String>)| self.note(graph, root, &labels);
        behind.into_iter().filter_map(note).collect()
    }

    fn note(&self, graph: &Graph, root: NodeIndex, behind: &[String]) -> Option<Diagnostic> {
        let node = graph.node(root);
        let told = match self.verdicts.get(&root)? {
            Verdict::Unchecked(reason) => {
                let message = format!("`{}` is not checked: {}", node.label(), reason.words(graph));
                let note = Diagnostic::note(Code::NOT_CHECKED, message).at(node.place.clone());
                let note = note.with_help_maybe(reason.help(graph, root));
                return Some(match behind {
                    [] => note,
                    behind => note.with_note(format!("nor is what reads it: {}", shown(behind))),
                });
            }
            Verdict::Fails(_) => format!("what reads `{}`, which does not fit", node.label()),
            Verdict::Holds(_) => return None,
        };
        let message = format!("{told}, is not checked: {}", shown(behind));
        Some(Diagnostic::note(Code::NOT_CHECKED, message))
    }
}

/// How many names are listed.
const SHOWN: usize = 10;

fn shown(labels: &[String]) -> String {
    let names: Vec<String> = labels.iter().take(SHOWN).map(|label| format!("`{label}`")).collect();
    match labels.len().checked_sub(SHOWN) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names.join(", ")),
    }
}

impl Unchecked {
    /// The reason, for people.
    pub fn words(&self, graph: &Graph) -> String {
        match self {
            Self::AsksDatabase => "its template asks the database".to_owned(),
            Self::Reads(parent) => format!("it reads `{}`", graph.node(*parent).label()),
            Self::Beyond(what) | Self::NoColumns(what) => what.clone(),
            Self::FromValues => "its columns come from values, by `pivot`".to_owned(),
        }
    }

    fn help(&self, graph: &Graph, node: NodeIndex) -> Option<String> {
        let node = graph.node(node);
        match self {
            Self::NoColumns(_) if node.load().is_some() => Some(format!(
                "load it once, or `sqlflow schema accept {}`, and commit what is written to `{}`",
                node.label(),
                graph.schema_path,
            )),
            Self::FromValues => Some("list the values: `pivot … on column in (…)`".to_owned()),
            _ => None,
        }
    }
}
