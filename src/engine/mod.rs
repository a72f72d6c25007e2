//! One trait for all databases that a project can be built in, and one file a database.
//!
//! SQL arrives rendered and in the engine's own dialect. The trait is small, blocking and
//! object-safe. What every implementation promises:
//!
//! - a script given to [`Session::apply`] as atomic is applied whole or not at all;
//! - a relation that does not exist is `None`, not an error;
//! - [`Interrupt::interrupt`] stops a running statement, which then fails as
//!   [`ErrorKind::Interrupted`];
//! - an error of the SQL carries its byte position in the statement where the database tells it.

mod budget;
pub mod duckdb;
mod error;
mod marked;
mod open;
#[cfg(feature = "postgres")]
pub mod postgres;
mod pour;
mod table;

pub use budget::Budget;
pub use error::{EngineError, ErrorKind};
pub use marked::Marked;
pub use open::{Access, OpenEngine, OpenError, check_target, open};
pub use pour::{Pour, Unpoured, pour};
pub use table::Table;

use crate::relation::{Column, RelationKind, RelationName};
use arrow::record_batch::{RecordBatch, RecordBatchReader};

/// An open database.
pub trait Engine: Send + Sync {
    /// The name that profiles use: `duckdb`.
    fn name(&self) -> &'static str;

    /// The database's own version, for people.
    fn version(&self) -> Result<String, EngineError>;

    /// What else is to know of it before something is built: a subject and what is so, for people.
    fn about(&self) -> Result<Vec<(&'static str, String)>, EngineError> {
        Ok(Vec::new())
    }

    /// Locks `relations` against other runs of sqlflow until the answer is dropped; `None` where the
    /// whole database is locked while it is open.
    ///
    /// # Errors
    /// Another run has one of them longer than is waited.
    fn hold(
        &self,
        _relations: &[RelationName],
        _waiting: &mut Waiting<'_>,
    ) -> Result<Option<Hold>, OpenError> {
        Ok(None)
    }

    /// A session of DuckDB's that reads and writes files, for an engine whose own sessions do not.
    fn files(&self) -> Result<Option<Box<dyn Session>>, EngineError> {
        Ok(None)
    }

    /// A connection of its own. Connections may be used at the same time, each by one thread.
    fn session(&self) -> Result<Box<dyn Session>, EngineError>;
}

/// A lock, until it is dropped.
pub type Hold = Box<dyn Send>;

/// Who asks for a lock, and for how long.
pub struct Waiting<'w> {
    /// Who it is, for those who wait.
    pub holder: &'w duckdb::LockHolder,
    /// How long to wait for others.
    pub timeout: std::time::Duration,
    /// Told whom it waits for; answers whether to go on.
    pub told: &'w mut dyn FnMut(Option<&duckdb::LockHolder>) -> bool,
}

/// What a database says beside its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its words, without a full stop.
    pub message: String,
    /// More of them, where there are.
    pub detail: Option<String>,
}

/// One connection to a database.
pub trait Session: Send {
    /// Told before work on `relation` begins: what is published from now on is for it, and needs the
    /// lock that this run holds.
    ///
    /// # Errors
    /// The lock is lost.
    fn work_on(&mut self, _relation: &RelationName) -> Result<(), EngineError> {
        Ok(())
    }

    /// Executes one statement and says how many rows it changed, where the database tells.
    ///
    /// # Errors
    /// The statement's, with its position. Nothing of the statement remains.
    fn execute(&mut self, sql: &str) -> Result<Option<u64>, EngineError>;

    /// Executes statements in order, in one transaction: all of them apply or none does.
    /// Answers the changed rows of each.
    ///
    /// # Errors
    /// The first failing statement's error, and its index.
    fn apply(&mut self, statements: &[&str]) -> Result<Vec<Option<u64>>, (usize, EngineError)>;

    /// The same, where each statement has to change as many rows as `expected` says, where it does.
    /// A database in which nothing but the statement decides about that need not look.
    ///
    /// # Errors
    /// Those of [`Self::apply`], and that of a statement which changed more rows or fewer.
    fn apply_expecting(
        &mut self,
        statements: &[&str],
        _expected: &[Option<u64>],
    ) -> Result<Vec<Option<u64>>, (usize, EngineError)> {
        self.apply(statements)
    }

    /// Executes a query and gives at most `limit` rows of it as text (all where `None`).
    fn query(&mut self, sql: &str, limit: Option<usize>) -> Result<Table, EngineError>;

    /// Executes `sql`, one statement that takes the rows of `batches`: where the engine reads them
    /// from a view, this is called `name`, is there for this statement alone, and is read once,
    /// every column, in order, without a condition, since a database may take those for done; else
    /// the statement is a COPY from its input, and others before it belong to one transaction with
    /// it. Says how many rows it changed.
    ///
    /// # Errors
    /// The statement's, or that `batches` failed. Nothing of the statement remains.
    fn ingest(
        &mut self,
        sql: &str,
        name: &str,
        batches: Box<dyn RecordBatchReader + Send>,
    ) -> Result<Option<u64>, EngineError>;

    /// Executes a query and gives its rows to `take`, some at a time and in order, first the
    /// columns with none, until it answers `false`.
    ///
    /// # Errors
    /// The query's; some rows may have been given.
    fn stream(
        &mut self,
        sql: &str,
        take: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> Result<(), EngineError>;

    /// What `relation` is; `None` where nothing of that name exists.
    fn relation_kind(
        &mut self,
        relation: &RelationName,
    ) -> Result<Option<RelationKind>, EngineError>;

    /// The columns of `relation` in order; `None` where nothing of that name exists.
    fn columns(&mut self, relation: &RelationName) -> Result<Option<Vec<Column>>, EngineError>;

    /// Every relation in the schemas named, with its kind; one catalogue read for all of them.
    fn relations(
        &mut self,
        schemas: &[RelationName],
    ) -> Result<Vec<(RelationName, RelationKind)>, EngineError>;

    /// Whether there is a schema of that name; without a database, in the connection's own.
    fn schema_exists(&mut self, database: Option<&str>, schema: &str) -> Result<bool, EngineError>;

    /// What the database said beside its answers since this was last asked, and its details.
    fn notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    /// Told of a step beside the database's own, for whoever watches the session.
    fn pass(&mut self, _step: &str) {}

    /// A handle by which another thread can stop what runs here.
    fn interrupt(&self) -> Box<dyn Interrupt>;
}

/// Stops the statement that runs on a session. Harmless when none does.
pub trait Interrupt: Send + Sync {
    /// Stops it.
    fn interrupt(&self);
}
