//! What is no longer as an earlier load found it.

use crate::relation::{Column, DataType};
use std::fmt;

/// The schema that an earlier load accepted, by which later ones read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frozen {
    /// The columns in their order.
    pub columns: Vec<Column>,
    /// What stands between two fields of a CSV file.
    pub delimiter: Option<String>,
}

/// The columns that files have, as they are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The columns, as the files order them. Where the frozen schema still holds all values of one,
    /// its type is the frozen one.
    pub columns: Vec<Column>,
    /// Whether the order means something: it does not in JSON, nor where files have columns of their
    /// own each.
    pub is_ordered: bool,
    /// Whether the files say which columns may hold NULL.
    pub tells_nulls: bool,
    /// Whether there is a row, or the files say types themselves.
    pub is_typed: bool,
}

/// How files differ from the frozen schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// All columns as they are now.
    pub seen: Seen,
    /// Columns that it lacks.
    pub added: Vec<Added>,
    /// Columns that files lack.
    pub removed: Vec<Removed>,
    /// Columns whose type no longer holds every value.
    pub retyped: Vec<Retyped>,
}

/// A column that the frozen schema lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Its name.
    pub column: String,
    /// What its values are.
    pub data_type: DataType,
    /// The first file that has it.
    pub path: String,
}

/// A column of the frozen schema that files lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Its name.
    pub column: String,
    /// The first file that lacks it.
    pub path: String,
}

/// A column whose frozen type does not hold every value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retyped {
    /// Its name.
    pub column: String,
    /// The frozen type.
    pub was: DataType,
    /// The type that holds all values.
    pub now: DataType,
    /// The file of the first value that tells.
    pub path: String,
    /// Its line, from 1; `None` where files have none.
    pub line: Option<u64>,
    /// The value; empty where the file itself says its types.
    pub text: String,
}

impl Drift {
    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.retyped.is_empty()
    }
}

impl fmt::Display for Drift {
    /// One change a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let added = self.added.iter().map(ToString::to_string);
        let removed = self.removed.iter().map(ToString::to_string);
        let retyped = self.retyped.iter().map(ToString::to_string);
        let lines: Vec<String> = added.chain(removed).chain(retyped).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column `{}` ({}) was added in `{}`", self.column, self.data_type, self.path)
    }
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column `{}` was removed from `{}`", self.column, self.path)
    }
}

impl fmt::Display for Retyped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, was, now, path, line, text } = self;
        write!(f, "column `{column}` was {was} and would be {now}: ")?;
        match line {
            Some(line) => write!(f, "line {line} of `{path}` has `{text}`"),
            None if text.is_empty() => write!(f, "`{path}`"),
            None => write!(f, "`{path}` has `{text}`"),
        }
    }
}
