//! PostgreSQL's types, and what becomes of each.
//!
//! | PostgreSQL | read as | Arrow | DuckDB |
//! | --- | --- | --- | --- |
//! | boolean | binary | Boolean | boolean |
//! | smallint, integer, bigint | binary | Int16, Int32, Int64 | the same |
//! | oid | binary | UInt32 | uinteger |
//! | real, double precision | binary | Float32, Float64 | float, double |
//! | numeric(p,s), p up to 38 | binary | Decimal128(p,s) | decimal(p,s) |
//! | numeric, and p above 38 | binary | Utf8 | varchar |
//! | text, varchar, char(n), name, "char", citext, enums | binary | Utf8 | varchar |
//! | json, jsonb | binary | Utf8 (`arrow.json`) | json |
//! | xml | binary | Utf8 | varchar |
//! | bytea | binary | Binary | blob |
//! | date, time | binary | Date32, Time64 | date, time |
//! | timetz | binary | Utf8 | time with time zone |
//! | timestamp, timestamptz | binary | Timestamp(µs), in UTC | timestamp, with time zone |
//! | interval | binary | Interval(MonthDayNano) | interval |
//! | uuid | binary | FixedSizeBinary(16) (`arrow.uuid`) | uuid |
//! | arrays of one dimension | binary | List | list |
//! | composite | binary | Struct | struct |
//! | domains | as their base | | |
//! | ranges, inet, cidr, macaddr, money, bit, tsvector, geometric, xid, reg* ... | cast to text | Utf8 | varchar |

use super::catalog::TypeRow;
use crate::relation::DataType;
use arrow::datatypes::{DataType as Arrow, Field, Fields, IntervalUnit, TimeUnit};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Types that nest deeper are refused: a composite may hold arrays of itself.
const DEEPEST: usize = 32;

/// How the values of a column are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Int16,
    Int32,
    Int64,
    Oid,
    Float32,
    Float64,
    Decimal {
        precision: u8,
        scale: i8,
    },
    /// A numeric without bounds, as text.
    Numeric,
    Text,
    Json,
    Jsonb,
    Bytes,
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    List(Box<Kind>),
    Struct(Vec<(String, Kind)>),
    /// Text that the server makes of a value.
    Cast,
}

/// Why a type cannot be carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown {
    /// The type's name.
    pub(super) name: String,
}

/// The types that a catalogue read found, by their number.
pub(super) type Types = HashMap<u32, TypeRow>;

/// How values of the type `oid` are read.
pub(super) fn kind(oid: u32, modifier: i32, types: &Types) -> Result<Kind, Unknown> {
    nested(oid, modifier, types, 0)
}

fn nested(oid: u32, modifier: i32, types: &Types, depth: usize) -> Result<Kind, Unknown> {
    let Some(found) = types.get(&oid) else { return Err(Unknown { name: format!("type {oid}") }) };
    let unknown = || Unknown { name: found.name.clone() };
    if depth > DEEPEST {
        return Err(unknown());
    }
    match found.kind.as_str() {
        "d" => {
            // A domain's own modifier is that of its base.
            let modifier = if found.modifier == -1 { modifier } else { found.modifier };
            nested(found.base, modifier, types, depth + 1)
        }
        "e" => Ok(Kind::Text),
        "r" | "m" => Ok(Kind::Cast),
        "c" => {
            let fields = found.fields.as_deref().unwrap_or_default();
            if fields.is_empty() {
                return Err(unknown());
            }
            let fields = fields.iter().map(|field| {
                let kind = nested(field.type_oid, field.modifier, types, depth + 1)?;
                Ok((field.name.clone(), kind))
            });
            Ok(Kind::Struct(fields.collect::<Result<_, Unknown>>()?))
        }
        _ if found.category == "A" && found.element != 0 => {
            match nested(found.element, modifier, types, depth + 1)? {
                // An array of composites cannot be cast in part.
                Kind::Struct(fields) if fields.iter().any(|(_, kind)| kind.is_cast()) => {
                    Err(unknown())
                }
                element => Ok(Kind::List(Box::new(element))),
            }
        }
        _ => base(found, modifier).ok_or_else(unknown),
    }
}

