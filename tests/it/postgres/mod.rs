//! The connector to PostgreSQL, against servers that the tests start themselves.

mod again;
mod catalogue;
mod commits;
mod errors;
mod export;
mod faults;
mod incremental;
mod load;
mod objects;
mod pooler;
mod proxy;
mod random_faults;
mod read;
mod refused;
mod round_trip;
mod sample;
mod secrets;

pub(crate) mod server;
mod shown;
pub(crate) mod target;
mod target_counts;
mod target_faults;
mod target_locks;
mod target_refused;
mod target_replaced;
mod target_shared;
mod target_types;
mod tls;
mod types;
mod write;
