//! Reading: one snapshot, several connections, batches under back-pressure.
//!
//! The leader locks the table, then exports its snapshot; the others take it over. A query's tables
//! are locked by a guard, which parses it before the snapshot is taken: parsing locks, but takes a
//! snapshot first, and a TRUNCATE in between would be read as an empty table.

use super::Postgres;
use super::catalog::{self, Described, Form};
use super::decode::{Rows, Target};
use super::mark::{self, Facts, Late};
use super::ranges::{self, Range};
use super::session::{Abort, Failure, Session};
use super::spec::Settings;
use super::sql::sql;
use super::types::Kind as Read;
use crate::connector::batches::{Batches, ReadRequest};
use crate::connector::batches::{Incremental, Mark};
use crate::connector::error::{ConnectorError, Kind};
use crate::mode::load::Lag;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use futures_util::TryStreamExt as _;
use minijinja::{Value, context};
use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Bytes that are gathered before they are decoded: large enough that a column's loop is long,
/// small enough that they stay in the cache.
const PULL: usize = 256 << 10;

/// What every connection of a read knows.
struct Plan {
    settings: Arc<Settings>,
    target: Target,
    /// The statement, but for its range.
    statement: Value,
    /// What begins each connection's transaction.
    begin: String,
    ranges: Mutex<VecDeque<Range>>,
    abort: Abort,
}

/// Opens a read, and says what is to be recorded of it.
pub(super) fn open(
    postgres: &Postgres,
    request: &ReadRequest,
    incremental: Option<&Incremental>,
) -> Result<(Reading, Mark), ConnectorError> {
    let settings = &postgres.settings;
    let connections = request.connections.clamp(1, settings.max_connections);
    let mut leader = Session::connect(settings)?;
    let starts = incremental.map(|_| Starts::read(&mut leader)).transpose()?;
    let found = described(postgres, &mut leader, request)?;
    let guard = match &found.form {
        Form::Query(_) if connections > 1 => Some(guard(postgres, request)?),
        Form::Query(_) | Form::Relation { .. } => None,
    };
    let taken = guard.as_ref().map(|(_, snapshot)| snapshot.as_str());
    leader.run(&begin(&found.form, taken)?)?;
    let snapshot = match &guard {
        Some((_, snapshot)) => snapshot.clone(),
        None => export(&mut leader)?,
    };
    // Again, now that nothing changes any more.
    let found = described(postgres, &mut leader, request)?;
    let columns = selected(&found, request)?;
    let mut late = Late::Never;
    let mut recorded = Mark::default();
    if let (Some(incremental), Some(starts)) = (incremental, &starts) {
        (recorded, late) = marked(postgres, &mut leader, &found, incremental, starts)?;
    }
    let splits = ranges::split(&mut leader, &found, request, connections)?;
    let readers = connections.min(splits.len()).max(1);
    let target = Target::new(columns, request.batch_rows, settings.numeric_special);
    let plan = Plan {
        settings: Arc::clone(settings),
        statement: statement(&found, request, &target, late)?,
        target,
        begin: begin(&found.form, Some(&snapshot))?,
        ranges: Mutex::new(splits.into()),
        abort: Abort::default(),
    };
    Ok((Reading::start(plan, leader, guard.map(|(session, _)| session), readers)?, recorded))
}

fn described(
    postgres: &Postgres,
    session: &mut Session,
    request: &ReadRequest,
) -> Result<Described, ConnectorError> {
    let objects = std::slice::from_ref(&request.object);
    catalog::describe(postgres, session, objects)?
        .pop()
        .unwrap_or_else(|| Err(ConnectorError::new(Kind::Data, "the catalogue answered nothing")))
}

/// Locks the tables of a query until the read ends, and then takes a snapshot.
fn guard(postgres: &Postgres, request: &ReadRequest) -> Result<(Session, String), ConnectorError> {
    let mut session = Session::connect(&postgres.settings)?;
    let context = context! { isolation => "read committed", snapshot => (), lock => () };
    session.run(&sql("begin", &context)?)?;
    described(postgres, &mut session, request)?;
    let snapshot = export(&mut session)?;
    Ok((session, snapshot))
}

fn export(session: &mut Session) -> Result<String, ConnectorError> {
    let row = session.row(&sql("export_snapshot", &context! {})?)?;
    Ok(row.get(0).unwrap_or_default().to_owned())
}

fn begin(form: &Form, snapshot: Option<&str>) -> Result<String, ConnectorError> {
    let lock = match form {
        // Others cannot be locked by a statement.
        Form::Relation { schema, name, kind, .. } if matches!(kind.as_str(), "r" | "p" | "v") => {
            Some(context! { schema => schema, name => name })
        }
        Form::Relation { .. } | Form::Query(_) => None,
    };
    sql("begin", &context! { isolation => "repeatable read", snapshot, lock })
}

/// The columns that are read, each with how.
fn selected(
    found: &Described,
    request: &ReadRequest,
) -> Result<Vec<(String, Read)>, ConnectorError> {
    let column =
        |column: &catalog::DescribedColumn| Ok((column.name.clone(), found.read(column)?.clone()));
    match &request.columns {
        None => found.columns.iter().map(column).collect(),
        Some(names) => names.iter().map(|name| column(found.column(name)?)).collect(),
    }
}

