//! One run at a time on a relation: advisory locks of a session, which the server frees when the
//! session ends, however it ends.

use super::held::{Held, Watch};
use super::refused;
use super::session::filled;
use crate::engine::duckdb::{LockError, LockHolder};
use crate::engine::{EngineError, ErrorKind, OpenError, Waiting};
use crate::postgres::session::Session as Client;
use crate::relation::RelationName;
use minijinja::context;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long until a lock that somebody else has is tried again.
const POLL: Duration = Duration::from_millis(100);

/// How long sessions of another run that ended are given to end too, before anybody is told.
const QUIET: Duration = Duration::from_secs(1);

/// How a lock calls a relation.
pub(super) fn name(relation: &RelationName) -> String {
    format!("{}.{}", relation.schema(), relation.identifier)
}

/// Locks all of `relations`, or none while somebody has one of them. `other` is another connection.
pub(super) fn hold(
    mut client: Client,
    other: &mut Client,
    relations: &[RelationName],
    waiting: &mut Waiting<'_>,
) -> Result<(Watch, Arc<Held>), OpenError> {
    let mut names: Vec<String> = relations.iter().map(name).collect();
    names.sort();
    names.dedup();
    is_direct(&mut client, other)?;
    let asks = context! { names => &names, holder => spelled(waiting.holder) };
    let (take, release) = (filled("hold_take", &asks)?, filled("hold_release", &asks)?);
    let start = Instant::now();
    loop {
        let others = client.rows(&take).map_err(refused)?;
        let Some(first) = others.first() else { break };
        let holder = first.get(1).and_then(read);
        let relation = first.get(0).unwrap_or_default().to_owned();
        client.run(&release).map_err(refused)?;
        let waited = start.elapsed();
        if waited >= waiting.timeout || !(waiting.told)(holder.as_ref()) {
            return Err(LockError::HeldRelation { relation, holder, waited }.into());
        }
        std::thread::sleep(POLL.min(waiting.timeout.saturating_sub(waited)));
    }
    stands(&mut client, &names)?;
    outlive(&mut client, &names, waiting)?;
    let row = client.row(&filled("hold_mark", &asks)?).map_err(refused)?;
    let mark = row.get(0).and_then(|key| key.parse().ok());
    let held = Arc::new(Held::new(mark.ok_or_else(not_one_process)?));
    Ok((Watch::begin(client, &held)?, held))
}

/// Each connection has a process of the server of its own, in all of its transactions. Looked at
/// before anything is locked: a pooler would keep the locks.
fn is_direct(client: &mut Client, other: &mut Client) -> Result<(), EngineError> {
    let asks = |is_first| filled("hold_process", &context! { is_first });
    let first = client.row(&asks(true)?).map_err(refused)?;
    let process = first.get(0).unwrap_or_default();
    // A pool gives what was used last, or what was not used for longest: one of the two is seen. It
    // may have nothing else while the other has it.
    other.run("begin").map_err(refused)?;
    let beside = other.row(&asks(false)?).map_err(refused)?;
    let is_own = beside.get(0) != Some(process) && {
        let again = client.row(&asks(false)?).map_err(refused)?;
        again.get(0) == Some(process) && again.get(1) == Some(process)
    };
    other.run("rollback").map_err(refused)?;
    if is_own { Ok(()) } else { Err(not_one_process()) }
}

fn not_one_process() -> EngineError {
    EngineError::new(
        ErrorKind::Unavailable,
        "the server gives another process to each transaction: a pooler in transaction mode is in \
         between\nconnect to the server itself, or to a pool in session mode",
    )
}

/// The locks belong to the session, and it still has them.
fn stands(client: &mut Client, names: &[String]) -> Result<(), OpenError> {
    let rows = client
        .rows(&filled("hold_stands", &context! { names => names.to_vec() })?)
        .map_err(refused)?;
    let held = rows.last().and_then(|row| row.get(0)?.parse::<usize>().ok()).unwrap_or_default();
    if held < names.len() {
        return Err(not_one_process().into());
    }
    Ok(())
}

/// Waits until no session of an earlier run works on what is locked now; what such ones do is ended.
fn outlive(
    client: &mut Client,
    names: &[String],
    waiting: &mut Waiting<'_>,
) -> Result<(), OpenError> {
    let left = filled("hold_left", &context! { names => names.to_vec() })?;
    let start = Instant::now();
    let mut pause = Duration::from_millis(5);
    loop {
        let others = client.rows(&left).map_err(refused)?;
        let Some(first) = others.first() else { return Ok(()) };
        let waited = start.elapsed();
        if waited >= QUIET.max(waiting.timeout) || waited >= QUIET && !(waiting.told)(None) {
            let relation = first.get(0).unwrap_or_default().to_owned();
            return Err(LockError::HeldRelation { relation, holder: None, waited }.into());
        }
        std::thread::sleep(pause);
        pause = POLL.min(pause * 2);
    }
}

/// The holder as the server shows it in `application_name`, of which it keeps 63 bytes.
fn spelled(holder: &LockHolder) -> String {
    let LockHolder { host, pid, verb, since } = holder;
    let text = format!("sqlflow {verb} {pid} {since} {host}");
    text.chars().filter(char::is_ascii).take(63).collect()
}

fn read(text: &str) -> Option<LockHolder> {
    let mut words = text.strip_prefix("sqlflow ")?.split(' ').map(str::to_owned);
    let (verb, pid, since) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    Some(LockHolder { host: words.next().unwrap_or_default(), pid, verb, since })
}
