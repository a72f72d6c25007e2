//! What the server says of a node comes back to the line that the user wrote.

use super::both::Both;
use snapbox::str;

#[test]
fn errors_of_further_runs_tests_and_hooks_are_at_their_line() {
    let both = Both::shop(|project| {
        project
            .model("base", "select 1 as id, 2 as amount")
            .model(
                "more",
                "{{ config(materialized='incremental') }}\n-- Grüße 🙂\nselect id, 'ü' as word\n  {% if is_incremental() %}, b.amuont{% endif %}\nfrom {{ ref('base') }} as b",
            )
            .model(
                "hooked",
                "{{ config(materialized='table', post_hook=\"delete from {{ this }} where 'ü' = nix\") }}\nselect 1 as id",
            )
            .file("tests/wrong.sql", "-- ärgerlich 🙂\nselect 'é', no_such\nfrom {{ ref('base') }}\n")
            .file(
                "models/base.yml",
                "version: 2\nmodels:\n  - name: base\n    columns:\n      - name: iid\n        tests: [not_null]\n",
            )
    });
    both.on_postgres(&["run", "--select", "base", "more"]).succeeds();
    both.on_postgres(&["run", "--select", "more"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target pg (postgres)
1 model · 2 threads
  ✗ incr   own.more  failed  [TIME]

error[SF502]: postgres: column b.amuont does not exist
 --> models/more.sql:4:30
  |
4 |   {% if is_incremental() %}, b.amuont{% endif %}
  |                              ^
  |
  = note: the statement is in target/run/shop/models/more.sql
  = help: did you mean `amount`?

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    both.on_postgres(&["run", "--select", "hooked"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target pg (postgres)
1 model · 2 threads
  ✗ table  own.hooked  failed  [TIME]

error[SF502]: postgres: column "nix" does not exist
 --> models/hooked.sql:1:33
  |
1 | {{ config(materialized='table', post_hook="delete from {{ this }} where 'ü' = nix") }}
  |                                 ^^^^^^^^^ in this post_hook
  |
  = note: the statement is in target/run/shop/models/hooked.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    both.on_postgres(&["test", "--select", "wrong"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target pg (postgres)
1 test · 2 threads
  ✗ test   wrong  failed  [TIME]

error[SF502]: postgres: column "no_such" does not exist
 --> tests/wrong.sql:2:13
  |
2 | select 'é', no_such
  |             ^^^^^^^
  |
  = note: the statement is in target/run/shop/tests/wrong.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    both.on_postgres(&["test", "--select", "not_null_base_iid"]).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target pg (postgres)
1 test · 2 threads
  ✗ test   not_null_base_iid  failed  [TIME]

error[SF502]: postgres: column "iid" does not exist
 --> models/base.yml:6:17
  |
6 |         tests: [not_null]
  |                 ^^^^^^^^ in what this wrote
  |
  = note: the statement is in target/run/shop/models/base.yml/not_null_base_iid.sql
  = help: did you mean `id`?

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn what_was_dropped_with_a_table_is_told() {
    let both = Both::shop(|project| {
        project.model("kept", "{{ config(materialized='table') }} select 1 as id, 2 as amount")
    });
    both.on_postgres(&["run"]).succeeds();
    both.server
        .run("create index by_amount on own.kept (amount); comment on table own.kept is 'mine'");
    both.project.write("models/kept.sql", "{{ config(materialized='table') }} select 1 as id");
    both.on_postgres(&["run"]).succeeds().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target pg (postgres)
1 model · 2 threads
  ✓ table  own.kept            1 row   [TIME]

note[SF505]: postgres: dropped, since it does not fit the new columns of "postgres"."own"."kept"
 --> models/kept.sql:1:1
  |
1 | {{ config(materialized='table') }} select 1 as id
  | ^
  |
  = note: CREATE INDEX by_amount ON own.kept USING btree (amount)

Done in [TIME]. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1

"#]]);
    both.on_postgres(&["run"]).succeeds().stderr_lacks("SF505");
}

#[test]
fn a_name_that_the_server_cut_and_a_warning_of_a_hook_are_told() {
    let long = "c".repeat(70);
    let both = Both::shop(|project| {
        project.model("long", &format!("select 1 as {long}")).model(
            "warns",
            "{{ config(post_hook=\"do $$ begin raise notice 'low'; raise warning 'mind the gap'; end $$\") }} select 1 as id",
        )
    });
    both.on_postgres(&["run"])
        .succeeds()
        .stderr_contains("will be truncated")
        .stderr_contains("postgres: mind the gap")
        .stderr_lacks("postgres: low");
}
