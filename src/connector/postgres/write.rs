//! Writing: binary COPY into a stage, then replace, append or merge, in one transaction.
//!
//! A run that is killed leaves nothing: its stage goes with its transaction. Where nothing refers to
//! the table that is replaced, the stage takes its place and its constraints, indexes, grants and
//! comments are made again; else its rows are deleted and the new ones inserted. It is never
//! truncated: a reader in an older snapshot would see an empty table.

use super::Postgres;
use crate::connector::batches::{Batches, Object, WriteMode, WriteRequest};
use crate::postgres::encode::{self, Form};
use crate::postgres::outcome::Transaction;
use crate::postgres::session::{Abort, Failure, Session};
use crate::postgres::sql::sql;
use crate::system::{ConnectorError, Kind};
use futures_util::SinkExt as _;
use minijinja::{Value, context};
use std::io::Cursor;
use tokio_postgres::SimpleQueryRow;

/// Bytes that are sent at once.
const SEND: usize = 256 << 10;

/// The longest name that PostgreSQL keeps whole.
const LONGEST_NAME: usize = 63;

/// A column that is written.
struct Coming {
    name: String,
    form: Form,
    /// The target's type, without its modifier: a cast to `varchar(3)` would cut silently.
    to: String,
    /// How it is compared where its type knows no equality.
    compared: &'static str,
}

impl Coming {
    fn context(&self) -> Value {
        let Self { name, form, to, compared } = self;
        context! { name => name, type => form.sql(), to => to, compared => *compared }
    }
}

/// The relation that is written to.
struct Target {
    schema: String,
    name: String,
    /// Its number; `None` where it is not there.
    oid: Option<u32>,
    /// Whether the stage may take its place.
    swaps: bool,
    has_schema: bool,
}

impl Target {
    /// For messages.
    fn shown(&self) -> String {
        format!("`{}.{}`", self.schema, self.name)
    }

    /// What `user` needs to write to it.
    fn rights(&self, user: &str) -> String {
        let Self { schema, name, .. } = self;
        if self.oid.is_some() && !self.swaps {
            return format!(
                "have its owner say `GRANT SELECT, INSERT, UPDATE, DELETE ON \"{schema}\".\"{name}\" \
                 TO \"{user}\"`, and the database's `GRANT TEMPORARY` on it"
            );
        }
        format!("have its owner say `GRANT USAGE, CREATE ON SCHEMA \"{schema}\" TO \"{user}\"`")
    }
}

/// Writes all rows or none.
pub(super) fn write(
    postgres: &Postgres,
    request: &WriteRequest,
    batches: &mut dyn Batches,
) -> Result<u64, ConnectorError> {
    let schema = batches.schema();
    let forms = encode::forms(&schema)?;
    schema.fields().iter().try_for_each(|field| is_kept_whole(field.name()))?;
    let mut session = Session::connect(&postgres.settings)?;
    let mut target = locked(postgres, &mut session, &request.object)?;
    let rights = target.rights(&postgres.settings.user);
    write_into(postgres, session, &mut target, request, batches, &forms).map_err(|error| {
        if error.kind == Kind::Permission { error.with_help(rights) } else { error }
    })
}

fn write_into(
    postgres: &Postgres,
    mut session: Session,
    target: &mut Target,
    request: &WriteRequest,
    batches: &mut dyn Batches,
    forms: &[Form],
) -> Result<u64, ConnectorError> {
    let schema = batches.schema();
    if !target.has_schema {
        session.run(&sql("write_schema", &context! { schema => &target.schema })?)?;
    }
    let transaction = Transaction::number(&mut session)?;
    let mut coming: Vec<Coming> = schema
        .fields()
        .iter()
        .zip(forms)
        .map(|(field, form)| Coming {
            name: field.name().clone(),
            form: form.clone(),
            to: form.sql(),
            compared: "",
        })
        .collect();
    let order = match target.oid {
        Some(oid) => fit(&mut session, target, oid, &mut coming)?,
        None => coming.iter().map(Coming::context).collect(),
    };
    check_key(request, &coming)?;
    let stage = Stage {
        name: stage_name(&target.name, &request.run_id),
        // What is to have the target's name must be where the target is.
        in_schema: target.oid.is_none() || (target.swaps && request.mode == WriteMode::Replace),
    };
    stage.make(&mut session, target, &order)?;
    let count = stage.fill(&mut session, target, &coming, forms, batches)?;
    publish(&mut session, request, target, &stage, &coming, count)?;
    transaction.commit(session, &postgres.settings, &target.shown())?;
    Ok(count)
}

