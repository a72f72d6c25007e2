{# Relations and schemas: making, renaming and dropping them, and names made of other names. #}

{% macro drop_relation(relation) -%}
    {{ return(adapter.dispatch('drop_relation', 'dbt')(relation)) }}
{%- endmacro %}
{% macro default__drop_relation(relation) -%}
    {%- call statement('drop_relation', auto_begin=false) -%}
        drop {{ relation_keyword(relation) }} if exists {{ relation }} cascade
    {%- endcall -%}
{%- endmacro %}

{% macro rename_relation(from_relation, to_relation) -%}
    {{ return(adapter.dispatch('rename_relation', 'dbt')(from_relation, to_relation)) }}
{%- endmacro %}
{% macro default__rename_relation(from_relation, to_relation) -%}
    {%- set known = from_relation if from_relation.type else to_relation -%}
    {%- call statement('rename_relation') -%}
        alter {{ relation_keyword(known) }} {{ from_relation }} rename to {{ adapter.quote(to_relation.identifier) }}
    {%- endcall -%}
{%- endmacro %}

{% macro truncate_relation(relation) -%}
    {{ return(adapter.dispatch('truncate_relation', 'dbt')(relation)) }}
{%- endmacro %}
{% macro default__truncate_relation(relation) -%}
    {%- call statement('truncate_relation') -%}truncate table {{ relation }}{%- endcall -%}
{%- endmacro %}

{% macro create_schema(relation) -%}
    {{ return(adapter.dispatch('create_schema', 'dbt')(relation)) }}
{%- endmacro %}
{% macro default__create_schema(relation) -%}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ relation.without_identifier() }}
    {%- endcall -%}
{%- endmacro %}

{% macro postgres__create_schema(relation) -%}
    {{ return(default__create_schema(relation.include(database=false))) }}
{%- endmacro %}

{% macro drop_schema(relation) -%}
    {{ return(adapter.dispatch('drop_schema', 'dbt')(relation)) }}
{%- endmacro %}
{% macro default__drop_schema(relation) -%}
    {%- call statement('drop_schema') -%}
        drop schema if exists {{ relation.without_identifier() }} cascade
    {%- endcall -%}
{%- endmacro %}

{% macro postgres__drop_schema(relation) -%}
    {{ return(default__drop_schema(relation.include(database=false))) }}
{%- endmacro %}

{% macro drop_relation_if_exists(relation) -%}
    {%- if relation -%}{%- do adapter.drop_relation(relation) -%}{%- endif -%}
{%- endmacro %}

