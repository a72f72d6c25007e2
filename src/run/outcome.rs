//! What came of a run.

use crate::artifact::{BatchResults, NodeTiming};
use crate::compile::Compiled;
use crate::diagnostic::Diagnostic;
use crate::graph::NodeIndex;
use std::time::Duration;

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It did what it should.
    Succeeded,
    /// A test found failures that only warn.
    Warned,
    /// A test found failures.
    TestFailed,
    /// It could not be carried out.
    Failed,
    /// Some of its batches were built, others could not be.
    PartlyFailed,
    /// It was not tried, because of the node named.
    Skipped {
        /// The node that failed; `None` where the whole run was stopped.
        because: Option<NodeIndex>,
    },
}

impl Status {
    /// dbt's word for it, in `run_results.json`.
    pub fn dbt_word(self, is_test: bool) -> &'static str {
        match self {
            Self::Succeeded if is_test => "pass",
            Self::Succeeded => "success",
            Self::Warned => "warn",
            Self::TestFailed => "fail",
            Self::Failed => "error",
            Self::PartlyFailed => "partial success",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// Whether what depends on the node may run.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Succeeded | Self::Warned)
    }
}

/// What came of one node.
#[derive(Debug, Clone)]
pub struct NodeResult {
    /// The node.
    pub node: NodeIndex,
    /// How it ended.
    pub status: Status,
    /// What is wrong, and what is worth knowing.
    pub problems: Vec<Diagnostic>,
    /// When; `None` where it was skipped.
    pub timing: Option<NodeTiming>,
    /// The thread that worked on it, from 1.
    pub thread: usize,
    /// Rows that were written, where the engine tells.
    pub rows: Option<u64>,
    /// Failing rows of a test.
    pub failures: Option<u64>,
    /// The intervals of a microbatch model.
    pub batches: Option<BatchResults>,
    /// What became of the rows, by the names that run results give.
    pub counts: Vec<(&'static str, u64)>,
    /// Its SQL as it was executed.
    pub compiled: Option<Compiled>,
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Results in the order in which they came.
    pub results: Vec<NodeResult>,
    /// What concerns no single node.
    pub problems: Vec<Diagnostic>,
    /// How long it took.
    pub elapsed: Duration,
}

/// How many nodes ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Succeeded.
    pub pass: usize,
    /// Warned.
    pub warn: usize,
    /// Failed, tests among them.
    pub error: usize,
    /// Skipped.
    pub skip: usize,
}

impl Outcome {
    /// Counts the results.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for result in &self.results {
            *match result.status {
                Status::Succeeded => &mut tally.pass,
                Status::Warned => &mut tally.warn,
                Status::TestFailed | Status::Failed | Status::PartlyFailed => &mut tally.error,
                Status::Skipped { .. } => &mut tally.skip,
            } += 1;
        }
        tally
    }

    /// Every problem of the run, those of nodes after those of none.
    pub fn all_problems(&self) -> impl Iterator<Item = &Diagnostic> {
        self.problems.iter().chain(self.results.iter().flat_map(|result| &result.problems))
    }
}

impl Tally {
    /// All of them.
    pub fn total(self) -> usize {
        self.pass + self.warn + self.error + self.skip
    }
}
