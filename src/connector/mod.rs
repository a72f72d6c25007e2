//! What rows come from: one module a system. Here so far: local files.
//!
//! A connector finds what an object names, says plainly what is wrong with it, and answers with a
//! scan that the engine runs itself. Files are read by DuckDB's readers, after what these do not
//! check has been checked.

pub mod file;