{# What a relation is called in `drop` and `alter`; what nobody knows is taken for a table. #}
{% macro relation_keyword(relation) -%}
    {{ return((relation.type or 'table') | replace('_', ' ')) }}
{%- endmacro %}

{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') -%}
    {{ return(adapter.dispatch('make_temp_relation', 'dbt')(base_relation, suffix)) }}
{%- endmacro %}
{% macro default__make_temp_relation(base_relation, suffix='__dbt_tmp') -%}
    {{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix})) }}
{%- endmacro %}
{# A temporary table stands in no schema of the user's. #}
{% macro duckdb__make_temp_relation(base_relation, suffix='__dbt_tmp') -%}
    {%- set path = {'database': none, 'schema': none, 'identifier': base_relation.identifier ~ suffix} -%}
    {{ return(base_relation.incorporate(path=path)) }}
{%- endmacro %}
{% macro postgres__make_temp_relation(base_relation, suffix='__dbt_tmp') -%}
    {{ return(duckdb__make_temp_relation(base_relation, suffix)) }}
{%- endmacro %}

{% macro make_intermediate_relation(base_relation, suffix='__dbt_tmp') -%}
    {{ return(adapter.dispatch('make_intermediate_relation', 'dbt')(base_relation, suffix)) }}
{%- endmacro %}
{% macro default__make_intermediate_relation(base_relation, suffix='__dbt_tmp') -%}
    {{ return(default__make_temp_relation(base_relation, suffix)) }}
{%- endmacro %}

{% macro make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') -%}
    {{ return(adapter.dispatch('make_backup_relation', 'dbt')(base_relation, backup_relation_type, suffix)) }}
{%- endmacro %}
{% macro default__make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') -%}
    {%- set backup = default__make_temp_relation(base_relation, suffix) -%}
    {{ return(backup.incorporate(type=backup_relation_type)) }}
{%- endmacro %}

{% macro load_relation(relation) -%}
    {{ return(load_cached_relation(relation)) }}
{%- endmacro %}

{% macro load_cached_relation(relation) -%}
    {{ return(adapter.get_relation(relation.database, relation.schema, relation.identifier)) }}
{%- endmacro %}

{# Whether the relation is there, and the relation. #}
{% macro get_or_create_relation(database, schema, identifier, type) -%}
    {{ return(adapter.dispatch('get_or_create_relation', 'dbt')(database, schema, identifier, type)) }}
{%- endmacro %}
{% macro default__get_or_create_relation(database, schema, identifier, type) -%}
    {%- set found = adapter.get_relation(database, schema, identifier) -%}
    {%- set relation = found or api.Relation.create(database, schema, identifier, type) -%}
    {{ return([found is not none, relation]) }}
{%- endmacro %}

{% macro get_columns_in_relation(relation) -%}
    {{ return(adapter.get_columns_in_relation(relation)) }}
{%- endmacro %}

{% macro get_columns_in_query(select_sql) -%}
    {{ return(adapter.dispatch('get_columns_in_query', 'dbt')(select_sql)) }}
{%- endmacro %}
{% macro default__get_columns_in_query(select_sql) -%}
    {%- set columns = [] -%}
    {%- if execute -%}
        {%- do columns.extend(run_query(get_empty_subquery_sql(select_sql)).column_names) -%}
    {%- endif -%}
    {{ return(columns) }}
{%- endmacro %}

{# A query with the columns of another and no rows. #}
{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ return(adapter.dispatch('get_empty_subquery_sql', 'dbt')(select_sql, select_sql_header)) }}
{%- endmacro %}
{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ select_sql_header ~ '\n' if select_sql_header }}select * from (
    {{ select_sql }}
) as no_rows
where false
limit 0
{%- endmacro %}

{# A statement that is shown and kept as a result, but not run. #}
{% macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) -%}
    {%- do caller() -%}
    {%- if name is not none -%}
        {%- do store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) -%}
    {%- endif -%}
{%- endmacro %}

{# As the database's own statements: what is enforced by a contract is checked elsewhere. #}
{% macro create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language)) }}
{%- endmacro %}
{% macro default__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- set name = relation.include(database=not temporary, schema=not temporary) -%}
    create {{ 'temporary ' if temporary }}table {{ name }} as (
    {{ compiled_code }}
);
{%- endmacro %}
{% macro get_create_table_as_sql(temporary, relation, sql) -%}
    {{ return(adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql)) }}
{%- endmacro %}
{% macro default__get_create_table_as_sql(temporary, relation, sql) -%}
    {{ return(create_table_as(temporary, relation, sql)) }}
{%- endmacro %}

{% macro create_view_as(relation, sql) -%}
    {{ return(adapter.dispatch('create_view_as', 'dbt')(relation, sql)) }}
{%- endmacro %}
{% macro default__create_view_as(relation, sql) -%}
    create view {{ relation }} as (
    {{ sql }}
);
{%- endmacro %}
{% macro get_create_view_as_sql(relation, sql) -%}
    {{ return(adapter.dispatch('get_create_view_as_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}
{% macro default__get_create_view_as_sql(relation, sql) -%}
    {{ return(create_view_as(relation, sql)) }}
{%- endmacro %}

{% macro get_quoted_csv(column_names) -%}
    {%- set quoted = [] -%}
    {%- for name in column_names -%}{%- do quoted.append(adapter.quote(name)) -%}{%- endfor -%}
    {{ return(quoted | join(', ')) }}
{%- endmacro %}

{% macro set_sql_header(config) -%}
    {{- config.set('sql_header', caller()) -}}
{%- endmacro %}
