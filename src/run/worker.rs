//! One thread's work: carries out a node through a session of its own.

use super::batch_check::tell_made;
use super::execute::Execution;
use super::introspect::SessionIntrospection;
use super::outcome::{NodeResult, Status};
use super::plan::written_by;
use super::problem;
use super::standing::Standing;
use crate::artifact::{BatchResults, NodeTiming};
use crate::compile::{self, Compiled, LoadFacts, Script, Statement};
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect::{Condition, Stage};
use crate::engine::{EngineError, Pour, Session, Table, Unpoured, pour};
use crate::graph::{Graph, LoadNode, Node, NodeKind, TestNode, TestSeverity};
use crate::load::{LoadRequest, load_table, scan_files, seed_load};
use crate::relation::{RelationKind, RelationName};
use crate::template::Introspection;
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;

pub(super) type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// A session, and what it works on.
pub(super) struct Worker<'r> {
    pub(super) execution: &'r Execution<'r>,
    pub(super) session: Box<dyn Session>,
    /// A DuckDB of our own, once files are read for an engine that reads none.
    pub(super) files: Option<Box<dyn Session>>,
    pub(super) introspection: Option<Arc<dyn Introspection>>,
    pub(super) number: usize,
}

/// What a node's work gave.
#[derive(Default)]
pub(super) struct Done {
    pub(super) status: Option<Status>,
    pub(super) problems: Vec<Diagnostic>,
    pub(super) rows: Option<u64>,
    pub(super) failures: Option<u64>,
    pub(super) batches: Option<BatchResults>,
    pub(super) counts: Vec<(&'static str, u64)>,
}

impl Worker<'_> {
    /// Carries out `compiled` from beginning to end. Whatever happens becomes the result.
    pub(super) fn carry_out(&mut self, compiled: &Compiled) -> NodeResult {
        let clock = self.execution.request.clock;
        let (started_at, begin) = (clock(), Instant::now());
        let mut compiled = compiled.clone();
        let mut done = self.dispatch(&mut compiled).unwrap_or_else(|problem| Done {
            status: Some(Status::Failed),
            problems: vec![*problem],
            ..Done::default()
        });
        let node = self.execution.graph.node(compiled.index);
        let heard = self.session.notices();
        done.problems.extend(
            heard.into_iter().map(|notice| problem::heard(self.execution.graph, node, notice)),
        );
        NodeResult {
            node: compiled.index,
            status: done.status.unwrap_or(Status::Succeeded),
            problems: done.problems,
            timing: Some(NodeTiming {
                started_at,
                completed_at: clock(),
                duration: begin.elapsed(),
            }),
            thread: self.number,
            rows: done.rows,
            failures: done.failures,
            batches: done.batches,
            counts: done.counts,
            compiled: Some(compiled),
        }
    }

    fn dispatch(&mut self, compiled: &mut Compiled) -> Result<Done> {
        let execution = self.execution;
        let node = execution.graph.node(compiled.index);
        if let Some(relation) = written_by(execution.graph, node) {
            self.session.work_on(&relation).map_err(|error| Box::new(plain(node, &error)))?;
        }
        self.work_on(node, compiled).map_err(|problem| execution.better_reason(node, problem))
    }

    fn work_on(&mut self, node: &Node, compiled: &mut Compiled) -> Result<Done> {
        match &node.kind {
            NodeKind::Model(materialization) => self.model(node, materialization, compiled),
            NodeKind::Seed(_) => self.seed(node, compiled),
            NodeKind::Test(test) => self.test(node, test, compiled),
            NodeKind::Snapshot(snapshot) => self.snapshot(node, snapshot, compiled),
            NodeKind::Source(source) => match &source.load {
                Some(load) => Ok(self.load(node, load, compiled)),
                None => Ok(Done::default()),
            },
            NodeKind::Export(export) => self.export(node, export, compiled),
            NodeKind::Analysis => Ok(Done::default()),
        }
    }

