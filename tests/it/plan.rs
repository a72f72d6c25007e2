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

#[test]
fn the_plan_of_loads_says_how_their_rows_come_in() {
    let yaml = "sources:
  - name: raw
    tables:
      - {name: events, path: 'events/*.csv', load: {mode: append}}
      - {name: clicks, path: clicks.csv, load: {mode: append, key: id, cursor: at, lag: 2 hours}}
      - name: customers
        path: customers.csv
        load: {mode: merge, key: [id, country], deletes: {soft: gone_at}, delete_when: 'op = ''D'''}
      - {name: stock, path: stock.csv, load: {mode: merge, key: sku, complete: true, deletes: hard}}
      - {name: prices, path: prices.csv, load: {mode: scd2, key: sku, complete: true}}
";
    Project::new().file("sources/raw.yml", yaml).run(["plan"]).succeeds().stdout(str![[r#"
wave 1
  source   raw.clicks                                        append on id by at with a lag from clicks.csv
  source   raw.customers                                     merge on id, country from customers.csv; date rows marked deleted in gone_at
  source   raw.events                                        append from events/*.csv, each file once
  source   raw.prices                                        scd2 on sku from prices.csv; close what is gone
  source   raw.stock                                         merge on sku from stock.csv; delete rows that are gone

"#]]);
}

#[test]
fn a_load_says_what_became_of_its_rows() {
    let yaml = "sources:
  - name: raw
    tables:
      - {name: stock, path: stock.csv, load: {mode: merge, key: sku, complete: true, deletes: hard, max_delete_percent: 100}}
";
    let project =
        Project::new().file("sources/raw.yml", yaml).file("stock.csv", "sku,n\n1,1\n2,2\n3,3\n");
    project.run(["load"]).succeeds();
    project.write("stock.csv", "sku,n\n1,1\n2,5\n2,5\n4,4\n");
    project.run(["load"]).succeeds().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 source · 2 threads
  ✓ load   raw.stock            3 rows  [TIME]   4 read: 1 inserted, 1 updated, 1 unchanged, 1 deduplicated, 1 deleted by absence

Done in [TIME]. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1

"#]]);
}
