//! The integration tests: one binary, one file a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may fail loudly"
)]

mod bad_input;
mod build;
mod codes;
mod compile;
mod load;
mod ls;
mod project;
mod sample;
mod template;
mod test;
mod walls;
