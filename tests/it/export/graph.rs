//! Exports as nodes: order, selection, artefacts.

use super::project;
use crate::project::Project;
use serde_json::json;
use snapbox::str;

const EXPORTS: &str = "  - name: orders_file
    from: ref('orders')
    path: out/orders.csv
    tags: [nightly]
    meta: {owner: ada}
    description: for the till
  - name: other
    query: select count(*) as n from {{ ref('orders') }}
    path: out/other.json
";

#[test]
fn an_export_runs_after_its_model_and_the_tests_on_it() {
    let project = project(EXPORTS).file(
        "models/orders.yml",
        "models:\n  - name: orders\n    columns: [{name: id, data_tests: [unique]}]\n",
    );
    project.run(["build", "--threads", "1"]).succeeds().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 test, 2 exports · 1 thread
  ✓ view   main.orders                         [TIME]
  ✓ test   unique_orders_id                    [TIME]
  ✓ export orders_file                10 rows  [TIME]
  ✓ export other                       1 row   [TIME]

Done in [TIME]. PASS=4 WARN=0 ERROR=0 SKIP=0 TOTAL=4

"#]]);
    project.write("models/orders.sql", "select 1 as id, 'x' as name from range(2)");
    project
        .run(["build"])
        .fails_with("SF501")
        .stderr_contains("- export orders_file       skipped: a test of orders failed")
        .tallies("PASS=1 WARN=0 ERROR=1 SKIP=2");
    assert!(project.read("out/orders.csv").starts_with("id,name\n0,n0\n"));
}

#[test]
fn exports_are_selected_like_other_nodes() {
    let project = project(EXPORTS);
    let ls = |select: &str| {
        let ran = project.run(["ls", "--select", select]).succeeds();
        ran.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ls("export:orders_*"), ["shop.orders_file"]);
    assert_eq!(ls("resource_type:export"), ["shop.orders_file", "shop.other"]);
    assert_eq!(ls("tag:nightly"), ["shop.orders_file"]);
    assert_eq!(ls("other"), ["shop.other"]);
    assert_eq!(ls("path:models/exports.yml"), ["shop.orders_file", "shop.other"]);
    assert_eq!(ls("orders+"), ["shop.orders_file", "shop.other", "shop.orders"]);
    assert_eq!(ls("+other"), ["shop.other", "shop.orders"]);
    let json = project.run(["ls", "--resource-type", "export", "--output", "name"]).succeeds();
    assert_eq!(json.lines(), ["orders_file", "other"]);
    project.run(["build", "--select", "+other"]).tallies("PASS=2 WARN=0 ERROR=0 SKIP=0");
    assert!(project.has("out/other.json") && !project.has("out/orders.csv"));
    project.run(["export"]).tallies("PASS=2 WARN=0 ERROR=0 SKIP=0");
    project.run(["run"]).tallies("PASS=1 WARN=0 ERROR=0 SKIP=0");
}

#[test]
fn exports_of_a_connection_are_selected_by_it() {
    let project = project("  - name: out\n    from: ref('orders')\n    connection: files\n    path: a/b.csv\n")
        .file(
            "profiles.yml",
            "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n  connections:\n    files: {type: file, path: share}\n",
        );
    project.run(["ls", "--select", "connection:files"]).succeeds().stdout("shop.out\n");
    project.run(["build"]).succeeds();
    assert!(project.has("share/a/b.csv"));
    project.run(["plan"]).succeeds().stdout_contains("write CSV to files: a/b.csv");
}

#[test]
fn an_export_alone_says_what_it_needs() {
    let project = project(EXPORTS);
    project.run(["export", "--select", "other"]).fails_with("SF308").stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 export · 2 threads
  ✗ export other  failed  [TIME]

error[SF308]: `other` needs model `orders`, but `main.orders` does not exist
 --> models/exports.yml:9:12
  |
9 |     query: select count(*) as n from {{ ref('orders') }}
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: make it first: `sqlflow build --select +orders`, or everything with `sqlflow build`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    assert!(!project.has("out/other.json"));
}

