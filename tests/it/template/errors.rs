//! What a user is told when a template fails, and that every template ends.

use super::fixture::*;
use sqlflow::template::*;
use std::sync::Arc;
use std::time::Instant;

const MACROS: (&str, &str, &str) = (
    "shop",
    "macros/own.sql",
    "{% macro outer(x) %}\n  {{ inner([x]) }}\n{% endmacro %}\n\n{% macro inner(y, z='é') %}\n  é {{ y.nope() }}\n{% endmacro %}\n{% macro star(a) %}{{ undefined_one }}{% endmacro %}",
);
const UTILS: (&str, &str, &str) =
    ("utils", "utils/star.sql", "{% macro star_of(a) %}{{ a }}{% endmacro %}");

fn fails(text: &str) -> TemplateError {
    match render(&[MACROS, UTILS], text) {
        Ok(text) => panic!("rendered {text}"),
        Err(error) => error,
    }
}

/// Each frame as `path:line:column text`.
fn trace(error: &TemplateError, text: &str) -> Vec<String> {
    let texts = [("models/m.sql", text), (MACROS.1, MACROS.2), (UTILS.1, UTILS.2)];
    let at = |frame: &Frame| {
        let text = texts.iter().find(|(path, _)| *path == &*frame.path).unwrap().1;
        format!("{}:{}:{} {}", frame.path, frame.line, frame.column, &text[frame.span.clone()])
    };
    error.frames.iter().map(at).collect()
}

#[test]
fn an_error_names_its_place_and_every_call_on_the_way() {
    let text = "{{ config(tags=['a', 'b']) }}\nselect é, {{ [1] ~ outer([1, 2][0]) }}\n";
    let error = fails(text);
    assert_eq!(error.message, "a sequence has no method `nope`");
    assert_eq!(
        trace(&error, text),
        [
            "macros/own.sql:6:8 y.nope()",
            "macros/own.sql:2:6 inner([x])",
            "models/m.sql:2:20 outer([1, 2][0])",
        ]
    );
    assert_eq!(error.frames[0].macro_name.as_deref(), Some("inner"));
}

#[test]
fn messages_are_in_the_user_s_words() {
    let cases = [
        ("{{ custmers }}", "`custmers` is undefined", None),
        ("{% set customers = 1 %}{{ customers.a.b }}", "`customers.a` is undefined", None),
        ("{{ outr(1) }}", "`outr` is undefined", Some("did you mean `outer`?")),
        (
            "{{ star_of(1) }}",
            "`star_of` is undefined",
            Some("package `utils` has it: write `utils.star_of`"),
        ),
        (
            "{{ utils.star_off(1) }}",
            "package `utils` has no macro `star_off`",
            Some("did you mean `utils.star_of`?"),
        ),
        ("{{ no_utils.star(1) }}", "`no_utils` is undefined", None),
        (
            "{{ outer(1, 2) }}",
            "macro `outer` takes at most 1 argument, got 2",
            Some("its signature is `outer(x)`"),
        ),
        (
            "{{ inner(yy=2) }}",
            "macro `inner` has no argument `yy`, did you mean `y`?",
            Some("its signature is `inner(y, z='é')`"),
        ),
        (
            "{{ ref() }}",
            "`ref` needs the name of a model",
            Some("write `ref('model')`, `ref('package', 'model')` or `ref('model', v=2)`"),
        ),
        (
            "{{ ref('a', 'b', 'c') }}",
            "`ref` takes 1 or 2 names, got 3",
            Some("write `ref('model')`, `ref('package', 'model')` or `ref('model', v=2)`"),
        ),
        ("{{ ref(name) }}", "`ref`: the model is undefined", None),
        (
            "{{ source('a') }}",
            "`source` needs the name of a source and of its table",
            Some("write `source('source', 'table')`"),
        ),
        (
            "{{ var('zz') }}",
            "the variable `zz` is not set",
            Some("set it under `vars:` or with `--vars`, or give a default: `var('zz', ...)`"),
        ),
        (
            "{{ env_var('ZZ') }}",
            "the environment variable `ZZ` is not set",
            Some("set it, or give a default: `env_var('ZZ', '...')`"),
        ),
        ("{{ exceptions.raise_compiler_error('no ' ~ 1) }}", "no 1", None),
        ("{{ 1 | nope }}", "the filter nope is unknown", None),
        ("{{ return(1) }}", "`return` stands outside of a macro", None),
        ("{% nope %}", "there is no tag `{% nope %}`", None),
        ("{% fi x %}", "there is no tag `{% fi %}`", Some("did you mean `{% if %}`?")),
        ("{% endif %}", "`{% endif %}` stands outside of its block", None),
        ("{{ [1, }}", "unexpected `}`", None),
        (
            "{{ run_query('select 1') }}",
            "`run_query` needs a connection to the database",
            Some("the node is compiled when it is built, with the database at hand"),
        ),
        (
            "{{ adapter.dispatch('zz', 'utils')() }}",
            "there is no macro `zz` of `utils` for `duckdb`",
            Some("looked for `duckdb__zz`, `default__zz`"),
        ),
        ("{{ star(1) }}", "`undefined_one` is undefined", None),
        ("{{ none.x() }}", "None has no method `x`", None),
        ("{{ ref('a').x() }}", "\"db\".\"main\".\"a\" has no method `x`", None),
    ];
    for (text, message, help) in cases {
        let error = fails(text);
        assert_eq!(error.message, message, "{text} {error:?}");
        if help.is_some() {
            assert_eq!(error.help.as_deref(), help, "{text}");
        }
        assert!(!error.frames.is_empty(), "{text}: {error:?}");
    }
}

