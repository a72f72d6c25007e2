//! One connection to a DuckDB database.

use super::error;
use super::raw::{Connection, Extracted, LogicalType, Prepared, RawError, Rows};
use super::stream::Converter;
use super::value::cell;
use super::{catalog, single};
use crate::engine::{EngineError, ErrorKind, Interrupt, Session, Table};
use crate::relation::{Column, DataType, RelationKind, RelationName};
use arrow::ffi_stream::FFI_ArrowArrayStream;
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

/// A connection, and whether somebody asked it to stop.
pub(super) struct DuckDbSession {
    shared: Arc<Shared>,
}

struct Shared {
    connection: Connection,
    /// DuckDB forgets an interrupt that comes between two statements; a script must not.
    stopped: AtomicBool,
}

impl DuckDbSession {
    pub(super) fn new(connection: Connection) -> Self {
        Self { shared: Arc::new(Shared { connection, stopped: AtomicBool::new(false) }) }
    }

    /// Runs `sql` and hands its result to `read`.
    fn run<T>(
        &self,
        sql: &str,
        parameters: &[Option<&str>],
        read: impl FnOnce(&mut Rows<'_>) -> Result<T, RawError>,
    ) -> Result<T, EngineError> {
        let extracted = self.extract(sql)?;
        start(&extracted, parameters)
            .and_then(|mut rows| read(&mut rows))
            .map_err(|raw| error::read(&raw, sql))
    }

    /// Binds `sql` and hands what it became to `read`; `None` where it is made of several statements,
    /// of which the first have to run before the last can be bound.
    pub(super) fn bind<T>(
        &self,
        sql: &str,
        read: impl FnOnce(&Prepared<'_>) -> T,
    ) -> Result<Option<T>, EngineError> {
        let extracted = self.extract(sql)?;
        if extracted.count() > 1 {
            return Ok(None);
        }
        let prepared = extracted.prepare(0).map_err(|raw| error::read(&raw, sql))?;
        Ok(Some(read(&prepared)))
    }

    /// Parses `sql`, which has to be one statement.
    fn extract(&self, sql: &str) -> Result<Extracted<'_>, EngineError> {
        let extracted =
            self.shared.connection.extract(sql).map_err(|raw| error::read(&raw, sql))?;
        match extracted.count() {
            0 => Err(EngineError::new(ErrorKind::Sql, "there is no statement")),
            1 => Ok(extracted),
            // A PIVOT whose values come from the data is one statement of ours and several of
            // DuckDB's: it first makes types of what it finds.
            _ => match single::second_statement(sql) {
                None if single::pivots(sql) => Ok(extracted),
                position => {
                    let message = "expected one statement, found another after it";
                    let error = EngineError::new(ErrorKind::Sql, message);
                    Err(EngineError { position, ..error })
                }
            },
        }
    }

    /// Rows of text, for the catalogue's queries.
    fn texts(
        &self,
        sql: &str,
        parameters: &[Option<&str>],
    ) -> Result<Vec<Vec<String>>, EngineError> {
        let table = self.run(sql, parameters, |rows| table(rows, None))??;
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        Ok(table.rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect())
    }

    fn execute_unless_stopped(&self, sql: &str) -> Result<Option<u64>, EngineError> {
        if self.shared.stopped.load(Ordering::SeqCst) {
            return Err(EngineError::new(ErrorKind::Interrupted, "Interrupted"));
        }
        self.run(sql, &[], changed_rows)
    }

    fn run_all(&self, statements: &[&str]) -> Result<Vec<Option<u64>>, (usize, EngineError)> {
        let run = |(index, sql): (usize, &&str)| {
            self.execute_unless_stopped(sql).map_err(|error| (index, error))
        };
        let changed = statements.iter().enumerate().map(run).collect::<Result<Vec<_>, _>>()?;
        // A commit that fails belongs to no statement; the last is the one that it would have
        // made good.
        let last = statements.len().saturating_sub(1);
        self.execute_unless_stopped("COMMIT").map_err(|error| (last, error))?;
        Ok(changed)
    }

    /// The view is made and dropped in the transaction that reads it, so that nobody else sees it
    /// and nothing of it is left: DuckDB has no temporary ones for this.
    fn ingest_into_open(
        &self,
        sql: &str,
        name: &str,
        batches: Box<dyn RecordBatchReader + Send>,
    ) -> Result<Option<u64>, EngineError> {
        let stream = FFI_ArrowArrayStream::new(batches);
        let _scanned = self
            .shared
            .connection
            .scan_arrow(name, stream)
            .map_err(|raw| error::read(&raw, sql))?;
        let changed = self.execute_unless_stopped(sql)?;
        self.execute_unless_stopped(&catalog::drop_view(name))?;
        self.execute_unless_stopped("COMMIT")?;
        Ok(changed)
    }

    /// Why the rows of `sql` ended with `error`. Where one of several threads fails, DuckDB 1.5.5
    /// stops the others, and a stream may tell of them: interrupted, though nobody asked for it. Rows
    /// that go nowhere fail for the reason itself.
    fn true_reason(&self, sql: &str, error: EngineError) -> EngineError {
        let asked = self.shared.stopped.load(Ordering::SeqCst);
        if error.kind != ErrorKind::Interrupted || asked {
            return error;
        }
        match self.run(&catalog::into_nothing(sql), &[], drain) {
            Err(reason) => EngineError { position: None, ..reason },
            Ok(()) => error,
        }
    }

    /// Takes back what an open transaction did.
    fn roll_back(&self, failed: EngineError) -> EngineError {
        let rolled_back = || self.run("ROLLBACK", &[], drain);
        // Who interrupts again and again does not mean this statement.
        let tries = std::iter::repeat_with(rolled_back).take(ROLLBACKS);
        let mut tries = tries.skip_while(is_interrupted);
        match tries.next().unwrap_or_else(rolled_back) {
            Ok(()) => failed,
            // A failed COMMIT has already rolled back.
            Err(error) if error.message.contains("no transaction is active") => failed,
            Err(error) => EngineError {
                message: format!("{failed}\nand it could not be rolled back: {error}"),
                ..failed
            },
        }
    }

    /// Spells a type as the catalogue does, which quotes only the field names that need it.
    fn spell(&self, data_type: &mut DataType) {
        if data_type.as_str().contains('"') {
            let sql = catalog::spelling(data_type);
            let spelled =
                self.texts(&sql, &[]).ok().and_then(|rows| rows.into_iter().flatten().next());
            if let Some(name) = spelled {
                *data_type = DataType::new(&name);
            }
        }
    }

    fn begin_request(&self) {
        self.shared.stopped.store(false, Ordering::SeqCst);
    }
}

impl Session for DuckDbSession {
    fn execute(&mut self, sql: &str) -> Result<Option<u64>, EngineError> {
        self.begin_request();
        self.execute_unless_stopped(sql)
    }

