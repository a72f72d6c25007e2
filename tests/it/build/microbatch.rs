//! Microbatches: a model that is built interval by interval of time.

use crate::project::Project;
use serde_json::{Value, json};
use snapbox::str;

const EVENTS: &str = "\
{{ config(event_time='seen', materialized='table') }}
select * from (values
  (1, timestamp '2024-01-01 06:00:00'),
  (2, timestamp '2024-01-02 00:00:00'),
  (3, timestamp '2024-01-02 23:59:59'),
  (4, timestamp '2024-01-03 12:00:00')
) v(id, seen)
";

fn model(config: &str, query: &str) -> String {
    format!(
        "{{{{ config(materialized='incremental', incremental_strategy='microbatch', \
         event_time='seen', batch_size='day', begin='2024-01-01'{config}) }}}}\n{query}\n"
    )
}

const QUERY: &str = "select id, seen, '{{ model.batch.id }}' as batch, {{ is_incremental() }} as later \
                     from {{ ref('events') }}";

/// `daily` over `events`.
fn daily(config: &str, query: &str) -> Project {
    Project::new().model("events", EVENTS).model("daily", &model(config, query))
}

/// Builds the days from `start` up to `end`.
fn window<'a>(start: &'a str, end: &'a str) -> [&'a str; 5] {
    ["build", "--event-time-start", start, "--event-time-end", end]
}

#[track_caller]
fn batches(project: &Project) -> Value {
    let results = project.json("target/run_results.json");
    let results = results["results"].as_array().unwrap();
    let of_model = results.iter().find(|result| result["unique_id"] == "model.shop.daily");
    let result = of_model.unwrap();
    json!([
        result["status"],
        result["batch_results"]["successful"].as_array().unwrap().len(),
        result["batch_results"]["failed"].as_array().unwrap().len()
    ])
}

#[test]
fn each_interval_is_rendered_and_built_by_itself() {
    let project = daily("", QUERY);
    project.run(window("2024-01-01", "2024-01-04")).succeeds();
    assert_eq!(
        project.query("select id, batch, later from daily order by id"),
        json!([
            [1, "20240101", false],
            [2, "20240102", true],
            [3, "20240102", true],
            [4, "20240103", true]
        ])
    );
    assert_eq!(batches(&project), json!(["success", 3, 0]));
}

#[test]
fn an_interval_that_is_built_again_is_replaced_and_the_others_stay() {
    let project = daily("", QUERY);
    project.run(window("2024-01-01", "2024-01-04")).succeeds();
    project.write("models/events.sql", &EVENTS.replace("(3, ", "(33, ").replace("(1, ", "(11, "));
    project.run(window("2024-01-02", "2024-01-03")).succeeds();
    assert_eq!(
        project.query("select id, batch, later from daily order by id"),
        json!([
            [1, "20240101", false],
            [2, "20240102", true],
            [4, "20240103", true],
            [33, "20240102", true]
        ])
    );
}

#[test]
fn a_full_refresh_makes_the_table_anew() {
    let project = daily("", QUERY);
    project.run(window("2024-01-01", "2024-01-04")).succeeds();
    let mut args = window("2024-01-02", "2024-01-04").to_vec();
    args.push("--full-refresh");
    project.run(args).succeeds();
    assert_eq!(
        project.query("select id, later from daily order by id"),
        json!([[2, false], [3, false], [4, false]])
    );
}

#[test]
fn without_a_window_the_first_run_goes_from_begin_to_now_and_later_ones_look_back() {
    let config = ", batch_size='year', lookback=2";
    let project = daily(config, QUERY);
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select count(*) from daily"), json!([[4]]));
    let [_, first, _] =
        <[Value; 3]>::try_from(batches(&project).as_array().unwrap().clone()).unwrap();
    assert!(first.as_u64().unwrap() >= 3);
    project.run(["build"]).succeeds();
    assert_eq!(batches(&project), json!(["success", 3, 0]));
}

#[test]
fn an_input_without_event_time_is_read_whole_and_render_opts_out() {
    let query = "select id, seen, (select count(*) from {{ ref('events').render() }}) as everything, \
                 (select count(*) from {{ ref('plain') }}) as plain from {{ ref('events') }}";
    let project = daily("", query).model("plain", "select 1 as id from range(3)");
    project.run(window("2024-01-02", "2024-01-03")).succeeds();
    assert_eq!(
        project.query("select * exclude (seen) from daily order by id"),
        json!([[2, 4, 3], [3, 4, 3]])
    );
}

