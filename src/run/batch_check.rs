//! Whether a batch can be applied: its columns, its keys, and whether it has rows at all.

use super::worker::{Result, Worker, count_of, plain};
use crate::compile::{self, Query};
use crate::diagnostic::{Code, Diagnostic, Place, rows};
use crate::graph::{Node, NodeKind};
use crate::mode::{
    Alteration, BatchSize, Incremental, Materialization, Mode, Reaction, Reconciled, SchemaChange,
    is_name,
};
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
        let from = compile::batch_relation(self.execution.graph, relation);
        let (table, batch) = (self.columns(node, relation)?, self.columns(node, &from)?);
        let change = SchemaChange::between(&batch, &table, |name| dialect.fold(name));
        let reconciled = change
            .reconcile(incremental.on_schema_change)
            .map_err(|refused| Box::new(super::schema_change::refusal(node, relation, &refused)))?;
        self.check_retyped(node, relation, &reconciled)?;
        self.check_named(node, incremental, &batch, "which the query does not give")?;
        let written = |column: &&Column| {
            let name = dialect.fold(&column.name);
            reconciled.columns.iter().any(|written| dialect.fold(written) == name)
        };
        let written: Vec<Column> = batch.iter().filter(written).cloned().collect();
        let lacks = format!("which `{relation}` lacks");
        self.check_named(node, incremental, &written, &lacks)?;
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
        let checked = self.check_named(node, incremental, &columns, lacks);
        match &node.relation {
            Some(relation) => self.or_discard(checked, &compile::stage_relation(relation)),
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
        let stage = compile::stage_relation(relation);
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

    /// Every column that a setting names is one of `columns`, and of a type that serves.
    fn check_named(
        &self,
        node: &Node,
        incremental: &Incremental,
        columns: &[Column],
        lacks: &str,
    ) -> Result<()> {
        let dialect = self.execution.graph.target.dialect;
        let find = |name: &str| {
            let name = dialect.fold(name);
            columns.iter().find(|column| dialect.fold(&column.name) == name)
        };
        for (setting, names) in incremental.named_columns() {
            let missing = names.iter().filter(|name| find(name).is_none());
            let missing: Vec<String> = missing.cloned().collect();
            if !missing.is_empty() {
                let message = format!("`{setting}` names {}, {lacks}", columns_named(&missing));
                let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                return Err(Box::new(
                    Diagnostic::error(Code::DATA_FAILED, message)
                        .at(place_of(node, setting))
                        .with_help(format!("its columns are {}", known.join(", "))),
                ));
            }
        }
        match &incremental.mode {
            Mode::Microbatch(microbatch) if is_name(&microbatch.event_time) => {
                match find(&microbatch.event_time) {
                    Some(column) => check_event_time(node, column, microbatch.batch_size),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
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
                        .at(place_of(node, "on_schema_change"))
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
    let mut problem =
        reacting(reaction, Code::EMPTY_OVER_ROWS, what).at(place_of(node, "on_empty"));
    if reaction == Reaction::Error {
        problem = problem.with_note("the table stays as it is");
    }
    react(reaction, problem, problems)
}

/// Only a date or a time lies in an interval of time.
fn check_event_time(node: &Node, column: &Column, size: BatchSize) -> Result<()> {
    let data_type = column.data_type.as_str();
    let name = &column.name;
    let (problem, help) = if data_type == "date" && size == BatchSize::Hour {
        let message = format!("`batch_size: hour` is finer than column `{name}` of type date");
        (message, "write `batch_size: day`")
    } else if data_type == "date" || data_type.starts_with("timestamp") {
        return Ok(());
    } else {
        let message = format!(
            "`event_time` names column `{name}` of type {data_type}, expected a date or timestamp"
        );
        (message, "cast it in the query")
    };
    let setting = if data_type == "date" { "batch_size" } else { "event_time" };
    let problem = Diagnostic::error(Code::DATA_FAILED, problem).at(place_of(node, setting));
    Err(Box::new(problem.with_help(help)))
}

/// Where `setting` is set, or the node where that is not known.
pub(super) fn place_of(node: &Node, setting: &str) -> Place {
    node.config.places.get(setting).unwrap_or(&node.place).clone()
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

/// `column `a`` or `columns `a`, `b``.
pub(super) fn columns_named(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let word = if names.len() == 1 { "column" } else { "columns" };
    format!("{word} {}", quoted.join(", "))
}
