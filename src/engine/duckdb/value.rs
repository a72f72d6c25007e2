//! Cells of a result as JSON values, or as the text that DuckDB itself would print.
//!
//! | type | becomes |
//! | --- | --- |
//! | boolean, integers up to 64 bits | themselves |
//! | float, double | a number; NaN and the infinities are text |
//! | varchar, json | text |
//! | all others, nested ones too | the text of `cell::varchar` |
//!
//! For the last row the cell is rebuilt as a DuckDB value, which then prints itself: no second
//! implementation of the printing of intervals or nested lists can differ from the database's.

use super::raw::LogicalType;
use super::types::owned;
use duckdb::ffi;
use serde_json::Value;

/// The cell in `row` of `vector`, whose type is `data_type`; `None` where it cannot be shown.
///
/// # Safety
/// `vector` belongs to a live chunk of which `row` is a row, flat as `duckdb_fetch_chunk` gives it,
/// and is of `data_type`.
pub(super) unsafe fn cell(
    vector: ffi::duckdb_vector,
    data_type: &LogicalType,
    row: u64,
) -> Option<Value> {
    unsafe {
        if is_null(vector, row) {
            return Some(Value::Null);
        }
        Some(match data_type.id() {
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BOOLEAN => Value::from(read::<u8>(vector, row) != 0),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TINYINT => Value::from(read::<i8>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT => Value::from(read::<i16>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER => Value::from(read::<i32>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT => Value::from(read::<i64>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT => Value::from(read::<u8>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT => Value::from(read::<u16>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UINTEGER => Value::from(read::<u32>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UBIGINT => Value::from(read::<u64>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_FLOAT => {
                // By way of its shortest text, so that 0.1 stays 0.1 and does not become
                // 0.10000000149011612.
                let single = read::<f32>(vector, row);
                number(single.to_string().parse().unwrap_or_else(|_| f64::from(single)))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DOUBLE => number(read::<f64>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR => {
                Value::from(String::from_utf8_lossy(&bytes(vector, row)).into_owned())
            }
            _ => Value::from(rebuild(vector, data_type, row)?.print()?),
        })
    }
}

fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| Value::from(special(value)), Value::Number)
}

fn special(value: f64) -> &'static str {
    match (value.is_nan(), value > 0.0) {
        (true, _) => "nan",
        (false, true) => "inf",
        (false, false) => "-inf",
    }
}

/// A DuckDB value of its own: one handle, and nothing else in memory.
#[repr(transparent)]
struct Owned(ffi::duckdb_value);

impl Owned {
    fn print(&self) -> Option<String> {
        // SAFETY: the handle is ours and not null, and so is the string.
        unsafe { owned(ffi::duckdb_get_varchar(self.0)) }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_destroy_value(&raw mut self.0) }
    }
}

unsafe fn is_null(vector: ffi::duckdb_vector, row: u64) -> bool {
    unsafe {
        let validity = ffi::duckdb_vector_get_validity(vector);
        !validity.is_null() && !ffi::duckdb_validity_row_is_valid(validity, row)
    }
}

/// The fixed-size value in `row`; `T` is what the vector's type is stored as.
unsafe fn read<T: Copy>(vector: ffi::duckdb_vector, row: u64) -> T {
    let row = usize::try_from(row).unwrap_or(usize::MAX);
    unsafe { ffi::duckdb_vector_get_data(vector).cast::<T>().add(row).read_unaligned() }
}

/// The bytes of a string, blob, bit or bignum.
unsafe fn bytes(vector: ffi::duckdb_vector, row: u64) -> Vec<u8> {
    unsafe {
        let mut string = read::<ffi::duckdb_string_t>(vector, row);
        let length = ffi::duckdb_string_t_length(string) as usize;
        let data = ffi::duckdb_string_t_data(&raw mut string);
        std::slice::from_raw_parts(data.cast::<u8>(), length).to_vec()
    }
}

/// The cell as a value; `None` for the types that C cannot make.
unsafe fn rebuild(vector: ffi::duckdb_vector, data_type: &LogicalType, row: u64) -> Option<Owned> {
    unsafe {
        let value = if is_null(vector, row) {
            ffi::duckdb_create_null_value()
        } else {
            scalar(vector, data_type, row)
                .or_else(|| binary(vector, data_type, row))
                .or_else(|| nested(vector, data_type, row))?
        };
        (!value.is_null()).then_some(Owned(value))
    }
}

unsafe fn scalar(
    vector: ffi::duckdb_vector,
    data_type: &LogicalType,
    row: u64,
) -> Option<ffi::duckdb_value> {
    unsafe {
        Some(match data_type.id() {
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BOOLEAN => {
                ffi::duckdb_create_bool(read::<u8>(vector, row) != 0)
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TINYINT => ffi::duckdb_create_int8(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT => ffi::duckdb_create_int16(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER => ffi::duckdb_create_int32(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT => ffi::duckdb_create_int64(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT => ffi::duckdb_create_uint8(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT => ffi::duckdb_create_uint16(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UINTEGER => ffi::duckdb_create_uint32(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UBIGINT => ffi::duckdb_create_uint64(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_HUGEINT => ffi::duckdb_create_hugeint(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UHUGEINT => ffi::duckdb_create_uhugeint(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_FLOAT => ffi::duckdb_create_float(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DOUBLE => ffi::duckdb_create_double(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DECIMAL => decimal(vector, data_type, row),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DATE => ffi::duckdb_create_date(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME => ffi::duckdb_create_time(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME_NS => ffi::duckdb_create_time_ns(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME_TZ => {
                ffi::duckdb_create_time_tz_value(read(vector, row))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP => {
                ffi::duckdb_create_timestamp(read(vector, row))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_S => {
                ffi::duckdb_create_timestamp_s(read(vector, row))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_MS => {
                ffi::duckdb_create_timestamp_ms(read(vector, row))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_NS => {
                ffi::duckdb_create_timestamp_ns(read(vector, row))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_TZ => {
                ffi::duckdb_create_timestamp_tz(read(vector, row))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTERVAL => ffi::duckdb_create_interval(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UUID => uuid(read(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_SQLNULL => ffi::duckdb_create_null_value(),
            _ => return None,
        })
    }
}

unsafe fn decimal(
    vector: ffi::duckdb_vector,
    data_type: &LogicalType,
    row: u64,
) -> ffi::duckdb_value {
    let (width, scale) = data_type.decimal();
    unsafe {
        let small = match data_type.storage() {
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT => Some(i64::from(read::<i16>(vector, row))),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER => Some(i64::from(read::<i32>(vector, row))),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT => Some(read::<i64>(vector, row)),
            _ => None,
        };
        let value = small.map_or_else(
            || read(vector, row),
            |small| ffi::duckdb_hugeint { lower: small.cast_unsigned(), upper: small >> 63 },
        );
        ffi::duckdb_create_decimal(ffi::duckdb_decimal { width, scale, value })
    }
}

/// Vectors keep the highest bit of a UUID flipped, so that it sorts; values do not.
unsafe fn uuid(stored: ffi::duckdb_hugeint) -> ffi::duckdb_value {
    let upper = (stored.upper ^ i64::MIN).cast_unsigned();
    unsafe { ffi::duckdb_create_uuid(ffi::duckdb_uhugeint { lower: stored.lower, upper }) }
}

unsafe fn binary(
    vector: ffi::duckdb_vector,
    data_type: &LogicalType,
    row: u64,
) -> Option<ffi::duckdb_value> {
    unsafe {
        Some(match data_type.id() {
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR => {
                let data = bytes(vector, row);
                ffi::duckdb_create_varchar_length(data.as_ptr().cast(), data.len() as u64)
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BLOB => {
                let data = bytes(vector, row);
                ffi::duckdb_create_blob(data.as_ptr(), data.len() as u64)
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIT => {
                let mut data = bytes(vector, row);
                let size = data.len() as u64;
                ffi::duckdb_create_bit(ffi::duckdb_bit { data: data.as_mut_ptr(), size })
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGNUM => bignum(&bytes(vector, row)),
            _ => return None,
        })
    }
}

/// A bignum is stored as three bytes of head, whose first bit says that it is positive, then its
/// bytes from the highest; a negative one has all its bits inverted.
unsafe fn bignum(stored: &[u8]) -> ffi::duckdb_value {
    let is_negative = stored.first().is_some_and(|first| first & 0x80 == 0);
    let flip = if is_negative { 0xff } else { 0 };
    let mut data: Vec<u8> = stored.iter().skip(3).map(|byte| byte ^ flip).collect();
    let size = data.len() as u64;
    unsafe {
        ffi::duckdb_create_bignum(ffi::duckdb_bignum { data: data.as_mut_ptr(), size, is_negative })
    }
}

unsafe fn nested(
    vector: ffi::duckdb_vector,
    data_type: &LogicalType,
    row: u64,
) -> Option<ffi::duckdb_value> {
    unsafe {
        match data_type.id() {
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_ENUM => Some(label(vector, data_type, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_LIST => {
                let child = data_type.list_child();
                let entry = read::<ffi::duckdb_list_entry>(vector, row);
                let elements = ffi::duckdb_list_vector_get_child(vector);
                let values = Many::of(elements, &child, entry.offset, entry.length)?;
                Some(ffi::duckdb_create_list_value(child.0, values.pointer(), entry.length))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_ARRAY => {
                let (child, size) = data_type.array_child();
                let elements = ffi::duckdb_array_vector_get_child(vector);
                let values = Many::of(elements, &child, row * size, size)?;
                Some(ffi::duckdb_create_array_value(child.0, values.pointer(), size))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_MAP => map(vector, data_type, row),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_STRUCT => {
                let values =
                    data_type.struct_children().into_iter().zip(0..).map(|(child, index)| {
                        rebuild(ffi::duckdb_struct_vector_get_child(vector, index), &child, row)
                    });
                let values = Many(values.collect::<Option<_>>()?);
                Some(ffi::duckdb_create_struct_value(data_type.0, values.pointer()))
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UNION => union(vector, data_type, row),
            _ => None,
        }
    }
}

unsafe fn label(
    vector: ffi::duckdb_vector,
    data_type: &LogicalType,
    row: u64,
) -> ffi::duckdb_value {
    unsafe {
        let index = match data_type.storage() {
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT => u64::from(read::<u8>(vector, row)),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT => u64::from(read::<u16>(vector, row)),
            _ => u64::from(read::<u32>(vector, row)),
        };
        ffi::duckdb_create_enum_value(data_type.0, index)
    }
}

/// A map is stored as a list of structs of key and value.
unsafe fn map(
    vector: ffi::duckdb_vector,
    data_type: &LogicalType,
    row: u64,
) -> Option<ffi::duckdb_value> {
    let (key, value) = data_type.map_children();
    unsafe {
        let entry = read::<ffi::duckdb_list_entry>(vector, row);
        let entries = ffi::duckdb_list_vector_get_child(vector);
        let column = |index| ffi::duckdb_struct_vector_get_child(entries, index);
        let keys = Many::of(column(0), &key, entry.offset, entry.length)?;
        let values = Many::of(column(1), &value, entry.offset, entry.length)?;
        Some(ffi::duckdb_create_map_value(
            data_type.0,
            keys.pointer(),
            values.pointer(),
            entry.length,
        ))
    }
}

/// A union is stored as a struct of the tag and of all members.
unsafe fn union(
    vector: ffi::duckdb_vector,
    data_type: &LogicalType,
    row: u64,
) -> Option<ffi::duckdb_value> {
    unsafe {
        let tag = u64::from(read::<u8>(ffi::duckdb_struct_vector_get_child(vector, 0), row));
        let member = ffi::duckdb_struct_vector_get_child(vector, tag + 1);
        let value = rebuild(member, &data_type.union_member(tag), row)?;
        Some(ffi::duckdb_create_union_value(data_type.0, tag, value.0))
    }
}

/// Values in a row, as C takes them. `Owned` is one pointer, so that a slice of it is an array of
/// handles.
struct Many(Vec<Owned>);

impl Many {
    unsafe fn of(
        vector: ffi::duckdb_vector,
        data_type: &LogicalType,
        offset: u64,
        length: u64,
    ) -> Option<Self> {
        let rows = offset..offset + length;
        rows.map(|row| unsafe { rebuild(vector, data_type, row) }).collect::<Option<_>>().map(Self)
    }

    fn pointer(&self) -> *mut ffi::duckdb_value {
        self.0.as_ptr().cast::<ffi::duckdb_value>().cast_mut()
    }
}
