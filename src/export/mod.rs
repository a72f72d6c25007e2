//! Exports: the rows of a query into files, or into a table of another system.
//!
//! | file | answers |
//! | --- | --- |
//! | `check` | whether connection and destination go together, and whether two exports meet |
//! | `carry` | which types a destination cannot hold, and what goes in their place |
//! | `write` | what an export does, in order |
//! | `pieces` | which rows make which file |
//! | `folder`, `single` | how several files, or one, come into their place |
//! | `store` | where files go: `disk`, or `objects` of another system |
//! | `staging` | where they lie before |
//! | `manifest` | which files are those of an export |
//! | `table`, `marked`, `budget` | rows of a query on their way into another system |
//!
//! Until the new files, or the new rows, are there whole, the old ones are.

mod budget;
mod carry;
mod check;
mod disk;
mod folder;
mod manifest;
mod marked;
mod objects;
mod pieces;
mod single;
mod staging;
mod store;
mod table;
mod write;

#[cfg(test)]
mod tests;

pub use check::check_exports;
pub use write::{ExportRequest, Writer, Written, write_export};
