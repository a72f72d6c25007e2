//! What is said about everything that users get wrong: whole messages, because they are a product.
//!
//! None may panic, and none may leave anything half built.

mod database;
mod incremental;
mod names;
mod schemas;
mod snapshots;
mod sources;
mod sql;
mod surroundings;
mod templates;
mod usage;
mod yaml;

use crate::project::{Project, Ran};

/// Builds a project that does not parse: status 2, and no database was made.
#[track_caller]
fn refuse(project: &Project) -> Ran {
    let ran = project.run(["build"]).exits(2);
    assert!(!project.has("shop.duckdb"), "a database was made: {ran}");
    ran
}

/// Builds a project in which something fails: status 1, and only `standing` is in the database.
#[track_caller]
fn fail(project: &Project, standing: &[&str]) -> Ran {
    let ran = project.run(["build"]).fails();
    assert_eq!(project.relations(), standing, "{ran}");
    ran
}
