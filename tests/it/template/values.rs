//! Lists, dicts and sets as Python has them, wherever they come from.

use super::fixture::*;
use minijinja::value::Tuple;
use sqlflow::template::*;
use std::sync::Arc;

const TESTS: (&str, &str, &str) = (
    "shop",
    "tests/generic/k.sql",
    "{% test k(model, l, d={}) %}
        {%- do l.append('x') %}{% do l[0].append(1) %}{% do d.update({'n': 1}) %}{% do d.a.append(2) -%}
        {{ l }} {{ d }}
    {%- endtest %}
    {% macro any() %}{% do varargs[0].append(3) %}{% do kwargs.k.append(4) %}{{ varargs }} {{ kwargs }}{% endmacro %}
    {% test set_it(model) %}{{ config(fail_calc='sum(n)', severity='warn') }}select 1{% endtest %}",
);

#[test]
fn what_a_test_is_given_can_be_changed_by_it_and_stays_as_it_was_outside() {
    let mut renderer = renderer(&[TESTS]);
    let id = renderer.library().find("shop", "test_k").unwrap();
    let list = Value::from(vec![Value::from(vec![Value::from(0)])]);
    let dict = Value::from_pairs([("a", Value::from(Vec::<Value>::new()))]);
    for _ in 0..2 {
        let kwargs = [("model", Value::from("m")), ("l", list.clone()), ("d", dict.clone())];
        let (_, rendered) = renderer.call(id, &[], &kwargs, Arc::new(Project::default())).unwrap();
        assert_eq!(rendered.text, "[[0, 1], 'x'] {'a': [2], 'n': 1}");
    }
    let shared = from_json("[[0]]").unwrap();
    let kwargs = [("d", dict)];
    let args = [Value::from("m"), shared.clone()];
    renderer.call(id, &args, &kwargs, Arc::new(Project::default())).unwrap();
    assert_eq!(shared.to_string(), "[[0]]");
}

#[test]
fn further_arguments_and_what_yaml_gives_can_be_changed_too() {
    let mut renderer = renderer(&[TESTS]);
    let id = renderer.library().find("shop", "any").unwrap();
    let empty = || Value::from(Vec::<Value>::new());
    let project = || Arc::new(Project::default());
    let (_, rendered) = renderer.call(id, &[empty()], &[("k", empty())], project()).unwrap();
    assert_eq!(rendered.text, "([3],) {'k': [4]}");
    let source = TemplateSource::new("x.yml", "{{ [[1], ([2],)] }}");
    let value = renderer.native(&source, project()).unwrap();
    let (_, rendered) = renderer.call(id, &[value], &[("k", empty())], project()).unwrap();
    assert_eq!(rendered.text, "([[1], ([2],), 3],) {'k': [4]}");
    let tuple = Value::from(Tuple::from([empty()]));
    let (_, rendered) = renderer
        .call(
            renderer.library().find("shop", "test_k").unwrap(),
            &[Value::from(1), Value::from(vec![empty()])],
            &[("d", Value::from_pairs([("a", empty()), ("t", tuple)]))],
            project(),
        )
        .unwrap();
    assert_eq!(rendered.text, "[[1], 'x'] {'a': [2], 't': ([],), 'n': 1}");
}

