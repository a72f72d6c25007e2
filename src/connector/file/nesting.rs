//! Whether the objects within the values of a key are alike: DuckDB 1.5.5 makes a struct of JSON
//! only where no object lacks a key that another has.

use serde_json::Value;
use std::collections::HashMap;

/// The keys of the objects at each place within some values.
#[derive(Debug, Clone, Default)]
pub(super) struct Nesting {
    keys: HashMap<String, Vec<String>>,
    /// Whether objects at one place have other keys than others.
    pub(super) is_ragged: bool,
}

impl Nesting {
    /// Adds a value.
    pub(super) fn add(&mut self, text: &str) {
        if self.is_ragged {
            return;
        }
        match serde_json::from_str(text) {
            Ok(value) => self.visit("", &value),
            // It is deeper than anyone would make columns of.
            Err(_) => self.is_ragged = true,
        }
    }

    fn visit(&mut self, place: &str, value: &Value) {
        match value {
            Value::Array(elements) => {
                let place = format!("{place}[]");
                for element in elements {
                    self.visit(&place, element);
                }
            }
            Value::Object(members) => {
                let mut keys: Vec<String> = members.keys().cloned().collect();
                keys.sort_unstable();
                let known = self.keys.entry(place.to_owned()).or_insert_with(|| keys.clone());
                self.is_ragged |= *known != keys;
                // A key may hold any character, so its length tells where it ends.
                let inner = |key: &str| format!("{place}.{}:{key}", key.len());
                for (key, value) in members {
                    self.visit(&inner(key), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_at_one_place_are_alike_or_not() {
        for (values, expected) in [
            (&[r#"{"a":1,"b":{"c":1}}"#, r#"{"b":{"c":null},"a":[]}"#][..], false),
            (&["{}", "{}"], false),
            (&["{}", r#"{"a":1}"#], true),
            (&[r#"[{"a":1},{"a":2}]"#, "[]"], false),
            (&[r#"[{"a":1},{}]"#], true),
            (&[r#"{"a":{"x":1},"b":{"y":1}}"#], false),
            (&[r#"{"a":{"x":1}}"#, r#"{"a":{"y":1}}"#], true),
        ] {
            let mut nesting = Nesting::default();
            for value in values {
                nesting.add(value);
            }
            assert_eq!(nesting.is_ragged, expected, "{values:?}");
        }
    }
}
