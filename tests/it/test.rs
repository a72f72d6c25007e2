//! `sqlflow test`: each kind of test, and how its failures are judged.

use crate::project::{Project, Ran};
use serde_json::json;
use snapbox::str;

/// A project of `orders` (4 rows) with the tests of its columns, built and then tested.
fn orders(tests: &str) -> Project {
    orders_with(tests, "macros/unused.sql", "")
}

/// Likewise, with one more file.
fn orders_with(tests: &str, path: &str, text: &str) -> Project {
    let rows = "\
select * from (values
  (1, 'de', 'open', 10), (2, 'fr', 'paid', -1), (2, null, 'lost', 30), (null, 'xx', 'open', 5)
) v(id, country, status, price)
";
    let project = Project::new()
        .model("orders", rows)
        .file("seeds/countries.csv", "code\nde\nfr\n")
        .file(path, text)
        .file("models/_models.yml", &format!("models:\n  - name: orders\n{tests}"));
    project.run(["seed"]).succeeds();
    project.run(["run"]).succeeds();
    project
}

/// The outcome of one test on column `column`.
fn one(column: &str, test: &str) -> Ran {
    let tests =
        format!("    columns:\n      - name: {column}\n        data_tests:\n          - {test}\n");
    orders(&tests).run(["test"])
}

#[test]
fn not_null() {
    one("status", "not_null").succeeds();
    one("country", "not_null").fails().stderr_contains("1 failure ");
}

#[test]
fn unique() {
    one("price", "unique").succeeds();
    one("id", "unique").fails().stderr_contains("1 failure ");
}

#[test]
fn accepted_values() {
    one("status", "accepted_values: {arguments: {values: [open, paid, lost]}}").succeeds();
    one("status", "accepted_values: {arguments: {values: [open, paid]}}").fails();
    one("id", "accepted_values: {arguments: {values: [1, 2], quote: false}}").succeeds();
    one("status", "accepted_values: {values: [open]}").fails();
    one("status", "accepted_values: {arguments: {values: [\"it's\"]}}").fails_with("SF501");
}

#[test]
fn relationships() {
    let test = |field| format!("relationships: {{arguments: {{to: ref('{field}'), field: code}}}}");
    one("country", &test("countries")).fails().stderr_contains("1 failure ");
    let ok = "relationships: {arguments: {to: ref('countries'), field: code}, config: {where: \"country <> 'xx'\"}}";
    one("country", ok).succeeds();
}