#[test]
fn what_is_computed_inside_of_a_list_or_dict_can_be_changed() {
    let cases = [
        ("{% set d = {'l': [1] + [2]} %}{% do d.l.append(3) %}{{ d }}", "{'l': [1, 2, 3]}"),
        ("{% set d = [[1, 2][1:]] %}{% do d[0].append(3) %}{{ d }}", "[[2, 3]]"),
        (
            "{% set d = {} %}{% do d.update({'a': [1] * 2}) %}{% do d.a.append(2) %}{{ d }}",
            "{'a': [1, 1, 2]}",
        ),
        ("{% set a = [1] %}{% set b = a | list %}{% do b.append(2) %}{{ a }}", "[1]"),
    ];
    for (text, expected) in cases {
        assert_eq!(render(&[], text).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_test_configures_itself_when_it_is_called() {
    let mut renderer = renderer(&[TESTS]);
    let id = renderer.library().find("shop", "test_set_it").unwrap();
    for execute in [false, true] {
        let project = Arc::new(Project { execute, ..Project::default() });
        let host: Arc<dyn Host> = project.clone();
        let (_, rendered) = renderer.call(id, &[Value::from("m")], &[], host).unwrap();
        assert_eq!(rendered.text, "select 1");
        let settings = project.settings.lock().unwrap();
        let set: Vec<_> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(set, ["fail_calc=sum(n)", "severity=warn"]);
    }
}

#[test]
fn sets_are_python_s() {
    let cases = [
        (
            "{{ set([1, 2]) == set([2, 1, 1]) }}{{ set([1]) != set([1]) }}{{ set([1]) == set([2]) }}",
            "TrueFalseFalse",
        ),
        (
            "{{ set([1, 2, 1]) }} {{ set(['b', 'a']) }} {{ set([]) }} {{ set('aba') }} {{ set(3) }}",
            "{1, 2} {'b', 'a'} set() {'a', 'b'} None",
        ),
        (
            "{{ 1 in set([1]) }}{{ 2 not in set([1]) }}{{ set([1, 2]) | length }}{{ 'full' if set([]) else 'empty' }}",
            "TrueTrue2empty",
        ),
        (
            "{% for x in set(['b', 'a']) %}{{ x }}{% endfor %}{{ set([3, 1]) | sort }}{{ set([1]) | list }}{{ set(['a', 'b']) | join('-') }}",
            "ba[1, 3][1]a-b",
        ),
        (
            "{{ set([1, 2]).union([3], set([4])) }}{{ set([1, 2]).difference([2]) }}{{ set([1, 2]).intersection(set([2, 3])) }}",
            "{1, 2, 3, 4}{1}{2}",
        ),
        (
            "{{ set([1, 2]).symmetric_difference([2, 3]) }}{{ set([1]).issubset([1, 2]) }}{{ set([1]).issuperset([2]) }}{{ set([1]).isdisjoint([2]) }}",
            "{1, 3}TrueFalseTrue",
        ),
        (
            "{% set s = set([]) %}{% do s.add('a') %}{% do s.update(['b'], ['a']) %}{% do s.discard('z') %}{% do s.remove('a') %}{{ s }}{{ s.pop() }}{{ s }}",
            "{'b'}bset()",
        ),
        (
            "{% set s = set([1]) %}{% set t = s.copy() %}{% do t.add(2) %}{{ s }}{{ [s] }}{{ {'a': s} }}",
            "{1}[{1}]{'a': {1}}",
        ),
        (
            "{{ (set([1, 2, 3]) - set([2])) | list }}{% if set([1]) - set([1]) %}x{% else %}none{% endif %}",
            "[1, 3]none",
        ),
        ("{{ f(set([1])) }}", "{1, 9}"),
        ("{{ g() }}", "{5}"),
        ("{% set a = set(['x']) %}{% set b = set(['x', 'y']) %}{{ (b - a).pop() ~ '!' }}", "y!"),
        (
            "{{ set([1]) is iterable }}{{ set([1]) is sequence }}{{ set([1]) is mapping }}",
            "TrueFalseFalse",
        ),
    ];
    let macros = (
        "shop",
        "m.sql",
        "{% macro f(s) %}{% do s.add(9) %}{{ s }}{% endmacro %}{% macro g() %}{{ return(set([5])) }}{% endmacro %}",
    );
    for (text, expected) in cases {
        match render(&[macros], text) {
            Ok(result) => assert_eq!(result, expected, "{text}"),
            Err(error) => panic!("{text}: {error:?}"),
        }
    }
    let error = render(&[], "{{ set([1]).append(2) }}").unwrap_err();
    assert_eq!(error.message, "a set has no method `append`");
}

#[test]
fn the_node_s_settings_can_be_read_while_references_are_collected() {
    let cases = [
        ("{{ model.config.materialized }}{{ model['config']['materialized'] }}", "viewview"),
        ("{{ model.config.get('materialized') }}{{ model.config.nope }}", "view"),
        ("{{ config.require('materialized') }}{{ config.get('materialized') }}", "viewview"),
        ("{{ config(alias='a') }}{{ config.require('alias') }}", "a"),
        (
            "{{ config.require('nope') }}{{ config.meta_require('nope') }}{{ config.get('nope', 'd') }}",
            "d",
        ),
    ];
    for (text, expected) in cases {
        let config = [("materialized".to_string(), Value::from("view"))].into();
        let project = Project { execute: false, config, ..Project::default() };
        assert_eq!(render_with(&[], text, project).unwrap(), expected, "{text}");
    }
    assert_eq!(
        render(&[], "{{ config.require('nope') }}").unwrap_err().message,
        "the setting `nope` is required"
    );
}
