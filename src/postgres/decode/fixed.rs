//! Values of fixed length.
//!
//! Dates and times count from 2000-01-01 in PostgreSQL, from 1970-01-01 in Arrow. Infinities become
//! those of DuckDB: the greatest number, and that number negated.

use super::{Decoder, Nulls, Wrong};
use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, BooleanBufferBuilder, FixedSizeBinaryArray,
    PrimitiveArray,
};
use arrow::buffer::{Buffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNano, IntervalMonthDayNanoType, Time64MicrosecondType,
    TimestampMicrosecondType, UInt32Type,
};
use std::sync::Arc;

/// Days from 1970-01-01 to 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;

/// The same in microseconds.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Values of `N` bytes.
struct Fixed<T: ArrowPrimitiveType, const N: usize, F> {
    values: Vec<T::Native>,
    nulls: Nulls,
    data_type: DataType,
    what: &'static str,
    read: F,
}

fn fixed<T: ArrowPrimitiveType, const N: usize, F>(what: &'static str, read: F) -> Box<dyn Decoder>
where
    F: Fn([u8; N]) -> Result<T::Native, Wrong> + Send + 'static,
{
    typed::<T, N, F>(what, T::DATA_TYPE, read)
}

fn typed<T: ArrowPrimitiveType, const N: usize, F>(
    what: &'static str,
    data_type: DataType,
    read: F,
) -> Box<dyn Decoder>
where
    F: Fn([u8; N]) -> Result<T::Native, Wrong> + Send + 'static,
{
    let (values, nulls) = (Vec::new(), Nulls::default());
    Box::new(Fixed::<T, N, F> { values, nulls, data_type, what, read })
}

impl<T: ArrowPrimitiveType, const N: usize, F> Decoder for Fixed<T, N, F>
where
    F: Fn([u8; N]) -> Result<T::Native, Wrong> + Send,
{
    #[inline]
    fn value(&mut self, value: Option<&[u8]>) -> Result<(), Wrong> {
        let read = match value {
            None => T::Native::default(),
            Some(bytes) => {
                let bytes = bytes.try_into().map_err(|_| Wrong::Form(self.what))?;
                (self.read)(bytes)?
            }
        };
        self.values.push(read);
        self.nulls.add(value.is_some());
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, Wrong> {
        let values = ScalarBuffer::from(std::mem::take(&mut self.values));
        let array = PrimitiveArray::<T>::try_new(values, self.nulls.finish())
            .map_err(|error| Wrong::Arrow(error.to_string()))?;
        Ok(Arc::new(array.with_data_type(self.data_type.clone())))
    }
}

pub(crate) fn int16() -> Box<dyn Decoder> {
    fixed::<Int16Type, 2, _>("smallint", |bytes| Ok(i16::from_be_bytes(bytes)))
}

pub(crate) fn int32() -> Box<dyn Decoder> {
    fixed::<Int32Type, 4, _>("integer", |bytes| Ok(i32::from_be_bytes(bytes)))
}

pub(crate) fn int64() -> Box<dyn Decoder> {
    fixed::<Int64Type, 8, _>("bigint", |bytes| Ok(i64::from_be_bytes(bytes)))
}

pub(crate) fn oid() -> Box<dyn Decoder> {
    fixed::<UInt32Type, 4, _>("oid", |bytes| Ok(u32::from_be_bytes(bytes)))
}

pub(crate) fn float32() -> Box<dyn Decoder> {
    fixed::<Float32Type, 4, _>("real", |bytes| Ok(f32::from_be_bytes(bytes)))
}

pub(crate) fn float64() -> Box<dyn Decoder> {
    fixed::<Float64Type, 8, _>("double precision", |bytes| Ok(f64::from_be_bytes(bytes)))
}

pub(crate) fn date() -> Box<dyn Decoder> {
    fixed::<Date32Type, 4, _>("date", |bytes| match i32::from_be_bytes(bytes) {
        i32::MAX => Ok(i32::MAX),
        i32::MIN => Ok(-i32::MAX),
        days => days.checked_add(EPOCH_DAYS).ok_or(Wrong::Form("date")),
    })
}

/// 24:00:00 is a time of both.
pub(crate) fn time() -> Box<dyn Decoder> {
    fixed::<Time64MicrosecondType, 8, _>("time", |bytes| Ok(i64::from_be_bytes(bytes)))
}

pub(crate) fn timestamp(zone: Option<Arc<str>>) -> Box<dyn Decoder> {
    let data_type = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, zone);
    typed::<TimestampMicrosecondType, 8, _>(
        "timestamp",
        data_type,
        |bytes| match i64::from_be_bytes(bytes) {
            i64::MAX => Ok(i64::MAX),
            i64::MIN => Ok(-i64::MAX),
            micros => micros
                .checked_add(EPOCH_MICROS)
                .filter(|micros| *micros != i64::MAX)
                .ok_or(Wrong::Timestamp),
        },
    )
}

pub(crate) fn interval() -> Box<dyn Decoder> {
    fixed::<IntervalMonthDayNanoType, 16, _>("interval", |bytes| {
        let all = u128::from_be_bytes(bytes);
        // Time, days and months follow each other; each cast keeps the bits it is for.
        #[expect(clippy::cast_possible_truncation, reason = "the bits are taken apart")]
        let (micros, days, months) = ((all >> 64) as u64, (all >> 32) as u32, all as u32);
        let nanos = micros.cast_signed().checked_mul(1000).ok_or(Wrong::Interval)?;
        Ok(IntervalMonthDayNano::new(months.cast_signed(), days.cast_signed(), nanos))
    })
}

/// Booleans, a bit each.
pub(crate) struct Booleans {
    values: BooleanBufferBuilder,
    nulls: Nulls,
}

impl Default for Booleans {
    fn default() -> Self {
        Self { values: BooleanBufferBuilder::new(0), nulls: Nulls::default() }
    }
}

impl Decoder for Booleans {
    fn value(&mut self, value: Option<&[u8]>) -> Result<(), Wrong> {
        let read = match value {
            None | Some([0]) => false,
            Some([1]) => true,
            Some(_) => return Err(Wrong::Form("boolean")),
        };
        self.values.append(read);
        self.nulls.add(value.is_some());
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, Wrong> {
        Ok(Arc::new(BooleanArray::new(self.values.finish(), self.nulls.finish())))
    }
}

/// Sixteen bytes each.
#[derive(Default)]
pub(crate) struct Uuids {
    values: Vec<u8>,
    nulls: Nulls,
}

impl Decoder for Uuids {
    fn value(&mut self, value: Option<&[u8]>) -> Result<(), Wrong> {
        match value {
            None => self.values.extend_from_slice(&[0; 16]),
            Some(bytes) if bytes.len() == 16 => self.values.extend_from_slice(bytes),
            Some(_) => return Err(Wrong::Form("uuid")),
        }
        self.nulls.add(value.is_some());
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, Wrong> {
        let values = Buffer::from_vec(std::mem::take(&mut self.values));
        FixedSizeBinaryArray::try_new(16, values, self.nulls.finish())
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|error| Wrong::Arrow(error.to_string()))
    }
}
