{# Arithmetic with dates, and rows of dates. #}

{% macro current_timestamp() -%}{{ return(adapter.dispatch('current_timestamp', 'dbt')()) }}{%- endmacro %}
{% macro default__current_timestamp() -%}{{ return('current_timestamp') }}{%- endmacro %}
{% macro duckdb__current_timestamp() -%}{{ return('now()') }}{%- endmacro %}
{% macro postgres__current_timestamp() -%}{{ return('now()') }}{%- endmacro %}
{% macro redshift__current_timestamp() -%}{{ return('getdate()') }}{%- endmacro %}

{# The older names give a time without a zone. #}
{% macro current_timestamp_backcompat() -%}
    {{ return(adapter.dispatch('current_timestamp_backcompat', 'dbt')()) }}
{%- endmacro %}
{% macro default__current_timestamp_backcompat() -%}current_timestamp::timestamp{%- endmacro %}
{% macro redshift__current_timestamp_backcompat() -%}getdate(){%- endmacro %}
{% macro current_timestamp_in_utc_backcompat() -%}
    {{ return(adapter.dispatch('current_timestamp_in_utc_backcompat', 'dbt')()) }}
{%- endmacro %}
{% macro default__current_timestamp_in_utc_backcompat() -%}
    {{ return(dbt.current_timestamp_backcompat()) }}
{%- endmacro %}

{% macro snapshot_get_time() -%}{{ return(adapter.dispatch('snapshot_get_time', 'dbt')()) }}{%- endmacro %}
{% macro default__snapshot_get_time() -%}{{ dbt.current_timestamp() }}{%- endmacro %}
{% macro duckdb__snapshot_get_time() -%}{{ dbt.current_timestamp() }}::timestamp{%- endmacro %}
{% macro postgres__snapshot_get_time() -%}{{ dbt.current_timestamp() }}::timestamp without time zone{%- endmacro %}
{% macro redshift__snapshot_get_time() -%}{{ dbt.current_timestamp() }}::timestamp{%- endmacro %}

{% macro snapshot_string_as_time(timestamp) -%}
    {{ return(adapter.dispatch('snapshot_string_as_time', 'dbt')(timestamp)) }}
{%- endmacro %}
{% macro default__snapshot_string_as_time(timestamp) -%}
    {{ return("'" ~ timestamp ~ "'::" ~ dbt.type_timestamp()) }}
{%- endmacro %}

{% macro dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ return(adapter.dispatch('dateadd', 'dbt')(datepart, interval, from_date_or_timestamp)) }}
{%- endmacro %}
{% macro default__dateadd(datepart, interval, from_date_or_timestamp) -%}
    dateadd({{ datepart }}, {{ interval }}, {{ from_date_or_timestamp }})
{%- endmacro %}
{# A multiple of one unit, so that the number may be any expression; fractions are rounded. #}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) -%}
    ({{ from_date_or_timestamp }} + interval 1 {{ datepart | lower }} * cast({{ interval }} as bigint))
{%- endmacro %}
{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ from_date_or_timestamp }} + ((interval '1 {{ datepart }}') * ({{ interval }}))
{%- endmacro %}
{% macro redshift__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ return(default__dateadd(datepart, interval, from_date_or_timestamp)) }}
{%- endmacro %}

