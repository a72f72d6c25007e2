//! The connections of a read: each takes the next range, decodes what comes, and waits while nobody
//! takes its batches.

use super::ranges::Range;
use super::read::Plan;
use crate::connector::batches::Batches;
use crate::postgres::decode::Rows;
use crate::postgres::session::{Abort, Failure, Session};
use crate::postgres::sql::sql;
use crate::system::{ConnectorError, Kind};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use futures_util::TryStreamExt as _;
use minijinja::context;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

/// Bytes that are gathered before they are decoded: large enough that a column's loop is long,
/// small enough that they stay in the cache.
const PULL: usize = 256 << 10;

/// The statement that reads `range`.
fn copy(plan: &Plan, range: &Range) -> Result<String, ConnectorError> {
    let pages = match range {
        Range::Pages(first, end) => Some(context! { first, end }),
        _ => None,
    };
    let part = match range {
        Range::Part(first, end) => Some(context! { nulls => false, first, end }),
        Range::Nulls => Some(context! { nulls => true }),
        Range::All | Range::Pages(..) => None,
    };
    sql("copy_out", &context! { pages, part, ..plan.statement.clone() })
}

/// What a reader says.
enum Said {
    Batch(RecordBatch),
    Error(ConnectorError),
    Done,
}

/// Rows as they come from several connections.
pub(super) struct Reading {
    schema: SchemaRef,
    abort: Abort,
    said: Option<Receiver<Said>>,
    readers: Vec<JoinHandle<()>>,
    /// Readers that are not done.
    open: usize,
}

impl Reading {
    pub(super) fn start(
        plan: Plan,
        leader: Session,
        guard: Option<Session>,
        readers: usize,
    ) -> Result<Self, ConnectorError> {
        let plan = Arc::new(plan);
        let (say, said) = mpsc::sync_channel(readers);
        let (done, all_done) = mpsc::channel();
        let mut reading = Self {
            schema: Arc::clone(&plan.target.schema),
            abort: plan.abort.clone(),
            said: Some(said),
            readers: Vec::with_capacity(readers),
            open: 0,
        };
        for _ in 1..readers {
            let (plan, say, done) = (Arc::clone(&plan), say.clone(), done.clone());
            reading.spawn(move || follow(&plan, &say, done))?;
        }
        drop(done);
        reading.spawn(move || lead(&plan, &say, leader, guard, &all_done))?;
        Ok(reading)
    }

    fn spawn(&mut self, work: impl FnOnce() + Send + 'static) -> Result<(), ConnectorError> {
        let thread = std::thread::Builder::new().name("postgres-read".to_owned()).spawn(work);
        self.readers.push(thread.map_err(|error| {
            ConnectorError::new(Kind::Resource, format!("no thread could be started: {error}"))
        })?);
        self.open += 1;
        Ok(())
    }

    /// Ends all readers, whatever they are at, and waits for them.
    fn stop(&mut self) {
        // A reader that waits for us to take its batch finds us gone.
        self.said = None;
        self.abort.call();
        for reader in self.readers.drain(..) {
            _ = reader.join();
        }
    }
}

impl Batches for Reading {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, ConnectorError> {
        while self.open > 0 {
            match self.said.as_ref().map(Receiver::recv) {
                Some(Ok(Said::Batch(batch))) => return Ok(Some(batch)),
                Some(Ok(Said::Done)) => self.open -= 1,
                Some(Ok(Said::Error(error))) => {
                    self.stop();
                    return Err(error);
                }
                Some(Err(_)) | None => {
                    self.stop();
                    let message = "the read ended before all rows came";
                    return Err(ConnectorError::new(Kind::Network, message));
                }
            }
        }
        self.stop();
        Ok(None)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Reads with the connection that holds the snapshot. It and the guard are kept until the others
/// are done: one that has not read yet holds no lock of its own on what a query reads.
fn lead(
    plan: &Plan,
    say: &SyncSender<Said>,
    mut leader: Session,
    guard: Option<Session>,
    all_done: &Receiver<()>,
) {
    tell(say, work(plan, say, &mut leader).map_err(computed));
    // Nothing is ever sent: each of the others drops its end.
    _ = all_done.recv();
    drop((leader, guard));
}

/// Reads with a connection of its own.
fn follow(plan: &Plan, say: &SyncSender<Said>, done: Sender<()>) {
    let session = Session::connect(&plan.settings).and_then(|mut session| {
        plan.join.run(&mut session)?;
        Ok(session)
    });
    match session {
        Ok(mut session) => tell(say, work(plan, say, &mut session).map_err(computed)),
        // The server has no more connections, or somebody waits to change the table: fewer will do.
        Err(error) if error.kind == Kind::Resource => tell(say, Ok(true)),
        Err(error) => tell(say, Err(error)),
    }
    drop(done);
}

/// A row that the server could not compute, and says no more about.
fn computed(error: ConnectorError) -> ConnectorError {
    if error.kind != Kind::Data || error.help.is_some() {
        return error;
    }
    error.with_help(
        "the server fails at a row of it: mend the view or query there, or leave such rows out by a \
         `query:`",
    )
}

/// Says how it ended; `false` is because nobody listens.
fn tell(say: &SyncSender<Said>, ended: Result<bool, ConnectorError>) {
    let last = match ended {
        Ok(true) => Said::Done,
        Ok(false) => return,
        Err(error) => Said::Error(error),
    };
    _ = say.send(last);
}

/// Reads ranges until there are no more; `false` where nobody wants the rest.
fn work(
    plan: &Plan,
    say: &SyncSender<Said>,
    session: &mut Session,
) -> Result<bool, ConnectorError> {
    let mut rows = Rows::new(plan.target.clone());
    loop {
        let next = plan.ranges.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(range) = next else { break };
        let statement = copy(plan, &range)?;
        let rows = &mut rows;
        let read = session.work(&plan.abort, async move |client| {
            let mut stream = std::pin::pin!(client.copy_out(&statement).await?);
            while let Some(bytes) = stream.try_next().await? {
                rows.extend(&bytes);
                if rows.waiting() >= PULL {
                    send(rows, say)?;
                }
            }
            send(rows, say)?;
            rows.end()?;
            Ok(())
        })?;
        if read.is_none() {
            return Ok(false);
        }
    }
    match rows.rest()? {
        Some(batch) => Ok(say.send(Said::Batch(batch)).is_ok()),
        None => Ok(true),
    }
}

/// Decodes what came, and sends the batches that are full. Waits while nobody takes them.
fn send(rows: &mut Rows, say: &SyncSender<Said>) -> Result<(), Failure> {
    while let Some(batch) = rows.batch()? {
        say.send(Said::Batch(batch)).map_err(|_| Failure::Unwanted)?;
    }
    Ok(())
}
