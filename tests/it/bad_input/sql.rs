//! SQL that is no query, that the database refuses, or whose rows do not fit.

use super::fail;
use crate::project::Project;
use snapbox::str;

#[test]
fn an_empty_model_is_refused() {
    let project = Project::new().model("a", "");
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ view   main.a  failed

error[SF118]: model `a` holds no query
--> models/a.sql
 = help: write one `select` into models/a.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_model_that_is_only_a_config_is_refused() {
    let project = Project::new().model("a", "{{ config(materialized='table') }}\n-- nothing yet\n");
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ table  main.a  failed

error[SF118]: model `a` holds no query
 --> models/a.sql:1:1
  |
1 | {{ config(materialized='table') }}
  | ^
  |
  = help: write one `select` into models/a.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_model_of_two_statements_is_refused() {
    let project = Project::new().model("a", "select 1 as id;\nselect 2 as id;\n");
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ view   main.a  failed

error[SF118]: model `a` holds 2 statements, expected one
 --> models/a.sql:2:1
  |
2 | select 2 as id;
  | ^^^^^^ the second begins here
  |
  = help: move it to a model of its own, or to a hook

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_syntax_error_points_at_the_models_own_line() {
    let text = "{{ config(materialized='table') }}\nselect\n  id,\n  totl total price\nfrom x\n";
    let project = Project::new().model("a", text).model("z", "select * from {{ ref('a') }}");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
2 models · 2 threads
  ✗ table  main.a  failed  [TIME]
  - view   main.z  skipped: model a failed

error[SF502]: duckdb: syntax error at or near "price"
 --> models/a.sql:4:14
  |
4 |   totl total price
  |              ^^^^^
  |
  = note: the statement is in target/run/shop/models/a.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=1 TOTAL=2

"#]]);
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
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ view   main.report  failed  [TIME]

error[SF502]: duckdb: syntax error at or near ")"
 --> models/cheap_orders.sql:4:1
  |
4 | )
  | ^
  |
  = note: the statement is in target/run/shop/models/report.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_column_that_does_not_exist_is_shown_with_what_is_near() {
    let project = Project::new()
        .model("orders", "select 1 as id, 9.50 as total")
        .model("report", "select\n  id,\n  totl\nfrom {{ ref('orders') }}\n");
    fail(&project, &["main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
2 models · 2 threads
  ✓ view   main.orders                    [TIME]
  ✗ view   main.report  failed  [TIME]

error[SF502]: duckdb: Referenced column "totl" not found in FROM clause
 --> models/report.sql:3:3
  |
3 |   totl
  |   ^^^^
  |
  = note: the statement is in target/run/shop/models/report.sql
  = help: did you mean `total`?

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn a_column_that_an_ephemeral_model_lacks_is_shown_in_the_model_that_asks() {
    let project = Project::new()
        .model("orders", "{{ config(materialized='ephemeral') }}select 1 as id")
        .model("report", "select\n  nothing\nfrom {{ ref('orders') }}\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ view   main.report  failed  [TIME]

error[SF502]: duckdb: Referenced column "nothing" not found in FROM clause
 --> models/report.sql:2:3
  |
2 |   nothing
  |   ^^^^^^^
  |
  = note: the statement is in target/run/shop/models/report.sql
  = help: candidates are `id`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn an_error_behind_what_a_macro_wrote_points_at_the_models_own_column() {
    let project = Project::new()
        .file(
            "macros/money.sql",
            "{% macro euros(cents) %}round({{ cents }} / 100.0, 2{% endmacro %}\n",
        )
        .model("a", "select\n  1 as id,\n  {{ euros('250') }} as price\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ view   main.a  failed  [TIME]

error[SF502]: duckdb: syntax error at or near "as"
 --> models/a.sql:3:22
  |
3 |   {{ euros('250') }} as price
  |                      ^^
  |
  = note: the statement is in target/run/shop/models/a.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_value_that_does_not_convert_fails_the_model_and_leaves_no_table() {
    let text = "{{ config(materialized='table') }}\nselect cast(word as integer) as number\nfrom (values ('1'), ('two')) as words(word)\n";
    let project = Project::new().model("a", text);
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ table  main.a  failed  [TIME]

error[SF504]: duckdb: Could not convert string 'two' to integer when casting from source column word
 --> models/a.sql:2:8
  |
2 | select cast(word as integer) as number
  |        ^^^^
  |
  = note: the statement is in target/run/shop/models/a.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
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
fn an_error_in_what_a_macro_wrote_shows_the_call() {
    let project = Project::new()
        .file(
            "macros/money.sql",
            "{% macro euros(cents) %}round({{ cents }} / 100.0){% endmacro %}\n",
        )
        .model("a", "select\n  1 as id,\n  {{ euros('pric') }} as price\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ view   main.a  failed  [TIME]

error[SF502]: duckdb: Referenced column "pric" was not found because the FROM clause is missing
 --> models/a.sql:3:6
  |
3 |   {{ euros('pric') }} as price
  |      ^^^^^^^^^^^^^ in what this wrote
  |
  = note: the statement is in target/run/shop/models/a.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_model_that_is_no_query_is_refused() {
    let project = Project::new().model("a", "create table x as select 1 as id");
    project.run(["build"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ view   main.a  failed

error[SF118]: model `a` is a `create` statement, expected a query
 --> models/a.sql:1:1
  |
1 | create table x as select 1 as id
  | ^^^^^^
  |
  = help: write a `select`: sqlflow makes the table or view from it

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_hook_that_fails_takes_the_table_with_it() {
    let text = "{{ config(materialized='table', post_hook='insert into {{ this }} values (1, 2)') }}\nselect 1 as id\n";
    let project = Project::new().model("a", text);
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ table  main.a  failed  [TIME]

error[SF502]: duckdb: table a has 1 columns but 2 values were supplied
 --> models/a.sql:1:33
  |
1 | {{ config(materialized='table', post_hook='insert into {{ this }} values (1, 2)') }}
  |                                 ^^^^^^^^^ in this post_hook
  |
  = note: the statement is in target/run/shop/models/a.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_wrong_query_of_show_is_pointed_at() {
    let project = Project::new().model("a", "select 1 as id");
    project.run(["build"]).succeeds();
    project.run(["show", "--inline", "select idd from {{ ref('a') }}"]).fails().stderr_is(str![[
        r#"
error[SF502]: duckdb: Referenced column "idd" not found in FROM clause
 --> --inline:1:8
  |
1 | select idd from {{ ref('a') }}
  |        ^^^
  |
  = help: did you mean `id`?


"#
    ]]);
}

#[test]
fn a_source_table_that_is_not_there_says_how_to_load_it() {
    let yaml = "sources:\n  - name: raw\n    tables: [{name: t, path: t.csv}]\n";
    let project = Project::new()
        .file("sources/raw.yml", yaml)
        .file("t.csv", "id\n1\n")
        .model("a", "select * from {{ source('raw', 't') }}");
    project.run(["run"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ view   main.a  failed  [TIME]

error[SF308]: `a` needs source `raw.t`, but `raw.t` does not exist
 --> models/a.sql:1:18
  |
1 | select * from {{ source('raw', 't') }}
  |                  ^^^^^^^^^^^^^^^^^^
  |
  = help: make it first: `sqlflow load --select source:raw.t`, or everything with `sqlflow build`

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_table_that_does_not_exist_is_shown() {
    let project = Project::new().model("a", "select *\nfrom nowhere.orders\n");
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ view   main.a  failed  [TIME]

error[SF502]: duckdb: Table with name "nowhere.orders" does not exist because schema "nowhere" does not exist
 --> models/a.sql:2:6
  |
2 | from nowhere.orders
  |      ^^^^^^^
  |
  = note: the statement is in target/run/shop/models/a.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}
