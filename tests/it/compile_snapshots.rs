//! Small projects whose compiled files stand in `tests/projects/<case>/expected/`.
//!
//! `SNAPSHOTS=overwrite cargo test --test it compile_snapshots` writes them again.

use crate::project::{PROJECT_ROOT, Project, files};
use std::fs;
use std::path::{Path, PathBuf};

/// Compiles the project `case`; each file that it writes is the one that stands in `expected/`.
#[track_caller]
fn is_compiled_as_expected(case: &str) {
    let home = Path::new(PROJECT_ROOT).join("tests/projects").join(case);
    let expected = home.join("expected");
    let project = Project::copy_of(&home);
    project.remove_if_there("expected");
    project.run(["compile"]).succeeds();
    let written: Vec<(String, String)> = ["compiled", "run"]
        .iter()
        .flat_map(|part| {
            let files = project.files(&format!("target/{part}")).into_iter();
            files.map(move |(path, text)| (format!("{part}/{path}"), text))
        })
        .collect();
    assert!(!written.is_empty(), "{case} writes nothing");
    if overwrites() {
        write_anew(&expected, &written);
    }
    let known = if expected.is_dir() { files(&expected) } else { Vec::new() };
    let names = |files: &[(String, String)]| -> Vec<String> {
        files.iter().map(|(path, _)| path.clone()).collect()
    };
    assert_eq!(names(&written), names(&known), "{case}");
    for ((path, found), (_, expected)) in written.iter().zip(&known) {
        assert_eq!(found, expected, "{case}: {path}");
    }
}

fn write_anew(expected: &Path, files: &[(String, String)]) {
    if expected.is_dir() {
        fs::remove_dir_all(expected).unwrap();
    }
    for (path, text) in files {
        let path: PathBuf = expected.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn overwrites() -> bool {
    snapbox::assert::Action::with_env_var("SNAPSHOTS") == Some(snapbox::assert::Action::Overwrite)
}

#[test]
fn ephemeral_models() {
    is_compiled_as_expected("ephemeral");
}

#[test]
fn incremental_models() {
    is_compiled_as_expected("incremental");
}

#[test]
fn tests_of_all_kinds() {
    is_compiled_as_expected("tests");
}

#[test]
fn a_project_of_dbt() {
    is_compiled_as_expected("dbt");
}

#[test]
fn every_project_is_compiled() {
    let source = fs::read_to_string(Path::new(PROJECT_ROOT).join(file!())).unwrap();
    for entry in fs::read_dir(Path::new(PROJECT_ROOT).join("tests/projects")).unwrap() {
        let case = entry.unwrap().file_name().into_string().unwrap();
        assert!(source.contains(&format!("is_compiled_as_expected(\"{case}\")")), "{case}");
    }
}