/// When the oldest open transaction began, as seen before the snapshot was taken.
struct Starts {
    are_seen: bool,
    oldest: String,
    database_zone: String,
}

impl Starts {
    fn read(session: &mut Session) -> Result<Self, ConnectorError> {
        let row = session.row(&sql("ceiling", &context! {})?)?;
        let text = |at| row.get(at).unwrap_or_default().to_owned();
        Ok(Self { are_seen: row.get(0) == Some("t"), oldest: text(1), database_zone: text(2) })
    }
}

fn marked(
    postgres: &Postgres,
    session: &mut Session,
    found: &Described,
    incremental: &Incremental,
    starts: &Starts,
) -> Result<(Mark, Late), ConnectorError> {
    let cursor = found.read(found.column(&incremental.cursor)?)?;
    let zone = incremental.time_zone.as_deref().unwrap_or(&starts.database_zone);
    let context = context! {
        ceiling => &starts.oldest,
        cursor_type => cursor.sql_name(),
        time_zone => zone,
    };
    let row = session.row(&sql("mark", &context)?)?;
    let number = |at| row.get(at).and_then(|number: &str| number.parse::<u64>().ok());
    let is_table = matches!(
        &found.form,
        Form::Relation { kind, .. } if matches!(kind.as_str(), "r" | "p")
    );
    let facts = Facts {
        ceiling: row.get(2),
        sees_starts: starts.are_seen,
        xmin: number(0),
        is_table,
        is_moment: mark::is_moment(cursor),
    };
    let user = postgres.settings.role.as_ref().unwrap_or(&postgres.settings.user);
    let recorded = incremental.recorded.as_ref().and_then(|mark| mark.xmin).filter(|_| is_table);
    Ok((mark::mark(&facts, user), mark::late(recorded, number(1).unwrap_or_default())))
}

/// The statement's template context, but for its range.
fn statement(
    found: &Described,
    request: &ReadRequest,
    target: &Target,
    late: Late,
) -> Result<Value, ConnectorError> {
    let columns: Vec<Value> =
        target.columns.iter().map(|(name, read)| expression(name, read)).collect();
    let part = match &request.partition_on {
        None => None,
        Some(name) => {
            let column = found.column(name)?;
            let sql_name = found.read(column)?.sql_name().unwrap_or("text");
            Some(context! { column => &column.name, type => sql_name })
        }
    };
    Ok(context! {
        columns,
        partition => part,
        filter => filter(found, request, late)?,
        limit => request.limit,
        ..ranges::source(&found.form)
    })
}

/// How a column is asked for: as it is, or as text that the server makes of it.
fn expression(name: &str, read: &Read) -> Value {
    let cast = |read: &Read| match read {
        Read::Cast => "::text",
        Read::List(_) if read.is_cast() => "::text[]",
        _ => "",
    };
    let fields: Vec<Value> = match read {
        Read::Struct(fields) if read.is_cast() => {
            fields.iter().map(|(name, read)| context! { name, cast => cast(read) }).collect()
        }
        _ => Vec::new(),
    };
    context! { name, cast => cast(read), fields }
}

fn filter(
    found: &Described,
    request: &ReadRequest,
    late: Late,
) -> Result<Option<Value>, ConnectorError> {
    let Some(filter) = request.filter.as_ref().filter(|_| late != Late::All) else {
        return Ok(None);
    };
    let column = found.column(&filter.column)?;
    let read = found.read(column)?;
    let Some(sql_name) = read.sql_name() else {
        let message = format!(
            "cursor `{}` is of type `{}`, which has no order",
            column.name,
            read.data_type()
        );
        return Err(ConnectorError::new(Kind::Data, message));
    };
    let (lag_minutes, lag_units) = match filter.lag {
        None => (None, None),
        Some(Lag::Minutes(minutes)) => (Some(minutes), None),
        Some(Lag::Units(units)) => (None, Some(units)),
    };
    let late = match late {
        Late::Since(xid) => Some(xid.to_string()),
        Late::Never | Late::All => None,
    };
    Ok(Some(context! {
        column => &column.name,
        type => sql_name,
        since => &filter.since,
        skips_null => filter.skips_null,
        lag_minutes,
        lag_units,
        late,
    }))
}

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
    fn start(
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
    tell(say, work(plan, say, &mut leader));
    // Nothing is ever sent: each of the others drops its end.
    _ = all_done.recv();
    drop((leader, guard));
}

/// Reads with a connection of its own.
fn follow(plan: &Plan, say: &SyncSender<Said>, done: Sender<()>) {
    let session = Session::connect_once(&plan.settings).and_then(|mut session| {
        session.run(&plan.begin)?;
        Ok(session)
    });
    match session {
        Ok(mut session) => tell(say, work(plan, say, &mut session)),
        // The server has no more connections: fewer will do.
        Err(error) if error.kind == Kind::Resource => tell(say, Ok(true)),
        Err(error) => tell(say, Err(error)),
    }
    drop(done);
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
