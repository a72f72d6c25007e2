//! How a snapshot is brought up to date: its query into a batch, the batch checked, the versions
//! closed and opened in one transaction.

use super::outcome::Status;
use super::worker::{Done, Worker, count_of, plain};
use crate::check::{misfit, place_of_role};
use crate::compile::{self, CURRENT_TWICE, Compiled, Scd2Counts};
use crate::diagnostic::{Code, Diagnostic, Place, grouped, rows};
use crate::dialect::{Condition, Stage};
use crate::engine::{EngineError, Table};
use crate::graph::{Node, SnapshotNode};
use crate::mode::scd2::{Change, Misfit, Role};
use crate::relation::{Column, RelationKind, RelationName};

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

impl Worker<'_> {
    pub(super) fn snapshot(
        &mut self,
        node: &Node,
        snapshot: &SnapshotNode,
        compiled: &mut Compiled,
    ) -> Result<Done> {
        let Some(relation) = &node.relation else { return Ok(Done::default()) };
        let now = compile::run_time((self.execution.request.clock)());
        let table = self.table_of_versions(node, snapshot, relation)?;
        let rows_stay = table.is_some();
        if let Some(columns) = &table {
            self.check_definition(node, snapshot, relation, columns)?;
        }
        let holds = |condition| match condition {
            Condition::Always => true,
            Condition::TableStands | Condition::RowsStay => rows_stay,
            Condition::Anew => !rows_stay,
            Condition::ViewStands
            | Condition::CursorsNull
            | Condition::KeysNull
            | Condition::KeysRepeat
            | Condition::OneRowCounts => false,
        };
        self.compile_late(compiled, false)?;
        let script = compiled.script.clone();
        let staged = self.stage(node, compiled, &script, &holds)?;
        let told = Self::check_empty(node, staged);
        if told.is_err() {
            self.clear(compiled, &holds);
        }
        let told = told?;
        let problems = self.bind(node, snapshot, compiled, table.as_deref(), &now)?;
        if !problems.is_empty() {
            self.clear(compiled, &holds);
            return Ok(Done { status: Some(Status::Failed), problems, ..Done::default() });
        }
        let script = compiled.script.clone();
        let published = self.publish(node, compiled, &script, &holds);
        let counts = match published {
            Err(problem) => Err(twice(node, snapshot, relation, problem)),
            Ok(_) if rows_stay => self.version_counts(node, compiled, &holds),
            Ok(_) => {
                Ok(Scd2Counts { inserted: staged.unwrap_or_default(), ..Scd2Counts::default() })
            }
        };
        self.clear(compiled, &holds);
        let counts = counts?;
        self.execution.standing.set(relation, RelationKind::Table);
        let mut problems = told;
        if rows_stay && self.execution.request.full_refresh {
            problems.push(refresh_ignored(node, relation));
        }
        let rows = Some(counts.inserted + counts.changed);
        Ok(Done { rows, problems, counts: named(counts), ..Done::default() })
    }

    /// The columns of the table that keeps the versions; `None` where it is still to be made.
    fn table_of_versions(
        &mut self,
        node: &Node,
        snapshot: &SnapshotNode,
        relation: &RelationName,
    ) -> Result<Option<Vec<Column>>> {
        match self.execution.standing.kind(relation) {
            None => return Ok(None),
            Some(RelationKind::View) => {
                let message = format!("`{relation}` is a view, expected a table of versions");
                return Err(Box::new(
                    Diagnostic::error(Code::RELATION_IN_THE_WAY, message)
                        .at(node.place.clone())
                        .with_help("drop the view, or give the snapshot another `alias`"),
                ));
            }
            Some(RelationKind::Table) => {}
        }
        let columns = self.session.columns(relation);
        let columns = columns.map_err(|error| Box::new(plain(node, &error)))?;
        let columns = columns.unwrap_or_default();
        let lacks = snapshot.scd2.lacking(&columns, &self.fold());
        if lacks.is_empty() {
            return Ok(Some(columns));
        }
        Err(Box::new(misfit(node, snapshot, &columns, &Misfit::NotVersioned(lacks))))
    }

    pub(super) fn fold(&self) -> impl Fn(&str) -> String + use<> {
        let dialect = self.execution.graph.target.dialect;
        move |name: &str| dialect.fold(name)
    }

    /// Compares the batch with the table and writes the script that applies it; answers what is
    /// wrong with the batch.
    fn bind(
        &mut self,
        node: &Node,
        snapshot: &SnapshotNode,
        compiled: &mut Compiled,
        table: Option<&[Column]>,
        now: &str,
    ) -> Result<Vec<Diagnostic>> {
        let graph = self.execution.graph;
        let Some(relation) = &node.relation else { return Ok(Vec::new()) };
        let batch = compile::batch_relation(self.execution.graph, relation);
        let columns = self.session.columns(&batch);
        let columns = columns.map_err(|error| Box::new(plain(node, &error)))?.unwrap_or_default();
        let fit = match snapshot.scd2.fit(&columns, table, &self.fold()) {
            Ok(fit) => fit,
            Err(misfits) => {
                let told = misfits.iter().map(|found| misfit(node, snapshot, &columns, found));
                return Ok(told.collect());
            }
        };
        let mut problems = self.check_rows(node, snapshot, &batch)?;
        if problems.is_empty() && table.is_some() {
            problems.extend(self.check_absent(node, snapshot, relation)?);
        }
        if problems.is_empty() {
            compiled.script = compile::bind_snapshot(graph, compiled, &columns, table, &fit, now)?;
            self.execution.target.write_node(graph, compiled)?;
        }
        Ok(problems)
    }

    /// Each row of the batch has a key of its own, and a date where that alone tells a change.
    fn check_rows(
        &mut self,
        node: &Node,
        snapshot: &SnapshotNode,
        batch: &RelationName,
    ) -> Result<Vec<Diagnostic>> {
        let key = &snapshot.scd2.key;
        let date = match &snapshot.scd2.change {
            Change::Timestamp(column) => Some(column.as_str()),
            Change::Columns { .. } => None,
        };
        let dialect = self.execution.graph.target.dialect;
        let [counts, shared] =
            compile::scd2_keys(dialect, batch, key, date).map_err(|error| defect(node, &error))?;
        let row = self.query(node, &counts, 1)?.rows.into_iter().next().unwrap_or_default();
        let [without_key, without_date, keys] = [row.first(), row.get(1), row.get(2)].map(count_of);
        let mut problems = Vec::new();
        if without_key > 0 {
            let message = format!(
                "{} of snapshot `{}` with NULL in `unique_key`",
                rows(without_key),
                node.name
            );
            let help = "leave them out of the query, or give them a key";
            problems.push(apart(message, place_of_role(node, snapshot, Role::Key)).with_help(help));
        }
        if let (1.., Some(date)) = (without_date, date) {
            let message =
                format!("{} of snapshot `{}` with NULL in `{date}`", rows(without_date), node.name);
            let help =
                "nothing says when they changed: give them a time, or write `strategy: check`";
            problems
                .push(apart(message, place_of_role(node, snapshot, Role::Date)).with_help(help));
        }
        if keys > 0 {
            let shown = self.query(node, &shared, 5)?;
            problems.push(shared_keys(node, snapshot, keys, &shown));
        }
        Ok(problems)
    }

    pub(super) fn query(&mut self, node: &Node, sql: &str, limit: usize) -> Result<Table> {
        let table = self.session.query(sql, Some(limit));
        table.map_err(|error: EngineError| Box::new(plain(node, &error)))
    }

    fn version_counts(
        &mut self,
        node: &Node,
        compiled: &Compiled,
        holds: &dyn Fn(Condition) -> bool,
    ) -> Result<Scd2Counts> {
        let script = compiled.script.clone();
        let Some(statement) = script.statements(Stage::Query, holds).first().copied().cloned()
        else {
            return Ok(Scd2Counts::default());
        };
        let table = self.query(node, &statement.sql, 1)?;
        Ok(table.rows.first().and_then(|row| Scd2Counts::read(row)).unwrap_or_default())
    }

    /// Drops what was only needed on the way. What a failed run has not made is not there.
    fn clear(&mut self, compiled: &Compiled, holds: &dyn Fn(Condition) -> bool) {
        let cleared = compiled.script.statements(Stage::Clear, holds);
        for statement in cleared.into_iter().filter(|statement| statement.hook.is_none()) {
            let _dropped = self.session.execute(&statement.sql);
        }
    }
}

