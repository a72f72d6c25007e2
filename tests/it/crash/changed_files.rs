//! Files that change while a load reads them.

use super::contents::{Contents, Saved, leftovers};
use super::stalled::{Stalled, fills};
use super::{rows, source};
use crate::project::Project;
use serde_json::json;

/// Loaded once; then the file has other rows, which are to be loaded.
fn project(options: &str) -> (Project, Saved) {
    let project = Project::new()
        .file("sources/raw.yml", &source("orders.csv", options))
        .file("orders.csv", &rows(0..10, "a"));
    project.run(["load"]).succeeds();
    let old = Saved::of(&project);
    project.write("orders.csv", &rows(0..20, "b"));
    (project, old)
}

/// The load is about to read the rows, having looked at all of them.
fn about_to_extract(project: &Project) -> Stalled {
    let mut run = Stalled::start(project, "load");
    run.until(fills);
    run
}

fn values(project: &Project) -> serde_json::Value {
    project.query("select v, count(*) from raw.orders group by v order by v")
}

// proves: L-79
#[test]
fn a_file_that_changes_while_it_is_read_is_read_again() {
    let (project, _) = project("mode: replace");
    let run = about_to_extract(&project);
    project.write("orders.csv", &rows(0..30, "c"));
    run.finish(&project).0.succeeds();
    assert_eq!(values(&project), json!([["c", 30]]));
    assert!(leftovers(&project).is_empty());
}

/// The half that is there may be a line cut in two.
// proves: L-79
#[test]
fn a_file_that_is_being_written_is_read_again() {
    let (project, _) = project("mode: replace");
    let mut run = about_to_extract(&project);
    project.write("orders.csv", "id,v\n1,c\n2,\"c");
    run.until(|point| point.starts_with("statement: drop table"));
    project.write("orders.csv", &rows(0..30, "c"));
    run.finish(&project).0.succeeds();
    assert_eq!(values(&project), json!([["c", 30]]));
    assert!(leftovers(&project).is_empty());
}

// proves: L-79
#[test]
fn a_file_that_changes_each_time_it_is_read_is_not_loaded() {
    for options in ["mode: replace", "mode: append, cursor: id", "mode: merge, key: id"] {
        let (project, old) = project(options);
        let mut run = about_to_extract(&project);
        for lines in 30..33 {
            project.write("orders.csv", &rows(0..lines, "c"));
            if lines < 32 {
                run.until(fills);
            }
        }
        let (ran, _) = run.finish(&project);
        ran.fails_with("SF303").stderr_contains("`orders.csv` changes while it is read");
        assert_eq!(Contents::of(&project), old.contents, "{options}");
        assert!(leftovers(&project).is_empty(), "{options}");
    }
}

#[test]
fn a_file_that_goes_while_it_is_read_is_told_as_missing() {
    let (project, old) = project("mode: replace");
    let run = about_to_extract(&project);
    project.remove("orders.csv");
    run.finish(&project).0.fails_with("SF301");
    assert_eq!(Contents::of(&project), old.contents);
    assert!(leftovers(&project).is_empty());
}

#[test]
fn a_file_that_changes_after_it_was_read_belongs_to_the_next_load() {
    let (project, _) = project("mode: replace");
    let mut run = about_to_extract(&project);
    run.until(|point| point == "begin");
    project.write("orders.csv", &rows(0..30, "c"));
    run.finish(&project).0.succeeds();
    assert_eq!(values(&project), json!([["b", 20]]));
    project.run(["load"]).succeeds();
    assert_eq!(values(&project), json!([["c", 30]]));
}

crate::elsewhere::again_on_postgres!(
    a_file_that_changes_while_it_is_read_is_read_again,
    a_file_that_changes_each_time_it_is_read_is_not_loaded,
    a_file_that_changes_after_it_was_read_belongs_to_the_next_load,
);
