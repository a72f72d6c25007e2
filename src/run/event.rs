//! What happens during a run, as it happens. The terminal and other readers draw from this.

use super::outcome::NodeResult;
use crate::graph::NodeIndex;

/// One thing that happened.
#[derive(Debug, Clone, Copy)]
pub enum Event<'r> {
    /// A node is being worked on.
    NodeStarted {
        /// The node.
        node: NodeIndex,
    },
    /// A node has ended, or was skipped.
    NodeFinished {
        /// What came of it.
        result: &'r NodeResult,
    },
}

/// Who is told. Called from the thread that runs the schedule, one event at a time.
pub trait Listener {
    /// Takes an event.
    fn event(&mut self, event: Event<'_>);
}