#[test]
fn a_block_that_is_not_closed_is_named_where_it_opens() {
    let cases = [
        ("a\n  {% if true %}\nb", "if", "{% if true %}"),
        ("{%- for x in [1] -%}{% if x %}{% endif %}", "for", "{%- for x in [1] -%}"),
        ("{% for x in [1] %}{% if x %}{% endfor %}", "if", "{% if x %}"),
        ("{% set x %}{% set y = 1 %}", "set", "{% set x %}"),
        ("{% macro m() %}", "macro", "{% macro m() %}"),
        ("{% call outer(1) %}", "call", "{% call outer(1) %}"),
        ("{% filter upper %}", "filter", "{% filter upper %}"),
        ("{% if true %}{% endif %}{% raw %} {{ {% if x %}", "raw", "{% raw %}"),
    ];
    for (text, keyword, tag) in cases {
        let error = fails(text);
        let message = format!("`{keyword}` is not closed, expected `{{% end{keyword} %}}`");
        assert_eq!(error.message, message, "{text}");
        assert_eq!(&text[error.frames[0].span.clone()], tag, "{text}");
        assert!(matches!(error.kind, Kind::Syntax));
    }
    assert_eq!((fails(cases[0].0).frames[0].line, fails(cases[0].0).frames[0].column), (2, 3));
    let text = "{% macro m() %}\n{% if true %}\n{% endmacro %}";
    let mut renderer = renderer(&[("shop", "macros/m.sql", text)]);
    assert_eq!(
        renderer.check_macros()[0].to_string(),
        "`if` is not closed, expected `{% endif %}` (macros/m.sql:2:1)"
    );
    let source = TemplateSource::new("models/m.sql", "{{ m() }}");
    let error = renderer.render(&source, Arc::new(Project::default())).unwrap_err();
    assert_eq!(error.to_string(), "`if` is not closed, expected `{% endif %}` (macros/m.sql:2:1)");
    assert_eq!(error.frames.len(), 2);
}

#[test]
fn a_file_of_macros_names_the_block_that_is_not_closed() {
    let cases = [
        (
            " {% macro m() %}{% if x %}",
            "`macro` is not closed, expected `{% endmacro %}` (m.sql:1:2)",
        ),
        (
            "{% macro m() %}{% raw %}{% endmacro %}",
            "`raw` is not closed, expected `{% endraw %}` (m.sql:1:16)",
        ),
    ];
    for (text, expected) in cases {
        let mut builder = MacroLibrary::builder("shop");
        builder.file("shop", "m.sql", text);
        let (_, problems) = builder.build();
        assert_eq!(problems[0].to_string(), expected);
    }
}

