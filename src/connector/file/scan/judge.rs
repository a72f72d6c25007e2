//! What is asked of the values of a column: what they are, or whether a type holds them.

use super::super::facts::{Facts, kind};
use super::super::infer::NUMBERS;
use super::super::strptime;
use super::floating;
use super::value::{self, DOUBLE_DIGITS, Number};
use crate::relation::DataType;

/// How values of a format are written.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Formats {
    /// Before the decimals.
    pub(in super::super) point: u8,
    /// A date in strptime's words, where it is not ISO 8601.
    pub(in super::super) date: Option<String>,
    /// A timestamp in strptime's words, where it is not ISO 8601.
    pub(in super::super) timestamp: Option<String>,
}

impl Formats {
    pub(super) fn are_given(&self) -> bool {
        self.date.is_some() || self.timestamp.is_some()
    }

    /// The form of a value, and its digits if it is a number.
    fn kind(&self, value: &[u8]) -> Number {
        let of = |kind| Number { kind, ..Number::default() };
        match &self.date {
            Some(format) if is_date_as(format, value) => return of(kind::DATE),
            None if value::is_date(value) => return of(kind::DATE),
            Some(_) | None => {}
        }
        let timestamp = match &self.timestamp {
            Some(format) => is_timestamp_as(format, value).then(|| kind_of(format)),
            None => value::timestamp(value, 6),
        };
        if let Some(kind) = timestamp {
            return of(kind);
        }
        let number = value::number(value, self.point);
        number.unwrap_or_else(|| {
            of(if value::is_boolean(value) { kind::BOOLEAN } else { kind::OTHER })
        })
    }
}

fn is_date_as(format: &str, value: &[u8]) -> bool {
    let text = str::from_utf8(value).unwrap_or_default();
    jiff::fmt::strtime::parse(format, text).is_ok_and(|time| time.to_date().is_ok())
}

/// What a timestamp in `format` is.
fn kind_of(format: &str) -> u32 {
    if strptime::has_offset(format) { kind::TIMESTAMP_TZ } else { kind::TIMESTAMP }
}

fn is_timestamp_as(format: &str, value: &[u8]) -> bool {
    let text = str::from_utf8(value).unwrap_or_default();
    let parse = |format: &str| jiff::fmt::strtime::parse(format, text);
    // An offset may have a colon or not, as for DuckDB.
    let parsed = parse(format).or_else(|_| parse(&format.replace("%z", "%:z")));
    // DuckDB takes a time that the format does not ask for to be midnight.
    parsed.is_ok_and(|time| time.to_datetime().is_ok() || time.to_date().is_ok())
}

/// What is asked of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Question {
    /// Nothing: it is read as text, or not at all.
    Nothing,
    /// What its values are.
    Facts,
    /// Whether a type holds each of them exactly.
    Holds {
        /// The type, as what it asks.
        test: Test,
        /// Whether the user said it; else an earlier load inferred it.
        is_declared: bool,
    },
}

/// What a type asks of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Test {
    /// true or false.
    Boolean,
    /// An integer within bounds.
    Integer {
        /// The least.
        min: i128,
        /// The greatest.
        max: i128,
        /// As many digits are within the bounds for sure.
        safe_digits: usize,
    },
    /// A number; at most so many digits count, unless it has an exponent.
    Double(usize),
    /// A number that has its digits still when it is printed with as many again.
    Floating {
        /// Whether it is of 32 bits.
        is_single: bool,
    },
    /// A number without exponent, of so many digits before and after the point.
    Decimal {
        /// Before it.
        integer_digits: usize,
        /// After it.
        scale: usize,
    },
    /// A date.
    Date,
    /// A timestamp without offset, or a date, with so many digits after the second's point.
    Timestamp(usize),
    /// A timestamp with offset.
    TimestampTz,
    /// A time of day.
    Time,
    /// A UUID.
    Uuid,
}

/// What is asked of a column that has `data_type`; `None` where only the database knows.
pub(in super::super) fn question(data_type: &DataType, is_declared: bool) -> Option<Question> {
    let name = data_type.as_str();
    let (base, arguments) = name.split_once('(').unwrap_or((name, ""));
    let holds = |test| Some(Question::Holds { test, is_declared });
    if let Some((min, max)) = integer_bounds(base.trim()) {
        let least = if min == 0 { max } else { max.min(-(min + 1)) };
        let safe_digits = least.to_string().len() - 1;
        return holds(Test::Integer { min, max, safe_digits });
    }
    match base.trim() {
        "varchar" | "text" | "string" | "char" | "bpchar" | "nvarchar" => Some(Question::Nothing),
        "boolean" | "bool" | "logical" => holds(Test::Boolean),
        "double" | "float8" if !is_declared => holds(Test::Double(DOUBLE_DIGITS)),
        "double" | "float8" => holds(Test::Floating { is_single: false }),
        "float" | "real" | "float4" => holds(Test::Floating { is_single: true }),
        "decimal" | "numeric" | "dec" => holds(decimal(arguments)?),
        "date" => holds(Test::Date),
        "timestamp" | "datetime" | "timestamp without time zone" => holds(Test::Timestamp(6)),
        "timestamp_s" => holds(Test::Timestamp(0)),
        "timestamp_ms" => holds(Test::Timestamp(3)),
        "timestamp_ns" => holds(Test::Timestamp(9)),
        "timestamp with time zone" | "timestamptz" => holds(Test::TimestampTz),
        "time" => holds(Test::Time),
        "uuid" => holds(Test::Uuid),
        _ => None,
    }
}

