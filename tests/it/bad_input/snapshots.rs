//! Snapshots that cannot be made, or not brought up to date.

use super::{fail, refuse};
use crate::project::{Project, Ran};
use snapbox::str;

/// A snapshot of the model `orders`.
fn project(config: &str) -> Project {
    let yaml = format!(
        "snapshots:\n  - name: history\n    relation: ref('orders')\n    config: {{{config}}}\n"
    );
    Project::new()
        .file("snapshots/history.yml", &yaml)
        .model("orders", "select 1 as id, 'a' as status, timestamp '2024-01-01' as changed")
}

#[track_caller]
fn refused(config: &str) -> Ran {
    refuse(&project(config))
}

const CHECK: &str = "strategy: check, unique_key: id, check_cols: all";
const TIMESTAMP: &str = "strategy: timestamp, unique_key: id, updated_at: changed";

#[test]
fn a_strategy_is_needed() {
    refused("unique_key: id").stderr_is(str![[r#"
error[SF106]: snapshot `history` has no `strategy`
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
  = help: write `strategy: timestamp` with `updated_at`, or `strategy: check` with `check_cols`


"#]]);
}

#[test]
fn an_unknown_strategy_is_refused() {
    refused("strategy: timestmp, unique_key: id").stderr_is(str![[r#"
error[SF105]: unknown snapshot strategy `timestmp`
 --> snapshots/history.yml:4:24
  |
4 |     config: {strategy: timestmp, unique_key: id}
  |                        ^^^^^^^^
  |
  = help: did you mean `timestamp`?


"#]]);
}

#[test]
fn a_key_is_needed() {
    refused("strategy: check, check_cols: all").stderr_is(str![[r#"
error[SF106]: snapshot `history` has no `unique_key`
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
  = help: name the column that identifies a row, or several as a list


"#]]);
}

#[test]
fn the_timestamp_strategy_needs_a_time() {
    refused("strategy: timestamp, unique_key: id").stderr_is(str![[r#"
error[SF106]: snapshot `history` has no `updated_at`, which the strategy `timestamp` needs
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
  = help: name the column that says when a row changed


"#]]);
}

#[test]
fn the_timestamp_strategy_compares_no_columns() {
    refused(&format!("{TIMESTAMP}, check_cols: [status]")).stderr_is(str![[r#"
error[SF105]: `check_cols` under the strategy `timestamp`, which compares no columns
 --> snapshots/history.yml:4:84
  |
4 |     config: {strategy: timestamp, unique_key: id, updated_at: changed, check_cols: [status]}
  |                                                                                    ^
  |
  = help: remove it, or write `strategy: check`


"#]]);
}

#[test]
fn the_check_strategy_needs_columns() {
    refused("strategy: check, unique_key: id").stderr_is(str![[r#"
error[SF106]: snapshot `history` has no `check_cols`, which the strategy `check` needs
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
  = help: list the columns to compare, or write `all`


"#]]);
}

#[test]
fn check_cols_is_all_or_a_list() {
    refused("strategy: check, unique_key: id, check_cols: status").stderr_is(str![[r#"
error[SF105]: `check_cols` is `status`, expected `all` or a list of columns
 --> snapshots/history.yml:4:59
  |
4 |     config: {strategy: check, unique_key: id, check_cols: status}
  |                                                           ^^^^^^
  |
  = help: write `check_cols: [status]`


"#]]);
}

#[test]
fn an_unknown_way_to_treat_deletes_is_refused() {
    refused(&format!("{CHECK}, hard_deletes: invalid")).stderr_is(str![[r#"
error[SF105]: unknown way to treat hard deletes `invalid`
 --> snapshots/history.yml:4:78
  |
4 |     config: {strategy: check, unique_key: id, check_cols: all, hard_deletes: invalid}
  |                                                                              ^^^^^^^
  |
  = help: did you mean `invalidate`?


"#]]);
}

#[test]
fn both_ways_to_say_hard_deletes_are_refused() {
    refused(&format!("{CHECK}, hard_deletes: ignore, invalidate_hard_deletes: true")).stderr_is(
        str![[r#"
error[SF105]: `invalidate_hard_deletes` beside `hard_deletes`
 --> snapshots/history.yml:4:111
  |
4 | ..._deletes: ignore, invalidate_hard_deletes: true}
  |                                               ^^^^
  |
  = help: remove it: `hard_deletes` says the same and more


"#]],
    );
}

#[test]
fn a_key_listed_twice_is_refused() {
    refused("strategy: check, unique_key: [id, ID], check_cols: all").stderr_is(str![[r#"
error[SF105]: `unique_key` lists column `ID` twice
 --> snapshots/history.yml:4:43
  |
4 |     config: {strategy: check, unique_key: [id, ID], check_cols: all}
  |                                           ^


"#]]);
}

#[test]
fn an_unknown_column_name_is_refused() {
    refused(&format!("{CHECK}, snapshot_meta_column_names: {{dbt_valid_form: since}}")).stderr_is(
        str![[r#"
error[SF105]: unknown column of snapshots `dbt_valid_form`
 --> snapshots/history.yml:4:92
  |
4 | ...heck_cols: all, snapshot_meta_column_names: {dbt_valid_form: since}}
  |                                                ^
  |
  = help: did you mean `dbt_valid_from` or `dbt_valid_to`?


"#]],
    );
}

#[test]
fn two_columns_of_one_name_are_refused() {
    refused(&format!("{CHECK}, snapshot_meta_column_names: {{dbt_valid_from: dbt_valid_to}}"))
        .stderr_is(str![[r#"
error[SF105]: two columns of this snapshot are called `dbt_valid_to`
 --> snapshots/history.yml:4:92
  |
4 | ...heck_cols: all, snapshot_meta_column_names: {dbt_valid_from: dbt_valid_to}}
  |                                                ^


"#]]);
}

#[test]
fn another_materialization_is_refused() {
    refused(&format!("{CHECK}, materialized: table")).stderr_is(str![[r#"
error[SF105]: a snapshot is materialized as `table`, expected `snapshot`
 --> snapshots/history.yml:4:78
  |
4 |     config: {strategy: check, unique_key: id, check_cols: all, materialized: table}
  |                                                                              ^^^^^
  |
  = help: remove `materialized`


"#]]);
}

#[test]
fn a_relation_that_does_not_exist_is_shown_in_the_yaml() {
    let project = Project::new().file(
        "snapshots/history.yml",
        &format!(
            "snapshots:\n  - name: history\n    relation: ref('order')\n    config: {{{CHECK}}}\n"
        ),
    );
    refuse(&project).stderr_is(str![[r#"
error[SF210]: ref('order'): no model, seed or snapshot `order`
 --> snapshots/history.yml:3:15
  |
3 |     relation: ref('order')
  |               ^^^^^^^^^^^^


"#]]);
}

#[test]
fn a_relation_that_is_no_jinja_is_shown_in_the_yaml() {
    let project = Project::new().file(
        "snapshots/history.yml",
        &format!("snapshots:\n  - name: history\n    relation: ref('a'\n    config: {{{CHECK}}}\n"),
    );
    refuse(&project).stderr_is(str![[r#"
error[SF201]: unexpected `}`, expected `,`
 --> snapshots/history.yml:3:15
  |
3 |     relation: ref('a'
  |               ^^^^^^^


"#]]);
}

#[test]
fn a_block_without_configuration_is_shown() {
    let project = Project::new()
        .file("snapshots/h.sql", "{% snapshot history %}\nselect 1 as id\n{% endsnapshot %}\n");
    refuse(&project).stderr_is(str![[r#"
error[SF106]: snapshot `history` has no `unique_key`
 --> snapshots/h.sql:1:13
  |
1 | {% snapshot history %}
  |             ^^^^^^^
  |
  = help: name the column that identifies a row, or several as a list

error[SF106]: snapshot `history` has no `strategy`
 --> snapshots/h.sql:1:13
  |
1 | {% snapshot history %}
  |             ^^^^^^^
  |
  = help: write `strategy: timestamp` with `updated_at`, or `strategy: check` with `check_cols`


"#]]);
}

#[test]
fn a_block_that_is_not_closed_is_shown() {
    let project =
        Project::new().file("snapshots/h.sql", "{% snapshot history %}\nselect 1 as id\n");
    refuse(&project).stderr_is(str![[r#"
error[SF201]: `snapshot` is not closed, expected `{% endsnapshot %}`
 --> snapshots/h.sql:1:1
  |
1 | {% snapshot history %}
  | ^^^^^^^^^^^^^^^^^^^^^^


"#]]);
}

#[test]
fn a_file_without_a_block_is_a_warning() {
    let project = Project::new().file("snapshots/h.sql", "select 1 as id\n");
    project
        .run(["parse"])
        .succeeds()
        .stderr_contains("warning[SF118]: `snapshots/h.sql` holds no snapshot");
}

#[test]
fn a_wrong_value_is_shown_in_its_block() {
    let sql = "\
{% snapshot a %}
{{ config(strategy='check', unique_key='id', check_cols='all') }} select 1 as id
{% endsnapshot %}
{% snapshot b %}
{{ config(strategy='chek', unique_key='id', check_cols='all') }} select 1 as id
{% endsnapshot %}
";
    refuse(&Project::new().file("snapshots/h.sql", sql)).stderr_is(str![[r#"
error[SF105]: unknown snapshot strategy `chek`
 --> snapshots/h.sql:5:11
  |
5 | {{ config(strategy='chek', unique_key='id', check_cols='all') }} select 1 as id
  |           ^^^^^^^^
  |
  = help: did you mean `check`?


"#]]);
}

#[test]
fn a_snapshot_and_a_model_of_one_name_are_refused() {
    refuse(&project(CHECK).model("history", "select 1 as id")).stderr_is(str![[r#"
error[SF115]: a model and a snapshot are called `history`
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
 ::: models/history.sql:1:1
  |
1 | select 1 as id
  | - the other one
  |
  = help: rename one of them: `ref` could not tell them apart


"#]]);
}

#[test]
fn properties_of_a_snapshot_that_does_not_exist_are_told() {
    let project = Project::new().file("snapshots/h.yml", "snapshots: [{name: history}]\n");
    project.run(["parse"]).succeeds().stderr_contains(
        "warning[SF114]: properties of the snapshot `history`, which does not exist",
    );
}

#[test]
fn columns_that_the_query_does_not_give_are_named() {
    fail(
        &project("strategy: check, unique_key: [id, key], check_cols: [statu, x], updated_at: at"),
        &["main.orders"],
    )
    .stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF322]: `unique_key` names column `key`, which the query of `history` does not give
 --> snapshots/history.yml:4:43
  |
4 |     config: {strategy: check, unique_key: [id, key], check_cols: [statu, x], updated_at: at}
  |                                           ^
  |
  = help: it gives id, status, changed

error[SF322]: `check_cols` names column `statu`, which the query of `history` does not give
 --> snapshots/history.yml:4:66
  |
4 |     config: {strategy: check, unique_key: [id, key], check_cols: [statu, x], updated_at: at}
  |                                                                  ^
  |
  = help: did you mean `status`?

error[SF322]: `check_cols` names column `x`, which the query of `history` does not give
 --> snapshots/history.yml:4:66
  |
4 |     config: {strategy: check, unique_key: [id, key], check_cols: [statu, x], updated_at: at}
  |                                                                  ^
  |
  = help: it gives id, status, changed

error[SF322]: `updated_at` names column `at`, which the query of `history` does not give
 --> snapshots/history.yml:4:90
  |
4 |     config: {strategy: check, unique_key: [id, key], check_cols: [statu, x], updated_at: at}
  |                                                                                          ^^
  |
  = help: it gives id, status, changed

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn a_time_that_is_none_is_refused() {
    fail(&project("strategy: timestamp, unique_key: id, updated_at: status"), &["main.orders"])
        .stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF322]: `status` is of type varchar, expected a date or a timestamp
 --> snapshots/history.yml:4:63
  |
4 |     config: {strategy: timestamp, unique_key: id, updated_at: status}
  |                                                               ^^^^^^
  |
  = help: cast it: `cast(status as timestamp)`

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn a_key_of_floating_point_is_refused() {
    let project = project(CHECK).model("orders", "select 1.5::double as id");
    fail(&project, &["main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF322]: key column `id` is of type double, which identifies no row
 --> snapshots/history.yml:4:43
  |
4 |     config: {strategy: check, unique_key: id, check_cols: all}
  |                                           ^^
  |
  = help: cast it: to decimal, or to varchar

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn a_column_with_the_name_of_an_added_one_is_refused() {
    let project = project(CHECK).model("orders", "select 1 as id, 2 as DBT_SCD_ID");
    fail(&project, &["main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF322]: the query of `history` gives column `DBT_SCD_ID`, which snapshot `history` adds
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
  = help: rename it in the query, or rename dbt's with `snapshot_meta_column_names`

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn keys_of_several_rows_are_named() {
    let project = project(CHECK)
        .model("orders", "select i % 7 as id, i as n from range(9) r(i) union all select 7, 1");
    fail(&project, &["main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF321]: 2 keys of several rows in snapshot `history`
 --> snapshots/history.yml:4:43
  |
4 |     config: {strategy: check, unique_key: id, check_cols: all}
  |                                           ^^
  |
  = note: `0` (2 rows), `1` (2 rows)
  = help: add the column that tells them apart to `unique_key`, or take one row of each

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn rows_without_a_key_are_counted() {
    let project = project(CHECK).model("orders", "select null::int as id union all select 1");
    fail(&project, &["main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF321]: 1 row of snapshot `history` with NULL in `unique_key`
 --> snapshots/history.yml:4:43
  |
4 |     config: {strategy: check, unique_key: id, check_cols: all}
  |                                           ^^
  |
  = help: leave them out of the query, or give them a key

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn rows_without_a_time_are_counted() {
    let project = project(TIMESTAMP)
        .model("orders", "select 1 as id, null::timestamp as changed union all select 2, null");
    fail(&project, &["main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF321]: 2 rows of snapshot `history` with NULL in `changed`
 --> snapshots/history.yml:4:63
  |
4 |     config: {strategy: timestamp, unique_key: id, updated_at: changed}
  |                                                               ^^^^^^^
  |
  = help: nothing says when they changed: give them a time, or write `strategy: check`

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn a_view_in_the_way_is_refused() {
    let project = project(CHECK);
    project.execute("create view history as select 1 as id");
    fail(&project, &["main.history", "main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF307]: `main.history` is a view, expected a table of versions
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
  = help: drop the view, or give the snapshot another `alias`

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn a_table_without_versions_is_refused() {
    let project = project(CHECK);
    project.execute("create table history as select 1 as id, now() as dbt_valid_from");
    fail(&project, &["main.history", "main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF320]: table `main.history` keeps no versions: it lacks columns `dbt_scd_id`, `dbt_updated_at`, `dbt_valid_to`
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
  = help: drop or rename the table, or give the snapshot another `alias`

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn a_type_that_does_not_widen_is_refused() {
    let project = project(CHECK);
    project.run(["build"]).succeeds();
    project.write("models/orders.sql", "select 1 as id, 2.5::double as status");
    fail(&project, &["main.history", "main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF322]: the query of `history` gives column `status` as double, table `main.history` has it as varchar
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
  = help: double does not hold all of varchar, nor the other way round: cast one to the other

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn a_table_that_already_has_two_current_versions_is_refused() {
    let project = project(CHECK);
    project.run(["build"]).succeeds();
    project.execute("insert into history from history");
    project.write(
        "models/orders.sql",
        "select 1 as id, 'b' as status, timestamp '2024-01-01' as changed",
    );
    fail(&project, &["main.history", "main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF321]: `main.history` already has more than one current version of a key
 --> snapshots/history.yml:4:43
  |
4 |     config: {strategy: check, unique_key: id, check_cols: all}
  |                                           ^^
  |
  = help: somebody else wrote to it: close all but one of them by setting `dbt_valid_to`

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
    assert_eq!(project.query("select status from history"), serde_json::json!([["a"], ["a"]]));
}

#[test]
fn an_error_in_the_query_of_a_block_points_at_its_line() {
    let sql = "\
{% snapshot history %}
{{ config(strategy='check', unique_key='id', check_cols='all') }}
select 1 as id, nope
{% endsnapshot %}
";
    fail(&Project::new().file("snapshots/h.sql", sql), &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 snapshot · 2 threads
  ✗ snap   main.history  failed  [TIME]

error[SF502]: duckdb: Referenced column "nope" was not found because the FROM clause is missing
 --> snapshots/h.sql:3:17
  |
3 | select 1 as id, nope
  |                 ^^^^
  |
  = note: the statement is in target/run/shop/snapshots/h.sql

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn a_key_that_the_table_never_had_is_refused() {
    let project = project(CHECK);
    project.run(["build"]).succeeds();
    project.write("models/orders.sql", "select 1 as id, 7 as number");
    let yaml =
        project.read("snapshots/history.yml").replace("unique_key: id", "unique_key: number");
    project.write("snapshots/history.yml", &yaml);
    // As a table of dbt's is, of which nothing is recorded.
    project.execute("delete from _sqlflow.loads");
    fail(&project, &["main.history", "main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF322]: table `main.history` lacks the key column `number`
 --> snapshots/history.yml:4:43
  |
4 |     config: {strategy: check, unique_key: number, check_cols: all}
  |                                           ^^^^^^
  |
  = help: the key of a table cannot change: give the snapshot another `alias`

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn new_record_needs_a_column_for_its_mark() {
    let project = project(CHECK);
    project.run(["build"]).succeeds();
    let yaml =
        project.read("snapshots/history.yml").replace("all}", "all, hard_deletes: new_record}");
    project.write("snapshots/history.yml", &yaml);
    fail(&project, &["main.history", "main.orders"]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model, 1 snapshot · 2 threads
  ✓ view   main.orders                     [TIME]
  ✗ snap   main.history  failed  [TIME]

error[SF320]: table `main.history` keeps no versions: it lacks column `dbt_is_deleted`
 --> snapshots/history.yml:2:11
  |
2 |   - name: history
  |           ^^^^^^^
  |
  = help: drop or rename the table, or give the snapshot another `alias`

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2

"#]]);
}

#[test]
fn a_post_hook_that_fails_takes_the_versions_back() {
    let project = project(&format!("{CHECK}, post_hook: select nope"));
    project.run(["build"]).fails_with("SF502");
    assert_eq!(project.relations(), ["main.orders"]);
    project.write(
        "snapshots/history.yml",
        &project.read("snapshots/history.yml").replace("select nope", "select 1"),
    );
    project.run(["build"]).succeeds();
    project.write(
        "snapshots/history.yml",
        &project.read("snapshots/history.yml").replace("select 1", "select nope"),
    );
    project.write("models/orders.sql", "select 1 as id, 'b' as status, null::timestamp as changed");
    project.run(["build"]).fails_with("SF502");
    assert_eq!(project.query("select status from history"), serde_json::json!([["a"]]));
}
