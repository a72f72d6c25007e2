//! Snapshots: what rows were, from when to when.

use crate::project::{PROJECT_ROOT, Project};
use serde_json::{Value, json};

/// A snapshot of the table `raw.orders`, which tests change as a source system would.
fn project(config: &str) -> Project {
    let yaml = format!(
        "sources:\n  - name: raw\n    tables: [{{name: orders}}]\nsnapshots:\n  \
         - name: history\n    relation: source('raw', 'orders')\n    config: {{{config}}}\n"
    );
    let project = Project::new().file("snapshots/history.yml", &yaml);
    project.execute("create schema raw");
    project
}

/// The source holds exactly these rows of id, status, time of change.
fn source(project: &Project, rows: &str) {
    project
        .execute("create or replace table raw.orders (id int, status varchar, changed timestamp)");
    if !rows.is_empty() {
        project.execute(&format!("insert into raw.orders values {rows}"));
    }
}

fn snapshot(project: &Project) {
    project.run(["snapshot"]).succeeds();
}

/// Versions by key and begin: whether they still hold, and what they say.
fn versions(project: &Project) -> Value {
    project.query(
        "select id, status, dbt_valid_to is null from history order by id, dbt_valid_from, status",
    )
}

const TIMESTAMP: &str = "strategy: timestamp, unique_key: id, updated_at: changed";
const CHECK: &str = "strategy: check, unique_key: id, check_cols: all";
const FIRST: &str = "(1, 'new', '2024-01-01'), (2, 'new', '2024-01-01')";

#[test]
fn the_first_run_opens_a_version_of_every_row() {
    let project = project(TIMESTAMP);
    source(&project, FIRST);
    project.run(["snapshot"]).succeeds().tallies("PASS=1 WARN=0 ERROR=0 SKIP=0");
    assert_eq!(
        project.query("select * exclude (dbt_scd_id) from history order by id"),
        json!([
            [1, "new", "2024-01-01 00:00:00", "2024-01-01 00:00:00", "2024-01-01 00:00:00", null],
            [2, "new", "2024-01-01 00:00:00", "2024-01-01 00:00:00", "2024-01-01 00:00:00", null],
        ])
    );
}

#[test]
fn a_later_time_closes_one_version_and_opens_the_next() {
    let project = project(TIMESTAMP);
    source(&project, FIRST);
    snapshot(&project);
    source(&project, "(1, 'paid', '2024-02-01'), (2, 'gone unseen', '2024-01-01')");
    snapshot(&project);
    assert_eq!(
        project.query("select id, status, dbt_valid_from, dbt_valid_to from history order by all"),
        json!([
            [1, "new", "2024-01-01 00:00:00", "2024-02-01 00:00:00"],
            [1, "paid", "2024-02-01 00:00:00", null],
            [2, "new", "2024-01-01 00:00:00", null],
        ])
    );
}

#[test]
fn a_run_over_the_same_rows_changes_nothing() {
    for config in [TIMESTAMP, CHECK] {
        let project = project(&format!("{config}, hard_deletes: new_record"));
        source(&project, "(1, null, '2024-01-01'), (2, 'new', '2024-01-01')");
        snapshot(&project);
        let before = project.query("from history order by all");
        snapshot(&project);
        assert_eq!(project.query("from history order by all"), before, "{config}");
    }
}

#[test]
fn another_value_in_a_checked_column_opens_a_version() {
    let project = project("strategy: check, unique_key: id, check_cols: [status]");
    source(&project, "(1, 'new', '2024-01-01'), (2, null, '2024-01-01'), (3, 'x', '2024-01-01')");
    snapshot(&project);
    source(&project, "(1, null, '2024-01-01'), (2, 'y', '2024-01-01'), (3, 'x', '2024-05-05')");
    snapshot(&project);
    assert_eq!(
        versions(&project),
        json!([
            [1, "new", false],
            [1, null, true],
            [2, null, false],
            [2, "y", true],
            [3, "x", true]
        ])
    );
}

#[test]
fn values_are_compared_and_not_their_text() {
    let project = project("strategy: check, unique_key: id, check_cols: all");
    let table = |a: &str, b: &str| {
        project.execute(&format!(
            "create or replace table raw.orders as select 1 as id, {a} as a, {b} as b"
        ));
    };
    table("'x|'", "'y'");
    snapshot(&project);
    table("'x'", "'|y'");
    snapshot(&project);
    assert_eq!(project.query("select count(*) from history"), json!([[2]]));
}

