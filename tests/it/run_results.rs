//! target/run_results.json in dbt's shape (v6).

use crate::project::Project;
use serde_json::Value;

/// The results of a build in which everything that can happen happens.
fn results() -> Value {
    let yaml = "\
models:
  - name: orders
    columns:
      - name: id
        data_tests: [not_null, {unique: {config: {severity: warn}}}]
  - name: rows
    columns: [{name: id, data_tests: [not_null]}]
";
    let project = Project::new()
        .file("models/_models.yml", yaml)
        .model("orders", "select null as id from range(3)")
        .model("rows", "{{ config(materialized='table') }}select 1 as id from range(5)")
        .model("skipped", "select * from {{ ref('orders') }}")
        .model("broken", "select nothing")
        .file("tests/twice.sql", "{{ config(severity='warn') }}select * from {{ ref('rows') }}");
    project.run(["build"]).fails();
    project.json("target/run_results.json")
}

fn result<'a>(results: &'a Value, id: &str) -> &'a Value {
    let all = results["results"].as_array().unwrap();
    all.iter().find(|one| one["unique_id"].as_str().unwrap().starts_with(id)).unwrap()
}

#[test]
fn the_file_has_the_keys_of_version_6() {
    let results = results();
    assert_eq!(
        results["metadata"]["dbt_schema_version"],
        "https://schemas.getdbt.com/dbt/run-results/v6.json"
    );
    for key in ["generated_at", "invocation_id", "dbt_version", "env"] {
        assert!(results["metadata"].get(key).is_some(), "no `{key}`");
    }
    assert!(results["elapsed_time"].as_f64().unwrap() > 0.0);
    assert_eq!(results["args"]["which"], "build");
    for one in results["results"].as_array().unwrap() {
        for key in [
            "status",
            "timing",
            "thread_id",
            "execution_time",
            "adapter_response",
            "message",
            "failures",
            "unique_id",
            "compiled",
            "compiled_code",
            "relation_name",
        ] {
            assert!(one.get(key).is_some(), "no `{key}` in {one:#}");
        }
    }
}

#[test]
fn statuses_are_dbts_words() {
    let results = results();
    for (id, status) in [
        ("model.shop.rows", "success"),
        ("model.shop.broken", "error"),
        ("model.shop.skipped", "skipped"),
        ("test.shop.not_null_rows_id", "pass"),
        ("test.shop.not_null_orders_id", "fail"),
        ("test.shop.unique_orders_id", "pass"),
        ("test.shop.twice", "warn"),
    ] {
        assert_eq!(result(&results, id)["status"], status, "{id}");
    }
}

#[test]
fn rows_and_failures_are_counted() {
    let results = results();
    assert_eq!(result(&results, "model.shop.rows")["adapter_response"]["rows_affected"], 5);
    assert_eq!(result(&results, "test.shop.not_null_orders_id")["failures"], 3);
    assert_eq!(result(&results, "test.shop.not_null_rows_id")["failures"], 0);
    assert_eq!(result(&results, "model.shop.rows")["failures"], Value::Null);
}

#[test]
fn messages_and_queries_are_in_it() {
    let results = results();
    let broken = result(&results, "model.shop.broken");
    assert!(broken["message"].as_str().unwrap().contains("nothing"), "{broken:#}");
    let rows = result(&results, "model.shop.rows");
    assert!(rows["compiled_code"].as_str().unwrap().contains("range(5)"), "{rows:#}");
    assert_eq!(rows["relation_name"], "\"shop\".\"main\".\"rows\"");
}

#[test]
fn times_are_told() {
    let results = results();
    let rows = result(&results, "model.shop.rows");
    let timing = rows["timing"].as_array().unwrap();
    let names: Vec<_> = timing.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"execute"), "{names:?}");
    for one in timing {
        assert!(one["started_at"].as_str().unwrap() <= one["completed_at"].as_str().unwrap());
    }
    assert_eq!(result(&results, "model.shop.skipped")["timing"], serde_json::json!([]));
}