fn defect(node: &Node, error: &minijinja::Error) -> Box<Diagnostic> {
    let message = format!("an SQL template for `{}` is broken: {error}", node.id);
    Box::new(Diagnostic::error(Code::INTERNAL, message))
}

fn named(counts: Scd2Counts) -> Vec<(&'static str, u64)> {
    let Scd2Counts { inserted, changed, absent, unchanged } = counts;
    vec![
        ("rows_read", inserted + changed + unchanged),
        ("rows_inserted", inserted),
        ("rows_updated", changed),
        ("rows_unchanged", unchanged),
        ("rows_absent", absent),
        ("versions_closed", changed + absent),
    ]
}

fn refresh_ignored(node: &Node, relation: &RelationName) -> Diagnostic {
    let message = format!("--full-refresh leaves snapshot `{}` as it is", node.name);
    let help = format!("its versions cannot be made again; to begin anew, drop `{relation}`");
    Diagnostic::note(Code::REFRESH_IGNORED, message).at(node.place.clone()).with_help(help)
}

fn apart(message: String, place: Place) -> Diagnostic {
    Diagnostic::error(Code::ROWS_NOT_APART, message).at(place)
}

fn shared_keys(node: &Node, snapshot: &SnapshotNode, keys: u64, shown: &Table) -> Diagnostic {
    let what = if keys == 1 {
        "1 key of several rows".to_owned()
    } else {
        format!("{} keys of several rows", grouped(keys))
    };
    let message = format!("{what} in snapshot `{}`", node.name);
    let examples: Vec<String> = shown
        .rows
        .iter()
        .filter_map(|row| {
            let key = row.first()?.as_str()?;
            Some(format!("`{key}` ({})", rows(count_of(row.get(1)))))
        })
        .collect();
    apart(message, place_of_role(node, snapshot, Role::Key))
        .with_note(examples.join(", "))
        .with_help("add the column that tells them apart to `unique_key`, or take one row of each")
}

/// The database's refusal in words of its own, where it is the one that we asked for.
fn twice(
    node: &Node,
    snapshot: &SnapshotNode,
    relation: &RelationName,
    problem: Box<Diagnostic>,
) -> Box<Diagnostic> {
    if !problem.message.contains(CURRENT_TWICE) {
        return problem;
    }
    let message = format!("`{relation}` already has more than one current version of a key");
    let end = &snapshot.scd2.names.valid_to;
    let help = format!("somebody else wrote to it: close all but one of them by setting `{end}`");
    Box::new(apart(message, place_of_role(node, snapshot, Role::Key)).with_help(help))
}
