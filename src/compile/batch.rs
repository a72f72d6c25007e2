//! The intervals of time that a microbatch model is compiled for.

use super::{Compilation, Compiled, Workshop, compile_for};
use crate::diagnostic::Diagnostic;
use crate::graph::{Graph, Node, NodeIndex, NodeKind};
use crate::mode::{Batch, Materialization, Microbatch, Mode};
use crate::template::Introspection;
use std::sync::Arc;

fn microbatch(node: &Node) -> Option<&Microbatch> {
    match &node.kind {
        NodeKind::Model(Materialization::Incremental(incremental)) => match &incremental.mode {
            Mode::Microbatch(microbatch) => Some(microbatch),
            _ => None,
        },
        _ => None,
    }
}

/// The intervals that a run builds `node` in, oldest first; `None` where it is no microbatch model.
pub fn batches(graph: &Graph, node: &Node, rows_stay: bool) -> Option<Vec<Batch>> {
    let (window, now) = (graph.shared.event_time(), graph.shared.facts().run_started_at);
    Some(microbatch(node)?.batches(window, rows_stay, now))
}

/// The interval that `compile` shows.
pub(super) fn current(graph: &Graph, node: &Node) -> Option<Batch> {
    let (window, now) = (graph.shared.event_time(), graph.shared.facts().run_started_at);
    Some(microbatch(node)?.current(window, now))
}

/// Compiles a microbatch model for one of its intervals; `rows_stay` answers `is_incremental()`.
///
/// # Errors
/// Its template fails.
pub fn compile_batch(
    graph: &Graph,
    compilation: &Compilation,
    index: NodeIndex,
    batch: Batch,
    introspection: Option<&Arc<dyn Introspection>>,
    rows_stay: bool,
) -> Result<Compiled, Box<Diagnostic>> {
    let introspection = introspection.cloned();
    let workshop = Workshop { graph, introspection, batch: Some(batch) };
    compile_for(&workshop, compilation, index, rows_stay)
}
