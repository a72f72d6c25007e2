//! The sample project on both engines.

use super::both::{Both, OUTPUTS};
use crate::project::{PROJECT_ROOT, Project};
use std::path::Path;

#[test]
fn the_sample_gives_the_same_rows_on_both_engines() {
    let project = Project::copy_of(&Path::new(PROJECT_ROOT).join("sample_project"));
    let project = project.file("profiles.yml", &OUTPUTS.replace("shop", "flights"));
    let both = Both::new(project, "here.duckdb", &["own", "raw"]);
    for ran in both.run(&["build"]) {
        ran.succeeds().tallies("PASS=71 WARN=2 ERROR=0 SKIP=0");
    }
    both.have_the_same_rows();
    for ran in both.run(&["build"]) {
        ran.succeeds().tallies("PASS=71 WARN=2 ERROR=0 SKIP=0");
    }
    both.have_the_same_rows();
}
