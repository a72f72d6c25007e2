//! What a project's SQL says and needs, known before anything runs.

pub mod syntax;
