//! What a drift breaks, before a row is loaded.

use super::shop;
use crate::project::Project;
use serde_json::Value;
use snapbox::str;

/// The impact on `shop.orders`, as `[consequence, node, places or columns]`.
fn impact(project: &Project) -> Vec<String> {
    let ran = project.run(["schema", "compare", "shop.orders", "--output", "json"]);
    let compared: Value = serde_json::from_str(&ran.lines().join("\n")).unwrap();
    let impact = &compared["tables"][0]["impact"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let affected = impact["affected"].as_array().unwrap().iter().map(|one| {
        let places =
            one["places"].as_array().unwrap().iter().map(|place| {
                format!("{}:{}:{}", text(&place["file"]), place["line"], place["column"])
            });
        let columns = one["columns"].as_array().unwrap().iter().map(text);
        let through = one["through"].as_str().map(str::to_owned).into_iter();
        let more: Vec<String> = places.chain(columns).chain(through).collect();
        format!("{} {}: {}", text(&one["consequence"]), text(&one["name"]), more.join(", "))
    });
    let unknown = impact["unknown"].as_array().unwrap().iter();
    let unknown = unknown.map(|one| format!("unknown {}", text(&one["name"])));
    affected.chain(unknown).collect()
}

const WITHOUT_TOTAL: &str = "id,customer_id,placed_on\n1,7,2024-01-01\n";
const TEXT_ID: &str = "id,customer_id,total,placed_on\na1,7,9.50,2024-01-01\n";

#[test]
fn every_use_of_a_column_that_goes_is_named() {
    let project = shop()
        .model("deep", "{{ config(materialized='ephemeral') }}\nselect id, total as amount from {{ ref('orders') }}")
        .model("sums", "with a as (select o.total, o.id from {{ ref('orders') }} o)\nselect sum(a.total) as s from a join {{ ref('orders') }} b\n  on a.id = b.id and b.total > 1\nwhere a.total > 0")
        .model("above", "select s from {{ ref('sums') }}")
        .model("deeper", "select amount from {{ ref('deep') }}")
        .model("free", "select id from {{ ref('orders') }}")
        .file("models/_m.yml", "models:\n  - name: orders\n    columns: [{name: total, data_tests: [not_null]}]\n")
        .file("exports/out.yml", "exports:\n  - name: out\n    query: select id, total from {{ ref('orders') }}\n    path: out.csv\n");
    project.write("data/orders.csv", WITHOUT_TOTAL);
    assert_eq!(
        impact(&project),
        [
            "changes orders: - column total double",
            "breaks out: exports/out.yml:3:12",
            "breaks deep: models/deep.sql:2:12",
            "breaks through another deeper: model.shop.deep",
            "breaks sums: models/sums.sql:1:21, models/sums.sql:3:24",
            "breaks through another above: model.shop.sums",
            "breaks not_null_orders_total: models/_m.yml:3:42",
        ]
    );
}

#[test]
fn casts_of_text_may_break_and_types_that_only_change_are_told() {
    let project = shop()
        .model(
            "joined",
            "select c.name from {{ ref('orders') }} o join {{ ref('customers') }} c on o.id = c.id",
        )
        .model("written", "select id::int as i, try_cast(id as int) as t from {{ ref('orders') }}")
        .model("plus", "select id + 1 as more from {{ ref('orders') }}")
        .model("kept", "select customer_id from {{ ref('orders') }}");
    project.write("data/orders.csv", TEXT_ID);
    assert_eq!(
        impact(&project),
        [
            "changes orders: ~ id: bigint -> varchar",
            "may break joined: models/joined.sql:1:75",
            "breaks plus: models/plus.sql:1:11",
            "may break written: models/written.sql:1:10",
        ]
    );
}

#[test]
fn text_that_the_new_type_of_a_column_does_not_hold_may_break() {
    let project = shop()
        .model("early", "select id from {{ ref('orders') }} where placed_on < '2024-01-02'")
        .model("held", "select id from {{ ref('orders') }} where id <> '5'");
    project.write("data/orders.csv", "id,customer_id,total,placed_on\n1.5,7,9.50,true\n");
    assert_eq!(
        impact(&project),
        [
            "changes orders: ~ id: bigint -> double, ~ placed_on: date -> boolean",
            "may break early: models/early.sql:1:54, ~ id: bigint -> double",
            "may break held: models/held.sql:1:8, models/held.sql:1:42, ~ id: bigint -> double",
        ]
    );
}

#[test]
fn names_that_come_twice_are_numbered_as_the_database_does() {
    let project = shop().model("named", "select *, id + 1 as note from {{ ref('orders') }}").model(
        "inside",
        "{{ config(materialized='ephemeral') }}select *, id + 1 as note from {{ ref('orders') }}",
    );
    project
        .write("data/orders.csv", "id,customer_id,total,placed_on,note\n1,7,9.50,2024-01-01,ab\n");
    assert_eq!(
        impact(&project),
        [
            "changes orders: + column note varchar",
            "changes inside: + column note_1 bigint, ~ note: bigint -> varchar",
            "changes named: + column note_1 bigint, ~ note: bigint -> varchar",
        ]
    );
}

#[test]
fn a_source_that_cannot_be_read_breaks_all_that_is_made_of_it() {
    let project = shop();
    project.write("data/orders.csv", "ID,customer_id,total,placed_on\n1,7,9.50,2024-01-01\n");
    assert_eq!(
        impact(&project),
        [
            "breaks shop.orders: sources/shop.yml:4:30",
            "breaks through another orders: source.shop.shop.orders",
        ]
    );
}

#[test]
fn a_table_whose_rows_stay_goes_by_its_own_rules() {
    let incremental = |rule: &str| {
        format!(
            "{{{{ config(materialized='incremental', on_schema_change='{rule}') }}}}select * from {{{{ ref('orders') }}}}"
        )
    };
    let project = shop()
        .model("ignoring", &incremental("ignore"))
        .model("failing", &incremental("fail"))
        .model("appending", &incremental("append_new_columns"))
        .model("syncing", &incremental("sync_all_columns"))
        .model("of_appending", "select total from {{ ref('appending') }}")
        .model("of_syncing", "select total from {{ ref('syncing') }}")
        .file("snapshots/s.yml", "snapshots:\n  - name: kept\n    relation: ref('orders')\n    config: {strategy: check, unique_key: id, check_cols: all}\n");
    project.write("data/orders.csv", WITHOUT_TOTAL);
    assert_eq!(
        impact(&project),
        [
            "changes orders: - column total double",
            "breaks failing: models/failing.sql:1:39",
            "breaks ignoring: models/ignoring.sql:1:1",
            "changes syncing: - column total double",
            "breaks of_syncing: models/of_syncing.sql:1:8",
        ]
    );
}

#[test]
fn what_a_load_keeps_breaks_nothing() {
    let project = shop().model("totals", "select total from {{ ref('orders') }}");
    project.write("sources/shop.yml", "sources:\n  - name: shop\n    tables:\n      - {name: orders, path: data/orders.csv, load: {mode: merge, key: [id]}}\n      - {name: customers, path: data/customers.csv}\n");
    project.write("data/orders.csv", WITHOUT_TOTAL);
    assert_eq!(impact(&project), [""; 0]);
    project.write("data/orders.csv", "nr,customer_id,total,placed_on\n1,7,9.50,2024-01-01\n");
    assert_eq!(
        impact(&project),
        [
            "breaks shop.orders: sources/shop.yml:4:72",
            "breaks through another orders: source.shop.shop.orders",
            "breaks through another totals: source.shop.shop.orders",
        ]
    );
}

#[test]
fn a_source_that_is_gone_breaks_all_that_is_made_of_it() {
    let project = shop()
        .model("asks", "{% if execute %}{% set r = run_query('select 1') %}{% endif %}select * from {{ ref('orders') }}");
    project.remove("data/orders.csv");
    assert_eq!(
        impact(&project),
        [
            "breaks shop.orders: sources/shop.yml:4:30",
            "breaks through another orders: source.shop.shop.orders",
            "unknown asks",
        ]
    );
}

#[test]
fn the_message_of_a_load_that_stops_names_what_breaks() {
    let project = shop().model("totals", "select total from {{ ref('orders') }}");
    project.write("data/orders.csv", WITHOUT_TOTAL);
    project.run(["load"]).fails_with("SF401").stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
2 sources · 2 threads
  ✓ load   shop.customers            2 rows  [TIME]
  ✗ load   shop.orders     failed  [TIME]

error[SF401]: column `total` was removed from `data/orders.csv`
 --> sources/shop.yml:4:30
  |
4 |       - {name: orders, path: data/orders.csv}
  |                              ^^^^^^^^^^^^^^^
  |
  = note: model `orders` changes: - column total double
  = note: model `totals` breaks at models/totals.sql:1:8: duckdb: Referenced column "total" not found in FROM clause
  = note: mode `replace`, into table `shop.orders`
  = help: `sqlflow schema compare shop.orders` shows what it breaks; if it is right, `sqlflow schema accept shop.orders`, then commit schemas/shop/orders.yml

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
    project.run(["schema", "compare", "--all"]).exits(1).stdout(str![[r#"
✓ shop.customers  as accepted, version 1
~ shop.orders     drifted from version 1 · on_drift: alert
      id           bigint
      customer_id  bigint
    - total        double  stops the load
      placed_on    date
    ~ model `orders` changes: - column total double
    ✗ model `totals` breaks at models/totals.sql:1:8: duckdb: Referenced column "total" not found in FROM clause
    if that is right: sqlflow schema accept shop.orders

"#]]);
    project.run(["schema", "accept", "shop.orders", "--message", "no totals any more"]).succeeds();
    project.run(["build"]).fails_with("SF411").stderr_contains("models/totals.sql:1:8");
}

#[test]
fn a_name_that_then_means_another_column_is_no_small_thing() {
    let project = shop().model(
        "in_both",
        "select id from {{ ref('customers') }} where id in (select customer_id from {{ ref('orders') }})",
    );
    project.write("data/customers.csv", "id,customer_id\n7,8\n");
    project.run(["schema", "accept", "shop.customers"]).succeeds();
    project.write("data/orders.csv", "id,total,placed_on\n1,9.50,2024-01-01\n");
    assert_eq!(
        impact(&project),
        [
            "changes orders: - column customer_id bigint",
            "may break in_both: models/in_both.sql:1:59",
        ]
    );
}

#[test]
fn what_computes_with_a_narrower_type_may_break_and_what_passes_it_on_does_not() {
    let project = shop()
        .file("data/numbers.parquet", "")
        .file(
            "sources/numbers.yml",
            "sources:\n  - name: n\n    tables: [{name: numbers, path: data/numbers.parquet}]\n",
        )
        .model("doubled", "select big * big as twice from {{ source('n', 'numbers') }}")
        .model("passed", "select big as number from {{ source('n', 'numbers') }}");
    let write = |data_type: &str| {
        project.remove("data/numbers.parquet");
        let path = project.root().join("data/numbers.parquet");
        project.query(&format!("copy (select 5::{data_type} as big) to '{}'", path.display()));
    };
    project.execute("create table if not exists t (i int)");
    write("bigint");
    project.run(["schema", "accept", "n.numbers"]).succeeds();
    write("smallint");
    let ran = project.run(["schema", "compare", "n.numbers"]).exits(1);
    ran.stdout_contains("model `doubled` may break at models/doubled.sql:1:8")
        .stdout_contains("model `passed` changes: ~ number: bigint -> smallint");
}

#[test]
fn a_model_that_is_made_anew_each_time_has_no_table_that_stays() {
    let project = shop().model(
        "anew",
        "{{ config(materialized='incremental', full_refresh=true, on_schema_change='fail') }}select * from {{ ref('orders') }}",
    );
    project.write("data/orders.csv", WITHOUT_TOTAL);
    assert_eq!(
        impact(&project),
        ["changes orders: - column total double", "changes anew: - column total double",]
    );
    project.run(["schema", "accept", "shop.orders"]).succeeds();
    project.run(["build"]).succeeds();
}

#[test]
fn a_snapshot_that_is_dated_by_a_column_which_is_null_from_now_on_may_break() {
    let project = shop().file(
        "snapshots/s.yml",
        "snapshots:\n  - name: kept\n    relation: ref('orders')\n    config: {strategy: timestamp, unique_key: id, updated_at: placed_on}\n",
    );
    project.write("sources/shop.yml", "sources:\n  - name: shop\n    tables:\n      - {name: orders, path: data/orders.csv, load: {mode: merge, key: [id]}}\n      - {name: customers, path: data/customers.csv}\n");
    project.write("data/orders.csv", "id,customer_id,total\n1,7,9.50\n");
    assert_eq!(impact(&project), ["may break kept: "]);
}
