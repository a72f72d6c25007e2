//! `sqlflow check`: what does not fit is told without a database.

mod build;

use crate::project::Project;
use snapbox::str;

const ORDERS: &str = "id,customer_id,total,placed_on\n1,7,9.50,2024-01-01\n2,8,3.25,2024-01-02\n";
const CUSTOMERS: &str = "id,name\n7,Ada\n8,Bo\n";

/// Two sources that were loaded once, and no database.
pub(super) fn shop() -> Project {
    let project = Project::new()
        .file("data/orders.csv", ORDERS)
        .file("data/customers.csv", CUSTOMERS)
        .file(
            "sources/shop.yml",
            "sources:\n  - name: shop\n    tables:\n      - {name: orders, path: data/orders.csv}\n      \
             - {name: customers, path: data/customers.csv}\n",
        )
        .model("orders", "select * from {{ source('shop', 'orders') }}")
        .model("customers", "select * from {{ source('shop', 'customers') }}");
    project.run(["load"]).succeeds();
    project.remove("shop.duckdb");
    project.remove("target");
    project
}

#[test]
fn what_fits_is_counted_and_no_database_is_made() {
    let project = shop()
        .file("seeds/codes.csv", "code,label\nde,Germany\n")
        .model("per_day", "{{ config(materialized='table') }}select placed_on, sum(total) as total, null as note from {{ ref('orders') }} group by all")
        .model("labels", "select c.name, l.label from {{ ref('customers') }} c cross join {{ ref('codes') }} l")
        .file("models/_models.yml", "models:\n  - name: per_day\n    columns:\n      - {name: placed_on, data_tests: [not_null, unique]}\n");
    project.run(["check"]).succeeds().stderr_is("Checked 6 nodes.\n");
    assert!(!project.has("shop.duckdb") && !project.has("target"));
}