    fn apply(&mut self, statements: &[&str]) -> Result<Vec<Option<u64>>, (usize, EngineError)> {
        self.begin_request();
        self.execute_unless_stopped("BEGIN").map_err(|error| (0, error))?;
        self.run_all(statements).map_err(|(index, error)| (index, self.roll_back(error)))
    }

    fn query(&mut self, sql: &str, limit: Option<usize>) -> Result<Table, EngineError> {
        self.begin_request();
        let mut table = self.run(sql, &[], |rows| table(rows, limit))??;
        for (_, data_type) in &mut table.columns {
            self.spell(data_type);
        }
        Ok(table)
    }

    fn ingest(
        &mut self,
        sql: &str,
        name: &str,
        batches: Box<dyn RecordBatchReader + Send>,
    ) -> Result<Option<u64>, EngineError> {
        self.begin_request();
        self.execute_unless_stopped("BEGIN")?;
        self.ingest_into_open(sql, name, batches).map_err(|error| self.roll_back(error))
    }

    fn stream(
        &mut self,
        sql: &str,
        take: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> Result<(), EngineError> {
        self.begin_request();
        let streamed = self.run(sql, &[], |rows| {
            let converter = Converter::new(rows)?;
            let mut wanted = take(RecordBatch::new_empty(converter.schema()));
            while wanted && let Some(chunk) = rows.next()? {
                wanted = take(converter.batch(&chunk)?);
            }
            Ok(())
        });
        streamed.map_err(|error| self.true_reason(sql, error))
    }

    fn relation_kind(
        &mut self,
        relation: &RelationName,
    ) -> Result<Option<RelationKind>, EngineError> {
        self.begin_request();
        let name = [relation.database.as_deref(), relation.schema.as_deref()];
        let parameters = [name[0], name[1], Some(relation.identifier.as_str())];
        let rows = self.texts(catalog::RELATION, &parameters)?;
        Ok(rows.first().and_then(|row| row.last()).map(|kind| catalog::kind(kind)))
    }

    fn columns(&mut self, relation: &RelationName) -> Result<Option<Vec<Column>>, EngineError> {
        self.begin_request();
        let described = self.texts(&catalog::describe(relation), &[]);
        match described {
            Ok(rows) => Ok(Some(rows.into_iter().filter_map(catalog::column).collect())),
            // Not there, or a view over something that is not there.
            Err(error) => match self.relation_kind(relation)? {
                None => Ok(None),
                Some(_) => Err(EngineError { position: None, ..error }),
            },
        }
    }

    fn relations(
        &mut self,
        schemas: &[RelationName],
    ) -> Result<Vec<(RelationName, RelationKind)>, EngineError> {
        self.begin_request();
        let wanted = catalog::schema_list(schemas);
        let rows = self.texts(catalog::RELATIONS, &[Some(&wanted)])?;
        Ok(rows.into_iter().filter_map(catalog::relation).collect())
    }

    fn schema_exists(&mut self, database: Option<&str>, schema: &str) -> Result<bool, EngineError> {
        self.begin_request();
        Ok(!self.texts(catalog::SCHEMA, &[database, Some(schema)])?.is_empty())
    }

    fn interrupt(&self) -> Box<dyn Interrupt> {
        Box::new(Stop(Arc::downgrade(&self.shared)))
    }
}

/// How often a rollback is tried that is interrupted.
const ROLLBACKS: usize = 100;

fn is_interrupted(done: &Result<(), EngineError>) -> bool {
    done.as_ref().is_err_and(|error| error.kind == ErrorKind::Interrupted)
}

/// Weak, so that a forgotten handle does not keep the database file open.
struct Stop(Weak<Shared>);

impl Interrupt for Stop {
    fn interrupt(&self) {
        if let Some(shared) = self.0.upgrade() {
            shared.stopped.store(true, Ordering::SeqCst);
            shared.connection.interrupt();
        }
    }
}

/// Runs a statement to its end. One that changes rows answers with their number, as `create table
/// as` does too, for which DuckDB's own `duckdb_rows_changed` says nothing.
fn changed_rows(rows: &mut Rows<'_>) -> Result<Option<u64>, RawError> {
    if rows.is_query() {
        return drain(rows).map(|()| None);
    }
    let data_type = rows.column_type(0);
    let mut count = None;
    while let Some(chunk) = rows.next()? {
        // SAFETY: the chunk lives here and has a row, and the type is that of its first column.
        let cell = (chunk.len() > 0).then(|| unsafe { cell(chunk.vector(0), &data_type, 0) });
        count = cell.flatten().and_then(|value| value.as_u64());
    }
    Ok(count)
}

/// Runs a statement to its end without looking at its rows.
fn drain(rows: &mut Rows<'_>) -> Result<(), RawError> {
    while rows.next()?.is_some() {}
    Ok(())
}

/// Runs what one statement became; the last part gives the rows.
fn start<'a>(extracted: &Extracted<'a>, parameters: &[Option<&str>]) -> Result<Rows<'a>, RawError> {
    let last = extracted.count().saturating_sub(1);
    for index in 0..last {
        drain(&mut extracted.prepare(index)?.run()?)?;
    }
    let mut prepared = extracted.prepare(last)?;
    for (index, value) in (1..=prepared.parameter_count()).zip(parameters) {
        prepared.bind(index, *value)?;
    }
    prepared.run()
}

