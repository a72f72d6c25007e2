//! The rules of a load: its mode and options, as plain values.
//!
//! Whatever the source is and wherever it lands, these values and the columns of stage and target
//! decide which statements are carried out. Nothing here knows files, servers or SQL.

mod counts;
mod course;
mod on_drift;
mod options;

pub use counts::Counts;
pub use course::{Course, Obstacle, Recorded, course};
pub use on_drift::OnDrift;
pub use options::{Cell, LOAD_OPTIONS, LoadOption, load_option, modes_table};

use super::scd2::{Change, HardDeletes, Names, Scd2};
use super::{Key, Selection};
use crate::relation::Column;
use std::fmt;

/// How a load treats the rows already in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum LoadMode {
    /// The batch becomes the whole table.
    #[default]
    Replace,
    /// The batch is added.
    Append,
    /// Rows whose key is in the batch are updated, others are added.
    Merge,
    /// Every change of a row is a new version of it; old versions stay.
    Scd2,
}

impl LoadMode {
    /// Every mode, in the order of the reference.
    pub const ALL: [Self; 4] = [Self::Replace, Self::Append, Self::Merge, Self::Scd2];

    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Append => "append",
            Self::Merge => "merge",
            Self::Scd2 => "scd2",
        }
    }

    /// The mode that users call `name`; `upsert` is another word for merge.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "upsert" => Some(Self::Merge),
            _ => Self::ALL.into_iter().find(|mode| mode.name() == name),
        }
    }
}

impl fmt::Display for LoadMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Everything that `load:` says about the rows. Made whole by whoever reads the options: what a
/// mode does not take is not there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LoadRules {
    /// How rows already in the table are treated.
    pub mode: LoadMode,
    /// What identifies a row; always there in merge and scd2.
    pub key: Option<Key>,
    /// The columns that are loaded.
    pub selection: Selection,
    /// Which rows are read again.
    pub cursor: Option<Cursor>,
    /// What an empty source does to a table that has rows.
    pub on_empty: OnEmpty,
    /// Which of several rows of one key counts; empty where that is an error.
    pub dedup_by: Vec<Order>,
    /// What becomes of rows whose key holds NULL.
    pub on_null_key: OnNullKey,
    /// Which rows are deleted, and how.
    pub deletes: Deletes,
    /// The columns of matched rows that are updated.
    pub update: Update,
    /// A condition on matched rows; those that it does not hold for stay as they are.
    pub matched_condition: Option<String>,
    /// The columns whose changes make a version, in scd2; empty means all that are no key.
    pub track: Vec<String>,
    /// Whether a table that no run made may be taken over.
    pub adopt: bool,
    /// What a drift of the source does.
    pub on_drift: OnDrift,
    /// Bad rows that are put aside before the load fails.
    pub max_rejects: u64,
    /// What tells the query that is read from another; `None` where a table or files are read.
    pub query: Option<String>,
}

/// What an empty source does to a table that has rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnEmpty {
    /// The load fails.
    #[default]
    Error,
    /// The table becomes empty.
    Replace,
    /// The table stays as it is.
    Keep,
}

/// What becomes of rows whose key holds NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnNullKey {
    /// The load fails.
    #[default]
    Error,
    /// They are put aside among the rejected rows.
    Reject,
    /// NULL is a value like others: it equals NULL.
    Match,
}

/// What becomes of rows whose cursor is NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnNullCursor {
    /// The load fails.
    #[default]
    Error,
    /// They are read each time.
    Include,
    /// They are left out, and counted.
    Skip,
}

/// The column that tells which rows are new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Its name.
    pub column: String,
    /// How far before the recorded value reading starts again.
    pub lag: Option<Lag>,
    /// What becomes of rows that have none.
    pub on_null: OnNullCursor,
    /// The time zone of timestamps that say none; `None` for the source's own.
    pub time_zone: Option<String>,
}

/// How far before the recorded value of a cursor reading starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lag {
    /// Time, for dates and timestamps, in minutes.
    Minutes(u64),
    /// Units of a cursor that is a number.
    Units(u64),
}

/// A column to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its name.
    pub column: String,
    /// Whether the greatest value comes first.
    pub descending: bool,
}

/// Which rows are deleted, and how.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deletes {
    /// What happens to them.
    pub kind: DeleteKind,
    /// The condition that marks a row of the source as deleted.
    pub flag: Option<String>,
    /// Whether the source is whole each time, so that what it lacks is deleted.
    pub complete: bool,
    /// The part of the table's rows, in percent, beyond which a load stops.
    pub max_percent: f64,
}

