//! `sqlflow ls`, and the grammar of selection that all verbs share.

use crate::project::Project;
use snapbox::str;

const SOURCES: &str = "\
sources:
  - name: raw
    tables:
      - {name: orders, path: data/orders.csv}
      - {name: customers, path: data/customers.csv}
";

const STAGING: &str = "\
models:
  - name: stg_orders
    config: {tags: [nightly, staging]}
    columns:
      - name: id
        data_tests:
          - not_null
          - relationships: {arguments: {to: ref('stg_customers'), field: id}}
  - name: stg_customers
    config: {tags: [staging]}
";

const MARTS: &str = "\
models:
  - name: revenue
    config: {materialized: table, tags: [nightly], meta: {owner: ada}}
    columns: [{name: id, data_tests: [unique]}]
";

/// raw.orders → stg_orders ┐
///                         ├ joined → revenue → report
/// raw.customers → stg_customers ┘        countries (a seed) ┘
fn shop() -> Project {
    Project::new()
        .file("sources/raw.yml", SOURCES)
        .file("models/staging/_staging.yml", STAGING)
        .file("models/marts/_marts.yml", MARTS)
        .model("staging/stg_orders", "select * from {{ source('raw', 'orders') }}")
        .model("staging/stg_customers", "select * from {{ source('raw', 'customers') }}")
        .model("joined", "select * from {{ ref('stg_orders') }}, {{ ref('stg_customers') }}")
        .model("marts/revenue", "select * from {{ ref('joined') }}")
        .model("marts/report", "select * from {{ ref('revenue') }}, {{ ref('countries') }}")
        .file("seeds/countries.csv", "code\nde\n")
        .file("tests/positive.sql", "select * from {{ ref('revenue') }} where false")
        .file("analyses/look.sql", "select * from {{ ref('report') }}")
}

/// Names that a selection gives, tests apart.
#[track_caller]
fn selects(arguments: &[&str], expected: &[&str]) {
    let project = shop();
    let kinds = ["--resource-type", "model", "seed", "source", "analysis"];
    let all = ["ls", "--output", "name"].iter().chain(arguments).chain(&kinds);
    let ran = project.run(all).succeeds();
    assert_eq!(ran.lines(), expected, "{arguments:?}: {ran}");
}

/// Names that a selection gives, tests among them.
#[track_caller]
fn selects_with_tests(arguments: &[&str], expected: &[&str]) {
    let project = shop();
    let ran = project.run(["ls", "--output", "name"].iter().chain(arguments)).succeeds();
    assert_eq!(ran.lines(), expected, "{arguments:?}: {ran}");
}

