//! One run at a time on a relation: advisory locks of a session, which the server frees when the
//! session ends, however it ends.

use super::refused;
use super::session::filled;
use crate::engine::duckdb::{LockError, LockHolder};
use crate::engine::{EngineError, ErrorKind, Hold, OpenError, Waiting};
use crate::postgres::session::Session as Client;
use crate::relation::RelationName;
use minijinja::context;
use std::time::{Duration, Instant};

/// How long until a lock that somebody else has is tried again.
const POLL: Duration = Duration::from_millis(100);

/// Locks all of `relations`, or none while somebody has one of them.
pub(super) fn hold(
    mut client: Client,
    relations: &[RelationName],
    waiting: &mut Waiting<'_>,
) -> Result<Hold, OpenError> {
    let mut names: Vec<String> = relations
        .iter()
        .map(|relation| format!("{}.{}", relation.schema(), relation.identifier))
        .collect();
    names.sort();
    names.dedup();
    let asks = context! { names => &names, holder => spelled(waiting.holder) };
    let (take, release) = (filled("hold_take", &asks)?, filled("hold_release", &asks)?);
    let start = Instant::now();
    loop {
        let others = client.rows(&take).map_err(refused)?;
        let Some(first) = others.first() else {
            stands(&mut client, &names)?;
            return Ok(Box::new(client));
        };
        let holder = first.get(1).and_then(read);
        let relation = first.get(0).unwrap_or_default().to_owned();
        client.run(&release).map_err(refused)?;
        let waited = start.elapsed();
        if waited >= waiting.timeout || !(waiting.told)(holder.as_ref()) {
            return Err(LockError::HeldRelation { relation, holder, waited }.into());
        }
        std::thread::sleep(POLL.min(waiting.timeout.saturating_sub(waited)));
    }
}

/// The locks belong to the session, and it still has them.
fn stands(client: &mut Client, names: &[String]) -> Result<(), OpenError> {
    let rows = client
        .rows(&filled("hold_stands", &context! { names => names.to_vec() })?)
        .map_err(refused)?;
    let held = rows.last().and_then(|row| row.get(0)?.parse::<usize>().ok()).unwrap_or_default();
    if held >= names.len() {
        return Ok(());
    }
    let message = "the locks of this run went to another process of the server: a pooler in transaction \
                   mode is in between\nconnect to the server itself, or to a pool in session mode";
    Err(EngineError::new(ErrorKind::Unavailable, message).into())
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