#[test]
fn artefacts_tell_of_exports() {
    let project = project(EXPORTS);
    project.run(["compile"]).succeeds();
    let compiled = project.read("target/compiled/shop/models/exports.yml/other.sql");
    assert_eq!(compiled, "select count(*) as n from \"shop\".\"main\".\"orders\"");
    let run = project.read("target/run/shop/models/exports.yml/other.sql");
    assert!(run.contains(") to 'out/other.json' (\n  format json,\n"), "{run}");
    project.run(["build"]).succeeds();
    let run = project.read("target/run/shop/models/exports.yml/other.sql");
    assert!(run.starts_with("-- stage\ncopy (\nselect count(*) as n"), "{run}");
    let manifest = project.json("target/manifest.json");
    let export = &manifest["exports"]["export.shop.orders_file"];
    assert_eq!(export["target"], json!({"path": "out/orders.csv", "table": null, "format": "csv"}));
    assert_eq!(export["depends_on"]["nodes"], json!(["model.shop.orders"]));
    assert_eq!(export["meta"], json!({"owner": "ada"}));
    assert_eq!(export["description"], json!("for the till"));
    assert_eq!(manifest["nodes"].as_object().unwrap().len(), 1);
    assert_eq!(manifest["child_map"], json!({"model.shop.orders": []}));
    let results = project.json("target/run_results.json");
    let result = results["results"].as_array().unwrap().iter();
    let result = result.clone().find(|r| r["unique_id"] == "export.shop.orders_file").unwrap();
    assert_eq!(result["status"], json!("success"));
    let response = &result["adapter_response"];
    assert_eq!((&response["rows_written"], &response["files_written"]), (&json!(10), &json!(1)));
    assert_eq!(response["bytes_written"], json!(project.read("out/orders.csv").len()));
    project.run(["plan"]).succeeds().stdout(str![[r#"
wave 1
  model    main.orders                                       create or replace the view
wave 2
  export   orders_file                                       write CSV to out/orders.csv
  export   other                                             write JSON to out/other.json

"#]]);
    project
        .run(["show", "orders_file", "--output", "csv", "--limit", "1"])
        .succeeds()
        .stdout("id,name\n0,n0\n");
}

#[test]
fn templates_see_no_exports_among_the_nodes() {
    let project =
        project(EXPORTS).model("counted", "select {{ graph.nodes.values() | list | length }} as n");
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select n from counted"), json!([[2]]));
}

#[test]
fn defaults_stand_in_the_project_file() {
    let project = project(EXPORTS).file(
        "sqlflow.yml",
        "name: shop\nexports:\n  +tags: [daily]\n  +on_empty: keep\n  shop:\n    +enabled: true\n",
    );
    project.run(["build"]).succeeds();
    project
        .run(["ls", "--select", "tag:daily"])
        .succeeds()
        .stdout("shop.orders_file\nshop.other\n");
    project.write("models/orders.sql", "select 1 as id, 'x' as name where false");
    project.run(["build"]).succeeds().stderr_contains("stays as it is");
}

#[test]
fn a_disabled_export_is_no_node() {
    let off = EXPORTS.replace("    tags: [nightly]\n", "    enabled: false\n");
    let project = project(&off);
    project.run(["ls", "--resource-type", "export"]).succeeds().stdout("shop.other\n");
}

#[test]
fn exports_may_stand_below_export_paths_and_ask_the_database() {
    let project = Project::new()
        .model("orders", "select 3 as id")
        .file("exports/daily/out.yml", "exports:\n  - name: out\n    path: out.csv\n    query: |\n      -- depends_on: {{ ref('orders') }}\n      select {% if execute %}{{ run_query('select max(id) from ' ~ ref('orders')).columns[0].values()[0] }}{% else %}1{% endif %} as id\n");
    project.run(["build"]).succeeds();
    assert_eq!(project.read("out.csv"), "id\n3\n");
    project.run(["ls", "--select", "out"]).succeeds().stdout("shop.daily.out\n");
}
