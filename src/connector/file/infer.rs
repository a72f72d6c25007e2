//! The type of a column from its facts.
//!
//! | all values are | type |
//! | --- | --- |
//! | true, false | boolean |
//! | integers | bigint, else hugeint, else varchar |
//! | numbers of at most 15 significant digits, or with exponents | double |
//! | longer numbers | decimal(p,s) up to 38 digits, else varchar |
//! | dates | date |
//! | timestamps without offset, perhaps dates too | timestamp |
//! | timestamps with offset | timestamp with time zone |
//! | none, or of other or mixed forms | varchar |

use super::facts::{Facts, kind};
use crate::relation::DataType;

/// A double holds any number of so many digits exactly enough to print it again.
const DOUBLE_DIGITS: u64 = 15;

/// A decimal holds so many digits.
const DECIMAL_DIGITS: u64 = 38;

/// The type that holds the values.
pub(super) fn infer(facts: &Facts) -> DataType {
    let name = match facts.kinds {
        kind::BOOLEAN => "boolean",
        kind::INTEGER if facts.over_64_bits == 0 => "bigint",
        kind::INTEGER if facts.over_128_bits == 0 => "hugeint",
        kind::DATE => "date",
        kinds if kinds & kind::TIMESTAMP != 0 && facts.only(kind::TIMESTAMP | kind::DATE) => {
            "timestamp"
        }
        kind::TIMESTAMP_TZ => "timestamp with time zone",
        kinds if kinds & (kind::DECIMAL | kind::EXPONENT) != 0 && facts.only(NUMBERS) => {
            return number(facts);
        }
        _ => "varchar",
    };
    DataType::new(name)
}

/// The forms of numbers.
pub(super) const NUMBERS: u32 = kind::INTEGER | kind::DECIMAL | kind::EXPONENT;

fn number(facts: &Facts) -> DataType {
    let digits = facts.integer_digits + facts.scale;
    if facts.significant_digits <= DOUBLE_DIGITS {
        DataType::new("double")
    } else if facts.kinds & kind::EXPONENT == 0 && digits <= DECIMAL_DIGITS {
        DataType::new(&format!("decimal({digits},{})", facts.scale))
    } else {
        DataType::new("varchar")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_follow_from_facts() {
        let facts = Facts::default();
        for (facts, expected) in [
            (facts, "varchar"),
            (Facts { kinds: kind::INTEGER, ..facts }, "bigint"),
            (Facts { kinds: kind::INTEGER, over_64_bits: 1, ..facts }, "hugeint"),
            (Facts { kinds: kind::INTEGER, over_64_bits: 1, over_128_bits: 1, ..facts }, "varchar"),
            (Facts { kinds: kind::INTEGER | kind::PADDED, ..facts }, "varchar"),
            (Facts { kinds: kind::INTEGER | kind::BOOLEAN, ..facts }, "varchar"),
            (Facts { kinds: kind::DECIMAL, significant_digits: 15, ..facts }, "double"),
            (
                Facts { kinds: 3, significant_digits: 16, integer_digits: 12, scale: 6, ..facts },
                "decimal(18,6)",
            ),
            (
                Facts { kinds: 3, significant_digits: 40, integer_digits: 38, scale: 2, ..facts },
                "varchar",
            ),
            (Facts { kinds: kind::EXPONENT, ..facts }, "double"),
            (Facts { kinds: 7, significant_digits: 16, ..facts }, "varchar"),
            (Facts { kinds: kind::DATE, ..facts }, "date"),
            (Facts { kinds: kind::DATE | kind::TIMESTAMP, ..facts }, "timestamp"),
            (Facts { kinds: kind::TIMESTAMP_TZ, ..facts }, "timestamp with time zone"),
            (Facts { kinds: kind::TIMESTAMP | kind::TIMESTAMP_TZ, ..facts }, "varchar"),
        ] {
            assert_eq!(infer(&facts).as_str(), expected, "{facts:?}");
        }
    }
}
