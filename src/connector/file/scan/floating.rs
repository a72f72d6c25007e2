//! Whether a floating-point number keeps the digits of a text.

/// A longer text is not looked at.
const LONGEST: usize = 300;

/// Whether a number prints the digits of `value` when it prints as many: `16777217` has eight, and a
/// float of 32 bits makes 16777216 of them.
pub(super) fn comes_back(value: &[u8], point: u8, is_single: bool) -> bool {
    if value.len() > LONGEST {
        return false;
    }
    let text: String =
        value.iter().map(|byte| if *byte == point { '.' } else { char::from(*byte) }).collect();
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let Some(last) = digits.len().checked_sub(1) else { return true };
    let printed = if is_single {
        text.parse().ok().filter(|number: &f32| number.is_finite()).map(|n| format!("{n:.last$e}"))
    } else {
        text.parse().ok().filter(|number: &f64| number.is_finite()).map(|n| format!("{n:.last$e}"))
    };
    printed.is_some_and(|printed| {
        let mantissa = printed.split('e').next().unwrap_or_default();
        mantissa.bytes().filter(u8::is_ascii_digit).eq(digits.bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_back_or_not() {
        for (text, single, double) in [
            ("0", true, true),
            ("-0.000", true, true),
            ("0.1", true, true),
            ("0.10", true, true),
            ("007", true, true),
            ("16777217", false, true),
            ("16777216", true, true),
            ("9007199254740993", false, false),
            ("9007199254740992", true, true),
            ("9007199254740994", false, true),
            ("0.10000000000000001", false, true),
            ("1e38", true, true),
            ("1e39", false, true),
            ("1e-60", false, true),
            ("1.5E-400", false, false),
        ] {
            assert_eq!(comes_back(text.as_bytes(), b'.', true), single, "{text}");
            assert_eq!(comes_back(text.as_bytes(), b'.', false), double, "{text}");
        }
        assert!(comes_back(b"0,1", b',', true));
    }
}