#[test]
fn what_is_gone_stays_current_by_default() {
    let project = project(TIMESTAMP);
    source(&project, FIRST);
    snapshot(&project);
    source(&project, "(1, 'new', '2024-01-01')");
    snapshot(&project);
    assert_eq!(versions(&project), json!([[1, "new", true], [2, "new", true]]));
}

#[test]
fn what_is_gone_is_closed_where_deletes_invalidate() {
    for config in ["hard_deletes: invalidate", "invalidate_hard_deletes: true"] {
        let project = project(&format!("{TIMESTAMP}, {config}"));
        source(&project, FIRST);
        snapshot(&project);
        source(&project, "(1, 'new', '2024-01-01')");
        snapshot(&project);
        assert_eq!(versions(&project), json!([[1, "new", true], [2, "new", false]]), "{config}");
    }
}

#[test]
fn a_deletion_is_a_version_of_its_own_under_new_record() {
    let project = project(&format!("{CHECK}, hard_deletes: new_record"));
    source(&project, "(1, 'new', '2024-01-01')");
    snapshot(&project);
    source(&project, "");
    snapshot(&project);
    snapshot(&project);
    source(&project, "(1, 'back', '2024-03-01')");
    snapshot(&project);
    assert_eq!(
        project.query(
            "select status, dbt_is_deleted, dbt_valid_to is null from history order by dbt_valid_from"
        ),
        json!([["new", "False", false], ["new", "True", false], ["back", "False", true]])
    );
}

#[test]
fn a_key_that_comes_back_opens_a_version_after_the_one_that_was_closed() {
    let project = project(&format!("{TIMESTAMP}, hard_deletes: invalidate"));
    source(&project, "(1, 'new', '2024-01-01')");
    snapshot(&project);
    source(&project, "");
    snapshot(&project);
    source(&project, "(1, 'new', '2024-01-01')");
    snapshot(&project);
    assert_eq!(
        project.query(
            "select count(*), count(*) filter (dbt_valid_to is null), \
             bool_and(dbt_valid_from < coalesce(dbt_valid_to, 'infinity')), \
             min(dbt_valid_to) <= max(dbt_valid_from) from history"
        ),
        json!([[2, 1, true, true]])
    );
}

#[test]
fn a_date_that_does_not_advance_gives_way_to_the_time_of_the_run() {
    let project =
        project("strategy: check, unique_key: id, check_cols: [status], updated_at: changed");
    source(&project, "(1, 'new', '2024-01-01')");
    snapshot(&project);
    source(&project, "(1, 'paid', '2023-01-01')");
    snapshot(&project);
    assert_eq!(
        project.query(
            "select bool_and(dbt_valid_from < coalesce(dbt_valid_to, 'infinity')) from history"
        ),
        json!([[true]])
    );
}

#[test]
fn a_key_may_be_several_columns() {
    let project = project("strategy: check, unique_key: [id, status], check_cols: [changed]");
    source(&project, "(1, 'a', '2024-01-01'), (1, 'b', '2024-01-01')");
    snapshot(&project);
    source(&project, "(1, 'a', '2024-01-01'), (1, 'b', '2024-02-01')");
    snapshot(&project);
    assert_eq!(versions(&project), json!([[1, "a", true], [1, "b", false], [1, "b", true]]));
}

#[test]
fn the_columns_may_have_other_names_and_an_end_of_their_own() {
    let project = project(
        "strategy: timestamp, unique_key: id, updated_at: changed, hard_deletes: new_record, \
         dbt_valid_to_current: \"timestamp '9999-12-31'\", snapshot_meta_column_names: \
         {dbt_valid_from: since, dbt_valid_to: until, dbt_scd_id: version, dbt_updated_at: seen, \
         dbt_is_deleted: deleted}",
    );
    source(&project, FIRST);
    snapshot(&project);
    source(&project, "(1, 'paid', '2024-02-01')");
    snapshot(&project);
    assert_eq!(
        project.query(
            "select id, status, since, case when year(until) = 9999 then until when year(until) = \
             2024 then until end, deleted from history where deleted = 'False' order by id, since"
        ),
        json!([
            [1, "new", "2024-01-01 00:00:00", "2024-02-01 00:00:00", "False"],
            [1, "paid", "2024-02-01 00:00:00", "9999-12-31 00:00:00", "False"],
            [2, "new", "2024-01-01 00:00:00", null, "False"],
        ])
    );
    assert_eq!(
        project.query("select id, year(until) from history where deleted = 'True'"),
        json!([[2, 9999]])
    );
}

