//! `sqlflow watch`: a verdict after each save.

use crate::project::Project;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Stdio};

/// `sqlflow watch` in a project, until it is dropped.
struct Watching {
    process: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Watching {
    fn start(project: &Project) -> Self {
        let mut command = project.command(["watch"]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, lines }
    }

    /// What is said up to the next verdict, and with it.
    fn verdict(&mut self) -> String {
        let mut said = String::new();
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            said += &line;
            said.push('\n');
            if line.ends_with("waiting for changes") {
                return said;
            }
        }
        panic!("it ended: {said}");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[test]
fn each_save_gets_its_verdict() {
    let project = Project::new().model("a", "select 1 as id");
    let mut watching = Watching::start(&project);
    assert!(watching.verdict().contains("✓ all well"));
    project.write("models/b.sql", "select * from {{ ref('aa') }}");
    let said = watching.verdict();
    assert!(said.contains("changed: models/b.sql"), "{said}");
    assert!(said.contains("error[SF210]") && said.contains("✗ see above"), "{said}");
    project.write("models/b.sql", "select * from {{ ref('a') }}");
    assert!(watching.verdict().contains("✓ all well"));
    assert!(project.has("target/compiled/shop/models/b.sql"));
}

#[test]
fn watching_begins_even_where_the_project_is_broken() {
    let project = Project::new().model("a", "select {{ }}");
    let mut watching = Watching::start(&project);
    assert!(watching.verdict().contains("✗ see above"));
    project.write("models/a.sql", "select 1 as id");
    assert!(watching.verdict().contains("✓ all well"));
}

#[test]
fn a_file_that_was_removed_counts_as_a_change() {
    let project =
        Project::new().model("a", "select 1 as id").model("b", "select * from {{ ref('a') }}");
    let mut watching = Watching::start(&project);
    watching.verdict();
    project.remove("models/a.sql");
    assert!(watching.verdict().contains("error[SF210]"));
}

#[test]
fn a_directory_that_is_no_project_is_not_watched() {
    let project = Project::new();
    project.remove("sqlflow.yml");
    project.run(["watch"]).exits(2).stderr_contains("SF107");
}
