//! Compares our rendering with Python's Jinja2.
//!
//! The outputs in `jinja2_corpus.txt` are Python's; `python tests/it/template/compare_jinja2.py` writes them anew.

use super::fixture::*;

#[test]
fn templates_render_as_in_python() {
    let corpus = include_str!("jinja2_corpus.txt");
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in corpus.split("\n----\n") {
        let Some((template, expected)) = case.split_once("\n=>\n") else { panic!("{case}") };
        count += 1;
        let result = render(&[], template);
        let matches = match (&result, expected.trim_end()) {
            (Err(error), "!undefined") => {
                matches!(error.kind, sqlflow::template::Kind::Undefined)
            }
            (Err(_), "!error") => true,
            (Ok(text), _) => text == expected,
            (Err(_), _) => false,
        };
        if !matches {
            let got = result.unwrap_or_else(|error| format!("!error {error}"));
            wrong.push(format!("{template}\n  expected {expected}\n  got      {got}\n"));
        }
    }
    assert!(count >= 150, "{count}");
    assert!(wrong.is_empty(), "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
}