#[test]
fn a_new_column_opens_versions_only_where_it_has_a_value() {
    let project = project(CHECK);
    project.execute("create table raw.orders as select 1 as id union all select 2");
    snapshot(&project);
    project.execute(
        "create or replace table raw.orders as select 1 as id, 'x' as note union all select 2, null",
    );
    snapshot(&project);
    assert_eq!(
        project.query(
            "select id, note, dbt_valid_to is null from history order by id, note nulls first"
        ),
        json!([[1, null, false], [1, "x", true], [2, null, true]])
    );
}

#[test]
fn a_column_that_the_query_drops_stays_and_gets_null() {
    let project = project(TIMESTAMP);
    source(&project, FIRST);
    snapshot(&project);
    project.execute(
        "create or replace table raw.orders as select 1 as id, timestamp '2024-02-01' as changed",
    );
    snapshot(&project);
    assert_eq!(versions(&project), json!([[1, "new", false], [1, null, true], [2, "new", true]]));
}

#[test]
fn a_type_that_widens_without_loss_is_widened() {
    let project = project("strategy: check, unique_key: id, check_cols: all");
    let table = |amount: &str| {
        project.execute(&format!(
            "create or replace table raw.orders as select 1::int as id, {amount} as amount"
        ));
    };
    table("1::int");
    snapshot(&project);
    table("5000000000::bigint");
    snapshot(&project);
    table("7::smallint");
    snapshot(&project);
    assert_eq!(
        project.query("select amount, typeof(amount) from history order by dbt_valid_from"),
        json!([[1, "BIGINT"], [5_000_000_000_i64, "BIGINT"], [7, "BIGINT"]])
    );
}

const BLOCKS: &str = "\
{% snapshot paid %}
{{ config(strategy='check', unique_key='id', check_cols=['status'], target_schema='past') }}
select * from {{ source('raw', 'orders') }} where status = 'paid'
{% endsnapshot %}

What stands between the blocks means nothing.

{% snapshot open %}
{{ config(strategy='timestamp', unique_key='id', updated_at='changed') }}
select * from {{ source('raw', 'orders') }} where status <> 'paid'
{% endsnapshot %}
";

fn blocks() -> Project {
    let yaml = "\
sources:
  - name: raw
    tables: [{name: orders}]
snapshots:
  - name: open
    description: what is not paid
    config: {tags: [hot], schema: live}
    columns: [{name: id, data_tests: [not_null]}]
";
    let project = Project::new()
        .file("snapshots/orders.sql", BLOCKS)
        .file("models/_models.yml", yaml)
        .model("paid_now", "select id from {{ ref('paid') }} where dbt_valid_to is null");
    project.execute("create schema raw");
    source(&project, "(1, 'paid', '2024-01-01'), (2, 'new', '2024-01-01')");
    project
}

#[test]
fn a_file_may_hold_several_blocks() {
    let project = blocks();
    project.run(["build"]).succeeds().tallies("PASS=4 WARN=0 ERROR=0 SKIP=0");
    let relations = ["main.paid_now", "main_live.open", "past.paid", "raw.orders"];
    assert_eq!(project.relations(), relations);
    assert_eq!(project.query("from paid_now"), json!([[1]]));
    assert!(project.has("target/compiled/shop/snapshots/orders.sql/paid.sql"));
    assert!(project.has("target/run/shop/snapshots/orders.sql/open.sql"));
}

#[test]
fn snapshots_are_selected_as_other_nodes_are() {
    let project = blocks();
    for (args, expected) in [
        (&["--resource-type", "snapshot"][..], &["open", "paid"][..]),
        (&["-s", "resource_type:snapshot"], &["open", "paid", "not_null_open_id"]),
        (&["-s", "tag:hot", "--resource-type", "snapshot"], &["open"]),
        (&["-s", "path:snapshots", "--resource-type", "snapshot"], &["open", "paid"]),
        (&["-s", "shop.orders.paid"], &["paid"]),
        (&["-s", "paid+"], &["paid_now", "paid"]),
        (&["-s", "config.materialized:snapshot", "--resource-type", "snapshot"], &["open", "paid"]),
    ] {
        let ran = project.run([&["ls", "--output", "name"][..], args].concat()).succeeds();
        assert_eq!(ran.lines(), expected, "{args:?}");
    }
}

