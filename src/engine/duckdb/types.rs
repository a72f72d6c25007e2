//! The name of a type, as DuckDB's `typeof` writes it.

use super::raw::LogicalType;
use duckdb::ffi;
use std::ffi::{CStr, c_char};

impl LogicalType {
    /// Which of DuckDB's types it is.
    pub(super) fn id(&self) -> ffi::duckdb_type {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_get_type_id(self.0) }
    }

    /// Digits and digits after the point, of a decimal.
    pub(super) fn decimal(&self) -> (u8, u8) {
        // SAFETY: the handle is ours; another type gives zeros.
        unsafe { (ffi::duckdb_decimal_width(self.0), ffi::duckdb_decimal_scale(self.0)) }
    }

    /// How a decimal or an enum is stored.
    pub(super) fn storage(&self) -> ffi::duckdb_type {
        // SAFETY: the handle is ours.
        unsafe {
            if self.id() == ffi::DUCKDB_TYPE_DUCKDB_TYPE_ENUM {
                ffi::duckdb_enum_internal_type(self.0)
            } else {
                ffi::duckdb_decimal_internal_type(self.0)
            }
        }
    }

    /// The type of a list's elements.
    pub(super) fn list_child(&self) -> Self {
        // SAFETY: the handle is ours; the answer is the caller's to destroy.
        Self(unsafe { ffi::duckdb_list_type_child_type(self.0) })
    }

    /// The type of an array's elements, and how many it has.
    pub(super) fn array_child(&self) -> (Self, u64) {
        // SAFETY: as in `list_child`.
        unsafe {
            let child = ffi::duckdb_array_type_child_type(self.0);
            (Self(child), ffi::duckdb_array_type_array_size(self.0))
        }
    }

    /// The types of a map's keys and values.
    pub(super) fn map_children(&self) -> (Self, Self) {
        // SAFETY: as in `list_child`.
        unsafe {
            let key = ffi::duckdb_map_type_key_type(self.0);
            (Self(key), Self(ffi::duckdb_map_type_value_type(self.0)))
        }
    }

    /// The types of a struct's fields.
    pub(super) fn struct_children(&self) -> Vec<Self> {
        // SAFETY: as in `list_child`; the indexes are in range.
        unsafe {
            let count = ffi::duckdb_struct_type_child_count(self.0);
            (0..count).map(|i| Self(ffi::duckdb_struct_type_child_type(self.0, i))).collect()
        }
    }

    /// The type of member `index` of a union.
    pub(super) fn union_member(&self, index: u64) -> Self {
        // SAFETY: as in `list_child`.
        Self(unsafe { ffi::duckdb_union_type_member_type(self.0, index) })
    }

    /// The type's name.
    pub(super) fn name(&self) -> String {
        // SAFETY: the handle is ours, and so is the string.
        if let Some(alias) = unsafe { owned(ffi::duckdb_logical_type_get_alias(self.0)) } {
            return alias;
        }
        match self.id() {
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_DECIMAL => {
                let (width, scale) = self.decimal();
                format!("DECIMAL({width},{scale})")
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_ENUM => format!("ENUM({})", self.labels().join(", ")),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_LIST => format!("{}[]", self.list_child().name()),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_ARRAY => {
                let (child, size) = self.array_child();
                format!("{}[{size}]", child.name())
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_MAP => {
                let (key, value) = self.map_children();
                format!("MAP({}, {})", key.name(), value.name())
            }
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_STRUCT => format!("STRUCT({})", self.fields().join(", ")),
            ffi::DUCKDB_TYPE_DUCKDB_TYPE_UNION => format!("UNION({})", self.members().join(", ")),
            simple => simple_name(simple).to_owned(),
        }
    }

    fn labels(&self) -> Vec<String> {
        // SAFETY: the handle is ours; the indexes are in range; the strings are ours.
        let labels = unsafe {
            let count = u64::from(ffi::duckdb_enum_dictionary_size(self.0));
            (0..count)
                .map(|i| owned(ffi::duckdb_enum_dictionary_value(self.0, i)))
                .collect::<Vec<_>>()
        };
        labels.into_iter().flatten().map(|label| quoted(&label, '\'')).collect()
    }

    fn fields(&self) -> Vec<String> {
        let named = self.struct_children().into_iter().zip(0..).map(|(child, index)| {
            // SAFETY: the handle is ours; the index is in range; the string is ours.
            let name = unsafe { owned(ffi::duckdb_struct_type_child_name(self.0, index)) };
            field(name, &child)
        });
        named.collect()
    }

    fn members(&self) -> Vec<String> {
        // SAFETY: the handle is ours; the indexes are in range; the strings are ours.
        unsafe {
            let count = ffi::duckdb_union_type_member_count(self.0);
            (0..count)
                .map(|i| {
                    let name = owned(ffi::duckdb_union_type_member_name(self.0, i));
                    field(name, &self.union_member(i))
                })
                .collect()
        }
    }
}

fn field(name: Option<String>, child: &LogicalType) -> String {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{} {}", quoted(&name, '"'), child.name()),
        None => child.name(),
    }
}

/// `text` in quotes, those within it doubled.
fn quoted(text: &str, quote: char) -> String {
    let mut result = String::from(quote);
    for character in text.chars() {
        if character == quote {
            result.push(quote);
        }
        result.push(character);
    }
    result.push(quote);
    result
}

/// Takes over a string that DuckDB allocated; null is `None`.
///
/// # Safety
/// `text` is null or a C string that the caller owns.
pub(super) unsafe fn owned(text: *mut c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    unsafe {
        let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
        ffi::duckdb_free(text.cast());
        Some(copy)
    }
}

fn simple_name(id: ffi::duckdb_type) -> &'static str {
    match id {
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_BOOLEAN => "BOOLEAN",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_TINYINT => "TINYINT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT => "SMALLINT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER => "INTEGER",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT => "BIGINT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT => "UTINYINT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT => "USMALLINT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_UINTEGER => "UINTEGER",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_UBIGINT => "UBIGINT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_HUGEINT => "HUGEINT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_UHUGEINT => "UHUGEINT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGNUM => "BIGNUM",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_FLOAT => "FLOAT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_DOUBLE => "DOUBLE",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_DATE => "DATE",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME => "TIME",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME_NS => "TIME_NS",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME_TZ => "TIME WITH TIME ZONE",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP => "TIMESTAMP",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_S => "TIMESTAMP_S",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_MS => "TIMESTAMP_MS",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_NS => "TIMESTAMP_NS",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_TZ => "TIMESTAMP WITH TIME ZONE",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTERVAL => "INTERVAL",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR => "VARCHAR",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_BLOB => "BLOB",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIT => "BIT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_UUID => "UUID",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_GEOMETRY => "GEOMETRY",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARIANT => "VARIANT",
        ffi::DUCKDB_TYPE_DUCKDB_TYPE_SQLNULL => "\"NULL\"",
        _ => "UNKNOWN",
    }
}
