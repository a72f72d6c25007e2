//! JSON as Python's `json` module writes and reads it.

use std::fmt::Write as _;

use minijinja::value::{Value, ValueKind};

use super::{from_serde, items_of, pairs_of};
use crate::template::error::{Kind, fail};

/// Deeper values are refused: they are data gone wrong, and writing them recurses.
const DEEPEST: usize = 250;

/// Writes a value as `json.dumps` does, with `", "` and `": "`, or indented.
///
/// # Errors
/// If the value holds something that JSON cannot express.
pub fn to_json(
    value: &Value,
    sort_keys: bool,
    indent: Option<usize>,
) -> Result<String, minijinja::Error> {
    let mut writer = Writer { text: String::new(), sort_keys, indent };
    writer.write(value, 0)?;
    Ok(writer.text)
}

struct Writer {
    text: String,
    sort_keys: bool,
    indent: Option<usize>,
}

impl Writer {
    fn write(&mut self, value: &Value, depth: usize) -> Result<(), minijinja::Error> {
        if depth > DEEPEST {
            return Err(fail(Kind::Limit, "the value is too deep to be written as JSON"));
        }
        match value.kind() {
            ValueKind::None => self.text.push_str("null"),
            ValueKind::Bool => self.text.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.text.push_str(&super::display(value)),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = items_of(value)?;
                self.sequence(('[', ']'), items.len(), depth, |writer, index| {
                    writer.write(&items[index], depth + 1)
                })?;
            }
            ValueKind::Map => {
                let mut pairs = pairs_of(value)?;
                if self.sort_keys {
                    pairs.sort_by(|one, other| one.0.cmp(&other.0));
                }
                self.sequence(('{', '}'), pairs.len(), depth, |writer, index| {
                    writer.key(&pairs[index].0);
                    writer.text.push_str(": ");
                    writer.write(&pairs[index].1, depth + 1)
                })?;
            }
            ValueKind::Plain => self.string(&value.to_string()),
            kind => return Err(fail(Kind::Value, format!("{kind} cannot be written as JSON"))),
        }
        Ok(())
    }

    fn sequence(
        &mut self,
        (open, close): (char, char),
        len: usize,
        depth: usize,
        mut item: impl FnMut(&mut Self, usize) -> Result<(), minijinja::Error>,
    ) -> Result<(), minijinja::Error> {
        self.text.push(open);
        for index in 0..len {
            if index > 0 {
                self.text.push_str(if self.indent.is_some() { "," } else { ", " });
            }
            self.line(depth + 1);
            item(self, index)?;
        }
        if len > 0 {
            self.line(depth);
        }
        self.text.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }

    fn key(&mut self, key: &Value) {
        match key.kind() {
            ValueKind::String => self.string(key.as_str().unwrap_or_default()),
            ValueKind::None => self.string("null"),
            ValueKind::Bool => self.string(if key.is_true() { "true" } else { "false" }),
            _ => self.string(&super::display(key)),
        }
    }

    /// Python escapes everything beyond ASCII.
    fn string(&mut self, text: &str) {
        self.text.push('"');
        for char in text.chars() {
            match char {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                ' '..='~' => self.text.push(char),
                _ => {
                    for unit in char.encode_utf16(&mut [0; 2]) {
                        let _ = write!(self.text, "\\u{unit:04x}");
                    }
                }
            }
        }
        self.text.push('"');
    }
}

/// Reads JSON into lists and dicts that a template can change.
///
/// # Errors
/// If the text is not JSON.
pub fn from_json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).map(|json| from_serde(&json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_goes_in_and_out_as_in_python() {
        let text = r#"{"b": [1, 2.0, null, true], "a": "\u00e9\"\n"}"#;
        let value = from_json(text).unwrap();
        assert_eq!(to_json(&value, false, None).unwrap(), text);
        let sorted = to_json(&value, true, Some(2)).unwrap();
        assert!(sorted.starts_with("{\n  \"a\": \"\\u00e9\\\"\\n\",\n  \"b\": [\n    1,"));
    }
}
