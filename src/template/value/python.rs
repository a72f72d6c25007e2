//! How Python prints values: `str()` and `repr()`.

use std::fmt::Write as _;

use minijinja::value::{Tuple, Value, ValueKind};

/// `repr(value)`.
pub(crate) fn repr(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined => "Undefined".to_string(),
        ValueKind::Number => display(value),
        ValueKind::Plain => value.to_string(),
        ValueKind::Seq if value.is_tuple() => tuple(value),
        _ => format!("{value:?}"),
    }
}

/// `str(value)`; nothing for an undefined value.
pub(crate) fn display(value: &Value) -> String {
    if value.kind() == ValueKind::Number && !value.is_integer() {
        return f64::try_from(value.clone()).map_or_else(|_| value.to_string(), float);
    }
    if value.is_tuple() { tuple(value) } else { value.to_string() }
}

fn tuple(value: &Value) -> String {
    let Some(items) = value.downcast_object_ref::<Tuple>() else { return value.to_string() };
    let mut text = String::from("(");
    for (index, item) in items.iter().enumerate() {
        let _ = write!(text, "{}{}", if index > 0 { ", " } else { "" }, repr(item));
    }
    text.push_str(if items.len() == 1 { ",)" } else { ")" });
    text
}

/// `repr(float)`: the shortest digits that read back the same, with an exponent below 1e-4 and from 1e16 on.
pub(crate) fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_string();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_string();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = number.to_string();
    if plain.contains('.') { plain } else { plain + ".0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_python() {
        let cases = [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e15, "1000000000000000.0"),
            (0.0001, "0.0001"),
            (0.000_012_5, "1.25e-05"),
            (-0.0, "-0.0"),
            (1e300, "1e+300"),
            (f64::INFINITY, "inf"),
        ];
        for (number, expected) in cases {
            assert_eq!(float(number), expected);
        }
    }
}
