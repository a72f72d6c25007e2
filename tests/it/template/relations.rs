//! What templates do to relations and schemas.

use super::database::Database;
use super::fixture::*;
use sqlflow::template::*;
use std::sync::Arc;

const CASES: &[(&str, &str)] = &[
    ("{% do adapter.drop_relation(ref('a')) %}", r#"drop table if exists "db"."main"."a" cascade"#),
    (
        "{{ drop_relation_if_exists(api.Relation.create(schema='s', identifier='i', type='view')) }}",
        r#"drop view if exists "s"."i" cascade"#,
    ),
    (
        "{% do adapter.drop_relation(api.Relation.create(identifier='i', type='materialized_view')) %}",
        r#"drop materialized view if exists "i" cascade"#,
    ),
    (
        "{% do adapter.rename_relation(from_relation=ref('a'), to_relation=ref('b')) %}",
        r#"alter table "db"."main"."a" rename to "b""#,
    ),
    ("{% do adapter.truncate_relation(ref('a')) %}", r#"truncate table "db"."main"."a""#),
    ("{% do adapter.create_schema(ref('a')) %}", r#"create schema if not exists "db"."main""#),
    (
        "{% do adapter.create_schema(api.Relation.create(database='d', schema='s')) %}",
        r#"create schema if not exists "d"."s""#,
    ),
    ("{% do adapter.create_schema('d', 's') %}", r#"create schema if not exists "d"."s""#),
    ("{{ create_schema(this) }}", r#"create schema if not exists "db"."main""#),
    ("{% do adapter.drop_schema(this) %}", r#"drop schema if exists "db"."main" cascade"#),
];

#[test]
fn relations_are_dropped_renamed_and_made_by_the_database() {
    for (text, expected) in CASES {
        let database = Arc::new(Database::default());
        let project = Project { database: Some(database.clone()), ..Project::default() };
        let printed = render_with(&[], text, project).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        assert_eq!(printed, "", "{text}");
        assert_eq!(database.statements(), [*expected], "{text}");
    }
}

#[test]
fn nothing_is_done_while_references_are_collected_and_a_database_is_needed_after() {
    for (text, _) in CASES {
        let database = Arc::new(Database::default());
        let project =
            Project { execute: false, database: Some(database.clone()), ..Project::default() };
        assert_eq!(render_with(&[], text, project).unwrap(), "", "{text}");
        assert!(database.statements().is_empty(), "{text}");
        let error = render(&[], text).unwrap_err();
        assert!(matches!(error.kind, Kind::NeedsConnection), "{text}: {error:?}");
        assert!(error.help.unwrap().contains("built"));
    }
}

#[test]
fn a_project_says_itself_how_relations_are_dropped() {
    let own = (
        "shop",
        "macros/own.sql",
        "{% macro duckdb__drop_relation(relation) %}{% call statement() %}forget {{ relation }}{% endcall %}{% endmacro %}",
    );
    let database = Arc::new(Database::default());
    let project = Project { database: Some(database.clone()), ..Project::default() };
    render_with(&[own], "{% do adapter.drop_relation(this) %}", project).unwrap();
    assert_eq!(database.statements(), [r#"forget "db"."main"."me""#]);
}

#[test]
fn relations_are_made_of_others_and_looked_up() {
    let cases = [
        (
            "{{ make_temp_relation(this) }} {{ make_temp_relation(this, '_x').identifier }}",
            r#""me__dbt_tmp" me_x"#,
        ),
        ("{{ make_intermediate_relation(this) }}", r#""db"."main"."me__dbt_tmp""#),
        (
            "{% set b = make_backup_relation(this, 'view') %}{{ b }} {{ b.type }}",
            r#""db"."main"."me__dbt_backup" view"#,
        ),
        (
            "{% set found, r = get_or_create_relation('db', 's', 'gone', 'table') %}{{ found }} {{ r }} {{ r.type }}",
            r#"False "db"."s"."gone" table"#,
        ),
        (
            "{% set found, r = get_or_create_relation(database='db', schema='s', identifier='v', type='table') %}{{ found }} {{ r }} {{ r.type }}",
            r#"True "db"."s"."v" view"#,
        ),
        (
            "{{ load_cached_relation(this).type }} {{ load_relation(api.Relation.create(identifier='gone')) }}",
            "view None",
        ),
        (
            "{{ drop_relation_if_exists(load_relation(api.Relation.create(identifier='gone'))) }}",
            "",
        ),
        (
            "{{ get_empty_subquery_sql('select 1') }}",
            "select * from (\n    select 1\n) as no_rows\nwhere false\nlimit 0",
        ),
        ("{{ get_columns_in_query('select 1') }}", "['id', 'name']"),
        ("{{ get_where_subquery(this) }}", r#""db"."main"."me""#),
        (
            "{{ config(where='a > 1') }}{{ get_where_subquery(this) }}",
            r#"(select * from "db"."main"."me" where a > 1) dbt_subquery"#,
        ),
        (
            "{% call noop_statement('main', message='done', code='OK') %}select 1{% endcall %}{{ load_result('main') is none }}",
            "False",
        ),
        (
            "{{ dbt.create_table_as(true, this, 'select 1') }} {{ dbt.get_create_view_as_sql(this, 'select 1') }}",
            "create temporary table \"me\" as (\n    select 1\n); create view \"db\".\"main\".\"me\" as (\n    select 1\n);",
        ),
        ("{{ dbt.get_quoted_csv(['a', 'b']) }} {{ dbt.equals('a', 'b') }}", r#""a", "b" (a = b)"#),
        (
            "{% call set_sql_header(config) %}set x{% endcall %}{{ config.get('sql_header') }}",
            "set x",
        ),
        ("{{ this.incorporate(path={'schema': none, 'identifier': 'x'}) }}", r#""db"."x""#),
    ];
    for (text, expected) in cases {
        let project =
            Project { database: Some(Arc::new(Database::default())), ..Project::default() };
        match render_with(&[], text, project) {
            Ok(result) => assert_eq!(result, expected, "{text}"),
            Err(error) => panic!("{text}: {error:?}"),
        }
    }
}
