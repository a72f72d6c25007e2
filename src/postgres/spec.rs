//! The parameters of a connection to PostgreSQL.

use crate::system::{ConnectorError, Kind};
use crate::system::{ConnectorSpec, Parameter, Parameters, Reads, Takes};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

const ANY: Parameter = Parameter {
    name: "",
    aliases: &[],
    takes: Takes::Text,
    required: false,
    secret: false,
    about: "",
};

/// What a connection to PostgreSQL may say; the names are dbt's too.
pub static SPEC: ConnectorSpec = ConnectorSpec {
    name: "postgres",
    version: "0.1.0",
    about: "PostgreSQL: tables, views and queries by binary COPY",
    reads: Reads::Tables,
    parameters: &[
        Parameter {
            name: "host",
            required: true,
            about: "name or address of the server, or the folder of its socket",
            ..ANY
        },
        Parameter {
            name: "port",
            takes: Takes::Number(1, 65_535),
            about: "port of the server; 5432 by default",
            ..ANY
        },
        Parameter { name: "user", required: true, about: "the role that connects", ..ANY },
        Parameter {
            name: "password",
            aliases: &["pass"],
            secret: true,
            about: "its password; none by default",
            ..ANY
        },
        Parameter {
            name: "dbname",
            aliases: &["database"],
            required: true,
            about: "the database to connect to",
            ..ANY
        },
        Parameter {
            name: "schema",
            about: "the schema of tables that name none; by default where search_path finds them",
            ..ANY
        },
        Parameter {
            name: "search_path",
            about: "search_path of the sessions, as SQL writes it; the role's own by default",
            ..ANY
        },
        Parameter { name: "role", about: "a role that the sessions take on with SET ROLE", ..ANY },
        Parameter {
            name: "sslmode",
            takes: Takes::OneOf(&["disable", "prefer", "require", "verify-ca", "verify-full"]),
            about: "whether the connection is encrypted and the server's certificate is checked: \
                    disable, prefer (the default), require, verify-ca or verify-full",
            ..ANY
        },
        Parameter {
            name: "sslrootcert",
            takes: Takes::File,
            about: "a file of certificates (PEM) that may sign the server's; `system` for those \
                    of this machine",
            ..ANY
        },
        Parameter {
            name: "sslcert",
            takes: Takes::File,
            about: "a file with the client's own certificate (PEM)",
            ..ANY
        },
        Parameter {
            name: "sslkey",
            takes: Takes::File,
            about: "a file with the key to `sslcert` (PEM)",
            ..ANY
        },
        Parameter {
            name: "connect_timeout",
            takes: Takes::Number(1, 86_400),
            about: "seconds to wait for the server to answer; 10 by default",
            ..ANY
        },
        Parameter {
            name: "retries",
            takes: Takes::Number(0, 100),
            about: "how often a load, or an export to it, starts anew after an error that may heal: \
                    the connection broke, the server restarts or has no connection left; 3 by \
                    default, 0 for never",
            ..ANY
        },
        Parameter {
            name: "statement_timeout",
            takes: Takes::Number(0, 2_000_000),
            about: "seconds that a statement may take, reading a table too; 0 for no limit; the \
                    server's own by default",
            ..ANY
        },
        Parameter {
            name: "keepalives_idle",
            takes: Takes::Number(0, 86_400),
            about: "seconds of silence before the connection is probed; 60 by default",
            ..ANY
        },
        Parameter {
            name: "application_name",
            about: "what the server's views call the sessions; `sqlflow` by default",
            ..ANY
        },
        Parameter {
            name: "max_connections",
            takes: Takes::Number(1, 1_000),
            about: "connections that one load may use; 4 by default",
            ..ANY
        },
        Parameter {
            name: "batch_rows",
            takes: Takes::Number(1, 10_000_000),
            about: "rows in a batch, of which some are in memory at once; 20000 by default. A \
                    batch of wide rows ends earlier",
            ..ANY
        },
        Parameter {
            name: "numeric_special",
            takes: Takes::OneOf(&["error", "null"]),
            about: "what becomes of NaN and Infinity in numeric(p,s): error (the default) or null",
            ..ANY
        },
    ],
    batch_rows: 20_000,
    max_connections: 4,
};

