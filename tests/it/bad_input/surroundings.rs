//! Profiles, targets, directories: what is around a project.

use super::refuse;
use crate::project::Project;
use snapbox::str;

#[test]
fn a_directory_that_holds_no_project_offers_init() {
    Project::empty().run(["build"]).exits(2).stderr_is(str![[]]);
}

#[test]
fn a_directory_that_does_not_exist_is_named() {
    let project = Project::new();
    project.run(["build", "--project-dir", "elsewhere"]).exits(2).stderr_is(str![[]]);
}

#[test]
fn a_missing_profiles_file_says_where_it_was_looked_for() {
    let project = Project::new();
    project.remove("profiles.yml");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_unknown_profile_is_compared_with_the_known_ones() {
    let project = Project::new().file("sqlflow.yml", "name: shop\nprofile: shops\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_unknown_profile_of_the_command_line_is_compared_with_the_known_ones() {
    Project::new().run(["build", "--profile", "shpo"]).exits(2).stderr_is(str![[]]);
}

#[test]
fn an_unknown_target_is_compared_with_the_known_ones() {
    Project::new().run(["build", "--target", "dve"]).exits(2).stderr_is(str![[]]);
}

#[test]
fn an_unknown_default_target_is_shown_in_the_profile() {
    let profiles = "shop:\n  target: prod\n  outputs:\n    dev: {type: duckdb, path: x.duckdb}\n";
    refuse(&Project::new().file("profiles.yml", profiles)).stderr_is(str![[]]);
}

#[test]
fn an_unknown_type_of_target_is_refused() {
    let profiles = "shop:\n  target: dev\n  outputs:\n    dev: {type: dukdb, path: x.duckdb}\n";
    refuse(&Project::new().file("profiles.yml", profiles)).stderr_is(str![[]]);
}

#[test]
fn no_threads_are_refused_in_the_profile() {
    let profiles =
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: x.duckdb, threads: 0}\n";
    refuse(&Project::new().file("profiles.yml", profiles)).stderr_is(str![[]]);
}

#[test]
fn no_threads_are_refused_on_the_command_line() {
    Project::new().run(["build", "--threads", "0"]).exits(2).stderr_is(str![[]]);
}

#[test]
fn a_database_path_that_is_a_directory_is_named() {
    let project = Project::new().model("a", "select 1 as id").directory("shop.duckdb");
    project.run(["build"]).exits(3).stderr_is(str![[]]);
}

#[test]
fn a_database_in_a_directory_that_does_not_exist_is_named() {
    let profiles = "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: db/x.duckdb}\n";
    let project = Project::new().file("profiles.yml", profiles).model("a", "select 1 as id");
    project.run(["build"]).exits(3).stderr_is(str![[]]);
}

#[test]
fn a_database_file_that_is_something_else_is_named_and_left_alone() {
    let project = Project::new().model("a", "select 1 as id").file("shop.duckdb", "my notes");
    project.run(["build"]).exits(3).stderr_is(str![[]]);
    assert_eq!(project.read("shop.duckdb"), "my notes");
}

#[test]
fn a_setting_that_duckdb_does_not_know_is_named() {
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb, settings: {memory_limitt: 1GB}}
";
    let project = Project::new().file("profiles.yml", profiles).model("a", "select 1 as id");
    project.run(["build"]).exits(3).stderr_is(str![[]]);
    assert!(!project.has("shop.duckdb"));
}

#[test]
fn a_target_directory_that_is_a_file_is_named() {
    let project = Project::new().model("a", "select 1 as id").file("target", "not a directory\n");
    project.run(["build"]).exits(3).stderr_is(str![[]]);
    assert!(!project.has("shop.duckdb"));
    project.run(["compile"]).exits(3).stderr_is(str![[]]);
}

#[test]
fn a_model_that_is_not_utf_8_is_named() {
    let project = Project::new().bytes("models/a.sql", b"select 'caf\xe9' as name\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn both_project_files_in_one_directory_are_noted() {
    let project = Project::new().file("dbt_project.yml", "name: other\n");
    project.run(["parse"]).succeeds().stderr_is(str![[]]);
}
