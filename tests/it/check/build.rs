//! `build` checks first: what does not fit is not started.

use super::shop;

#[test]
fn what_does_not_fit_fails_before_it_runs_and_the_rest_runs() {
    let project = shop()
        .model("bad", "{{ config(pre_hook='create table touched as select 1 as one') }}select nope from {{ ref('orders') }}")
        .model("child", "select * from {{ ref('bad') }}")
        .model("good", "select id from {{ ref('orders') }}");
    let built = project.run(["build"]);
    built
        .fails_with("SF411")
        .stderr_contains("models/bad.sql:1:72")
        .tallies("PASS=5 WARN=0 ERROR=1 SKIP=1");
    assert!(!project.relations().iter().any(|name| name.contains("touched")));
    let left = project.run(["build", "--no-check"]);
    left.fails_with("SF502").tallies("PASS=5 WARN=0 ERROR=1 SKIP=1");
    assert!(!project.relations().iter().any(|name| name.contains("touched")));
}

#[test]
fn a_model_whose_parents_are_not_built_with_it_is_left_to_the_database() {
    let project = shop().model("total", "select total from {{ ref('orders') }}");
    project.run(["build"]).succeeds();
    let project = project.model("orders", "select id from {{ source('shop', 'orders') }}");
    // The relation that stands still has the column.
    project.run(["build", "--select", "total"]).succeeds();
    project
        .run(["build", "--select", "orders+"])
        .fails_with("SF411")
        .stderr_contains("models/total.sql:1:8");
}

#[test]
fn without_accepted_schemas_nothing_is_checked_first() {
    let project = shop().model("bad", "select nope from {{ ref('orders') }}");
    project.remove("schemas");
    project.run(["build"]).fails_with("SF502");
    project.run(["build"]).fails_with("SF411");
}
