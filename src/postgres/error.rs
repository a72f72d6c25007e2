//! What PostgreSQL says went wrong, by what can be done about it.
//!
//! | SQLSTATE | kind |
//! | --- | --- |
//! | 28 | auth |
//! | 42501 | permission |
//! | 3D000, 3F000, 42P01, 42703, 42704, 42883 | not found |
//! | 08, 57P, 57014, 40, 55 | network |
//! | 53, 54, 55P03, 58 | resource |
//! | all others | data |

use super::spec::Settings;
use crate::system::{ConnectorError, Kind};
use std::error::Error as _;
use std::io;
use tokio_postgres::error::{DbError, SqlState};

/// Which kind a SQLSTATE is.
pub(crate) fn kind(code: &str) -> Kind {
    match code {
        "42501" => Kind::Permission,
        "55P03" => Kind::Resource,
        "3D000" | "3F000" | "42P01" | "42703" | "42704" | "42883" => Kind::NotFound,
        _ => match code.get(..2).unwrap_or_default() {
            "28" => Kind::Auth,
            "08" | "40" | "55" | "57" => Kind::Network,
            "53" | "54" | "58" => Kind::Resource,
            _ => Kind::Data,
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
    let (message, help) = match io {
        Some(io) if what.starts_with("error connecting") => reach(io, &at),
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
    ConnectorError::new(Kind::Network, message).with_help(help)
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
    let told = ConnectorError::new(kind(code.code()), message);
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
            Some(hint) => line(hint),
            None => return None,
        },
    };
    Some(text)
}

/// Text in one line.
pub(crate) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_of_a_kind() {
        for (code, expected) in [
            ("28P01", Kind::Auth),
            ("28000", Kind::Auth),
            ("42501", Kind::Permission),
            ("3D000", Kind::NotFound),
            ("42P01", Kind::NotFound),
            ("42703", Kind::NotFound),
            ("22P02", Kind::Data),
            ("22012", Kind::Data),
            ("42601", Kind::Data),
            ("08006", Kind::Network),
            ("57P01", Kind::Network),
            ("53300", Kind::Resource),
            ("", Kind::Data),
        ] {
            assert_eq!(kind(code), expected, "{code}");
        }
    }
}
