//! The type of a column, as its engine writes it.

use std::fmt;

/// A data type in the words of the engine that reported it, folded to lower case: `bigint`,
/// `decimal(10,2)`, `varchar[]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DataType(pub(super) String);

impl DataType {
    /// The type that the engine calls `name`.
    pub fn new(name: &str) -> Self {
        Self(fold(name))
    }

    /// The type's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower case outside quotes: an enum's labels and a struct's fields keep theirs. A field that has
/// capitals is quoted, since it would lose them otherwise.
fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    // Of each open parenthesis, whether it holds fields.
    let mut open = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let field_starts = open.last() == Some(&true) && folded.trim_end().ends_with(['(', ',']);
        let length = match first {
            '\'' | '"' => quoted_length(rest, first),
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        match first {
            '\'' | '"' => folded.push_str(token),
            _ if field_starts && is_field(token, after) => {
                folded.push('"');
                folded.push_str(token);
                folded.push('"');
            }
            '(' => {
                open.push(["struct", "union"].iter().any(|word| folded.ends_with(word)));
                folded.push(first);
            }
            _ => {
                if first == ')' {
                    open.pop();
                }
                folded.push_str(&token.to_lowercase());
            }
        }
        rest = after;
    }
    folded
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether `token` is a field's name with capitals: a type follows it. A field without a name is
/// its type alone, of which only `timestamp with time zone` has several words.
fn is_field(token: &str, after: &str) -> bool {
    let next = after.trim_start();
    next.len() < after.len()
        && next.starts_with(|first| is_word(first) || first == '"')
        && !next.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("with "))
        && token.contains(char::is_uppercase)
}

/// Bytes of the quoted text that `text` begins with; all of it where the quote stays open.
fn quoted_length(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_to_lower_case_outside_quotes() {
        for (given, expected) in [
            ("DECIMAL(10,2)", "decimal(10,2)"),
            ("ENUM('Ja', 'Nein')", "enum('Ja', 'Nein')"),
            ("STRUCT(\"A b\" INTEGER)", "struct(\"A b\" integer)"),
            ("STRUCT(\"a\"\"B\" INTEGER)", "struct(\"a\"\"B\" integer)"),
            ("STRUCT(Up INTEGER, low DATE)[]", "struct(\"Up\" integer, low date)[]"),
            ("STRUCT(INTEGER, DECIMAL(4,1))", "struct(integer, decimal(4,1))"),
            ("STRUCT(TIMESTAMP WITH TIME ZONE)", "struct(timestamp with time zone)"),
            (
                "MAP(VARCHAR, STRUCT(Ä STRUCT(B DATE)))",
                "map(varchar, struct(\"Ä\" struct(\"B\" date)))",
            ),
            ("UNION(Num INTEGER)", "union(\"Num\" integer)"),
            ("ENUM('open", "enum('open"),
        ] {
            assert_eq!(DataType::new(given).as_str(), expected);
        }
    }
}
