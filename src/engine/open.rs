//! Opens the database of a target. The one place that knows which engine a target means.

use super::duckdb::{DuckDb, FileLock, Location, LockError, LockHolder, Options};
use super::{Engine, EngineError, Hold, Waiting};
#[cfg(not(feature = "postgres"))]
use crate::diagnostic::Code;
use crate::diagnostic::Diagnostic;
use crate::graph::{Connection, Target};
use crate::relation::RelationName;
use crate::system::Parameters;
use std::time::Duration;

/// What a command does with the database.
#[derive(Debug, Clone)]
pub enum Access {
    /// It only reads.
    Read,
    /// It writes, alone: others wait up to `timeout` for `holder` to end.
    Write {
        /// Who it is, for those who wait.
        holder: LockHolder,
        /// How long to wait for others.
        timeout: Duration,
    },
}

/// An open database, and the lock that keeps other runs out of it.
pub struct OpenEngine {
    /// The database.
    pub engine: Box<dyn Engine>,
    // Dropped after the engine: nobody may come in before it is closed.
    _lock: Option<FileLock>,
    held: Option<Hold>,
}

impl OpenEngine {
    /// Locks `relations` until the engine is closed, where the database as a whole is not locked.
    ///
    /// # Errors
    /// Another run has one of them longer than the timeout.
    pub fn hold(
        &mut self,
        relations: &[RelationName],
        waiting: &mut Waiting<'_>,
    ) -> Result<(), OpenError> {
        self.held = self.engine.hold(relations, waiting)?;
        Ok(())
    }
}

/// What is wrong with how `target` says its server is reached; nothing is opened.
pub fn check_target(target: &Target) -> Vec<Diagnostic> {
    match &target.server {
        Some(server) => parameters(server).err().unwrap_or_default(),
        None => Vec::new(),
    }
}

#[cfg(feature = "postgres")]
fn parameters(server: &Connection) -> Result<Parameters, Vec<Diagnostic>> {
    super::postgres::SPEC.declared(server)
}

#[cfg(not(feature = "postgres"))]
fn parameters(server: &Connection) -> Result<Parameters, Vec<Diagnostic>> {
    let message = "this build of sqlflow has no PostgreSQL";
    let problem = Diagnostic::error(Code::NOT_SUPPORTED, message).at(server.kind.place.clone());
    Err(vec![problem.with_help("build it with the cargo feature `postgres`")])
}

#[cfg(feature = "postgres")]
fn open_server(server: &Connection, access: &Access) -> Result<Box<dyn Engine>, EngineError> {
    let parameters = parameters(server).map_err(|problems| not_declared(&problems))?;
    let read_only = matches!(access, Access::Read);
    Ok(Box::new(super::postgres::Postgres::open(&parameters, read_only)?))
}

#[cfg(not(feature = "postgres"))]
fn open_server(server: &Connection, _: &Access) -> Result<Box<dyn Engine>, EngineError> {
    Err(not_declared(&parameters(server).err().unwrap_or_default()))
}

fn not_declared(problems: &[Diagnostic]) -> EngineError {
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    EngineError::new(super::ErrorKind::Unavailable, messages.join("\n"))
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another run has it.
    #[error(transparent)]
    Locked(Box<LockError>),
    /// The database refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<LockError> for OpenError {
    fn from(error: LockError) -> Self {
        Self::Locked(Box::new(error))
    }
}

/// Opens the database of `target`. `waiting` is told whom the command waits for, and answers
/// whether to go on.
///
/// # Errors
/// Another run holds it longer than the timeout, or it cannot be opened.
pub fn open(
    target: &Target,
    access: &Access,
    waiting: &mut dyn FnMut(Option<&LockHolder>) -> bool,
) -> Result<OpenEngine, OpenError> {
    if let Some(server) = &target.server {
        return Ok(OpenEngine { engine: open_server(server, access)?, _lock: None, held: None });
    }
    let location = match &target.path {
        Some(path) => Location::File(path.clone()),
        None => Location::Memory,
    };
    let lock = match (&location, access) {
        (Location::File(path), Access::Write { holder, timeout }) if can_lock(path) => {
            Some(FileLock::acquire(path, holder, *timeout, waiting)?)
        }
        _ => None,
    };
    let mut options = Options::new(location);
    options.settings.clone_from(&target.settings);
    options.read_only = matches!(access, Access::Read) && target.path.is_some();
    let engine = DuckDb::open(&options)?;
    let mut session = engine.session()?;
    for extension in &target.extensions {
        super::duckdb::load_extension(extension, &mut *session)?;
    }
    Ok(OpenEngine { engine: Box::new(engine), _lock: lock, held: None })
}

/// Where the database itself cannot be there, its own error says more than the lock's.
fn can_lock(path: &std::path::Path) -> bool {
    !path.is_dir()
        && path.parent().is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir())
}
