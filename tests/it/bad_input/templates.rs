//! Jinja that cannot be read or does not end.

use super::refuse;
use crate::project::Project;
use snapbox::str;

#[test]
fn a_missing_environment_variable_is_named_where_it_is_asked_for() {
    let project = Project::new().model("a", "select '{{ env_var('SHOP_REGION') }}' as region");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_missing_environment_variable_of_the_profile_is_named() {
    let profiles = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: \"{{ env_var('SHOP_DATABASE') }}\"}
";
    let project = Project::new().file("profiles.yml", profiles);
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_variable_without_value_is_named_where_it_is_asked_for() {
    let project = Project::new()
        .file("sqlflow.yml", "name: shop\nvars: {start_date: 2013-01-01}\n")
        .model("a", "select *\nfrom x\nwhere day >= '{{ var('start_dat') }}'");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_syntax_error_in_a_model_is_shown() {
    let project = Project::new().model("a", "select\n  {{ 1 + }} as id\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_block_that_is_not_closed_is_shown_where_it_opens() {
    let project = Project::new().model("a", "select 1 as id\n{% if true %}\nfrom x\n");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_syntax_error_in_a_macro_is_shown_in_the_macro() {
    let project = Project::new()
        .file("macros/money.sql", "{% macro euros(cents) %}\n  {{ cents / }}\n{% endmacro %}\n")
        .model("a", "select {{ euros('price') }} as price");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_error_in_a_macro_shows_the_macro_and_its_call() {
    let project = Project::new()
        .file(
            "macros/money.sql",
            "{% macro euros(cents) %}\n  {{ cents.pence() }}\n{% endmacro %}\n",
        )
        .model("a", "select\n  {{ euros('price') }} as price");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_unknown_macro_is_compared_with_the_known_ones() {
    let project = Project::new()
        .file("macros/money.sql", "{% macro euros(cents) %}{{ cents }}{% endmacro %}\n")
        .model("a", "select {{ euro('price') }} as price");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_wrong_argument_of_a_macro_is_told_with_its_signature() {
    let project = Project::new()
        .file("macros/money.sql", "{% macro euros(cents) %}{{ cents }}{% endmacro %}\n")
        .model("a", "select {{ euros('price', digits=2) }} as price");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_error_that_a_template_raises_is_told_in_its_words() {
    let text = "{{ exceptions.raise_compiler_error('no prices before 2013') }}";
    let project = Project::new().model("a", text);
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_warning_that_a_template_gives_stops_nothing() {
    let text = "{% do exceptions.warn('prices before 2013 are estimates') %}select 1 as id";
    let project = Project::new().model("a", text);
    project.run(["compile"]).succeeds().stderr_is(str![[]]);
}

#[test]
fn endless_recursion_is_stopped() {
    let project = Project::new()
        .file("macros/loop.sql", "{% macro down(n) %}{{ down(n + 1) }}{% endmacro %}\n")
        .model("a", "select {{ down(0) }} as id");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_endless_loop_is_stopped() {
    let text = "\
{% for a in range(99999) %}{% for b in range(99999) %}{% set x = a %}{% endfor %}{% endfor %}
select 1 as id
";
    let project = Project::new().model("a", text);
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn a_huge_range_is_stopped() {
    let project = Project::new().model("a", "select {{ range(10000000000) | length }} as id");
    refuse(&project).stderr_is(str![[]]);
}

#[test]
fn an_error_in_yaml_points_into_the_yaml() {
    let yaml = "models:\n  - name: a\n    config: {schema: \"{{ var('none') }}\"}\n";
    let project = Project::new().model("a", "select 1 as id").file("models/_models.yml", yaml);
    refuse(&project).stderr_is(str![[]]);
}
