//! `sqlflow clean`: removes what was generated, and nothing else.

use crate::project::Project;

fn compiled() -> Project {
    let project = Project::new().model("a", "select 1 as id");
    project.run(["compile"]).succeeds();
    project
}

#[test]
fn what_was_generated_is_removed() {
    let project = compiled();
    project
        .run(["clean"])
        .succeeds()
        .stderr_is("Removed what was generated in [PROJECT]/target.\n");
    assert!(!project.has("target") && project.has("models/a.sql"));
    project.run(["clean"]).succeeds().stderr_is("There was nothing to remove.\n");
}

#[test]
fn the_database_is_not_removed() {
    let project = compiled();
    project.run(["build"]).succeeds();
    project.run(["clean"]).succeeds();
    assert!(project.has("shop.duckdb"));
}

#[test]
fn a_target_outside_the_project_is_left_alone() {
    let project = compiled();
    let outside = project.home().join("documents");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("thesis.txt"), "mine").unwrap();
    for path in [outside.to_string_lossy().as_ref(), "../home/documents"] {
        project
            .run(["clean", "--target-path", path])
            .exits(2)
            .stderr_contains("is not inside the project");
        assert!(outside.join("thesis.txt").exists(), "{path}");
    }
}

#[test]
fn the_project_itself_is_not_removed() {
    let project = compiled();
    for path in [".", "target/..", ""] {
        let ran = project.run(["clean", "--target-path", path]);
        assert!(project.has("models/a.sql") && project.has("sqlflow.yml"), "{path}: {ran}");
    }
}

#[test]
fn a_link_that_leads_out_is_not_followed() {
    let project = compiled();
    let outside = project.home().join("documents");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("thesis.txt"), "mine").unwrap();
    project.remove("target");
    std::os::unix::fs::symlink(&outside, project.root().join("target")).unwrap();
    project.run(["clean"]);
    assert!(outside.join("thesis.txt").exists());
}

#[test]
fn directories_of_the_project_are_not_removed() {
    let project = compiled();
    project.run(["clean", "--target-path", "models"]);
    assert!(project.has("models/a.sql"));
}
