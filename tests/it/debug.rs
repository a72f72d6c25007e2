//! `sqlflow debug`: one line for each thing that must be right.

use crate::project::Project;
use snapbox::str;

#[test]
fn all_well_before_the_first_build() {
    let project = Project::new();
    project.run(["debug"]).succeeds().stdout(str![]).stderr_is("");
    assert!(!project.has("shop.duckdb"));
}

#[test]
fn all_well_after_a_build() {
    let project = Project::new().model("a", "select 1 as id");
    project.run(["build"]).succeeds();
    project.run(["debug"]).succeeds().stdout(str![]);
}

#[test]
fn connections_are_checked_one_by_one() {
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb}
  connections:
    files: {type: file, path: data}
    nowhere: {type: file, path: nowhere}
    lake: {type: s3, bucket: acme}
";
    let project = Project::new().file("profiles.yml", profiles).directory("data");
    project.run(["debug"]).exits(3).stdout(str![]);
}

#[test]
fn a_database_that_is_none_is_told() {
    Project::new().file("shop.duckdb", "my notes").run(["debug"]).exits(3).stdout(str![]);
}

#[test]
fn a_project_that_does_not_parse_is_told() {
    let project = Project::new().model("a", "select {{ }}");
    project.run(["debug"]).exits(2).stderr_contains("error[SF201]");
}