/// What happens to deleted rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DeleteKind {
    /// Nothing is deleted.
    #[default]
    None,
    /// They go.
    Hard,
    /// They stay, and the column named says since when they are deleted.
    Soft(String),
}

/// The columns of matched rows that are updated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Update {
    /// All that the source carries.
    #[default]
    All,
    /// These.
    Only(Vec<String>),
    /// All but these.
    Except(Vec<String>),
}

impl Lag {
    /// Reads `2 hours`, or a number.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(units) = text.parse() {
            return Some(Self::Units(units));
        }
        let (count, unit) = text.split_once(char::is_whitespace)?;
        let count: u64 = count.parse().ok()?;
        let minutes = match unit.trim().trim_end_matches('s') {
            "minute" => 1,
            "hour" => 60,
            "day" => 24 * 60,
            "week" => 7 * 24 * 60,
            _ => return None,
        };
        // A thousand years before a date is still a date.
        count.checked_mul(minutes).filter(|minutes| *minutes < 526_000_000).map(Self::Minutes)
    }
}

impl Order {
    /// Reads `column`, `column asc` or `column desc`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (column, descending) = match text.rsplit_once(char::is_whitespace) {
            Some((column, word)) if word.eq_ignore_ascii_case("desc") => (column, true),
            Some((column, word)) if word.eq_ignore_ascii_case("asc") => (column, false),
            _ => (text, false),
        };
        let column = column.trim();
        (!column.is_empty()).then(|| Self { column: column.to_owned(), descending })
    }
}

impl Update {
    /// Whether a matched row's `column` is updated.
    pub fn includes(&self, column: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(column));
        match self {
            Self::All => true,
            Self::Only(names) => named(names),
            Self::Except(names) => !named(names),
        }
    }
}

impl LoadRules {
    /// What must stay the same for the recorded state to mean something: mode, key, cursor, query.
    pub fn definition(&self) -> String {
        let key = self.key.as_ref().map(|key| key.columns().join(", "));
        let cursor = self.cursor.as_ref().map(|cursor| cursor.column.clone());
        let mut text = self.mode.name().to_owned();
        let query = self.query.clone();
        for (word, value) in [(" on ", key), (" by ", cursor), (" of query ", query)] {
            if let Some(value) = value {
                text.push_str(word);
                text.push_str(&value);
            }
        }
        text
    }

    /// How the versions of rows are kept, for a source of these columns; `None` in other modes.
    pub fn scd2(&self, columns: &[Column]) -> Option<Scd2> {
        let key = self.key.clone().filter(|_| self.mode == LoadMode::Scd2)?;
        let is_time = |name: &String| {
            columns.iter().any(|column| column.name == *name && column.data_type.is_temporal())
        };
        let cursor = self.cursor.as_ref().map(|cursor| cursor.column.clone());
        let dated_by = cursor.filter(is_time);
        let gone =
            if self.deletes.complete { HardDeletes::Invalidate } else { HardDeletes::Ignore };
        Some(Scd2 {
            key,
            change: Change::Columns { tracked: self.track.clone(), dated_by },
            names: Names::of_load(),
            deletes: gone,
            open_end: None,
        })
    }

    /// Whether each run adds to what files gave before, so that a file is read once.
    pub fn reads_files_once(&self) -> bool {
        self.mode == LoadMode::Append && self.cursor.is_none()
    }

    /// Whether NULL equals NULL where keys are compared.
    pub fn null_keys_match(&self) -> bool {
        self.on_null_key == OnNullKey::Match
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_are_times_or_numbers() {
        for (text, expected) in [
            ("2 hours", Some(Lag::Minutes(120))),
            ("1 minute", Some(Lag::Minutes(1))),
            ("3  days", Some(Lag::Minutes(3 * 24 * 60))),
            ("1 week", Some(Lag::Minutes(7 * 24 * 60))),
            ("100", Some(Lag::Units(100))),
            ("2 parsecs", None),
            ("hours", None),
            ("-1 hours", None),
            ("99999999999999999999 weeks", None),
            ("18446744073709551615 weeks", None),
            ("99999999 weeks", None),
        ] {
            assert_eq!(Lag::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn orders_name_a_column_and_a_direction() {
        let order = |column: &str, descending| Some(Order { column: column.into(), descending });
        for (text, expected) in [
            ("updated_at desc", order("updated_at", true)),
            ("updated at ASC", order("updated at", false)),
            ("id", order("id", false)),
            ("  ", None),
        ] {
            assert_eq!(Order::parse(text), expected, "{text}");
        }
    }
}
