//! Every error code has its page, stands in the list, and is provoked by a test.

use crate::project::{PROJECT_ROOT, files};
use sqlflow::diagnostic::Code;
use std::collections::BTreeSet;
use std::path::Path;

/// Codes that no test can provoke, and why.
const NOT_PROVOKED: [(&str, &str); 2] = [
    ("SF503", "no verb cancels a statement yet; the engine's own tests interrupt one"),
    ("SF902", "a defect of sqlflow itself: a test that could provoke it would be a bug report"),
];

fn pages() -> Vec<(String, String)> {
    files(&Path::new(PROJECT_ROOT).join("docs/errors"))
}

#[test]
fn every_code_has_a_page_that_explains_it() {
    for code in Code::ALL {
        let page = code.page();
        let (title, rest) = page.split_once('\n').unwrap_or((page, ""));
        assert!(title.starts_with(&format!("# {code}: ")), "{code}: `{title}`");
        let lines = rest.lines().filter(|line| !line.trim().is_empty()).count();
        assert!(lines >= 3, "docs/errors/{code}.md says next to nothing");
    }
}

#[test]
fn every_page_belongs_to_a_code() {
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| format!("{code}.md")).collect();
    let pages = pages().into_iter().map(|(path, _)| path).filter(|path| path != "README.md");
    assert_eq!(codes, pages.collect());
}

#[test]
fn every_code_stands_in_the_list() {
    let pages = pages();
    let (_, list) = pages.iter().find(|(path, _)| path == "README.md").unwrap();
    for code in Code::ALL {
        assert!(
            list.contains(&format!("[{code}]({code}.md)")),
            "docs/errors/README.md lacks {code}"
        );
    }
}

#[test]
fn every_code_is_provoked_by_a_test() {
    let tests = files(&Path::new(PROJECT_ROOT).join("tests/it"));
    let tests: Vec<_> = tests.iter().filter(|(path, _)| path != "codes.rs").collect();
    let provoked = |code: &Code| {
        let forms = [format!("[{code}]"), format!("\"{code}\"")];
        tests.iter().any(|(_, text)| forms.iter().any(|form| text.contains(form)))
    };
    let (mut missing, mut needless) = (Vec::new(), Vec::new());
    for code in Code::ALL {
        let excused = NOT_PROVOKED.iter().any(|(known, _)| *known == code.as_str());
        match (provoked(code), excused) {
            (false, false) => missing.push(code),
            (true, true) => needless.push(code),
            _ => {}
        }
    }
    assert!(missing.is_empty(), "no test provokes {missing:?}");
    assert!(needless.is_empty(), "these are provoked after all: {needless:?}");
}
