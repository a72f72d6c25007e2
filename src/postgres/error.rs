//! What PostgreSQL says went wrong, by what can be done about it.
//!
//! | SQLSTATE | kind | heals |
//! | --- | --- | --- |
//! | 28 | auth | |
//! | 42501 | permission | |
//! | 3D000, 3F000, 42P01, 42703, 42704, 42883, 57P04 | not found | |
//! | 08, 25P03, 57P01, 57P02, 57P03, 57P05: the connection, or the server goes or comes | network | yes |
//! | 53300, 40001, 40P01: connections, a conflict, a deadlock | resource | yes |
//! | 53, 54, 55P03, 55006, 57, 58, 25P04: disk, memory, a lock, time, a cancel | resource | |
//! | all others | data | |

use super::spec::Settings;
use crate::system::{ConnectorError, Kind, Outlook};
use std::error::Error as _;
use std::io;
use tokio_postgres::error::{DbError, SqlState};

/// Which kind a SQLSTATE is, and what another try may bring.
pub(crate) fn kind(code: &str) -> (Kind, Outlook) {
    match code {
        "42501" => (Kind::Permission, Outlook::Final),
        "3D000" | "3F000" | "42P01" | "42703" | "42704" | "42883" | "57P04" => {
            (Kind::NotFound, Outlook::Final)
        }
        "25P03" | "57P01" | "57P02" | "57P03" | "57P05" => (Kind::Network, Outlook::Heals),
        "53300" | "40001" | "40P01" => (Kind::Resource, Outlook::Heals),
        "55P03" | "55006" | "25P04" => (Kind::Resource, Outlook::Final),
        _ => match code.get(..2).unwrap_or_default() {
            "28" => (Kind::Auth, Outlook::Final),
            "08" => (Kind::Network, Outlook::Heals),
            "53" | "54" | "57" | "58" => (Kind::Resource, Outlook::Final),
            _ => (Kind::Data, Outlook::Final),
        },
    }
}

/// An error of the server or on the way there, told to the user.
pub(crate) fn tell(error: &tokio_postgres::Error, settings: &Settings) -> ConnectorError {
    if let Some(db) = error.as_db_error() {
        return tell_db(db, settings);
    }
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(|cause| cause.source()) {
        cause = Some(deeper);
    }
    let cause = cause.map(|cause| line(&cause.to_string()));
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let what = error.to_string();
    let at = settings.address();
    if let Some(told) = tell_tls(&what, cause.as_deref(), io, &at) {
        return told;
    }
    if what.starts_with("authentication") || what.starts_with("invalid configuration") {
        let cause = cause.unwrap_or(what);
        return ConnectorError::new(Kind::Auth, format!("cannot log in to {at}: {cause}"))
            .with_help("check `user:` and `password:`");
    }
    let mut outlook = Outlook::Heals;
    let (message, help) = match io {
        Some(io) if what.starts_with("error connecting") => {
            // A name that is not there will not be; one that could not be asked for may.
            if io.to_string().contains("not known") {
                outlook = Outlook::Final;
            }
            reach(io, &at)
        }
        _ if what.starts_with("timeout") => (
            format!("{at} did not answer in {} s", settings.connect_timeout.as_secs()),
            "check `host:` and `port:`, a firewall in between, or raise `connect_timeout:`",
        ),
        _ => (
            format!(
                "the connection to {at} broke: {}",
                cause.unwrap_or_else(|| "the server closed it".to_owned())
            ),
            "run again; if it stays so, look into the server's log",
        ),
    };
    ConnectorError::new(Kind::Network, message).with_help(help).with_outlook(outlook)
}

/// The connection could not be made.
fn reach(error: &io::Error, at: &str) -> (String, &'static str) {
    let text = line(&error.to_string());
    if text.contains("lookup") || text.contains("resolve") || text.contains("not known") {
        return (
            format!("the host of `{at}` is not known: {text}"),
            "check `host:`, and that names are resolved on this machine",
        );
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => (
            format!("nothing answers at {at}: connection refused"),
            "check `host:` and `port:`, and that the server runs and listens there",
        ),
        io::ErrorKind::TimedOut => (
            format!("{at} did not answer in time"),
            "check `host:` and `port:`, a firewall in between, or raise `connect_timeout:`",
        ),
        _ => (
            format!("{at} cannot be reached: {text}"),
            "check `host:` and `port:`, and that the server runs and listens there",
        ),
    }
}

