{#- The measures that every mart shares, so that they mean the same everywhere. For queries over stg_flights. -#}
{% macro delay_measures() -%}
    count(*) as flights,
    count(*) filter (where is_cancelled) as cancelled_flights,
    {{ percent('count(*) filter (where is_cancelled)', 'count(*)') }} as cancelled_percent,
    round(avg(departure_delay_minutes), 2) as avg_departure_delay_minutes,
    round(avg(arrival_delay_minutes), 2) as avg_arrival_delay_minutes
{%- endmacro %}
