//! Objects of a store: found, read, written, and what is said where that fails.

mod corpus;
mod export;
mod export_kills;
mod faults;
mod found;
mod load;
mod parquet;
mod process_faults;
mod random_faults;
mod refused;
mod rows;
mod sample;
mod secrets;
pub(crate) mod server;
mod shop;
mod speed;
mod store;
mod tls;
mod written;