#[test]
fn blocks_that_belong_elsewhere_are_named() {
    let cases = [
        "{% snapshot s %}select 1{% endsnapshot %}",
        "{% materialization m, default %}x{% endmaterialization %}",
        "{% docs d %}it's{% enddocs %}",
        "{% test t(model) %}x{% endtest %}",
    ];
    for text in cases {
        let text = format!("select 1 {text}");
        let keyword = text.split_whitespace().nth(3).unwrap();
        let error = fails(&text);
        let message = format!("`{{% {keyword} %}}` blocks are not supported in a model");
        assert_eq!(error.message, message);
        assert!(error.help.is_some());
        assert_eq!(error.frames[0].column, 10);
        assert_eq!(fails(&text[9..]).message, message);
    }
}

#[test]
fn the_limit_that_was_reached_is_named() {
    let own = ("shop", "m.sql", "{% macro m() %}{{ m() }}{% endmacro %}");
    let error = render(&[own], "{{ m() }}").unwrap_err();
    assert_eq!(error.message, "macro calls are nested more than 3000 levels deep");
    let (library, _) = MacroLibrary::builder("shop").build();
    let mut renderer = Renderer::new(Arc::new(library), Limits { fuel: 1000, ..Limits::default() });
    let source = TemplateSource::new("m.sql", "{% for i in range(9999) %}{{ i }}{% endfor %}");
    let error = renderer.render(&source, Arc::new(Project::default())).unwrap_err();
    assert_eq!(error.message, "the template took more than 1000 steps");
    assert!(matches!(error.kind, Kind::Limit));
}

#[test]
fn kinds_can_be_told_apart_and_the_host_s_error_is_kept() {
    assert!(matches!(fails("{{ run_query('x') }}").kind, Kind::NeedsConnection));
    assert!(matches!(
        fails("{{ adapter.get_relation('a', 'b', 'c') }}").kind,
        Kind::NeedsConnection
    ));
    assert!(matches!(fails("{% call statement('a') %}x{% endcall %}").kind, Kind::NeedsConnection));
    assert!(matches!(fails("{{ exceptions.raise_compiler_error('x') }}").kind, Kind::Raised));
    assert!(matches!(fails("{{ x").kind, Kind::Syntax));
    let error = fails("select * from {{ ref('missing') }}");
    let Kind::Host(host) = &error.kind else { panic!("{error:?}") };
    assert_eq!(host.downcast_ref::<NoSuchNode>().unwrap().0, "missing");
    assert_eq!(error.message, "there is no model `missing`");
    assert_eq!((error.frames[0].line, error.frames[0].column), (1, 18));
}

#[test]
fn without_execute_the_undefined_is_swallowed_and_nothing_is_asked() {
    let texts = [
        "{{ nope }}|{{ nope.a.b }}|{{ run_query('x') }}",
        "{% set r = adapter.get_columns_in_relation(ref('a')) %}{% for c in r %}{{ c.name }}{% endfor %}",
        "{% call statement('a', fetch_result=true) %}x{% endcall %}{{ load_result('a') }}",
    ];
    for (text, expected) in texts.into_iter().zip(["||None", "", "None"]) {
        let project = Project { execute: false, ..Project::default() };
        assert_eq!(render_with(&[], text, project).unwrap(), expected);
    }
}

#[test]
fn every_template_ends() {
    let macros = (
        "shop",
        "macros/loop.sql",
        "{% macro ping(n) %}{{ pong(n + 1) }}{% endmacro %}{% macro pong(n) %}{{ ping(n + 1) }}{% endmacro %}
         {% macro self(x) %}{% for i in [1] %}{{ self([x]) }}{% endfor %}{% endmacro %}
         {% macro nest() %}{{ render('{{ nest() }}') }}{% endmacro %}
         {% macro again() %}{{ caller() }}{% call again() %}{{ caller() }}{% endcall %}{% endmacro %}",
    );
    let texts = [
        "{% for i in range(10**12) %}x{% endfor %}",
        "{{ ping(0) }}",
        "{{ nest() }}",
        "{{ self(1) }}",
        "{% call again() %}x{% endcall %}",
        "{% set l = [1] %}{% for i in l %}{% do l.append(i) %}{% endfor %}",
        "{% set l = [1] %}{% for i in range(100) %}{% do l.extend(l) %}{% endfor %}",
        "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = [ns.l] %}{% endfor %}",
        "{% for a in range(5000) %}{% for b in range(100000) %}{{ a * b }}{% endfor %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{{ 'x'.ljust(10**12) }}",
        "{{ modules.itertools.product(range(1000), range(1000), range(1000)) }}",
        "{% set d = {} %}{% for i in range(100000) %}{% do d.update({'x': d.copy()}) %}{% endfor %}",
    ];
    for text in texts {
        let started = Instant::now();
        let error = match render(&[macros], text) {
            Ok(text) => panic!("rendered {} bytes", text.len()),
            Err(error) => error,
        };
        assert!(matches!(error.kind, Kind::Limit), "{text}: {error:?}");
        assert!(!error.frames.is_empty(), "{text}: {error:?}");
        println!("{:?} {text}", started.elapsed());
    }
}