/// A type and its modifier as the server tells them of a statement's columns: those below domains.
pub(super) fn base_of(oid: u32, modifier: i32, types: &Types) -> (u32, i32) {
    let mut base = (oid, modifier);
    for _ in 0..DEEPEST {
        match types.get(&base.0).filter(|found| found.kind == "d") {
            Some(domain) => base = (domain.base, domain.modifier),
            None => break,
        }
    }
    base
}

fn base(found: &TypeRow, modifier: i32) -> Option<Kind> {
    // What an extension or a user made is known only where its text form is its binary form.
    if found.schema != "pg_catalog" {
        return (found.name == "citext").then_some(Kind::Text);
    }
    Some(match found.name.as_str() {
        "bool" => Kind::Boolean,
        "int2" => Kind::Int16,
        "int4" => Kind::Int32,
        "int8" => Kind::Int64,
        "oid" => Kind::Oid,
        "float4" => Kind::Float32,
        "float8" => Kind::Float64,
        "numeric" => numeric(modifier),
        "text" | "varchar" | "bpchar" | "name" | "char" | "xml" | "unknown" => Kind::Text,
        "json" => Kind::Json,
        "jsonb" => Kind::Jsonb,
        "bytea" => Kind::Bytes,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "timetz" => Kind::TimeTz,
        "timestamp" => Kind::Timestamp,
        "timestamptz" => Kind::TimestampTz,
        "interval" => Kind::Interval,
        "uuid" => Kind::Uuid,
        // Those with a text form that says all, and which a cast to text knows.
        _ if found.kind == "b" && found.category != "Z" => Kind::Cast,
        _ => return None,
    })
}

/// A scale may be negative, or greater than the precision: numeric(2,-3) has three zeros at its
/// end, numeric(2,4) two after the point.
fn numeric(modifier: i32) -> Kind {
    if modifier < 4 {
        return Kind::Numeric;
    }
    let precision = ((modifier - 4) >> 16) & 0xffff;
    let scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
    let precision = if scale < 0 { precision - scale } else { precision.max(scale) };
    match (u8::try_from(precision), i8::try_from(scale.max(0))) {
        (Ok(precision @ 1..=38), Ok(scale)) => Kind::Decimal { precision, scale },
        _ => Kind::Numeric,
    }
}

impl Kind {
    /// Whether the server must make text of it, wholly or in part.
    pub(super) fn is_cast(&self) -> bool {
        match self {
            Self::Cast => true,
            Self::List(element) => element.is_cast(),
            Self::Struct(fields) => fields.iter().any(|(_, kind)| kind.is_cast()),
            _ => false,
        }
    }

