//! What models become: views, tables, parts of others; and what takes the place of what.

use crate::project::Project;
use serde_json::json;

fn kind(project: &Project, name: &str) -> serde_json::Value {
    let sql =
        format!("select table_type from information_schema.tables where table_name = '{name}'");
    project.query(&sql)[0][0].clone()
}

#[test]
fn every_materialization_takes_the_place_of_every_other() {
    let all = ["view", "table", "incremental"];
    for from in all {
        for to in all {
            let text = |kind, n| format!("{{{{ config(materialized='{kind}') }}}}select {n} as n");
            let project = Project::new()
                .model("m", &text(from, 1))
                .model("reader", "select * from {{ ref('m') }}");
            project.run(["build"]).succeeds();
            project.write("models/m.sql", &text(to, 2));
            project.run(["build"]).succeeds();
            let expected = if to == "view" { "VIEW" } else { "BASE TABLE" };
            assert_eq!(kind(&project, "m"), expected, "{from} to {to}");
            assert_eq!(project.query("select max(n) from reader"), json!([[2]]), "{from} to {to}");
        }
    }
}

#[test]
fn a_seed_takes_the_place_of_a_view() {
    let project = Project::new().model("codes", "select 'x' as code");
    project.run(["build"]).succeeds();
    project.remove("models/codes.sql");
    let project = project.file("seeds/codes.csv", "code\nde\n");
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from codes"), json!([["de"]]));
}

#[test]
fn a_chain_of_ephemeral_models_becomes_part_of_its_reader() {
    let ephemeral = |from: &str| {
        format!("{{{{ config(materialized='ephemeral') }}}}select n + 1 as n from {from}")
    };
    let project = Project::new()
        .model("base", "select 1 as n")
        .model("one", &ephemeral("{{ ref('base') }}"))
        .model("two", &ephemeral("{{ ref('one') }}"))
        .model("three", &ephemeral("{{ ref('two') }}"))
        .model("all", "select one.n as one, three.n as three from {{ ref('one') }} one, {{ ref('three') }} three");
    project.run(["build"]).succeeds().tallies("PASS=2 WARN=0 ERROR=0 SKIP=0");
    assert_eq!(project.relations(), ["main.all", "main.base"]);
    assert_eq!(project.query("select * from \"all\""), json!([[2, 4]]));
}

#[test]
fn an_ephemeral_model_is_read_by_models_that_begin_with_with() {
    let project = Project::new()
        .model("base", "{{ config(materialized='ephemeral') }}with x as (select 1 as n) select * from x")
        .model("plain", "with y as (select * from {{ ref('base') }}) select * from y")
        .model("recursive", "with recursive t(n) as (select n from {{ ref('base') }} union all select n + 1 from t where n < 3) select * from t");
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from plain"), json!([[1]]));
    assert_eq!(project.query("select count(*) from recursive"), json!([[3]]));
}

#[test]
fn an_ephemeral_model_with_comments_at_its_end_is_read_whole() {
    let project = Project::new()
        .model("base", "{{ config(materialized='ephemeral') }}\nselect 1 as n -- the last word")
        .model("reader", "select * from {{ ref('base') }} -- and here");
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from reader"), json!([[1]]));
}

#[test]
fn a_semicolon_at_the_end_of_a_model_is_no_second_statement() {
    let project = Project::new()
        .model("a", "select ';' as semicolon; -- done;\n")
        .model("b", "{{ config(materialized='table') }}select * from {{ ref('a') }};\n\n");
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select * from b"), json!([[";"]]));
}

#[test]
fn an_ephemeral_model_is_tested_where_it_stands() {
    let yaml = "models:\n  - name: base\n    columns: [{name: n, data_tests: [not_null]}]\n";
    let project = Project::new()
        .file("models/_models.yml", yaml)
        .model("base", "{{ config(materialized='ephemeral') }}select null as n");
    project.run(["build"]).fails_with("SF501");
}

#[test]
fn a_model_that_asks_the_database_is_compiled_after_its_parents() {
    let text = "\
{% set countries = run_query('select distinct country from ' ~ ref('orders') ~ ' order by 1') %}
select
  {% for row in countries.rows %}count(*) filter (country = '{{ row[0] }}') as {{ row[0] }}{{ ',' if not loop.last }}
  {% endfor %}
from {{ ref('orders') }}
";
    let project = Project::new()
        .model("orders", "select * from (values ('de'), ('fr'), ('de')) v(country)")
        .model("by_country", text);
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select de, fr from by_country"), json!([[2, 1]]));
    assert!(project.read("target/compiled/shop/models/by_country.sql").contains("as fr"));
}

#[test]
fn an_incremental_model_may_ask_the_database_about_itself() {
    let text = "\
{{ config(materialized='incremental') }}
{% if is_incremental() %}
{% set newest = run_query('select max(n) from ' ~ this).rows[0][0] %}
select {{ newest + 10 }} as n
{% else %}
select 1 as n
{% endif %}
";
    let project = Project::new().model("m", text);
    project.run(["build"]).succeeds();
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select n from m order by n"), json!([[1], [11]]));
}

#[test]
fn columns_of_a_relation_are_known_to_templates_at_build_time() {
    let text = "\
select {% for column in adapter.get_columns_in_relation(ref('orders')) -%}
  {{ column.name }} as my_{{ column.name }}{{ ', ' if not loop.last }}
{%- endfor %} from {{ ref('orders') }}
";
    let project = Project::new().model("orders", "select 1 as id, 'x' as word").model("mine", text);
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select my_id, my_word from mine"), json!([[1, "x"]]));
}