{% macro datediff(first_date, second_date, datepart) -%}
    {{ return(adapter.dispatch('datediff', 'dbt')(first_date, second_date, datepart)) }}
{%- endmacro %}
{% macro default__datediff(first_date, second_date, datepart) -%}
    datediff({{ datepart }}, {{ first_date }}, {{ second_date }})
{%- endmacro %}
{# A week is over when a Sunday begins. As dbt-duckdb counts, it is one more back to an earlier time of the same weekday. #}
{% macro duckdb__datediff(first_date, second_date, datepart) -%}
    {%- if datepart == 'week' -%}
    {%- set first = '(' ~ first_date ~ ')::timestamp' -%}
    {%- set second = '(' ~ second_date ~ ')::timestamp' -%}
    (date_diff('day', date_trunc('week', {{ first }} + interval 1 day), date_trunc('week', {{ second }} + interval 1 day)) // 7
        - case when {{ first }} > {{ second }} and dayofweek({{ first }}) = dayofweek({{ second }}) then 1 else 0 end)
    {%- else -%}
    date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp)
    {%- endif -%}
{%- endmacro %}
{# Postgres counts no boundaries: each part is made of the one below it. #}
{% macro postgres__datediff(first_date, second_date, datepart) -%}
    {%- set first = '((' ~ first_date ~ ')::timestamp)' -%}
    {%- set second = '((' ~ second_date ~ ')::timestamp)' -%}
    {%- set part = datepart | lower -%}
    {%- set steps = {'hour': 24, 'minute': 60, 'second': 60, 'millisecond': 1000, 'microsecond': 1000} -%}
    {%- set finer = ['hour', 'minute', 'second', 'millisecond', 'microsecond'] -%}
    {%- if part == 'year' -%}
        (date_part('year', {{ second }}) - date_part('year', {{ first }}))
    {%- elif part == 'quarter' -%}
        ({{ dbt.datediff(first_date, second_date, 'year') }} * 4 + date_part('quarter', {{ second }}) - date_part('quarter', {{ first }}))
    {%- elif part == 'month' -%}
        ({{ dbt.datediff(first_date, second_date, 'year') }} * 12 + date_part('month', {{ second }}) - date_part('month', {{ first }}))
    {%- elif part == 'week' -%}
        ((date_trunc('week', {{ second }})::date - date_trunc('week', {{ first }})::date) / 7)
    {%- elif part == 'day' -%}
        ({{ second }}::date - {{ first }}::date)
    {%- elif part in finer -%}
        {%- set coarser = (['day'] + finer)[finer.index(part)] -%}
        ({{ dbt.datediff(first_date, second_date, coarser) }} * {{ steps[part] }}
        {%- if part in ['hour', 'minute'] %} + date_part('{{ part }}', {{ second }}) - date_part('{{ part }}', {{ first }})
        {%- elif part == 'second' %} + floor(date_part('second', {{ second }})) - floor(date_part('second', {{ first }}))
        {%- elif part == 'millisecond' %} + floor(date_part('millisecond', {{ second }}))::int % 1000 - floor(date_part('millisecond', {{ first }}))::int % 1000
        {%- else %} + date_part('microsecond', {{ second }})::int % 1000 - date_part('microsecond', {{ first }})::int % 1000
        {%- endif -%})
    {%- else -%}
        {{ exceptions.raise_compiler_error('datediff knows no part `' ~ datepart ~ '`') }}
    {%- endif -%}
{%- endmacro %}
{% macro redshift__datediff(first_date, second_date, datepart) -%}
    {{ return(default__datediff(first_date, second_date, datepart)) }}
{%- endmacro %}

{% macro date_trunc(datepart, date) -%}
    {{ return(adapter.dispatch('date_trunc', 'dbt')(datepart, date)) }}
{%- endmacro %}
{% macro default__date_trunc(datepart, date) -%}
    date_trunc('{{ datepart }}', {{ date }})
{%- endmacro %}

{% macro last_day(date, datepart) -%}
    {{ return(adapter.dispatch('last_day', 'dbt')(date, datepart)) }}
{%- endmacro %}
{% macro default__last_day(date, datepart) -%}
    cast({{ dbt.dateadd('day', '-1', dbt.dateadd(datepart, '1', dbt.date_trunc(datepart, date))) }} as date)
{%- endmacro %}
{# An interval of a quarter is no interval in Postgres. #}
{% macro postgres__last_day(date, datepart) -%}
    {%- set start = dbt.date_trunc(datepart, date) -%}
    {%- set next = dbt.dateadd('month', '3', start) if datepart == 'quarter' else dbt.dateadd(datepart, '1', start) -%}
    cast({{ dbt.dateadd('day', '-1', next) }} as date)
{%- endmacro %}

{% macro date(year, month, day) -%}
    {{ return(adapter.dispatch('date', 'dbt')(year, month, day)) }}
{%- endmacro %}
{% macro default__date(year, month, day) -%}
    cast('{{ modules.datetime.date(year, month, day).isoformat() }}' as date)
{%- endmacro %}

{% macro duckdb__date(year, month, day) -%}
    make_date({{ year }}, {{ month }}, {{ day }})
{%- endmacro %}

{% macro get_powers_of_two(upper_bound) -%}
    {%- if upper_bound < 1 -%}
        {{ exceptions.raise_compiler_error('the upper bound must be positive') }}
    {%- endif -%}
    {%- for power in range(1, 64) -%}
        {%- if 2 ** power >= upper_bound -%}{{ return(power) }}{%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro generate_series(upper_bound) -%}
    {{ return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) }}
{%- endmacro %}
{# Each bit is a table of two rows; their product counts. #}
{% macro default__generate_series(upper_bound) -%}
    {%- set bits = dbt.get_powers_of_two(upper_bound) -%}
    with bit as (select 0 as b union all select 1),
    numbers as (
        select {% for n in range(bits) %}b{{ n }}.b * {{ 2 ** n }}{{ ' + ' if not loop.last }}{% endfor %} + 1 as generated_number
        from {% for n in range(bits) %}bit as b{{ n }}{{ ' cross join ' if not loop.last }}{% endfor %}
    )
    select generated_number from numbers
    where generated_number <= {{ upper_bound }}
    order by generated_number
{%- endmacro %}

{% macro get_intervals_between(start_date, end_date, datepart) -%}
    {{ return(adapter.dispatch('get_intervals_between', 'dbt')(start_date, end_date, datepart)) }}
{%- endmacro %}
{% macro default__get_intervals_between(start_date, end_date, datepart) -%}
    {%- set answer = run_query('select ' ~ dbt.datediff(start_date, end_date, datepart)) -%}
    {{ return(answer.columns[0].values()[0] | int if execute and answer else 1) }}
{%- endmacro %}

{% macro date_spine(datepart, start_date, end_date) -%}
    {{ return(adapter.dispatch('date_spine', 'dbt')(datepart, start_date, end_date)) }}
{%- endmacro %}
{% macro default__date_spine(datepart, start_date, end_date) -%}
    with counted as (
        {{ dbt.generate_series(dbt.get_intervals_between(start_date, end_date, datepart)) }}
    ),
    spine as (
        select cast({{ dbt.dateadd(datepart, '(row_number() over (order by generated_number) - 1)', start_date) }} as {{ dbt.type_timestamp() }}) as date_{{ datepart }}
        from counted
    )
    select * from spine
    where date_{{ datepart }} <= {{ end_date }}
{%- endmacro %}
{# As many rows as boundaries are crossed; the database counts them itself, without being asked first. #}
{% macro duckdb__date_spine(datepart, start_date, end_date) -%}
    {%- set step = dbt.dateadd(datepart, 'n', start_date) -%}
    select {{ step }} as date_{{ datepart }}
    from (select unnest(generate_series(0, {{ dbt.datediff(start_date, end_date, datepart) }} - 1)) as n) as counted
    where {{ step }} <= {{ end_date }}
{%- endmacro %}
