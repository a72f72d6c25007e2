//! Rows of files for who has no DuckDB: a private one in memory reads them and hands on Arrow.

use super::{FileError, FileObject, FileStore, explain, sql};
use crate::connector::{Batches, ConnectorError, Filter, Kind, Object, ReadRequest};
use crate::engine::duckdb::{DuckDb, Location, Options};
use crate::engine::{Engine, EngineError, Session};
use crate::mode::Selection;
use crate::mode::load::Lag;
use crate::relation::Column;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use minijinja::context;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// The columns of files of `store`. CSV and JSON are read to their end for it.
pub(in crate::connector) fn schema(
    store: &dyn FileStore,
    base: &Path,
    object: &Object,
) -> Result<Vec<Column>, ConnectorError> {
    let object = files(base, object)?;
    let mut session = private()?;
    let scanned = store.find(&object).and_then(|files| store.scan(&object, &files, &mut *session));
    scanned.map(|scan| scan.columns).map_err(plain)
}

/// The rows of files of `store`.
pub(in crate::connector) fn read(
    store: &dyn FileStore,
    base: &Path,
    request: &ReadRequest,
) -> Result<Box<dyn Batches>, ConnectorError> {
    let mut object = files(base, &request.object)?;
    object.wanted = request.columns.as_ref().map_or(Selection::All, |columns| {
        // A filter needs its column, which the query leaves out again.
        let filter = request.filter.iter().map(|filter| &filter.column);
        let mut wanted = columns.clone();
        wanted.extend(filter.filter(|column| !columns.contains(column)).cloned());
        Selection::Only(wanted)
    });
    let mut session = private()?;
    let found = store.find(&object).map_err(plain)?;
    let scan = store.scan(&object, &found, &mut *session).map_err(plain)?;
    let query = query(request, &scan.sql, &scan.columns)?;
    let most = request.batch_rows.max(1);
    let (send, rows) = sync_channel(BATCHES_AHEAD);
    let worker = std::thread::spawn(move || {
        let mut give = |batch| pieces(&batch, most).all(|piece| send.send(Ok(piece)).is_ok());
        if let Err(error) = session.stream(&query, &mut give) {
            // Nobody listens any more.
            _ = send.send(Err(plain(explain(error, &scan.files))));
        }
    });
    let schema = first(&rows)?;
    Ok(Box::new(Rows { schema, sent: Some(rows), worker: Some(worker) }))
}

/// Files are written by the engine, which has the rows.
pub(in crate::connector) fn refuse_to_write() -> Result<u64, ConnectorError> {
    let message = "rows are not written to files one batch at a time";
    Err(ConnectorError::new(Kind::Data, message).with_help("export them as files"))
}

/// A batch in pieces of at most so many rows; at least one piece.
fn pieces(batch: &RecordBatch, most: usize) -> impl Iterator<Item = RecordBatch> {
    let rows = batch.num_rows();
    let starts = (0..rows.max(1)).step_by(most);
    starts.map(move |start| batch.slice(start, most.min(rows - start)))
}

/// Batches that wait to be taken.
const BATCHES_AHEAD: usize = 2;

fn private() -> Result<Box<dyn Session>, ConnectorError> {
    let opened = DuckDb::open(&Options::new(Location::Memory));
    opened.and_then(|engine| engine.session()).map_err(|error| internal(&error))
}

fn internal(error: &EngineError) -> ConnectorError {
    ConnectorError::new(Kind::Resource, error.to_string())
}

fn files(base: &Path, object: &Object) -> Result<FileObject, ConnectorError> {
    match object {
        Object::Files(path) => {
            let (base, path) = (base.to_owned(), path.clone());
            Ok(FileObject { base, path, ..FileObject::default() })
        }
        Object::Table { .. } | Object::Query(_) => {
            let message = "the connection has files, no tables and queries";
            let error = ConnectorError::new(Kind::Data, message);
            Err(error.with_help("give a `path`"))
        }
    }
}

fn plain(error: FileError) -> ConnectorError {
    match error {
        FileError::Remote(error) => error,
        FileError::Missing { .. } | FileError::NoMatch { .. } | FileError::NoColumn { .. } => {
            ConnectorError::new(Kind::NotFound, error.to_string())
        }
        FileError::Unwritable { .. } => ConnectorError::new(Kind::Resource, error.to_string()),
        other => ConnectorError::new(Kind::Data, other.to_string()),
    }
}

/// The rows that are asked for.
fn query(request: &ReadRequest, scan: &str, columns: &[Column]) -> Result<String, ConnectorError> {
    let all = || columns.iter().map(|column| column.name.clone()).collect();
    let names: Vec<String> = request.columns.clone().unwrap_or_else(all);
    let filter = request.filter.as_ref().map(|filter| since(filter, columns)).transpose()?;
    let context = context! { query => scan, names, filter, limit => request.limit };
    sql::render("rows_of_files.sql", context).map_err(|error| internal(&error))
}

fn since(filter: &Filter, columns: &[Column]) -> Result<minijinja::Value, ConnectorError> {
    let Some(column) = columns.iter().find(|column| column.name == filter.column) else {
        let message = format!("there is no column `{}` in the files", filter.column);
        return Err(ConnectorError::new(Kind::NotFound, message));
    };
    let (minutes, units) = match filter.lag {
        Some(Lag::Minutes(minutes)) => (Some(minutes), None),
        Some(Lag::Units(units)) => (None, Some(units)),
        None => (None, None),
    };
    Ok(context! {
        column => filter.column.clone(), type => column.data_type.as_str(),
        since => filter.since.clone(), skips_null => filter.skips_null, minutes, units,
    })
}

type Sent = Result<RecordBatch, ConnectorError>;

/// The columns, which come first.
fn first(rows: &Receiver<Sent>) -> Result<SchemaRef, ConnectorError> {
    let ended = || ConnectorError::new(Kind::Resource, "reading ended before it began");
    rows.recv().map_err(|_| ended())?.map(|batch| batch.schema())
}

/// Rows as a thread reads them.
struct Rows {
    schema: SchemaRef,
    sent: Option<Receiver<Sent>>,
    worker: Option<JoinHandle<()>>,
}

impl Batches for Rows {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, ConnectorError> {
        if let Some(Ok(sent)) = self.sent.as_ref().map(Receiver::recv) {
            return sent.map(Some);
        }
        // The rows ended, or the thread did.
        self.sent = None;
        match self.worker.take().map(JoinHandle::join) {
            Some(Err(_)) => Err(ConnectorError::new(Kind::Resource, "reading ended in a panic")),
            Some(Ok(())) | None => Ok(None),
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        // The thread finds that nobody listens; its files go with it.
        self.sent = None;
        if let Some(worker) = self.worker.take() {
            _ = worker.join();
        }
    }
}
