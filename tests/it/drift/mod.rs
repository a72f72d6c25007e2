//! Sources that change under their loads: what is said, what is loaded, what is remembered.

mod matrix;
mod observed;
pub(crate) mod parquet;
mod reloads;
mod snapshots;
mod sources;