    /// A session for templates, opened when the first one asks.
    pub(super) fn introspection(&mut self) -> Result<Arc<dyn Introspection>> {
        if let Some(introspection) = &self.introspection {
            return Ok(introspection.clone());
        }
        let session = self.execution.engine.session().map_err(|error| open_failed(&error))?;
        let asked: Arc<dyn Introspection> =
            Arc::new(SessionIntrospection::new(session, self.execution.graph.target.dialect));
        self.introspection = Some(asked.clone());
        Ok(asked)
    }

    /// Compiles a node whose template asks the database, now that its parents are there.
    pub(super) fn compile_late(&mut self, compiled: &mut Compiled, rows_stay: bool) -> Result<()> {
        if !compiled.needs_connection {
            return Ok(());
        }
        let execution = self.execution;
        let introspection = self.introspection()?;
        *compiled = compile::compile_node(
            execution.graph,
            execution.compilation,
            compiled.index,
            &introspection,
            rows_stay,
        )?;
        execution.target.write_node(execution.graph, compiled)
    }

    fn seed(&mut self, node: &Node, compiled: &mut Compiled) -> Result<Done> {
        let execution = self.execution;
        let Some(relation) = &node.relation else { return Ok(Done::default()) };
        let NodeKind::Seed(seed) = &node.kind else { return Ok(Done::default()) };
        let load = seed_load(node, &seed.path);
        let reads_none = self.open_files()?;
        let reader = self.files.as_mut().filter(|_| reads_none).unwrap_or(&mut self.session);
        let (_, scanned) = scan_files(execution.graph, node, &load, &mut **reader)?;
        let (sql, columns) = (&scanned.sql, &scanned.columns);
        compiled.script = compile::bind_seed(execution.graph, compiled, sql, columns)?;
        execution.target.write_node(execution.graph, compiled)?;
        let existing = execution.standing.kind(relation);
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
        let script = compiled.script.clone();
        let staged = if reads_none {
            let facts = LoadFacts {
                query: scanned.sql.clone(),
                columns: scanned.columns.clone(),
                ..LoadFacts::default()
            };
            Some(self.copy_seed(node, compiled, &script, &load, &facts)?)
        } else {
            self.stage(node, compiled, &script, &holds)?
        };
        let mut problems = self.check_staged(node, None, relation, staged)?;
        let made = self.publish(node, compiled, &script, &holds);
        let made = self.or_discard(made, &compile::stage_relation(execution.graph, relation))?;
        tell_made(node, staged, made, &mut problems)?;
        execution.standing.set(relation, RelationKind::Table);
        Ok(Done { rows: staged.or(made), problems, ..Done::default() })
    }

    /// Opens a DuckDB of our own, where the engine reads no files; answers whether that is so.
    pub(super) fn open_files(&mut self) -> Result<bool> {
        if self.files.is_none() {
            self.files = self.execution.engine.files().map_err(|error| open_failed(&error))?;
        }
        Ok(self.files.is_some())
    }

    /// Fills the stage of a seed with what our DuckDB reads.
    fn copy_seed(
        &mut self,
        node: &Node,
        compiled: &Compiled,
        script: &Script,
        load: &LoadNode,
        facts: &LoadFacts,
    ) -> Result<u64> {
        let query = compile::files_query(load, facts);
        let statements = script.statements(Stage::Stage, |known| known == Condition::Always);
        let Some((last, before)) = statements.split_last() else {
            return Err(defect(node, "there is no statement that fills the stage"));
        };
        for statement in before {
            self.session
                .execute(&statement.sql)
                .map_err(|error| self.describe(node, compiled, Some(statement), &error))?;
        }
        let Some(files) = &mut self.files else {
            return Err(defect(node, "nothing reads its file"));
        };
        let what = Pour { query: &query, statement: &last.sql, view: "", columns: &facts.columns };
        let poured = pour(&what, &mut **files, &mut *self.session);
        let poured = poured.map_err(|error| match error {
            Unpoured::Read(error) | Unpoured::Write(error) => {
                self.describe(node, compiled, None, &error)
            }
        })?;
        poured.ok_or_else(|| defect(node, "the engine did not count the rows"))
    }

