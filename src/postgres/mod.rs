//! PostgreSQL's client, for the engine and the connector: a connection, its types, and binary COPY
//! both ways.
//!
//! | file | what |
//! | --- | --- |
//! | `spec` | parameters of a connection |
//! | `session`, `tls` | a connection, encrypted as `sslmode` says |
//! | `outcome` | whether a commit took place whose answer was lost |
//! | `error` | what the server says, by what can be done about it |
//! | `types` | how each type is carried |
//! | `decode` | binary COPY into Arrow |
//! | `encode` | Arrow into binary COPY |
//! | `sql` | the statements of templates/postgres/ |

pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod error;
pub(crate) mod outcome;
pub(crate) mod session;
pub(crate) mod spec;
pub(crate) mod sql;
mod tls;
pub(crate) mod types;
