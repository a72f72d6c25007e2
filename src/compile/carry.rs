//! Types that a destination cannot hold, and those that go in their place.
//!
//! | type | Parquet | another system | CSV, JSON |
//! | --- | --- | --- | --- |
//! | `hugeint`, `uhugeint` | `decimal(38,0)` | `decimal(38,0)` | as text |
//! | `time with time zone` | `varchar` | `varchar` | as text |
//! | `interval` | `varchar`: Parquet cuts it to milliseconds | as it is | as text |
//! | `uuid` | as DuckDB writes it | as it is; within other types `varchar` | as text |
//! | `bignum`, `bit`, enums | as DuckDB writes them | `varchar` | as text |
//!
//! JSON has no NaN and no infinities: a column of `float` or `double` is looked through while it is
//! written there.
//!
//! What a `hugeint` holds beyond 38 digits is an error of the cast: DuckDB itself would write it to
//! Parquet as `double`, without a word.

use super::{ExportColumn, Finite};
use crate::dialect::Dialect;
use crate::graph::ExportFormat;
use crate::relation::DataType;
use std::cell::Cell;

const WIDEST: &str = "decimal(38,0)";

/// The column `name`, as it goes into files of `format`.
pub fn into_file(format: ExportFormat, name: &str, data_type: &DataType) -> ExportColumn {
    let of = |part: &str| match (format, part) {
        (ExportFormat::Parquet, "hugeint" | "uhugeint") => Some(WIDEST),
        (ExportFormat::Parquet, "time with time zone" | "interval") => Some("varchar"),
        _ => None,
    };
    let finite = if format == ExportFormat::Json { finite(data_type) } else { None };
    ExportColumn { finite, ..column(name, data_type, &of) }
}

/// Whether values may hold NaN and infinities, and where.
fn finite(data_type: &DataType) -> Option<Finite> {
    if data_type.is_floating() {
        return Some(Finite::Plain);
    }
    let floats = Cell::new(false);
    _ = data_type.replacing(&|part| {
        floats.set(floats.get() || DataType::new(part).is_floating());
        None
    });
    floats.get().then_some(Finite::Nested)
}

/// The column `name`, as it goes into another system through Arrow.
pub fn into_arrow(name: &str, data_type: &DataType) -> ExportColumn {
    let of = |part: &str| match part {
        "hugeint" | "uhugeint" => Some(WIDEST),
        "bignum" | "time with time zone" | "uuid" | "bit" | "enum" => Some("varchar"),
        _ => None,
    };
    column(name, data_type, &of)
}

/// The type that `dialect`'s database keeps a column under that is read as `data_type`.
pub fn kept(dialect: &dyn Dialect, data_type: &DataType) -> DataType {
    if dialect.is_embedded() {
        return data_type.clone();
    }
    dialect.data_type(&dialect.type_name(&carried(data_type)))
}

/// The type that a column of a file is read as which is declared as `text` for `dialect`'s database.
/// None where files are read by DuckDB, which has no such type, or means another by the name.
pub fn declared(dialect: &dyn Dialect, text: &str) -> Option<DataType> {
    const ELSEWHERE: [&str; 27] = [
        "numeric",
        "decimal",
        "dec",
        "citext",
        "money",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
        "xml",
        "hstore",
        "ltree",
        "tsvector",
        "tsquery",
        "point",
        "line",
        "lseg",
        "box",
        "path",
        "polygon",
        "circle",
        "int4range",
        "int8range",
        "numrange",
        "tsrange",
        "tstzrange",
        "daterange",
    ];
    if dialect.is_embedded() {
        return Some(DataType::new(text));
    }
    let name = text.trim().to_lowercase();
    let is_elsewhere = ELSEWHERE.contains(&name.trim_end_matches("[]"));
    let is_plain = !name.contains(['"', '\'']);
    let read = if is_plain { dialect.data_type(&name) } else { DataType::new(text) };
    (!is_elsewhere).then_some(read)
}

/// The type that values of `data_type` have on their way: a uuid is one, though Arrow has its text.
pub fn carried(data_type: &DataType) -> DataType {
    match into_arrow("", data_type).cast {
        Some(cast) if data_type.as_str() != "uuid" => DataType::new(&cast),
        _ => data_type.clone(),
    }
}

fn column(
    name: &str,
    data_type: &DataType,
    of: &dyn Fn(&str) -> Option<&'static str>,
) -> ExportColumn {
    let other = data_type.replacing(of);
    // Another spelling of the same type is no other type.
    let cast = (other != data_type.replacing(&|_| None)).then(|| other.as_str().to_owned());
    ExportColumn { name: name.to_owned(), cast, finite: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_json_lacks_are_looked_for_where_they_may_be() {
        for (data_type, expected) in [
            ("double", Some(Finite::Plain)),
            ("float", Some(Finite::Plain)),
            ("double[]", Some(Finite::Nested)),
            ("struct(a integer, b map(varchar, float))", Some(Finite::Nested)),
            ("struct(\"double\" integer)", None),
            ("decimal(10,2)", None),
            ("varchar", None),
        ] {
            let data_type = DataType::new(data_type);
            let finite = |format| into_file(format, "x", &data_type).finite;
            assert_eq!(finite(ExportFormat::Json), expected, "{data_type}");
            assert_eq!(finite(ExportFormat::Parquet), None);
        }
    }

    #[test]
    fn declared_types_are_those_that_files_are_read_as() {
        use crate::dialect::POSTGRES;
        for (text, expected) in [
            ("jsonb", Some("json")),
            ("Double Precision", Some("double")),
            ("numeric(9,2)", Some("decimal(9,2)")),
            ("text[]", Some("varchar[]")),
            ("bigint", Some("bigint")),
            ("numeric", None),
            ("inet", None),
            ("money[]", None),
        ] {
            let read = declared(&POSTGRES, text);
            assert_eq!(read.as_ref().map(DataType::as_str), expected, "{text}");
        }
    }

    #[test]
    fn what_arrow_and_parquet_lack_is_cast() {
        for (data_type, parquet, arrow) in [
            ("bigint", None, None),
            ("hugeint", Some("decimal(38,0)"), Some("decimal(38,0)")),
            ("interval", Some("varchar"), None),
            ("uuid", None, Some("varchar")),
            ("enum('a', 'b')", None, Some("varchar")),
            ("time with time zone", Some("varchar"), Some("varchar")),
            ("uuid[]", None, Some("varchar[]")),
            ("struct(a integer)", None, None),
        ] {
            let data_type = DataType::new(data_type);
            let cast = into_file(ExportFormat::Parquet, "x", &data_type).cast;
            assert_eq!(cast.as_deref(), parquet, "{data_type}");
            assert_eq!(into_arrow("x", &data_type).cast.as_deref(), arrow, "{data_type}");
            assert_eq!(into_file(ExportFormat::Csv, "x", &data_type).cast, None);
        }
    }
}
