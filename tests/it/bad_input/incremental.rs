//! Incremental models that cannot be carried out.

use super::{fail, refuse};
use crate::project::Project;
use snapbox::str;

fn incremental(config: &str, query: &str) -> Project {
    Project::new().model("m", &text(config, query))
}

fn text(config: &str, query: &str) -> String {
    format!("{{{{ config(materialized='incremental', {config}) }}}}\n{query}\n")
}

#[test]
fn a_microbatch_names_what_it_needs() {
    let project =
        incremental("incremental_strategy='microbatch', event_time='seen'", "select 1 as id");
    refuse(&project).stderr_is(str![[r#"
error[SF106]: incremental strategy `microbatch` needs `begin`, `batch_size`
 --> models/m.sql:1:39
  |
1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen') }}
  |                                       ^^^^^^^^^^^^^^^^^^^^
  |
  = help: for example `event_time='created_at', begin='2024-01-01', batch_size='day'`


"#]]);
}

#[test]
fn the_settings_of_a_microbatch_are_checked() {
    let config = "incremental_strategy='microbatch', event_time='seen', begin='1/2/2024', \
                  batch_size='week', lookback='two', concurrent_batches='often', unique_key='id'";
    refuse(&incremental(config, "select 1 as id")).stderr_is(str![[r#"
error[SF105]: `unique_key` does not go with `microbatch`
 --> models/m.sql:1:174
  |
1 | ...back='two', concurrent_batches='often', unique_key='id') }}
  |                                            ^^^^^^^^^^
  |
  = help: a microbatch replaces an interval of `event_time`; use `merge` for keys

error[SF105]: `concurrent_batches` is `often`, expected true or false
 --> models/m.sql:1:146
  |
1 | ... batch_size='week', lookback='two', concurrent_batches='often', unique_key='id') }}
  |                                        ^^^^^^^^^^^^^^^^^^

error[SF105]: `begin` is `1/2/2024`, expected an ISO date or time, such as 2024-01-01 or 2024-01-01T06:00:00
 --> models/m.sql:1:93
  |
1 | ...strategy='microbatch', event_time='seen', begin='1/2/2024', batch_size='week', lookback='t...
  |                                              ^^^^^

error[SF105]: unknown batch size `week`
 --> models/m.sql:1:111
  |
1 | ...', event_time='seen', begin='1/2/2024', batch_size='week', lookback='two', concurrent_batc...
  |                                            ^^^^^^^^^^
  |
  = help: known are hour, day, month, year

error[SF105]: `lookback` is `two`, expected a whole number
 --> models/m.sql:1:130
  |
1 | ...n', begin='1/2/2024', batch_size='week', lookback='two', concurrent_batches='often', uniqu...
  |                                             ^^^^^^^^


"#]]);
}

#[test]
fn merge_columns_are_named_one_way_or_the_other() {
    let config = "incremental_strategy='merge', unique_key='id', merge_update_columns='a', \
                  merge_exclude_columns='b'";
    refuse(&incremental(config, "select 1 as id")).stderr_is(str![[r#"
error[SF105]: `merge_update_columns` and `merge_exclude_columns` do not go together
 --> models/m.sql:1:112
  |
1 | ...y='id', merge_update_columns='a', merge_exclude_columns='b') }}
  |                                      ^^^^^^^^^^^^^^^^^^^^^
  |
  = help: name the columns to update, or those not to


"#]]);
}