/// Reads up to `limit` rows, and whether there are more.
fn table(
    rows: &mut Rows<'_>,
    limit: Option<usize>,
) -> Result<Result<Table, EngineError>, RawError> {
    let count = rows.column_count();
    let types: Vec<LogicalType> = (0..count).map(|index| rows.column_type(index)).collect();
    let columns = (0..count)
        .zip(&types)
        .map(|(index, data_type)| (rows.column_name(index), DataType::new(&data_type.name())));
    let mut table = Table { columns: columns.collect(), rows: Vec::new(), truncated: false };
    let limit = limit.unwrap_or(usize::MAX);
    while let Some(chunk) = rows.next()? {
        for row in 0..chunk.len() {
            if table.rows.len() == limit {
                table.truncated = true;
                return Ok(Ok(table));
            }
            let cells = types.iter().zip(0..).map(|(data_type, column)| {
                // SAFETY: the chunk lives here, `row` is one of its rows, and the types are its.
                unsafe { cell(chunk.vector(column), data_type, row) }
                    .ok_or_else(|| cannot_show(&table.columns, column))
            });
            match cells.collect() {
                Ok(cells) => table.rows.push(cells),
                Err(error) => return Ok(Err(error)),
            }
        }
    }
    Ok(Ok(table))
}

fn cannot_show(columns: &[(String, DataType)], index: u64) -> EngineError {
    let column = usize::try_from(index).ok().and_then(|index| columns.get(index));
    let (name, data_type) = column.map_or(("", ""), |(name, kind)| (name, kind.as_str()));
    let message =
        format!("column `{name}` of type {data_type} cannot be shown: cast it to varchar");
    EngineError::new(ErrorKind::Sql, message)
}
