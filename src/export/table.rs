//! Rows of a query on their way into a table of another system: the engine gives them, a channel of
//! a few batches holds them, and the connector takes them on a thread of its own.

use super::store::Result;
use super::write::{Work, Written};
use crate::compile::{ExportColumn, carry};
use crate::connector::{
    Batches, Connector, ConnectorError, Kind, Object, ReadRequest, System, Tries, WriteMode,
    WriteRequest,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::{Budget, EngineError, Marked, Session};
use crate::load::{connector_problem, open_connection};
use crate::mode::ExportMode;
use crate::mode::load::OnEmpty;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Batches between engine and connector; each is of some thousands of rows.
const MOST_BATCHES: usize = 32;

/// What came of sending rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// So many rows were written.
    Rows(u64),
    /// There were none, and the rows that are there stay.
    Kept,
    /// There were none, and there are rows.
    EmptyOverRows,
}

/// Why rows were not sent.
#[derive(Debug)]
pub(super) enum Unsent {
    /// The query failed.
    Query(EngineError),
    /// The other system refused.
    System(ConnectorError),
}

impl Work<'_> {
    /// Writes all rows into the table `name`.
    pub(super) fn write_table(&mut self, schema: Option<&str>, name: &str) -> Result<Written> {
        let columns = self.columns.iter();
        let columns: Vec<ExportColumn> =
            columns.map(|column| carry::into_arrow(&column.name, &column.data_type)).collect();
        // What the rows of another engine are is in their Arrow.
        let is_embedded = self.request.graph.target.dialect.is_embedded();
        let request = WriteRequest {
            object: Object::Table { schema: schema.map(str::to_owned), name: name.to_owned() },
            mode: self.write_mode()?,
            run_id: self.request.run_id.to_owned(),
        };
        let (script, statement) = self.rows(&columns)?;
        (self.write)(&script)?;
        let connector = match &self.request.export.connection {
            Some(connection) => open_connection(connection).map_err(|found| self.first(found))?,
            None => return Err(self.defect("there is no connection")),
        };
        let System::Tables(connector) = connector else {
            return Err(self.defect("the connection has no tables"));
        };
        let on_empty = match &self.request.export.mode {
            ExportMode::Replace { on_empty } => Some(*on_empty),
            ExportMode::Append | ExportMode::Merge { .. } => None,
        };
        let marked = if is_embedded { Marked::of(&self.columns) } else { Marked::default() };
        let mut tries = Tries::default();
        let sent = loop {
            let (session, sql) = (&mut *self.session, &statement.sql);
            match send(&*connector, &request, on_empty, session, sql, marked.clone()) {
                // Nothing was written, or it would not heal.
                Err(Unsent::System(error)) if tries.again(&error, connector.retries()) => {}
                sent => break sent,
            }
        };
        let what = format!("`{}`", self.request.export.shown());
        match sent {
            Ok(Sent::Rows(rows)) => Ok(self.noted(Written { rows, ..Written::default() }, &tries)),
            Ok(Sent::Kept) => Ok(self.noted(self.kept(&what), &tries)),
            Ok(Sent::EmptyOverRows) => Err(self.empty_over(&what)),
            Err(Unsent::Query(error)) => Err((self.request.describe)(&statement, &error)),
            Err(Unsent::System(error)) => {
                let problem = connector_problem(&error).at(self.request.export.place.clone());
                Err(Box::new(match tries.told() {
                    Some(told) => problem.with_note(told),
                    None => problem,
                }))
            }
        }
    }

    /// The same with a note of the tries before it.
    fn noted(&self, mut written: Written, tries: &Tries) -> Written {
        if let Some(told) = tries.told() {
            let message = format!("`{}` was {told}", self.request.export.shown());
            let note = Diagnostic::note(Code::TRIED_AGAIN, message);
            written.notes.insert(0, note.at(self.request.export.place.clone()));
            written.retries = tries.failed();
        }
        written
    }

    fn write_mode(&self) -> Result<WriteMode> {
        Ok(match &self.request.export.mode {
            ExportMode::Replace { .. } => WriteMode::Replace,
            ExportMode::Append => WriteMode::Append,
            ExportMode::Merge { key } => {
                let columns = key.columns().iter().map(|column| self.column("key", column));
                WriteMode::Merge { key: columns.collect::<Result<_>>()? }
            }
        })
    }
}

