//! Reading: one snapshot, several connections, batches under back-pressure.
//!
//! | what | how it is kept while it is read |
//! | --- | --- |
//! | tables and views that the role may lock | the leader locks, then takes a snapshot that the others join |
//! | a query that is split, a materialized view | a guard parses it, then takes a snapshot that all join |
//! | a query, a foreign table, some columns only | it is parsed, then read in one statement |
//!
//! Parsing locks, but takes a snapshot first: a TRUNCATE in between would be read as an empty table.

use super::Postgres;
use super::catalog::{self, Described, Form};
use super::known;
use super::mark::{self, Facts, Late};
use super::ranges::{self, Range};
use super::reading::Reading;
use crate::connector::batches::{Incremental, Mark, ReadRequest};
use crate::mode::load::Lag;
use crate::postgres::decode::Target;
use crate::postgres::session::{Abort, Session};
use crate::postgres::spec::Settings;
use crate::postgres::sql::sql;
use crate::postgres::types::{self, Kind as Read};
use crate::system::{ConnectorError, Kind};
use minijinja::{Value, context};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// What every connection of a read knows.
pub(super) struct Plan {
    pub(super) settings: Arc<Settings>,
    pub(super) target: Target,
    /// The statement, but for its range.
    pub(super) statement: Value,
    pub(super) join: Join,
    pub(super) ranges: Mutex<VecDeque<Range>>,
    pub(super) abort: Abort,
}

/// How a connection joins a snapshot that others hold.
#[derive(Default)]
pub(super) struct Join {
    begin: String,
    /// Parsed where nothing else locks what is read.
    hold: Option<String>,
}

impl Join {
    fn new(form: &Form, snapshot: &str) -> Result<Self, ConnectorError> {
        let begin = begin("repeatable read", Some(snapshot), form)?;
        let hold = if lock(form).is_some() { None } else { Some(hold(form)?) };
        Ok(Self { begin, hold })
    }

    pub(super) fn run(&self, session: &mut Session) -> Result<(), ConnectorError> {
        session.run(&self.begin).map_err(without_holder)?;
        match &self.hold {
            Some(hold) => session.prepare(hold).map(|_| ()),
            None => Ok(()),
        }
    }
}

/// A snapshot is known while the connection that took it lives.
fn without_holder(error: ConnectorError) -> ConnectorError {
    const INVALID: &str = "[22023]";
    if !error.message.ends_with(INVALID) {
        return error;
    }
    let message = "the connection that holds the snapshot of this read broke";
    ConnectorError::new(Kind::Network, message)
        .with_help("run again; if it stays so, look into the server's log")
}

/// Opens a read, and says what is to be recorded of it.
pub(super) fn open(
    postgres: &Postgres,
    request: &ReadRequest,
    incremental: Option<&Incremental>,
) -> Result<(Reading, Mark), ConnectorError> {
    let settings = &postgres.settings;
    let mut leader = Session::connect(settings)?;
    let starts = incremental.map(|_| Starts::read(&mut leader)).transpose()?;
    let planned = postgres.known.remembered(&request.object);
    let found = match &planned {
        Some(planned) => planned.clone(),
        None => known::fresh(postgres, &mut leader, &request.object)?,
    };
    let connections = if may_split(&found.form, request) {
        request.connections.clamp(1, settings.max_connections)
    } else {
        1
    };
    let (join, guard) = enter(postgres, &mut leader, &found.form, connections)?;
    // Again, now that nothing changes any more.
    let found = match planned {
        Some(planned) => held(postgres, &mut leader, planned, request)?,
        None => known::fresh(postgres, &mut leader, &request.object)?,
    };
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
        join,
        ranges: Mutex::new(splits.into()),
        abort: Abort::default(),
    };
    Ok((Reading::start(plan, leader, guard, readers)?, recorded))
}

fn may_split(form: &Form, request: &ReadRequest) -> bool {
    let by_pages = match form {
        Form::Relation { kind, lockable, .. } => *lockable || kind == "m",
        Form::Query(_) => false,
    };
    by_pages || request.partition_on.is_some()
}

/// Begins the leader's transaction; answers how others join it, and what must be kept meanwhile.
fn enter(
    postgres: &Postgres,
    leader: &mut Session,
    form: &Form,
    connections: usize,
) -> Result<(Join, Option<Session>), ConnectorError> {
    if lock(form).is_some() {
        leader.run(&begin("repeatable read", None, form)?)?;
        if connections == 1 {
            return Ok((Join::default(), None));
        }
        return Ok((Join::new(form, &export(leader)?)?, None));
    }
    if connections == 1 {
        leader.run(&begin("read committed", None, form)?)?;
        leader.prepare(&hold(form)?)?;
        return Ok((Join::default(), None));
    }
    let mut guard = Session::connect(&postgres.settings)?;
    guard.run(&begin("read committed", None, form)?)?;
    guard.prepare(&hold(form)?)?;
    let join = Join::new(form, &export(&mut guard)?)?;
    join.run(leader)?;
    Ok((join, Some(guard)))
}

/// What was planned some time ago, as it is now that nothing changes any more.
fn held(
    postgres: &Postgres,
    session: &mut Session,
    mut planned: Described,
    request: &ReadRequest,
) -> Result<Described, ConnectorError> {
    if let Some(names) = &request.columns {
        let filter = request.filter.as_ref().map(|filter| &filter.column);
        let needed: Vec<&String> =
            names.iter().chain(filter).chain(&request.partition_on).collect();
        // A name may be spelt otherwise: then nothing is left out.
        if needed.iter().all(|name| planned.columns.iter().any(|column| column.name == **name)) {
            planned.columns.retain(|column| needed.contains(&&column.name));
        }
    }
    let all = session.prepare(&hold(&planned.form)?)?;
    if known::holds(&planned, &all) {
        return Ok(planned);
    }
    known::adopt(&planned, &known::fresh(postgres, session, &request.object)?)
}

fn export(session: &mut Session) -> Result<String, ConnectorError> {
    let row = session.row(&sql("export_snapshot", &context! {})?)?;
    Ok(row.get(0).unwrap_or_default().to_owned())
}

fn begin(isolation: &str, snapshot: Option<&str>, form: &Form) -> Result<String, ConnectorError> {
    sql("begin", &context! { isolation, snapshot, lock => lock(form) })
}

fn lock(form: &Form) -> Option<Value> {
    match form {
        Form::Relation { schema, name, lockable: true, .. } => {
            Some(context! { schema => schema, name => name })
        }
        Form::Relation { .. } | Form::Query(_) => None,
    }
}

fn hold(form: &Form) -> Result<String, ConnectorError> {
    sql("hold", &ranges::source(form))
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
        target.columns.iter().map(|(name, read)| types::asked(name, read)).collect();
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
