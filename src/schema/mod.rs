//! The accepted schema of each source table, and how the source has drifted from it.
//!
//! | file | question |
//! | --- | --- |
//! | `snapshot` | what is the accepted schema, and how did it come to be |
//! | `fingerprint` | is it the same schema |
//! | `render`, `read` | how does it stand in `schemas/<source>/<table>.yml` |
//! | `compare` | what is different in the source |
//! | `policy` | what does the load do about it |
//! | `diff` | how is it shown, line by line |
//! | `single` | what is accepted where only some columns are |
//! | `salvage` | what can be read of a file that is broken |
//!
//! All of it is pure: [`artifact`](crate::artifact) reads and writes the files.

mod compare;
mod diff;
mod fingerprint;
mod policy;
mod read;
mod render;
mod salvage;
mod scalar;
mod single;
mod snapshot;
#[cfg(test)]
mod tests;

pub use crate::mode::load::OnDrift as Policy;
pub use compare::{Change, Difference, compare};
pub use diff::{DiffLine, Hunk, diff, hunks};
pub use fingerprint::fingerprint;
pub use policy::{Verdict, verdict, verdicts};
pub use read::of_table;
pub use salvage::Salvage;
pub use single::single;
pub use snapshot::{Acceptance, AcceptedBy, Entry, Retyped, Snapshot, SnapshotColumn};
