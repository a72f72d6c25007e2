//! The server's refusal, with its place in the statement.

use crate::engine::{EngineError, ErrorKind, Notice};
use crate::postgres::error::line;
use crate::system::{ConnectorError, Kind, Outlook};
use tokio_postgres::error::{DbError, ErrorPosition, Severity};

/// What `held_stands` raises.
const UNLOCKED: &str = "SF609";

/// What goes wrong on the way to the server, or before.
pub(in crate::engine) fn refused(error: ConnectorError) -> EngineError {
    let kind = match error.kind {
        _ if error.outlook == Outlook::Unknown => ErrorKind::Undecided,
        Kind::Auth | Kind::Network => ErrorKind::Unavailable,
        Kind::Permission => ErrorKind::Forbidden,
        Kind::NotFound | Kind::Data => ErrorKind::Data,
        Kind::Resource => ErrorKind::Exhausted,
    };
    let help = error.help.map(|help| format!("\n{help}")).unwrap_or_default();
    EngineError::new(kind, format!("{}{help}", error.message))
}

/// What the server says of `sql`.
pub(super) fn told(error: &DbError, sql: &str) -> EngineError {
    let code = error.code().code();
    if code == UNLOCKED {
        return super::held::lost();
    }
    let mut message = line(error.message());
    let hint = error.hint().filter(|hint| meant(hint).is_none());
    for more in [error.detail(), hint].into_iter().flatten() {
        message.push('\n');
        message.push_str(line(more).trim_end_matches('.'));
    }
    if let Some(help) = help(code, error.message()) {
        message.push('\n');
        message.push_str(help);
    }
    EngineError {
        kind: kind(code, error.message()),
        message,
        position: match error.position() {
            Some(ErrorPosition::Original(character)) => byte(sql, *character),
            Some(ErrorPosition::Internal { .. }) | None => None,
        },
        candidates: error.hint().and_then(meant).into_iter().collect(),
        missing: missing(code, error.message()),
    }
}

/// Whether users want to read a notice: a warning, or that a name was cut.
pub(super) fn matters(notice: &DbError) -> bool {
    const NAME_TOO_LONG: &str = "42622";
    notice.parsed_severity() == Some(Severity::Warning) || notice.code().code() == NAME_TOO_LONG
}

/// A notice in our words.
pub(super) fn notice(notice: &DbError) -> Notice {
    let message = line(notice.message()).trim_end_matches('.').to_owned();
    Notice { message, detail: notice.detail().map(str::to_owned) }
}

fn kind(code: &str, message: &str) -> ErrorKind {
    match code {
        "42501" | "25006" => ErrorKind::Forbidden,
        "57014" if message.contains("user request") => ErrorKind::Interrupted,
        "57014" => ErrorKind::Exhausted,
        "55P03" => ErrorKind::Conflict,
        "57P01" | "57P02" | "57P03" => ErrorKind::Lost,
        _ => match code.get(..2).unwrap_or_default() {
            "22" | "23" | "P0" => ErrorKind::Data,
            "40" => ErrorKind::Conflict,
            "08" => ErrorKind::Lost,
            "28" => ErrorKind::Unavailable,
            "53" | "58" => ErrorKind::Exhausted,
            "XX" => ErrorKind::Internal,
            _ => ErrorKind::Sql,
        },
    }
}

/// What to change, where the server's own words do not say it.
fn help(code: &str, message: &str) -> Option<&'static str> {
    Some(match code {
        "42501" if message.starts_with("permission denied for") => {
            "have its owner grant what is needed to the role that connects, or to `role:` of the output"
        }
        "42883" if message.contains("json = json") => {
            "values of type json cannot be compared: cast them to jsonb in the query"
        }
        "42P01" if message.contains("__sqlflow_") => {
            "something of this run is gone: a pooler in transaction mode is in between, or somebody \
             dropped it"
        }
        "25006" => {
            "the server is a read-only replica, or the role's transactions are: write to the primary"
        }
        "53300" => "lower `--threads`, or raise the server's own limit",
        "57014" => "raise `statement_timeout:` of the output (seconds), or the role's own",
        "26000" | "34000" => {
            "a pooler hands each transaction to another server process: connect to the server itself, \
             or to a pool in session mode"
        }
        _ => return None,
    })
}

/// The byte at which the character number `character`, from 1, begins.
fn byte(sql: &str, character: u32) -> Option<usize> {
    let before = usize::try_from(character).ok()?.checked_sub(1)?;
    sql.char_indices().map(|(at, _)| at).chain([sql.len()]).nth(before)
}

/// The name that a hint proposes: `Perhaps you meant to reference the column "o.amount".`
fn meant(hint: &str) -> Option<String> {
    let after = hint.split_once("meant to reference the column \"")?.1;
    Some(after.split('"').next()?.to_owned())
}

/// What was not found: the last part of the name that the message gives.
fn missing(code: &str, message: &str) -> Option<String> {
    if !matches!(code, "42703" | "42P01" | "42883" | "3F000" | "42704" | "42P02") {
        return None;
    }
    let name = match message.split('"').nth(1) {
        Some(quoted) => quoted,
        None => message.split_whitespace().nth(1)?,
    };
    let name = name.split('(').next().unwrap_or(name);
    Some(name.rsplit('.').next().unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_answers_bytes() {
        assert_eq!(byte("select é, x", 11), Some(11));
        assert_eq!(byte("abc", 1), Some(0));
        assert_eq!(byte("abc", 4), Some(3));
        assert_eq!(byte("abc", 6), None);
    }

    #[test]
    fn what_is_missing_and_what_was_meant_is_read() {
        assert_eq!(missing("42703", "column o.amuont does not exist").as_deref(), Some("amuont"));
        assert_eq!(missing("42P01", "relation \"s.t\" does not exist").as_deref(), Some("t"));
        assert_eq!(
            meant("Perhaps you meant to reference the column \"o.amount\".").as_deref(),
            Some("o.amount")
        );
    }
}
