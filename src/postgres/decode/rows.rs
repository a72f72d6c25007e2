//! All columns of a stream, and the batches that come of it.

use super::{Block, Decoder, Wrong, decoder};
use crate::postgres::spec::NumericSpecial;
use crate::postgres::types::Kind as Read;
use crate::system::{ConnectorError, Kind};
use arrow::array::{ArrayRef, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use std::ops::Range;
use std::sync::Arc;

/// A batch ends at so many bytes, however few its rows: wide text stays bounded.
const BATCH_BYTES: usize = 2 << 20;

/// What a stream is read into.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Name and reading of each column.
    pub(crate) columns: Arc<[(String, Read)]>,
    /// The schema of the batches.
    pub(crate) schema: SchemaRef,
    /// Rows in a batch.
    pub(crate) batch_rows: usize,
    /// What becomes of NaN in decimals.
    pub(crate) special: NumericSpecial,
}

impl Target {
    pub(crate) fn new(
        columns: Vec<(String, Read)>,
        batch_rows: usize,
        special: NumericSpecial,
    ) -> Self {
        let fields: Vec<_> = columns.iter().map(|(name, read)| read.field(name)).collect();
        let schema = Arc::new(Schema::new(fields));
        Self { columns: columns.into(), schema, batch_rows: batch_rows.max(1), special }
    }
}

/// Rows on their way into batches.
pub(crate) struct Rows {
    target: Target,
    block: Block,
    decoders: Vec<Box<dyn Decoder>>,
    /// Rows of the block that were decoded.
    taken: usize,
    /// Rows and bytes in the batch that is being made.
    gathered: usize,
    bytes: usize,
    /// Rows in batches before.
    before: usize,
}

impl Rows {
    pub(crate) fn new(target: Target) -> Self {
        let decoders = target.columns.iter().map(|(_, read)| decoder(read, target.special));
        let decoders = decoders.collect();
        let block = Block::new(target.columns.len());
        Self { target, block, decoders, taken: 0, gathered: 0, bytes: 0, before: 0 }
    }

    /// Adds bytes as they came.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.block.extend(bytes);
    }

    /// Bytes that wait to be decoded.
    pub(crate) fn waiting(&self) -> usize {
        self.block.len()
    }

    /// Decodes what came; a batch, once it is full. To be called until there is none.
    pub(crate) fn batch(&mut self) -> Result<Option<RecordBatch>, ConnectorError> {
        if self.taken == self.block.rows() {
            self.block.clear();
            self.taken = 0;
            self.block.parse().map_err(|wrong| broken(&wrong))?;
        }
        let room = self.target.batch_rows - self.gathered;
        let rows = self.taken..self.block.rows().min(self.taken + room);
        if rows.is_empty() {
            return Ok(None);
        }
        self.decode(rows.clone())?;
        self.bytes += self.block.bytes_of(rows.clone());
        self.gathered += rows.len();
        self.taken = rows.end;
        if self.gathered < self.target.batch_rows && self.bytes < BATCH_BYTES {
            return Ok(None);
        }
        self.finish()
    }

    /// After the last byte of a stream; another may follow.
    pub(crate) fn end(&mut self) -> Result<(), ConnectorError> {
        if !self.block.ended() {
            let message = "the stream of rows was cut before its end";
            return Err(ConnectorError::new(Kind::Network, message));
        }
        self.block = Block::new(self.target.columns.len());
        self.taken = 0;
        Ok(())
    }

    /// The last batch, after the last stream.
    pub(crate) fn rest(&mut self) -> Result<Option<RecordBatch>, ConnectorError> {
        if self.gathered == 0 { Ok(None) } else { self.finish() }
    }

    fn decode(&mut self, rows: Range<usize>) -> Result<(), ConnectorError> {
        for (column, decoder) in self.decoders.iter_mut().enumerate() {
            if let Err((row, wrong)) = decoder.column(&self.block, column, rows.clone()) {
                return Err(self.wrong(column, row, &wrong));
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Option<RecordBatch>, ConnectorError> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.decoders.len());
        for (decoder, (name, _)) in self.decoders.iter_mut().zip(self.target.columns.iter()) {
            arrays.push(decoder.finish().map_err(|wrong| {
                let message = format!("a value of column `{name}` {wrong}");
                ConnectorError::new(Kind::Data, message).with_help(wrong.help())
            })?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.gathered));
        let schema = Arc::clone(&self.target.schema);
        let batch = RecordBatch::try_new_with_options(schema, arrays, &options);
        self.before += self.gathered;
        (self.gathered, self.bytes) = (0, 0);
        batch.map(Some).map_err(|error| broken(&Wrong::Arrow(error.to_string())))
    }

    /// Names the row by the first of its values that can tell it from others.
    fn wrong(&self, column: usize, row: usize, wrong: &Wrong) -> ConnectorError {
        let name = &self.target.columns[column].0;
        let shown = self.target.columns.iter().enumerate().find_map(|(at, (name, read))| {
            let value = shown(read, self.block.value(row, at)?)?;
            (at != column).then(|| format!("where `{name}` is {value}"))
        });
        let place = shown.unwrap_or_else(|| {
            format!("number {} of those read", self.before + self.gathered + row - self.taken + 1)
        });
        let message = format!("column `{name}` {wrong}, in the row {place}");
        ConnectorError::new(Kind::Data, message).with_help(wrong.help())
    }
}

/// A value that names a row well.
fn shown(read: &Read, value: &[u8]) -> Option<String> {
    const LONGEST: usize = 60;
    Some(match read {
        Read::Int16 => i16::from_be_bytes(value.try_into().ok()?).to_string(),
        Read::Int32 => i32::from_be_bytes(value.try_into().ok()?).to_string(),
        Read::Int64 => i64::from_be_bytes(value.try_into().ok()?).to_string(),
        Read::Uuid => {
            let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
            (digits.len() == 32).then(|| {
                let parts =
                    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
                parts.join("-")
            })?
        }
        Read::Text if value.len() <= LONGEST => format!("'{}'", std::str::from_utf8(value).ok()?),
        _ => return None,
    })
}

fn broken(wrong: &Wrong) -> ConnectorError {
    ConnectorError::new(Kind::Data, format!("the stream of rows {wrong}")).with_help(wrong.help())
}