/// Begins the transaction and looks at the target; other runs that write to it wait for its end. What
/// is seen before the lock is there would be out of date with it.
fn locked(
    postgres: &Postgres,
    session: &mut Session,
    object: &Object,
) -> Result<Target, ConnectorError> {
    let Object::Table { schema, name } = object else {
        let message = format!("{object:?} is nothing that can be written to");
        return Err(ConnectorError::new(Kind::Data, message));
    };
    is_kept_whole(name)?;
    let schema = schema.as_deref().or(postgres.settings.schema.as_deref());
    session.run(&sql("write_lock", &context! { schema => schema, name => name })?)?;
    target(session, schema, name)
}

fn target(
    session: &mut Session,
    schema: Option<&str>,
    name: &str,
) -> Result<Target, ConnectorError> {
    let row = session.row(&sql("target", &context! { schema => schema, name => name })?)?;
    let found = row.get(4).map(str::to_owned);
    let Some(schema) = found.clone().or_else(|| schema.map(str::to_owned)) else {
        return Err(ConnectorError::new(
            Kind::NotFound,
            "the connection has no schema to write to",
        )
        .with_help("set `schema:`"));
    };
    let kind = row.get(2);
    if let Some(kind) = kind.filter(|kind| !matches!(*kind, "r" | "p")) {
        let what = if kind == "v" { "a view" } else { "no table" };
        let message = format!("`{schema}.{name}` is {what}, and rows are written to tables");
        return Err(
            ConnectorError::new(Kind::Data, message).with_help("drop it, or write to another name")
        );
    }
    Ok(Target {
        schema,
        name: name.to_owned(),
        oid: row.get(1).and_then(|oid| oid.parse().ok()),
        swaps: row.get(3) == Some("t"),
        has_schema: found.is_some(),
    })
}

/// The server cuts longer names without a word: two may become one.
fn is_kept_whole(name: &str) -> Result<(), ConnectorError> {
    if name.len() <= LONGEST_NAME {
        return Ok(());
    }
    let message = format!("`{name}` has more than {LONGEST_NAME} bytes");
    Err(ConnectorError::new(Kind::Data, message).with_help("choose a shorter name"))
}

/// Compares what comes with what is there; answers the stage's columns in the target's order.
fn fit(
    session: &mut Session,
    target: &mut Target,
    oid: u32,
    coming: &mut [Coming],
) -> Result<Vec<Value>, ConnectorError> {
    let columns: Vec<Value> = coming.iter().map(Coming::context).collect();
    let rows = session.rows(&sql("target_columns", &context! { oid, columns })?)?;
    let mut order = Vec::with_capacity(coming.len());
    for row in &rows {
        let is = |at| row.get(at) == Some("t");
        if let Some(misfit) = misfit(row, target) {
            return Err(misfit);
        }
        target.swaps &= is(1) && is(10);
        let name = row.get(0).unwrap_or_default();
        if let Some(column) = coming.iter_mut().find(|column| column.name == name) {
            row.get(9).unwrap_or_default().clone_into(&mut column.to);
            column.compared = if is(8) { "::text" } else { "" };
            order.push(column.context());
        }
    }
    Ok(order)
}

fn misfit(row: &SimpleQueryRow, target: &Target) -> Option<ConnectorError> {
    let text = |at| row.get(at).unwrap_or_default();
    let is = |at| row.get(at) == Some("t");
    let (comes, stands, column) = (is(1), is(2), text(0));
    let table = target.shown();
    let (message, help) = if comes && !stands {
        (
            format!("{table} has no column `{column}`"),
            "add it there, or leave it out of what is written",
        )
    } else if !comes && is(5) {
        (
            format!("column `{column}` of {table} must have a value, and none is written"),
            "write it too, or give it a default there",
        )
    } else if comes && is(7) {
        (
            format!("column `{column}` of {table} is made by the server"),
            "leave it out of what is written",
        )
    } else if comes && !is(6) {
        (
            format!(
                "column `{column}` is written as `{}`, and {table} has it as `{}`",
                text(4),
                text(3)
            ),
            "cast it in the model, or change the type of the column there",
        )
    } else {
        return None;
    };
    Some(ConnectorError::new(Kind::Data, message).with_help(help))
}

