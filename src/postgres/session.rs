//! One connection to the server: blocking for its callers, pinned to UTC and ISO forms.
//!
//! The runtime has one thread, the caller's: nothing happens between calls. `postgres`, the blocking
//! face of `tokio-postgres`, is passed over, since it enters its runtime once a row.

use super::error::tell;
use super::spec::{Settings, SslMode};
use super::sql::sql;
use super::tls;
use crate::system::{ConnectorError, Kind};
use futures_util::future::{AbortHandle, Abortable};
use minijinja::context;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode as Negotiated;
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::{
    AsyncMessage, Client, Config, Connection, NoTls, SimpleQueryMessage, SimpleQueryRow, Statement,
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a running statement is asked to end before its connection is dropped anyway.
const CANCEL_WITHIN: Duration = Duration::from_secs(3);

/// How long a connection that is closed is given to tell the server.
const GOODBYE_WITHIN: Duration = Duration::from_millis(200);

/// How often the runtime looks for what has come: the first look wakes the connection, which then
/// reads and ends.
const LISTENS: u32 = 3;

/// A connection.
pub(crate) struct Session {
    // Dropped before the line, which then says goodbye.
    client: Client,
    tls: Option<MakeRustlsConnect>,
    line: Line,
    settings: Arc<Settings>,
}

/// What a client speaks through.
struct Line {
    runtime: Runtime,
    connection: Option<JoinHandle<Result<(), tokio_postgres::Error>>>,
    notices: Notices,
}

/// What the server said beside its answers.
type Notices = Arc<Mutex<Vec<DbError>>>;

/// More than these are not kept: a statement may have one for each row.
const MOST_NOTICES: usize = 100;

/// Keeps a connection going, and what the server says on it.
async fn hear<S, T>(
    mut connection: Connection<S, T>,
    notices: Notices,
) -> Result<(), tokio_postgres::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notice(notice) = message? {
            let mut heard = notices.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.len() < MOST_NOTICES {
                heard.push(notice);
            }
        }
    }
    Ok(())
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let goodbye = async { tokio::time::timeout(GOODBYE_WITHIN, connection).await };
            // A line that is cut needs none.
            _ = self.runtime.block_on(goodbye);
        }
    }
}

impl Session {
    /// Connects, and pins what results depend on.
    pub(crate) fn connect(settings: &Arc<Settings>) -> Result<Self, ConnectorError> {
        let mut session = Self::reach(settings)?;
        let timeout = settings.statement_timeout.map(|limit| limit.as_millis().to_string());
        let context = context! {
            statement_timeout => timeout,
            search_path => &settings.search_path,
            role => &settings.role,
            read_only => settings.read_only,
        };
        session.run(&sql("session", &context)?)?;
        Ok(session)
    }

