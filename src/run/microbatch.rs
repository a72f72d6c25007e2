//! How a microbatch model is carried out: interval by interval, each in its own transaction.
//!
//! An interval that fails does not undo the others. Where the first one fails nothing else is tried,
//! as in dbt: it makes the table that the others need.

use super::model::Built;
use super::outcome::Status;
use super::worker::{Done, Result, Worker};
use crate::artifact::BatchResults;
use crate::compile::{self, Compiled};
use crate::diagnostic::{Code, Diagnostic, grouped};
use crate::graph::Node;
use crate::mode::{Batch, Incremental};
use crate::relation::RelationKind;

/// More problems of single intervals are not told: years of hours may all fail alike.
const MOST_TOLD: usize = 5;

/// Where an interval stands in the run.
#[derive(Clone, Copy)]
struct Turn {
    batch: Batch,
    first: bool,
    last: bool,
    full_refresh: bool,
}

impl Worker<'_> {
    /// Builds `batches`, oldest first.
    pub(super) fn microbatches(
        &mut self,
        node: &Node,
        incremental: &Incremental,
        compiled: &mut Compiled,
        batches: &[Batch],
        full_refresh: bool,
    ) -> Done {
        let mut results = BatchResults::default();
        let mut done = Done::default();
        let mut told = 0;
        for (index, batch) in batches.iter().enumerate() {
            let last = index + 1 == batches.len();
            let turn = Turn { batch: *batch, first: index == 0, last, full_refresh };
            match self.microbatch(node, incremental, compiled, turn) {
                Ok(built) => {
                    results.successful.push(*batch);
                    done.rows = Some(done.rows.unwrap_or(0) + built.rows.unwrap_or(0));
                    done.problems.extend(built.problems);
                }
                Err(problem) => {
                    let problem = self.execution.better_reason(node, problem);
                    results.failed.push(*batch);
                    told += 1;
                    if told <= MOST_TOLD {
                        let note = format!("in batch {}", batch.name());
                        done.problems.push(problem.with_note(note));
                    }
                    if index == 0 {
                        results.failed.extend(&batches[1..]);
                        break;
                    }
                }
            }
        }
        if !results.failed.is_empty() {
            done.problems.push(summary(node, &results));
            let some = !results.successful.is_empty();
            done.status = Some(if some { Status::PartlyFailed } else { Status::Failed });
        }
        done.batches = Some(results);
        done
    }

    fn microbatch(
        &mut self,
        node: &Node,
        incremental: &Incremental,
        compiled: &mut Compiled,
        turn: Turn,
    ) -> Result<Built> {
        let execution = self.execution;
        let Some(relation) = &node.relation else { return Ok(Built::default()) };
        let stands = execution.standing.kind(relation) == Some(RelationKind::Table);
        let introspection = if compiled.needs_connection {
            Some(self.introspection()?)
        } else {
            self.introspection.clone()
        };
        // In a full refresh `is_incremental()` stays false to the end.
        let needs_connection = compiled.needs_connection;
        *compiled = compile::compile_batch(
            execution.graph,
            execution.compilation,
            compiled.index,
            turn.batch,
            introspection.as_ref(),
            stands && !turn.full_refresh,
        )?;
        compiled.needs_connection = needs_connection;
        if !turn.first {
            compiled.hooks.before.clear();
        }
        if !turn.last {
            compiled.hooks.after.clear();
        }
        compiled.script = compile::bind_model(execution.graph, compiled, None)?;
        execution.target.write_batch(execution.graph, compiled, &turn.batch)?;
        if stands && !(turn.full_refresh && turn.first) {
            return self.apply(node, relation, incremental, compiled);
        }
        let built = self.make(node, relation, Some(incremental), compiled)?;
        execution.standing.set(relation, RelationKind::Table);
        Ok(built)
    }
}

/// Names what was not built.
fn summary(node: &Node, results: &BatchResults) -> Diagnostic {
    let (failed, all) = (results.failed.len(), results.failed.len() + results.successful.len());
    let noun = if all == 1 { "batch" } else { "batches" };
    let was = if failed == 1 { "was" } else { "were" };
    let message = format!(
        "{} of {} {noun} of `{}` {was} not built",
        grouped(failed as u64),
        grouped(all as u64),
        node.name,
    );
    let mut names: Vec<String> =
        results.failed.iter().take(2 * MOST_TOLD).map(Batch::name).collect();
    if failed > names.len() {
        names.push("…".to_owned());
    }
    let kept = if results.successful.is_empty() {
        "the table stays as it is"
    } else {
        "the other batches are in the table"
    };
    Diagnostic::error(Code::DATA_FAILED, message)
        .at(node.place.clone())
        .with_note(format!("not built: {}", names.join(", ")))
        .with_note(kept)
        .with_help("build them again with --event-time-start and --event-time-end")
}
