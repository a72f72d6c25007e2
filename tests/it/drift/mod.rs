//! Sources that change under their loads: what is said, what is loaded, what is remembered.

mod matrix;
mod observed;
mod parquet;
mod reloads;
mod snapshots;
mod sources;
