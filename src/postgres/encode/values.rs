//! The values of one column, as PostgreSQL's types have them in binary.

use super::{Form, json, sized};
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNanoType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

/// Adds the value of a row; `false` where it is NULL.
pub(crate) type Writer<'a> = Box<dyn Fn(usize, &mut Vec<u8>) -> Result<bool, String> + 'a>;

const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// What writes the values of `array` as `form`.
pub(crate) fn writer<'a>(array: &'a dyn Array, form: &'a Form) -> Result<Writer<'a>, String> {
    Ok(match (array.data_type(), form) {
        (_, Form::Json) => Box::new(move |row, bytes| {
            if array.is_null(row) {
                return Ok(false);
            }
            // The version of jsonb.
            bytes.push(1);
            json::write(array, row, bytes)?;
            Ok(true)
        }),
        (_, Form::Array(element)) => list(array, element)?,
        (DataType::Null, _) => Box::new(|_, _| Ok(false)),
        (DataType::Boolean, _) => {
            let values = array.as_boolean();
            Box::new(move |row, bytes| {
                if values.is_valid(row) {
                    bytes.push(u8::from(values.value(row)));
                }
                Ok(values.is_valid(row))
            })
        }
        (DataType::Int8, _) => of::<Int8Type, 2>(array, |v| Ok(i16::from(v).to_be_bytes())),
        (DataType::Int16, _) => of::<Int16Type, 2>(array, |v| Ok(v.to_be_bytes())),
        (DataType::UInt8, _) => of::<UInt8Type, 2>(array, |v| Ok(i16::from(v).to_be_bytes())),
        (DataType::Int32, _) => of::<Int32Type, 4>(array, |v| Ok(v.to_be_bytes())),
        (DataType::UInt16, _) => of::<UInt16Type, 4>(array, |v| Ok(i32::from(v).to_be_bytes())),
        (DataType::Int64, _) => of::<Int64Type, 8>(array, |v| Ok(v.to_be_bytes())),
        (DataType::UInt32, _) => of::<UInt32Type, 8>(array, |v| Ok(i64::from(v).to_be_bytes())),
        (DataType::Float32, _) => of::<Float32Type, 4>(array, |v| Ok(v.to_be_bytes())),
        (DataType::Float64, _) => of::<Float64Type, 8>(array, |v| Ok(v.to_be_bytes())),
        (DataType::UInt64, _) => numbers::<UInt64Type>(array, 0, i128::from),
        (DataType::Decimal128(_, scale), _) => numbers::<Decimal128Type>(array, *scale, |v| v),
        (DataType::Date32, _) => {
            of::<Date32Type, 4>(array, |days| date(days).map(i32::to_be_bytes))
        }
        (DataType::Time64(TimeUnit::Microsecond), _) => {
            of::<Time64MicrosecondType, 8>(array, |v| Ok(v.to_be_bytes()))
        }
        (DataType::Time64(_), _) => {
            of::<Time64NanosecondType, 8>(array, |v| whole_micros(v, "time").map(i64::to_be_bytes))
        }
        (DataType::Timestamp(unit, _), _) => timestamps(array, *unit),
        (DataType::Interval(_), _) => of::<IntervalMonthDayNanoType, 16>(array, |value| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&(value.nanoseconds / 1000).to_be_bytes());
            bytes[8..12].copy_from_slice(&value.days.to_be_bytes());
            bytes[12..].copy_from_slice(&value.months.to_be_bytes());
            Ok(bytes)
        }),
        _ => text(array)?,
    })
}

