//! Names: of what does not exist, of what exists twice, and names that go in circles.

use super::refuse;
use crate::project::Project;
use snapbox::str;

#[test]
fn a_reference_to_nothing_names_what_is_near() {
    let project = Project::new()
        .model("stg_orders", "select 1 as id")
        .model("orders", "select *\nfrom {{ ref('stg_order') }}\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_reference_to_a_source_that_does_not_exist_is_refused() {
    let yaml = "sources:\n  - name: raw\n    tables: [{name: orders}]\n";
    let project = Project::new()
        .file("sources/raw.yml", yaml)
        .model("a", "select * from {{ source('raw', 'oders') }}")
        .model("b", "select * from {{ source('rwa', 'orders') }}")
        .model("c", "select * from {{ ref('orders') }}");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_reference_to_a_disabled_model_says_so() {
    let project = Project::new()
        .model("old", "{{ config(enabled=false) }}select 1 as id")
        .model("new", "select * from {{ ref('old') }}");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_reference_that_fits_several_packages_is_refused() {
    let package = |name: &str| format!("name: {name}\n");
    let project = Project::new()
        .model("mine", "select * from {{ ref('twin') }}")
        .file("packages/one/sqlflow.yml", &package("one"))
        .file("packages/one/models/twin.sql", "{{ config(alias='t1') }}select 1 as id")
        .file("packages/two/sqlflow.yml", &package("two"))
        .file("packages/two/models/twin.sql", "{{ config(alias='t2') }}select 1 as id")
        .file("sqlflow.yml", "name: shop\npackages-install-path: packages\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_cycle_of_three_is_shown_whole() {
    let project = Project::new()
        .model("a", "select * from {{ ref('b') }}")
        .model("b", "select * from {{ ref('c') }}")
        .model("c", "select *\nfrom {{ ref('a') }}");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_model_that_refers_to_itself_is_told_of_this() {
    let project = Project::new().model("a", "select * from {{ ref('a') }}");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn two_models_of_one_name_are_both_shown() {
    let project = Project::new()
        .file("models/one/a.sql", "select 1 as id")
        .file("models/two/a.sql", "select 2 as id");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_model_and_a_seed_of_one_name_are_both_shown() {
    let project = Project::new().model("a", "select 1 as id").file("seeds/a.csv", "id\n1\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn models_whose_names_differ_only_in_case_are_refused() {
    let project =
        Project::new().model("orders", "select 1 as id").model("Orders", "select 2 as id");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn two_models_on_one_relation_are_refused() {
    let project = Project::new()
        .model("a", "select 1 as id")
        .model("b", "{{ config(alias='a') }}select 2 as id");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_model_on_the_relation_of_a_load_is_refused() {
    let yaml = "\
sources:
  - name: raw
    tables:
      - name: t
        path: t.csv
        load: {into: main.orders}
";
    let project = Project::new()
        .file("sources/raw.yml", yaml)
        .file("t.csv", "id\n1\n")
        .model("orders", "select * from {{ source('raw', 't') }}");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_source_that_is_declared_twice_is_refused() {
    let yaml = "sources:\n  - name: raw\n    tables: [{name: orders}]\n";
    let project = Project::new().file("sources/one.yml", yaml).file("sources/two.yml", yaml);
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn properties_in_two_places_are_refused() {
    let yaml = "models:\n  - name: a\n    description: x\n";
    let project = Project::new()
        .model("a", "select 1 as id")
        .file("models/one.yml", yaml)
        .file("models/two.yml", yaml);
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_unknown_generic_test_is_refused() {
    let yaml = "\
models:
  - name: a
    columns:
      - name: id
        data_tests:
          - not_nul
          - is_a_prime
";
    let project = Project::new().model("a", "select 1 as id").file("models/_models.yml", yaml);
    refuse(&project).stderr_is(str![[]]);
}
