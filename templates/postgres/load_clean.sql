What is taken out of the stage before it is applied. Each is executed only where the check found
such rows, and where an option allows it.

-- stage when: cursors are NULL
{% if cursor and cursor.skips_null %}
delete from {{ stage }}
where {{ cursor.name | quote }} is null
{%- endif %};

-- stage when: keys are NULL
{% if rejects_null_keys %}drop table if exists pg_temp.{{ rejects }}{% endif %};
{% if rejects_null_keys %}
create temporary table {{ rejects }} as
select cast(row_to_json(rejected) as text) as "text"
from (
  select {% for column in staged %}{{ column.name | quote }}{{ ", " if not loop.last }}{% endfor %}

  from {{ stage }}
  where {% for column in key %}{{ column | quote }} is null{{ " or " if not loop.last }}{% endfor %}

) as rejected
{%- endif %};
{% if rejects_null_keys %}
delete from {{ stage }}
where {% for column in key %}{{ column | quote }} is null{{ " or " if not loop.last }}{% endfor %}
{%- endif %};

-- stage when: keys repeat
{% if key and counts_keys %}
delete from {{ stage }}
where ctid in (
  select ctid
  from (
    select ctid, row_number() over (partition by copied.*::text) as "__sqlflow_copy"
    from {{ stage }} as copied
  ) as numbered
  where "__sqlflow_copy" > 1
)
{%- endif %};

-- stage when: keys repeat and one row counts
{% if order %}
delete from {{ stage }}
where ctid in (
  select ctid
  from (
    select
      ctid,
      row_number() over (
        partition by {% for column in key %}{{ column | quote }}{{ ", " if not loop.last }}{% endfor %}

        order by {% for column in order %}{{ column.name | quote }}{{ " desc" if column.descending }} nulls last{{ ", " if not loop.last }}{% endfor %}

      ) as "__sqlflow_copy"
    from {{ stage }}
{%- if not null_match %}

    where {% for column in key %}{{ column | quote }} is not null{{ " and " if not loop.last }}{% endfor %}
{%- endif %}

  ) as numbered
  where "__sqlflow_copy" > 1
)
{%- endif %};

-- stage when: the relation is made anew
{% if flag %}
{% if soft %}
update {{ stage }}
set {{ soft | quote }} = cast({{ loaded_at | literal }} as timestamp with time zone)
where {{ flag }}
{% else %}
delete from {{ stage }}
where {{ flag }}
{%- endif %}
{%- endif %};
