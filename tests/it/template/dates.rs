//! Dates, times and time zones as Python has them. `compare_dates.py` checks the expectations with Python.

use super::fixture::*;

#[test]
fn dates_are_computed_with_as_in_python() {
    let cases = include_str!("dates_corpus.txt");
    let mut wrong = Vec::new();
    for case in cases.split_terminator("\n----\n") {
        let Some((template, expected)) = case.split_once("\n=>\n") else { panic!("{case}") };
        let got = match render(&[], template) {
            Ok(text) => text,
            Err(_) if expected == "!error" => continue,
            Err(error) => format!("{error:?}"),
        };
        if got != expected {
            wrong.push(format!("{template}\n  expected {expected}\n  got      {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_time_zone_that_does_not_exist_is_named() {
    let error = render(&[], "{{ modules.pytz.timezone('America/New_Yrok') }}").unwrap_err();
    assert_eq!(error.message, "there is no time zone `America/New_Yrok`");
    assert_eq!(error.help.as_deref(), Some("did you mean `America/New_York`?"));
}

#[test]
fn macros_compute_with_the_dates_they_are_given() {
    let own = (
        "shop",
        "m.sql",
        "{% macro later(date, by) %}{{ return(date + by) }}{% endmacro %}
         {% macro spine(from, days) %}{% for n in range(days) %}{{ from + modules.datetime.timedelta(n) }},{% endfor %}{% endmacro %}
         {% macro total(items, date=none) %}{% set ns = namespace(n=0, l=[], s='') %}{% for i in items %}{% set ns.n = ns.n + i %}{% set ns.l = ns.l + [i] %}{% set ns.s = ns.s + (i | string) %}{% endfor %}{{ ns.n }}{{ ns.l }}{{ ns.s }}{% endmacro %}",
    );
    let cases = [
        (
            "{{ later(modules.datetime.date(2024, 2, 28), modules.datetime.timedelta(days=2)).strftime('%d.%m.') }}",
            "01.03.",
        ),
        (
            "{{ spine(modules.datetime.date(2023, 12, 31), 3) }}",
            "2023-12-31,2024-01-01,2024-01-02,",
        ),
        ("{{ total([1, 2]) }}", "3[1, 2]12"),
        ("{{ total([1.5, 2]) }}", "3.5[1.5, 2]1.52"),
    ];
    for (text, expected) in cases {
        match render(&[own], text) {
            Ok(result) => assert_eq!(result, expected, "{text}"),
            Err(error) => panic!("{text}: {error:?}"),
        }
    }
    let error = render(&[], "{% set date = none %}{{ date + run_started_at }}").unwrap_err();
    assert!(error.message.contains("unsupported types"), "{error:?}");
    assert_eq!((error.frames[0].line, error.frames[0].column), (1, 30));
}
