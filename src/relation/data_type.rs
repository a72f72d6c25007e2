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

/// Lower case outside quotes: an enum's labels and a struct's quoted fields keep theirs.
fn fold(name: &str) -> String {
    let mut quote = None;
    name.chars()
        .flat_map(|character| {
            match quote {
                Some(open) if character == open => quote = None,
                None if matches!(character, '\'' | '"') => quote = Some(character),
                _ => {}
            }
            let folded = quote.is_none();
            let lower = character.to_lowercase().filter(move |_| folded);
            let same = std::iter::once(character).filter(move |_| !folded);
            lower.chain(same)
        })
        .collect()
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
        ] {
            assert_eq!(DataType::new(given).as_str(), expected);
        }
    }
}
