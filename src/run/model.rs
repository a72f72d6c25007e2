//! How a model is carried out: staged, checked against the rows that stay, published.

use super::worker::{Done, Result, Worker};
use crate::compile::{self, Compiled};
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect::Condition;
use crate::engine::EngineError;
use crate::graph::Node;
use crate::mode::{Key, Materialization};
use crate::relation::{RelationKind, RelationName};
use serde_json::Value;

impl Worker<'_> {
    /// Builds the model's relation; answers how many rows came.
    pub(super) fn model(
        &mut self,
        node: &Node,
        materialization: &Materialization,
        compiled: &mut Compiled,
    ) -> Result<Done> {
        let execution = self.execution;
        let Some(relation) = &node.relation else { return Ok(Done::default()) };
        let existing = execution.standing.kind(relation);
        let full_refresh = node.config.full_refresh.unwrap_or(execution.request.full_refresh);
        let incremental = matches!(materialization, Materialization::Incremental(_));
        let rows_stay = incremental && existing == Some(RelationKind::Table) && !full_refresh;
        self.compile_late(compiled, rows_stay)?;
        let holds = |condition| match condition {
            Condition::Always => true,
            Condition::TableStands => existing == Some(RelationKind::Table),
            Condition::ViewStands => existing == Some(RelationKind::View),
            Condition::Anew => !rows_stay,
            Condition::RowsStay => rows_stay,
        };
        if rows_stay {
            compiled.script = compile::bind_rows_that_stay(
                execution.graph,
                compiled,
                None,
                self.introspection.as_ref(),
            )?;
        }
        let script = compiled.script.clone();
        let batch_rows = self.stage(node, compiled, &script, &holds)?;
        let mut problems = Vec::new();
        if rows_stay {
            let columns = self.batch_columns(node, relation, &mut problems)?;
            if let Materialization::Incremental(mode) = materialization
                && let Some(key) = mode.key()
            {
                self.check_keys(node, relation, key, &columns, &mut problems)?;
            }
            compiled.script = compile::bind_rows_that_stay(
                execution.graph,
                compiled,
                Some(&columns),
                self.introspection.as_ref(),
            )?;
            execution.target.write_node(execution.graph, compiled)?;
        }
        let script = compiled.script.clone();
        let made_rows = self.publish(node, compiled, &script, &holds)?;
        let rows = if rows_stay { batch_rows } else { made_rows };
        let kind = match materialization {
            Materialization::View => RelationKind::View,
            Materialization::Table | Materialization::Incremental(_) => RelationKind::Table,
            Materialization::Ephemeral => return Ok(Done::default()),
        };
        execution.standing.set(relation, kind);
        let rows = rows.filter(|_| kind == RelationKind::Table);
        Ok(Done { problems, rows, ..Done::default() })
    }

    /// The columns of the batch that the relation has, in the relation's order.
    fn batch_columns(
        &mut self,
        node: &Node,
        relation: &RelationName,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<Vec<String>> {
        let graph = self.execution.graph;
        let batch = RelationName {
            database: Some("temp".to_owned()),
            schema: Some("main".to_owned()),
            identifier: compile::batch_name(relation),
        };
        let mut names = |relation: &RelationName| -> Result<Vec<String>> {
            let columns = self.session.columns(relation);
            let columns = columns.map_err(|error| Box::new(plain(node, &error)))?;
            Ok(columns.unwrap_or_default().into_iter().map(|column| column.name).collect())
        };
        let (target, batch) = (names(relation)?, names(&batch)?);
        let fold = |name: &String| graph.target.dialect.fold(name);
        let lacking = |all: &[String], of: &[String]| -> Vec<String> {
            let all: Vec<String> = all.iter().map(fold).collect();
            of.iter().filter(|name| !all.contains(&fold(name))).cloned().collect()
        };
        let gone = lacking(&batch, &target);
        if !gone.is_empty() {
            let message =
                format!("the query no longer gives {} of table `{relation}`", columns_named(&gone));
            return Err(Box::new(
                Diagnostic::error(Code::DATA_FAILED, message)
                    .at(node.place.clone())
                    .with_help("rebuild the table with --full-refresh, or give the column again"),
            ));
        }
        let new = lacking(&target, &batch);
        if !new.is_empty() {
            let message = format!("table `{relation}` lacks {}: left out", columns_named(&new));
            problems.push(
                Diagnostic::warning(Code::DATA_FAILED, message)
                    .at(node.place.clone())
                    .with_help("rebuild the table with --full-refresh"),
            );
        }
        Ok(target)
    }

    /// The key's columns are there; rows that share a key or have none are told, and follow dbt's
    /// result.
    fn check_keys(
        &mut self,
        node: &Node,
        relation: &RelationName,
        key: &Key,
        columns: &[String],
        problems: &mut Vec<Diagnostic>,
    ) -> Result<()> {
        let graph = self.execution.graph;
        let place = node.config.places.get("unique_key").unwrap_or(&node.place).clone();
        let fold = |name: &String| graph.target.dialect.fold(name);
        let known: Vec<String> = columns.iter().map(fold).collect();
        let missing: Vec<String> =
            key.columns().iter().filter(|name| !known.contains(&fold(name))).cloned().collect();
        if !missing.is_empty() {
            let message =
                format!("`unique_key` names {}, which `{relation}` lacks", columns_named(&missing));
            return Err(Box::new(
                Diagnostic::error(Code::DATA_FAILED, message)
                    .at(place)
                    .with_help(format!("its columns are {}", columns.join(", "))),
            ));
        }
        let sql = compile::batch_keys(graph, relation, key);
        let table = self.session.query(&sql, Some(1));
        let table = table.map_err(|error| Box::new(plain(node, &error)))?;
        let counts = table.rows.first().map(|row| [row.first(), row.get(1)].map(count_of));
        let [with_null, with_copies] = counts.unwrap_or_default();
        for (rows, what, result) in [
            (with_null, "NULL in", "they are added, and no later run finds them again"),
            (with_copies, "the same", "the table keeps more than one row of that key"),
        ] {
            if rows > 0 {
                let message = format!("{} of the batch with {what} `unique_key`", rows_of(rows));
                problems.push(
                    Diagnostic::warning(Code::DATA_FAILED, message)
                        .at(place.clone())
                        .with_note(result),
                );
            }
        }
        Ok(())
    }
}

fn count_of(value: Option<&Value>) -> u64 {
    value.and_then(Value::as_u64).unwrap_or_default()
}

fn rows_of(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{} rows", super::grouped(count)) }
}

fn columns_named(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let word = if names.len() == 1 { "column" } else { "columns" };
    format!("{word} {}", quoted.join(", "))
}

fn plain(node: &Node, error: &EngineError) -> Diagnostic {
    Diagnostic::error(error.kind.code(), error.message.clone()).at(node.place.clone())
}
