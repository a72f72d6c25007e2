//! What the reference promises about loads is held by tests: each rule of its page is named by a test
//! that proves it, and each mode with each option by one that has it.
//!
//! Tests say so in a line of their own right above `#[test]`:
//!
//! - `// proves: L-5, L-9`, a rule of docs/reference/load-promises.md;
//! - `// covers: merge × into, replace × into`, a cell of the table of modes and options.

use crate::load_property::options_of_random_loads;
use crate::project::{PROJECT_ROOT, Project, files};
use sqlflow::mode::load::{Cell, LOAD_OPTIONS, LoadMode};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The rules of the page: number and text.
fn rules() -> Vec<(String, String)> {
    let path = Path::new(PROJECT_ROOT).join("docs/reference/load-promises.md");
    let page = std::fs::read_to_string(path).unwrap();
    let rule = |line: &str| {
        let (id, text) = line.strip_prefix("- **")?.split_once("** ")?;
        Some((id.to_owned(), text.to_owned()))
    };
    page.lines().filter_map(rule).collect()
}

/// What tests say behind `word`, each with the file that says it.
fn said(word: &str) -> BTreeMap<String, Vec<String>> {
    let root = Path::new(PROJECT_ROOT);
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for directory in ["src", "tests/it"] {
        let sources = files_with_rust(&root.join(directory));
        for (path, text) in sources {
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for (at, line) in lines.iter().enumerate() {
                let Some(list) = line.strip_prefix("// ").and_then(|l| l.strip_prefix(word)) else {
                    continue;
                };
                let next = lines[at + 1..].iter().find(|line| !line.starts_with("//"));
                let place = format!("{directory}/{path}:{}", at + 1);
                assert_eq!(next, Some(&"#[test]"), "{place}: not right above a test");
                for item in list.split(',').map(str::trim) {
                    assert!(!item.is_empty(), "{place}: names nothing");
                    all.entry(item.to_owned()).or_default().push(place.clone());
                }
            }
        }
    }
    all
}

fn files_with_rust(directory: &Path) -> Vec<(String, String)> {
    let sources = walkdir::WalkDir::new(directory).sort_by_file_name().into_iter();
    let sources = sources.map(Result::unwrap).filter(|entry| {
        entry.file_type().is_file() && entry.path().extension().is_some_and(|end| end == "rs")
    });
    let read = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(directory).unwrap().display().to_string();
        (path, std::fs::read_to_string(entry.path()).unwrap())
    };
    sources.map(read).collect()
}

#[test]
fn every_rule_has_a_number_of_its_own_and_says_something() {
    let rules = rules();
    assert!(rules.len() > 50, "the page is read wrongly: {} rules", rules.len());
    let mut known = BTreeSet::new();
    for (id, text) in &rules {
        let number = id
            .strip_prefix("L-")
            .or_else(|| id.strip_prefix("E-"))
            .or_else(|| id.strip_prefix("T-"))
            .and_then(|number| number.parse::<u32>().ok());
        assert!(number.is_some(), "`{id}` is no number of a rule");
        assert!(known.insert(id), "{id} stands twice");
        assert!(text.ends_with('.') && text.len() > 20, "{id} says `{text}`");
    }
    let path = Path::new(PROJECT_ROOT).join("docs/reference/load-promises.md");
    let page = std::fs::read_to_string(path).unwrap();
    let listed = page.lines().filter(|line| line.starts_with("- ")).count();
    assert_eq!(listed, rules.len(), "a line of the page is no rule");
}

#[test]
fn every_rule_is_proved_by_a_test() {
    let proved = said("proves: ");
    let rules = rules();
    let unproved: Vec<_> = rules.iter().filter(|(id, _)| !proved.contains_key(id)).collect();
    assert!(unproved.is_empty(), "no test proves {unproved:#?}");
    let unknown: Vec<_> =
        proved.iter().filter(|(id, _)| !rules.iter().any(|(known, _)| known == *id)).collect();
    assert!(unknown.is_empty(), "the page has no {unknown:#?}");
}

/// The name of a cell, as tests write it.
fn cell(mode: LoadMode, option: &str) -> String {
    format!("{mode} × {option}")
}

#[test]
fn every_cell_of_modes_and_options_is_covered_or_names_its_error() {
    let said = said("covers: ");
    let mut cells = BTreeSet::new();
    let mut empty = Vec::new();
    for mode in LoadMode::ALL {
        let random = options_of_random_loads(mode);
        for option in LOAD_OPTIONS {
            let name = cell(mode, option.name);
            let refused = matches!(option.cell(mode), Cell::Refused(_));
            let covered = random.contains(option.name) || said.contains_key(&name);
            // What is refused is tried by one test for all of them.
            assert!(!(refused && covered), "{name} is refused, and yet a test covers it");
            if !refused && !covered {
                empty.push(name.clone());
            }
            cells.insert(name);
        }
    }
    assert!(empty.is_empty(), "no test covers {empty:#?}");
    let told = "every refused cell";
    assert!(said.contains_key(told), "no test covers {told}");
    let unknown: Vec<_> =
        said.keys().filter(|name| *name != told && !cells.contains(*name)).collect();
    assert!(unknown.is_empty(), "there is no cell {unknown:#?}");
}

// proves: L-20
#[test]
fn every_option_that_goes_with_another_is_refused_alone() {
    for mode in LoadMode::ALL {
        for option in LOAD_OPTIONS {
            let (needed, code) = match option.cell(mode) {
                Cell::With(other) => (format!("`{}` needs `{other}`", option.name), "SF318"),
                Cell::Needs => (format!("mode `{mode}` needs a `{}`", option.name), "SF106"),
                Cell::Takes | Cell::Refused(_) => continue,
            };
            // What the other option needs in turn is given.
            let key = match option.cell(mode) {
                Cell::With(_) if mode != LoadMode::Append => "key: id, ",
                _ => "",
            };
            let given = match option.cell(mode) {
                Cell::With(_) => format!("{}: x, ", option.name),
                _ => String::new(),
            };
            let yaml = format!(
                "sources: [{{name: raw, tables: [{{name: t, path: t.csv, load: {{{key}{given}mode: {mode}}}}}]}}]\n"
            );
            let project = Project::new().file("sources/raw.yml", &yaml).file("t.csv", "id\n1\n");
            let ran = project.run(["load"]).exits(2);
            ran.stderr_contains(&format!("error[{code}]")).stderr_contains(&needed);
        }
    }
}

#[test]
fn the_reference_leads_to_the_promises() {
    let pages = files(&Path::new(PROJECT_ROOT).join("docs/reference"));
    let (_, page) = pages.iter().find(|(path, _)| path == "sources-and-loads.md").unwrap();
    assert!(page.contains("(load-promises.md)"));
}
