//! Versions of rows, one set of rules for snapshots and for loads of `mode: scd2`: what is a change,
//! what dates a version, and how a batch fits the table that keeps the versions.
//!
//! | the key's current version | the batch | becomes |
//! | --- | --- | --- |
//! | none | a row | a version that begins at the row's date, or now where that lies before the key's last version ended |
//! | there | a row that differs | the version ends, another begins where it ended |
//! | there | a row that does not differ | nothing |
//! | there | no row | by [`HardDeletes`]: nothing; the version ends; it ends and one follows that says so |
//!
//! Intervals are half-open and never negative, and a key has one current version at most. Values
//! are compared column by column, NULL equals NULL. A column that the table lacks is a change only
//! where the batch has a value in it. Under [`Change::Timestamp`] a later date is a change, and
//! nothing else is.

mod definition;
mod fit;
mod tell;

pub use definition::Defined;
pub use fit::{Fit, Misfit, Role};
pub use tell::Asked;

use super::Key;
use crate::relation::{Column, DataType};
use fit::is_time;

/// How the versions of rows are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scd2 {
    /// What identifies a row through all its versions.
    pub key: Key,
    /// What makes a new version.
    pub change: Change,
    /// The columns that are added to those of the batch.
    pub names: Names,
    /// What happens to versions whose key is not in the batch.
    pub deletes: HardDeletes,
    /// The SQL that stands in the end of a current version; `None` means NULL.
    pub open_end: Option<String>,
}

/// What makes a new version of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another value in one of the columns.
    Columns {
        /// The columns that are compared; empty means all that are not key.
        tracked: Vec<String>,
        /// The column that says when the row changed; `None` means the time of the run.
        dated_by: Option<String>,
    },
    /// A later time in this column.
    Timestamp(String),
}

/// The names of the columns that are added to those of the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// When a version begins.
    pub valid_from: String,
    /// When it ends; the end itself lies outside.
    pub valid_to: String,
    /// The others.
    pub marks: Marks,
}

/// What else tells versions apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marks {
    /// Those of a load.
    Load {
        /// Whether the version is the current one: a boolean.
        is_current: String,
    },
    /// Those of a dbt snapshot.
    Snapshot {
        /// A hash of key and begin.
        scd_id: String,
        /// When the row changed.
        updated_at: String,
        /// `True` or `False`, under [`HardDeletes::NewRecord`].
        is_deleted: String,
    },
}

/// What happens to versions whose key is not in the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HardDeletes {
    /// They stay current.
    Ignore,
    /// They end at the time of the run.
    Invalidate,
    /// They end at the time of the run, and a version follows that is marked as deleted; as
    /// [`Self::Invalidate`] where [`Marks::Load`] has no column for the mark.
    NewRecord,
}

impl HardDeletes {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Ignore, Self::Invalidate, Self::NewRecord];

    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Invalidate => "invalidate",
            Self::NewRecord => "new_record",
        }
    }
}

impl Names {
    /// The names in the tables of loads.
    pub fn of_load() -> Self {
        Self {
            valid_from: "valid_from".to_owned(),
            valid_to: "valid_to".to_owned(),
            marks: Marks::Load { is_current: "is_current".to_owned() },
        }
    }

    /// The names in the tables of dbt's snapshots.
    pub fn of_snapshot() -> Self {
        Self {
            valid_from: "dbt_valid_from".to_owned(),
            valid_to: "dbt_valid_to".to_owned(),
            marks: Marks::Snapshot {
                scd_id: "dbt_scd_id".to_owned(),
                updated_at: "dbt_updated_at".to_owned(),
                is_deleted: "dbt_is_deleted".to_owned(),
            },
        }
    }
}

impl Scd2 {
    /// The column of the batch that dates versions; `None` means the time of the run.
    pub fn dated_by(&self) -> Option<&str> {
        match &self.change {
            Change::Columns { dated_by, .. } => dated_by.as_deref(),
            Change::Timestamp(column) => Some(column),
        }
    }

    /// The names of the columns that are added to those of the batch, in order.
    pub fn added_columns(&self) -> Vec<&str> {
        let Names { valid_from, valid_to, marks } = &self.names;
        match marks {
            Marks::Load { is_current } => vec![valid_from, valid_to, is_current],
            Marks::Snapshot { scd_id, updated_at, is_deleted } => {
                let mut all: Vec<&str> = vec![scd_id, updated_at, valid_from, valid_to];
                if self.deletes == HardDeletes::NewRecord {
                    all.push(is_deleted);
                }
                all
            }
        }
    }

    /// The columns that a table of versions has and `table` lacks.
    pub fn lacking(&self, table: &[Column], fold: &dyn Fn(&str) -> String) -> Vec<String> {
        let has = |name: &str| {
            let found = table.iter().find(|column| fold(&column.name) == fold(name));
            let begins = name == self.names.valid_from;
            found.is_some_and(|column| !begins || is_time(&column.data_type))
        };
        let names = self.added_columns().into_iter();
        names.filter(|name| !has(name)).map(str::to_owned).collect()
    }

    /// The type of begin and end where the run's own time dates versions of a new table.
    fn clock_type(&self) -> DataType {
        DataType::new(match self.names.marks {
            Marks::Load { .. } => "timestamp with time zone",
            Marks::Snapshot { .. } => "timestamp",
        })
    }
}
