//! SQL that is no query, that the database refuses, or whose rows do not fit.

use super::{fail, refuse};
use crate::project::Project;
use snapbox::str;

#[test]
fn an_empty_model_is_refused() {
    let project = Project::new().model("a", "");
    project.run(["build"]).fails().stderr_is(str![[]]);
}

#[test]
fn a_model_that_is_only_a_config_is_refused() {
    let project = Project::new().model("a", "{{ config(materialized='table') }}\n-- nothing yet\n");
    project.run(["build"]).fails().stderr_is(str![[]]);
}

#[test]
fn a_model_of_two_statements_is_refused() {
    let project = Project::new().model("a", "select 1 as id;\nselect 2 as id;\n");
    project.run(["build"]).fails().stderr_is(str![[]]);
}

#[test]
fn a_model_that_is_no_query_is_refused() {
    let project = Project::new().model("a", "create table x as select 1 as id");
    project.run(["build"]).fails().stderr_is(str![[]]);
}

#[test]
fn a_syntax_error_points_at_the_models_own_line() {
    let text = "{{ config(materialized='table') }}\nselect\n  id,\n  totl total price\nfrom x\n";
    let project = Project::new().model("a", text).model("z", "select * from {{ ref('a') }}");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_syntax_error_in_an_ephemeral_model_points_at_the_ephemeral_model() {
    let ephemeral = "\
{{ config(materialized='ephemeral') }}
with cheap as (
  select 1 as id where price <
)
select * from cheap
";
    let project = Project::new()
        .model("cheap_orders", ephemeral)
        .model("report", "select *\nfrom {{ ref('cheap_orders') }}");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_column_that_does_not_exist_is_shown_with_what_is_near() {
    let project = Project::new()
        .model("orders", "select 1 as id, 9.50 as total")
        .model("report", "select\n  id,\n  totl\nfrom {{ ref('orders') }}\n");
    fail(&project, &["main.orders"]).stderr_is(str![[]]);
}

#[test]
fn a_column_that_an_ephemeral_model_lacks_is_shown_in_the_model_that_asks() {
    let project = Project::new()
        .model("orders", "{{ config(materialized='ephemeral') }}select 1 as id")
        .model("report", "select\n  nothing\nfrom {{ ref('orders') }}\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_table_that_does_not_exist_is_shown() {
    let project = Project::new().model("a", "select *\nfrom nowhere.orders\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn an_error_in_what_a_macro_wrote_shows_the_call() {
    let project = Project::new()
        .file(
            "macros/money.sql",
            "{% macro euros(cents) %}round({{ cents }} / 100.0, 2{% endmacro %}\n",
        )
        .model("a", "select\n  1 as id,\n  {{ euros('250') }} as price\n");
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_value_that_does_not_convert_fails_the_model_and_leaves_no_table() {
    let text = "{{ config(materialized='table') }}\nselect cast(word as integer) as number\nfrom (values ('1'), ('two')) as words(word)\n";
    let project = Project::new().model("a", text);
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_failed_rebuild_leaves_the_old_table() {
    let project = Project::new().model("a", "{{ config(materialized='table') }}select '1' as word");
    project.run(["build"]).succeeds();
    project.write(
        "models/a.sql",
        "{{ config(materialized='table') }}select cast('two' as integer) as word",
    );
    fail(&project, &["main.a"]);
    assert_eq!(project.query("select word from a"), serde_json::json!([["1"]]));
}

#[test]
fn a_hook_that_fails_takes_the_table_with_it() {
    let text = "{{ config(materialized='table', post_hook='insert into {{ this }} values (1, 2)') }}\nselect 1 as id\n";
    let project = Project::new().model("a", text);
    fail(&project, &[]).stderr_is(str![[]]);
}

#[test]
fn a_wrong_query_of_show_is_pointed_at() {
    let project = Project::new().model("a", "select 1 as id");
    project.run(["build"]).succeeds();
    project.run(["show", "--inline", "select idd from {{ ref('a') }}"]).fails().stderr_is(str![[]]);
}

#[test]
fn a_source_table_that_is_not_there_says_how_to_load_it() {
    let yaml = "sources:\n  - name: raw\n    tables: [{name: t, path: t.csv}]\n";
    let project = Project::new()
        .file("sources/raw.yml", yaml)
        .file("t.csv", "id\n1\n")
        .model("a", "select * from {{ source('raw', 't') }}");
    project.run(["run"]).fails().stderr_is(str![[]]);
    _ = refuse;
}