#[test]
fn a_failed_test_says_how_to_see_its_rows() {
    one("id", "not_null").fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 test · 2 threads
  ✗ test   not_null_orders_id        1 failure   [TIME]   models/_models.yml:6

error[SF501]: test `not_null_orders_id` found 1 failing row
 --> models/_models.yml:6:13
  |
6 |           - not_null
  |             ^^^^^^^^
  |
  = help: see them with `sqlflow show not_null_orders_id`; the query is in target/compiled/shop/models/_models.yml/not_null_orders_id.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_generic_test_of_ones_own() {
    let text = "\
{% test at_least(model, column_name, limit=0) %}
select {{ column_name }} from {{ model }} where {{ column_name }} < {{ limit }}
{% endtest %}
";
    let yaml = "    columns: [{name: price, data_tests: [at_least, {at_least: {arguments: {limit: 10}}}]}]\n";
    for place in ["tests/generic/at_least.sql", "macros/at_least.sql"] {
        let project = orders_with(yaml, place, text);
        let ran = project.run(["test"]).fails().tallies("PASS=0 WARN=0 ERROR=2 SKIP=0");
        ran.stderr_contains("test `at_least_orders_price__10` found 2 failing rows");
    }
}

#[test]
fn a_test_of_ones_own_takes_the_place_of_a_built_in_one() {
    let text = "{% test not_null(model, column_name) %}select 1 where false{% endtest %}";
    let yaml = "    columns: [{name: id, data_tests: [not_null]}]\n";
    orders(yaml).file("tests/generic/not_null.sql", text).run(["test"]).succeeds();
}

#[test]
fn a_test_of_the_whole_model() {
    let text = "\
{% test row_count(model, expected) %}
select count(*) from {{ model }} having count(*) <> {{ expected }}
{% endtest %}
";
    let yaml = "    data_tests:\n      - row_count: {arguments: {expected: 4}}\n";
    orders_with(yaml, "tests/generic/row_count.sql", text).run(["test"]).succeeds();
}

#[test]
fn a_singular_test_is_a_query_of_failures() {
    let project = orders("    description: x\n")
        .file("tests/none_negative.sql", "select * from {{ ref('orders') }} where price < 0")
        .file(
            "tests/none_cheap.sql",
            "{{ config(severity='warn') }}select * from {{ ref('orders') }} where price < 1",
        )
        .file("tests/none_dear.sql", "select * from {{ ref('orders') }} where price > 100");
    project.run(["test"]).fails().tallies("PASS=1 WARN=1 ERROR=1 SKIP=0");
}

#[test]
fn severity_decides_whether_failures_are_errors() {
    one("id", "not_null: {config: {severity: warn}}").succeeds().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 test · 2 threads
  ! test   not_null_orders_id        1 failure   [TIME]   models/_models.yml:6

warning[SF501]: test `not_null_orders_id` found 1 failing row
 --> models/_models.yml:6:13
  |
6 |           - not_null: {config: {severity: warn}}
  |             ^^^^^^^^
  |
  = help: see them with `sqlflow show not_null_orders_id`; the query is in target/compiled/shop/models/_models.yml/not_null_orders_id.sql

Done in [TIME]. PASS=0 WARN=1 ERROR=0 SKIP=0 TOTAL=1

"#]]);
    one("id", "not_null: {severity: warn}").succeeds().tallies("PASS=0 WARN=1 ERROR=0 SKIP=0");
    one("id", "not_null: {config: {severity: error}}").fails();
}

#[test]
fn thresholds_decide_how_many_failures_count() {
    let test = |config| {
        format!("accepted_values: {{arguments: {{values: [lost]}}, config: {{{config}}}}}")
    };
    // Two values are not accepted: open and paid.
    one("status", &test("error_if: '> 2', warn_if: '> 5'"))
        .succeeds()
        .tallies("PASS=1 WARN=0 ERROR=0 SKIP=0");
    one("status", &test("error_if: '> 2', warn_if: '> 1'"))
        .succeeds()
        .tallies("PASS=0 WARN=1 ERROR=0 SKIP=0");
    one("status", &test("error_if: '>= 2'")).fails().tallies("PASS=0 WARN=0 ERROR=1 SKIP=0");
    one("status", &test("severity: warn, error_if: '>= 2', warn_if: '>= 2'")).succeeds();
    one("status", &test("warn_if: '= 0', error_if: '= 0'")).succeeds();
}

#[test]
fn where_narrows_what_is_tested() {
    one("id", "not_null: {config: {where: \"country <> 'xx'\"}}").succeeds();
    one("id", "not_null: {config: {where: \"country = 'xx'\"}}").fails();
}

#[test]
fn limit_bounds_how_many_failures_are_counted() {
    let test = "accepted_values: {arguments: {values: [lost]}, config: {limit: 1}}";
    one("status", test).fails().stderr_contains("1 failure ");
}

#[test]
fn fail_calc_counts_failures_its_own_way() {
    let test = "unique: {config: {fail_calc: sum(n_records)}}";
    one("id", test).fails().stderr_contains("2 failures");
    one("price", test).succeeds();
}

#[test]
fn failures_may_be_stored() {
    let yaml =
        "    columns: [{name: id, data_tests: [{not_null: {config: {store_failures: true}}}]}]\n";
    let project = orders(yaml);
    project.run(["test"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 test · 2 threads
  ✗ test   not_null_orders_id        1 failure   [TIME]   models/_models.yml:3

error[SF501]: test `not_null_orders_id` found 1 failing row
 --> models/_models.yml:3:40
  |
3 |     columns: [{name: id, data_tests: [{not_null: {config: {store_failures: true}}}]}]
  |                                        ^^^^^^^^
  |
  = help: they are in `main_dbt_test__audit.not_null_orders_id`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    assert_eq!(
        project.query("select price from main_dbt_test__audit.not_null_orders_id"),
        json!([[5]])
    );
    project.run(["test"]).fails();
}

#[test]
fn a_name_of_ones_own() {
    let yaml = "    columns: [{name: id, data_tests: [{not_null: {name: orders_have_ids}}]}]\n";
    orders(yaml).run(["test"]).fails().stderr_contains("orders_have_ids");
}

#[test]
fn a_test_that_is_switched_off_is_not_run() {
    let yaml = "    columns: [{name: id, data_tests: [{not_null: {config: {enabled: false}}}]}]\n";
    orders(yaml).run(["test"]).succeeds().stderr_contains("Nothing to do.");
}

#[test]
fn a_column_that_needs_quotes_is_quoted_where_asked() {
    let yaml = "models:\n  - name: odd\n    columns: [{name: Order Id, quote: true, data_tests: [not_null, unique]}]\n";
    let project =
        Project::new().model("odd", "select 1 as \"Order Id\"").file("models/_odd.yml", yaml);
    project.run(["build"]).succeeds().tallies("PASS=3 WARN=0 ERROR=0 SKIP=0");
}

#[test]
fn an_error_in_a_tests_sql_points_at_the_test() {
    one("ident", "not_null").fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 test · 2 threads
  ✗ test   not_null_orders_ident  failed  [TIME]

error[SF502]: duckdb: Referenced column "ident" not found in FROM clause
 --> models/_models.yml:6:13
  |
6 |           - not_null
  |             ^^^^^^^^ in what this wrote
  |
  = note: the statement is in target/run/shop/models/_models.yml/not_null_orders_ident.sql
  = help: candidates are `id`, `country`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn an_error_in_a_singular_test_points_at_its_line() {
    let project = orders("    description: x\n")
        .file("tests/wrong.sql", "select *\nfrom {{ ref('orders') }}\nwhere prise < 0\n");
    project.run(["test"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 test · 2 threads
  ✗ test   wrong  failed  [TIME]

error[SF502]: duckdb: Referenced column "prise" not found in FROM clause
 --> tests/wrong.sql:3:7
  |
3 | where prise < 0
  |       ^^^^^
  |
  = note: the statement is in target/run/shop/tests/wrong.sql
  = help: did you mean `price`?

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn the_tests_of_a_selection_are_those_of_its_nodes() {
    let yaml = "    columns: [{name: status, data_tests: [not_null]}]\n";
    let project = orders(yaml).file("tests/other.sql", "select 1 where false");
    let ran = project.run(["test", "--select", "orders"]).succeeds();
    assert_eq!(ran.order(), ["not_null_orders_status"]);
    let ran = project.run(["test", "--select", "test_type:singular"]).succeeds();
    assert_eq!(ran.order(), ["other"]);
}

#[test]
fn a_test_of_a_model_that_was_never_built_says_so() {
    let yaml = "models:\n  - name: orders\n    columns: [{name: id, data_tests: [not_null]}]\n";
    let project = Project::new().model("orders", "select 1 as id").file("models/_m.yml", yaml);
    project.run(["test"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 test · 2 threads
  ✗ test   not_null_orders_id  failed  [TIME]

error[SF308]: `not_null_orders_id` needs model `orders`, but `main.orders` does not exist
 --> models/_m.yml:3:39
  |
3 |     columns: [{name: id, data_tests: [not_null]}]
  |                                       ^^^^^^^^
  |
  = help: make it first: `sqlflow build --select +orders`, or everything with `sqlflow build`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}
