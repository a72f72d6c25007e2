//! Where relations go: schemas, aliases, and names that need quotes.

use crate::project::Project;
use serde_json::json;

#[test]
fn an_alias_names_the_relation() {
    let project = Project::new()
        .model("stg_orders", "{{ config(alias='orders') }}select 1 as id")
        .model("report", "select * from {{ ref('stg_orders') }}");
    project.run(["build"]).succeeds();
    assert_eq!(project.relations(), ["main.orders", "main.report"]);
}

#[test]
fn a_schema_is_appended_to_the_targets() {
    let project = Project::new().model("a", "{{ config(schema='marts') }}select 1 as id");
    project.run(["build"]).succeeds();
    assert_eq!(project.relations(), ["main_marts.a"]);
}

#[test]
fn the_targets_schema_is_where_everything_goes() {
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb, schema: ada}
";
    let project = Project::new()
        .file("profiles.yml", profiles)
        .model("a", "select 1 as id")
        .model("b", "{{ config(schema='marts') }}select * from {{ ref('a') }}");
    project.run(["build"]).succeeds();
    assert_eq!(project.relations(), ["ada.a", "ada_marts.b"]);
}

#[test]
fn the_projects_own_generate_alias_name_decides() {
    let text = "\
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
  {{ node.name | replace('stg_', '') }}
{%- endmacro %}
";
    let project =
        Project::new().file("macros/names.sql", text).model("stg_orders", "select 1 as id");
    project.run(["build"]).succeeds();
    assert_eq!(project.relations(), ["main.orders"]);
}

#[test]
fn folders_give_defaults_and_the_nearest_wins() {
    let text = "\
name: shop
models:
  +materialized: table
  shop:
    marts:
      +schema: marts
      daily: {+schema: days}
";
    let project = Project::new()
        .file("sqlflow.yml", text)
        .model("plain", "select 1 as id")
        .model("marts/report", "select 1 as id")
        .model("marts/daily/today", "select 1 as id")
        .model("marts/daily/own", "{{ config(schema='own', materialized='view') }}select 1 as id");
    project.run(["build"]).succeeds();
    assert_eq!(
        project.query(
            "select table_schema || '.' || table_name, table_type from information_schema.tables order by all"
        ),
        json!([
            ["main.plain", "BASE TABLE"],
            ["main_days.today", "BASE TABLE"],
            ["main_marts.report", "BASE TABLE"],
            ["main_own.own", "VIEW"]
        ])
    );
}

#[test]
fn names_that_need_quotes_get_them() {
    let project = Project::new()
        .model("order", "{{ config(materialized='table') }}select 1 as \"group\"")
        .model("with-hyphen", "select \"group\" from {{ ref('order') }}")
        .model("with space", "select * from {{ ref('with-hyphen') }}")
        .model("Übung", "select * from {{ ref('with space') }}")
        .model(
            "quoted",
            "{{ config(alias='say \"hi\"', schema='my schema') }}select * from {{ ref('Übung') }}",
        );
    project.run(["build"]).succeeds().tallies("PASS=5 WARN=0 ERROR=0 SKIP=0");
    assert_eq!(project.query("select * from \"main_my schema\".\"say \"\"hi\"\"\""), json!([[1]]));
    project.run(["build"]).succeeds();
}

#[test]
fn a_file_whose_name_needs_quotes_makes_a_database_of_that_name() {
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: my-shop 2.duckdb}
";
    let project = Project::new()
        .file("profiles.yml", profiles)
        .model("a", "{{ config(materialized='table') }}select 1 as id")
        .model("b", "select * from {{ ref('a') }}");
    project.run(["build"]).succeeds();
    project.run(["show", "b", "--output", "csv"]).succeeds().stdout("id\n1\n");
}

#[test]
fn a_database_in_memory_is_built_and_forgotten() {
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: ':memory:'}
";
    let project = Project::new()
        .file("profiles.yml", profiles)
        .model("a", "{{ config(materialized='table') }}select 1 as id")
        .model("b", "select * from {{ ref('a') }}");
    project.run(["build"]).succeeds().tallies("PASS=2 WARN=0 ERROR=0 SKIP=0");
    assert!(!project.has(":memory:"));
}

#[test]
fn loads_land_in_the_schema_of_their_source_or_where_into_says() {
    let yaml = "\
sources:
  - name: crm
    tables:
      - {name: orders, path: t.csv}
      - {name: customers, path: t.csv, load: {into: staging.people}}
";
    let project = Project::new()
        .file("sources/crm.yml", yaml)
        .file("t.csv", "id\n1\n")
        .model("a", "select * from {{ source('crm', 'customers') }}");
    project.run(["build"]).succeeds();
    assert_eq!(project.relations(), ["crm.orders", "main.a", "staging.people"]);
}

#[test]
fn a_source_without_a_file_is_read_where_it_is_declared() {
    let yaml = "\
sources:
  - name: crm
    schema: outside
    tables: [{name: orders, identifier: Orders_2013}]
";
    let project = Project::new()
        .file("sources/crm.yml", yaml)
        .model("a", "select * from {{ source('crm', 'orders') }}");
    project.execute("create schema outside");
    project.execute("create table outside.orders_2013 as select 7 as id");
    project.run(["build"]).succeeds().tallies("PASS=1 WARN=0 ERROR=0 SKIP=0");
    assert_eq!(project.query("select * from a"), json!([[7]]));
}

#[test]
fn the_projects_own_generate_schema_name_decides() {
    let text = "\
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ custom_schema_name | trim if custom_schema_name else target.schema ~ '_' ~ node.name }}
{%- endmacro %}
";
    let project = Project::new()
        .file("macros/names.sql", text)
        .file("seeds/codes.csv", "code\nde\n")
        .model("a", "{{ config(schema='marts') }}select 1 as id")
        .model("b", "select * from {{ ref('a') }}");
    project.run(["build"]).succeeds();
    assert_eq!(project.relations(), ["main_b.b", "main_codes.codes", "marts.a"]);
}
