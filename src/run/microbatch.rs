//! How a microbatch model is carried out: interval by interval, each in its own transaction.
//!
//! An interval that fails does not undo the others. Where the first one fails nothing else is tried,
//! as in dbt: it makes the table that the others need.

use super::model::Built;
use super::outcome::Status;
use super::worker::{Done, Result, Worker, count_of};
use crate::artifact::BatchResults;
use crate::compile::{self, Compiled};
use crate::diagnostic::{Code, Diagnostic, grouped, rows};
use crate::graph::{Node, NodeIndex};
use crate::mode::{Batch, Incremental, Mode};
use crate::relation::{RelationKind, RelationName};

/// More problems of single intervals are not told: years of hours may all fail alike.
const MOST_TOLD: usize = 5;

/// Where an interval stands in the run.
#[derive(Clone, Copy)]
struct Turn {
    batch: Batch,
    first: bool,
    last: bool,
    full_refresh: bool,
    /// All intervals of the run as one.
    of_run: Batch,
}

/// How many rows of a batch lie where.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Placed {
    /// In its interval: these are written.
    pub(super) inside: u64,
    outside: u64,
    outside_of_run: u64,
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
        let mut placed = Vec::new();
        let [Some(oldest), Some(newest)] = [batches.first(), batches.last()] else { return done };
        let of_run = Batch { end: newest.end, ..*oldest };
        for (index, batch) in batches.iter().enumerate() {
            let last = index + 1 == batches.len();
            let turn = Turn { batch: *batch, first: index == 0, last, full_refresh, of_run };
            match self.microbatch(node, incremental, compiled, turn) {
                Ok(built) => {
                    results.successful.push(*batch);
                    done.rows = Some(done.rows.unwrap_or(0) + built.rows.unwrap_or(0));
                    done.problems.extend(built.problems);
                    placed.extend(built.placed);
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
        done.problems.extend(self.left_out(node, &placed));
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
            return self.apply(node, relation, incremental, compiled, Some(turn.of_run));
        }
        let built = self.make(node, relation, Some(incremental), compiled, Some(turn.of_run));
        let built =
            self.or_discard(built, &compile::batch_relation(self.execution.graph, relation))?;
        execution.standing.set(relation, RelationKind::Table);
        Ok(built)
    }

    /// Where the rows of the staged batch lie; `None` where that is no microbatch, or cannot be
    /// told: what is wrong then is told by the checks of its columns.
    pub(super) fn placed(
        &mut self,
        relation: &RelationName,
        incremental: Option<&Incremental>,
        compiled: &Compiled,
        of_run: Option<Batch>,
    ) -> Option<Placed> {
        let Mode::Microbatch(microbatch) = &incremental?.mode else { return None };
        let graph = self.execution.graph;
        let sql = compile::microbatch_rows(graph, relation, microbatch, compiled.batch?, of_run?);
        let table = self.session.query(&sql, Some(1)).ok()?;
        let row = table.rows.first()?;
        let [inside, outside, outside_of_run] = [row.first(), row.get(1), row.get(2)].map(count_of);
        Some(Placed { inside, outside, outside_of_run })
    }

    /// Tells how many rows no batch has written. Batches that read their inputs whole have each
    /// other's rows too, which are no loss.
    fn left_out(&self, node: &Node, placed: &[Placed]) -> Option<Diagnostic> {
        let graph = self.execution.graph;
        let has_time = |index: &NodeIndex| graph.node(*index).config.text("event_time").is_some();
        let (count, what) = if node.parents.iter().any(has_time) {
            let count = placed.iter().map(|placed| placed.outside).sum();
            (count, "outside of the interval that their batch is for")
        } else {
            let count = placed.iter().map(|placed| placed.outside_of_run).max();
            (count.unwrap_or_default(), "outside of the intervals that were built")
        };
        if count == 0 {
            return None;
        }
        let message = format!("{} of `{}` {what}: left out", rows(count), node.name);
        let help =
            "a row is written with the interval that its `event_time` lies in; NULL lies in none";
        let problem = Diagnostic::warning(Code::DATA_FAILED, message);
        Some(problem.at(node.place_of("event_time")).with_help(help))
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
