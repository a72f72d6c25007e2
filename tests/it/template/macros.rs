//! Macros across files and packages, and the context.

use super::fixture::*;
use sqlflow::template::*;
use std::sync::Arc;

const UTILS: (&str, &str, &str) = (
    "utils",
    "utils/macros/a.sql",
    "{% macro star(x) %}{{ adapter.dispatch('star', 'utils')(x) }}{% endmacro %}
     {% macro default__star(x) %}default {{ helper(x) }}{% endmacro %}
     {% macro helper(x) %}<{{ x }}>{% endmacro %}
     {% macro wide(x) %}{{ px(x) }}{% endmacro %}{% macro px(x) %}{{ x }}px{% endmacro %}
     {% macro twice() %}{{ caller() }}{{ caller() }}{% endmacro %}",
);

#[test]
fn macros_are_found_across_files_and_packages() {
    let own = (
        "shop",
        "macros/own.sql",
        "{% macro helper(x) %}({{ x }}){% endmacro %}
         {% macro first(items) %}{% for i in items %}{% if i > 1 %}{{ return(i) }}{% endif %}{% endfor %}{% endmacro %}
         {% macro sum(a, b=a * 2, c=[]) %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}
         {% macro all() %}{{ varargs }}{{ kwargs }}{% endmacro %}
         {% macro lists() %}{% do return([1, 2]) %}{% endmacro %}
         {% macro late(a) %}{{ lower_down(a) }}|{{ this }}|{{ a }}{% endmacro %}
         {% macro lower_down(a) %}{{ ref(a) }}{% endmacro %}
         {% macro loud(x) %}{% set r = caller('a', k=x) %}{{ r | upper }}{% endmacro %}",
    );
    let cases = [
        ("{{ helper(1) }}{{ utils.helper(1) }}", "(1)<1>"),
        ("{{ utils.star(2) }}", "default (2)"),
        ("{{ utils.wide(2) }}", "2px"),
        ("{{ render('{{ helper([1][0]) }}!') }}", "(1)!"),
        ("{{ first([1, 2, 3]) + 1 }}", "3"),
        ("{{ sum(1) }} {{ sum(1, c=[2]) }}", "1-2-[] 1-2-[2]"),
        ("{{ all(1, 'a', k=2) }}", "(1, 'a'){'k': 2}"),
        ("{% for x in lists() %}{{ x }},{% endfor %}", "1,2,"),
        ("{{ late('o') }}", r#""db"."main"."o"|"db"."main"."me"|o"#),
        ("{% call utils.twice() %}x{{ helper(3) }}{% endcall %}", "x(3)x(3)"),
        ("{% call(v, k=1) loud(5) %}{{ v }}{{ k }}{% endcall %}", "A5"),
        ("{% set f = utils.helper %}{{ f(1) }}", "<1>"),
        ("{{ dbt.type_string() }}", "varchar"),
        ("{% macro inline(a) %}[{{ a }}]{% endmacro %}{{ inline(helper(1)) }}", "[(1)]"),
        ("{{ context['helper'](4) }}", "(4)"),
    ];
    for (text, expected) in cases {
        match render(&[UTILS, own], text) {
            Ok(result) => assert_eq!(result, expected, "{text}"),
            Err(error) => panic!("{text}: {error:?}"),
        }
    }
}

#[test]
fn the_root_project_overrides_what_is_dispatched_and_built_in() {
    let own = (
        "shop",
        "macros/own.sql",
        "{% macro duckdb__star(x) %}mine {{ x }}{% endmacro %}
         {% macro ref(name) %}{{ return(builtins.ref(name).include(database=false)) }}{% endmacro %}
         {% macro generate_schema_name(custom_schema_name, node) %}s_{{ custom_schema_name }}{% endmacro %}",
    );
    assert_eq!(render(&[UTILS, own], "{{ utils.star(2) }}").unwrap(), "mine 2");
    assert_eq!(render(&[UTILS, own], "{{ ref('a') }}").unwrap(), r#""main"."a""#);
    let mut renderer = renderer(&[UTILS, own]);
    let id = renderer.library().find("shop", "generate_schema_name").unwrap();
    let (value, _) = renderer
        .call(id, &[Value::from("x")], &[("node", Value::from(()))], Arc::new(Project::default()))
        .unwrap();
    assert_eq!(value.to_string(), "s_x");
}

#[test]
fn the_context_is_dbt_s() {
    let cases = [
        ("{{ ref('a') }} {{ ref('p', 'b', v=2) }}", r#""db"."main"."a" "db"."main"."b_v2""#),
        ("{{ source('s', 't') }}", r#""db"."s"."t""#),
        (
            "{{ this.schema }}.{{ this.identifier }} {{ this.include(database=false) }}",
            r#"main.me "main"."me""#,
        ),
        ("{{ ref('a') ~ '_x' }}", r#""db"."main"."a"_x"#),
        ("{{ ref('a') | replace('a', 'z') | upper }}", r#""DB"."MZIN"."Z""#),
        (
            "{{ this is mapping and this.get('metadata', {}).get('type', '').endswith('Relation') }}",
            "True",
        ),
        ("{{ ref('a').quote(identifier=false) }}", r#""db"."main".a"#),
        ("{{ ref('a') == ref('a') }} {{ ref('a') in [ref('b'), ref('a')] }}", "True True"),
        ("{{ config(materialized='table', tags=['x']) }}{{ config.get('materialized') }}", "table"),
        ("{{ config.get('nope', 'd') }}{{ config.get('nope') }}", "dNone"),
        ("{{ var('n') + 1 }}{{ var('m', 'x') }}{{ var.has_var('n') }}", "4xTrue"),
        ("{{ env_var('HOME_TOWN') }}{{ env_var('X', 'y') }}", "Bonny"),
        ("{{ target.name }} {{ target['schema'] }} {{ target.type }}", "dev main duckdb"),
        ("{{ run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f') }}", "2024-02-29 12:34:56.789000"),
        ("{{ run_started_at }}", "2024-02-29 12:34:56.789000+00:00"),
        (
            "{{ run_started_at.astimezone(modules.pytz.timezone('UTC')).isoformat() }}",
            "2024-02-29T12:34:56.789000+00:00",
        ),
        ("{{ modules.datetime.datetime.now().date() }}", "2024-03-01"),
        (
            "{{ modules.datetime.datetime.strptime('2024-01-31', '%Y-%m-%d').strftime('%d/%m') }}",
            "31/01",
        ),
        ("{{ modules.datetime.timedelta(days=1, hours=2) }}", "1 day, 2:00:00"),
        (
            "{{ modules.re.sub('a(b)', '\\\\1', 'xabx') }}{{ modules.re.match('b', 'ab') is none }}",
            "xbxTrue",
        ),
        ("{{ modules.re.search('(\\d+)', 'a12').group(1) }}", "12"),
        ("{{ modules.re.findall('[ab]', 'abc') }}", "['a', 'b']"),
        ("{{ tojson({'b': [1, none], 'a': 'é'}) }}", r#"{"b": [1, null], "a": "\u00e9"}"#),
        ("{{ fromjson('{\"a\": [1]}').a[0] }}", "1"),
        ("{{ toyaml({'a': [1]}) }}", "a:\n- 1\n"),
        ("{{ local_md5('a') }}", "0cc175b9c0f1b6a831c399e269772661"),
        ("{{ zip([1, 2], ['a', 'b']) | list }}", "[(1, 'a'), (2, 'b')]"),
        ("{{ set([1, 2, 1]) | length }}", "2"),
        ("{{ adapter.quote('x') }} {{ adapter.type() }}", "\"x\" duckdb"),
        ("{{ api.Relation.create(schema='s', identifier='i') }}", r#""s"."i""#),
        ("{{ api.Column('a', 'varchar(3)').is_string() }}", "True"),
        ("{{ is_incremental() }}{{ execute }}", "FalseTrue"),
        ("{{ model.name }}{{ model.config.tags }}", "me['a']"),
        ("{{ log('x') }}{{ print('y') }}{{ invocation_id }}", "0000"),
        ("{{ graph.nodes.values() | list }}{{ project_name }}", "[]shop"),
        ("{{ dbt.dateadd('day', 1, 'x') }}", "(x + interval 1 day * cast(1 as bigint))"),
        ("{{ modules.itertools.product([1, 2], 'a') | list }}", "[(1, 'a'), (2, 'a')]"),
        (
            "{{ 'a' if undefined_thing is defined else 'b' }}{{ undefined_thing | default('c') }}",
            "bc",
        ),
        ("{{ var('n') is number }}{{ ref is callable }}{{ 'a' is callable }}", "TrueTrueFalse"),
        (
            "{{ dbt.generate_series(3) }}",
            "with bit as (select 0 as b union all select 1),\n    numbers as (\n        select b0.b * 1 + b1.b * 2 + 1 as generated_number\n        from bit as b0 cross join bit as b1\n    )\n    select generated_number from numbers\n    where generated_number <= 3\n    order by generated_number",
        ),
    ];
    for (text, expected) in cases {
        match render(&[], text) {
            Ok(result) => assert_eq!(result, expected, "{text}"),
            Err(error) => panic!("{text}: {error:?}"),
        }
    }
}

/// The results of these were compared with dbt-duckdb's in a database.
#[test]
fn the_macros_for_duckdb_give_what_dbt_duckdb_gives() {
    let cases = [
        ("{{ dbt.safe_cast('a', dbt.type_float()) }}", "cast(a as float)"),
        ("{{ dbt.split_part('a', \"'-'\", -1) }}", "string_split(a, '-')[-1]"),
        ("{{ dbt.date('y', 1, 4) }}", "make_date(y, 1, 4)"),
        ("{{ dbt.dateadd('QUARTER', 'n', 'd') }}", "(d + interval 1 quarter * cast(n as bigint))"),
        ("{{ dbt.datediff('a', 'b', 'day') }}", "date_diff('day', a::timestamp, b::timestamp)"),
        ("{{ dbt.snapshot_get_time() }}", "now()::timestamp"),
        ("{{ dbt.current_timestamp_backcompat() }}", "current_timestamp::timestamp"),
        ("{{ dbt.snapshot_string_as_time('2020-01-01') }}", "'2020-01-01'::timestamp"),
        (
            "{{ dbt.listagg('a', \"','\", 'order by b', 2) }}",
            "list_aggregate((array_agg(a order by b))[1:2], 'string_agg', ',')",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(render(&[], text).unwrap(), expected, "{text}");
    }
}

#[test]
fn every_built_in_macro_compiles() {
    let errors = renderer(&[]).check_macros();
    assert!(errors.is_empty(), "{errors:?}");
}