#[test]
fn everything_is_listed_as_selection_takes_it() {
    shop()
        .run(["ls"])
        .succeeds()
        .stdout(str![[r#"
shop.look
shop.joined
shop.marts.report
shop.marts.revenue
shop.staging.stg_customers
shop.staging.stg_orders
shop.countries
source:shop.raw.customers
source:shop.raw.orders
shop.staging.not_null_stg_orders_id
shop.positive
shop.staging.relationships_stg_orders_id__id__ref_stg_customers_
shop.marts.unique_revenue_id

"#]])
        .stderr_is("");
}

#[test]
fn what_is_listed_can_be_selected() {
    let project = shop();
    for line in project.run(["ls"]).lines() {
        let ran = project.run(["ls", "--select", line]).succeeds();
        assert!(ran.lines().contains(&line), "{line}: {ran}");
    }
}

#[test]
fn paths_are_those_of_the_files_that_declare() {
    let ran = shop().run([
        "ls",
        "--output",
        "path",
        "--select",
        "revenue",
        "source:raw.orders",
        "countries",
    ]);
    ran.succeeds().stdout(str![[r#"
models/marts/revenue.sql
seeds/countries.csv
sources/raw.yml
tests/positive.sql
models/marts/_marts.yml

"#]]);
}

#[test]
fn json_is_one_object_a_line() {
    shop().run(["ls", "--output", "json", "--select", "revenue"]).succeeds().stdout(str![[r#"
{"unique_id":"model.shop.revenue","name":"revenue","resource_type":"model","package_name":"shop","original_file_path":"models/marts/revenue.sql","alias":"revenue","tags":["nightly"],"config":{"materialized":"table","tags":["nightly"],"meta":{"owner":"ada"}},"depends_on":{"nodes":["model.shop.joined"]}}
{"unique_id":"test.shop.positive","name":"positive","resource_type":"test","package_name":"shop","original_file_path":"tests/positive.sql","alias":null,"tags":[],"config":{},"depends_on":{"nodes":["model.shop.revenue"]}}
{"unique_id":"test.shop.unique_revenue_id.5436646ad9","name":"unique_revenue_id","resource_type":"test","package_name":"shop","original_file_path":"models/marts/_marts.yml","alias":null,"tags":[],"config":{},"depends_on":{"nodes":["model.shop.revenue"]}}

"#]]);
}

#[test]
fn kinds_narrow_the_list() {
    let project = shop();
    let names = |kind| {
        let ran = project.run(["ls", "--output", "name", "--resource-type", kind]).succeeds();
        ran.stdout
    };
    assert_eq!(names("seed"), "countries\n");
    assert_eq!(names("source"), "raw.customers\nraw.orders\n");
    assert_eq!(names("analysis"), "look\n");
    project.run(["ls", "--resource-type", "modle"]).exits(2).stderr_contains("'model'");
}

#[test]
fn names_and_globs() {
    selects(&["--select", "joined"], &["joined"]);
    selects(&["--select", "stg_*"], &["stg_customers", "stg_orders"]);
    selects(&["--select", "re?enue"], &["revenue"]);
    selects(&["--select", "stg_[cx]*"], &["stg_customers"]);
    selects(&["joined"], &["joined"]);
}

#[test]
fn folders_and_packages() {
    selects(&["--select", "marts"], &["report", "revenue"]);
    selects(&["--select", "shop.marts"], &["report", "revenue"]);
    selects(&["--select", "shop.marts.*"], &["report", "revenue"]);
    selects(&["--select", "shop.marts.revenue"], &["revenue"]);
    selects(&["--select", "fqn:shop.staging"], &["stg_customers", "stg_orders"]);
    selects(&["--select", "package:shop", "--exclude", "shop"], &["raw.customers", "raw.orders"]);
}

#[test]
fn tags() {
    selects(&["--select", "tag:nightly"], &["revenue", "stg_orders"]);
    selects(&["--select", "tag:n*"], &["revenue", "stg_orders"]);
}

#[test]
fn paths_and_files() {
    selects(&["--select", "path:models/marts"], &["report", "revenue"]);
    selects(&["--select", "models/marts/"], &["report", "revenue"]);
    selects(&["--select", "path:models/*/stg_*.sql"], &["stg_customers", "stg_orders"]);
    selects(&["--select", "models/marts/revenue.sql"], &["revenue"]);
    selects(&["--select", "file:revenue.sql"], &["revenue"]);
    selects(&["--select", "revenue.sql"], &["revenue"]);
}

#[test]
fn kinds_as_a_method() {
    selects(&["--select", "resource_type:seed"], &["countries"]);
    selects(&["--select", "resource_type:source"], &["raw.customers", "raw.orders"]);
}

#[test]
fn sources() {
    selects(&["--select", "source:raw"], &["raw.customers", "raw.orders"]);
    selects(&["--select", "source:raw.orders"], &["raw.orders"]);
    selects(&["--select", "source:raw.ord*+1"], &["stg_orders", "raw.orders"]);
    selects(&["--select", "source:*.customers"], &["raw.customers"]);
}

#[test]
fn configuration() {
    selects(&["--select", "config.materialized:table"], &["revenue"]);
    selects(&["--select", "config.meta.owner:ada"], &["revenue"]);
    selects(&["--select", "config.tags:staging"], &["stg_customers", "stg_orders"]);
}

#[test]
fn ancestors_and_descendants() {
    selects(&["--select", "+stg_orders"], &["stg_orders", "raw.orders"]);
    selects(&["--select", "revenue+"], &["look", "report", "revenue"]);
    selects(
        &["--select", "+joined+"],
        &[
            "look",
            "joined",
            "report",
            "revenue",
            "stg_customers",
            "stg_orders",
            "raw.customers",
            "raw.orders",
        ],
    );
}

#[test]
fn ancestors_and_descendants_some_steps_away() {
    selects(&["--select", "1+revenue"], &["joined", "revenue"]);
    selects(&["--select", "2+revenue"], &["joined", "revenue", "stg_customers", "stg_orders"]);
    selects(&["--select", "joined+1"], &["joined", "revenue"]);
    selects(&["--select", "1+joined+1"], &["joined", "revenue", "stg_customers", "stg_orders"]);
    selects(&["--select", "0+joined+0"], &["joined"]);
}

#[test]
fn everything_that_descendants_need() {
    selects(
        &["--select", "@revenue"],
        &[
            "look",
            "joined",
            "report",
            "revenue",
            "stg_customers",
            "stg_orders",
            "countries",
            "raw.customers",
            "raw.orders",
        ],
    );
}

#[test]
fn unions_and_intersections() {
    selects(&["--select", "joined", "report"], &["joined", "report"]);
    selects(&["--select", "joined report"], &["joined", "report"]);
    selects(&["--select", "joined", "--select", "report"], &["joined", "report"]);
    selects(&["--select", "tag:nightly,tag:staging"], &["stg_orders"]);
    selects(&["--select", "+report,tag:nightly", "joined"], &["joined", "revenue", "stg_orders"]);
}

#[test]
fn what_is_excluded_is_left_out() {
    selects(&["--select", "marts", "--exclude", "report"], &["revenue"]);
    selects(
        &["--select", "+revenue", "--exclude", "source:*", "tag:staging"],
        &["joined", "revenue"],
    );
    selects(&["--exclude", "+revenue+"], &["countries"]);
}

#[test]
fn tests_come_with_what_they_test() {
    selects_with_tests(&["--select", "revenue"], &["revenue", "positive", "unique_revenue_id"]);
    selects_with_tests(
        &["--select", "stg_customers"],
        &["stg_customers", "relationships_stg_orders_id__id__ref_stg_customers_"],
    );
    selects_with_tests(
        &["--select", "revenue", "--exclude", "unique_revenue_id"],
        &["revenue", "positive"],
    );
    selects_with_tests(&["--select", "revenue", "--exclude", "resource_type:test"], &["revenue"]);
}

#[test]
fn tests_by_name_kind_and_type() {
    selects_with_tests(&["--select", "test_name:unique"], &["unique_revenue_id"]);
    selects_with_tests(&["--select", "test_type:singular"], &["positive"]);
    selects_with_tests(&["--select", "not_null_stg_orders_id"], &["not_null_stg_orders_id"]);
}

#[test]
fn a_list_into_a_pipe_that_closes_is_no_error() {
    use std::process::Stdio;
    let project = shop();
    let mut child =
        project.command(["ls"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn the_tests_of_a_node_by_their_type() {
    selects_with_tests(&["--select", "test_type:generic,revenue"], &["unique_revenue_id"]);
    selects_with_tests(&["--select", "revenue,test_type:singular"], &["positive"]);
}
