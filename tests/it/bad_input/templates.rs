//! Jinja that cannot be read or does not end.

use super::refuse;
use crate::project::Project;
use snapbox::str;

#[test]
fn a_missing_environment_variable_is_named_where_it_is_asked_for() {
    let project = Project::new().model("a", "select '{{ env_var('SHOP_REGION') }}' as region");
    refuse(&project).stderr_is(str![[r#"
error[SF205]: the environment variable `SHOP_REGION` is not set
 --> models/a.sql:1:12
  |
1 | select '{{ env_var('SHOP_REGION') }}' as region
  |            ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: set it, or give a default: `env_var('SHOP_REGION', '...')`


"#]]);
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
    refuse(&project).stderr_is(str![[r#"
error[SF205]: the environment variable `SHOP_DATABASE` is not set
 --> profiles.yml:4:31
  |
4 |     dev: {type: duckdb, path: "{{ env_var('SHOP_DATABASE') }}"}
  |                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: set it, or give a default: `env_var('SHOP_DATABASE', '...')`


"#]]);
}

#[test]
fn a_variable_without_value_is_named_where_it_is_asked_for() {
    let project = Project::new()
        .file("sqlflow.yml", "name: shop\nvars: {start_date: 2013-01-01}\n")
        .model("a", "select *\nfrom x\nwhere day >= '{{ var('start_dat') }}'");
    refuse(&project).stderr_is(str![[r#"
error[SF206]: the variable `start_dat` is not set
 --> models/a.sql:3:18
  |
3 | where day >= '{{ var('start_dat') }}'
  |                  ^^^^^^^^^^^^^^^^
  |
  = help: set it under `vars:` or with `--vars`, or give a default: `var('start_dat', ...)`


"#]]);
}

#[test]
fn a_syntax_error_in_a_model_is_shown() {
    let project = Project::new().model("a", "select\n  {{ 1 + }} as id\n");
    refuse(&project).stderr_is(str![[r#"
error[SF201]: unexpected end of variable block
 --> models/a.sql:2:10
  |
2 |   {{ 1 + }} as id
  |          ^^


"#]]);
}

#[test]
fn a_syntax_error_in_a_macro_is_shown_in_the_macro() {
    let project = Project::new()
        .file("macros/money.sql", "{% macro euros(cents) %}\n  {{ cents / }}\n{% endmacro %}\n")
        .model("a", "select {{ euros('price') }} as price");
    refuse(&project).stderr_is(str![[r#"
error[SF201]: unexpected end of variable block
 --> macros/money.sql:2:14
  |
2 |   {{ cents / }}
  |              ^^
  |
 ::: models/a.sql:1:11
  |
1 | select {{ euros('price') }} as price
  |           -------------- `euros` is called here


"#]]);
}

#[test]
fn an_error_in_a_macro_shows_the_macro_and_its_call() {
    let project = Project::new()
        .file(
            "macros/money.sql",
            "{% macro euros(cents) %}\n  {{ cents.pence() }}\n{% endmacro %}\n",
        )
        .model("a", "select\n  {{ euros('price') }} as price");
    refuse(&project).stderr_is(str![[r#"
error[SF207]: a string has no method `pence`
 --> macros/money.sql:2:6
  |
2 |   {{ cents.pence() }}
  |      ^^^^^^^^^^^^^
  |
 ::: models/a.sql:2:6
  |
2 |   {{ euros('price') }} as price
  |      -------------- `euros` is called here


"#]]);
}

#[test]
fn an_unknown_macro_is_compared_with_the_known_ones() {
    let project = Project::new()
        .file("macros/money.sql", "{% macro euros(cents) %}{{ cents }}{% endmacro %}\n")
        .model("a", "select {{ euro('price') }} as price");
    refuse(&project).stderr_is(str![[r#"
error[SF202]: `euro` is undefined
 --> models/a.sql:1:11
  |
1 | select {{ euro('price') }} as price
  |           ^^^^^^^^^^^^^
  |
  = help: did you mean `euros`?


"#]]);
}

#[test]
fn a_wrong_argument_of_a_macro_is_told_with_its_signature() {
    let project = Project::new()
        .file("macros/money.sql", "{% macro euros(cents) %}{{ cents }}{% endmacro %}\n")
        .model("a", "select {{ euros('price', digits=2) }} as price");
    refuse(&project).stderr_is(str![[r#"
error[SF207]: macro `euros` has no argument `digits`
 --> models/a.sql:1:11
  |
1 | select {{ euros('price', digits=2) }} as price
  |           ^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: its signature is `euros(cents)`


"#]]);
}

#[test]
fn an_error_that_a_template_raises_is_told_in_its_words() {
    let text = "{{ exceptions.raise_compiler_error('no prices before 2013') }}";
    let project = Project::new().model("a", text);
    refuse(&project).stderr_is(str![[r#"
error[SF203]: no prices before 2013
 --> models/a.sql:1:4
  |
1 | {{ exceptions.raise_compiler_error('no prices before 2013') }}
  |    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^


"#]]);
}

#[test]
fn a_huge_range_is_stopped() {
    let project = Project::new().model("a", "select {{ range(10000000000) | length }} as id");
    refuse(&project).stderr_is(str![[r#"
error[SF204]: `range` of 10000000000 items is longer than 10000000
 --> models/a.sql:1:11
  |
1 | select {{ range(10000000000) | length }} as id
  |           ^^^^^^^^^^^^^^^^^^


"#]]);
}

#[test]
fn an_error_in_yaml_points_into_the_yaml() {
    let yaml = "models:\n  - name: a\n    config: {schema: \"{{ var('none') }}\"}\n";
    let project = Project::new().model("a", "select 1 as id").file("models/_models.yml", yaml);
    refuse(&project).stderr_is(str![[r#"
error[SF206]: the variable `none` is not set
 --> models/_models.yml:3:22
  |
3 |     config: {schema: "{{ var('none') }}"}
  |                      ^^^^^^^^^^^^^^^^^^^
  |
  = help: set it under `vars:` or with `--vars`, or give a default: `var('none', ...)`


"#]]);
}

#[test]
fn a_block_that_is_not_closed_is_shown_where_it_opens() {
    let project = Project::new().model("a", "select 1 as id\n{% if true %}\nfrom x\n");
    refuse(&project).stderr_is(str![[r#"
error[SF201]: `if` is not closed, expected `{% endif %}`
 --> models/a.sql:2:1
  |
2 | {% if true %}
  | ^^^^^^^^^^^^^


"#]]);
}

#[test]
fn endless_recursion_is_stopped() {
    let project = Project::new()
        .file("macros/loop.sql", "{% macro down(n) %}{{ down(n + 1) }}{% endmacro %}\n")
        .model("a", "select {{ down(0) }} as id");
    refuse(&project).stderr_is(str![[r#"
error[SF204]: macro calls are nested more than 3000 levels deep
 --> macros/loop.sql:1:23
  |
1 | {% macro down(n) %}{{ down(n + 1) }}{% endmacro %}
  |                       ^^^^^^^^^^^
  |
 ::: models/a.sql:1:11
  |
1 | select {{ down(0) }} as id
  |           ------- `down` is called here
  |
  = help: a call takes six levels or more; look for a macro that calls itself


"#]]);
}

#[test]
fn an_endless_loop_is_stopped() {
    let text = "\
{% for a in range(99999) %}{% for b in range(99999) %}{% set x = a %}{% endfor %}{% endfor %}
select 1 as id
";
    let project = Project::new().model("a", text);
    refuse(&project).stderr_is(str![[r#"
error[SF204]: the template took more than 20000000 steps
 --> models/a.sql:1:40
  |
1 | {% for a in range(99999) %}{% for b in range(99999) %}{% set x = a %}{% endfor %}{% endfor %}
  |                                        ^^^^^^^^^^^^
  |
  = help: look for a loop that does not end or that builds too much


"#]]);
}

#[test]
fn a_warning_that_a_template_gives_stops_nothing() {
    let text = "{% do exceptions.warn('prices before 2013 are estimates') %}select 1 as id";
    let project = Project::new().model("a", text);
    project.run(["compile"]).succeeds().stderr_is(str![[r#"
warning[SF208]: prices before 2013 are estimates
 |
 = note: said by model.shop.a

Compiled 1 node to [PROJECT]/target.

"#]]);
}

#[test]
fn a_model_with_an_error_is_no_missing_model() {
    let project =
        Project::new().model("a", "select {{ x").model("b", "select * from {{ ref('a') }}");
    let ran = refuse(&project);
    assert!(!format!("{ran}").contains("SF210"), "{ran}");
    ran.stderr_contains("error[SF201]");
}

#[test]
fn an_unknown_filter_is_named() {
    let project = Project::new().model("a", "select {{ 1 | unknownfilter }}");
    refuse(&project).stderr_contains("the filter unknownfilter is unknown");
}