/// Sends the rows of `sql` to `connector`. With `on_empty`, none replace rows only where it says so.
pub(super) fn send(
    connector: &dyn Connector,
    request: &WriteRequest,
    on_empty: Option<OnEmpty>,
    session: &mut dyn Session,
    sql: &str,
    marked: Marked,
) -> std::result::Result<Sent, Unsent> {
    let (sender, receiver) = sync_channel(MOST_BATCHES);
    let budget = Arc::new(Budget::default());
    let incoming = Incoming::new(receiver, budget.clone(), marked);
    std::thread::scope(|scope| {
        let taking = scope.spawn(move || take(connector, request, on_empty, incoming));
        let streamed = give(session, sql, sender, &budget);
        let taken = taking.join().unwrap_or_else(|_| {
            let message = "the work on it ended in a panic".to_owned();
            Err(ConnectorError::new(Kind::Resource, message))
        });
        match (streamed, taken) {
            // Where the query fails the connector fails too, for want of an end.
            (Err(error), _) => Err(Unsent::Query(error)),
            (Ok(()), Err(error)) => Err(Unsent::System(error)),
            (Ok(()), Ok(sent)) => Ok(sent),
        }
    })
}

/// What goes through the channel. Without an end, not all rows came.
enum Item {
    Batch(RecordBatch),
    End,
}

fn give(
    session: &mut dyn Session,
    sql: &str,
    sender: SyncSender<Item>,
    budget: &Budget,
) -> std::result::Result<(), EngineError> {
    let mut is_taken = true;
    session.stream(sql, &mut |batch| {
        budget.take(batch.get_array_memory_size());
        is_taken = sender.send(Item::Batch(batch)).is_ok();
        is_taken
    })?;
    if is_taken {
        // Whoever is gone by now says why.
        _ = sender.send(Item::End);
    }
    Ok(())
}

fn take(
    connector: &dyn Connector,
    request: &WriteRequest,
    on_empty: Option<OnEmpty>,
    mut rows: Incoming,
) -> std::result::Result<Sent, ConnectorError> {
    rows.begin()?;
    if rows.is_empty() {
        let stands = || has_rows(connector, &request.object);
        match on_empty {
            Some(OnEmpty::Error) if stands()? => return Ok(Sent::EmptyOverRows),
            Some(OnEmpty::Keep) if stands()? => return Ok(Sent::Kept),
            Some(_) | None => {}
        }
    }
    connector.write(request, &mut rows).map(Sent::Rows)
}

/// Whether there is a table with rows.
fn has_rows(
    connector: &dyn Connector,
    object: &Object,
) -> std::result::Result<bool, ConnectorError> {
    let request = ReadRequest {
        object: object.clone(),
        columns: None,
        filter: None,
        limit: Some(1),
        partition_on: None,
        batch_rows: 1,
        connections: 1,
    };
    let read = || -> std::result::Result<bool, ConnectorError> {
        let mut batches = connector.read(&request)?;
        while let Some(batch) = batches.next()? {
            if batch.num_rows() > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    };
    match read() {
        Err(error) if error.kind == Kind::NotFound => Ok(false),
        read => read,
    }
}

/// Batches as the connector takes them; the first with rows is known before it begins.
struct Incoming {
    receiver: Receiver<Item>,
    budget: Arc<Budget>,
    marked: Marked,
    schema: SchemaRef,
    first: Option<RecordBatch>,
    ended: bool,
}

impl Incoming {
    fn new(receiver: Receiver<Item>, budget: Arc<Budget>, marked: Marked) -> Self {
        let schema = Arc::new(Schema::empty());
        Self { receiver, budget, marked, schema, first: None, ended: false }
    }

    /// Waits for the columns, and for rows or their end.
    fn begin(&mut self) -> std::result::Result<(), ConnectorError> {
        let Ok(Item::Batch(columns)) = self.receiver.recv() else { return Err(cut()) };
        self.schema = self.marked.schema(&columns.schema());
        self.first = match columns.num_rows() {
            0 => self.receive()?,
            _ => Some(self.arrived(columns)?),
        };
        Ok(())
    }

    fn arrived(&self, batch: RecordBatch) -> std::result::Result<RecordBatch, ConnectorError> {
        self.budget.give_back(batch.get_array_memory_size());
        self.marked.batch(batch)
    }

    fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The next batch with rows.
    fn receive(&mut self) -> std::result::Result<Option<RecordBatch>, ConnectorError> {
        while !self.ended {
            match self.receiver.recv() {
                Ok(Item::Batch(batch)) if batch.num_rows() > 0 => {
                    return self.arrived(batch).map(Some);
                }
                Ok(Item::Batch(_)) => {}
                Ok(Item::End) => self.ended = true,
                Err(_) => return Err(cut()),
            }
        }
        Ok(None)
    }
}

fn cut() -> ConnectorError {
    ConnectorError::new(Kind::Data, "the rows that were to be written ended early")
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.budget.close();
    }
}

impl Batches for Incoming {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn next(&mut self) -> std::result::Result<Option<RecordBatch>, ConnectorError> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.receive(),
        }
    }
}
