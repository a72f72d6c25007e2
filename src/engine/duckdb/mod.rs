//! DuckDB, in a file or in memory, inside this process.
//!
//! One [`DuckDb`] is one open database; its sessions are connections to it that may run at the same
//! time. Each starts in UTC, unless the settings say otherwise, and with errors that tell their
//! place. The file stays open, and held against other processes, until the engine and all its
//! sessions are dropped; [`FileLock`] makes several runs of sqlflow wait for each other.

mod binder;
mod catalog;
mod error;
mod lock;
mod names;
mod open;
mod pending;
mod raw;
mod session;
mod single;
mod stream;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use binder::Binder;
pub use lock::{FileLock, LockError, LockHolder, last_holder};

use super::{Engine, EngineError, ErrorKind, Session};
use crate::diagnostic::nearest;
use crate::dialect::{self, Dialect};
use raw::{Connection, Database};
use session::DuckDbSession;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the rows are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In a file, which is made where it does not exist.
    File(PathBuf),
    /// In memory, for as long as the engine lives.
    Memory,
}

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is.
    pub location: Location,
    /// DuckDB's own settings by name, set in this order on each connection.
    pub settings: Vec<(String, String)>,
    /// Whether writing is refused. Several processes may read one file at a time.
    pub read_only: bool,
    /// Where DuckDB puts what does not fit in memory, unless a setting says so. `None` is its own
    /// choice: beside the file.
    pub temp_directory: Option<PathBuf>,
}

impl Options {
    /// The database at `location`, writable, with DuckDB's own settings.
    pub fn new(location: Location) -> Self {
        Self { location, settings: Vec::new(), read_only: false, temp_directory: None }
    }
}

/// An open DuckDB database.
#[derive(Debug)]
pub struct DuckDb {
    database: Arc<Database>,
    settings: Vec<(String, String)>,
}

impl DuckDb {
    /// Opens the database.
    ///
    /// # Errors
    /// [`ErrorKind::Held`] where another process has it open,
    /// [`ErrorKind::Unavailable`] where it cannot be opened or is no
    /// DuckDB database, and the error of a setting that DuckDB does not take. No file is left that
    /// was not there.
    pub fn open(options: &Options) -> Result<Self, EngineError> {
        let settings = settings(options);
        let database = match &options.location {
            Location::Memory => open::memory()?,
            Location::File(path) => {
                if !options.settings.is_empty() {
                    // Wrong settings are found before a file is made for them.
                    let trial = Arc::new(open::memory()?);
                    Self { database: trial, settings: settings.clone() }.connect()?;
                }
                open::file(path, options.read_only)?
            }
        };
        let opened = Self { database: Arc::new(database), settings };
        opened.connect()?;
        Ok(opened)
    }

    fn connect(&self) -> Result<DuckDbSession, EngineError> {
        let connection = Connection::new(&self.database).map_err(|raw| error::plain(&raw.0))?;
        let mut session = DuckDbSession::new(connection);
        for (name, value) in &self.settings {
            session.execute(&set(name, value)).map_err(|error| refused(name, error))?;
        }
        Ok(session)
    }
}

impl Engine for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    fn version(&self) -> Result<String, EngineError> {
        Ok(raw::library_version().trim_start_matches('v').to_owned())
    }

    fn session(&self) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(self.connect()?))
    }
}

/// A session of a database in memory, for files that another engine's rows come from or go to.
///
/// # Errors
/// [`ErrorKind::Unavailable`] where none can be made.
pub fn in_memory() -> Result<Box<dyn Session>, EngineError> {
    DuckDb::open(&Options::new(Location::Memory))?.session()
}

/// What a new connection is set to, in order: the user's come last and so decide.
fn settings(options: &Options) -> Vec<(String, String)> {
    let mut settings = vec![("TimeZone".to_owned(), "UTC".to_owned())];
    if let Some(path) = &options.temp_directory {
        settings.push(("temp_directory".to_owned(), path.to_string_lossy().into_owned()));
    }
    settings.extend(options.settings.iter().cloned());
    // Not theirs to change: `error.rs` reads errors in this form.
    settings.insert(0, ("errors_as_json".to_owned(), "true".to_owned()));
    settings
}

/// A setting that does not exist, or does not take its value.
fn refused(name: &str, error: EngineError) -> EngineError {
    let is_unknown = error.message.starts_with("unrecognized configuration parameter");
    let message = if is_unknown {
        format!("DuckDB has no setting `{name}`")
    } else {
        format!("setting `{name}`: {error}")
    };
    EngineError { kind: ErrorKind::Sql, message, position: None, ..error }
}

fn set(name: &str, value: &str) -> String {
    let dialect = dialect::DuckDb;
    include_str!("../../../templates/duckdb/set.sql")
        .trim_end()
        .replace("{{name}}", &dialect.quote(name))
        .replace("{{value}}", &dialect.string_literal(value))
}

/// Loads an extension that is installed already.
///
/// # Errors
/// [`ErrorKind::Unavailable`], with the names of extensions that were perhaps meant.
pub(super) fn load_extension(name: &str, session: &mut dyn Session) -> Result<(), EngineError> {
    let sql = include_str!("../../../templates/duckdb/load_extension.sql")
        .trim_end()
        .replace("{{name}}", &dialect::DuckDb.quote(name));
    let loaded = session.execute(&sql).map(drop);
    loaded.map_err(|error| {
        let near = nearest(name, error.candidates.iter().map(String::as_str), 3);
        let candidates = near.into_iter().map(str::to_owned).collect();
        let is_missing =
            error.message.lines().next().is_some_and(|line| line.ends_with("not found"));
        let what = if is_missing { "is not installed" } else { "cannot be loaded" };
        let message = format!("the extension `{name}` {what}\n{}", error.message);
        let missing = is_missing.then(|| name.to_owned());
        EngineError { kind: ErrorKind::Unavailable, message, position: None, candidates, missing }
    })
}
