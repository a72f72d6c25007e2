//! The connector to PostgreSQL, against servers that the tests start themselves.

mod catalogue;
mod errors;
mod export;
mod faults;
mod incremental;
mod load;
mod objects;
mod proxy;
mod read;
mod round_trip;
pub(crate) mod server;

mod shown;
mod tls;
mod types;
mod write;
