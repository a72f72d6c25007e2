//! What a load knows once its source was looked into, and its script is made of.

use super::fit;
use super::table::{Known, Result, Work};
use crate::compile::{self, FileRecord, LoadFacts, RejectRecord, load_query};
use crate::connector::file::Scan;
use crate::dialect::Dialect;
use crate::mode::load::{Course, DeleteKind, LoadMode};
use crate::mode::{Migration, TargetColumn};
use crate::relation::{Column, DataType};
use serde_json::Value;

impl Work<'_> {
    pub(super) fn facts(
        &mut self,
        known: &Known,
        scanned: &Scan,
        files: Vec<FileRecord>,
    ) -> Result<LoadFacts> {
        let request = self.request;
        let rejects = scanned.rejects.iter().map(|reject| RejectRecord {
            file: reject.path.clone(),
            line: reject.line,
            column: reject.column.clone(),
            reason: reject.reason.clone(),
            text: reject.text.clone(),
        });
        let mut facts = LoadFacts {
            query: scanned.sql.clone(),
            streamed: request.load.path().is_none(),
            columns: scanned.columns.clone(),
            recorded: known.recorded.as_ref().and_then(|recorded| recorded.cursor.clone()),
            required: required(&scanned.columns),
            run_id: request.run_id.to_owned(),
            loaded_at: request.now.to_string(),
            ..LoadFacts::default()
        };
        facts.record.files = files;
        facts.record.rejects = rejects.collect();
        if request.load.rules.mode == LoadMode::Scd2 {
            let kept = as_kept(request.graph.target.dialect, &scanned.columns);
            facts.versions = Some(self.versions(known, &kept)?);
            return Ok(facts);
        }
        match known.course {
            Course::Anew if request.existing.is_some() => facts.kept = self.kept()?,
            Course::Anew => {}
            Course::RowsStay => self.pairs(known, &mut facts, &scanned.columns)?,
        }
        Ok(facts)
    }

    /// Statements that put back what stands on the table.
    fn kept(&mut self) -> Result<Vec<String>> {
        let graph = self.request.graph;
        let rows = self.query(&load_query(graph, "load_standing", self.relation))?.rows;
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let statement = |row: &Vec<Value>| {
            let [kind, name, sql] = [0, 1, 2].map(|index| text(row.get(index)));
            compile::keep_statement(graph, self.relation, &kind, &name, &sql)
        };
        Ok(rows.iter().map(statement).collect())
    }

    /// How the batch fits the table, and what this gets for it.
    fn pairs(&mut self, known: &Known, facts: &mut LoadFacts, columns: &[Column]) -> Result<()> {
        let request = self.request;
        let defaults = self.query(&load_query(request.graph, "load_defaults", self.relation))?.rows;
        let has_default = |name: &str| {
            defaults.iter().any(|row| row.first().and_then(Value::as_str) == Some(name))
        };
        let standing =
            self.session.columns(self.relation).map_err(|error| request.engine(&error))?;
        let target: Vec<TargetColumn> = standing
            .unwrap_or_default()
            .into_iter()
            .map(|column| TargetColumn { has_default: has_default(&column.name), column })
            .collect();
        let dialect = request.graph.target.dialect;
        let mut stage = as_kept(dialect, columns);
        let fold = |name: &str| dialect.fold(name);
        if let Some(recorded) = &known.accepted.recorded {
            let recorded = as_kept(dialect, &recorded.relation_columns());
            facts.migration = Migration::new(&recorded, &stage, &target, &fold);
        }
        let target = facts.migration.applied(&target);
        if let DeleteKind::Soft(name) = &request.load.rules.deletes.kind {
            let data_type = DataType::new("timestamp with time zone");
            stage.push(Column { name: name.clone(), data_type, nullable: true });
        }
        let pairs = fit::pairs(request.load, self.relation, &stage, &target)?;
        facts.required = target
            .iter()
            .filter(|target| !target.column.nullable)
            .filter_map(|target| {
                pairs.iter().find(|pair| pair.target == target.column.name)?.name.clone()
            })
            .collect();
        facts.pairs = pairs;
        Ok(())
    }
}

/// The columns under the types that the target keeps them as.
fn as_kept(dialect: &dyn Dialect, columns: &[Column]) -> Vec<Column> {
    let kept = |column: &Column| Column {
        data_type: compile::carry::kept(dialect, &column.data_type),
        ..column.clone()
    };
    columns.iter().map(kept).collect()
}

pub(super) fn required(columns: &[Column]) -> Vec<String> {
    columns.iter().filter(|column| !column.nullable).map(|column| column.name.clone()).collect()
}
