{# Where a node is built: schema, name and database. Projects override these three. #}

{% macro generate_schema_name(custom_schema_name=none, node=none) -%}
    {{ return(adapter.dispatch('generate_schema_name', 'dbt')(custom_schema_name, node)) }}
{%- endmacro %}

{% macro default__generate_schema_name(custom_schema_name=none, node=none) -%}
    {%- set base = target.schema -%}
    {{ base if custom_schema_name is none else base ~ '_' ~ custom_schema_name | trim }}
{%- endmacro %}

{% macro generate_schema_name_for_env(custom_schema_name=none, node=none) -%}
    {{ custom_schema_name | trim if target.name == 'prod' and custom_schema_name is not none else target.schema }}
{%- endmacro %}

{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {{ return(adapter.dispatch('generate_alias_name', 'dbt')(custom_alias_name, node)) }}
{%- endmacro %}

{% macro default__generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%}
        {{ custom_alias_name | trim }}
    {%- elif node.version -%}
        {{ node.name ~ '_v' ~ (node.version | string | replace('.', '_')) }}
    {%- else -%}
        {{ node.name }}
    {%- endif -%}
{%- endmacro %}

{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {{ return(adapter.dispatch('generate_database_name', 'dbt')(custom_database_name, node)) }}
{%- endmacro %}

{% macro default__generate_database_name(custom_database_name=none, node=none) -%}
    {{ target.database if custom_database_name is none else custom_database_name | trim }}
{%- endmacro %}

{# What a test reads: the relation, or the part of it that `where` leaves. #}
{% macro get_where_subquery(relation) -%}
    {{ return(adapter.dispatch('get_where_subquery', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_where_subquery(relation) -%}
    {%- set condition = config.get('where') -%}
    {%- if condition -%}
        {{ return('(select * from ' ~ relation ~ ' where ' ~ condition ~ ') dbt_subquery') }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}

{% macro should_store_failures() -%}
    {%- set wanted = config.get('store_failures') -%}
    {{ return(flags.STORE_FAILURES if wanted is none else wanted) }}
{%- endmacro %}

{% macro should_full_refresh() -%}
    {%- set wanted = config.get('full_refresh') -%}
    {{ return(flags.FULL_REFRESH if wanted is none else wanted) }}
{%- endmacro %}