#[test]
fn a_batch_that_fails_does_not_undo_the_others() {
    let query =
        "select id, seen, case when id = 2 then error('no') end as x from {{ ref('events') }}";
    let project = daily("", query).model("after", "select * from {{ ref('daily') }}");
    project.run(window("2024-01-01", "2024-01-04")).fails().stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
3 models · 2 threads
  ✓ table  main.events            4 rows  [TIME]
  ✗ incr   main.daily   2 of 3 batches built  [TIME]
  - view   main.after   skipped: model daily failed

error[SF504]: duckdb: no
 --> models/daily.sql:1:1
  |
1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', b...
  | ^
  |
  = note: the statement is in target/run/shop/models/daily/daily_2024-01-02.sql
  = note: in batch 2024-01-02

error[SF504]: 1 of 3 batches of `daily` was not built
 --> models/daily.sql:1:1
  |
1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', b...
  | ^
  |
  = note: not built: 2024-01-02
  = note: the other batches are in the table
  = help: build them again with --event-time-start and --event-time-end

Done in [TIME]. PASS=1 WARN=0 ERROR=1 SKIP=1 TOTAL=3

"#]]);
    assert_eq!(project.query("select id from daily order by id"), json!([[1], [4]]));
    assert_eq!(batches(&project), json!(["partial success", 2, 1]));
    let results = project.json("target/run_results.json");
    let daily = &results["results"].as_array().unwrap()[1];
    assert_eq!(
        daily["batch_results"]["failed"],
        json!([["2024-01-02T00:00:00+00:00", "2024-01-03T00:00:00+00:00"]])
    );
}

#[test]
fn where_the_first_batch_fails_nothing_else_is_tried() {
    let query =
        "select id, seen, case when id = 1 then error('no') end as x from {{ ref('events') }}";
    let project = daily("", query);
    project.run(window("2024-01-01", "2024-01-04")).fails();
    assert_eq!(batches(&project), json!(["error", 0, 3]));
    assert_eq!(project.relations(), ["main.events"]);
}

