//! Profiles, targets, directories: what is around a project.

use super::refuse;
use crate::project::Project;
use snapbox::str;

#[test]
fn a_directory_that_holds_no_project_offers_init() {
    Project::empty().run(["build"]).exits(2).stderr_is(str![[r#"
error[SF107]: `[PROJECT]` is not a sqlflow project
 |
 = note: neither sqlflow.yml nor dbt_project.yml is there
 = help: make one with `sqlflow init`, or name its directory with --project-dir


"#]]);
}

#[test]
fn a_missing_profiles_file_says_where_it_was_looked_for() {
    let project = Project::new();
    project.remove("profiles.yml");
    refuse(&project).stderr_is(str![[r#"
error[SF112]: no profiles.yml found
 |
 = note: searched `[PROJECT]`, `[HOME]/.sqlflow`, `[HOME]/.dbt`
 = help: write one beside the project file, or name its directory with --profiles-dir


"#]]);
}

#[test]
fn an_unknown_profile_is_compared_with_the_known_ones() {
    let project = Project::new().file("sqlflow.yml", "name: shop\nprofile: shops\n");
    refuse(&project).stderr_is(str![[r#"
error[SF108]: no profile `shops`
 --> sqlflow.yml:2:10
  |
2 | profile: shops
  |          ^^^^^
  |
  = note: profiles.yml has `shop`
  = help: did you mean `shop`?


"#]]);
}

#[test]
fn an_unknown_profile_of_the_command_line_is_compared_with_the_known_ones() {
    Project::new().run(["build", "--profile", "shpo"]).exits(2).stderr_is(str![[r#"
error[SF108]: no profile `shpo`
 |
 = note: profiles.yml has `shop`
 = help: did you mean `shop`?


"#]]);
}

#[test]
fn an_unknown_target_is_compared_with_the_known_ones() {
    Project::new().run(["build", "--target", "dve"]).exits(2).stderr_is(str![[r#"
error[SF109]: profile `shop` has no target `dve`
 |
 = note: profiles.yml has `dev`
 = help: did you mean `dev`?


"#]]);
}

#[test]
fn an_unknown_default_target_is_shown_in_the_profile() {
    let profiles = "shop:\n  target: prod\n  outputs:\n    dev: {type: duckdb, path: x.duckdb}\n";
    refuse(&Project::new().file("profiles.yml", profiles)).stderr_is(str![[r#"
error[SF109]: profile `shop` has no target `prod`
 --> profiles.yml:2:11
  |
2 |   target: prod
  |           ^^^^
  |
  = note: profiles.yml has `dev`


"#]]);
}

#[test]
fn an_unknown_type_of_target_is_refused() {
    let profiles = "shop:\n  target: dev\n  outputs:\n    dev: {type: dukdb, path: x.duckdb}\n";
    refuse(&Project::new().file("profiles.yml", profiles)).stderr_is(str![[r#"
error[SF117]: unknown target type `dukdb`
 --> profiles.yml:4:17
  |
4 |     dev: {type: dukdb, path: x.duckdb}
  |                 ^^^^^
  |
  = help: did you mean `duckdb`?


"#]]);
}

#[test]
fn no_threads_are_refused_in_the_profile() {
    let profiles =
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: x.duckdb, threads: 0}\n";
    refuse(&Project::new().file("profiles.yml", profiles)).stderr_is(str![[r#"
error[SF105]: `threads` is `0`, expected 1 to 256
 --> profiles.yml:4:50
  |
4 |     dev: {type: duckdb, path: x.duckdb, threads: 0}
  |                                                  ^


"#]]);
}

#[test]
fn no_threads_are_refused_on_the_command_line() {
    Project::new().run(["build", "--threads", "0"]).exits(2).stderr_is(str![[r#"
error: invalid value '0' for '--threads <N>': 0 is not in 1..=256

For more information, try '--help'.

"#]]);
}

#[test]
fn a_model_that_is_not_utf_8_is_named() {
    let project = Project::new().bytes("models/a.sql", b"select 'caf\xe9' as name\n");
    refuse(&project).stderr_is(str![[r#"
error[SF111]: cannot read `models/a.sql`: line 1 is not UTF-8
 |
 = help: save the file as UTF-8


"#]]);
}

#[test]
fn both_project_files_in_one_directory_are_noted() {
    let project = Project::new().file("dbt_project.yml", "name: other\n");
    project.run(["parse"]).succeeds().stderr_is(str![[r#"
note[SF113]: dbt_project.yml is not read: sqlflow.yml counts
 --> sqlflow.yml:1:1
  |
1 | name: shop
  | ^

Parsed 0 nodes.

"#]]);
}

#[test]
fn a_directory_that_does_not_exist_is_named() {
    let project = Project::new();
    project.run(["build", "--project-dir", "elsewhere"]).exits(2).stderr_is(str![[r#"
error[SF107]: the project directory `elsewhere` does not exist


"#]]);
}

#[test]
fn a_database_path_that_is_a_directory_is_named() {
    let project = Project::new().model("a", "select 1 as id").directory("shop.duckdb");
    project.run(["build"]).exits(3).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
error[SF601]: target `dev` cannot be opened: `[PROJECT]/shop.duckdb` is a directory, expected a DuckDB database file
 --> profiles.yml:4:31
  |
4 |     dev: {type: duckdb, path: shop.duckdb, threads: 2}
  |                               ^^^^^^^^^^^
  |
  = help: `sqlflow debug` shows how the target is set up


"#]]);
}

#[test]
fn a_database_in_a_directory_that_does_not_exist_is_named() {
    let profiles = "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: db/x.duckdb}\n";
    let project = Project::new().file("profiles.yml", profiles).model("a", "select 1 as id");
    project.run(["build"]).exits(3).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 4 threads
error[SF601]: target `dev` cannot be opened: the directory `[PROJECT]/db` of the database `[PROJECT]/db/x.duckdb` does not exist
 --> profiles.yml:4:31
  |
4 |     dev: {type: duckdb, path: db/x.duckdb}
  |                               ^^^^^^^^^^^
  |
  = help: `sqlflow debug` shows how the target is set up


"#]]);
}

#[test]
fn a_database_file_that_is_something_else_is_named_and_left_alone() {
    let project = Project::new().model("a", "select 1 as id").file("shop.duckdb", "my notes");
    project.run(["build"]).exits(3).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
error[SF601]: target `dev` cannot be opened: `[PROJECT]/shop.duckdb` is not a DuckDB database but another file
 --> profiles.yml:4:31
  |
4 |     dev: {type: duckdb, path: shop.duckdb, threads: 2}
  |                               ^^^^^^^^^^^
  |
  = help: `sqlflow debug` shows how the target is set up


"#]]);
    assert_eq!(project.read("shop.duckdb"), "my notes");
}

#[test]
fn a_target_directory_that_is_a_file_is_named() {
    let project = Project::new().model("a", "select 1 as id").file("target", "not a directory\n");
    project.run(["build"]).exits(3).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
error[SF901]: `[PROJECT]/target` is a file, expected a directory
 |
 = help: remove it, or name another directory with --target-path


"#]]);
    assert!(!project.has("shop.duckdb"));
    project.run(["compile"]).exits(3).stderr_is(str![[r#"
error[SF901]: `[PROJECT]/target` is a file, expected a directory
 |
 = help: remove it, or name another directory with --target-path


"#]]);
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
    project.run(["build"]).exits(3).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 4 threads
error[SF601]: target `dev` cannot be opened: DuckDB has no setting `memory_limitt`
 --> profiles.yml:4:54
  |
4 |     dev: {type: duckdb, path: shop.duckdb, settings: {memory_limitt: 1GB}}
  |                                                      ^
  |
  = help: did you mean `memory_limit`?


"#]]);
    assert!(!project.has("shop.duckdb"));
}