/// Text and bytes.
fn text(array: &dyn Array) -> Result<Writer<'_>, String> {
    macro_rules! bytes_of {
        ($values:expr) => {{
            let values = $values;
            Box::new(move |row, bytes: &mut Vec<u8>| {
                if values.is_valid(row) {
                    let value: &[u8] = values.value(row).as_ref();
                    bytes.extend_from_slice(value);
                }
                Ok(values.is_valid(row))
            })
        }};
    }
    Ok(match array.data_type() {
        DataType::Utf8 => bytes_of!(array.as_string::<i32>()),
        DataType::LargeUtf8 => bytes_of!(array.as_string::<i64>()),
        DataType::Utf8View => bytes_of!(array.as_string_view()),
        DataType::Binary => bytes_of!(array.as_binary::<i32>()),
        DataType::LargeBinary => bytes_of!(array.as_binary::<i64>()),
        DataType::BinaryView => bytes_of!(array.as_binary_view()),
        DataType::FixedSizeBinary(_) => bytes_of!(array.as_fixed_size_binary()),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let keys = dictionary.normalized_keys();
            let write = text(dictionary.values().as_ref())?;
            Box::new(
                move |row, bytes| {
                    if array.is_null(row) { Ok(false) } else { write(keys[row], bytes) }
                },
            )
        }
        other => return Err(format!("has type `{other}`, which cannot be written")),
    })
}

fn of<T: ArrowPrimitiveType, const N: usize>(
    array: &dyn Array,
    write: fn(T::Native) -> Result<[u8; N], String>,
) -> Writer<'_> {
    let values: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, bytes| {
        if values.is_valid(row) {
            bytes.extend_from_slice(&write(values.value(row))?);
        }
        Ok(values.is_valid(row))
    })
}

fn date(days: i32) -> Result<i32, String> {
    match days {
        i32::MAX => Ok(i32::MAX),
        // DuckDB's minus infinity, and one more that is none of its dates.
        days if days <= -i32::MAX => Ok(i32::MIN),
        days => days.checked_sub(EPOCH_DAYS).ok_or_else(|| "is a date too early".to_owned()),
    }
}

/// PostgreSQL has microseconds: what is finer would be lost.
fn whole_micros(nanos: i64, what: &str) -> Result<i64, String> {
    match nanos.rem_euclid(1000) {
        0 => Ok(nanos.div_euclid(1000)),
        _ => Err(format!("has a {what} with nanoseconds, which PostgreSQL does not keep")),
    }
}

fn timestamps(array: &dyn Array, unit: TimeUnit) -> Writer<'_> {
    fn micros(value: i64) -> Result<[u8; 8], String> {
        let since = match value {
            i64::MAX => i64::MAX,
            value if value <= -i64::MAX => i64::MIN,
            value => value
                .checked_sub(EPOCH_MICROS)
                .ok_or_else(|| "is a timestamp too early".to_owned())?,
        };
        Ok(since.to_be_bytes())
    }
    /// Infinities are the same numbers in every unit.
    fn times(value: i64, factor: i64) -> Result<[u8; 8], String> {
        if value == i64::MAX || value <= -i64::MAX {
            return micros(value);
        }
        micros(value.checked_mul(factor).ok_or_else(|| "is a timestamp too late".to_owned())?)
    }
    match unit {
        TimeUnit::Second => of::<TimestampSecondType, 8>(array, |v| times(v, 1_000_000)),
        TimeUnit::Millisecond => of::<TimestampMillisecondType, 8>(array, |v| times(v, 1000)),
        TimeUnit::Microsecond => of::<TimestampMicrosecondType, 8>(array, micros),
        TimeUnit::Nanosecond => of::<TimestampNanosecondType, 8>(array, |v| {
            let infinite = v == i64::MAX || v <= -i64::MAX;
            if infinite { micros(v) } else { micros(whole_micros(v, "timestamp")?) }
        }),
    }
}

fn numbers<T: ArrowPrimitiveType>(
    array: &dyn Array,
    scale: i8,
    read: fn(T::Native) -> i128,
) -> Writer<'_> {
    let values: &PrimitiveArray<T> = array.as_primitive();
    Box::new(move |row, bytes| {
        if values.is_valid(row) {
            numeric(read(values.value(row)), scale, bytes);
        }
        Ok(values.is_valid(row))
    })
}

