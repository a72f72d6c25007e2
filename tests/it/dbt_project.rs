//! A project of dbt, read as it is: dbt_project.yml, packages in dbt_packages/, macros, vars, dispatch.

use crate::project::Project;
use serde_json::json;

const PROJECT: &str = "\
name: jaffle
version: 1.0.0
config-version: 2
profile: shop
require-dbt-version: '>=1.0.0'
clean-targets: [target, dbt_packages]
quoting: {database: true}
flags: {send_anonymous_usage_stats: false}
dispatch:
  - macro_namespace: tools
    search_order: [jaffle, tools]
vars:
  region: everywhere
  tools: {greeting: good day, region: only tools}
models:
  jaffle:
    +materialized: table
    staging: {+schema: staging, +tags: [stage]}
  tools:
    +schema: tools
";

const TOOLS: &str = "\
name: tools
version: 0.3.0
config-version: 2
vars: {greeting: hello, farewell: bye}
models:
  tools: {+materialized: view}
";

const MACROS: &str = "\
{% macro cents(column) %}{{ return(adapter.dispatch('cents', 'tools')(column)) }}{% endmacro %}
{% macro default__cents(column) %}({{ column }} * 1){% endmacro %}
{% macro duckdb__cents(column) %}({{ column }} * 100)::integer{% endmacro %}

{% macro named(column) %}{{ return(adapter.dispatch('named', 'tools')(column)) }}{% endmacro %}
{% macro default__named(column) %}'tools: ' || {{ column }}{% endmacro %}

{% macro twice(column) %}{{ tools.once(column) }} || {{ once(column) }}{% endmacro %}
{% macro once(column) %}{{ column }}{% endmacro %}
";

fn jaffle() -> Project {
    Project::empty()
        .file("profiles.yml", crate::project::PROFILES)
        .file("dbt_project.yml", PROJECT)
        .file("packages.yml", "packages:\n  - package: acme/tools\n    version: 0.3.0\n")
        .file("dbt_packages/tools/dbt_project.yml", TOOLS)
        .file("dbt_packages/tools/macros/tools.sql", MACROS)
        .file("dbt_packages/tools/models/greetings.sql", "select '{{ var('greeting') }}' as hi, '{{ var('farewell') }}' as bye, '{{ var('region') }}' as region")
        .file("dbt_packages/tools/tests/generic/positive.sql", "{% test positive(model, column_name) %}select * from {{ model }} where {{ column_name }} <= 0{% endtest %}")
        .file("macros/named.sql", "{% macro default__named(column) %}'jaffle: ' || {{ column }}{% endmacro %}")
        .file("seeds/raw_orders.csv", "id,word,price\n1,a,1.5\n")
        .model("staging/stg_orders", "select id, word, {{ tools.cents('price') }} as cents from {{ ref('raw_orders') }}")
        .model("orders", "select id, cents, {{ tools.named('word') }} as name, {{ tools.twice('word') }} as twice, '{{ var('region') }}' as region from {{ ref('stg_orders') }}")
        .model("hello", "select * from {{ ref('tools', 'greetings') }}")
        .file("models/schema.yml", "\
version: 2
models:
  - name: orders
    columns:
      - name: cents
        tests: [not_null, tools.positive]
")
}

#[test]
fn a_project_of_dbt_is_built_as_it_is() {
    let project = jaffle();
    project.run(["build"]).succeeds().tallies("PASS=7 WARN=0 ERROR=0 SKIP=0");
    assert_eq!(
        project.relations(),
        [
            "main.hello",
            "main.orders",
            "main.raw_orders",
            "main_staging.stg_orders",
            "main_tools.greetings"
        ]
    );
}

#[test]
fn dispatch_takes_the_databases_macro_and_the_projects_before_the_packages() {
    let project = jaffle();
    project.run(["build"]).succeeds();
    assert_eq!(
        project.query("select cents, name, twice from orders"),
        json!([[150, "jaffle: a", "aa"]])
    );
}

#[test]
fn variables_hold_for_the_package_they_are_written_for() {
    let project = jaffle();
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select region from orders"), json!([["everywhere"]]));
    assert_eq!(project.query("select * from hello"), json!([["good day", "bye", "only tools"]]));
    project.run(["build", "--vars", "{region: here, greeting: hi}"]).succeeds();
    assert_eq!(project.query("select region from orders"), json!([["here"]]));
    assert_eq!(project.query("select hi, region from hello"), json!([["hi", "here"]]));
}

#[test]
fn defaults_of_the_project_reach_into_its_packages() {
    let project = jaffle();
    project.run(["build"]).succeeds();
    let kinds = project.query(
        "select table_name, table_type from information_schema.tables where table_name in ('greetings', 'orders') order by 1",
    );
    assert_eq!(kinds, json!([["greetings", "VIEW"], ["orders", "BASE TABLE"]]));
}

#[test]
fn nodes_of_packages_are_selected_by_package() {
    let project = jaffle();
    project.run(["ls", "--select", "package:tools"]).succeeds().stdout("tools.greetings\n");
    project.run(["ls", "--select", "tag:stage"]).succeeds().stdout("jaffle.staging.stg_orders\n");
}

#[test]
fn the_cross_database_macros_of_dbt_are_there() {
    let text = "\
select
  {{ dbt.dateadd('day', 1, \"date '2013-01-31'\") }}::date::varchar as next_day,
  {{ dbt.datediff(\"date '2013-01-01'\", \"date '2013-02-01'\", 'month') }} as months,
  {{ dbt.date_trunc('month', \"date '2013-05-17'\") }}::date::varchar as month,
  {{ dbt.concat([\"'a'\", \"'b'\"]) }} as both,
  {{ dbt.length(\"'abc'\") }} as three,
  {{ dbt.type_string() }} as kind
from (select 'k' as {{ dbt.type_string() }})
";
    let text = text.replace(
        "  {{ dbt.type_string() }} as kind\nfrom (select 'k' as {{ dbt.type_string() }})\n",
        "  cast('k' as {{ dbt.type_string() }}) as kind\n",
    );
    let project = jaffle().model("across", &text);
    project.run(["build", "--select", "across"]).succeeds();
    assert_eq!(
        project.query("select * from across"),
        json!([["2013-02-01", 1, "2013-05-01", "ab", 3, "k"]])
    );
}
