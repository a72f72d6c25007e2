//! Rows in and out by binary COPY.

use crate::postgres::decode::{Rows, Target};
use crate::postgres::encode;
use crate::postgres::session::{Abort, Failure, Session as Client};
use crate::postgres::spec::NumericSpecial;
use crate::postgres::sql::sql as rendered;
use crate::postgres::types::{self, TypeRow, Types};
use crate::system::{ConnectorError, Kind};
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use futures_util::{SinkExt as _, TryStreamExt as _};
use minijinja::context;
use serde::Deserialize;
use std::io::Cursor;

/// Bytes that are sent or decoded at once.
const PIECE: usize = 256 << 10;

/// Rows in a batch.
const BATCH_ROWS: usize = 100_000;

/// What is read of the answer of templates/postgres/catalog.sql.
#[derive(Deserialize)]
struct Document {
    types: Vec<TypeRow>,
}

/// Sends the rows of `batches` to the COPY that `sql` is; answers how many the server took.
pub(super) fn write(
    client: &mut Client,
    abort: &Abort,
    sql: &str,
    batches: Box<dyn RecordBatchReader + Send>,
) -> Result<u64, Failure> {
    let forms = encode::forms(&batches.schema())?;
    client.attempt(abort, async move |client| {
        let mut sink = std::pin::pin!(client.copy_in::<str, Cursor<Vec<u8>>>(sql).await?);
        let mut bytes = encode::HEAD.to_vec();
        let mut count = 0;
        for batch in batches {
            let batch = batch.map_err(|error| {
                ConnectorError::new(Kind::Data, format!("the rows ended early: {error}"))
            })?;
            // A batch may be large, and all of its rows are not sent at once.
            let rows = batch.num_rows();
            let step = (rows * PIECE / batch.get_array_memory_size().max(1)).max(1);
            for first in (0..rows).step_by(step) {
                if abort.is_called() {
                    return Err(Failure::Unwanted);
                }
                let part = batch.slice(first, step.min(rows - first));
                encode::rows(&part, &forms, &mut bytes)?;
                if bytes.len() >= PIECE {
                    sink.send(Cursor::new(std::mem::take(&mut bytes))).await?;
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
    })
}

/// Reads the rows of the query `sql` and gives them to `take`, first the columns with none.
pub(super) fn read(
    client: &mut Client,
    abort: &Abort,
    sql: &str,
    take: &mut dyn FnMut(RecordBatch) -> bool,
) -> Result<(), Failure> {
    let (target, copy) = planned(client, abort, sql)?;
    if !take(RecordBatch::new_empty(target.schema.clone())) {
        return Err(Failure::Unwanted);
    }
    let mut rows = Rows::new(target);
    let rest = client.attempt(abort, async |client| {
        let mut stream = std::pin::pin!(client.copy_out(&copy).await?);
        while let Some(bytes) = stream.try_next().await? {
            rows.extend(&bytes);
            if rows.waiting() >= PIECE {
                give(&mut rows, take)?;
            }
        }
        give(&mut rows, take)?;
        rows.end()?;
        Ok(rows.rest()?)
    })?;
    match rest.map(take) {
        Some(false) => Err(Failure::Unwanted),
        Some(true) | None => Ok(()),
    }
}

fn give(rows: &mut Rows, take: &mut dyn FnMut(RecordBatch) -> bool) -> Result<(), Failure> {
    while let Some(batch) = rows.batch()? {
        if !take(batch) {
            return Err(Failure::Unwanted);
        }
    }
    Ok(())
}

/// How the rows of `sql` are decoded, and the COPY that gives them.
fn planned(client: &mut Client, abort: &Abort, sql: &str) -> Result<(Target, String), Failure> {
    let statement = client.attempt(abort, async |client| Ok(client.prepare(sql).await?))?;
    let oids: Vec<u32> = statement.columns().iter().map(|column| column.type_().oid()).collect();
    let catalog = rendered("catalog", &context! { tables => Vec::<u32>::new(), types => oids })?;
    let row = client.row(&catalog)?;
    let document: Document =
        serde_json::from_str(row.get(0).unwrap_or_default()).map_err(|error| {
            ConnectorError::new(Kind::Data, format!("the catalogue cannot be understood: {error}"))
        })?;
    let known: Types = document.types.into_iter().map(|row| (row.oid, row)).collect();
    let mut columns = Vec::new();
    let mut asked = Vec::new();
    for column in statement.columns() {
        let (oid, modifier) = (column.type_().oid(), column.type_modifier());
        let read = types::kind(oid, modifier, &known).map_err(|unknown| {
            let message = format!(
                "column `{}` has type `{}`, which cannot be carried",
                column.name(),
                unknown.name
            );
            ConnectorError::new(Kind::Data, message).with_help("cast it in the query")
        })?;
        asked.push(types::asked(column.name(), &read));
        columns.push((column.name().to_owned(), read));
    }
    let copy = context! { query => sql, columns => asked, pages => (), part => (), filter => (), limit => () };
    let copy = rendered("copy_out", &copy)?;
    Ok((Target::new(columns, BATCH_ROWS, NumericSpecial::Error), copy))
}