#[test]
fn unknown_rules_and_reactions_are_refused() {
    let config = "on_schema_change='append_columns', on_empty='stop'";
    refuse(&incremental(config, "select 1 as id")).stderr_is(str![[r#"
error[SF105]: unknown reaction `stop`
 --> models/m.sql:1:74
  |
1 | {{ config(materialized='incremental', on_schema_change='append_columns', on_empty='stop') }}
  |                                                                          ^^^^^^^^
  |
  = help: known are warn, error

error[SF105]: unknown schema change rule `append_columns`
 --> models/m.sql:1:39
  |
1 | {{ config(materialized='incremental', on_schema_change='append_columns', on_empty='stop') }}
  |                                       ^^^^^^^^^^^^^^^^
  |
  = help: did you mean `append_new_columns`?


"#]]);
}

#[test]
fn a_check_of_keys_needs_a_key() {
    let config = "incremental_strategy='append', on_duplicate='error'";
    refuse(&incremental(config, "select 1 as id")).stderr_is(str![[r#"
error[SF105]: `on_duplicate` means nothing to `append`, which has no key
 --> models/m.sql:1:70
  |
1 | {{ config(materialized='incremental', incremental_strategy='append', on_duplicate='error') }}
  |                                                                      ^^^^^^^^^^^^
  |
  = help: set `unique_key` with `delete+insert` or `merge`


"#]]);
}

#[test]
fn columns_that_do_not_exist_are_found_before_the_first_write() {
    for config in [
        "unique_key='idd'",
        "incremental_strategy='merge', unique_key='id', merge_update_columns=['idd']",
        "incremental_strategy='merge', unique_key='id', merge_exclude_columns=['idd']",
        "incremental_strategy='insert_overwrite', partition_by=['idd']",
    ] {
        fail(&incremental(config, "select 1 as id, 2 as word"), &[])
            .stderr_contains("names column `idd`, which the query does not give")
            .stderr_contains("its columns are id, word");
    }
    let project = incremental(
        "incremental_strategy='insert_overwrite', partition_by=['idd']",
        "select 1 as id",
    );
    fail(&project, &[]).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ incr   main.m  failed  [TIME]

error[SF504]: `partition_by` names column `idd`, which the query does not give
 --> models/m.sql:1:80
  |
1 | ...cremental_strategy='insert_overwrite', partition_by=['idd']) }}
  |                                           ^^^^^^^^^^^^
  |
  = help: its columns are id

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
}

#[test]
fn event_time_is_a_date_or_timestamp() {
    let config = "incremental_strategy='microbatch', event_time='seen', begin='2024-01-01', batch_size='year'";
    fail(&incremental(config, "select '2024-01-01' as seen"), &[]).stderr_is(str![[r#"
warning[SF106]: no input of microbatch model `m` has an `event_time`
 --> models/m.sql:1:74
  |
1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', b...
  |                                                                          ^^^^^^^^^^
  |
  = note: each batch reads its inputs whole
  = help: set `event_time` in the configuration of an input

sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
  ✗ incr   main.m  failed  [TIME]

error[SF504]: `event_time` names column `seen` of type varchar, expected a date or timestamp
 --> models/m.sql:1:74
  |
1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', b...
  |                                                                          ^^^^^^^^^^
  |
  = note: in batch 2024
  = help: cast it in the query

error[SF504]: 3 of 3 batches of `m` were not built
 --> models/m.sql:1:1
  |
1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', b...
  | ^
  |
  = note: not built: 2024, 2025, 2026
  = note: the table stays as it is
  = help: build them again with --event-time-start and --event-time-end

Done in [TIME]. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1

"#]]);
    let config = config.replace("year", "hour");
    fail(&incremental(&config, "select date '2024-01-01' as seen"), &[])
        .stderr_contains("`batch_size: hour` is finer than column `seen` of type date");
}

#[test]
fn a_window_has_two_ends_in_order() {
    let project = Project::new().model("m", "select 1 as id");
    project
        .run(["build", "--event-time-start", "2024-01-02", "--event-time-end", "2024-01-02"])
        .exits(2)
        .stderr_is(str![[r#"
error[SF105]: `--event-time-start` 2024-01-02T00:00:00Z is not before `--event-time-end` 2024-01-02T00:00:00Z
 |
 = help: the window holds its start and not its end


"#]]);
    project.run(["build", "--event-time-start", "2024-01-02"]).exits(2);
    project
        .run(["run", "--event-time-start", "2024-01-02", "--event-time-end", "soon"])
        .exits(2)
        .stderr_contains("expected an ISO date or time");
}

#[test]
fn a_column_is_named_once() {
    for (config, setting) in [
        ("unique_key=['id', 'ID']", "unique_key"),
        ("unique_key=['id', 'id'], incremental_strategy='append'", "unique_key"),
        ("partition_by=['id', 'ID'], incremental_strategy='insert_overwrite'", "partition_by"),
        ("partition_by=['id', 'ID'], incremental_strategy='delete+insert'", "partition_by"),
        (
            "unique_key='id', merge_update_columns=['a', 'A'], incremental_strategy='merge'",
            "merge_update_columns",
        ),
    ] {
        let ran = refuse(&incremental(config, "select 1 as id, 2 as a"));
        assert!(ran.stderr.starts_with(&format!("error[SF105]: `{setting}` names `")), "{ran}");
        assert_eq!(ran.stderr.matches("twice").count(), 1, "{ran}");
    }
}

#[test]
fn delete_insert_needs_a_key_or_a_partition() {
    for config in ["", ", unique_key=[]"] {
        let config = format!("incremental_strategy='delete+insert'{config}");
        refuse(&incremental(&config, "select 1 as id")).stderr_contains(
            "error[SF106]: incremental strategy `delete+insert` needs a `unique_key` or `partition_by`",
        );
    }
}
