//! Reading a value out of text, for dbt's `as_native`, `as_bool` and `as_number`.

use minijinja::value::Value;

/// The value that a text is the Python literal of: a number, a string, `None`, `True`, a list, a dict, a tuple.
pub(crate) fn python_literal(text: &str) -> Option<Value> {
    let text = text.trim();
    // names would be looked up: only constants may stand outside of strings
    let named = without_strings(text);
    let constants = ["True", "False", "None"];
    let is_name = |word: &&str| word.starts_with(|char: char| char.is_alphabetic() || char == '_');
    if text.is_empty() || named.contains(['|', '~', '*', '/', '%', '=', '<', '>']) {
        return None;
    }
    let mut words = named.split(|char: char| !char.is_alphanumeric() && char != '_' && char != '.');
    if words.any(|word| is_name(&word) && !constants.contains(&word)) || named.contains(")(") {
        return None;
    }
    let environment = minijinja::Environment::empty();
    let value = environment.compile_expression_owned(text.to_string()).ok()?.eval(()).ok()?;
    super::own_deep(&value).ok()
}

/// The number that a text is.
pub(crate) fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(Value::from(number));
    }
    let starts_as_number = text.starts_with(|char: char| "+-.0123456789".contains(char));
    if starts_as_number { text.parse::<f64>().ok().map(Value::from) } else { None }
}

fn without_strings(text: &str) -> String {
    let mut rest = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match quote {
            Some(_) if char == '\\' => {
                chars.next();
            }
            Some(open) if char == open => quote = None,
            Some(_) => {}
            None if char == '\'' || char == '"' => quote = Some(char),
            None => rest.push(char),
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_and_nothing_is_looked_up() {
        let read = |text| python_literal(text).map(|value| super::super::repr(&value));
        assert_eq!(read("[1, 'a', None]").as_deref(), Some("[1, 'a', None]"));
        assert_eq!(read("{'a': True}").as_deref(), Some("{'a': True}"));
        assert_eq!(read("-1.5").as_deref(), Some("-1.5"));
        assert_eq!(read("'it''s'").as_deref(), Some("'its'"));
        for text in ["abc", "range(3)", "a.b", "1 | int", "", "2020-01-01x"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
