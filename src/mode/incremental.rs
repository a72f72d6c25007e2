//! How an incremental model applies its batches.

use super::{Mode, OnSchemaChange};

/// How an incremental model applies its batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incremental {
    /// What happens to the rows that are there.
    pub mode: Mode,
    /// What happens when the batch has other columns.
    pub on_schema_change: OnSchemaChange,
    /// Conditions that narrow which rows of the table are looked at.
    pub predicates: Vec<String>,
}

impl Incremental {
    /// The columns that settings name, with the setting: all must be in the batch.
    pub fn named_columns(&self) -> Vec<(&'static str, &[String])> {
        match &self.mode {
            Mode::DeleteInsert(key) => vec![("unique_key", key.columns())],
            Mode::Merge(merge) => vec![
                ("unique_key", merge.key.columns()),
                ("merge_update_columns", &merge.update),
                ("merge_exclude_columns", &merge.exclude),
            ],
            Mode::InsertOverwrite(partitions) => vec![("partition_by", partitions.columns())],
            Mode::Microbatch(batch) if is_name(&batch.event_time) => {
                vec![("event_time", std::slice::from_ref(&batch.event_time))]
            }
            // An `event_time` that is an expression is left to the database.
            Mode::Replace | Mode::Append | Mode::Microbatch(_) => Vec::new(),
        }
    }
}

/// Whether `event_time` is a column's name, to be quoted; else it is an expression.
pub fn is_name(event_time: &str) -> bool {
    let first = event_time.chars().next();
    first.is_some_and(|first| first.is_alphabetic() || first == '_')
        && event_time.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '$' | '-'))
}
