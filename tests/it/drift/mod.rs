//! Sources that change under their loads: what is said, what is loaded, what is remembered.

mod matrix;
mod parquet;
mod snapshots;
mod sources;
