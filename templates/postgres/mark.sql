The oldest transaction that this snapshot does not see the end of, and the next to come; the
ceiling in the cursor's own words.
-- query
select
    pg_snapshot_xmin(pg_current_snapshot())::text,
    pg_snapshot_xmax(pg_current_snapshot())::text,
    {% if ceiling is none %}
    null
    {% elif cursor_type == 'timestamp with time zone' %}
    {{ ceiling | literal }}::timestamptz::text
    {% elif cursor_type == 'timestamp' %}
    ({{ ceiling | literal }}::timestamptz at time zone {{ time_zone | literal }})::timestamp::text
    {% elif cursor_type == 'date' %}
    ({{ ceiling | literal }}::timestamptz at time zone {{ time_zone | literal }})::date::text
    {% else %}
    null
    {% endif %};
