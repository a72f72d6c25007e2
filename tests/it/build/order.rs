//! What runs when, and what does not run because something else failed.

use crate::project::Project;

const NOT_NULL: &str = "\
models:
  - name: orders
    columns: [{name: id, data_tests: [not_null]}]
";

/// `orders` and, on it, `report`; `customers` stands alone.
fn shop(orders: &str) -> Project {
    Project::new()
        .model("orders", orders)
        .model("report", "select count(*) as orders from {{ ref('orders') }}")
        .model("customers", "select 1 as id")
}

#[test]
fn models_are_built_after_what_they_read() {
    let project = Project::new()
        .model("a", "select * from {{ ref('b') }}")
        .model("b", "select * from {{ ref('c') }}")
        .model("c", "select 1 as id");
    let ran = project.run(["build"]).succeeds().tallies("PASS=3 WARN=0 ERROR=0 SKIP=0");
    assert_eq!(ran.order(), ["main.c", "main.b", "main.a"]);
}

#[test]
fn on_one_thread_what_is_free_is_built_by_name() {
    let project = shop("select 1 as id");
    let ran = project.run(["build", "--threads", "1"]).succeeds();
    assert_eq!(ran.order(), ["main.customers", "main.orders", "main.report"]);
}

#[test]
fn many_models_on_many_threads_are_all_built() {
    let mut project = Project::new().model("m0", "{{ config(materialized='table') }}select 0 as n");
    for n in 1..60 {
        let text = format!(
            "{{{{ config(materialized='table') }}}}select n + 1 as n from {{{{ ref('m{}') }}}}",
            n / 2
        );
        project = project.model(&format!("m{n}"), &text);
    }
    let tally = "PASS=60 WARN=0 ERROR=0 SKIP=0";
    project.run(["build", "--threads", "8"]).succeeds().tallies(tally);
    assert_eq!(project.query("select n from m59"), serde_json::json!([[6]]));
}

#[test]
fn sources_seeds_models_and_tests_are_built_in_one_order() {
    let yaml = "\
sources:
  - name: raw
    tables:
      - name: orders
        path: orders.csv
        columns: [{name: id, data_tests: [unique]}]
";
    let project = Project::new()
        .file("sources/raw.yml", yaml)
        .file("orders.csv", "id,country\n1,de\n2,fr\n")
        .file("seeds/countries.csv", "code,name\nde,Germany\nfr,France\n")
        .model(
            "orders",
            "select * from {{ source('raw', 'orders') }} join {{ ref('countries') }} on code = country",
        )
        .file("tests/two_orders.sql", "select 1 from {{ ref('orders') }} having count(*) <> 2");
    let ran = project.run(["build", "--threads", "1"]).succeeds();
    assert_eq!(
        ran.order(),
        [
            "main.countries",
            "raw.orders",
            "source_unique_raw_orders_id",
            "main.orders",
            "two_orders"
        ]
    );
}

#[test]
fn tests_of_a_model_run_before_its_children() {
    let project = shop("select 1 as id").file("models/_models.yml", NOT_NULL);
    let ran = project.run(["build", "--threads", "1"]).succeeds();
    assert_eq!(ran.order(), ["main.customers", "main.orders", "not_null_orders_id", "main.report"]);
}

#[test]
fn a_failed_model_skips_its_descendants_and_the_rest_goes_on() {
    let project = shop("select nothing as id")
        .model("summary", "select * from {{ ref('report') }}")
        .file("models/_models.yml", NOT_NULL);
    let ran = project.run(["build"]).fails().tallies("PASS=1 WARN=0 ERROR=1 SKIP=3");
    let ran = ran.stderr_contains("main.report         skipped: model orders failed");
    ran.stderr_contains("not_null_orders_id  skipped: model orders failed");
    assert_eq!(project.relations(), ["main.customers"]);
}

#[test]
fn a_failed_test_skips_the_children_and_the_rest_goes_on() {
    let project = shop("select null as id").file("models/_models.yml", NOT_NULL);
    let ran = project.run(["build"]).fails_with("SF501").tallies("PASS=2 WARN=0 ERROR=1 SKIP=1");
    ran.stderr_contains("main.report         skipped: a test of orders failed");
    assert_eq!(project.relations(), ["main.customers", "main.orders"]);
}

