//! Objects of a store: found, read, written, and what is said where that fails.

mod corpus;
mod faults;
mod found;
mod load;
mod parquet;
mod random_faults;
mod refused;
mod rows;
pub(crate) mod server;
mod speed;
mod store;
mod written;
