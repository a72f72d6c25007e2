//! PostgreSQL, reached over the network or a socket of this machine.
//!
//! One [`Postgres`] is one database; its sessions are connections to it. Each is pinned to UTC and
//! ISO forms, as those of the connector are: the client is `crate::postgres`.
//!
//! | file | what |
//! | --- | --- |
//! | `session` | statements, transactions, what stands in the database |
//! | `answer` | rows as a small table |
//! | `copy` | rows in and out by binary COPY |
//! | `error` | the server's refusal, with its place in the statement |
//! | `lock` | one run at a time on a relation |

mod answer;
mod copy;
mod error;
mod lock;
mod session;

pub(super) use error::refused;

use super::{Engine, EngineError, ErrorKind, Hold, OpenError, Session, Waiting};
use crate::postgres::session::Session as Client;
use crate::postgres::spec::Settings;
use crate::relation::RelationName;
use crate::system::{Parameters, Tries};
use session::PostgresSession;
use std::sync::Arc;

pub(super) use crate::postgres::spec::SPEC;

/// A PostgreSQL database.
#[derive(Debug)]
pub struct Postgres {
    settings: Arc<Settings>,
}

impl Postgres {
    /// The database that `parameters` reach; it answers.
    ///
    /// # Errors
    /// It does not, or lets nobody in.
    pub fn open(parameters: &Parameters) -> Result<Self, EngineError> {
        let settings = Arc::new(Settings::read(parameters).map_err(refused)?);
        is_unicode(&mut connect(&settings)?)?;
        Ok(Self { settings })
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

    fn session(&self) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(PostgresSession::new(connect(&self.settings)?, Arc::clone(&self.settings))))
    }

    fn files(&self) -> Result<Option<Box<dyn Session>>, EngineError> {
        super::duckdb::in_memory().map(Some)
    }

    fn hold(
        &self,
        relations: &[RelationName],
        waiting: &mut Waiting<'_>,
    ) -> Result<Option<Hold>, OpenError> {
        lock::hold(connect(&self.settings)?, relations, waiting).map(Some)
    }
}
