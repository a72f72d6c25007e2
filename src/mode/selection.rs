//! Which columns of a source are loaded.

use crate::relation::Column;

/// The columns of a source that are loaded. Names match to the letter, else without case where only
/// one column is alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// Every column.
    #[default]
    All,
    /// No others than these.
    Only(Vec<String>),
    /// All but these.
    Except(Vec<String>),
}

impl Selection {
    /// The option that says so; `None` where none does.
    pub fn option(&self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Only(_) => Some("include_columns"),
            Self::Except(_) => Some("exclude_columns"),
        }
    }

    /// Whether `name` is loaded, of columns that are called `all`.
    pub fn takes(&self, name: &str, all: &[&str]) -> bool {
        let is_named = |names: &[String]| names.iter().any(|named| means(named, all) == Some(name));
        match self {
            Self::All => true,
            Self::Only(names) => is_named(names),
            Self::Except(names) => !is_named(names),
        }
    }

    /// The names that mean none of `all`.
    pub fn unknown<'s>(&'s self, all: &[&str]) -> Vec<&'s str> {
        let named = match self {
            Self::All => return Vec::new(),
            Self::Only(names) | Self::Except(names) => names,
        };
        let unknown = named.iter().filter(|name| means(name, all).is_none());
        unknown.map(String::as_str).collect()
    }

    /// Those of `columns` that are loaded, in their order.
    #[must_use]
    pub fn of(&self, columns: &[Column]) -> Vec<Column> {
        let all: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        columns.iter().filter(|column| self.takes(&column.name, &all)).cloned().collect()
    }
}

/// Which of `all` a name means.
fn means<'a>(name: &str, all: &[&'a str]) -> Option<&'a str> {
    let exact = all.iter().find(|known| **known == name);
    let folded = name.to_lowercase();
    let mut alike = all.iter().filter(|known| known.to_lowercase() == folded);
    let alone = alike.next().filter(|_| alike.next().is_none());
    exact.or(alone).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_match_to_the_letter_else_without_case() {
        let all = ["id", "Name", "NAME", "Total"];
        for (selection, taken, unknown) in [
            (Selection::All, &all[..], &[][..]),
            (Selection::Only(names(&["TOTAL", "id"])), &["id", "Total"], &[]),
            (Selection::Only(names(&["Name", "x"])), &["Name"], &["x"]),
            // Two are alike.
            (Selection::Only(names(&["name"])), &[], &["name"]),
            (Selection::Except(names(&["ID", "NAME"])), &["Name", "Total"], &[]),
        ] {
            let found: Vec<&str> =
                all.into_iter().filter(|name| selection.takes(name, &all)).collect();
            assert_eq!(found, taken, "{selection:?}");
            assert_eq!(selection.unknown(&all), unknown, "{selection:?}");
        }
    }
}
