//! `sqlflow build` and its parts, end to end.

mod hooks;
mod incremental;
mod keys;
mod names;
mod order;
mod relations;
mod standing;
