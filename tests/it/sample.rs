//! The sample project, built on its real data and held against what Python counts in the same files.

use crate::project::{PROJECT_ROOT, Project};
use serde_json::{Value, json};
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
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

/// A copy of the sample project, built, and with its tables exported to `connection` as the project
/// `variants/fill` says. `set` gives it the variables that the servers are found by.
pub(crate) fn filled(connection: &str, set: impl Fn(Project) -> Project) -> Project {
    let project = set(Project::copy_of(&Path::new(PROJECT_ROOT).join("sample_project")));
    project.run(["build", "--exclude", "resource_type:test"]).succeeds();
    let select = format!("connection:{connection}");
    let words = ["export", "--project-dir", "variants/fill", "--select", &select];
    project.run(words).succeeds().tallies("PASS=5 WARN=0 ERROR=0 SKIP=0");
    project
}

/// That the tables of a variant, built, have the rows and the types of those made from files.
#[track_caller]
pub(crate) fn has_the_tables_of_the_files(project: &Project, variant: &str) {
    let mut session = DuckDb::open(&Options::new(Location::Memory)).unwrap().session().unwrap();
    for (name, folder) in [("files", String::new()), ("variant", format!("variants/{variant}"))] {
        let path = project.root().join(folder).join("flights.duckdb");
        session.execute(&format!("attach '{}' as {name} (read_only)", path.display())).unwrap();
    }
    let tables = answers(
        &mut *session,
        "select schema_name || '.' || table_name from duckdb_tables() \
         where database_name = 'variant' and schema_name <> '_sqlflow' order by 1",
    );
    // Five that were loaded, six that were made of them, a seed.
    assert_eq!(tables.len(), 12, "{tables:?}");
    for table in tables {
        let columns = columns(&mut *session, "variant", &table);
        let known = self::columns(&mut *session, "files", &table);
        assert!(columns.iter().all(|column| known.contains(column)), "{table}: {columns:?}");
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        let [ours, files] =
            ["variant", "files"].map(|name| format!("(select {names} from {name}.{table})"));
        let count = format!(
            "select (select count(*) from ({ours} except all {files})), \
             (select count(*) from ({files} except all {ours})), (select count(*) > 0 from {ours})"
        );
        let found = session.query(&count, None).unwrap().rows;
        assert_eq!(json!(found), json!([[0, 0, true]]), "{table}");
    }
}

/// The columns of a table by name and type.
fn columns(session: &mut dyn Session, database: &str, table: &str) -> Vec<(String, String)> {
    let sql = format!(
        "select column_name, data_type from duckdb_columns() where database_name = '{database}' \
         and schema_name || '.' || table_name = '{table}' order by column_index"
    );
    let rows = session.query(&sql, None).unwrap().rows;
    let text = |cell: &Value| cell.as_str().unwrap().to_owned();
    rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

fn answers(session: &mut dyn Session, sql: &str) -> Vec<String> {
    let rows = session.query(sql, None).unwrap().rows;
    rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
}
