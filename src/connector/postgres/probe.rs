//! What `debug` says of a connection.

use super::Postgres;
use crate::connector::Report;
use crate::postgres::session::Session;
use crate::postgres::sql::sql;
use crate::system::{ConnectorError, Kind};
use minijinja::context;
use std::time::Instant;

/// Connects, and finds out what the role may do.
pub(super) fn test(postgres: &Postgres) -> Report {
    let mut report = Report::default();
    let mut session = match Session::connect(&postgres.settings) {
        Ok(session) => session,
        Err(error) => {
            // Who is refused a login, or a database, was heard by the server.
            if error.kind != Kind::Network {
                report.checks.push(("reached", Ok(postgres.settings.address())));
            }
            let failed = if error.kind == Kind::Network { "reached" } else { "authenticated" };
            report.checks.push((failed, Err(error)));
            return report;
        }
    };
    let began = Instant::now();
    let found = sql("probe", &context! { schema => &postgres.settings.schema })
        .and_then(|statement| session.row(&statement));
    let row = match found {
        Ok(row) => row,
        Err(error) => {
            report.checks.push(("reached", Ok(postgres.settings.address())));
            report.checks.push(("authenticated", Err(error)));
            return report;
        }
    };
    report.latency = Some(began.elapsed());
    let text = |at| row.get(at).unwrap_or_default();
    let encrypted = if text(7) == "t" { ", encrypted" } else { "" };
    report.checks.push(("reached", Ok(format!("{}{encrypted}", postgres.settings.address()))));
    report.version = format!("PostgreSQL {}", text(0));
    let user = text(1);
    report.checks.push(("authenticated", Ok(format!("as {user} in {}", text(2)))));
    report.checks.push(("may read", may_read(text(4), user)));
    report.checks.push(("may write", may_write(text(3) == "t", text(5) == "t", text(6), user)));
    report
}

/// `count` is as in `3 of 7`.
fn may_read(count: &str, user: &str) -> Result<String, ConnectorError> {
    if count.starts_with("0 of") && count != "0 of 0" {
        let message = format!("`{user}` may read no table");
        return Err(ConnectorError::new(Kind::Permission, message).with_help(format!(
            "have their owner say `GRANT SELECT ON ALL TABLES IN SCHEMA ... TO \"{user}\"`"
        )));
    }
    Ok(format!("{count} tables and views"))
}

fn may_write(
    is_read_only: bool,
    may_create: bool,
    schema: &str,
    user: &str,
) -> Result<String, ConnectorError> {
    if is_read_only {
        return Err(ConnectorError::new(Kind::Permission, "the server is read-only")
            .with_help("exports need its primary; reading works"));
    }
    if may_create && !schema.is_empty() {
        return Ok(format!("in schema `{schema}`"));
    }
    let message = format!("`{user}` may create no table in schema `{schema}`");
    Err(ConnectorError::new(Kind::Permission, message).with_help(format!(
        "exports need `GRANT CREATE ON SCHEMA \"{schema}\" TO \"{user}\"`; reading works"
    )))
}
