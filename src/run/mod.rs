//! Carrying a project out: plan, schedule, outcome.
//!
//! | file | answers |
//! | --- | --- |
//! | `prepare` | which project, for which target |
//! | `plan` | which nodes run, and what each waits for |
//! | `schedule` | what may start now, what must be skipped |
//! | `execute` | the threads, and what they share |
//! | `worker` | how one node is carried out |
//! | `model`, `microbatch` | how a model is |
//! | `check` | whether the queries fit what they read, before anything runs |
//! | `batch_check`, `key_check` | whether a batch can be applied, and why not |
//! | `snapshot`, `snapshot_check` | how a snapshot is brought up to date, and whether it may be |
//! | `export` | how an export's rows are written |
//! | `standing` | what stands in the target |
//! | `outcome`, `event` | what came of it, and who is told |

mod batch_check;
mod check;
mod event;
mod execute;
mod export;
mod introspect;
mod key_check;
mod microbatch;
mod model;
mod outcome;
mod plan;
mod prepare;
mod problem;
mod schedule;
mod snapshot;
mod snapshot_check;
mod standing;
mod worker;

pub use check::{
    break_what_fails, check_compiled, has_accepted_schemas, unused_of, with_ancestors,
};
pub use event::{Event, Listener};
pub use execute::{RunRequest, execute};
pub use introspect::SessionIntrospection;
pub use outcome::{NodeResult, Outcome, Status, Tally};
pub use plan::{Kinds, Plan, Step, StepIndex};
pub use prepare::{PrepareRequest, prepare};
