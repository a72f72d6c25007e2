//! Text and bytes.

use super::{Decoder, Nulls, Wrong};
use arrow::array::{ArrayRef, BinaryArray, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use std::io::Write as _;
use std::sync::Arc;

/// Values of any length, one after the other.
struct Bytes {
    values: Vec<u8>,
    /// Where each begins, and where the last ends.
    offsets: Vec<i32>,
    nulls: Nulls,
}

impl Default for Bytes {
    fn default() -> Self {
        Self { values: Vec::new(), offsets: vec![0], nulls: Nulls::default() }
    }
}

impl Bytes {
    #[inline]
    fn close(&mut self, is_valid: bool) -> Result<(), Wrong> {
        self.offsets.push(i32::try_from(self.values.len()).map_err(|_| Wrong::Size)?);
        self.nulls.add(is_valid);
        Ok(())
    }

    fn finish(&mut self) -> (OffsetBuffer<i32>, Buffer, Option<arrow::buffer::NullBuffer>) {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let values = Buffer::from_vec(std::mem::take(&mut self.values));
        (offsets, values, self.nulls.finish())
    }
}

/// Text, or what `write` makes text of.
pub(crate) struct Texts<F> {
    bytes: Bytes,
    write: F,
}

impl<F> Texts<F> {
    pub(crate) fn new(write: F) -> Self {
        Self { bytes: Bytes::default(), write }
    }
}

impl<F> Decoder for Texts<F>
where
    F: Fn(&[u8], &mut Vec<u8>) -> Result<(), Wrong> + Send,
{
    #[inline]
    fn value(&mut self, value: Option<&[u8]>) -> Result<(), Wrong> {
        if let Some(value) = value {
            (self.write)(value, &mut self.bytes.values)?;
        }
        self.bytes.close(value.is_some())
    }

    /// That it is UTF-8 is checked here, for all values at once.
    fn finish(&mut self) -> Result<ArrayRef, Wrong> {
        let (offsets, values, nulls) = self.bytes.finish();
        StringArray::try_new(offsets, values, nulls)
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|_| Wrong::Encoding)
    }
}

/// Bytes as they are.
#[derive(Default)]
pub(crate) struct Blobs(Bytes);

impl Decoder for Blobs {
    fn value(&mut self, value: Option<&[u8]>) -> Result<(), Wrong> {
        self.0.values.extend_from_slice(value.unwrap_or_default());
        self.0.close(value.is_some())
    }

    fn finish(&mut self) -> Result<ArrayRef, Wrong> {
        let (offsets, values, nulls) = self.0.finish();
        BinaryArray::try_new(offsets, values, nulls)
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|error| Wrong::Arrow(error.to_string()))
    }
}

/// Text as it is.
#[expect(clippy::unnecessary_wraps, reason = "others of its kind fail")]
#[inline]
pub(crate) fn write(value: &[u8], text: &mut Vec<u8>) -> Result<(), Wrong> {
    text.extend_from_slice(value);
    Ok(())
}

/// Text behind a version, which has been 1 ever since.
pub(crate) fn write_jsonb(value: &[u8], text: &mut Vec<u8>) -> Result<(), Wrong> {
    match value {
        [1, json @ ..] => write(json, text),
        _ => Err(Wrong::Form("jsonb")),
    }
}

/// Microseconds since midnight, and seconds west of Greenwich, as ISO 8601 writes them.
pub(crate) fn write_timetz(value: &[u8], text: &mut Vec<u8>) -> Result<(), Wrong> {
    let wrong = Wrong::Form("time with time zone");
    let (Some((micros, zone)), 12) = (value.split_first_chunk::<8>(), value.len()) else {
        return Err(wrong);
    };
    let micros = i64::from_be_bytes(*micros);
    let west = zone.first_chunk().map_or(0, |zone| i32::from_be_bytes(*zone));
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let east = west.unsigned_abs();
    let sign = if west > 0 { '-' } else { '+' };
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    let zone_seconds = if east % 60 == 0 { String::new() } else { format!(":{:02}", east % 60) };
    let (zone_hours, zone_minutes) = (east / 3600, east / 60 % 60);
    write!(
        text,
        "{hours:02}:{minutes:02}:{seconds:02}{fraction}{sign}{zone_hours:02}:{zone_minutes:02}{zone_seconds}"
    )
    .map_err(|_| wrong)
}
