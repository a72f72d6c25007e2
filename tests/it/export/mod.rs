//! Exports into files: what is written, what is left when something fails, what is refused.

mod folders;
mod formats;
mod graph;
mod kills;
mod refused;
mod usage;

use crate::project::Project;

/// `orders`, a model of so many rows, and exports as YAML says them.
fn project(exports: &str) -> Project {
    Project::new()
        .model("orders", "select i as id, 'n' || i % 3 as name from range(10) r(i) order by i")
        .file("models/exports.yml", &format!("exports:\n{exports}"))
}

/// Every file below `folder`, hidden ones too, without the ids of runs.
fn names(project: &Project, folder: &str) -> Vec<String> {
    let id = fancy_regex::Regex::new(r"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}").unwrap();
    let walk = walkdir::WalkDir::new(project.root().join(folder)).sort_by_file_name().into_iter();
    let files = walk.map(Result::unwrap).filter(|entry| !entry.file_type().is_dir());
    files
        .map(|entry| {
            let path = entry.path().strip_prefix(project.root().join(folder)).unwrap();
            id.replace_all(&path.to_string_lossy(), "RUN").into_owned()
        })
        .collect()
}
