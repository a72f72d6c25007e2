//! What happens to the rows already in a relation when a batch arrives: one set of rules.
//!
//! | mode | source load | incremental model | needs | rows that stay |
//! | --- | --- | --- | --- | --- |
//! | replace | `mode: replace` | first run, `--full-refresh`, `table` | – | none |
//! | append | – | `incremental_strategy: append` | – | all |
//! | delete+insert | – | `delete+insert` | `unique_key` | those whose key is not in the batch |
//! | merge | – | `merge` | `unique_key` | those whose key is not in the batch, and columns that the batch lacks |
//! | overwrite | – | `insert_overwrite`, `delete+insert` | `partition_by` | those whose partition is not in the batch |
//! | microbatch | – | `microbatch` | `event_time`, `begin`, `batch_size` | those outside the batch's interval |
//!
//! Versions of rows (`mode: scd2`, snapshots) have rules of their own: [`scd2`].
//! Modes are pure values; the statements of each are the templates of a dialect.

mod checks;
mod columns;
mod export;
mod incremental;
pub mod load;
mod microbatch;
mod migration;
pub mod scd2;
mod schema_change;
mod selection;

pub use checks::{BatchChecks, Reaction};
pub use columns::{ColumnPlan, ColumnProblem, SharedColumn, TargetColumn};
pub use export::ExportMode;
pub use incremental::{Incremental, is_name};
pub use microbatch::{Batch, BatchSize, EventTimeWindow, Microbatch, moment};
pub use migration::Migration;
pub use schema_change::{Alteration, OnSchemaChange, Reconciled, Retyped, SchemaChange};
pub use selection::Selection;

use std::fmt;

/// What happens to the rows already in a relation when a batch arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// The batch becomes the whole relation.
    Replace,
    /// The batch is added. Loading it twice doubles it.
    Append,
    /// Rows whose key is in the batch are deleted, then the batch is added.
    DeleteInsert(Key),
    /// Rows whose key is in the batch are updated in the columns that it carries; others are added.
    Merge(Merge),
    /// Partitions that occur in the batch are deleted, then the batch is added.
    InsertOverwrite(Key),
    /// An interval of time is deleted, then its rows are added.
    Microbatch(Microbatch),
}

/// The columns that identify a row. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(Vec<String>);

/// How [`Mode::Merge`] treats rows that match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// What identifies a row.
    pub key: Key,
    /// The only columns that are updated; empty means all that the batch carries.
    pub update: Vec<String>,
    /// Columns that are not updated; only where `update` is empty.
    pub exclude: Vec<String>,
    /// What must hold for a row that matches to be updated.
    pub update_conditions: Vec<String>,
    /// What must hold for a row that matches none to be added.
    pub insert_conditions: Vec<String>,
}

impl Key {
    /// The columns in the order given; `None` where there are none.
    pub fn new(columns: Vec<String>) -> Option<Self> {
        (!columns.is_empty()).then_some(Self(columns))
    }

    /// The columns, at least one.
    pub fn columns(&self) -> &[String] {
        &self.0
    }
}

impl Mode {
    /// The name that users write.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Append => "append",
            Self::DeleteInsert(_) => "delete+insert",
            Self::Merge(_) => "merge",
            Self::InsertOverwrite(_) => "insert_overwrite",
            Self::Microbatch(_) => "microbatch",
        }
    }

    /// The key, where the mode has one.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Self::Replace | Self::Append | Self::InsertOverwrite(_) | Self::Microbatch(_) => None,
            Self::DeleteInsert(key) => Some(key),
            Self::Merge(merge) => Some(&merge.key),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What becomes of a model's query in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Materialization {
    /// A stored query.
    View,
    /// A stored query with the rows that it gave when it was last refreshed.
    MaterializedView,
    /// A table, rebuilt on each run.
    Table,
    /// A table to which each run but the first applies a batch.
    Incremental(Box<Incremental>),
    /// Nothing: a common table expression in the queries that refer to it.
    Ephemeral,
}

impl Materialization {
    /// The names that users may write.
    pub const NAMES: [&'static str; 5] =
        ["view", "table", "incremental", "ephemeral", "materialized_view"];

    /// The name that users write.
    pub fn name(&self) -> &'static str {
        match self {
            Self::View => "view",
            Self::MaterializedView => "materialized_view",
            Self::Table => "table",
            Self::Incremental(_) => "incremental",
            Self::Ephemeral => "ephemeral",
        }
    }
}

/// The names of the incremental strategies that this version carries out.
pub const STRATEGIES: [&str; 5] =
    ["append", "delete+insert", "merge", "insert_overwrite", "microbatch"];
