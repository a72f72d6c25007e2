//! One connection to a PostgreSQL database.

use super::held::{Held, Running, lost};
use super::script::{Script, only};
use super::{again, answer, connect, copy, error, lock, refused};
use crate::dialect::{Dialect, POSTGRES, statements};
use crate::engine::{EngineError, ErrorKind, Interrupt, Notice, Session, Table};
use crate::postgres::outcome::Transaction;
use crate::postgres::session::{Abort, Failure, Session as Client};
use crate::postgres::spec::Settings;
use crate::postgres::sql::sql as rendered;
use crate::relation::{Column, RelationKind, RelationName};
use crate::system::{ConnectorError, Kind, Outlook};
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use futures_util::TryStreamExt as _;
use minijinja::{Value, context};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

/// How often a server that is restarting is asked at least what became of a transaction.
const QUESTIONS: u32 = 6;

/// How many sessions this process has had.
static TURNS: AtomicU32 = AtomicU32::new(0);

/// A connection, and by what another thread ends its work.
pub(super) struct PostgresSession {
    pub(super) client: Client,
    pub(super) settings: Arc<Settings>,
    running: Arc<Running>,
    /// The locks of the run, and the relation that is worked on under them.
    held: Option<Arc<Held>>,
    works_on: Option<String>,
    /// Whether the next request needs another connection: the server ended this one, or was asked to
    /// cancel what runs on it, which may come late and hit the next statement.
    is_lost: bool,
    /// Whether what failed last gave way to another transaction.
    gave_way: bool,
    /// Which of the sessions of this process it is.
    turn: u32,
}

/// The statement of a template that takes nothing.
pub(super) fn sql(template: &str) -> Result<String, EngineError> {
    filled(template, &context! {})
}

/// The statement of a template.
pub(super) fn filled(template: &str, context: &Value) -> Result<String, EngineError> {
    rendered(template, context).map_err(refused)
}

impl PostgresSession {
    pub(super) fn new(client: Client, settings: Arc<Settings>, held: Option<Arc<Held>>) -> Self {
        let running = Arc::<Running>::default();
        if let Some(held) = &held {
            held.follow(&running);
        }
        let turn = TURNS.fetch_add(1, Ordering::Relaxed);
        let (works_on, is_lost, gave_way) = (None, false, false);
        Self { client, settings, running, held, works_on, is_lost, gave_way, turn }
    }

    /// An interrupt that came before does not count for what is asked now; a connection that was
    /// lost is made again.
    fn begin_request(&mut self) -> Result<Abort, EngineError> {
        if self.is_lost || self.client.is_lost() {
            self.client = connect(&self.settings)?;
            self.is_lost = false;
            if let Some(name) = self.works_on.take() {
                self.begin_work(name)?;
            }
        }
        let abort = Abort::default();
        *self.running.stop.lock().unwrap_or_else(PoisonError::into_inner) = abort.clone();
        Ok(abort)
    }

    /// Tells those who lock `name` next that this session works on it.
    fn begin_work(&mut self, name: String) -> Result<(), EngineError> {
        let Some(held) = &self.held else { return Ok(()) };
        let sql = held.work(&name, self.works_on.as_deref())?;
        let rows = self.rows(&Abort::default(), &sql)?;
        self.works_on = Some(name);
        match rows.last().and_then(|row| row.get("is_lost")) {
            Some("t") => Err(lost()),
            _ => Ok(()),
        }
    }

