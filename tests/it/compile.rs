//! `sqlflow compile`: what is written where, without a database.

use crate::project::Project;
use snapbox::{Assert, IntoData, str};

#[track_caller]
fn is(text: &str, expected: impl IntoData) {
    Assert::new().action_env("SNAPSHOTS").eq(text, expected);
}

#[test]
fn a_model_is_written_as_query_and_as_statements() {
    let project =
        Project::new().model("orders", "{{ config(materialized='table') }}\nselect 1 as id\n");
    project.run(["compile"]).succeeds().stderr_is(str![[r#"
Compiled 1 node to [PROJECT]/target.

"#]]);
    is(
        &project.read("target/compiled/shop/models/orders.sql"),
        str![[r#"

select 1 as id
"#]],
    );
    is(
        &project.read("target/run/shop/models/orders.sql"),
        str![[r#"
-- publish when: a view stands
drop view "shop"."main"."orders";

-- publish
create or replace table "shop"."main"."orders" as

select 1 as id;

"#]],
    );
}

#[test]
fn an_incremental_model_is_written_both_ways() {
    let text = "\
{{ config(materialized='incremental', unique_key='id') }}
select 1 as id
{% if is_incremental() %}where id > (select max(id) from {{ this }}){% endif %}
";
    let project = Project::new().model("orders", text);
    project.run(["compile"]).succeeds();
    is(
        &project.read("target/compiled/shop/models/orders.sql"),
        str![[r#"

select 1 as id

"#]],
    );
    is(
        &project.read("target/compiled/shop/models/orders.incremental.sql"),
        str![[r#"

select 1 as id
where id > (select max(id) from "shop"."main"."orders")
"#]],
    );
    is(
        &project.read("target/run/shop/models/orders.sql"),
        str![[r#"
-- The columns that batch and table both have are known when the batch is bound: they then stand in
-- place of `by name` and `*`, and this file is written again before it is executed.

-- publish when: a view stands
drop view "shop"."main"."orders";

-- publish when: the relation is made anew
create or replace table "shop"."main"."orders" as

select 1 as id;

-- stage when: the rows stay
create or replace temporary table "__sqlflow_batch__orders" as

select 1 as id
where id > (select max(id) from "shop"."main"."orders");

-- publish when: the rows stay
delete from "shop"."main"."orders" as DBT_INTERNAL_DEST
where exists (
  select 1
  from "__sqlflow_batch__orders" as DBT_INTERNAL_SOURCE
  where DBT_INTERNAL_DEST."id" = DBT_INTERNAL_SOURCE."id"
);
insert into "shop"."main"."orders" by name
select * from "__sqlflow_batch__orders";
drop table "__sqlflow_batch__orders";

"#]],
    );
}

#[test]
fn an_ephemeral_model_is_part_of_the_query_that_reads_it() {
    let project = Project::new()
        .model("clean", "{{ config(materialized='ephemeral') }}\nselect 1 as id")
        .model("orders", "select * from {{ ref('clean') }}\n");
    project.run(["compile"]).succeeds();
    is(
        &project.read("target/compiled/shop/models/orders.sql"),
        str![[r#"
with __dbt__cte__clean as (

select 1 as id
)
select * from __dbt__cte__clean
"#]],
    );
    assert!(!project.has("target/run/shop/models/clean.sql"));
}

#[test]
fn a_generic_test_is_written_below_the_file_that_declares_it() {
    let yaml = "models:\n  - name: orders\n    columns: [{name: id, data_tests: [not_null]}]\n";
    let project = Project::new().model("orders", "select 1 as id").file("models/_models.yml", yaml);
    project.run(["compile"]).succeeds();
    is(
        &project.read("target/compiled/shop/models/_models.yml/not_null_orders_id.sql"),
        str![[r#"


select id
from "shop"."main"."orders"
where id is null

"#]],
    );
    is(
        &project.read("target/run/shop/models/_models.yml/not_null_orders_id.sql"),
        str![[r#"
-- query
select
  count(*) as failures,
  count(*) != 0 as should_warn,
  count(*) != 0 as should_error
from (


select id
from "shop"."main"."orders"
where id is null

) dbt_internal_test;

"#]],
    );
}

#[test]
fn a_load_is_written_below_its_yaml_with_what_is_known_without_the_file() {
    let yaml = "sources:\n  - name: crm\n    tables: [{name: orders, path: not_there.csv}]\n";
    let project = Project::new().file("sources/crm.yml", yaml);
    project.run(["compile"]).succeeds();
    is(
        &project.read("target/run/shop/sources/crm.yml/crm.orders.sql"),
        str![[r#"
-- The columns and types of the source are known when its files are read: the query below then names them,
-- and this file is written again before it is executed.

-- stage
create or replace table "shop"."crm"."__sqlflow_stage__orders" as
select * from 'not_there.csv';

-- check
select
  count(*) as rows_read
from "shop"."crm"."__sqlflow_stage__orders";

-- publish when: the relation is made anew
drop table if exists "shop"."crm"."orders";
alter table "shop"."crm"."__sqlflow_stage__orders" rename to "orders";

-- publish
delete from "shop"."_sqlflow"."loads" where relation = '"shop"."crm"."orders"';
insert into "shop"."_sqlflow"."loads" by name
select
  '"shop"."crm"."orders"' as relation,
  'source.shop.crm.orders' as node,
  '…' as run_id,
  cast('…' as timestamp with time zone) as loaded_at,
  0 as row_count,
  '[]' as files,
  'replace' as definition,
  null as cursor_value,
  '' as "schema",
  null as mark;
delete from "shop"."_sqlflow"."files" where relation = '"shop"."crm"."orders"';

"#]],
    );
}

#[test]
fn compiling_makes_no_database() {
    let project = Project::new().model("a", "select 1 as id");
    project.run(["compile"]).succeeds();
    assert!(!project.has("shop.duckdb") && !project.has("shop.duckdb.sqlflow.lock"));
}

#[test]
fn only_the_selected_nodes_are_written() {
    let project = Project::new().model("a", "select 1 as id").model("b", "select 1 as id");
    project.run(["compile", "--select", "b"]).succeeds();
    let written = project.files("target/compiled");
    assert_eq!(written.len(), 1, "{written:?}");
}

#[test]
fn a_model_that_asks_the_database_is_noted_and_the_rest_is_compiled() {
    let text = "select {{ run_query('select 1').rows[0][0] }} as n";
    let project = Project::new().model("asking", text).model("plain", "select 1 as id");
    project.run(["compile"]).succeeds().stderr_is(str![[r#"
note[SF222]: 1 node needs a connection: asking
 |
 = note: their templates ask the database; they are compiled when they are built

Compiled 1 node to [PROJECT]/target.

"#]]);
    assert!(project.has("target/compiled/shop/models/plain.sql"));
    assert!(!project.has("target/compiled/shop/models/asking.sql"));
}

#[test]
fn inline_text_is_compiled_to_stdout() {
    let project = Project::new()
        .model("clean", "{{ config(materialized='ephemeral') }}select 1 as id")
        .model("orders", "select 1 as id");
    project
        .run(["compile", "--inline", "select {{ 1 + 1 }} from {{ ref('orders') }}"])
        .succeeds()
        .stdout("select 2 from \"shop\".\"main\".\"orders\"\n");
    project.run(["compile", "--inline", "select * from {{ ref('clean') }}"]).stdout(str![[r#"
with __dbt__cte__clean as (
select 1 as id
)
select * from __dbt__cte__clean

"#]]);
    assert!(!project.has("target"));
}

#[test]
fn inline_text_that_is_wrong_is_shown() {
    let project = Project::new().model("orders", "select 1 as id");
    project.run(["compile", "--inline", "select *\nfrom {{ ref('oders') }}"]).stderr_is(str![[
        r#"
error[SF210]: ref('oders'): no model, seed or snapshot `oders`
 --> --inline:2:9
  |
2 | from {{ ref('oders') }}
  |         ^^^^^^^^^^^^
  |
  = help: did you mean `orders`?


"#
    ]]);
}

#[test]
fn variables_come_from_the_flag_then_the_project_then_the_default() {
    let model = "select '{{ var('a', 'default') }} {{ var('b', 'default') }} {{ var('c', 'default') }}' as v";
    let project = Project::new()
        .file("sqlflow.yml", "name: shop\nvars: {a: project, b: project}\n")
        .model("m", model);
    project.run(["compile", "--vars", "{a: flag}"]).succeeds();
    assert_eq!(
        project.read("target/compiled/shop/models/m.sql").trim(),
        "select 'flag project default' as v"
    );
}

#[test]
fn environment_variables_come_from_the_process_then_from_dot_env() {
    let model =
        "select '{{ env_var('ONE') }} {{ env_var('TWO') }} {{ env_var('THREE', 'x') }}' as v";
    let project = Project::new()
        .model("m", model)
        .file(".env", "# ours\nONE=file\nexport TWO=\"from file\"\n")
        .env("ONE", "process");
    project.run(["compile"]).succeeds();
    assert_eq!(
        project.read("target/compiled/shop/models/m.sql").trim(),
        "select 'process from file x' as v"
    );
}

#[test]
fn flags_come_from_the_environment_too() {
    let project = Project::new()
        .model("a", "select 1 as id")
        .model("b", "select 1 as id")
        .env("SQLFLOW_SELECT", "b")
        .env("SQLFLOW_TARGET_PATH", "out");
    project.run(["compile"]).succeeds();
    assert_eq!(project.files("out/compiled").len(), 1);
}

#[test]
fn a_secret_is_never_written() {
    let text = "select '{{ env_var('SHOP_PASSWORD') }}' as p\n{{ log(env_var('SHOP_PASSWORD'), info=true) }}";
    let project = Project::new().model("a", text).env("SHOP_PASSWORD", "correct horse");
    let ran = project.run(["compile"]).stderr_lacks("correct horse");
    assert!(!ran.stdout.contains("correct horse"));
    for (path, text) in project.files("target") {
        assert!(!text.contains("correct horse"), "{path}: {text}");
    }
}

#[test]
fn what_no_longer_belongs_to_the_project_is_not_left_among_the_compiled() {
    let project = Project::new().model("old", "select 1 as id").model("new", "select 1 as id");
    project.run(["compile"]).succeeds();
    project.remove("models/old.sql");
    project.run(["compile"]).succeeds();
    assert!(!project.has("target/compiled/shop/models/old.sql"));
    assert!(!project.has("target/run/shop/models/old.sql"));
}

#[test]
fn with_introspect_a_template_may_ask_the_target() {
    let project = Project::new().model("a", "select 7 as n").model(
        "b",
        "{% set rows = run_query('select n from ' ~ ref('a')) %}\
         select {{ rows.columns[0].values()[0] if execute }} as n",
    );
    project.run(["build"]).succeeds();
    project.run(["compile"]).succeeds().stderr_contains("1 node needs a connection: b");
    project.run(["compile", "--introspect"]).succeeds();
    assert!(project.read("target/compiled/shop/models/b.sql").contains("select 7 as n"));
}

#[test]
fn a_short_or_common_value_of_a_secret_variable_changes_no_sql() {
    let project =
        Project::new().model("a", "select 1 as {{ env_var('SORT_KEY') }}, 'idaho' as state");
    project.write(".env", "SORT_KEY=id\n");
    project.run(["compile"]).succeeds();
    assert!(project.read("target/compiled/shop/models/a.sql").contains("1 as id, 'idaho'"));
}

#[test]
fn a_secret_stands_in_no_file_and_in_no_message() {
    let project = Project::new().model(
        "a",
        "{{ config(materialized='table') }}select '{{ env_var('DB_PASSWORD') }}'::int as n",
    );
    project.write(".env", "DB_PASSWORD=hunter22\n");
    let ran = project.run(["build"]).fails();
    assert!(!format!("{ran}").contains("hunter22"), "{ran}");
    for file in
        ["target/compiled/shop/models/a.sql", "target/run_results.json", "target/manifest.json"]
    {
        assert!(!project.read(file).contains("hunter22"), "{file}");
    }
}

#[test]
fn loads_with_an_accepted_schema_compile_with_its_columns() {
    let yaml = "sources:
  - name: crm
    tables:
      - {name: people, path: people.csv, load: {mode: merge, key: id}}
      - {name: prices, path: people.csv, load: {mode: scd2, key: id}}
";
    let project =
        Project::new().file("sources/crm.yml", yaml).file("people.csv", "id,Name\n1,Ann\n");
    let compiled = |table: &str| {
        project.run(["compile"]).succeeds();
        project.read(&format!("target/run/shop/sources/crm.yml/crm.{table}.sql"))
    };
    assert!(compiled("people").contains("\"…\""));
    project.run(["load"]).succeeds();
    project.remove("people.csv");
    let merge = compiled("people");
    assert!(!merge.contains("\"…\""), "{merge}");
    assert!(
        merge.contains("insert into \"shop\".\"crm\".\"people\" (\"id\", \"Name\")"),
        "{merge}"
    );
    let versions = compiled("prices");
    assert!(versions.contains("-- publish when: the rows stay"), "{versions}");
    project.write("schemas/crm/people.yml", "version: x\n");
    project.run(["compile"]).fails_with("SF402");
}

#[test]
fn paths_that_lead_out_of_the_project_lead_nowhere_out_of_target() {
    let project = Project::new()
        .file("shared/models/orders.sql", "select 1 as id\n")
        .file("a/b/profiles.yml", "shop:\n  outputs:\n    default: {type: duckdb}\n")
        .file("a/b/sqlflow.yml", "name: shop\nmodel-paths: [\"../../shared/models\"]\n");
    let within = project.root().join("a/b");
    project.run(["compile", "--project-dir", &within.display().to_string()]).succeeds();
    assert!(within.join("target/compiled/shop/shared/models/orders.sql").is_file());
    assert!(within.join("target/run/shop/shared/models/orders.sql").is_file());
}
