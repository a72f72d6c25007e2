//! One number as JSON may write it several ways: `2.0`, `20e-1` and `2` are the integer 2.

use std::borrow::Cow;

/// Exponents past this are left as they are.
const FARTHEST: i64 = 60;

/// A number without exponent and without zeros at the end of its fraction.
pub(super) fn plain(number: &str) -> Cow<'_, str> {
    if !number.contains(['.', 'e', 'E']) {
        return Cow::Borrowed(number);
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent = exponent.parse().ok().filter(|exponent: &i64| exponent.abs() <= FARTHEST);
    exponent.and_then(|by| shifted(mantissa, by)).map_or(Cow::Borrowed(number), Cow::Owned)
}

fn shifted(mantissa: &str, by: i64) -> Option<String> {
    let (sign, unsigned) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (integer, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut digits = format!("{integer}{fraction}");
    let point = i64::try_from(integer.len()).ok()? + by;
    if point < 1 {
        digits.insert_str(0, &"0".repeat(usize::try_from(1 - point).ok()?));
    }
    let point = usize::try_from(point.max(1)).ok()?;
    let missing = point.saturating_sub(digits.len());
    digits.push_str(&"0".repeat(missing));
    let (integer, fraction) = digits.split_at_checked(point)?;
    let integer = integer.trim_start_matches('0');
    let integer = if integer.is_empty() { "0" } else { integer };
    let fraction = fraction.trim_end_matches('0');
    let between = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{integer}{between}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_one_way() {
        for (number, expected) in [
            ("2", "2"),
            ("2.0", "2"),
            ("-2.50", "-2.5"),
            ("20e-1", "2"),
            ("1.5E+3", "1500"),
            ("1.5e-3", "0.0015"),
            ("0.0", "0"),
            ("0.05e1", "0.5"),
            ("12.5", "12.5"),
            ("1e61", "1e61"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert_eq!(plain(number), expected, "{number}");
        }
    }
}
