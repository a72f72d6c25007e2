//! The accepted schema of each source table, and how the source has drifted from it.
//!
//! | file | question |
//! | --- | --- |
//! | `snapshot` | what is the accepted schema, and how did it come to be |
//! | `fingerprint` | is it the same schema |
//! | `render`, `read` | how does it stand in `schemas/<source>/<table>.yml` |
//! | `compare` | what is different in the source |
//! | `policy` | what does the load do about it |
//!
//! All of it is pure: [`artifact`](crate::artifact) reads and writes the files.

mod compare;
mod fingerprint;
mod policy;
mod read;
mod render;
mod scalar;
mod snapshot;
#[cfg(test)]
mod tests;

pub use crate::mode::load::OnDrift as Policy;
pub use compare::{Change, Difference, compare};
pub use fingerprint::fingerprint;
pub use policy::{Verdict, verdict, verdicts};
pub use read::of_table;
pub use snapshot::{Acceptance, AcceptedBy, Entry, Retyped, Snapshot, SnapshotColumn};
