//! Exports: the rows of a query into files, or into a table of another system.
//!
//! | file | answers |
//! | --- | --- |
//! | `check` | whether connection and destination go together, and whether two exports meet |
//! | `write` | what an export does, in order |
//! | `pieces` | which rows make which file |
//! | `folder`, `single` | how several files, or one, come into their place |
//! | `store` | where files go: `disk`, or `objects` of another system |
//! | `staging` | where they lie before |
//! | `manifest` | which files are those of an export |
//! | `table` | rows of a query on their way into another system |
//!
//! Until the new files, or the new rows, are there whole, the old ones are.

mod check;
mod disk;
mod folder;
mod manifest;

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