/// Whether a connection is encrypted, and what is checked, as libpq has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server can.
    Prefer,
    /// Encrypted, whoever the server is.
    Require,
    /// Encrypted, and a known authority signed the server's certificate.
    VerifyCa,
    /// That, and the certificate is for the host.
    VerifyFull,
}

/// What becomes of NaN and infinity where a decimal is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumericSpecial {
    /// The read ends.
    Error,
    /// They are read as NULL.
    Null,
}

/// A connection's parameters, each with its default.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) dbname: String,
    pub(crate) schema: Option<String>,
    pub(crate) search_path: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) sslmode: SslMode,
    pub(crate) sslrootcert: Option<PathBuf>,
    pub(crate) sslcert: Option<(PathBuf, PathBuf)>,
    pub(crate) connect_timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) statement_timeout: Option<Duration>,
    pub(crate) keepalives_idle: Duration,
    pub(crate) application_name: String,
    pub(crate) max_connections: usize,
    pub(crate) batch_rows: usize,
    pub(crate) numeric_special: NumericSpecial,
    /// Whether sessions change nothing.
    pub(crate) read_only: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("dbname", &self.dbname)
            .finish_non_exhaustive()
    }
}

impl Settings {
    pub(crate) fn read(given: &Parameters) -> Result<Self, ConnectorError> {
        let text = |name| given.text(name).map(str::to_owned);
        let seconds = |name, default| Duration::from_secs(given.number(name).unwrap_or(default));
        let count = |name| given.number(name).and_then(|count| usize::try_from(count).ok());
        Ok(Self {
            host: needed(given, "host")?,
            port: given.number("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(5432),
            user: needed(given, "user")?,
            password: text("password"),
            dbname: needed(given, "dbname")?,
            schema: text("schema"),
            search_path: text("search_path"),
            role: text("role"),
            sslmode: sslmode(given),
            sslrootcert: given.text("sslrootcert").map(PathBuf::from),
            sslcert: sslcert(given)?,
            connect_timeout: seconds("connect_timeout", 10),
            retries: given
                .number("retries")
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(3),
            statement_timeout: given.number("statement_timeout").map(Duration::from_secs),
            keepalives_idle: seconds("keepalives_idle", 60),
            application_name: text("application_name").unwrap_or_else(|| "sqlflow".to_owned()),
            max_connections: count("max_connections").unwrap_or(SPEC.max_connections),
            batch_rows: count("batch_rows").unwrap_or(SPEC.batch_rows),
            numeric_special: match given.text("numeric_special") {
                Some("null") => NumericSpecial::Null,
                _ => NumericSpecial::Error,
            },
            read_only: false,
        })
    }

    /// Where the server is, for messages.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether the server is reached by a socket of this machine, which is never encrypted.
    pub(crate) fn is_local_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

fn needed(given: &Parameters, name: &'static str) -> Result<String, ConnectorError> {
    given.text(name).map(str::to_owned).ok_or_else(|| {
        ConnectorError::new(Kind::Data, format!("a postgres connection needs `{name}`"))
            .with_help(format!("add `{name}:` to it"))
    })
}

/// With a root certificate, `require` checks it: so does libpq.
fn sslmode(given: &Parameters) -> SslMode {
    match given.text("sslmode") {
        Some("disable") => SslMode::Disable,
        Some("require") if given.text("sslrootcert").is_some() => SslMode::VerifyCa,
        Some("require") => SslMode::Require,
        Some("verify-ca") => SslMode::VerifyCa,
        Some("verify-full") => SslMode::VerifyFull,
        _ => SslMode::Prefer,
    }
}

fn sslcert(given: &Parameters) -> Result<Option<(PathBuf, PathBuf)>, ConnectorError> {
    match (given.text("sslcert"), given.text("sslkey")) {
        (Some(certificate), Some(key)) => Ok(Some((certificate.into(), key.into()))),
        (None, None) => Ok(None),
        (one, _) => {
            let (has, lacks) =
                if one.is_some() { ("sslcert", "sslkey") } else { ("sslkey", "sslcert") };
            let message = format!("`{has}` is given without `{lacks}`");
            Err(ConnectorError::new(Kind::Data, message)
                .with_help(format!("add `{lacks}:`, or leave out `{has}:`")))
        }
    }
}