#[test]
fn each_batch_is_written_to_a_file_of_its_own() {
    let project = daily(", pre_hook='select 1', post_hook='select 2'", QUERY);
    project.run(window("2024-01-01", "2024-01-04")).succeeds();
    let names = |directory: &str| -> Vec<String> {
        project.files(directory).into_iter().map(|(name, _)| name).collect()
    };
    let files = ["daily_2024-01-01.sql", "daily_2024-01-02.sql", "daily_2024-01-03.sql"];
    assert_eq!(names("target/compiled/shop/models/daily"), files);
    assert_eq!(names("target/run/shop/models/daily"), files);
    snapbox::assert_data_eq!(
        project.read("target/run/shop/models/daily/daily_2024-01-02.sql"),
        str![[r#"
-- stage when: the relation is made anew
create or replace temporary table "__sqlflow_batch__daily" as

select id, seen, '20240102' as batch, True as later from (select * from "shop"."main"."events" where "seen" >= '2024-01-02 00:00:00+00:00' and "seen" < '2024-01-03 00:00:00+00:00');

-- publish when: a view stands
drop view "shop"."main"."daily";

-- publish when: the relation is made anew
create or replace table "shop"."main"."daily" as
select * from "__sqlflow_batch__daily"
where "seen" >= '2024-01-02 00:00:00+00:00'
  and "seen" < '2024-01-03 00:00:00+00:00';
drop table "__sqlflow_batch__daily";

-- stage when: the rows stay
create or replace temporary table "__sqlflow_batch__daily" as

select id, seen, '20240102' as batch, True as later from (select * from "shop"."main"."events" where "seen" >= '2024-01-02 00:00:00+00:00' and "seen" < '2024-01-03 00:00:00+00:00');

-- publish when: the rows stay
delete from "shop"."main"."daily" as DBT_INTERNAL_DEST
where "seen" >= '2024-01-02 00:00:00+00:00'
  and "seen" < '2024-01-03 00:00:00+00:00';
insert into "shop"."main"."daily" ("id", "seen", "batch", "later")
select "id", "seen", "batch", "later" from "__sqlflow_batch__daily"
where "seen" >= '2024-01-02 00:00:00+00:00'
  and "seen" < '2024-01-03 00:00:00+00:00';
drop table "__sqlflow_batch__daily";

"#]]
    );
    let last = project.read("target/run/shop/models/daily/daily_2024-01-03.sql");
    assert!(last.contains("select 2") && !last.contains("select 1;"), "{last}");
}

#[test]
fn compile_writes_the_window() {
    let project = daily("", QUERY);
    let mut args = window("2024-01-02", "2024-01-03T06:00:00");
    args[0] = "compile";
    project.run(args).succeeds();
    snapbox::assert_data_eq!(
        project.read("target/compiled/shop/models/daily.sql"),
        str![[r#"

select id, seen, '20240102' as batch, False as later from (select * from "shop"."main"."events" where "seen" >= '2024-01-02 00:00:00+00:00' and "seen" < '2024-01-04 00:00:00+00:00')
"#]]
    );
    assert!(!project.has("shop.duckdb"));
}

#[test]
fn columns_may_change_from_one_batch_to_the_next() {
    let query = "select id, seen {% if model.batch and model.batch.id == '20240103' %}, 'x' as new{% endif %} \
                 from {{ ref('events') }}";
    let project = daily(", on_schema_change='append_new_columns'", query);
    project.run(window("2024-01-01", "2024-01-04")).succeeds();
    assert_eq!(
        project.query("select id, new from daily order by id"),
        json!([[1, null], [2, null], [3, null], [4, "x"]])
    );
}

#[test]
fn hours_months_and_dates_are_intervals_too() {
    let project = daily(
        ", batch_size='hour'",
        "select id, seen, '{{ model.batch.id }}' as b from {{ ref('events') }}",
    );
    project.run(window("2024-01-02T23:00:00", "2024-01-03 00:00")).succeeds();
    assert_eq!(project.query("select id, b from daily"), json!([[3, "20240102T23"]]));

    let query = "select id, seen::date as seen from {{ ref('events') }}";
    let project = daily(", batch_size='month'", query);
    project.run(window("2024-01-15", "2024-01-16")).succeeds();
    project.run(window("2024-01-15", "2024-01-16")).succeeds();
    assert_eq!(project.query("select count(*) from daily"), json!([[4]]));
}

#[test]
fn a_source_may_have_event_time_too() {
    let project = Project::new()
        .file("sources/raw.yml", "sources:\n  - name: raw\n    tables:\n      - name: events\n        path: events.csv\n        config: {event_time: seen}\n")
        .file("events.csv", "id,seen\n1,2024-01-01 06:00:00\n2,2024-01-02 06:00:00\n")
        .model("daily", &model("", "select * from {{ source('raw', 'events') }}"));
    project.run(window("2024-01-02", "2024-01-03")).succeeds();
    assert_eq!(project.query("select id from daily"), json!([[2]]));
}

#[test]
fn inputs_that_cannot_be_narrowed_are_told() {
    let project = Project::new()
        .model("events", "select 1 as id, timestamp '2024-01-02' as seen")
        .model("daily", &model("", "select * from {{ ref('events') }}"));
    project.run(["parse"]).succeeds().stderr_is(str![[r#"
warning[SF106]: no input of microbatch model `daily` has an `event_time`
 --> models/daily.sql:1:74
  |
1 | {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', b...
  |                                                                          ^^^^^^^^^^
  |
  = note: each batch reads its inputs whole
  = help: set `event_time` in the configuration of an input

Parsed 2 nodes.

"#]]);
    project.run(window("2024-01-01", "2024-01-04")).succeeds();
    assert_eq!(project.query("select count(*) from daily"), json!([[1]]));
    project.run(["plan"]).succeeds().stdout_contains("microbatch by day of seen; create");
}

#[test]
fn settings_may_stand_in_yaml_and_the_template_may_ask_the_database() {
    let project = Project::new()
        .model("events", EVENTS)
        .model(
            "daily",
            "select id, seen, '{{ run_query('select 40 + 2').columns[0].values()[0] if execute }}' as asked, \
             {{ model.batch.event_time_start.day }} as day from {{ ref('events') }}",
        )
        .file(
            "models/_models.yml",
            "\
models:
  - name: daily
    config:
      materialized: incremental
      incremental_strategy: microbatch
      event_time: seen
      begin: 2024-01-01
      batch_size: day
      lookback: 2
      concurrent_batches: true
",
        );
    project.run(window("2024-01-02", "2024-01-04")).succeeds();
    assert_eq!(
        project.query("select id, asked, day from daily order by id"),
        json!([[2, "42", 2], [3, "42", 2], [4, "42", 3]])
    );
}

#[test]
fn checks_hold_for_each_batch() {
    let project = daily(", on_empty='error'", QUERY);
    project
        .run(window("2024-01-03", "2024-01-05"))
        .fails()
        .stderr_contains("error[SF305]: the query of `daily` gives no rows")
        .stderr_contains("in batch 2024-01-04");
    assert_eq!(project.query("select id from daily"), json!([[4]]));
}

#[test]
fn ephemeral_inputs_are_narrowed_where_they_are_read_and_inputs_may_have_an_alias() {
    let ephemeral = "{{ config(materialized='ephemeral', event_time='seen') }}\
                     select id + 10 as id, seen from {{ ref('events') }}";
    let query = "select a.id, a.seen, b.id as other from {{ ref('events') }} as a \
                 join {{ ref('late') }} b on b.seen = a.seen";
    let project = daily("", query).model("late", ephemeral);
    project.run(window("2024-01-02", "2024-01-03")).succeeds();
    assert_eq!(project.query("select id, other from daily order by id"), json!([[2, 12], [3, 13]]));
    let compiled = project.read("target/compiled/shop/models/daily/daily_2024-01-02.sql");
    assert!(compiled.contains("(select * from __dbt__cte__late where \"seen\" >= "), "{compiled}");
}

/// Events of an input that has no `event_time`, as a model that no batch narrows.
const WHOLE: &str = "\
{{ config(materialized='table') }}
select * from (values
  (0, timestamp '2023-12-31 23:59:59'),
  (1, timestamp '2024-01-01 00:00:00'),
  (2, timestamp '2024-01-02 12:00:00'),
  (3, timestamp '2024-01-03 00:00:00'),
  (4, null)
) v(id, seen)
";

#[test]
fn a_batch_writes_its_interval_only_where_no_input_is_narrowed() {
    let project = Project::new()
        .model("events", WHOLE)
        .model("daily", &model("", "select * from {{ ref('events') }}"));
    let mut args = window("2024-01-01", "2024-01-03").to_vec();
    for full_refresh in [false, true] {
        if full_refresh {
            args.push("--full-refresh");
        }
        project.run(&args).succeeds().stderr_contains("main.daily             2 rows").stderr_contains(
            "warning[SF504]: 3 rows of `daily` outside of the intervals that were built: left out",
        );
        assert_eq!(project.query("select id from daily order by id"), json!([[1], [2]]));
    }
    let results = project.json("target/run_results.json");
    let daily = &results["results"].as_array().unwrap()[1];
    assert_eq!(daily["adapter_response"]["rows_affected"], json!(2));
}

#[test]
fn rows_that_the_query_moves_out_of_their_interval_are_told() {
    let query = "select id, seen + interval 1 day as seen from {{ ref('events') }} \
                 union all select 9, null";
    let project = daily("", query);
    project.run(window("2024-01-01", "2024-01-04")).succeeds().stderr_contains(
        "warning[SF504]: 7 rows of `daily` outside of the interval that their batch is for: left out",
    );
    assert_eq!(project.query("select count(*) from daily"), json!([[0]]));
}

#[test]
fn a_first_batch_without_rows_is_told_or_refused() {
    for (reaction, relations) in [("warn", 2), ("error", 1)] {
        let project = Project::new().model("events", WHOLE).model(
            "daily",
            &model(&format!(", on_empty='{reaction}'"), "from {{ ref('events') }}"),
        );
        project
            .run(window("2025-01-01", "2025-01-02"))
            .stderr_contains("[SF305]: the query of `daily` gives no rows");
        assert_eq!(project.relations().len(), relations, "{reaction}");
    }
}
