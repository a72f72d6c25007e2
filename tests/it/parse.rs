//! `sqlflow parse`, and the manifest in dbt's shape (v12).

use crate::project::Project;
use serde_json::{Value, json};

fn shop() -> Project {
    Project::new()
        .file("sources/raw.yml", "sources:\n  - name: raw\n    description: as it comes\n    tables: [{name: t, path: t.csv, description: one table}]\n")
        .file("seeds/codes.csv", "code\nde\n")
        .file("macros/euros.sql", "{% macro euros(cents) %}{{ cents }} / 100{% endmacro %}")
        .file("models/docs.md", "{% docs orders %}All *orders*.{% enddocs %}")
        .file("models/_models.yml", "\
models:
  - name: orders
    description: \"{{ doc('orders') }}\"
    config: {tags: [nightly], meta: {owner: ada}}
    columns: [{name: id, description: its number, data_type: integer, data_tests: [not_null]}]
")
        .model("orders", "{{ config(materialized='table') }}select id, {{ euros('price') }} as price from {{ source('raw', 't') }}")
        .model("report", "select * from {{ ref('orders') }}, {{ ref('codes') }}")
        .model("off", "{{ config(enabled=false) }}select 1 as id")
        .file("tests/positive.sql", "select * from {{ ref('orders') }} where price < 0")
        .file("analyses/look.sql", "select * from {{ ref('report') }}")
}

fn manifest() -> Value {
    let project = shop();
    project.run(["parse"]).succeeds();
    project.json("target/manifest.json")
}

#[track_caller]
fn has_keys(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some(), "no `{key}` in {value:#}");
    }
}

#[test]
fn the_manifest_has_the_keys_of_version_12() {
    let manifest = manifest();
    has_keys(
        &manifest,
        &[
            "metadata",
            "nodes",
            "sources",
            "macros",
            "docs",
            "exposures",
            "metrics",
            "groups",
            "selectors",
            "disabled",
            "parent_map",
            "child_map",
            "group_map",
            "saved_queries",
            "semantic_models",
            "unit_tests",
        ],
    );
    has_keys(
        &manifest["metadata"],
        &[
            "dbt_schema_version",
            "dbt_version",
            "generated_at",
            "invocation_id",
            "project_name",
            "adapter_type",
        ],
    );
    assert_eq!(
        manifest["metadata"]["dbt_schema_version"],
        "https://schemas.getdbt.com/dbt/manifest/v12.json"
    );
}

#[test]
fn a_model_is_described_as_dbt_does() {
    let manifest = manifest();
    let model = &manifest["nodes"]["model.shop.orders"];
    has_keys(
        model,
        &[
            "database",
            "schema",
            "name",
            "resource_type",
            "package_name",
            "path",
            "original_file_path",
            "unique_id",
            "fqn",
            "alias",
            "checksum",
            "config",
            "tags",
            "description",
            "columns",
            "meta",
            "relation_name",
            "raw_code",
            "language",
            "refs",
            "sources",
            "depends_on",
            "docs",
            "patch_path",
        ],
    );
    assert_eq!(model["relation_name"], "\"shop\".\"main\".\"orders\"");
    assert_eq!(model["description"], "All *orders*.");
    assert_eq!(model["config"]["materialized"], "table");
    assert_eq!(model["tags"], json!(["nightly"]));
    assert_eq!(model["meta"], json!({"owner": "ada"}));
    assert_eq!(model["sources"], json!([["raw", "t"]]));
    assert_eq!(model["depends_on"]["nodes"], json!(["source.shop.raw.t"]));
    assert_eq!(model["depends_on"]["macros"], json!(["macro.shop.euros"]));
    assert_eq!(model["columns"]["id"]["description"], "its number");
    assert_eq!(model["columns"]["id"]["data_type"], "integer");
    assert_eq!(model["path"], "orders.sql");
    assert_eq!(model["original_file_path"], "models/orders.sql");
}

#[test]
fn references_are_told_as_dbt_does() {
    let manifest = manifest();
    let report = &manifest["nodes"]["model.shop.report"];
    assert_eq!(
        report["refs"],
        json!([
            {"name": "orders", "package": null, "version": null},
            {"name": "codes", "package": null, "version": null}
        ])
    );
    assert_eq!(report["depends_on"]["nodes"], json!(["model.shop.orders", "seed.shop.codes"]));
}

#[test]
fn parents_and_children_are_mapped() {
    let manifest = manifest();
    assert_eq!(manifest["parent_map"]["model.shop.orders"], json!(["source.shop.raw.t"]));
    assert_eq!(manifest["child_map"]["source.shop.raw.t"], json!(["model.shop.orders"]));
    let children = manifest["child_map"]["model.shop.orders"].as_array().unwrap();
    assert!(children.contains(&json!("model.shop.report")), "{children:?}");
    assert!(children.contains(&json!("test.shop.positive")), "{children:?}");
    assert_eq!(manifest["parent_map"]["seed.shop.codes"], json!([]));
}

#[test]
fn a_source_is_described_as_dbt_does() {
    let manifest = manifest();
    let source = &manifest["sources"]["source.shop.raw.t"];
    has_keys(
        source,
        &[
            "database",
            "schema",
            "name",
            "resource_type",
            "package_name",
            "path",
            "unique_id",
            "fqn",
            "source_name",
            "source_description",
            "identifier",
            "description",
            "columns",
            "relation_name",
            "freshness",
            "loader",
        ],
    );
    assert_eq!(source["source_description"], "as it comes");
    assert_eq!(source["relation_name"], "\"shop\".\"raw\".\"t\"");
}

#[test]
fn a_generic_test_is_described_as_dbt_does() {
    let manifest = manifest();
    let nodes = manifest["nodes"].as_object().unwrap();
    let mut tests = nodes.iter().filter(|(id, _)| id.starts_with("test.shop.not_null"));
    let (_, test) = tests.next().unwrap();
    assert_eq!(test["test_metadata"]["name"], "not_null");
    assert_eq!(test["test_metadata"]["kwargs"]["column_name"], "id");
    assert_eq!(test["column_name"], "id");
    assert_eq!(test["attached_node"], "model.shop.orders");
    assert_eq!(test["config"]["severity"].as_str().unwrap().to_lowercase(), "error");
}

#[test]
fn what_is_switched_off_is_listed_apart() {
    let manifest = manifest();
    assert!(manifest["nodes"].get("model.shop.off").is_none());
    assert!(manifest["disabled"].get("model.shop.off").is_some(), "{}", manifest["disabled"]);
}

#[test]
fn macros_are_in_it() {
    let manifest = manifest();
    assert_eq!(manifest["macros"]["macro.shop.euros"]["package_name"], "shop");
}

#[test]
fn two_manifests_of_one_project_differ_only_in_ids_and_times() {
    let plain = || {
        let mut manifest = manifest();
        manifest["metadata"]["generated_at"] = Value::Null;
        manifest["metadata"]["invocation_id"] = Value::Null;
        manifest["metadata"]["invocation_started_at"] = Value::Null;
        for kind in ["nodes", "sources", "macros"] {
            for node in manifest[kind].as_object_mut().unwrap().values_mut() {
                node["created_at"] = Value::Null;
            }
        }
        serde_json::to_string(&manifest).unwrap()
    };
    assert_eq!(plain(), plain());
}

#[test]
fn parsing_needs_no_database_and_counts_the_nodes() {
    let project = shop();
    project.run(["parse"]).succeeds().stderr_is("Parsed 7 nodes.\n");
    assert!(!project.has("shop.duckdb"));
}