/// Encryption failed: refused, or not trusted. Nothing that a second try would heal, unless the
/// connection broke meanwhile.
fn tell_tls(
    what: &str,
    cause: Option<&str>,
    io: Option<&io::Error>,
    at: &str,
) -> Option<ConnectorError> {
    if !what.contains("TLS") {
        return None;
    }
    let cause = cause.unwrap_or("the handshake failed");
    if cause.contains("does not support TLS") {
        let message = format!("the server at {at} does not offer encrypted connections");
        return Some(
            ConnectorError::new(Kind::Auth, message)
                .with_help("switch `ssl` on there, or set `sslmode: disable` or `prefer`"),
        );
    }
    let broke = io.is_some_and(|io| io.kind() != io::ErrorKind::InvalidData);
    let (kind, help) = if broke {
        (Kind::Network, "run again; if it stays so, look into the server's log")
    } else if cause.contains("not valid for name") {
        (Kind::Auth, "use the host name of the certificate, or `sslmode: verify-ca`")
    } else {
        (
            Kind::Auth,
            "check that `sslrootcert:` is the authority that signed the server's certificate",
        )
    };
    let message = format!("the encrypted connection to {at} failed: {cause}");
    Some(ConnectorError::new(kind, message).with_help(help))
}

fn tell_db(error: &DbError, settings: &Settings) -> ConnectorError {
    let code = error.code();
    let mut message = line(error.message());
    if let Some(detail) = error.detail().filter(|_| shows_detail(code)) {
        message = format!("{message} ({})", line(detail).trim_end_matches('.'));
    }
    let message = format!("PostgreSQL says: {message} [{}]", code.code());
    let (kind, outlook) = kind(code.code());
    let told = ConnectorError::new(kind, message).with_outlook(outlook);
    match help(error, settings) {
        Some(help) => told.with_help(help),
        None => told,
    }
}

/// Details that repeat the row are as long as the row.
fn shows_detail(code: &SqlState) -> bool {
    !matches!(code.code().get(..2), Some("23"))
}

fn help(error: &DbError, settings: &Settings) -> Option<String> {
    let code = error.code().code();
    let user = &settings.user;
    let text = match code {
        "28P01" => "check `user:` and `password:`".to_owned(),
        "28000" => format!(
            "check `user:`, `dbname:` and `sslmode:`; the server's pg_hba.conf must let `{user}` in"
        ),
        "3D000" => format!("check `dbname:`, which is `{}`", settings.dbname),
        "42501" if error.message().contains("set role") => {
            format!("have an administrator say `GRANT <role> TO {user}`, or leave out `role:`")
        }
        "42501" => {
            let denied = error
                .message()
                .rsplit_once(" for ")
                .map_or("...", |(_, what)| what.strip_prefix("view ").unwrap_or(what));
            format!(
                "have its owner say `GRANT SELECT ON {denied} TO {user}`, or what is needed there"
            )
        }
        "53300" => {
            "lower `max_connections:` or `--threads`, or raise the server's own limit".to_owned()
        }
        "55P03" => "another session changes the table or waits to; run again".to_owned(),
        "57014" if error.message().contains("timeout") => {
            "raise `statement_timeout:` (seconds), or set it to 0".to_owned()
        }
        "42P01" => {
            "check its name and schema; the table may have been dropped meanwhile".to_owned()
        }
        _ => match error.hint() {
            Some(hint) => as_help(hint),
            None => return None,
        },
    };
    Some(text)
}

/// The server's hint in the form of ours: no capital, no full stop.
fn as_help(hint: &str) -> String {
    let hint = line(hint);
    let hint = hint.trim_end_matches('.');
    let mut letters = hint.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Text in one line.
pub(crate) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_of_a_kind_and_heal_or_not() {
        for (code, expected) in [
            ("28P01", (Kind::Auth, false)),
            ("28000", (Kind::Auth, false)),
            ("42501", (Kind::Permission, false)),
            ("3D000", (Kind::NotFound, false)),
            ("42P01", (Kind::NotFound, false)),
            ("42703", (Kind::NotFound, false)),
            ("57P04", (Kind::NotFound, false)),
            ("22P02", (Kind::Data, false)),
            ("22012", (Kind::Data, false)),
            ("23505", (Kind::Data, false)),
            ("42601", (Kind::Data, false)),
            ("40002", (Kind::Data, false)),
            ("", (Kind::Data, false)),
            ("08006", (Kind::Network, true)),
            ("57P01", (Kind::Network, true)),
            ("57P02", (Kind::Network, true)),
            ("57P03", (Kind::Network, true)),
            ("40001", (Kind::Resource, true)),
            ("40P01", (Kind::Resource, true)),
            ("53300", (Kind::Resource, true)),
            ("53100", (Kind::Resource, false)),
            ("55P03", (Kind::Resource, false)),
            ("57014", (Kind::Resource, false)),
        ] {
            let (kind, outlook) = kind(code);
            assert_eq!((kind, outlook == Outlook::Heals), expected, "{code}");
        }
    }
}
