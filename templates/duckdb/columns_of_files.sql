{#- The columns of a scan; its files are opened, and no row is read. -#}
select * from (
{{ query }}
)
limit 0
