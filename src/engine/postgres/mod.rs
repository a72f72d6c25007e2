//! PostgreSQL, reached over the network or a socket of this machine.
//!
//! One [`Postgres`] is one database; its sessions are connections to it. Each is pinned to UTC and
//! ISO forms, as those of the connector are: the client is `crate::postgres`.
//!
//! | file | what |
//! | --- | --- |
//! | `session` | statements, transactions, what stands in the database |
//! | `script` | the statements of a transaction as one message |
//! | `again` | transactions that the server took back |
//! | `answer` | rows as a small table |
//! | `copy` | rows in and out by binary COPY |
//! | `error` | the server's refusal, with its place in the statement |
//! | `lock` | one run at a time on a relation |
//! | `held` | what sessions know of the locks, and who looks that they stand |

mod again;
mod answer;
mod copy;
mod error;
mod held;
mod lock;
mod script;
mod session;

pub(super) use error::refused;

use super::{Engine, EngineError, ErrorKind, Hold, OpenError, Session, Waiting};
use crate::postgres::session::Session as Client;
use crate::postgres::spec::Settings;
use crate::relation::RelationName;
use crate::system::{Parameters, Tries};
use held::Held;
use session::PostgresSession;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) use crate::postgres::spec::SPEC;

/// A PostgreSQL database.
pub struct Postgres {
    settings: Arc<Settings>,
    /// The connection that was tried first, until a session takes it.
    tried: Mutex<Option<Client>>,
    /// The locks of the run.
    held: Mutex<Option<Arc<Held>>>,
}

impl Postgres {
    /// The database that `parameters` reach; it answers. Sessions that only read change nothing.
    ///
    /// # Errors
    /// It does not, or lets nobody in.
    pub fn open(parameters: &Parameters, read_only: bool) -> Result<Self, EngineError> {
        let settings = Settings::read(parameters).map_err(refused)?;
        let settings = Arc::new(Settings { read_only, ..settings });
        let mut first = connect(&settings)?;
        is_unicode(&mut first)?;
        Ok(Self { settings, tried: Mutex::new(Some(first)), held: Mutex::default() })
    }
}

/// Every character that a source has can be kept.
fn is_unicode(client: &mut Client) -> Result<(), EngineError> {
    let row = client.row(&session::sql("encoding")?).map_err(refused)?;
    match row.get(0).unwrap_or_default() {
        "UTF8" => Ok(()),
        other => {
            let message = format!(
                "the database has encoding {other}, expected UTF8\nmake another: `create database … \
                 encoding 'UTF8' template template0`"
            );
            Err(EngineError::new(ErrorKind::Unavailable, message))
        }
    }
}

/// A connection; one that fails is tried again where that may help.
fn connect(settings: &Arc<Settings>) -> Result<Client, EngineError> {
    let mut tries = Tries::default();
    loop {
        match Client::connect(settings) {
            Err(error) if tries.again(&error, settings.retries) => {}
            done => return done.map_err(refused),
        }
    }
}

impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn version(&self) -> Result<String, EngineError> {
        let mut client = connect(&self.settings)?;
        let row = client.row(&session::sql("server_version")?).map_err(refused)?;
        Ok(row.get(0).unwrap_or_default().to_owned())
    }

    fn about(&self) -> Result<Vec<(&'static str, String)>, EngineError> {
        let row = connect(&self.settings)?.row(&session::sql("privileges")?).map_err(refused)?;
        let text = |at| row.get(at).unwrap_or_default();
        let (role, database) = (text(0), text(1));
        let schemas = if text(3) == "t" {
            "cannot be made: the server is a read-only replica".to_owned()
        } else if text(4) == "t" {
            format!("cannot be made: transactions of `{role}` are read-only")
        } else if text(2) == "t" {
            format!("can be made by `{role}`")
        } else {
            format!(
                "cannot be made: have an administrator say `GRANT CREATE ON DATABASE {database} TO {role}`, \
                 or make those that are built in, owned by `{role}`"
            )
        };
        Ok(vec![("server", self.settings.address()), ("schemas", schemas)])
    }

    fn session(&self) -> Result<Box<dyn Session>, EngineError> {
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner).take();
        let client = tried.map_or_else(|| connect(&self.settings), Ok)?;
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Box::new(PostgresSession::new(client, Arc::clone(&self.settings), held)))
    }

    fn files(&self) -> Result<Option<Box<dyn Session>>, EngineError> {
        super::duckdb::in_memory().map(Some)
    }

    fn hold(
        &self,
        relations: &[RelationName],
        waiting: &mut Waiting<'_>,
    ) -> Result<Option<Hold>, OpenError> {
        let client = connect(&self.settings)?;
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let mut other = tried.take().map_or_else(|| connect(&self.settings), Ok)?;
        let (watch, held) = lock::hold(client, &mut other, relations, waiting)?;
        *tried = Some(other);
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(Some(Box::new(watch)))
    }
}
