//! What is different between a source table and what was accepted of it, and what its load does about
//! that.

use super::seen::{Seen, see};
use crate::artifact::SchemaDirectory;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Graph, LoadNode, NodeIndex};
use crate::relation::Column;
use crate::schema::{
    Change, DiffLine, Difference, Policy, Snapshot, Verdict, compare, diff, verdicts,
};

/// A source table as it was accepted and as it is.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The table.
    pub node: NodeIndex,
    /// Where its snapshot stands, as shown to users.
    pub file: String,
    /// What its load does where it drifted.
    pub policy: Policy,
    /// What was accepted of it; `None` where nothing was, problems where the file is broken.
    pub accepted: Result<Option<Snapshot>, Vec<Diagnostic>>,
    /// What it is now, or why that cannot be said.
    pub seen: Result<Seen, Vec<Diagnostic>>,
    /// The accepted columns that are loaded; empty where nothing was accepted.
    pub columns: Vec<Column>,
    /// What is different; empty where one of both is not known.
    pub difference: Difference,
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is as accepted.
    Same,
    /// Columns stand elsewhere, and nothing else is different: loads go by names.
    Reordered,
    /// It is different.
    Drifted,
    /// It is not there any more.
    Vanished,
    /// Nothing was accepted of it yet.
    New,
    /// The snapshot cannot be read.
    Broken,
    /// The system that it is in could not be asked.
    Unreachable,
    /// What it is cannot be said.
    Failed,
}

impl Status {
    /// The word that JSON has for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Reordered => "reordered",
            Self::Drifted => "drifted",
            Self::Vanished => "vanished",
            Self::New => "new",
            Self::Broken => "broken",
            Self::Unreachable => "unreachable",
            Self::Failed => "failed",
        }
    }
}

impl Comparison {
    /// Of the table `node`; `seen` is what it is.
    pub fn new(graph: &Graph, node: NodeIndex, seen: Result<Seen, Vec<Diagnostic>>) -> Self {
        let (of, directory) = (graph.node(node), SchemaDirectory::of(graph));
        let accepted = directory.read(of.source_name(), &of.name);
        let snapshot = accepted.as_ref().ok().and_then(Option::as_ref);
        let columns = snapshot.map(Snapshot::relation_columns).unwrap_or_default();
        // What is not loaded is no part of what was accepted.
        let columns = of.load().map_or(columns.clone(), |load| load.rules.selection.of(&columns));
        let difference = match (&snapshot, &seen) {
            (Some(_), Ok(seen)) => compare(&columns, &seen.columns),
            _ => Difference::default(),
        };
        let policy = of.load().map(policy).unwrap_or_default();
        let file = directory.shown_path(of.source_name(), &of.name);
        Self { node, file, policy, accepted, seen, columns, difference }
    }

    /// What it comes to. Whether the source can be asked counts more than its file.
    pub fn status(&self) -> Status {
        match (&self.seen, &self.accepted) {
            (Err(problems), _) => of_problems(problems),
            (Ok(_), Err(_)) => Status::Broken,
            (Ok(_), Ok(None)) => Status::New,
            (Ok(_), Ok(Some(_))) if self.difference.is_empty() => Status::Same,
            (Ok(_), Ok(Some(_))) if self.is_only_moved() => Status::Reordered,
            (Ok(_), Ok(Some(_))) => Status::Drifted,
        }
    }

    /// Whether the load would stop.
    pub fn halts(&self) -> bool {
        self.verdicts().iter().any(|(_, verdict)| *verdict == Verdict::Halt)
    }

    /// Each change, and what becomes of it.
    pub fn verdicts(&self) -> Vec<(Change<'_>, Verdict)> {
        verdicts(self.policy, &self.difference)
    }

    /// Its columns as lines of a diff; none where it is not known what was accepted, or what is there.
    pub fn lines(&self) -> Vec<DiffLine<'_>> {
        match (&self.accepted, &self.seen) {
            (Ok(Some(_)), Ok(seen)) => diff(&self.columns, &seen.columns, &self.difference),
            _ => Vec::new(),
        }
    }

    /// What is wrong with its file and with its source.
    pub fn problems(&self) -> impl Iterator<Item = &Diagnostic> {
        let file = self.accepted.as_ref().err().into_iter().flatten();
        file.chain(self.seen.as_ref().err().into_iter().flatten())
    }

    fn is_only_moved(&self) -> bool {
        self.difference.changes().all(|change| matches!(change, Change::Moved(_)))
    }
}

/// The tables `nodes` as they were accepted and as they are. Nothing is loaded, the target stays
/// closed, and what one table lacks does not stop the others.
pub fn compare_sources(graph: &Graph, nodes: &[NodeIndex]) -> Vec<Comparison> {
    let seen = see(graph, nodes);
    let compared = nodes.iter().zip(seen);
    compared.map(|(node, seen)| Comparison::new(graph, *node, seen)).collect()
}

fn policy(_load: &LoadNode) -> Policy {
    Policy::default()
}

fn of_problems(problems: &[Diagnostic]) -> Status {
    let is = |codes: &[Code]| problems.iter().any(|problem| codes.contains(&problem.code));
    if problems.iter().any(|problem| matches!(&problem.code.as_str()[2..3], "6" | "9")) {
        Status::Unreachable
    } else if is(&[Code::SOURCE_MISSING, Code::CONNECTION_LACKS]) {
        Status::Vanished
    } else {
        Status::Failed
    }
}