#[test]
fn run_builds_models_and_snapshot_builds_snapshots() {
    let project = blocks();
    project.run(["snapshot"]).succeeds().tallies("PASS=2 WARN=0 ERROR=0 SKIP=0");
    project.run(["run"]).succeeds().tallies("PASS=1 WARN=0 ERROR=0 SKIP=0");
}

#[test]
fn the_manifest_holds_snapshots_as_dbt_writes_them() {
    let project = blocks();
    project.run(["build"]).succeeds();
    let manifest = project.json("target/manifest.json");
    let node = &manifest["nodes"]["snapshot.shop.open"];
    for (key, expected) in [
        ("resource_type", json!("snapshot")),
        ("path", json!("orders.sql")),
        ("original_file_path", json!("snapshots/orders.sql")),
        ("fqn", json!(["shop", "orders", "open"])),
        ("schema", json!("main_live")),
        ("description", json!("what is not paid")),
        ("sources", json!([["raw", "orders"]])),
    ] {
        assert_eq!(node[key], expected, "{key}");
    }
    for (key, expected) in [
        ("materialized", json!("snapshot")),
        ("strategy", json!("timestamp")),
        ("unique_key", json!("id")),
        ("updated_at", json!("changed")),
        ("tags", json!(["hot"])),
        ("check_cols", json!(null)),
        ("target_schema", json!(null)),
    ] {
        assert_eq!(node["config"][key], expected, "{key}");
    }
    let code = node["raw_code"].as_str().unwrap();
    assert!(
        code.starts_with("\n{{ config(strategy='timestamp'") && code.ends_with("'paid'\n"),
        "{code}"
    );
}

#[test]
fn the_plan_says_how_versions_are_kept() {
    let project = project(&format!("{CHECK}, hard_deletes: invalidate"));
    project
        .run(["plan"])
        .succeeds()
        .stdout_contains("versions of id, a new one for any other value; close what is gone");
}

#[test]
fn compiling_needs_no_database_and_shows_both_alternatives() {
    let project = project(TIMESTAMP);
    project.run(["compile"]).succeeds();
    let script = project.read("target/run/shop/snapshots/history.yml/history.sql");
    for text in ["-- publish when: the relation is made anew", "-- publish when: the rows stay"] {
        assert!(script.contains(text), "{script}");
    }
    assert_eq!(
        project.read("target/compiled/shop/snapshots/history.yml/history.sql").trim(),
        "select * from \"shop\".\"raw\".\"orders\""
    );
}

#[test]
fn what_is_executed_is_what_was_written() {
    let project = project(TIMESTAMP);
    source(&project, FIRST);
    snapshot(&project);
    snapshot(&project);
    let script = project.read("target/run/shop/snapshots/history.yml/history.sql");
    assert!(!script.contains('…') && script.contains("\"status\""), "{script}");
}

#[test]
fn the_run_results_count_what_became_of_the_rows() {
    let project = project(&format!("{CHECK}, hard_deletes: invalidate"));
    source(&project, "(1, 'a', null), (2, 'a', null), (3, 'a', null)");
    snapshot(&project);
    source(&project, "(1, 'a', null), (2, 'b', null), (4, 'a', null)");
    snapshot(&project);
    let results = project.json("target/run_results.json");
    assert_eq!(
        results["results"][0]["adapter_response"],
        json!({
            "rows_affected": 2, "rows_read": 3, "rows_inserted": 1, "rows_updated": 1,
            "rows_unchanged": 1, "rows_absent": 1, "versions_closed": 2,
        })
    );
}

// proves: L-14
#[test]
fn a_full_refresh_leaves_the_versions() {
    let project = project(CHECK);
    source(&project, "(1, 'a', null)");
    project.run(["snapshot", "--full-refresh"]).succeeds().stderr_lacks("SF323");
    source(&project, "(1, 'b', null)");
    project
        .run(["build", "--full-refresh"])
        .succeeds()
        .stderr_contains("note[SF323]: --full-refresh leaves snapshot `history` as it is");
    assert_eq!(project.query("select count(*) from history"), json!([[2]]));
}

#[test]
fn hooks_run_around_a_snapshot_and_with_it() {
    let project = project(&format!(
        "{CHECK}, pre_hook: \"create or replace table seen as select count(*) as n from raw.orders\", \
         post_hook: \"update {{{{ this }}}} set status = upper(status)\""
    ));
    source(&project, "(1, 'a', null)");
    snapshot(&project);
    assert_eq!(project.query("select n, status from seen, history"), json!([[1, "A"]]));
}

