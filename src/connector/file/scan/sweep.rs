//! A type against many values at once, in the form that nearly all of them have.
//!
//! Each arm is a loop of its own with one test in it, which the compiler lays out flat: with one loop
//! around the choice it takes twice as long.

use super::judge::{Formats, Test};
use super::token::{Form, Token};
use super::value;

/// Any number of so many digits comes back from a float of 32 bits.
const SINGLE_DIGITS: usize = 6;

/// Whether a type holds every value of the column `index` of `width`. `false` may also mean that a
/// value has to be looked at more closely: one in quotes, or one that could stand for NULL.
pub(super) fn all_hold(
    fields: &[Token],
    width: usize,
    index: usize,
    bytes: &[u8],
    test: &Test,
    formats: &Formats,
) -> bool {
    let is_iso = !formats.are_given();
    let point = formats.point;
    match test {
        Test::Integer { min, safe_digits, .. } if *min < 0 => {
            let digits = *safe_digits;
            column(fields, width, index, bytes, |text| value::is_short_integer(text, digits))
        }
        Test::Double(_) | Test::Floating { is_single: false } => {
            column(fields, width, index, bytes, |text| value::is_short_decimal(text, point, 15, 15))
        }
        Test::Floating { is_single: true } => column(fields, width, index, bytes, |text| {
            text.len() <= SINGLE_DIGITS && value::is_short_decimal(text, point, 6, 6)
        }),
        Test::Decimal { integer_digits, scale } => {
            let (digits, scale) = ((*integer_digits).max(1), *scale);
            let is_roomy = *integer_digits > 0;
            is_roomy
                && column(fields, width, index, bytes, |text| {
                    value::is_short_decimal(text, point, digits, scale)
                })
        }
        Test::Boolean => {
            column(fields, width, index, bytes, |text| matches!(text, b"true" | b"false"))
        }
        Test::Date if is_iso => column(fields, width, index, bytes, value::is_date),
        Test::Timestamp(_) if is_iso => {
            column(fields, width, index, bytes, value::is_whole_timestamp)
        }
        Test::Integer { .. }
        | Test::Date
        | Test::Timestamp(_)
        | Test::TimestampTz
        | Test::Time
        | Test::Uuid => {
            column(fields, width, index, bytes, |text| test.holds(text, formats, false))
        }
    }
}

/// Whether `holds` says yes to all values that are not empty.
#[inline]
fn column(
    fields: &[Token],
    width: usize,
    index: usize,
    bytes: &[u8],
    holds: impl Fn(&[u8]) -> bool,
) -> bool {
    fields.get(index..).unwrap_or_default().iter().step_by(width.max(1)).all(|token| {
        let text = token.bytes(bytes);
        match token.form {
            Form::Plain => text.is_empty() || holds(text),
            Form::Quoted => holds(text),
            Form::Stray | Form::Escaped | Form::Broken | Form::Open => false,
        }
    })
}
