//! `sqlflow plan`: what a build would do.

use crate::project::Project;
use snapbox::str;

fn shop() -> Project {
    Project::new()
        .file("sources/raw.yml", "sources:\n  - name: raw\n    tables:\n      - {name: orders, path: orders.csv}\n      - {name: elsewhere}\n")
        .file("seeds/codes.csv", "code\nde\n")
        .model("clean", "{{ config(materialized='ephemeral') }}select * from {{ source('raw', 'orders') }}")
        .model("orders", "{{ config(materialized='table') }}select * from {{ ref('clean') }}")
        .model("grown", "{{ config(materialized='incremental', unique_key=['id', 'day']) }}select * from {{ ref('orders') }}")
        .model("merged", "{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge') }}select * from {{ ref('orders') }}")
        .model("added", "{{ config(materialized='incremental') }}select * from {{ ref('orders') }}")
        .model("report", "select * from {{ ref('grown') }}, {{ ref('codes') }}")
        .file("models/_models.yml", "models:\n  - name: orders\n    columns: [{name: id, data_tests: [not_null]}]\n")
}

#[test]
fn the_plan_is_told_wave_by_wave() {
    let project = shop();
    project.run(["plan"]).succeeds().stdout(str![[r#"
wave 1
  seed     main.codes                                        replace from seeds/codes.csv
  source   raw.orders                                        replace from orders.csv
wave 2
  model    main.orders                                       replace the table
wave 3
  test     not_null_orders_id                                count failing rows
wave 4
  model    main.added                                        append; create where there is no table yet
  model    main.grown                                        delete+insert on id, day; create where there is no table yet
  model    main.merged                                       merge on id; create where there is no table yet
wave 5
  model    main.report                                       create or replace the view

"#]]).stderr_is("");
    assert!(!project.has("shop.duckdb") && !project.has("target"));
}

#[test]
fn the_plan_of_a_selection() {
    shop().run(["plan", "--select", "orders+1", "--exclude", "merged"]).succeeds().stdout(str![[r#"
wave 1
  model    main.orders                                       replace the table
wave 2
  test     not_null_orders_id                                count failing rows
wave 3
  model    main.added                                        append; create where there is no table yet
  model    main.grown                                        delete+insert on id, day; create where there is no table yet

"#]]);
}

#[test]
fn the_plan_as_json_says_what_each_step_waits_for() {
    let ran = shop().run(["plan", "--output", "json"]).succeeds();
    let plan: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let steps = plan["steps"].as_array().unwrap();
    let step = |id: &str| steps.iter().find(|step| step["unique_id"] == id).unwrap();
    assert_eq!(
        step("model.shop.report")["waits_for"],
        serde_json::json!(["seed.shop.codes", "model.shop.grown"])
    );
    assert_eq!(step("model.shop.report")["relation"], "main.report");
    assert_eq!(step("source.shop.raw.orders")["wave"], 1);
    assert_eq!(steps.len(), 8);
}

#[test]
fn a_plan_of_nothing() {
    Project::new().run(["plan"]).succeeds().stdout("Nothing to do.\n");
}