fn check_key(request: &WriteRequest, coming: &[Coming]) -> Result<(), ConnectorError> {
    let WriteMode::Merge { key } = &request.mode else { return Ok(()) };
    let missing = key.iter().find(|column| !coming.iter().any(|coming| coming.name == **column));
    match missing {
        _ if key.is_empty() => Err(ConnectorError::new(Kind::Data, "a merge has no key")),
        Some(column) => {
            let message = format!("key `{column}` is no column of what is written");
            Err(ConnectorError::new(Kind::Data, message))
        }
        None => Ok(()),
    }
}

/// The stage of a run, in a name that PostgreSQL keeps whole.
fn stage_name(table: &str, run_id: &str) -> String {
    let name = format!("__sqlflow_stage__{table}__{run_id}");
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("__sqlflow_stage__{}", &hash[..32])
}

/// Where rows wait until they are published.
struct Stage {
    name: String,
    in_schema: bool,
}

impl Stage {
    fn context(&self, target: &Target) -> Value {
        context! {
            schema => &target.schema,
            name => &target.name,
            stage => &self.name,
            in_schema => self.in_schema,
        }
    }

    fn make(
        &self,
        session: &mut Session,
        target: &Target,
        columns: &[Value],
    ) -> Result<(), ConnectorError> {
        let context = context! { columns, ..self.context(target) };
        session.run(&sql("write_stage", &context)?)
    }

    /// Sends every batch; answers how many rows.
    fn fill(
        &self,
        session: &mut Session,
        target: &Target,
        coming: &[Coming],
        forms: &[Form],
        batches: &mut dyn Batches,
    ) -> Result<u64, ConnectorError> {
        let columns: Vec<Value> = coming.iter().map(Coming::context).collect();
        let copy = sql("write_copy", &context! { columns, ..self.context(target) })?;
        let sent = session.work(&Abort::default(), async move |client| {
            let mut sink = std::pin::pin!(client.copy_in::<str, Cursor<Vec<u8>>>(&copy).await?);
            let mut bytes = encode::HEAD.to_vec();
            let mut count = 0;
            while let Some(batch) = batches.next()? {
                // A batch may be large, and all of its rows are not sent at once.
                let rows = batch.num_rows();
                let step = (rows * SEND / batch.get_array_memory_size().max(1)).max(1);
                for first in (0..rows).step_by(step) {
                    let part = batch.slice(first, step.min(rows - first));
                    encode::rows(&part, forms, &mut bytes)?;
                    if bytes.len() >= SEND {
                        let full = std::mem::take(&mut bytes);
                        sink.send(Cursor::new(full)).await?;
                    }
                }
                count += rows as u64;
            }
            bytes.extend_from_slice(encode::END);
            sink.send(Cursor::new(bytes)).await?;
            let written = sink.as_mut().finish().await?;
            if written != count {
                let message = format!("the server took {written} rows of {count}");
                return Err(Failure::Told(ConnectorError::new(Kind::Network, message)));
            }
            Ok(written)
        })?;
        sent.ok_or_else(|| ConnectorError::new(Kind::Network, "the write was ended"))
    }
}

