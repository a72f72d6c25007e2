//! `toyaml`: a value as YAML in block style.

use minijinja::value::{Value, ValueKind};

use super::{display, items_of, pairs_of};
use crate::template::error::{Kind, fail};

const DEEPEST: usize = 250;

/// Writes a value as YAML, with a line break at the end.
pub(crate) fn to_yaml(value: &Value, sort_keys: bool) -> Result<String, minijinja::Error> {
    let mut text = String::new();
    write(value, 0, sort_keys, &mut text)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn write(
    value: &Value,
    depth: usize,
    sort: bool,
    text: &mut String,
) -> Result<(), minijinja::Error> {
    if depth > DEEPEST {
        return Err(fail(Kind::Limit, "the value is too deep to be written as YAML"));
    }
    match value.kind() {
        ValueKind::Map if value.len() != Some(0) => {
            let mut pairs = pairs_of(value)?;
            if sort {
                pairs.sort_by(|one, other| one.0.cmp(&other.0));
            }
            for (index, (key, value)) in pairs.iter().enumerate() {
                indent(index, depth, text);
                text.push_str(&scalar(key));
                text.push(':');
                nested(value, depth + 1, sort, text)?;
            }
        }
        ValueKind::Seq | ValueKind::Iterable if value.len() != Some(0) => {
            for (index, item) in items_of(value)?.iter().enumerate() {
                indent(index, depth, text);
                text.push_str("- ");
                write(item, depth + 1, sort, text)?;
            }
        }
        ValueKind::Map => text.push_str("{}\n"),
        ValueKind::Seq | ValueKind::Iterable => text.push_str("[]\n"),
        _ => {
            text.push_str(&scalar(value));
            text.push('\n');
        }
    }
    Ok(())
}

/// The first line of a block continues the line of its dash or begins below its key.
fn indent(index: usize, depth: usize, text: &mut String) {
    if index > 0 || text.ends_with('\n') || text.is_empty() {
        text.extend(std::iter::repeat_n("  ", depth));
    }
}

fn nested(
    value: &Value,
    depth: usize,
    sort: bool,
    text: &mut String,
) -> Result<(), minijinja::Error> {
    let is_block = matches!(value.kind(), ValueKind::Map | ValueKind::Seq | ValueKind::Iterable);
    let is_list = value.kind() != ValueKind::Map;
    if is_block && value.len() != Some(0) {
        text.push('\n');
        // a list stands at the level of its key, as PyYAML writes it
        return write(value, if is_list { depth - 1 } else { depth }, sort, text);
    }
    text.push(' ');
    write(value, depth, sort, text)
}

fn scalar(value: &Value) -> String {
    match value.kind() {
        ValueKind::None | ValueKind::Undefined => "null".to_string(),
        ValueKind::Bool => value.is_true().to_string(),
        ValueKind::Number => display(value),
        _ => quoted(&value.to_string()),
    }
}

fn quoted(text: &str) -> String {
    let reads_otherwise = ["null", "true", "false", "yes", "no", "on", "off", "~", ""]
        .contains(&text.to_lowercase().as_str())
        || super::number(text).is_some();
    let special = text.starts_with(|char: char| "!&*-?:[]{},#|>@`\"'%=".contains(char))
        || text.contains(": ")
        || text.contains(" #")
        || text.ends_with(':')
        || text.trim() != text;
    if text.chars().any(char::is_control) {
        format!("{text:?}")
    } else if reads_otherwise || special {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_written_in_blocks() {
        let value =
            super::super::from_json(r#"{"b": [1, {"c": "x", "d": []}], "a": "no"}"#).unwrap();
        assert_eq!(to_yaml(&value, false).unwrap(), "b:\n- 1\n- c: x\n  d: []\na: 'no'\n");
    }
}
