//! Carrying a project out: plan, schedule, outcome.
//!
//! | file | answers |
//! | --- | --- |
//! | `prepare` | which project, for which target |
//! | `plan` | which nodes run, and what each waits for |
//! | `schedule` | what may start now, what must be skipped |
//! | `execute` | the threads, and what they share |
//! | `worker` | how one node is carried out |
//! | `snapshot` | how a snapshot is brought up to date |
//! | `standing` | what stands in the target |
//! | `outcome`, `event` | what came of it, and who is told |

mod event;
mod execute;
mod introspect;
mod outcome;
mod plan;
mod prepare;
mod problem;
mod schedule;
mod snapshot;
mod standing;
mod worker;

pub use event::{Event, Listener};
pub use execute::{RunRequest, execute, grouped};
pub use introspect::SessionIntrospection;
pub use outcome::{NodeResult, Outcome, Status, Tally};
pub use plan::{Kinds, Plan, Step, StepIndex};
pub use prepare::{PrepareRequest, prepare};
pub use problem::{describe_inline_error, describe_query_error};
