-- Grüße aus dem Kommentar
select id, customer, amount, happened, day, note from {{ ref('events') }} where day <= {{ var('day') }}
