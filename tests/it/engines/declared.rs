//! What a project declares and asks in the words of PostgreSQL: types, hooks without a transaction,
//! numbers without bounds.

use super::both::Both;
use serde_json::json;

// proves: T-6
#[test]
fn columns_are_asked_for_by_names_that_the_database_takes() {
    let both = Both::shop(|project| {
        project
            .model(
                "types",
                "{{ config(materialized='table') }}\nselect 1 as a, 1.5::double precision as b, 'x'::bytea as c, \
                 '{}'::jsonb as d, 'x'::text as e, now() as f, '{1}'::int[] as g, 1.5::numeric(4,2) as h, 1::numeric as i",
            )
            .model(
                "again",
                "{{ config(materialized='table') }}\n-- depends_on: {{ ref('types') }}\nselect {% for c in \
                 adapter.get_columns_in_relation(ref('types')) %}cast(null as {{ c.data_type }}) as {{ c.name }}\
                 {{ ', ' if not loop.last }}{% endfor %}",
            )
    });
    both.on_postgres(&["build"]).succeeds();
    let types = "select string_agg(format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute \
                 where attrelid = 'own.again'::regclass and attnum > 0";
    assert_eq!(
        both.asked(types),
        json!([[
            "integer, double precision, bytea, jsonb, text, timestamp with time zone, integer[], \
                 numeric(4,2), numeric"
        ]])
    );
}

#[test]
fn a_hook_without_a_transaction_runs_after_the_commit() {
    let both = Both::shop(|project| {
        project.model(
            "t",
            "{{ config(materialized='table', post_hook=[{'sql': 'vacuum {{ this }}', 'transaction': false}]) }}\n\
             select 1 as id",
        )
    });
    both.on_postgres(&["build"]).succeeds();
    both.project.write(
        "models/t.sql",
        "{{ config(materialized='table', post_hook=[{'sql': 'vacuum own.gone', 'transaction': false}]) }}\n\
         select 2 as id",
    );
    let ran = both.on_postgres(&["build"]).fails_with("SF502").stderr_contains("in this post_hook");
    ran.stderr_contains("published all the same");
    assert_eq!(both.asked("select id from own.t"), json!([[2]]));
}

#[test]
fn an_error_of_syntax_brings_no_warning_of_the_server() {
    let both = Both::shop(|project| project.model("v", "select from where"));
    both.on_postgres(&["build"]).fails_with("SF502").stderr_lacks("SF505");
}

// proves: T-6
#[test]
fn numbers_without_bounds_leave_as_text_and_that_is_told() {
    let both = Both::shop(|project| {
        project
            .model("total", "{{ config(materialized='table') }}\nselect sum(x) as total from (values (1::bigint)) as t(x)")
            .file(
                "models/exports.yml",
                "exports:\n  - name: out\n    from: ref('total')\n    path: out/total.parquet\n",
            )
    });
    let ran = both.on_postgres(&["build"]).succeeds().stderr_contains("warning[SF328]");
    ran.stderr_contains("column `total` is `numeric`");
}

#[test]
fn declared_types_of_the_server_are_read_or_refused_by_name() {
    let both = Both::shop(|project| {
        project.file("seeds/s.csv", "a,b\n1.23456789,\"{\"\"x\"\": 1}\"\n").file(
            "seeds/s.yml",
            "seeds:\n  - name: s\n    config: {column_types: {a: 'numeric(12,8)', b: jsonb}}\n",
        )
    });
    both.on_postgres(&["seed"]).succeeds();
    assert_eq!(both.asked("select a::text, b->>'x' from own.s"), json!([["1.23456789", "1"]]));
    for name in ["numeric", "inet"] {
        let yaml = format!("seeds:\n  - name: s\n    config: {{column_types: {{a: {name}}}}}\n");
        both.project.write("seeds/s.yml", &yaml);
        let ran = both.on_postgres(&["seed"]).fails_with("SF117");
        ran.stderr_contains(&format!("column `a` is declared as `{name}`"));
    }
}

#[test]
fn options_of_tables_mean_nothing_for_views() {
    let both = Both::shop(|project| {
        project.model("v", "{{ config(indexes=[{'columns': ['id']}]) }}\nselect 1 as id").model(
            "m",
            "{{ config(materialized='materialized_view', unlogged=true) }}\nselect 1 as id",
        )
    });
    let ran = both.on_postgres(&["build"]).succeeds();
    ran.stderr_contains("`indexes` is not applied to a view")
        .stderr_contains("`unlogged` is not applied to a materialized view");
}

#[test]
fn what_json_lacks_and_a_role_may_not_is_told_with_help() {
    let both = Both::shop(|project| project.model("j", "select '{}'::json = '{}'::json as same"));
    let ran = both.on_postgres(&["build"]).fails_with("SF502");
    ran.stderr_contains("cast them to jsonb");
    both.server.run("create schema theirs; create table theirs.t (id int); create role poor login; grant create on database postgres to poor; grant usage on schema theirs to poor");
    both.project
        .write("models/j.sql", "{{ config(materialized='table') }}\nselect * from theirs.t");
    let profiles = both.project.read("profiles.yml").replace("user: postgres", "user: poor");
    both.project.write("profiles.yml", &profiles);
    both.server.run("drop schema if exists own cascade");
    let ran =
        both.on_postgres(&["build"]).exits(3).stderr_contains("permission denied for table t");
    ran.stderr_contains("have its owner grant");
    both.server.run("alter role poor set default_transaction_read_only = on");
    both.on_postgres(&["debug"]).stdout_contains("transactions of `poor` are read-only");
}
