//! A source's rows into the target: extract, stage, check, publish, record.
//!
//! Rows go into a stage table beside the target first. Nothing that others read changes before the
//! one transaction that drops the old table, renames the stage and writes the state row. Killed at
//! any instant, the old table and the old state stand; the next run writes over the orphaned stage.

mod file;

pub use file::{FileLoad, Loaded, check_options, load_files, scan_files};