#[test]
fn a_test_that_only_warns_skips_nothing() {
    let yaml = NOT_NULL.replace("not_null]", "{not_null: {config: {severity: warn}}}]");
    let project = shop("select null as id").file("models/_models.yml", &yaml);
    project.run(["build"]).succeeds().tallies("PASS=3 WARN=1 ERROR=0 SKIP=0");
}

#[test]
fn a_test_of_two_models_holds_back_what_reads_both() {
    let yaml = "\
models:
  - name: orders
    columns:
      - name: customer
        data_tests:
          - relationships: {arguments: {to: ref('customers'), field: id}}
";
    let project = Project::new()
        .file("models/_models.yml", yaml)
        .model("orders", "select 2 as customer")
        .model("customers", "select 1 as id")
        .model("only_orders", "select * from {{ ref('orders') }}")
        .model("both", "select * from {{ ref('orders') }}, {{ ref('customers') }}");
    project.run(["build"]).fails().tallies("PASS=3 WARN=0 ERROR=1 SKIP=1");
    assert_eq!(project.relations(), ["main.customers", "main.only_orders", "main.orders"]);
}

#[test]
fn fail_fast_starts_nothing_new() {
    let project = Project::new()
        .model("a", "select nothing as id")
        .model("b", "select 1 as id")
        .model("c", "select * from {{ ref('b') }}");
    let run = ["build", "--fail-fast", "--threads", "1"];
    project.run(run).fails().tallies("PASS=0 WARN=0 ERROR=1 SKIP=2");
    assert_eq!(project.relations(), [""; 0]);
}

#[test]
fn a_dry_run_shows_the_plan_and_does_nothing() {
    let project = shop("select 1 as id");
    project.run(["build", "--dry-run"]).succeeds().stdout_contains("main.report");
    assert!(!project.has("shop.duckdb"));
    assert!(!project.has("target"));
}

#[test]
fn each_verb_runs_its_own_kind_of_node() {
    let yaml = "\
sources:
  - name: raw
    tables: [{name: orders, path: orders.csv}]
";
    let project = Project::new()
        .file("sources/raw.yml", yaml)
        .file("orders.csv", "id\n1\n")
        .file("seeds/countries.csv", "code\nde\n")
        .model("orders", "select * from {{ source('raw', 'orders') }}")
        .file("models/_models.yml", NOT_NULL);
    let one = "PASS=1 WARN=0 ERROR=0 SKIP=0";
    project.run(["load"]).succeeds().tallies(one);
    assert_eq!(project.relations(), ["raw.orders"]);
    project.run(["seed"]).succeeds().tallies(one);
    assert_eq!(project.relations(), ["main.countries", "raw.orders"]);
    project.run(["run"]).succeeds().tallies(one);
    assert_eq!(project.relations(), ["main.countries", "main.orders", "raw.orders"]);
    project.run(["test"]).succeeds().tallies(one);
}

#[test]
fn a_selection_is_built_without_what_is_not_selected() {
    let project = shop("select 1 as id");
    project.run(["build", "--select", "orders"]).succeeds();
    assert_eq!(project.relations(), ["main.orders"]);
    project.run(["build", "--select", "orders+", "--exclude", "orders"]).succeeds();
    assert_eq!(project.relations(), ["main.orders", "main.report"]);
}

#[test]
fn an_order_holds_through_models_that_are_not_selected() {
    let project = Project::new()
        .model("a", "select 1 as id")
        .model("between", "select * from {{ ref('a') }}")
        .model("_last", "select * from {{ ref('between') }}");
    project.run(["build"]).succeeds();
    let ran = project.run(["build", "--threads", "1", "--select", "a", "_last"]).succeeds();
    assert_eq!(ran.order(), ["main.a", "main._last"]);
}

#[test]
fn a_project_without_anything_to_build_is_all_well() {
    Project::new().run(["build"]).succeeds().stderr_contains("Nothing to do.");
}

#[test]
fn quiet_tells_only_errors() {
    let project = shop("select 1 as id");
    project.run(["build", "--quiet"]).succeeds().stdout("").stderr_is("");
}
