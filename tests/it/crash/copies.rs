//! Copies of files that are made for a load: they go with it, also where it is killed.

use super::source;
use super::stalled::{Stalled, fills};
use crate::project::Project;

/// JSON is written once more, as CSV.
fn project() -> Project {
    let profiles = "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n    \
                    other: {type: duckdb, path: other.duckdb}\n";
    Project::new()
        .file("profiles.yml", profiles)
        .file("sources/raw.yml", &source("orders.json", "mode: replace"))
        .file("orders.json", "{\"id\": 1}\n{\"id\": 2}\n")
}

fn copies(project: &Project) -> usize {
    project.files("target/scratch").len()
}

fn about_to_extract(project: &Project) -> Stalled {
    let mut run = Stalled::start(project, "load");
    run.until(fills);
    assert!(copies(project) > 0);
    run
}

#[test]
fn the_next_load_removes_what_a_killed_one_left() {
    let project = project();
    about_to_extract(&project).kill();
    assert!(copies(&project) > 0);
    project.run(["load"]).succeeds();
    assert_eq!(copies(&project), 0);
}

#[test]
fn a_load_into_another_database_leaves_copies_that_are_in_use() {
    let project = project();
    let run = about_to_extract(&project);
    project.run(["load", "--target", "other"]).succeeds();
    assert!(copies(&project) > 0);
    run.finish(&project).0.succeeds();
    assert_eq!(copies(&project), 0);
}

#[test]
fn clean_removes_them() {
    let project = project();
    about_to_extract(&project).kill();
    project.run(["clean"]).succeeds();
    assert!(!project.has("target"));
}
