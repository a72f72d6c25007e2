//! How a model is carried out: staged, checked against the rows that stay, published.

use super::batch_check::tell_made;
use super::microbatch::Placed;
use super::worker::{Done, Result, Worker};
use crate::compile::{self, Compiled};
use crate::diagnostic::Diagnostic;
use crate::dialect::Condition;
use crate::graph::Node;
use crate::mode::{Batch, Incremental, Materialization, Mode};
use crate::relation::{RelationKind, RelationName};

/// What building a relation gave.
#[derive(Default)]
pub(super) struct Built {
    /// Rows that were written, where the engine tells.
    pub(super) rows: Option<u64>,
    /// Where the rows of a microbatch lie.
    pub(super) placed: Option<Placed>,
    /// What is worth knowing.
    pub(super) problems: Vec<Diagnostic>,
}

impl Worker<'_> {
    /// Builds the model's relation; answers how many rows came.
    pub(super) fn model(
        &mut self,
        node: &Node,
        materialization: &Materialization,
        compiled: &mut Compiled,
    ) -> Result<Done> {
        let Some(relation) = &node.relation else { return Ok(Done::default()) };
        let (incremental, kind) = match materialization {
            Materialization::Ephemeral => return Ok(Done::default()),
            Materialization::View | Materialization::MaterializedView => (None, RelationKind::View),
            Materialization::Table => (None, RelationKind::Table),
            Materialization::Incremental(incremental) => {
                (Some(&**incremental), RelationKind::Table)
            }
        };
        let execution = self.execution;
        let existing = execution.standing.kind(relation);
        let full_refresh = node.config.full_refresh.unwrap_or(execution.request.full_refresh);
        let rows_stay =
            incremental.is_some() && existing == Some(RelationKind::Table) && !full_refresh;
        if let (Some(batches), Some(incremental)) =
            (compile::batches(execution.graph, node, rows_stay), incremental)
        {
            let done = self.microbatches(node, incremental, compiled, &batches, full_refresh);
            return Ok(done);
        }
        self.compile_late(compiled, rows_stay)?;
        if rows_stay {
            compiled.hooks = compile::hooks_over_rows_that_stay(
                execution.graph,
                compiled,
                self.introspection.as_ref(),
            )?;
        }
        let built = match incremental.filter(|_| rows_stay) {
            Some(incremental) => self.apply(node, relation, incremental, compiled, None)?,
            None => self.make(node, relation, incremental, compiled, None)?,
        };
        execution.standing.set(relation, kind);
        let rows = built.rows.filter(|_| kind == RelationKind::Table);
        Ok(Done { problems: built.problems, rows, ..Done::default() })
    }

    /// Makes the relation from nothing; `of_run` spans the intervals of a microbatch model's run.
    pub(super) fn make(
        &mut self,
        node: &Node,
        relation: &RelationName,
        incremental: Option<&Incremental>,
        compiled: &Compiled,
        of_run: Option<Batch>,
    ) -> Result<Built> {
        let existing = self.execution.standing.kind(relation);
        let holds = |condition| match condition {
            Condition::Always | Condition::Anew => true,
            Condition::TableStands => existing == Some(RelationKind::Table),
            Condition::ViewStands => existing == Some(RelationKind::View),
            Condition::RowsStay
            | Condition::CursorsNull
            | Condition::KeysNull
            | Condition::KeysRepeat
            | Condition::OneRowCounts => false,
        };
        let script = &compiled.script;
        let staged = self.stage(node, compiled, script, &holds)?;
        if let (Some(incremental), Some(query)) = (incremental, &compiled.query) {
            self.check_first_columns(node, incremental, query)?;
        }
        let placed = self.placed(relation, incremental, compiled, of_run);
        let staged = placed.map(|placed| placed.inside).or(staged);
        let mut problems = self.check_staged(node, incremental, relation, staged)?;
        let made = self.publish(node, compiled, script, &holds);
        let made =
            self.or_discard(made, &compile::stage_relation(self.execution.graph, relation))?;
        let looked_at = staged.filter(|_| node.config.checks.may_refuse());
        tell_made(node, looked_at, staged.or(made), &mut problems)?;
        Ok(Built { rows: staged.or(made), placed, problems })
    }

    /// Applies a batch to the rows that are there; `of_run` as for [`Self::make`].
    pub(super) fn apply(
        &mut self,
        node: &Node,
        relation: &RelationName,
        incremental: &Incremental,
        compiled: &mut Compiled,
        of_run: Option<Batch>,
    ) -> Result<Built> {
        let execution = self.execution;
        let holds = |condition| match condition {
            Condition::Always | Condition::RowsStay | Condition::TableStands => true,
            Condition::ViewStands
            | Condition::Anew
            | Condition::CursorsNull
            | Condition::KeysNull
            | Condition::KeysRepeat
            | Condition::OneRowCounts => false,
        };
        let script = compile::bind_model(execution.graph, compiled, None)?;
        let rows = self.stage(node, compiled, &script, &holds)?;
        let placed = self.placed(relation, Some(incremental), compiled, of_run);
        let rows = placed.map(|placed| placed.inside).or(rows);
        let mut problems = Vec::new();
        let looked = self.check_batch(node, relation, incremental, rows, &mut problems);
        let reconciled =
            self.or_discard(looked, &compile::batch_relation(self.execution.graph, relation))?;
        compiled.script = compile::bind_model(execution.graph, compiled, Some(&reconciled))?;
        if let (Some(rows), false) = (rows, matches!(incremental.mode, Mode::Merge(_))) {
            let dialect = execution.graph.target.dialect;
            compiled.script.expect(dialect, "insert into", relation, &[rows]);
        }
        match &compiled.batch {
            Some(batch) => execution.target.write_batch(execution.graph, compiled, batch)?,
            None => execution.target.write_node(execution.graph, compiled)?,
        }
        let published = self.publish(node, compiled, &compiled.script, &holds);
        self.or_discard(published, &compile::batch_relation(self.execution.graph, relation))?;
        Ok(Built { rows, placed, problems })
    }

    /// Drops a table of ours where what was to become of it failed.
    pub(super) fn or_discard<T>(&mut self, result: Result<T>, stage: &RelationName) -> Result<T> {
        if result.is_err() {
            let sql = compile::statement(self.execution.graph, "drop_table", stage);
            // What failed before is what counts; a stage that is left goes with the next run.
            let _dropped = self.session.execute(&sql);
        }
        result
    }
}
