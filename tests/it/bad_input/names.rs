//! Names: of what does not exist, of what exists twice, and names that go in circles.

use super::refuse;
use crate::project::Project;
use snapbox::str;

#[test]
fn a_reference_to_nothing_names_what_is_near() {
    let project = Project::new()
        .model("stg_orders", "select 1 as id")
        .model("orders", "select *\nfrom {{ ref('stg_order') }}\n");
    refuse(&project).stderr_is(str![[r#"
error[SF210]: ref('stg_order'): no model, seed or snapshot `stg_order`
 --> models/orders.sql:2:9
  |
2 | from {{ ref('stg_order') }}
  |         ^^^^^^^^^^^^^^^^
  |
  = help: did you mean `stg_orders`?


"#]]);
}

#[test]
fn a_reference_to_a_source_that_does_not_exist_is_refused() {
    let yaml = "sources:\n  - name: raw\n    tables: [{name: orders}]\n";
    let project = Project::new()
        .file("sources/raw.yml", yaml)
        .model("a", "select * from {{ source('raw', 'oders') }}")
        .model("b", "select * from {{ source('rwa', 'orders') }}")
        .model("c", "select * from {{ ref('orders') }}");
    refuse(&project).stderr_is(str![[r#"
error[SF212]: source('raw', 'oders'): no source table `raw.oders`
 --> models/a.sql:1:18
  |
1 | select * from {{ source('raw', 'oders') }}
  |                  ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `orders`?

error[SF212]: source('rwa', 'orders'): no source table `rwa.orders`
 --> models/b.sql:1:18
  |
1 | select * from {{ source('rwa', 'orders') }}
  |                  ^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `raw`?

error[SF210]: ref('orders'): no model, seed or snapshot `orders`
 --> models/c.sql:1:18
  |
1 | select * from {{ ref('orders') }}
  |                  ^^^^^^^^^^^^^
  |
  = help: `orders` is a table of a source: `{{ source('raw', 'orders') }}`


"#]]);
}

#[test]
fn a_reference_to_a_disabled_model_says_so() {
    let project = Project::new()
        .model("old", "{{ config(enabled=false) }}select 1 as id")
        .model("new", "select * from {{ ref('old') }}");
    refuse(&project).stderr_is(str![[r#"
error[SF214]: ref('old'): `model.shop.old` is disabled
 --> models/new.sql:1:18
  |
1 | select * from {{ ref('old') }}
  |                  ^^^^^^^^^^
  |
  = help: enable it, or remove the reference


"#]]);
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
    refuse(&project).stderr_is(str![[r#"
error[SF211]: ref('twin') could be `model.one.twin` or `model.two.twin`
 --> models/mine.sql:1:18
  |
1 | select * from {{ ref('twin') }}
  |                  ^^^^^^^^^^^
  |
  = help: name the package: `{{ ref('package', 'model') }}`


"#]]);
}

#[test]
fn a_cycle_of_three_is_shown_whole() {
    let project = Project::new()
        .model("a", "select * from {{ ref('b') }}")
        .model("b", "select * from {{ ref('c') }}")
        .model("c", "select *\nfrom {{ ref('a') }}");
    refuse(&project).stderr_is(str![[r#"
error[SF213]: these nodes depend on each other: `a` -> `b` -> `c` -> `a`
 --> models/a.sql:1:18
  |
1 | select * from {{ ref('b') }}
  |                  ^^^^^^^^ `a` needs `b`
  |
 ::: models/b.sql:1:18
  |
1 | select * from {{ ref('c') }}
  |                  -------- `b` needs `c`
  |
 ::: models/c.sql:2:9
  |
2 | from {{ ref('a') }}
  |         -------- `c` needs `a`
  |
  = help: remove one of these references


"#]]);
}

#[test]
fn a_model_that_refers_to_itself_is_told_of_this() {
    let project = Project::new().model("a", "select * from {{ ref('a') }}");
    refuse(&project).stderr_is(str![[r#"
error[SF213]: `a` refers to itself
 --> models/a.sql:1:18
  |
1 | select * from {{ ref('a') }}
  |                  ^^^^^^^^
  |
  = help: to read the rows already there, write `{{ this }}`


"#]]);
}

#[test]
fn two_models_of_one_name_are_both_shown() {
    let project = Project::new()
        .file("models/one/a.sql", "select 1 as id")
        .file("models/two/a.sql", "select 2 as id");
    refuse(&project).stderr_is(str![[r#"
error[SF115]: two models are called `a`
 --> models/two/a.sql:1:1
  |
1 | select 2 as id
  | ^
  |
 ::: models/one/a.sql:1:1
  |
1 | select 1 as id
  | - the other one
  |
  = help: rename one of the files


"#]]);
}

#[test]
fn models_whose_names_differ_only_in_case_are_refused() {
    let project =
        Project::new().model("orders", "select 1 as id").model("Orders", "select 2 as id");
    refuse(&project).stderr_is(str![[r#"
error[SF116]: model `Orders` and model `orders` both make the relation `main.orders`
 --> models/orders.sql:1:1
  |
1 | select 1 as id
  | ^
  |
 ::: models/Orders.sql:1:1
  |
1 | select 2 as id
  | - the other one
  |
  = note: duckdb does not tell capital letters apart
  = help: give one of them another `alias` or `schema`


"#]]);
}

#[test]
fn two_models_on_one_relation_are_refused() {
    let project = Project::new()
        .model("a", "select 1 as id")
        .model("b", "{{ config(alias='a') }}select 2 as id");
    refuse(&project).stderr_is(str![[r#"
error[SF116]: model `a` and model `b` both make the relation `main.a`
 --> models/b.sql:1:1
  |
1 | {{ config(alias='a') }}select 2 as id
  | ^
  |
 ::: models/a.sql:1:1
  |
1 | select 1 as id
  | - the other one
  |
  = help: give one of them another `alias` or `schema`


"#]]);
}

#[test]
fn properties_in_two_places_are_refused() {
    let yaml = "models:\n  - name: a\n    description: x\n";
    let project = Project::new()
        .model("a", "select 1 as id")
        .file("models/one.yml", yaml)
        .file("models/two.yml", yaml);
    refuse(&project).stderr_is(str![[r#"
error[SF115]: `a` has properties in two places
 --> models/two.yml:2:11
  |
2 |   - name: a
  |           ^
  |
 ::: models/one.yml:2:11
  |
2 |   - name: a
  |           - and here
  |
  = help: move them into one entry


"#]]);
}

#[test]
fn a_misspelt_generic_test_is_compared_with_the_known_ones() {
    let yaml = "\
models:
  - name: a
    columns:
      - name: id
        data_tests: [not_nul]
";
    let project = Project::new().model("a", "select 1 as id").file("models/_models.yml", yaml);
    refuse(&project).stderr_is(str![[r#"
error[SF215]: no generic test `not_nul`
 --> models/_models.yml:5:22
  |
5 |         data_tests: [not_nul]
  |                      ^^^^^^^
  |
  = help: did you mean `not_null`?


"#]]);
}

#[test]
fn a_source_that_is_declared_twice_is_refused() {
    let yaml = "sources:\n  - name: raw\n    tables: [{name: orders}]\n";
    let project = Project::new().file("sources/one.yml", yaml).file("sources/two.yml", yaml);
    refuse(&project).stderr_is(str![[r#"
error[SF115]: two sources are called `raw.orders`
 --> sources/two.yml:3:21
  |
3 |     tables: [{name: orders}]
  |                     ^^^^^^
  |
 ::: sources/one.yml:3:21
  |
3 |     tables: [{name: orders}]
  |                     ------ the other one
  |
  = help: remove one of the declarations


"#]]);
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
    refuse(&project).stderr_is(str![[r#"
error[SF116]: model `orders` and source `raw.t` both make the relation `main.orders`
 --> sources/raw.yml:4:15
  |
4 |       - name: t
  |               ^
  |
 ::: models/orders.sql:1:1
  |
1 | select * from {{ source('raw', 't') }}
  | - the other one
  |
  = help: load into another table: `load: {into: schema.table}`


"#]]);
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
    refuse(&project).stderr_is(str![[r#"
error[SF215]: no generic test `not_nul`
 --> models/_models.yml:6:13
  |
6 |           - not_nul
  |             ^^^^^^^
  |
  = help: did you mean `not_null`?

error[SF215]: no generic test `is_a_prime`
 --> models/_models.yml:7:13
  |
7 |           - is_a_prime
  |             ^^^^^^^^^^
  |
  = help: define it in macros/ or tests/generic/: `{% test is_a_prime(model, column_name) %} … {% endtest %}`


"#]]);
}

#[test]
fn a_model_and_a_seed_of_one_name_are_both_shown() {
    let project = Project::new().model("a", "select 1 as id").file("seeds/a.csv", "id\n1\n");
    refuse(&project).stderr_is(str![[r#"
error[SF115]: a model and a seed are called `a`
 --> seeds/a.csv
  |
 ::: models/a.sql:1:1
  |
1 | select 1 as id
  | - the other one
  |
  = help: rename one of them: `ref` could not tell them apart


"#]]);
}
