{#- Where the bytes of each column are, a row for each row group: pages, and a bloom filter where
    there is one. Offsets before 4 mean nothing: the file's mark stands there. -#}
select
    file_name,
    path_in_schema,
    least(
        data_page_offset,
        case when dictionary_page_offset >= 4 then dictionary_page_offset end,
        case when index_page_offset >= 4 then index_page_offset end
    ) as first_byte,
    total_compressed_size,
    case when bloom_filter_offset >= 4 then bloom_filter_offset end as bloom_byte,
    bloom_filter_length
from parquet_metadata([
{%- for file in files %}
    {{ file | literal }}{% if not loop.last %},{% endif %}
{%- endfor %}
])