    /// The type that a value to compare it with is cast to; `None` where it has no order.
    pub(super) fn sql_name(&self) -> Option<&'static str> {
        Some(match self {
            // Not numeric: an index on integers answers for other integers only.
            Self::Int16 | Self::Int32 | Self::Int64 | Self::Oid => "bigint",
            Self::Decimal { .. } | Self::Numeric => "numeric",
            Self::Float32 | Self::Float64 => "double precision",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamp with time zone",
            Self::Text => "text",
            Self::Uuid => "uuid",
            _ => return None,
        })
    }

    /// The type that the engine gives it.
    pub(super) fn data_type(&self) -> DataType {
        DataType::new(&self.name())
    }

    fn name(&self) -> String {
        match self {
            Self::Boolean => "boolean".to_owned(),
            Self::Int16 => "smallint".to_owned(),
            Self::Int32 => "integer".to_owned(),
            Self::Int64 => "bigint".to_owned(),
            Self::Oid => "uinteger".to_owned(),
            Self::Float32 => "float".to_owned(),
            Self::Float64 => "double".to_owned(),
            Self::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            Self::Numeric | Self::Text | Self::Cast => "varchar".to_owned(),
            Self::Json | Self::Jsonb => "json".to_owned(),
            Self::Bytes => "blob".to_owned(),
            Self::Date => "date".to_owned(),
            Self::Time => "time".to_owned(),
            Self::TimeTz => "time with time zone".to_owned(),
            Self::Timestamp => "timestamp".to_owned(),
            Self::TimestampTz => "timestamp with time zone".to_owned(),
            Self::Interval => "interval".to_owned(),
            Self::Uuid => "uuid".to_owned(),
            Self::List(element) => format!("{}[]", element.name()),
            Self::Struct(fields) => {
                let fields = fields.iter().map(|(name, kind)| {
                    format!("\"{}\" {}", name.replace('"', "\"\""), kind.name())
                });
                format!("struct({})", fields.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The Arrow type of its values.
    pub(super) fn arrow(&self) -> Arrow {
        match self {
            Self::Boolean => Arrow::Boolean,
            Self::Int16 => Arrow::Int16,
            Self::Int32 => Arrow::Int32,
            Self::Int64 => Arrow::Int64,
            Self::Oid => Arrow::UInt32,
            Self::Float32 => Arrow::Float32,
            Self::Float64 => Arrow::Float64,
            Self::Decimal { precision, scale } => Arrow::Decimal128(*precision, *scale),
            Self::Numeric | Self::Text | Self::Cast | Self::TimeTz | Self::Json | Self::Jsonb => {
                Arrow::Utf8
            }
            Self::Bytes => Arrow::Binary,
            Self::Date => Arrow::Date32,
            Self::Time => Arrow::Time64(TimeUnit::Microsecond),
            Self::Timestamp => Arrow::Timestamp(TimeUnit::Microsecond, None),
            Self::TimestampTz => Arrow::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Interval => Arrow::Interval(IntervalUnit::MonthDayNano),
            Self::Uuid => Arrow::FixedSizeBinary(16),
            Self::List(element) => Arrow::List(Arc::new(element.field("item"))),
            Self::Struct(_) => Arrow::Struct(self.fields()),
        }
    }

    /// The Arrow fields of a composite.
    pub(super) fn fields(&self) -> Fields {
        match self {
            Self::Struct(fields) => fields.iter().map(|(name, kind)| kind.field(name)).collect(),
            _ => Fields::empty(),
        }
    }

    /// An Arrow field called `name`. Whether a value may be NULL is the catalogue's to say, not
    /// Arrow's: engines trust it unread.
    pub(super) fn field(&self, name: &str) -> Field {
        let field = Field::new(name, self.arrow(), true);
        let extension = match self {
            Self::Uuid => "arrow.uuid",
            Self::Json | Self::Jsonb => "arrow.json",
            _ => return field,
        };
        field.with_metadata(
            BTreeMap::from([
                ("ARROW:extension:name".to_owned(), extension.to_owned()),
                ("ARROW:extension:metadata".to_owned(), String::new()),
            ])
            .into_iter()
            .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerics_are_as_wide_as_they_must() {
        let modifier = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + 4;
        let decimal = |precision, scale| Kind::Decimal { precision, scale };
        for (precision, scale, expected) in [
            (12, 2, decimal(12, 2)),
            (38, 0, decimal(38, 0)),
            (38, 38, decimal(38, 38)),
            (39, 0, Kind::Numeric),
            (2, -3, decimal(5, 0)),
            (2, 4, decimal(4, 4)),
            (38, -1, Kind::Numeric),
            (1, 1000, Kind::Numeric),
        ] {
            assert_eq!(
                numeric(modifier(precision, scale)),
                expected,
                "numeric({precision},{scale})"
            );
        }
        assert_eq!(numeric(-1), Kind::Numeric);
    }
}
