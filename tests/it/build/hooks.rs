//! SQL around a model's own.

use crate::project::Project;
use serde_json::json;

#[test]
fn hooks_run_around_the_model_in_their_order() {
    let text = "\
{{ config(
  materialized='table',
  pre_hook=['create table if not exists diary (word varchar)', \"insert into diary values ('before')\"],
  post_hook=\"insert into diary select 'after ' || count(*) from {{ this }}\"
) }}
select 1 as id
";
    let project = Project::new().model("a", text);
    project.run(["build"]).succeeds();
    assert_eq!(
        project.query("select word from diary order by rowid"),
        json!([["before"], ["after 1"]])
    );
}

#[test]
fn hooks_of_folders_come_before_those_of_the_model() {
    let text = "\
name: shop
models:
  +post-hook: \"insert into diary values ('folder {{ this.identifier }}')\"
";
    let model = "{{ config(materialized='table', post_hook=\"insert into diary values ('model')\") }}select 1 as id";
    let project = Project::new().file("sqlflow.yml", text).model("a", model);
    project.execute("create table diary (word varchar)");
    project.run(["build"]).succeeds();
    assert_eq!(
        project.query("select word from diary order by rowid"),
        json!([["folder a"], ["model"]])
    );
}

#[test]
fn hooks_of_views_and_seeds_and_incremental_models_run_too() {
    let text = "\
name: shop
models: {+post_hook: \"insert into diary values ('{{ this.name }}')\"}
seeds: {+post_hook: \"insert into diary values ('{{ this.name }}')\"}
";
    let project = Project::new()
        .file("sqlflow.yml", text)
        .file("seeds/codes.csv", "code\nde\n")
        .model("a_view", "select 1 as id")
        .model("grown", "{{ config(materialized='incremental') }}select 1 as id");
    project.execute("create table diary (word varchar)");
    project.run(["build", "--threads", "1"]).succeeds();
    project.run(["build", "--threads", "1"]).succeeds();
    assert_eq!(
        project.query("select word, count(*) from diary group by all order by all"),
        json!([["a_view", 2], ["codes", 2], ["grown", 2]])
    );
}

#[test]
fn a_failed_hook_leaves_nothing_of_the_model() {
    let text = "\
{{ config(materialized='table', post_hook='select * from nowhere') }}
select 1 as id
";
    let project = Project::new().model("a", text);
    project.run(["build"]).fails().stderr_contains("nowhere");
    assert_eq!(project.relations(), [""; 0]);
}

#[test]
fn a_hook_of_several_statements_runs_all_of_them() {
    let text = "\
{{ config(materialized='table', post_hook=\"create table one as select 1 as n; create table two as select 2 as n;\") }}
select 1 as id
";
    let project = Project::new().model("a", text);
    project.run(["build"]).succeeds();
    assert_eq!(project.relations(), ["main.a", "main.one", "main.two"]);
}

#[test]
fn hooks_around_the_run_are_carried_out() {
    let text = "\
name: shop
on-run-start: \"create table if not exists diary (word varchar)\"
on-run-end:
  - \"insert into diary values ('{{ target.name }}')\"
  - \"{{ note('end') }}\"
";
    let project = Project::new()
        .file("sqlflow.yml", text)
        .file(
            "macros/note.sql",
            "{% macro note(word) %}insert into diary values ('{{ word }}'){% endmacro %}",
        )
        .model("a", "select 1 as id");
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select word from diary order by rowid"), json!([["dev"], ["end"]]));
}
