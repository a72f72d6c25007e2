//! Carrying a project out.

mod prepare;

pub use prepare::{PrepareRequest, prepare};
