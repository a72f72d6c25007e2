//! The SQL of an engine that this machine cannot reach, and what an engine cannot do.

use super::both::OUTPUTS;
use crate::project::Project;
use snapbox::str;

fn shop() -> Project {
    Project::empty().file("sqlflow.yml", "name: shop\n").file("profiles.yml", OUTPUTS)
}

#[test]
fn the_sql_of_another_engine_is_written_without_its_output() {
    let project = shop()
        .file("seeds/raw.csv", "id,at\n1,2024-01-01\n")
        .model("later", "select {{ dbt.dateadd('day', 1, 'at') }} as at, '{{ target.type }}' as t from {{ ref('raw') }}")
        .model("kept", "{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge') }} select id from {{ ref('raw') }}");
    project.run(["compile", "--engine", "postgres"]).succeeds();
    let later = project.read("target/compiled/shop/models/later.sql");
    assert_eq!(
        later,
        "select at + ((interval '1 day') * (1)) as at, 'postgres' as t from \"postgres\".\"own\".\"raw\""
    );
    let run = project.read("target/run/shop/models/later.sql");
    assert!(run.contains("pg_get_viewdef"), "{run}");
    let run = project.read("target/run/shop/models/kept.sql");
    assert!(run.contains("create temporary table"), "{run}");
    assert!(!project.has("here.duckdb"));
    project.run(["compile", "--target", "pg", "--engine", "duckdb"]).succeeds();
    let later = project.read("target/compiled/shop/models/later.sql");
    assert!(later.contains("to_days") || later.contains("interval 1 day"), "{later}");
    assert!(later.ends_with("from \"memory\".\"own\".\"raw\""), "{later}");
    project
        .run(["compile", "--engine", "oracle"])
        .exits(2)
        .stderr_contains("this version writes the SQL of duckdb, postgres");
    project.run(["compile", "--engine", "postgres", "--introspect"]).exits(2);
}

#[test]
fn a_target_that_cannot_be_reached_is_compiled_and_not_built() {
    let project = shop().model("here", "select 1 as id").model(
        "asks",
        "{% if execute %}{% set a = run_query('select 1') %}{% endif %} select 1 as a",
    );
    let words = ["--target", "pg"];
    project
        .run(["compile"].iter().chain(&words))
        .succeeds()
        .stderr_contains("1 node needs a connection: asks");
    assert!(
        project
            .read("target/run/shop/models/here.sql")
            .contains("create view \"postgres\".\"own\"")
    );
    project.run(["ls"].iter().chain(&words)).succeeds();
    project.run(["plan"].iter().chain(&words)).succeeds();
    project.run(["build"].iter().chain(&words)).exits(3).stderr_contains("error[SF601]");
}

#[test]
fn what_duckdb_lacks_is_said_where_it_is_asked_for() {
    let project =
        shop().model("kept", "{{ config(materialized='materialized_view') }}\nselect 1 as id");
    project.run(["compile"]).fails().stderr_is(str![[r#"
error[SF117]: `kept` cannot be built: DuckDB has no materialized views
 --> models/kept.sql:1:11
  |
1 | {{ config(materialized='materialized_view') }}
  |           ^^^^^^^^^^^^

Compiled 0 nodes to [PROJECT]/target.

"#]]);
    project.run(["build"]).fails_with("SF117");
    project.run(["compile", "--engine", "postgres"]).succeeds();
}

#[test]
fn names_that_the_server_would_cut_are_refused() {
    let long = "a".repeat(64);
    let wide = "ä".repeat(32);
    let longest = "b".repeat(63);
    let project = shop()
        .model(&long, "select 1 as id")
        .model("wide", &format!("{{{{ config(alias='{wide}') }}}} select 1 as id"))
        .model(&longest, "{{ config(materialized='table') }} select 1 as id")
        .model("columns", "select 1 as id")
        .model("far", "{{ config(database='other') }} select 1 as id")
        .file(
            "models/columns.yml",
            &format!(
                "version: 2\nmodels:\n  - name: columns\n    columns:\n      - name: {long}\n"
            ),
        );
    project.run(["compile"]).succeeds();
    project.run(["compile", "--target", "pg"]).fails().stderr_is(str![[r#"
error[SF117]: relation `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` has a name of 64 bytes, and postgres keeps 63
 --> models/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sql:1:1
  |
1 | select 1 as id
  | ^
  |
  = help: give it a shorter one with `alias:`

error[SF117]: column `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` has a name of 64 bytes, and postgres keeps 63
 --> models/columns.sql:1:1
  |
1 | select 1 as id
  | ^

error[SF117]: `far` is in database `other`, and the target is in `postgres`
 --> models/far.sql:1:11
  |
1 | {{ config(database='other') }} select 1 as id
  |           ^^^^^^^^
  |
  = help: use a schema of its own, or an output with that `dbname:`

error[SF117]: relation `ääääääääääääääääääääääääääääääää` has a name of 64 bytes, and postgres keeps 63
 --> models/wide.sql:1:11
  |
1 | {{ config(alias='ääääääääääääääääääääääääääääääää') }} select 1 as id
  |           ^^^^^
  |
  = help: give it a shorter one with `alias:`

Compiled 1 node to [PROJECT]/target.

"#]]);
}
