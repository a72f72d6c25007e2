//! Where the tests kill a run, or change a file under it: in debug builds, with `SQLFLOW_STALL=PATH`,
//! a run stops at each point of what it sends to the database and goes on when PATH is gone.
//!
//! The file at PATH says which point it is, in one line:
//!
//! | point | where the run stands |
//! | --- | --- |
//! | `statement: …` | before a statement or query that is a transaction by itself |
//! | `begin` | before a transaction |
//! | `inside: …` | before a statement of a transaction |
//! | `commit` | before the transaction is committed |
//! | `committed` | after it is |
//! | `pass: …` | at a step beside the database: files that are put into their place |
//! | `end` | after everything, with the database still open |
//!
//! Reads of the catalogue are no points.

use arrow::record_batch::{RecordBatch, RecordBatchReader};
use sqlflow::engine::{Engine, EngineError, Hold, Interrupt, OpenError, Session, Table, Waiting};
use sqlflow::relation::{Column, RelationKind, RelationName};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a run that stands looks whether it may go on.
const POLL: Duration = Duration::from_millis(1);

/// `engine`, stopping at each point; `marker` is the file that tells of them.
pub(crate) fn stalling(engine: Box<dyn Engine>, marker: PathBuf) -> Box<dyn Engine> {
    Box::new(StallingEngine { engine, stall: Arc::new(Stall { marker, turn: Mutex::new(()) }) })
}

/// Stops whoever comes to a point, one thread at a time.
struct Stall {
    marker: PathBuf,
    turn: Mutex<()>,
}

impl Stall {
    fn at(&self, point: &str) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let told = std::fs::write(&self.marker, format!("{point}\n"));
        while told.is_ok() && self.marker.exists() {
            std::thread::sleep(POLL);
        }
    }

    fn before(&self, place: &str, sql: &str) {
        let first_line = sql.trim_start().lines().next().unwrap_or_default();
        self.at(&format!("{place}: {first_line}"));
    }
}

struct StallingEngine {
    engine: Box<dyn Engine>,
    stall: Arc<Stall>,
}

impl Engine for StallingEngine {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn version(&self) -> Result<String, EngineError> {
        self.engine.version()
    }

    fn files(&self) -> Result<Option<Box<dyn Session>>, EngineError> {
        self.engine.files()
    }

    fn hold(
        &self,
        relations: &[RelationName],
        waiting: &mut Waiting<'_>,
    ) -> Result<Option<Hold>, OpenError> {
        self.engine.hold(relations, waiting)
    }

    fn session(&self) -> Result<Box<dyn Session>, EngineError> {
        let session = self.engine.session()?;
        Ok(Box::new(StallingSession { session, stall: self.stall.clone() }))
    }
}

impl Drop for StallingEngine {
    fn drop(&mut self) {
        self.stall.at("end");
    }
}

struct StallingSession {
    session: Box<dyn Session>,
    stall: Arc<Stall>,
}

impl StallingSession {
    /// The statements of a transaction that is begun, and its commit.
    fn commit(&mut self, statements: &[&str]) -> Result<Vec<Option<u64>>, (usize, EngineError)> {
        let mut changed = Vec::new();
        for (index, sql) in statements.iter().enumerate() {
            self.stall.before("inside", sql);
            changed.push(self.session.execute(sql).map_err(|error| (index, error))?);
        }
        self.stall.at("commit");
        let last = statements.len().saturating_sub(1);
        self.session.execute("COMMIT").map_err(|error| (last, error))?;
        Ok(changed)
    }
}

impl Session for StallingSession {
    fn work_on(&mut self, relation: &RelationName) -> Result<(), EngineError> {
        self.session.work_on(relation)
    }

    fn execute(&mut self, sql: &str) -> Result<Option<u64>, EngineError> {
        self.stall.before("statement", sql);
        self.session.execute(sql)
    }

    /// What the database's own session does, step by step.
    fn apply(&mut self, statements: &[&str]) -> Result<Vec<Option<u64>>, (usize, EngineError)> {
        self.stall.at("begin");
        self.session.execute("BEGIN").map_err(|error| (0, error))?;
        let applied = self.commit(statements);
        match applied {
            Ok(_) => self.stall.at("committed"),
            // Where the commit itself failed nothing is open any more.
            Err(_) => drop(self.session.execute("ROLLBACK")),
        }
        applied
    }

    fn ingest(
        &mut self,
        sql: &str,
        name: &str,
        batches: Box<dyn RecordBatchReader + Send>,
    ) -> Result<Option<u64>, EngineError> {
        self.stall.before("statement", sql);
        self.session.ingest(sql, name, batches)
    }

    fn stream(
        &mut self,
        sql: &str,
        take: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> Result<(), EngineError> {
        self.stall.before("statement", sql);
        self.session.stream(sql, take)
    }

    fn query(&mut self, sql: &str, limit: Option<usize>) -> Result<Table, EngineError> {
        self.stall.before("statement", sql);
        self.session.query(sql, limit)
    }

    fn relation_kind(
        &mut self,
        relation: &RelationName,
    ) -> Result<Option<RelationKind>, EngineError> {
        self.session.relation_kind(relation)
    }

    fn columns(&mut self, relation: &RelationName) -> Result<Option<Vec<Column>>, EngineError> {
        self.session.columns(relation)
    }

    fn relations(
        &mut self,
        schemas: &[RelationName],
    ) -> Result<Vec<(RelationName, RelationKind)>, EngineError> {
        self.session.relations(schemas)
    }

    fn schema_exists(&mut self, database: Option<&str>, schema: &str) -> Result<bool, EngineError> {
        self.session.schema_exists(database, schema)
    }

    fn pass(&mut self, step: &str) {
        self.stall.at(&format!("pass: {step}"));
        self.session.pass(step);
    }

    fn interrupt(&self) -> Box<dyn Interrupt> {
        self.session.interrupt()
    }
}