#[test]
fn every_model_that_does_not_fit_is_told_in_one_run_at_its_own_place() {
    let project = shop()
        .model("a_column", "select\n  id,\n  totl\nfrom {{ ref('orders') }}")
        .model("b_table", "select * from ordres")
        .model("c_types", "select id\nfrom {{ ref('orders') }}\nwhere placed_on > 5 and total + placed_on")
        .model("d_ambiguous", "select id from {{ ref('orders') }} join {{ ref('customers') }} on true")
        .model("e_arguments", "select substring(total) from {{ ref('orders') }}")
        .model("f_macro", "{% macro cents(c) %}({{ c }} * 100)::int{% endmacro %}select\n{{ cents('totall') }} as cents from {{ ref('orders') }}")
        .model("g_reads_a", "select * from {{ ref('a_column') }}")
        .model("h_syntax", "select from from");
    project.run(["check"]).fails_with("SF411").stdout("").stderr_is(str![[r#"
note[SF412]: what reads `a_column`, which does not fit, is not checked: `g_reads_a`

error[SF411]: duckdb: Table with name ordres does not exist
 --> models/b_table.sql:1:15
  |
1 | select * from ordres
  |               ^^^^^^

error[SF411]: duckdb: syntax error at or near "from"
 --> models/h_syntax.sql:1:13
  |
1 | select from from
  |             ^^^^

error[SF411]: duckdb: Referenced column "totl" not found in FROM clause
 --> models/a_column.sql:3:3
  |
3 |   totl
  |   ^^^^
  |
  = help: did you mean `total`?

error[SF411]: duckdb: No function matches the given name and argument types '+(DOUBLE, DATE)'. You might need to add explicit type casts
 --> models/c_types.sql:3:31
  |
3 | where placed_on > 5 and total + placed_on
  |                               ^
  |
  = note: Candidate functions:
  = note: +(TINYINT) -> TINYINT
  = note: +(TINYINT, TINYINT) -> TINYINT
  = note: +(SMALLINT) -> SMALLINT
  = note: +(SMALLINT, SMALLINT) -> SMALLINT
  = note: +(INTEGER) -> INTEGER
  = note: and 40 more

error[SF411]: duckdb: Ambiguous reference to column name "id" (use: "orders.id" or "customers.id")
 --> models/d_ambiguous.sql:1:8
  |
1 | select id from {{ ref('orders') }} join {{ ref('customers') }} on true
  |        ^^

error[SF411]: duckdb: No function matches the given name and argument types 'substring(DOUBLE)'. You might need to add explicit type casts
 --> models/e_arguments.sql:1:8
  |
1 | select substring(total) from {{ ref('orders') }}
  |        ^^^^^^^^^
  |
  = note: Candidate functions:
  = note: substring(VARCHAR, BIGINT, BIGINT) -> VARCHAR
  = note: substring(VARCHAR, BIGINT) -> VARCHAR

error[SF411]: duckdb: Referenced column "totall" not found in FROM clause
 --> models/f_macro.sql:2:4
  |
2 | {{ cents('totall') }} as cents from {{ ref('orders') }}
  |    ^^^^^^^^^^^^^^^ in what this wrote
  |
  = help: did you mean `total`?

Checked 9 nodes, 7 of which do not fit; 1 node not checked.

"#]]);
}

#[test]
fn what_cannot_be_known_is_listed_and_nothing_behind_it_is_blamed() {
    let project = shop()
        .file(
            "sources/more.yml",
            "sources:\n  - name: more\n    tables:\n      - {name: new, path: data/new.csv}\n      - {name: theirs}\n",
        )
        .model("from_new", "select nothing_known from {{ source('more', 'new') }}")
        .model("behind", "select whatever from {{ ref('from_new') }}")
        .model("from_theirs", "select x from {{ source('more', 'theirs') }}")
        .model("asks", "{% if execute %}{% set r = run_query('select 1') %}select {{ r.columns[0].values()[0] }} as one{% endif %}")
        .model("by_hand", "select * from elsewhere.things")
        .model("by_file", "select * from 'data/orders.csv'")
        .model("pivoted", "pivot {{ ref('orders') }} on customer_id using sum(total)")
        .model("listed", "pivot {{ ref('orders') }} on customer_id in (7, 8) using sum(total)");
    project.run(["check"]).succeeds().stderr_is(str![[r#"
note[SF412]: `asks` is not checked: its template asks the database
 --> models/asks.sql:1:1
  |
1 | {% if execute %}{% set r = run_query('select 1') %}select {{ r.columns[0].values()[0] }} as o...
  | ^

note[SF412]: `by_file` is not checked: it needs more than tables of the project: Cannot access file "data/orders.csv" - file system operations are disabled by configuration
 --> models/by_file.sql:1:1
  |
1 | select * from 'data/orders.csv'
  | ^

note[SF412]: `by_hand` is not checked: it reads `elsewhere`, which the project does not declare
 --> models/by_hand.sql:1:1
  |
1 | select * from elsewhere.things
  | ^

note[SF412]: `pivoted` is not checked: its columns come from values, by `pivot`
 --> models/pivoted.sql:1:1
  |
1 | pivot {{ ref('orders') }} on customer_id using sum(total)
  | ^
  |
  = help: list the values: `pivot … on column in (…)`

note[SF412]: `more.new` is not checked: it was never loaded: `schemas/more/new.yml` does not exist
 --> sources/more.yml:4:16
  |
4 |       - {name: new, path: data/new.csv}
  |                ^^^
  |
  = note: nor is what reads it: `from_new`, `behind`
  = help: load it once, or `sqlflow schema accept more.new`, and commit what is written to `schemas`

note[SF412]: `more.theirs` is not checked: this project does not load it
 --> sources/more.yml:5:16
  |
5 |       - {name: theirs}
  |                ^^^^^^
  |
  = note: nor is what reads it: `from_theirs`

Checked 3 nodes; 7 nodes not checked.

"#]]);
}

#[test]
fn an_incremental_model_is_bound_in_both_renderings() {
    let project = shop()
        .model("ok", "{{ config(materialized='incremental', unique_key='id') }}select id, total from {{ ref('orders') }}{% if is_incremental() %} where id > (select max(id) from {{ this }}){% endif %}")
        .model("second", "{{ config(materialized='incremental') }}select id, total from {{ ref('orders') }}\n{% if is_incremental() %} where idd > (select max(id) from {{ this }}){% endif %}")
        .model("of_this", "{{ config(materialized='incremental') }}select id, total from {{ ref('orders') }}\n{% if is_incremental() %} where id > (select max(day) from {{ this }}){% endif %}")
        .model("less", "{{ config(materialized='incremental') }}select id{% if not is_incremental() %}, total{% endif %} from {{ ref('orders') }}")
        .model("keyless", "{{ config(materialized='incremental', unique_key='nr') }}select id from {{ ref('orders') }}");
    project.run(["check"]).fails_with("SF411").stderr_is(str![[r#"
error[SF504]: `unique_key` names column `nr`, which the query does not give
 --> models/keyless.sql:1:39
  |
1 | {{ config(materialized='incremental', unique_key='nr') }}select id from {{ ref('orders') }}
  |                                       ^^^^^^^^^^
  |
  = help: its columns are id

error[SF504]: the query no longer gives column `total` of table `main.less`
 --> models/less.sql:1:1
  |
1 | {{ config(materialized='incremental') }}select id{% if not is_incremental() %}, total{% endif...
  | ^
  |
  = help: rebuild the table with --full-refresh, or give the column again

error[SF411]: duckdb: Referenced column "day" not found in FROM clause
 --> models/of_this.sql:2:50
  |
2 | {% if is_incremental() %} where id > (select max(day) from {{ this }}){% endif %}
  |                                                  ^^^
  |
  = help: candidates are `placed_on`

error[SF411]: duckdb: Referenced column "idd" not found in FROM clause
 --> models/second.sql:2:33
  |
2 | {% if is_incremental() %} where idd > (select max(id) from {{ this }}){% endif %}
  |                                 ^^^
  |
  = help: did you mean `id`?

Checked 7 nodes, 4 of which do not fit.

"#]]);
}

#[test]
fn declared_columns_and_types_are_compared() {
    let project = shop()
        .model("strict", "select id, total from {{ ref('orders') }}")
        .file(
            "models/_models.yml",
            "models:\n  - name: orders\n    columns:\n      - {name: id, data_type: INT8}\n      \
             - {name: total, data_type: \"numeric(10,2)\"}\n      - {name: placedon}\n      \
             - {name: customer_id, data_type: bignumber}\n  - name: strict\n    \
             config: {contract: {enforced: true}}\n    columns:\n      - {name: id, data_type: varchar}\n",
        );
    project.run(["check"]).fails_with("SF413").stderr_is(str![[r#"
warning[SF117]: `contract` is not applied by this version
 --> models/_models.yml:9:14
  |
9 |     config: {contract: {enforced: true}}
  |              ^^^^^^^^

warning[SF413]: column `total` is of type double, declared as numeric(10,2)
 --> models/_models.yml:5:34
  |
5 |       - {name: total, data_type: "numeric(10,2)"}
  |                                  ^^^^^^^^^^^^^^^
  |
  = help: declare `data_type: double`, or cast the column in the query

warning[SF413]: model `orders` has no column `placedon`
 --> models/_models.yml:6:16
  |
6 |       - {name: placedon}
  |                ^^^^^^^^
  |
  = help: did you mean `placed_on`?

warning[SF413]: column `customer_id`: `bignumber` is no type of this database
 --> models/_models.yml:7:40
  |
7 |       - {name: customer_id, data_type: bignumber}
  |                                        ^^^^^^^^^

error[SF413]: column `id` is of type bigint, declared as varchar
  --> models/_models.yml:11:31
   |
11 |       - {name: id, data_type: varchar}
   |                               ^^^^^^^
   |
   = help: declare `data_type: bigint`, or cast the column in the query

Checked 3 nodes, 1 of which does not fit.

"#]]);
}

#[test]
fn tests_snapshots_and_exports_are_bound() {
    let project = shop()
        .model("texts", "select customer_id::varchar as customer from {{ ref('orders') }}")
        .file(
            "models/_models.yml",
            "models:\n  - name: orders\n    columns:\n      - {name: idd, data_tests: [not_null]}\n  \
             - name: texts\n    columns:\n      - name: customer\n        data_tests:\n          \
             - relationships: {arguments: {to: ref('customers'), field: id}}\n",
        )
        .file("tests/singular.sql", "select * from {{ ref('orders') }}\nwhere totals < 0")
        .file(
            "snapshots/kept.yml",
            "snapshots:\n  - name: kept\n    relation: ref('orders')\n    config: {strategy: timestamp, unique_key: id, updated_at: changed}\n",
        )
        .model("of_kept", "select dbt_valid_to from {{ ref('good') }}")
        .file(
            "snapshots/good.yml",
            "snapshots:\n  - name: good\n    relation: ref('orders')\n    config: {strategy: check, unique_key: id, check_cols: all}\n",
        )
        .file("exports/out.yml", "exports:\n  - name: out\n    query: select nope from {{ ref('orders') }}\n    path: out.csv\n");
    project.run(["check"]).fails_with("SF411").stderr_is(str![[r#"
warning[SF413]: model `orders` has no column `idd`
 --> models/_models.yml:4:16
  |
4 |       - {name: idd, data_tests: [not_null]}
  |                ^^^
  |
  = help: did you mean `id`?

warning[SF414]: `texts.customer` of type varchar is compared with `customers.id` of type bigint
 --> models/_models.yml:9:13
  |
9 |           - relationships: {arguments: {to: ref('customers'), field: id}}
  |             ^^^^^^^^^^^^^
  |
  = note: each text is cast, and the first that cannot be fails the test
  = help: cast one of them in its model

error[SF411]: duckdb: Referenced column "nope" not found in FROM clause
 --> exports/out.yml:3:12
  |
3 |     query: select nope from {{ ref('orders') }}
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ in what this wrote
  |
  = help: candidates are `placed_on`, `customer_id`

error[SF322]: `updated_at` names column `changed`, which the query of `kept` does not give
 --> snapshots/kept.yml:4:63
  |
4 |     config: {strategy: timestamp, unique_key: id, updated_at: changed}
  |                                                               ^^^^^^^
  |
  = help: it gives id, customer_id, total, placed_on

error[SF411]: duckdb: Referenced column "idd" not found in FROM clause
 --> models/_models.yml:4:34
  |
4 |       - {name: idd, data_tests: [not_null]}
  |                                  ^^^^^^^^ in what this wrote
  |
  = help: did you mean `id`?

error[SF411]: duckdb: Referenced column "totals" not found in FROM clause
 --> tests/singular.sql:2:7
  |
2 | where totals < 0
  |       ^^^^^^
  |
  = help: did you mean `total`?

Checked 10 nodes, 4 of which do not fit.

"#]]);
}

#[test]
fn what_is_wrong_in_an_ephemeral_model_is_told_once_and_there() {
    let project = shop()
        .model(
            "inner",
            "{{ config(materialized='ephemeral') }}select id,\n nope from {{ ref('orders') }}",
        )
        .model("outer", "select id from {{ ref('inner') }}");
    project.run(["check"]).fails_with("SF411").stderr_is(str![[r#"
note[SF412]: what reads `inner`, which does not fit, is not checked: `outer`

error[SF411]: duckdb: Referenced column "nope" not found in FROM clause
 --> models/inner.sql:2:2
  |
2 |  nope from {{ ref('orders') }}
  |  ^^^^
  |
  = help: candidates are `placed_on`, `customer_id`

Checked 3 nodes, 1 of which does not fit; 1 node not checked.

"#]]);
}

#[test]
fn sources_that_nothing_reads_are_told_where_all_is_checked() {
    let project = shop().model("customers", "select 1 as id");
    project.run(["check"]).succeeds().stderr_is(str![[r#"
warning[SF415]: nothing reads source `shop.customers`
 --> sources/shop.yml:5:16
  |
5 |       - {name: customers, path: data/customers.csv}
  |                ^^^^^^^^^
  |
  = help: it is loaded all the same: read it with `source(…)`, or take it out

Checked 2 nodes.

"#]]);
    project.run(["check", "--select", "orders"]).succeeds().stderr_is("Checked 1 node.\n");
}

#[test]
fn a_selection_is_checked_with_what_it_is_made_from() {
    let project = shop()
        .model("bad", "select nope from {{ ref('orders') }}")
        .model("child", "select 1 as one from {{ ref('bad') }}")
        .model("other", "select nope from {{ ref('customers') }}");
    project.run(["check", "--select", "child"]).succeeds().stderr_is(str![[r#"
note[SF412]: what reads `bad`, which does not fit, is not checked: `child`

Checked 0 nodes; 1 node not checked.

"#]]);
    project
        .run(["check", "--select", "bad"])
        .fails_with("SF411")
        .stderr_contains("models/bad.sql:1:8");
}

#[test]
fn models_of_another_engine_are_listed_as_not_checked_here() {
    let profiles = "shop:\n  target: prod\n  outputs:\n    prod: {type: postgres, host: nowhere.invalid, user: u, dbname: d, schema: s}\n";
    let project = shop().file("profiles.yml", profiles);
    project.run(["check"]).succeeds().stderr_is(str![[r#"
note[SF412]: not checked here: 2 models of engine postgres
 |
 = note: customers, orders
 = help: only DuckDB binds queries without a server: check with a target of `type: duckdb`


"#]]);
}

#[test]
fn a_broken_accepted_schema_is_told() {
    let project = shop().file("schemas/shop/orders.yml", "version: 1\n<<<<<<< ours\n");
    project.run(["check"]).fails_with("SF402");
}

#[test]
fn compile_writes_the_columns_that_a_check_finds_into_the_manifest() {
    let project = shop().file(
        "models/_models.yml",
        "models:\n  - name: orders\n    columns: [{name: ID, description: the key}]\n",
    );
    project.run(["compile"]).succeeds();
    let columns = |project: &Project| {
        project.json("target/manifest.json")["nodes"]["model.shop.orders"]["columns"].clone()
    };
    assert_eq!(columns(&project).as_object().unwrap().len(), 1);
    project.run(["compile", "--check"]).succeeds();
    let columns = columns(&project);
    assert_eq!(columns["ID"]["data_type"], "bigint");
    assert_eq!(columns["ID"]["description"], "the key");
    assert_eq!(columns["total"]["data_type"], "double");
    assert_eq!(columns.as_object().unwrap().len(), 4);
    let project = project.model("bad", "select nope from {{ ref('orders') }}");
    project.run(["compile", "--check"]).fails_with("SF411").stderr_contains("models/bad.sql:1:8");
}