#[test]
fn defaults_come_from_the_project_file() {
    let project = project("unique_key: id").file(
        "sqlflow.yml",
        "name: shop\nsnapshots:\n  shop:\n    +strategy: check\n    +check_cols: all\n    \
         +schema: past\n",
    );
    source(&project, FIRST);
    snapshot(&project);
    assert_eq!(project.relations(), ["main_past.history", "raw.orders"]);
}

#[test]
fn a_snapshot_that_is_switched_off_is_not_there() {
    let project = project(&format!("{CHECK}, enabled: false"));
    project.run(["snapshot"]).succeeds().stderr_contains("Nothing to do.");
}

#[test]
fn a_snapshot_may_read_models_and_be_shown() {
    let yaml = "\
snapshots:
  - name: history
    relation: ref('orders')
    config: {strategy: check, unique_key: id, check_cols: all}
";
    let project = Project::new()
        .file("snapshots/deep/history.yml", yaml)
        .model("orders", "{{ config(materialized='ephemeral') }} select 1 as id, 'a' as status");
    project.run(["build"]).succeeds();
    project
        .run(["show", "history", "--output", "csv"])
        .succeeds()
        .stdout_contains("dbt_valid_from");
    let ran = project.run(["ls", "--resource-type", "snapshot"]).succeeds();
    assert_eq!(ran.lines(), ["shop.deep.history"]);
}

/// The files in the fenced blocks of docs/reference/snapshots.md whose first line names them.
fn documented() -> Vec<(String, String)> {
    let path = std::path::Path::new(PROJECT_ROOT).join("docs/reference/snapshots.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("\n```").skip(1).step_by(2);
    let file = |block: &str| {
        let (_, body) = block.split_once('\n')?;
        let (name, rest) = body.split_once('\n')?;
        let name = name.strip_prefix("-- ").or_else(|| name.strip_prefix("# "))?;
        Some((name.to_owned(), format!("{rest}\n")))
    };
    blocks.filter_map(file).collect()
}

/// The rows of the tables in the page that have a column `dbt_valid_to`.
fn documented_rows() -> Vec<Vec<Vec<String>>> {
    let path = std::path::Path::new(PROJECT_ROOT).join("docs/reference/snapshots.md");
    let text = std::fs::read_to_string(path).unwrap();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let tables = text.split("| dbt_valid_to |\n").skip(1);
    let rows =
        |table: &str| table.lines().skip(1).take_while(|l| l.starts_with('|')).map(cells).collect();
    tables.map(rows).collect()
}

#[test]
fn the_examples_of_the_reference_do_what_it_says() {
    let project = Project::new();
    let tables = documented_rows();
    let (mut seen, mut models) = (0, 0);
    for (name, text) in documented() {
        let day = usize::from(name == "models/orders.sql");
        if models == 1 && day == 1 {
            project.run(["build"]).succeeds();
            check_documented(&project, &tables[0]);
            seen += 1;
        }
        models += day;
        project.write(&name, &text);
    }
    project.run(["build"]).succeeds();
    check_documented(&project, &tables[1]);
    assert_eq!((seen, models, tables.len()), (1, 2, 2));
    assert_eq!(
        project.query("from orders_on_the_first order by id"),
        json!([[1, "open"], [2, "open"]])
    );
    assert_eq!(project.query("select price from prices_history"), json!([["4.50"]]));
}

#[track_caller]
fn check_documented(project: &Project, expected: &[Vec<String>]) {
    let rows = project.query(
        "select id::varchar, status, updated_at::varchar, dbt_valid_from::varchar, \
         coalesce(dbt_valid_to::varchar, '') from orders_history order by id, dbt_valid_from",
    );
    assert_eq!(rows, json!(expected));
}

#[test]
fn a_file_may_get_a_second_block_and_lose_it_again() {
    let block = |name: &str| {
        format!(
            "{{% snapshot {name} %}}{{{{ config(strategy='check', unique_key='id', \
             check_cols='all') }}}} select 1 as id{{% endsnapshot %}}\n"
        )
    };
    let project = Project::new();
    for text in [block("a"), block("a") + &block("b"), block("a")] {
        project.write("snapshots/all.sql", &text);
        project.run(["build"]).succeeds();
    }
    assert!(project.read("target/run/shop/snapshots/all.sql").contains("-- publish"));
}
