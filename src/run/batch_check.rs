//! Whether a batch can be applied: its columns, its keys, and whether it has rows at all.

use super::worker::{Result, Worker, count_of, plain};
use crate::check::{self, named_columns};
use crate::compile::{self, Query};
use crate::diagnostic::{Code, Diagnostic, columns_named, rows};
use crate::graph::{Node, NodeKind};
use crate::mode::{Alteration, Incremental, Materialization, Reaction, Reconciled, SchemaChange};
use crate::relation::{Column, RelationName};

impl Worker<'_> {
    /// What is written to `relation`, and what it needs for that.
    pub(super) fn check_batch(
        &mut self,
        node: &Node,
        relation: &RelationName,
        incremental: &Incremental,
        rows: Option<u64>,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<Reconciled> {
        let dialect = self.execution.graph.target.dialect;
        let fold = |name: &str| dialect.fold(name);
        let from = compile::batch_relation(self.execution.graph, relation);
        let (table, batch) = (self.columns(node, relation)?, self.columns(node, &from)?);
        let change = SchemaChange::between(&batch, &table, |name| dialect.fold(name));
        let reconciled = change
            .reconcile(incremental.on_schema_change)
            .map_err(|refused| Box::new(check::columns_refused(node, relation, &refused)))?;
        self.check_retyped(node, relation, &reconciled)?;
        named_columns(node, incremental, &batch, "which the query does not give", &fold)?;
        let written = |column: &&Column| {
            let name = dialect.fold(&column.name);
            reconciled.columns.iter().any(|written| dialect.fold(written) == name)
        };
        let written: Vec<Column> = batch.iter().filter(written).cloned().collect();
        let lacks = format!("which `{relation}` lacks");
        named_columns(node, incremental, &written, &lacks, &fold)?;
        if !reconciled.left_out.is_empty() {
            let columns = columns_named(&reconciled.left_out);
            let message = format!("table `{relation}` lacks {columns}: left out");
            problems.push(
                Diagnostic::warning(Code::DATA_FAILED, message)
                    .at(node.place.clone())
                    .with_help("rebuild the table with --full-refresh"),
            );
        }
        check_rows(node, rows, problems)?;
        self.check_keys(node, incremental, &from, problems)?;
        Ok(reconciled)
    }

    /// The columns that settings name are those of `query`, before it makes a table.
    pub(super) fn check_first_columns(
        &mut self,
        node: &Node,
        incremental: &Incremental,
        query: &Query,
    ) -> Result<()> {
        if incremental.named_columns().iter().all(|(_, columns)| columns.is_empty()) {
            return Ok(());
        }
        let sql = compile::columns_of_query(self.execution.graph, query);
        // What is wrong with the query itself is better told where it is executed.
        let Ok(bound) = self.session.query(&sql, Some(1)) else { return Ok(()) };
        let column = |(name, data_type)| Column { name, data_type, nullable: true };
        let columns: Vec<Column> = bound.columns.into_iter().map(column).collect();
        let lacks = "which the query does not give";
        let dialect = self.execution.graph.target.dialect;
        let fold = |name: &str| dialect.fold(name);
        let checked = named_columns(node, incremental, &columns, lacks, &fold);
        match &node.relation {
            Some(relation) => {
                self.or_discard(checked, &compile::stage_relation(self.execution.graph, relation))
            }
            None => checked,
        }
    }

    /// What a table that was staged to be looked at holds; without a stage nothing is known.
    pub(super) fn check_staged(
        &mut self,
        node: &Node,
        incremental: Option<&Incremental>,
        relation: &RelationName,
        rows: Option<u64>,
    ) -> Result<Vec<Diagnostic>> {
        let mut problems = Vec::new();
        if !node.config.checks.may_refuse()
            || matches!(
                node.kind,
                NodeKind::Model(Materialization::View | Materialization::MaterializedView)
            )
        {
            return Ok(problems);
        }
        let stage = compile::stage_relation(self.execution.graph, relation);
        let checked = check_rows(node, rows, &mut problems).and_then(|()| match incremental {
            Some(incremental) => self.check_keys(node, incremental, &stage, &mut problems),
            None => Ok(()),
        });
        self.or_discard(checked, &stage)?;
        Ok(problems)
    }

    fn columns(&mut self, node: &Node, relation: &RelationName) -> Result<Vec<Column>> {
        let columns = self.session.columns(relation);
        let columns = columns.map_err(|error| Box::new(plain(node, &error)))?;
        Ok(columns.unwrap_or_default())
    }

    /// No value of the table changes when its column takes the batch's type.
    fn check_retyped(
        &mut self,
        node: &Node,
        relation: &RelationName,
        reconciled: &Reconciled,
    ) -> Result<()> {
        for alteration in &reconciled.alterations {
            let Alteration::Retype(column) = alteration else { continue };
            if column.widens() {
                continue;
            }
            let sql = compile::retyped_values(self.execution.graph, relation, column);
            let [changed] = self.counts(node, &sql)?;
            if changed > 0 {
                let (name, before, after) = (&column.name, &column.before, &column.after);
                let message = format!(
                    "column `{name}` of table `{relation}` cannot change from {before} to {after}: \
                     its values in {} would change",
                    rows(changed),
                );
                return Err(Box::new(
                    Diagnostic::error(Code::DATA_FAILED, message)
                        .at(node.place_of("on_schema_change"))
                        .with_note("the table stays as it is")
                        .with_help(format!(
                            "cast the column to {before} in the query, or rebuild the table with \
                             --full-refresh"
                        )),
                ));
            }
        }
        Ok(())
    }

    pub(super) fn counts<const N: usize>(&mut self, node: &Node, sql: &str) -> Result<[u64; N]> {
        let table = self.session.query(sql, Some(1));
        let table = table.map_err(|error| Box::new(plain(node, &error)))?;
        let row = table.rows.first();
        Ok(std::array::from_fn(|index| count_of(row.and_then(|row| row.get(index)))))
    }
}

