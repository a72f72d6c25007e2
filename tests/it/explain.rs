//! `sqlflow explain`, and what else helps: `--help`, `--version`, completions, the manual page.

use crate::project::Project;
use snapbox::str;
use sqlflow::diagnostic::Code;

#[test]
fn every_code_is_explained_by_its_page() {
    let project = Project::empty();
    for code in Code::ALL {
        project.run(["explain", code.as_str()]).succeeds().stdout_contains(&format!("# {code}: "));
    }
    project.run(["explain", "sf210"]).succeeds().stdout_contains("# SF210");
}

#[test]
fn an_unknown_code_is_compared_with_the_known_ones() {
    Project::empty().run(["explain", "SF21"]).exits(2).stderr_is(str![[r#"
error: no error code `SF21`. did you mean `SF201`, `SF210` or `SF211`?

"#]]);
}

#[test]
fn help_names_every_verb_and_needs_no_project() {
    let ran = Project::empty().run(["--help"]).succeeds();
    for verb in [
        "init",
        "debug",
        "parse",
        "compile",
        "ls",
        "plan",
        "build",
        "load",
        "seed",
        "run",
        "test",
        "show",
        "watch",
        "clean",
        "explain",
        "completions",
    ] {
        assert!(
            ran.stdout.lines().any(|line| line.trim_start().starts_with(verb)),
            "{verb}: {ran}"
        );
    }
}

#[test]
fn the_version_is_the_packages() {
    let version = format!("sqlflow {}\n", env!("CARGO_PKG_VERSION"));
    Project::empty().run(["--version"]).succeeds().stdout(version.as_str());
}

#[test]
fn shells_get_their_completions() {
    for shell in ["bash", "zsh", "fish"] {
        Project::empty().run(["completions", shell]).succeeds().stdout_contains("sqlflow");
    }
}

#[test]
fn the_manual_page_is_written_as_roff() {
    Project::empty().run(["man"]).succeeds().stdout_contains(".TH sqlflow");
}
