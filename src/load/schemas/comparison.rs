//! What is different between a source table and what was accepted of it, and what its load does about
//! that.

use crate::artifact::SchemaDirectory;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Graph, LoadObject, NodeIndex};
use crate::load::{Observed, Sign, SourceColumns, SourceDrift, observe};
use crate::schema::{Change, DiffLine, Difference, Policy, Snapshot, Verdict, diff, verdict};
use std::path::Path;

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
    pub seen: Result<SourceColumns, Vec<Diagnostic>>,
    /// How it differs; `None` where one of both is not known.
    pub drift: Option<SourceDrift>,
    /// Whether it is a query, which may lack something and be there.
    is_query: bool,
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
    fn new(graph: &Graph, observed: Observed) -> Self {
        let node = graph.node(observed.node);
        Self {
            node: observed.node,
            file: SchemaDirectory::of(graph).shown_path(node.source_name(), &node.name),
            policy: node.load().map(|load| load.rules.on_drift).unwrap_or_default(),
            is_query: node.load().is_some_and(|load| matches!(load.object, LoadObject::Query(_))),
            drift: observed.drift(graph),
            accepted: observed.accepted,
            seen: observed.seen,
        }
    }

    /// What it comes to. Whether the source can be asked counts more than its file.
    pub fn status(&self) -> Status {
        match (&self.seen, &self.accepted, &self.drift) {
            (Err(problems), _, _) => of_problems(problems, self.is_query),
            (Ok(_), Err(_), _) => Status::Broken,
            (Ok(_), Ok(_), None) => Status::New,
            (Ok(_), Ok(_), Some(drift)) if drift.is_empty() => Status::Same,
            (Ok(_), Ok(_), Some(drift)) if is_only_moved(&drift.difference) => Status::Reordered,
            (Ok(_), Ok(_), Some(_)) => Status::Drifted,
        }
    }

    /// Each change, and what becomes of it in a load.
    pub fn verdicts(&self) -> Vec<(Change<'_>, Verdict)> {
        self.drift.as_ref().map(|drift| drift.verdicts(self.policy)).unwrap_or_default()
    }

    /// What becomes of `change` in a load.
    pub fn verdict(&self, change: Change<'_>) -> Verdict {
        verdict(self.policy, change)
    }

    /// Whether the load would stop.
    pub fn halts(&self) -> bool {
        self.verdicts().iter().any(|(_, verdict)| *verdict == Verdict::Halt)
    }

    /// Its columns as lines of a diff; none where it is not known what was accepted, or what is there.
    pub fn lines(&self) -> Vec<DiffLine<'_>> {
        let Some(SourceDrift { accepted, seen, difference }) = &self.drift else {
            return Vec::new();
        };
        diff(accepted, &seen.columns, difference)
    }

    /// Names that may be one column under two: accepted and seen.
    pub fn renames(&self) -> impl Iterator<Item = (&str, &str)> {
        let renames = self.drift.iter().flat_map(|drift| &drift.difference.renames);
        renames.map(|(old, new)| (old.name.as_str(), new.name.as_str()))
    }

    /// Where the change of a column shows, where the source has such places.
    pub fn sign(&self, column: &str) -> Option<&Sign> {
        let seen = self.seen.as_ref().ok()?;
        seen.signs.iter().find(|sign| sign.column == column)
    }

    /// What is wrong with its file and with its source.
    pub fn problems(&self) -> impl Iterator<Item = &Diagnostic> {
        let file = self.accepted.as_ref().err().into_iter().flatten();
        file.chain(self.seen.as_ref().err().into_iter().flatten())
    }
}

/// The tables `nodes` as they were accepted and as they are. Nothing is loaded, the target stays
/// closed, and what one table lacks does not stop the others. `scratch` is where objects may be
/// fetched to.
pub fn compare_sources(graph: &Graph, nodes: &[NodeIndex], scratch: &Path) -> Vec<Comparison> {
    let observed = observe(graph, nodes, scratch).into_iter();
    observed.map(|observed| Comparison::new(graph, observed)).collect()
}

fn is_only_moved(difference: &Difference) -> bool {
    difference.changes().all(|change| matches!(change, Change::Moved(_)))
}

fn of_problems(problems: &[Diagnostic], is_query: bool) -> Status {
    let is = |codes: &[Code]| problems.iter().any(|problem| codes.contains(&problem.code));
    if problems.iter().any(|problem| matches!(&problem.code.as_str()[2..3], "6" | "9")) {
        Status::Unreachable
    } else if is(&[Code::SOURCE_MISSING, Code::CONNECTION_LACKS]) && !is_query {
        Status::Vanished
    } else {
        Status::Failed
    }
}