/// Tells of a table that was made without a stage and has no rows. Only a warning can be left by then.
pub(super) fn tell_made(
    node: &Node,
    staged: Option<u64>,
    made: Option<u64>,
    problems: &mut Vec<Diagnostic>,
) -> Result<()> {
    if staged.is_some() { Ok(()) } else { check_rows(node, made, problems) }
}

/// A batch without rows is told or refused, where somebody asked for that.
pub(super) fn check_rows(
    node: &Node,
    rows: Option<u64>,
    problems: &mut Vec<Diagnostic>,
) -> Result<()> {
    let (Some(reaction), Some(0)) = (node.config.checks.on_empty, rows) else { return Ok(()) };
    let what = match &node.kind {
        NodeKind::Seed(seed) => format!("`{}` has no rows", seed.path),
        _ => format!("the query of `{}` gives no rows", node.name),
    };
    let mut problem = reacting(reaction, Code::EMPTY_OVER_ROWS, what).at(node.place_of("on_empty"));
    if reaction == Reaction::Error {
        problem = problem.with_note("the table stays as it is");
    }
    react(reaction, problem, problems)
}

/// A problem as loud as `reaction` says.
pub(super) fn reacting(reaction: Reaction, code: Code, message: String) -> Diagnostic {
    match reaction {
        Reaction::Warn => Diagnostic::warning(code, message),
        Reaction::Error => Diagnostic::error(code, message),
    }
}

/// Keeps `problem`, or ends with it.
pub(super) fn react(
    reaction: Reaction,
    problem: Diagnostic,
    problems: &mut Vec<Diagnostic>,
) -> Result<()> {
    match reaction {
        Reaction::Warn => problems.push(problem),
        Reaction::Error => return Err(Box::new(problem)),
    }
    Ok(())
}
