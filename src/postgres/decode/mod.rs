//! Binary COPY into Arrow, a column at a time.
//!
//! | file | what |
//! | --- | --- |
//! | `block` | bytes of the stream, cut into rows and fields |
//! | `fixed` | values of fixed length: numbers, dates, times, uuid |
//! | `text` | text and bytes |
//! | `numeric` | numeric, as decimals and as text |
//! | `nested` | arrays and composites |
//! | `rows` | decoders of all columns, and batches from them |
//!
//! The decoder of a column is chosen once. It then reads its field in each row of a block in one
//! loop, which knows the type at compile time; nothing is allocated for a value.

mod block;
mod fixed;
mod nested;
mod numeric;
mod rows;
mod text;
mod wrong;

#[cfg(test)]
mod tests;

pub(crate) use block::Block;
pub(crate) use rows::{Rows, Target};
pub(crate) use wrong::Wrong;

use super::spec::NumericSpecial;
use super::types::Kind;
use arrow::array::{ArrayRef, NullBufferBuilder};
use arrow::buffer::NullBuffer;
use std::ops::Range;

/// Reads the values of one column.
pub(crate) trait Decoder: Send {
    /// Adds a value; `None` is NULL.
    fn value(&mut self, value: Option<&[u8]>) -> Result<(), Wrong>;

    /// Adds the field `column` of some rows; with an error comes its row.
    fn column(
        &mut self,
        block: &Block,
        column: usize,
        rows: Range<usize>,
    ) -> Result<(), (usize, Wrong)> {
        for row in rows {
            self.value(block.value(row, column)).map_err(|wrong| (row, wrong))?;
        }
        Ok(())
    }

    /// What was read so far, which is then forgotten.
    fn finish(&mut self) -> Result<ArrayRef, Wrong>;
}

/// The decoder of a type.
pub(crate) fn decoder(kind: &Kind, special: NumericSpecial) -> Box<dyn Decoder> {
    match kind {
        Kind::Boolean => Box::new(fixed::Booleans::default()),
        Kind::Int16 => fixed::int16(),
        Kind::Int32 => fixed::int32(),
        Kind::Int64 => fixed::int64(),
        Kind::Oid => fixed::oid(),
        Kind::Float32 => fixed::float32(),
        Kind::Float64 => fixed::float64(),
        Kind::Date => fixed::date(),
        Kind::Time => fixed::time(),
        Kind::Timestamp => fixed::timestamp(None),
        Kind::TimestampTz => fixed::timestamp(Some("UTC".into())),
        Kind::Interval => fixed::interval(),
        Kind::Uuid => Box::new(fixed::Uuids::default()),
        Kind::Decimal { precision, scale } => {
            Box::new(numeric::Decimals::new(*precision, *scale, special))
        }
        Kind::Numeric => Box::new(text::Texts::new(numeric::write)),
        Kind::TimeTz => Box::new(text::Texts::new(text::write_timetz)),
        Kind::Jsonb => Box::new(text::Texts::new(text::write_jsonb)),
        Kind::Text | Kind::Json | Kind::Cast => Box::new(text::Texts::new(text::write)),
        Kind::Bytes => Box::new(text::Blobs::default()),
        Kind::List(element) => {
            Box::new(nested::Lists::new(element.field("item"), decoder(element, special)))
        }
        Kind::Struct(fields) => {
            let decoders = fields.iter().map(|(_, kind)| decoder(kind, special));
            Box::new(nested::Structs::new(kind.fields(), decoders.collect()))
        }
    }
}

/// Which values are NULL.
struct Nulls(NullBufferBuilder);

impl Default for Nulls {
    fn default() -> Self {
        Self(NullBufferBuilder::new(0))
    }
}

impl Nulls {
    #[inline]
    fn add(&mut self, is_valid: bool) {
        self.0.append(is_valid);
    }

    fn finish(&mut self) -> Option<NullBuffer> {
        self.0.finish()
    }
}