    fn has_lost_locks(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.is_lost())
    }

    /// Why work on `sql` failed.
    pub(super) fn reason(&mut self, failure: Failure, sql: &str) -> EngineError {
        if let Failure::Server(server) = &failure {
            self.gave_way = again::gave_way(server.code());
        }
        let error = self.read(failure, sql);
        self.is_lost |= matches!(error.kind, ErrorKind::Lost | ErrorKind::Interrupted);
        error
    }

    fn read(&self, failure: Failure, sql: &str) -> EngineError {
        match failure {
            Failure::Server(server) => match server.as_db_error() {
                Some(db) => error::told(db, sql),
                None => {
                    let told = refused(self.client.tell(&server));
                    EngineError { kind: ErrorKind::Lost, ..told }
                }
            },
            Failure::Told(told) => refused(told),
            Failure::Unwanted if self.has_lost_locks() => lost(),
            Failure::Unwanted => EngineError::new(ErrorKind::Interrupted, "Interrupted"),
        }
    }

    /// Runs one statement; the rows that it changed, where it does such a thing.
    fn run(&mut self, abort: &Abort, sql: &str) -> Result<Option<u64>, EngineError> {
        let statement = only(sql)?;
        let counted = self.client.attempt(abort, async |client| {
            let mut answer = std::pin::pin!(client.simple_query_raw(sql).await?);
            let mut count = None;
            while let Some(message) = answer.try_next().await? {
                if let SimpleQueryMessage::CommandComplete(rows) = message {
                    count = Some(rows);
                }
            }
            Ok(count)
        });
        let count = counted.map_err(|failure| self.reason(failure, sql))?;
        Ok(count.filter(|_| changes_rows(&sql[statement])))
    }

    /// The rows that `sql` answers, as text.
    fn rows(&mut self, abort: &Abort, sql: &str) -> Result<Vec<SimpleQueryRow>, EngineError> {
        let answered = self.client.attempt(abort, async |client| {
            let messages = client.simple_query(sql).await?;
            let rows = messages.into_iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            });
            Ok(rows.collect())
        });
        answered.map_err(|failure| self.reason(failure, sql))
    }

    /// The rows of a query of ours about the catalogue.
    fn catalog(
        &mut self,
        template: &str,
        context: &Value,
    ) -> Result<Vec<Vec<String>>, EngineError> {
        let abort = self.begin_request()?;
        let sql = filled(template, context)?;
        let rows = self.rows(&abort, &sql)?;
        let texts = |row: &SimpleQueryRow| {
            (0..row.len()).map(|index| row.get(index).unwrap_or_default().to_owned()).collect()
        };
        Ok(rows.iter().map(texts).collect())
    }

    /// Begins a transaction, carries out `statements` in it and asks for its number, all at once;
    /// what each changed, and the number.
    fn begin(&mut self, abort: &Abort, statements: &[&str]) -> Result<Begun, (usize, EngineError)> {
        let last = sql("transaction_id").map_err(|error| (0, error))?;
        let stands = self.held.as_ref().filter(|_| self.works_on.is_some());
        let stands = stands.map(|held| held.stands()).transpose().map_err(|error| (0, error))?;
        let script = Script::of(stands.as_deref(), statements, &last)?;
        let mut completed = Vec::new();
        let mut id = None;
        let done = self.client.attempt(abort, async |client| {
            let mut answer = std::pin::pin!(client.simple_query_raw(&script.text).await?);
            while let Some(message) = answer.try_next().await? {
                match message {
                    SimpleQueryMessage::CommandComplete(rows) => completed.push(rows),
                    // The last of all is the number.
                    SimpleQueryMessage::Row(row) => id = row.get(0).map(str::to_owned),
                    _ => {}
                }
            }
            Ok(())
        });
        if let Err(failure) = done {
            let (index, error) = script.owner(self.reason(failure, &script.text), completed.len());
            // A script that cannot be read begins nothing.
            let is_open = !completed.is_empty();
            return Err((index, if is_open { self.roll_back(error) } else { error }));
        }
        let counts = statements.iter().zip(completed.into_iter().skip(script.before()));
        let changed = counts.map(|(sql, count)| {
            let statement = only(sql).unwrap_or_default();
            Some(count).filter(|_| changes_rows(&sql[statement]))
        });
        Ok(Begun { changed: changed.collect(), id })
    }

    /// Carries out a transaction, in which each statement changes as many rows as it has to.
    fn apply_once(
        &mut self,
        statements: &[&str],
        expected: &[Option<u64>],
    ) -> Result<Vec<Option<u64>>, (usize, EngineError)> {
        let abort = self.begin_request().map_err(|error| (0, error))?;
        let last = statements.len().saturating_sub(1);
        let begun = self.begin(&abort, statements)?;
        if let Err((index, error)) = again::reconcile(&begun.changed, expected) {
            return Err((index, self.roll_back(error)));
        }
        // A commit that fails ends the transaction too.
        self.commit(begun.id).map_err(|error| (last, error))?;
        Ok(begun.changed)
    }

    /// Commits the transaction `id`. Where the answer is lost, the server is asked later what became
    /// of it.
    fn commit(&mut self, id: Option<String>) -> Result<(), EngineError> {
        self.running.may_end.store(false, Ordering::SeqCst);
        // Not interrupted: a commit is waited for.
        match (self.run(&Abort::default(), "commit"), id) {
            (Err(lost), Some(id)) if lost.kind == ErrorKind::Lost => self.outcome(&id, lost),
            (done, _) => done.map(drop),
        }
    }

    /// What became of the transaction `id`, whose commit ended with `lost`.
    fn outcome(&mut self, id: &str, lost: EngineError) -> Result<(), EngineError> {
        let told = ConnectorError::new(Kind::Network, lost.message.clone());
        let questions = self.settings.retries.max(QUESTIONS);
        let settled =
            Transaction::numbered(id).settle(told, &self.settings, questions, "it took place");
        if let Ok(client) = connect(&self.settings) {
            self.client = client;
            self.is_lost = false;
        }
        settled.map_err(|error| match error.outlook {
            Outlook::Unknown => refused(error),
            _ => lost,
        })
    }

    fn copy(
        &mut self,
        abort: &Abort,
        sql: &str,
        batches: Box<dyn RecordBatchReader + Send>,
    ) -> Result<Option<u64>, EngineError> {
        let written = copy::write(&mut self.client, abort, sql, batches);
        written.map(Some).map_err(|failure| self.reason(failure, sql))
    }

    fn roll_back(&mut self, failed: EngineError) -> EngineError {
        if self.is_lost || self.client.is_closed() {
            // The server does it as soon as it finds the connection gone.
            return failed;
        }
        match self.run(&Abort::default(), "rollback") {
            Ok(_) => failed,
            Err(error) => EngineError {
                message: format!("{failed}\nand it could not be rolled back: {error}"),
                ..failed
            },
        }
    }
}