    fn load(&mut self, node: &Node, load: &LoadNode, compiled: &mut Compiled) -> Done {
        let execution = self.execution;
        let Some(relation) = &node.relation else { return Done::default() };
        let scratch = execution.target.scratch();
        let request = LoadRequest {
            graph: execution.graph,
            node,
            load,
            existing: execution.standing.kind(relation),
            full_refresh: execution.request.full_refresh,
            run_id: execution.run_id(),
            now: (execution.request.clock)(),
            on_drift: execution.request.on_drift,
            locked: execution.request.locked,
            scratch: &scratch,
            connections: &execution.connections,
        };
        if let Err(problem) = self.open_files() {
            let problems = vec![*problem];
            return Done { status: Some(Status::Failed), problems, ..Done::default() };
        }
        let files = self.files.as_mut().map(|files| &mut **files as &mut dyn Session);
        let loaded = load_table(&request, &mut *self.session, files, &mut |script| {
            compiled.script = script.clone();
            execution.target.write_node(execution.graph, compiled)
        });
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(problems) => {
                return Done { status: Some(Status::Failed), problems, ..Done::default() };
            }
        };
        execution.standing.set(relation, RelationKind::Table);
        let mut counts = loaded.counts.entries().to_vec();
        if loaded.retries > 0 {
            counts.push(("retries", loaded.retries));
        }
        Done {
            rows: Some(loaded.counts.affected()),
            counts,
            problems: loaded.notes,
            ..Done::default()
        }
    }

    fn test(&mut self, node: &Node, test: &TestNode, compiled: &mut Compiled) -> Result<Done> {
        self.compile_late(compiled, false)?;
        let script = compiled.script.clone();
        let holds = |condition| condition == Condition::Always;
        self.stage(node, compiled, &script, &holds)?;
        let Some(statement) = script.statements(Stage::Query, holds).first().copied().cloned()
        else {
            return Ok(Done::default());
        };
        let table = self
            .session
            .query(&statement.sql, Some(1))
            .map_err(|error| self.describe(node, compiled, Some(&statement), &error))?;
        let verdict = Verdict::read(&table).ok_or_else(|| {
            let message = "the test did not answer with a number of failures".to_owned();
            Box::new(Diagnostic::error(Code::SQL_FAILED, message).at(node.place.clone()))
        })?;
        let status = verdict.status(test);
        let mut problems = Vec::new();
        if status != Status::Succeeded {
            problems.push(self.execution.failed_test(node, test, verdict.failures, status));
        }
        Ok(Done {
            status: Some(status),
            problems,
            failures: Some(verdict.failures),
            ..Done::default()
        })
    }

    /// Executes the `stage` sections, one statement at a time; answers the rows that the node's own
    /// query gave.
    pub(super) fn stage(
        &mut self,
        node: &Node,
        compiled: &Compiled,
        script: &Script,
        holds: &dyn Fn(Condition) -> bool,
    ) -> Result<Option<u64>> {
        let mut rows = None;
        for statement in script.statements(Stage::Stage, holds) {
            let changed = self
                .session
                .execute(&statement.sql)
                .map_err(|error| self.describe(node, compiled, Some(statement), &error))?;
            if statement.hook.is_none() {
                rows = changed;
            }
        }
        Ok(rows)
    }

    /// Executes the `publish` sections in one transaction, then hooks that want none; answers the rows
    /// of the last statement of the node's own.
    pub(super) fn publish(
        &mut self,
        node: &Node,
        compiled: &Compiled,
        script: &Script,
        holds: &dyn Fn(Condition) -> bool,
    ) -> Result<Option<u64>> {
        let made = self.commit(node, compiled, script, holds)?;
        let late = script.statements(Stage::Clear, holds);
        for hook in late.into_iter().filter(|statement| statement.hook.is_some()) {
            self.session.execute(&hook.sql).map_err(|error| {
                let problem = self.describe(node, compiled, Some(hook), &error);
                Box::new(problem.with_note("what the node makes is published all the same"))
            })?;
        }
        Ok(made)
    }

    fn commit(
        &mut self,
        node: &Node,
        compiled: &Compiled,
        script: &Script,
        holds: &dyn Fn(Condition) -> bool,
    ) -> Result<Option<u64>> {
        let statements = script.statements(Stage::Publish, holds);
        let is_embedded = self.execution.graph.target.dialect.is_embedded();
        if let ([only], true) = (statements.as_slice(), is_embedded) {
            // One statement is a transaction by itself; on a server, what becomes of it is asked for
            // where its answer is lost.
            return self
                .session
                .execute(&only.sql)
                .map_err(|error| self.describe(node, compiled, Some(only), &error));
        }
        let texts: Vec<&str> = statements.iter().map(|statement| statement.sql.as_str()).collect();
        let expected: Vec<Option<u64>> =
            statements.iter().map(|statement| statement.expected).collect();
        let applied = self.session.apply_expecting(&texts, &expected);
        let changed = applied.map_err(|(index, error)| {
            self.describe(node, compiled, statements.get(index).copied(), &error)
        })?;
        let own = statements.iter().zip(changed).filter(|(statement, _)| statement.hook.is_none());
        Ok(own.filter_map(|(_, rows)| rows).next_back())
    }

    fn describe(
        &self,
        node: &Node,
        compiled: &Compiled,
        statement: Option<&Statement>,
        error: &EngineError,
    ) -> Box<Diagnostic> {
        let execution = self.execution;
        let problem = problem::describe(execution.graph, node, compiled, statement, error);
        Box::new(problem.with_note(execution.where_written(node, compiled.batch.as_ref())))
    }
}