fn integer_bounds(name: &str) -> Option<(i128, i128)> {
    Some(match name {
        "tinyint" | "int1" => (i8::MIN.into(), i8::MAX.into()),
        "smallint" | "int2" | "int16" | "short" => (i16::MIN.into(), i16::MAX.into()),
        "integer" | "int" | "int4" | "int32" | "signed" => (i32::MIN.into(), i32::MAX.into()),
        "bigint" | "int8" | "int64" | "long" => (i64::MIN.into(), i64::MAX.into()),
        "hugeint" | "int128" => (i128::MIN, i128::MAX),
        "utinyint" | "uint8" => (0, u8::MAX.into()),
        "usmallint" | "uint16" => (0, u16::MAX.into()),
        "uinteger" | "uint32" => (0, u32::MAX.into()),
        "ubigint" | "uint64" => (0, u64::MAX.into()),
        // What is above the signed maximum is refused, though the type holds it.
        "uhugeint" | "uint128" => (0, i128::MAX),
        _ => return None,
    })
}

/// DuckDB's decimal without numbers is decimal(18,3), with one number it has scale 0.
fn decimal(arguments: &str) -> Option<Test> {
    let arguments = arguments.trim_end().trim_end_matches(')');
    let mut numbers = arguments.split(',').map(|number| number.trim().parse::<usize>());
    let (precision, scale) = match (arguments.is_empty(), numbers.next(), numbers.next()) {
        (true, ..) => (18, 3),
        (_, Some(Ok(precision)), None) => (precision, 0),
        (_, Some(Ok(precision)), Some(Ok(scale))) => (precision, scale),
        _ => return None,
    };
    Some(Test::Decimal { integer_digits: precision.checked_sub(scale)?, scale })
}

impl Test {
    /// Whether the type holds `value` exactly. Digits after a zero or a plus are a number only to a
    /// user who says so.
    #[inline]
    pub(in super::super) fn holds(
        &self,
        value: &[u8],
        formats: &Formats,
        is_declared: bool,
    ) -> bool {
        match self {
            Self::Boolean => value::is_boolean(value),
            Self::Integer { min, max, safe_digits } => {
                if value::is_short_integer(value, *safe_digits) {
                    return *min < 0 || value.first() != Some(&b'-');
                }
                let number = value::number(value, formats.point);
                let text = str::from_utf8(value).unwrap_or_default();
                number.is_some_and(|number| is_whole(number.kind, is_declared))
                    && text.parse().is_ok_and(|number: i128| *min <= number && number <= *max)
            }
            Self::Double(digits) => value::number(value, formats.point).is_some_and(|number| {
                let padded = if is_declared { kind::PADDED } else { 0 };
                number.kind & (NUMBERS | padded) != 0
                    && (number.kind == kind::EXPONENT || number.significant_digits <= *digits)
            }),
            Self::Floating { is_single } => {
                value::number(value, formats.point).is_some_and(|number| {
                    let padded = if is_declared { kind::PADDED } else { 0 };
                    number.kind & (NUMBERS | padded) != 0
                        && floating::comes_back(value, formats.point, *is_single)
                })
            }
            Self::Decimal { integer_digits, scale } => value::number(value, formats.point)
                .is_some_and(|number| {
                    let before = number.significant_digits.saturating_sub(number.scale);
                    (number.kind == kind::DECIMAL || is_whole(number.kind, is_declared))
                        && number.scale <= *scale
                        && before <= *integer_digits
                }),
            Self::Date => match &formats.date {
                Some(format) => is_date_as(format, value),
                None => value::is_date(value),
            },
            Self::Timestamp(digits) => match &formats.timestamp {
                Some(format) => {
                    kind_of(format) == kind::TIMESTAMP && is_timestamp_as(format, value)
                }
                None => {
                    value::timestamp(value, *digits) == Some(kind::TIMESTAMP)
                        || formats.date.is_none() && value::is_date(value)
                }
            },
            Self::TimestampTz => match &formats.timestamp {
                Some(format) => {
                    kind_of(format) == kind::TIMESTAMP_TZ && is_timestamp_as(format, value)
                }
                None => value::timestamp(value, 6) == Some(kind::TIMESTAMP_TZ),
            },
            Self::Time => value::is_time(value),
            Self::Uuid => value::is_uuid(value),
        }
    }
}