#[test]
fn honest_big_templates_are_rendered() {
    let text = "{% set l = [] %}{% for i in range(200000) %}{% do l.append(i ~ 'x') %}{{ l[-1] }},{% endfor %}";
    assert!(render(&[], text).unwrap().len() > 1_000_000);
    let nested =
        ("shop", "m.sql", "{% macro down(n) %}{{ down(n - 1) if n else 'end' }}{% endmacro %}");
    assert_eq!(render(&[nested], "{{ down(300) }}").unwrap(), "end");
}

#[test]
fn containers_cannot_hold_themselves() {
    for text in [
        "{% set l = [] %}{% do l.append(l) %}",
        "{% set l = [] %}{% do l.append({'a': [l]}) %}",
        "{% set d = {} %}{% do d.update({'a': d}) %}",
    ] {
        assert!(fails(text).message.contains("cannot hold itself"), "{text}");
    }
}

#[test]
fn output_is_mapped_to_the_text_that_wrote_it() {
    let text = "select [1], {{ [1, 2][0] }} -- é\nfrom {{ ref('a') }}\n{% if true %}x{% endif %}";
    let mut renderer = renderer(&[]);
    let source = TemplateSource::new("models/m.sql", text);
    let (rendered, mapped) = renderer.render_mapped(&source, Arc::new(Project::default())).unwrap();
    assert_eq!(rendered.text, "select [1], 1 -- é\nfrom \"db\".\"main\".\"a\"\nx");
    let parts: Vec<_> = mapped
        .iter()
        .map(|part| (&rendered.text[part.output.clone()], &text[part.source.clone()]))
        .collect();
    assert_eq!(
        parts,
        [
            ("select [1], ", "select [1], "),
            ("1", "[1, 2][0]"),
            (" -- é\nfrom ", " -- é\nfrom "),
            ("\"db\".\"main\".\"a\"", "ref('a')"),
            ("\n", "\n"),
            ("x", "x"),
        ]
    );
}

#[test]
fn a_region_of_a_file_is_a_template() {
    let text = "{% snapshot s %}\n  select {{ nope }} from {{ [1] }}\n{% endsnapshot %}";
    let block = &blocks(text)[0];
    let source = TemplateSource {
        region: Some(block.body.clone()),
        ..TemplateSource::new("snapshots/s.sql", text)
    };
    let error = renderer(&[]).render(&source, Arc::new(Project::default())).unwrap_err();
    assert_eq!(&text[error.frames[0].span.clone()], "nope");
    assert_eq!((error.frames[0].line, error.frames[0].column), (2, 13));
}

#[test]
fn strings_in_yaml_keep_their_types() {
    let cases = [
        ("{{ var('n') }}", "3"),
        ("  {{ var('n') | as_number }} ", "3"),
        ("{{ '12' | as_number }}", "12"),
        ("{{ 'true' | as_bool }}", "True"),
        ("{{ ['a', 1] }}", "['a', 1]"),
        ("a {{ var('n') }}", "'a 3'"),
        ("{{ var('n') }}{{ var('n') }}", "'33'"),
        ("plain", "'plain'"),
        ("{{ '[1, 2]' | as_native }}", "[1, 2]"),
        ("{{ env_var('HOME_TOWN') }}", "'Bonn'"),
    ];
    for (text, expected) in cases {
        let source = TemplateSource::new("project.yml", text);
        let value = renderer(&[]).native(&source, Arc::new(Project::default())).unwrap();
        assert_eq!(format!("{value:?}"), expected, "{text}");
    }
}