    fn reach(settings: &Arc<Settings>) -> Result<Self, ConnectorError> {
        let encrypts = !settings.is_local_socket();
        match settings.sslmode {
            SslMode::Disable => Self::open(settings, None),
            _ if !encrypts => Self::open(settings, None),
            SslMode::Prefer => match Self::open(settings, Some(Negotiated::Prefer)) {
                // As libpq does; but a refused password is not sent again in the clear.
                Err(error) if error.kind == Kind::Auth && !error.message.contains("[28P01]") => {
                    Self::open(settings, None).map_err(|_| error)
                }
                done => done,
            },
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                Self::open(settings, Some(Negotiated::Require))
            }
        }
    }

    fn open(
        settings: &Arc<Settings>,
        encrypted: Option<Negotiated>,
    ) -> Result<Self, ConnectorError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            ConnectorError::new(Kind::Resource, format!("no runtime could be made: {error}"))
        })?;
        let mut config = config(settings);
        let notices = Notices::default();
        let heard = Arc::clone(&notices);
        let connected = match encrypted {
            None => {
                config.ssl_mode(Negotiated::Disable);
                let connecting = within(settings, config.connect(NoTls));
                runtime.block_on(connecting)?.map(|(client, connection)| {
                    (client, runtime.spawn(hear(connection, heard)), None)
                })
            }
            Some(mode) => {
                config.ssl_mode(mode);
                let tls = tls::connector(settings)?;
                let connecting = within(settings, config.connect(tls.clone()));
                runtime.block_on(connecting)?.map(|(client, connection)| {
                    (client, runtime.spawn(hear(connection, heard)), Some(tls))
                })
            }
        };
        let (client, connection, tls) = connected.map_err(|error| tell(&error, settings))?;
        let line = Line { runtime, connection: Some(connection), notices };
        Ok(Self { client, tls, line, settings: Arc::clone(settings) })
    }

    /// Runs statements and forgets what they answer.
    pub(crate) fn run(&mut self, statements: &str) -> Result<(), ConnectorError> {
        let done = self.line.runtime.block_on(self.client.batch_execute(statements));
        done.map_err(|error| tell(&error, &self.settings))
    }

    /// Commits.
    pub(crate) fn commit(&mut self) -> Result<(), Uncommitted> {
        let done = self.line.runtime.block_on(self.client.batch_execute("commit"));
        done.map_err(|error| {
            let told = tell(&error, &self.settings);
            // A fatal error may end a session whose transaction is committed already.
            match error.as_db_error().and_then(DbError::parsed_severity) {
                Some(Severity::Error) => Uncommitted::Refused(told),
                _ => Uncommitted::Lost(told),
            }
        })
    }

    /// The rows that a statement answers, as text.
    pub(crate) fn rows(&mut self, statement: &str) -> Result<Vec<SimpleQueryRow>, ConnectorError> {
        let answer = self.line.runtime.block_on(self.client.simple_query(statement));
        let answer = answer.map_err(|error| tell(&error, &self.settings))?;
        let rows = answer.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// How many rows the last of `statements` changed.
    pub(crate) fn changed(&mut self, statements: &str) -> Result<u64, ConnectorError> {
        let answer = self.line.runtime.block_on(self.client.simple_query(statements));
        let answer = answer.map_err(|error| tell(&error, &self.settings))?;
        let last = answer.into_iter().rev().find_map(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => Some(rows),
            _ => None,
        });
        Ok(last.unwrap_or_default())
    }

    /// The only row that a statement answers.
    pub(crate) fn row(&mut self, statement: &str) -> Result<SimpleQueryRow, ConnectorError> {
        self.rows(statement)?.into_iter().next().ok_or_else(|| {
            ConnectorError::new(Kind::Data, "the server answered nothing where a row was expected")
        })
    }

    /// Has the server parse a statement, which locks what it reads until the transaction ends.
    pub(crate) fn prepare(&mut self, statement: &str) -> Result<Statement, ConnectorError> {
        let prepared = self.line.runtime.block_on(self.client.prepare(statement));
        prepared.map_err(|error| tell(&error, &self.settings))
    }

    /// Whether the connection is gone, as far as this machine was told.
    pub(crate) fn is_lost(&mut self) -> bool {
        // Nothing is heard between calls: what has come meanwhile is taken in first.
        self.line.runtime.block_on(async {
            for _ in 0..LISTENS {
                tokio::task::yield_now().await;
            }
        });
        self.client.is_closed()
    }

    /// What the server said beside its answers since this was last asked.
    pub(crate) fn notices(&mut self) -> Vec<DbError> {
        std::mem::take(&mut *self.line.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the connection is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Carries out `work` with the client. Where `abort` is called by another thread, the work is
    /// dropped and the server asked to end what it does for it; the answer is `None`.
    pub(crate) fn work<T>(
        &mut self,
        abort: &Abort,
        work: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
    ) -> Result<Option<T>, ConnectorError> {
        match self.attempt(abort, work) {
            Ok(done) => Ok(Some(done)),
            Err(Failure::Server(error)) => Err(tell(&error, &self.settings)),
            Err(Failure::Told(error)) => Err(error),
            Err(Failure::Unwanted) => Ok(None),
        }
    }

    /// The same for who tells the server's errors himself.
    pub(crate) fn attempt<T>(
        &mut self,
        abort: &Abort,
        work: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Self { client, tls, line, .. } = self;
        let Some(registration) = abort.register() else { return Err(Failure::Unwanted) };
        match line.runtime.block_on(Abortable::new(work(client), registration)) {
            Ok(Err(Failure::Unwanted)) | Err(_) => {
                cancel(client, tls.clone(), line);
                Err(Failure::Unwanted)
            }
            Ok(done) => done,
        }
    }

    /// Asks the server to end what it does for this connection; that it does not hear it is no
    /// matter.
    pub(crate) fn cancel(&mut self) {
        let Self { client, tls, line, .. } = self;
        cancel(client, tls.clone(), line);
    }

    /// What the server's error says to the user.
    pub(crate) fn tell(&self, error: &tokio_postgres::Error) -> ConnectorError {
        tell(error, &self.settings)
    }
}

/// Asks the server to end what it does for `client`. That the server did not hear it is no matter:
/// it finds the connection gone.
fn cancel(client: &Client, tls: Option<MakeRustlsConnect>, line: &Line) {
    let token = client.cancel_token();
    _ = line.runtime.block_on(async move {
        tokio::time::timeout(CANCEL_WITHIN, async move {
            match tls {
                Some(tls) => token.cancel_query(tls).await,
                None => token.cancel_query(NoTls).await,
            }
        })
        .await
    });
}

/// Why a commit did not succeed.
pub(crate) enum Uncommitted {
    /// The server says that nothing was committed.
    Refused(ConnectorError),
    /// It does not say.
    Lost(ConnectorError),
}

/// Why work on a connection ended early.
pub(crate) enum Failure {
    /// The server, or the way there.
    Server(tokio_postgres::Error),
    /// What is told already.
    Told(ConnectorError),
    /// Nobody wants the rest.
    Unwanted,
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl From<ConnectorError> for Failure {
    fn from(error: ConnectorError) -> Self {
        Self::Told(error)
    }
}

/// Ends the work of several connections from outside.
#[derive(Clone, Default)]
pub(crate) struct Abort(Arc<std::sync::Mutex<Aborting>>);

#[derive(Default)]
struct Aborting {
    is_called: bool,
    handles: Vec<AbortHandle>,
}

impl Abort {
    /// Ends all work that listens to it, now and later.
    pub(crate) fn call(&self) {
        let mut inner = self.lock();
        inner.is_called = true;
        for handle in inner.handles.drain(..) {
            handle.abort();
        }
    }

    /// Whether it was called.
    pub(crate) fn is_called(&self) -> bool {
        self.lock().is_called
    }

    fn register(&self) -> Option<futures_util::future::AbortRegistration> {
        let mut inner = self.lock();
        if inner.is_called {
            return None;
        }
        let (handle, registration) = AbortHandle::new_pair();
        inner.handles.push(handle);
        Some(registration)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Aborting> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The limit of [`Config::connect_timeout`] is for the socket only; a server that accepts and then
/// says nothing would hold us for ever.
async fn within<T>(
    settings: &Settings,
    connecting: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<Result<T, tokio_postgres::Error>, ConnectorError> {
    tokio::time::timeout(settings.connect_timeout, connecting).await.map_err(|_| {
        let seconds = settings.connect_timeout.as_secs();
        let message = format!("{} did not answer in {seconds} s", settings.address());
        ConnectorError::new(Kind::Network, message).with_help(
            "check `host:` and `port:`, a firewall in between, or raise `connect_timeout:`",
        )
    })
}

fn config(settings: &Settings) -> Config {
    let mut config = Config::new();
    config
        .host(&settings.host)
        .port(settings.port)
        .user(&settings.user)
        .dbname(&settings.dbname)
        .application_name(&settings.application_name)
        .connect_timeout(settings.connect_timeout)
        .keepalives(!settings.keepalives_idle.is_zero());
    if !settings.keepalives_idle.is_zero() {
        config.keepalives_idle(settings.keepalives_idle);
    }
    if let Some(password) = &settings.password {
        config.password(password);
    }
    config
}
