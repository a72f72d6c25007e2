//! Kills at exact points: who goes by the manifest sees the old files or the new ones, whole, and the
//! next run leaves the new ones alone.

use super::project;
use crate::crash::kills;
use crate::crash::stalled::Stalled;
use crate::project::Project;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The rows that the manifest leads to.
fn listed(project: &Project) -> Vec<String> {
    let mut rows = Vec::new();
    for file in project.json("out/_manifest.json")["files"].as_array().unwrap() {
        let text = project.read(&format!("out/{}", file["path"].as_str().unwrap()));
        let own: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
        assert_eq!(own.len() as u64, file["rows"].as_u64().unwrap());
        assert_eq!(text.len() as u64, file["bytes"].as_u64().unwrap());
        rows.extend(own);
    }
    rows.sort();
    rows
}

/// Every file of the folder that a reader could take for one of the export.
fn visible(project: &Project) -> BTreeSet<String> {
    let files = project.files("out").into_iter().map(|(path, _)| path);
    files
        .filter(|path| {
            Path::new(path).extension().is_some_and(|end| end == "csv") && !path.starts_with('.')
        })
        .collect()
}

// proves: E-3, E-4
#[test]
fn a_folder_is_the_old_one_or_the_new_one() {
    let project = project(
        "  - name: all\n    from: ref('orders')\n    path: out/\n    format: csv\n    options: {partition_by: name}\n",
    );
    project.run(["build"]).succeeds();
    let old = listed(&project);
    project
        .write("models/orders.sql", "select i as id, 'n' || i % 2 as name from range(20, 26) r(i)");
    project.run(["run"]).succeeds();
    let (ran, points) = Stalled::start(&project, "export").finish(&project);
    ran.succeeds();
    let new = listed(&project);
    assert_ne!(old, new);
    let interesting = points.iter().filter(|point| point.starts_with("pass: ")).count();
    assert_eq!(interesting, 5, "{points:?}");
    let published = points.iter().position(|point| point == "pass: published").unwrap();
    // A project as it was before that run, each time anew.
    let mut fell = BTreeSet::new();
    for (last, kind) in points.iter().enumerate() {
        let kind = kind.as_str();
        let telling = kind.starts_with("pass: ") || kind.starts_with("statement: copy (");
        if kills().is_none() && (!telling || !fell.insert(kind)) {
            continue;
        }
        project
            .write("models/orders.sql", "select i as id, 'n' || i % 3 as name from range(10) r(i)");
        project.run(["build"]).succeeds();
        assert_eq!(listed(&project), old);
        project.write(
            "models/orders.sql",
            "select i as id, 'n' || i % 2 as name from range(20, 26) r(i)",
        );
        project.run(["run"]).succeeds();
        let mut run = Stalled::start(&project, "export");
        for _ in 0..=last {
            run.step();
        }
        run.kill();
        let place = format!("killed at point {last}: `{kind}`");
        let expected = if last >= published { &new } else { &old };
        assert_eq!(&listed(&project), expected, "{place}");
        project.run(["export"]).succeeds();
        assert_eq!(listed(&project), new, "{place}");
        let files = project.json("out/_manifest.json")["files"].as_array().unwrap().clone();
        let files: BTreeSet<String> =
            files.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect();
        assert_eq!(visible(&project), files, "{place}");
        let left = fs::read_dir(project.root().join("out")).unwrap().flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name().into_string().unwrap()).collect();
        assert!(!left.iter().any(|name| name.starts_with('.')), "{left:?}, {place}");
    }
}

#[test]
fn a_file_is_the_old_one_or_the_new_one() {
    let project = project("  - name: one\n    from: ref('orders')\n    path: out/x.csv\n");
    project.run(["build"]).succeeds();
    let old = project.read("out/x.csv");
    project.write("models/orders.sql", "select 77 as id");
    project.run(["run"]).succeeds();
    let new = "id\n77\n";
    for (wanted, expected) in [
        ("statement: copy (", old.as_str()),
        ("pass: written", &old),
        ("pass: published", new),
        ("end", new),
    ] {
        project.write("out/x.csv", &old);
        let mut run = Stalled::start(&project, "export");
        run.until(|point| point == wanted);
        run.kill();
        assert_eq!(project.read("out/x.csv"), expected, "{wanted}");
        project.run(["export"]).succeeds();
        assert_eq!(project.read("out/x.csv"), new);
        assert_eq!(project.files("out").len(), 1, "{wanted}");
    }
}

#[test]
fn files_that_a_living_run_makes_are_not_cleared_away() {
    let project = project("  - name: one\n    from: ref('orders')\n    path: out/x.csv\n");
    project.run(["build"]).succeeds();
    // The same export into another database: the lock of the database does not keep them apart.
    project.write(
        "profiles.yml",
        "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n    two: {type: duckdb, path: two.duckdb}\n",
    );
    let mut run = Stalled::start(&project, "export");
    run.until(|point| point == "pass: written");
    project.run(["build", "--target", "two"]).succeeds();
    let (ran, _) = run.finish(&project);
    ran.succeeds();
    assert_eq!(project.files("out").len(), 1);
}
