//! How fast a table of PostgreSQL becomes Arrow: rows a second, nothing else done with them.
//!
//! `cargo run --release --example postgres_read -- HOST PORT USER DATABASE TABLE CONNECTIONS`

use sqlflow::connector::postgres::{Postgres, SPEC};
use sqlflow::connector::{Connector, ConnectorError, Object, ReadRequest};
use std::io::Write as _;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, user, dbname, table, connections] = arguments.as_slice() else {
        return Err("expected HOST PORT USER DATABASE TABLE CONNECTIONS".into());
    };
    let given = [("host", host), ("port", port), ("user", user), ("dbname", dbname)];
    let given = given.into_iter().map(|(name, value)| (name, value.as_str()));
    let parameters = SPEC.read(given).map_err(|errors| format!("{errors:?}"))?;
    let postgres = Postgres::new(parameters)?;
    let began = Instant::now();
    let (rows, bytes) = read(&postgres, table, connections.parse()?)?;
    let seconds = began.elapsed().as_secs_f64();
    let mut out = std::io::stdout();
    writeln!(out, "{rows} rows, {bytes} bytes of Arrow, {seconds:.2} s")?;
    Ok(())
}

fn read(
    postgres: &Postgres,
    table: &str,
    connections: usize,
) -> Result<(usize, usize), ConnectorError> {
    let mut batches = postgres.read(&ReadRequest {
        object: Object::Table { schema: None, name: table.to_owned() },
        columns: None,
        filter: None,
        limit: None,
        partition_on: None,
        batch_rows: SPEC.batch_rows,
        connections,
    })?;
    let (mut rows, mut bytes) = (0, 0);
    while let Some(batch) = batches.next()? {
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
    }
    Ok((rows, bytes))
}
