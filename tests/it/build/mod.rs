//! `sqlflow build` and its parts, end to end.

mod hooks;
mod incremental;
mod keys;
mod microbatch;
mod names;
mod order;
mod overwrite;
mod relations;
mod schema_change;
mod standing;
