//! The accepted schemas of sources beside what the sources have now: compared and accepted, without
//! loading anything and without opening the target.
//!
//! | file | answers |
//! | --- | --- |
//! | `choice` | which tables are meant |
//! | `comparison` | what is different in a table, and what its load does about that |
//! | `impact` | what the drift breaks |
//! | `acceptance` | what is written when it is accepted |

mod acceptance;
mod choice;
mod comparison;
mod impact;

pub use acceptance::{AcceptRequest, Accepted, accept, check_columns};
pub use choice::{all, choose};
pub use comparison::{Comparison, Status, compare_sources};
pub(super) use impact::impact_lines;
pub use impact::{Changed, changed, impacts};
