//! Loads: extract → stage → check → publish → record.
//!
//! | file | answers |
//! | --- | --- |
//! | `file` | which files a source means, and the query that reads them |
//! | `accepted` | which schema was accepted before, and what is accepted now |
//! | `table` | the steps of a load, in order |
//! | `fit` | whether the batch fits the table that it is applied to |
//! | `verdict` | what the checks found, and whether the load goes on |
//!
//! Whatever happens before the publishing transaction leaves the table and its state as they were;
//! the transaction changes both or none.

mod accepted;
mod file;
mod fit;
mod table;
mod verdict;

pub use file::{check_options, scan_files};
pub use table::{LoadRequest, Loaded, Writer, load_table};
