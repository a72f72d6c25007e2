//! What an export does to the rows, or files, that are already where it writes.
//!
//! | mode | a file | a folder | a table | needs |
//! | --- | --- | --- | --- | --- |
//! | replace | becomes the rows | holds the new files alone | holds the new rows alone | – |
//! | append | – | gets more files | gets more rows | – |
//! | merge | – | – | rows whose key comes are updated, others added | `key` |

use super::Key;
use super::load::OnEmpty;
use std::fmt;

/// What becomes of the rows that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportMode {
    /// They go.
    Replace {
        /// What no rows do to rows that are there.
        on_empty: OnEmpty,
    },
    /// They stay.
    Append,
    /// Those with a key that comes are updated.
    Merge {
        /// What identifies a row.
        key: Key,
    },
}

impl ExportMode {
    /// The names that users write.
    pub const NAMES: [&'static str; 3] = ["replace", "append", "merge"];
}

impl fmt::Display for ExportMode {
    /// As users write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replace { .. } => "replace",
            Self::Append => "append",
            Self::Merge { .. } => "merge",
        })
    }
}