fn defect(node: &Node, what: &str) -> Box<Diagnostic> {
    let message = format!("`{}` cannot be loaded: {what}", node.label());
    Box::new(Diagnostic::error(Code::INTERNAL, message).at(node.place.clone()))
}

pub(super) fn count_of(value: Option<&Value>) -> u64 {
    value.and_then(Value::as_u64).unwrap_or_default()
}

pub(super) fn plain(node: &Node, error: &EngineError) -> Diagnostic {
    Diagnostic::error(error.kind.code(), error.message.clone()).at(node.place.clone())
}

pub(super) fn open_failed(error: &EngineError) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(error.kind.code(), error.message.clone()))
}

/// What a test's query answered.
struct Verdict {
    failures: u64,
    should_warn: bool,
    should_error: bool,
}

impl Verdict {
    fn read(table: &Table) -> Option<Self> {
        let row = table.rows.first()?;
        let failures = match row.first()? {
            // `sum` over no rows.
            Value::Null => 0,
            Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?))?,
            Value::String(text) => whole(text.parse().ok()?)?,
            _ => return None,
        };
        let flag = |value: Option<&Value>| value == Some(&Value::Bool(true));
        Some(Self { failures, should_warn: flag(row.get(1)), should_error: flag(row.get(2)) })
    }

    fn status(&self, test: &TestNode) -> Status {
        match test.judgement.severity {
            TestSeverity::Error if self.should_error => Status::TestFailed,
            _ if self.should_warn => Status::Warned,
            _ => Status::Succeeded,
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of failures that a test computed as a decimal; it is not negative"
)]
fn whole(number: f64) -> Option<u64> {
    (number.is_finite() && number >= 0.0).then(|| number.round() as u64)
}

/// Asks what stands in the target before anything is changed. Of stages that others left, those of
/// relations that this run writes are orphans: any other may be in use.
pub(super) fn survey(
    graph: &Graph,
    session: &mut dyn Session,
    schemas: &[RelationName],
    written: &[RelationName],
) -> Result<Standing> {
    let relations = session.relations(schemas).map_err(|error| open_failed(&error))?;
    let ours = |name: &RelationName| {
        written.iter().any(|relation| compile::is_stage_of(graph, name, relation))
    };
    Ok(Standing::new(relations, |name| {
        name.identifier.to_lowercase().starts_with("__sqlflow_stage__") && ours(name)
    }))
}