impl Session for PostgresSession {
    fn work_on(&mut self, relation: &RelationName) -> Result<(), EngineError> {
        if self.held.is_none() {
            return Ok(());
        }
        if self.has_lost_locks() {
            return Err(lost());
        }
        self.begin_request()?;
        self.running.may_end.store(true, Ordering::SeqCst);
        self.begin_work(lock::name(relation))
    }

    fn execute(&mut self, sql: &str) -> Result<Option<u64>, EngineError> {
        let abort = self.begin_request()?;
        self.run(&abort, sql)
    }

    fn apply(&mut self, statements: &[&str]) -> Result<Vec<Option<u64>>, (usize, EngineError)> {
        self.apply_expecting(statements, &[])
    }

    fn apply_expecting(
        &mut self,
        statements: &[&str],
        expected: &[Option<u64>],
    ) -> Result<Vec<Option<u64>>, (usize, EngineError)> {
        let mut tried = 0;
        loop {
            self.gave_way = false;
            let applied = self.apply_once(statements, expected);
            tried += 1;
            match again::pause(tried, self.turn) {
                Some(pause) if applied.is_err() && self.gave_way => std::thread::sleep(pause),
                _ => return applied,
            }
        }
    }

    fn query(&mut self, sql: &str, limit: Option<usize>) -> Result<Table, EngineError> {
        only(sql)?;
        let abort = self.begin_request()?;
        let read = self.client.attempt(&abort, async |client| {
            let statement = client.prepare(sql).await?;
            let mut table = answer::empty(&statement);
            let mut rows = std::pin::pin!(client.simple_query_raw(sql).await?);
            while let Some(message) = rows.try_next().await? {
                let SimpleQueryMessage::Row(row) = message else { continue };
                if limit == Some(table.rows.len()) {
                    table.truncated = true;
                    return Ok(table);
                }
                let cells = answer::cells(&table.columns, &row);
                table.rows.push(cells);
            }
            Ok(table)
        });
        let table = read.map_err(|failure| self.reason(failure, sql))?;
        if table.truncated {
            // The rest is not waited for.
            self.client.cancel();
            self.is_lost = true;
        }
        Ok(table)
    }

    fn ingest(
        &mut self,
        sql: &str,
        _name: &str,
        batches: Box<dyn RecordBatchReader + Send>,
    ) -> Result<Option<u64>, EngineError> {
        let abort = self.begin_request()?;
        let found = statements(sql);
        let Some((last, before)) = found.split_last().filter(|(_, before)| !before.is_empty())
        else {
            return self.copy(&abort, sql, batches);
        };
        self.run(&Abort::default(), "begin")?;
        let before =
            before.iter().try_for_each(|range| self.run(&abort, &sql[range.clone()]).map(drop));
        let written = before.and_then(|()| self.copy(&abort, &sql[last.clone()], batches));
        match written {
            Ok(written) => self.run(&Abort::default(), "end").map(|_| written),
            Err(error) => Err(self.roll_back(error)),
        }
    }