/// A decimal, as digits to the base of 10,000.
fn numeric(value: i128, scale: i8, bytes: &mut Vec<u8>) {
    const GROUP: u32 = 4;
    let shown = u32::from(scale.max(0).unsigned_abs());
    let mut rest = value.unsigned_abs();
    // Digits from the last to the first; the last group may be filled up with zeros.
    let mut groups = [0_u16; 12];
    let mut count = 0;
    let mut weight = -(shown.div_ceil(GROUP).cast_signed());
    let over = shown % GROUP;
    if over > 0 {
        let part = rest % 10_u128.pow(over);
        rest /= 10_u128.pow(over);
        groups[0] = u16::try_from(part * 10_u128.pow(GROUP - over)).unwrap_or_default();
        count = 1;
    }
    while rest > 0 {
        groups[count] = u16::try_from(rest % 10_000).unwrap_or_default();
        rest /= 10_000;
        count += 1;
    }
    weight += i32::try_from(count).unwrap_or_default() - 1;
    let digits = &groups[..count];
    let is_zero = digits.iter().all(|digit| *digit == 0);
    let digits = if is_zero { &[][..] } else { digits };
    let sign: u16 = if value < 0 { 0x4000 } else { 0 };
    let weight = if is_zero { 0 } else { weight };
    let parts = [
        u16::try_from(digits.len()).unwrap_or_default(),
        i16::try_from(weight).unwrap_or_default().cast_unsigned(),
        sign,
        u16::try_from(shown).unwrap_or_default(),
    ];
    for part in parts.iter().chain(digits.iter().rev()) {
        bytes.extend_from_slice(&part.to_be_bytes());
    }
}

/// Lists, as arrays of one dimension.
fn list<'a>(array: &'a dyn Array, element: &'a Form) -> Result<Writer<'a>, String> {
    let element_at: Box<dyn Fn(usize) -> ArrayRef + 'a> = match array.data_type() {
        DataType::List(_) => Box::new(|row| array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => Box::new(|row| array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => Box::new(|row| array.as_fixed_size_list().value(row)),
        other => return Err(format!("has type `{other}`, which is no list")),
    };
    Ok(Box::new(move |row, bytes| {
        if array.is_null(row) {
            return Ok(false);
        }
        let values = element_at(row);
        let write = writer(values.as_ref(), element)?;
        let count = i32::try_from(values.len()).map_err(|_| "has too long a list".to_owned())?;
        let dimensions = i32::from(count > 0);
        let has_nulls = i32::from(values.null_count() > 0);
        bytes.extend_from_slice(&dimensions.to_be_bytes());
        bytes.extend_from_slice(&has_nulls.to_be_bytes());
        bytes.extend_from_slice(&element.oid().to_be_bytes());
        if count > 0 {
            bytes.extend_from_slice(&count.to_be_bytes());
            bytes.extend_from_slice(&1_i32.to_be_bytes());
        }
        for at in 0..values.len() {
            sized(bytes, |bytes| write(at, bytes))?;
        }
        Ok(true)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::TimestampNanosecondArray;

    #[test]
    fn nanoseconds_are_not_cut_off() {
        let micros = |value: i64| {
            let array = TimestampNanosecondArray::from(vec![value]);
            let form = Form::Plain("timestamp".to_owned(), 1114);
            let mut bytes = Vec::new();
            writer(&array, &form).unwrap()(0, &mut bytes)
                .map(|_| i64::from_be_bytes(bytes.try_into().unwrap()))
        };
        assert_eq!(micros(-1_000), Ok(-1 - EPOCH_MICROS));
        assert_eq!((micros(i64::MAX), micros(-i64::MAX)), (Ok(i64::MAX), Ok(i64::MIN)));
        for value in [1, -1, 123_456_789, i64::MAX - 1] {
            let lost = "has a timestamp with nanoseconds, which PostgreSQL does not keep";
            assert_eq!(micros(value), Err(lost.to_owned()), "{value}");
        }
        assert_eq!(whole_micros(5_000, "time"), Ok(5));
    }

    #[test]
    fn decimals_have_the_digits_of_postgres() {
        let words = |value: i128, scale: i8| {
            let mut bytes = Vec::new();
            numeric(value, scale, &mut bytes);
            let pairs = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            pairs.collect::<Vec<_>>()
        };
        assert_eq!(words(0, 2), [0, 0, 0, 2]);
        assert_eq!(words(1, 0), [1, 0, 0, 0, 1]);
        assert_eq!(words(-12_345_678, 2), [3, 1, 0x4000, 2, 12, 3456, 7800]);
        assert_eq!(words(5, 4), [1, 0xffff, 0, 4, 5]);
        assert_eq!(words(10_000, 0), [2, 1, 0, 0, 1, 0]);
    }
}
