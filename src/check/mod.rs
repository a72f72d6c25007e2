//! Binding the graph against the columns of its sources: what holds, what does not, and why, without
//! a database and without a row.
//!
//! | file | question |
//! | --- | --- |
//! | `known` | which columns do sources and seeds have |
//! | `bind` | which columns does each node give, and which cannot |
//! | `impact` | what does a change of a source break |
//! | `casts` | which casts of a query can fail on a value |
//! | `standing` | what becomes of a table whose rows stay |
//! | `uses` | where are the columns named that a relation loses |
//! | `verdict` | what came of it, node by node |
//! | `refusal` | where in the user's text is what the database refuses |
//! | `versions` | which columns does a table of versions have |
//! | `named` | are the columns there that an incremental model's settings name |
//! | `schema_change` | which columns does `on_schema_change` refuse |
//! | `declared` | do the declared types hold |
//! | `unused` | what does nothing read |
//! | `syntax` | which columns does a statement use, where, and what are its own made of |
//!
//! Queries are bound by DuckDB itself, in memory, over empty tables: what it refuses here it would
//! refuse when the project is built.

mod bind;
mod casts;
mod declared;
mod impact;
mod known;
mod named;
mod refusal;
mod schema_change;
mod standing;
pub mod syntax;
mod unused;
mod uses;
mod verdict;
mod versions;

pub use bind::check;
pub use impact::{Affected, Bindings, Consequence, Impact};
pub use known::Known;
pub use named::named_columns;
pub use refusal::{describe_inline_error, describe_query_error, refusal};
pub use schema_change::columns_refused;
pub use unused::{dead_columns, unused};
pub use verdict::{Checked, Unchecked, Verdict};
pub use versions::{
    landed_columns, misfit, place_of_role, place_of_setting, snapshot_columns, versions_after,
};

pub(crate) use refusal::at_origin;