fn is_whole(kind: u32, is_declared: bool) -> bool {
    kind == self::kind::INTEGER || is_declared && kind == self::kind::PADDED
}

/// Whether a type that the user says holds `value`.
pub(in super::super) fn holds(test: &Test, value: &[u8], formats: &Formats) -> bool {
    test.holds(value, formats, true)
}

/// Adds a value to the facts of its column.
#[inline]
pub(in super::super) fn add(facts: &mut Facts, value: &[u8], formats: &Formats) {
    // Nothing can make other than text of it.
    if facts.kinds & (kind::OTHER | kind::PADDED) != 0 {
        return;
    }
    if facts.kinds == kind::INTEGER && value::is_short_integer(value, 16) && !formats.are_given() {
        facts.integer_digits = facts.integer_digits.max(value.len() as u64);
        facts.significant_digits = facts.significant_digits.max(value.len() as u64);
        return;
    }
    let number = formats.kind(value);
    facts.kinds |= number.kind;
    if number.kind == kind::INTEGER {
        let (in_64, in_128) = value::bits(value);
        facts.over_64_bits += u64::from(!in_64);
        facts.over_128_bits += u64::from(!in_128);
    }
    if number.kind & (kind::INTEGER | kind::DECIMAL) != 0 {
        facts.integer_digits = facts.integer_digits.max(number.integer_digits as u64);
        facts.scale = facts.scale.max(number.scale as u64);
        let most = number.significant_digits.max(number.integer_digits) as u64;
        facts.significant_digits = facts.significant_digits.max(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_hold_what_they_do_not_change() {
        for (data_type, declared, holds, refuses) in [
            (
                "bigint",
                false,
                &["1", "-9223372036854775808", "0", "123456789012"][..],
                &["1.0", "007", "+1", "9223372036854775808", "", "1e3", " 1"][..],
            ),
            ("tinyint", true, &["127", "-128", "007", "+1"], &["128", "-129", "1.5"]),
            ("ubigint", true, &["18446744073709551615", "0"], &["-1", "18446744073709551616"]),
            (
                "double",
                false,
                &["1", "1.5", "123456789012345", "1e5"],
                &["1234567890123456", "007", "0.12345678901234567", "nan"],
            ),
            (
                "double",
                true,
                &["1234567890123456", "007", "1.5", "0.10000000000000001", "1e300"],
                &["x", "inf", "9007199254740993", "1e400"],
            ),
            (
                "float",
                true,
                &["16777216", "0.1", "-0.123456", "1e10", "0.25", "0", "+1"],
                &["16777217", "0.12345678901", "1e39", "1e-60", "x"],
            ),
            (
                "decimal(4,2)",
                false,
                &["12.34", "-0.5", "1", ".25"],
                &["123", "1.234", "1e1", "007"],
            ),
            ("decimal(2,2)", true, &["0.25", "0"], &["1"]),
            ("decimal(10)", true, &["1", "007"], &["1.5"]),
            ("boolean", false, &["TRUE"], &["t", "1", "yes"]),
            ("date", false, &["2024-01-01"], &["2024-1-1", "2024-01-01 00:00"]),
            ("timestamp", false, &["2024-01-01", "2024-01-01 10:00"], &["2024-01-01 10:00:00Z"]),
            ("timestamp_s", true, &["2024-01-01 10:00:00"], &["2024-01-01 10:00:00.5"]),
            (
                "timestamptz",
                false,
                &["2024-01-01 10:00:00Z"],
                &["2024-01-01 10:00:00", "2024-01-01 10:00Z"],
            ),
            ("uuid", true, &["0f8fad5b-d9cb-469f-a165-70867728950e"], &["x"]),
            ("time", true, &["10:00", "23:59:59.5"], &["24:00:00", "1:00"]),
        ] {
            let question = question(&DataType::new(data_type), declared).unwrap();
            let Question::Holds { test, is_declared } = question else { panic!("{data_type}") };
            let formats = Formats { point: b'.', ..Formats::default() };
            for (values, expected) in [(holds, true), (refuses, false)] {
                for value in values {
                    let found = test.holds(value.as_bytes(), &formats, is_declared);
                    assert_eq!(found, expected, "{data_type}: {value}");
                }
            }
        }
        assert_eq!(question(&DataType::new("varchar(3)"), true), Some(Question::Nothing));
        assert_eq!(question(&DataType::new("interval"), true), None);
    }
}
