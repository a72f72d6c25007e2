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
    assert!(project.relations().iter().any(|name| name.contains("touched")));
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

#[test]
fn what_stands_in_the_target_though_no_node_makes_it_is_left_to_the_target() {
    let project = shop()
        .model("a_table", "select k from legacy")
        .model("b_macro", "select doubled(3) as six")
        .model("c_type", "select 'sad'::mood as mood")
        .model("d_child", "select * from {{ ref('a_table') }}")
        .model(
            "e_twice",
            "select o.*, c.* from {{ ref('orders') }} o join {{ ref('customers') }} c on true",
        )
        .model("f_of_twice", "select id_1 from {{ ref('e_twice') }}");
    project.run(["load"]).succeeds();
    for statement in [
        "create table legacy as select 1 as k",
        "create macro doubled(x) as 2 * x",
        "create type mood as enum ('sad', 'happy')",
    ] {
        project.execute(statement);
    }
    project.run(["build"]).succeeds();
    let told = project.run(["check"]).fails_with("SF411");
    told.stderr_contains("models/a_table.sql:1:15").stderr_lacks("models/f_of_twice.sql");
}

#[test]
fn what_hooks_make_or_change_is_left_to_the_target() {
    let project = shop()
        .model("gets_more", "{{ config(materialized='table', post_hook='alter table {{ this }} add column more int') }}select id from {{ ref('orders') }}")
        .model("reads_more", "select more from {{ ref('gets_more') }}")
        .model("own", "{{ config(pre_hook=\"create type if not exists tint as enum ('red')\") }}select 'red'::tint as tint")
        .model("granted", "{{ config(materialized='table', post_hook='select 1') }}select id from {{ ref('orders') }}")
        .model("wrong", "select nope from {{ ref('granted') }}");
    let built = project.run(["build"]);
    built
        .fails_with("SF411")
        .stderr_contains("models/wrong.sql:1:8")
        .tallies("PASS=8 WARN=0 ERROR=1 SKIP=0");
    project.run(["check"]).stderr_contains("`reads_more` is not checked: a hook may change");
}

#[test]
fn a_table_whose_rows_stay_keeps_columns_that_its_source_had() {
    let project = shop().model("totals", "select total from {{ source('shop', 'orders') }}");
    project.write("sources/shop.yml", "sources:\n  - name: shop\n    tables:\n      - {name: orders, path: data/orders.csv, load: {mode: merge, key: [id]}}\n      - {name: customers, path: data/customers.csv}\n");
    project.run(["build"]).succeeds();
    project.write("data/orders.csv", "id,customer_id,placed_on\n3,7,2024-01-03\n");
    project.run(["schema", "accept", "shop.orders"]).succeeds();
    project.run(["check"]).succeeds();
    project.run(["build"]).succeeds();
}
