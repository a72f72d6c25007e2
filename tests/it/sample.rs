//! The sample project, built on its real data and held against what Python counts in the same files.

use crate::project::{PROJECT_ROOT, Project};
use serde_json::Value;
use std::path::Path;

/// What `sample_flights.py` counted.
fn expected() -> Value {
    let path = Path::new(PROJECT_ROOT).join("tests/expected/sample_flights.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Whether two results are the same, numbers within a billionth. Decimals come as text.
fn agree(found: &Value, expected: &Value) -> bool {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, expected)| agree(found, expected))
        }
        (found, Value::Number(_)) => match (number(found), number(expected)) {
            (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
            _ => false,
        },
        (found, expected) => found == expected,
    }
}

#[track_caller]
fn holds_what_was_counted(project: &Project) {
    for check in expected()["checks"].as_array().unwrap() {
        let found = project.query_in("flights.duckdb", check["sql"].as_str().unwrap());
        let expected = &check["value"];
        assert!(agree(&found, expected), "{}: {found}, expected {expected}", check["name"]);
    }
}

#[test]
fn the_sample_project_gives_what_was_counted_in_its_files() {
    let project = Project::copy_of(&Path::new(PROJECT_ROOT).join("sample_project"));
    project.run(["build"]).succeeds().tallies("PASS=71 WARN=2 ERROR=0 SKIP=0");
    holds_what_was_counted(&project);
    project.run(["run"]).succeeds();
    holds_what_was_counted(&project);
    project.run(["build"]).succeeds().tallies("PASS=71 WARN=2 ERROR=0 SKIP=0");
    holds_what_was_counted(&project);
}