/// Makes the stage, which has `count` rows, the target, or writes its rows there.
fn publish(
    session: &mut Session,
    request: &WriteRequest,
    target: &Target,
    stage: &Stage,
    coming: &[Coming],
    count: u64,
) -> Result<(), ConnectorError> {
    let columns: Vec<Value> = coming.iter().map(Coming::context).collect();
    let context = context! { columns, ..stage.context(target) };
    if let WriteMode::Merge { key } = &request.mode {
        check_rows(session, stage, target, key)?;
    }
    let Some(oid) = target.oid else {
        return session.run(&sql("write_new", &context)?);
    };
    if let WriteMode::Merge { key } = &request.mode {
        check_target(session, stage, target, coming, key)?;
    }
    match &request.mode {
        WriteMode::Append => append(session, target, &context, count),
        WriteMode::Replace if stage.in_schema => {
            let kept = session.rows(&sql("target_keep", &context! { oid })?)?;
            session.run(&sql("write_swap", &context)?)?;
            kept.iter().try_for_each(|row| session.run(row.get(0).unwrap_or_default()))
        }
        WriteMode::Replace => {
            session.run(&sql("write_replace", &context)?)?;
            if !session.rows(&sql("write_left", &context)?)?.is_empty() {
                return Err(kept_back(target, "not all of its rows could be deleted"));
            }
            append(session, target, &context, count)
        }
        WriteMode::Merge { key } => {
            let in_key = |column: &&Coming| key.contains(&column.name);
            let keys: Vec<Value> = coming.iter().filter(in_key).map(Coming::context).collect();
            let others: Vec<Value> =
                coming.iter().filter(|column| !in_key(column)).map(Coming::context).collect();
            session.run(&sql("write_merge", &context! { key => keys, others, ..context })?)
        }
    }
}

/// Adds the rows of the stage; there are `count` of them.
fn append(
    session: &mut Session,
    target: &Target,
    context: &Value,
    count: u64,
) -> Result<(), ConnectorError> {
    let written = session.changed(&sql("write_append", context)?)?;
    if written == count {
        return Ok(());
    }
    Err(kept_back(target, &format!("it took {written} rows of {count}")))
}

/// Nothing is believed to be written that was not.
fn kept_back(target: &Target, what: &str) -> ConnectorError {
    let message = format!("{} does not keep what is written: {what}", target.shown());
    ConnectorError::new(Kind::Data, message).with_help(
        "a trigger, a rule or row security keeps rows back: drop it, or let it write every row",
    )
}

/// Keys must be there, and once.
fn check_rows(
    session: &mut Session,
    stage: &Stage,
    target: &Target,
    key: &[String],
) -> Result<(), ConnectorError> {
    // A stage in a schema is not found by its name alone.
    let context = context! { key => key.to_vec(), ..stage.context(target) };
    let row = session.row(&sql("write_checks", &context)?)?;
    let shown = key.join("`, `");
    if let Some(nulls) = row.get(0).filter(|count| *count != "0") {
        let rows = if nulls == "1" { "1 row has".to_owned() } else { format!("{nulls} rows have") };
        let message = format!("{rows} NULL in the key `{shown}`");
        return Err(ConnectorError::new(Kind::Data, message)
            .with_help("leave such rows out, or choose another key"));
    }
    if let Some(twice) = row.get(1).filter(|count| *count != "0") {
        let examples = row.get(2).unwrap_or_default();
        let message = format!("{twice} keys `{shown}` come more than once: {examples}");
        return Err(ConnectorError::new(Kind::Data, message)
            .with_help("leave all rows but one of each key out, or choose another key"));
    }
    Ok(())
}

/// A key that comes must not be in the target twice: which row would be meant?
fn check_target(
    session: &mut Session,
    stage: &Stage,
    target: &Target,
    coming: &[Coming],
    key: &[String],
) -> Result<(), ConnectorError> {
    let columns: Vec<Value> =
        coming.iter().filter(|column| key.contains(&column.name)).map(Coming::context).collect();
    let context = context! { oid => target.oid, key => columns, ..stage.context(target) };
    let row = session.row(&sql("write_twice", &context)?)?;
    let Some(twice) = row.get(0).filter(|count| *count != "0") else { return Ok(()) };
    let examples = row.get(1).unwrap_or_default();
    let (shown, table) = (key.join("`, `"), target.shown());
    let message = format!("{table} has {twice} of the keys `{shown}` more than once: {examples}");
    Err(ConnectorError::new(Kind::Data, message)
        .with_help("remove all rows but one of each key there, or choose another key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_stages_fit() {
        assert_eq!(stage_name("orders", "r1"), "__sqlflow_stage__orders__r1");
        let long = stage_name(&"x".repeat(63), "r1");
        assert!(long.len() <= LONGEST_NAME && long != stage_name(&"x".repeat(63), "r2"));
    }
}
