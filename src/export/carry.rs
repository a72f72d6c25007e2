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
//! What a `hugeint` holds beyond 38 digits is an error of the cast: DuckDB itself would write it to
//! Parquet as `double`, without a word.

use crate::compile::ExportColumn;
use crate::graph::ExportFormat;
use crate::relation::DataType;

const WIDEST: &str = "decimal(38,0)";

/// The column `name`, as it goes into files of `format`.
pub(super) fn into_file(format: ExportFormat, name: &str, data_type: &DataType) -> ExportColumn {
    let of = |part: &str| match (format, part) {
        (ExportFormat::Parquet, "hugeint" | "uhugeint") => Some(WIDEST),
        (ExportFormat::Parquet, "time with time zone" | "interval") => Some("varchar"),
        _ => None,
    };
    column(name, data_type, &of)
}

/// The column `name`, as it goes into another system through Arrow.
pub(super) fn into_arrow(name: &str, data_type: &DataType) -> ExportColumn {
    let of = |part: &str| match part {
        "hugeint" | "uhugeint" => Some(WIDEST),
        "bignum" | "time with time zone" | "uuid" | "bit" | "enum" => Some("varchar"),
        _ => None,
    };
    column(name, data_type, &of)
}

fn column(
    name: &str,
    data_type: &DataType,
    of: &dyn Fn(&str) -> Option<&'static str>,
) -> ExportColumn {
    let other = data_type.replacing(of);
    // Another spelling of the same type is no other type.
    let cast = (other != data_type.replacing(&|_| None)).then(|| other.as_str().to_owned());
    ExportColumn { name: name.to_owned(), cast }
}

#[cfg(test)]
mod tests {
    use super::*;

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