    fn stream(
        &mut self,
        sql: &str,
        take: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> Result<(), EngineError> {
        let place = only(sql)?;
        let abort = self.begin_request()?;
        let statement = &sql[place.clone()];
        match copy::read(&mut self.client, &abort, statement, take) {
            // It is `take` that wants no more.
            Err(Failure::Unwanted) if !abort.is_called() => {
                self.is_lost = true;
                Ok(())
            }
            done => done.map_err(|failure| {
                let error = self.reason(failure, statement);
                EngineError { position: error.position.map(|at| at + place.start), ..error }
            }),
        }
    }

    fn relation_kind(
        &mut self,
        relation: &RelationName,
    ) -> Result<Option<RelationKind>, EngineError> {
        let context = context! {
            schema => relation.schema.clone(),
            name => relation.identifier.as_str(),
        };
        let rows = self.catalog("engine_relation", &context)?;
        Ok(rows.first().and_then(|row| row.first()).map(|kind| kind_of(kind)))
    }

    fn columns(&mut self, relation: &RelationName) -> Result<Option<Vec<Column>>, EngineError> {
        let context = context! {
            schema => relation.schema.clone(),
            name => relation.identifier.as_str(),
        };
        let rows = self.catalog("engine_columns", &context)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let column = |row: Vec<String>| {
            let [name, native, nullable] = row.try_into().ok()?;
            Some(Column { name, data_type: POSTGRES.data_type(&native), nullable: nullable == "t" })
        };
        // A relation without columns is one row without a name.
        Ok(Some(rows.into_iter().filter_map(column).filter(|c| !c.name.is_empty()).collect()))
    }

    fn relations(
        &mut self,
        schemas: &[RelationName],
    ) -> Result<Vec<(RelationName, RelationKind)>, EngineError> {
        let names: Vec<String> = schemas.iter().map(|schema| schema.schema().to_owned()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.catalog("engine_relations", &context! { schemas => names })?;
        let relation = |row: Vec<String>| {
            let [database, schema, name, kind] = row.try_into().ok()?;
            Some((RelationName::new(database, schema, name), kind_of(&kind)))
        };
        Ok(rows.into_iter().filter_map(relation).collect())
    }

    fn schema_exists(&mut self, _: Option<&str>, schema: &str) -> Result<bool, EngineError> {
        Ok(!self.catalog("engine_schema", &context! { schema => schema })?.is_empty())
    }

    fn notices(&mut self) -> Vec<Notice> {
        let notices = self.client.notices();
        notices.iter().filter(|notice| error::matters(notice)).map(error::notice).collect()
    }

    fn interrupt(&self) -> Box<dyn Interrupt> {
        Box::new(Stop(Arc::downgrade(&self.running)))
    }
}

/// A transaction that is to be committed.
struct Begun {
    /// The rows that each statement changed.
    changed: Vec<Option<u64>>,
    /// Its number; none where it wrote nothing.
    id: Option<String>,
}

/// Weak: a forgotten handle is no reason to keep anything.
struct Stop(Weak<Running>);

impl Interrupt for Stop {
    fn interrupt(&self) {
        if let Some(running) = self.0.upgrade() {
            running.stop.lock().unwrap_or_else(PoisonError::into_inner).call();
        }
    }
}

fn kind_of(kind: &str) -> RelationKind {
    match kind {
        // No rows are put into a materialized view either.
        "v" | "m" => RelationKind::View,
        _ => RelationKind::Table,
    }
}

/// Whether the count that the server answers to `statement` is one of changed rows: a query's is of
/// those that it gives, and where nothing is counted it says 0.
fn changes_rows(statement: &str) -> bool {
    let mut words = statement.split_whitespace().map(str::to_ascii_lowercase);
    match words.next().as_deref() {
        Some("insert" | "update" | "delete" | "merge" | "copy") => true,
        Some("create") => {
            let first_line = statement.lines().next().unwrap_or_default().to_ascii_lowercase();
            !first_line.contains(" view ") && first_line.trim_end().ends_with(" as")
        }
        _ => false,
    }
}
