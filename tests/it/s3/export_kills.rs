//! Exports to a store that are killed: who goes by the manifest reads the objects of one run, and the
//! next run leaves nothing of what the killed one began.

use super::faults::Fault;
use super::server::Server;
use super::shop::{listed, manifest, names, objects, project, stored};
use crate::crash::kills;
use crate::crash::stalled::Stalled;
use crate::project::Project;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

const FOLDER: &str = "  - {name: all, from: ref('orders'), connection: lake, path: out/, format: csv, options: {partition_by: name}}\n";

const OLD: &str = "select i as id, 'n' || i % 3 as name from range(10) r(i)";
const NEW: &str = "select i as id, 'n' || i % 2 as name from range(20, 26) r(i)";

/// The objects that a reader of the folder could take for ones of the export.
fn visible(server: &Server) -> BTreeSet<String> {
    let is_file = |name: &String| Path::new(name).extension().is_some_and(|end| end == "csv");
    objects(&server.bucket("shop").join("out")).into_iter().filter(is_file).collect()
}

// proves: E-3, E-4
#[test]
fn a_folder_holds_the_old_objects_or_the_new_ones() {
    let server = Server::start();
    let project = project(&server, FOLDER);
    project.write("models/orders.sql", OLD);
    project.run(["build"]).succeeds();
    let old = listed(&server, "out");
    project.write("models/orders.sql", NEW);
    project.run(["run"]).succeeds();
    let (ran, points) = Stalled::start(&project, "export").finish(&project);
    ran.succeeds();
    let new = listed(&server, "out");
    assert_ne!(old, new);
    let published = points.iter().position(|point| point == "pass: published").unwrap();
    let mut fell = BTreeSet::new();
    for (last, kind) in points.iter().enumerate() {
        let kind = kind.as_str();
        let telling = kind.starts_with("pass: ") || kind.starts_with("statement: copy (");
        if kills().is_none() && (!telling || !fell.insert(kind)) {
            continue;
        }
        let place = format!("killed at point {last}: `{kind}`");
        project.write("models/orders.sql", OLD);
        project.run(["build"]).succeeds();
        assert_eq!(listed(&server, "out"), old);
        project.write("models/orders.sql", NEW);
        project.run(["run"]).succeeds();
        let mut run = Stalled::start(&project, "export");
        for _ in 0..=last {
            run.step();
        }
        run.kill();
        let expected = if last >= published { &new } else { &old };
        assert_eq!(&listed(&server, "out"), expected, "{place}");
        project.run(["export"]).succeeds();
        assert_eq!(listed(&server, "out"), new, "{place}");
        let (manifest, _) = manifest(&server, "out");
        let files = manifest["files"].as_array().unwrap().iter();
        let files: BTreeSet<String> =
            files.map(|file| file["path"].as_str().unwrap().to_owned()).collect();
        assert_eq!(visible(&server), files, "{place}");
        assert!(objects(&project.root().join("target/scratch")).is_empty(), "{place}");
    }
}

#[test]
fn an_object_is_the_old_one_or_the_new_one() {
    let server = Server::start();
    let project = project(
        &server,
        "  - {name: one, from: ref('orders'), connection: lake, path: out/x.csv}\n",
    );
    project.write("models/orders.sql", "select 77 as id");
    project.run(["run"]).succeeds();
    for (wanted, expected) in [
        ("statement: copy (", "old"),
        ("pass: written", "old"),
        ("pass: published", "id\n77\n"),
        ("end", "id\n77\n"),
    ] {
        server.object("out/x.csv", "old");
        let mut run = Stalled::start(&project, "export");
        run.until(|point| point == wanted);
        run.kill();
        assert_eq!(stored(&server, "out/x.csv"), expected.as_bytes(), "{wanted}");
        project.run(["export"]).succeeds();
        assert_eq!(stored(&server, "out/x.csv"), b"id\n77\n");
        assert_eq!(names(&server, "out"), ["x.csv"], "{wanted}");
        assert!(objects(&project.root().join("target/scratch")).is_empty(), "{wanted}");
    }
}

/// Kills an export when the store has begun to take an object of several parts.
fn killed_amid_an_upload(server: &Server, project: &Project) {
    // The second part is not answered before that.
    *server.faults.next.lock().unwrap() = vec![Fault::Late(600_000); 4];
    let mut command = project.command(["export"]);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !server.faults.next.lock().unwrap().is_empty() {
        assert!(run.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    run.kill().unwrap();
    run.wait().unwrap();
}

// proves: E-5
#[test]
fn what_a_killed_run_began_to_upload_is_ended_by_the_next() {
    let big = "select i as id, md5(i::varchar) || repeat('x', 200) as t from range(300000) r(i)";
    for path in ["out/x.csv", "out/"] {
        let server = Server::start();
        let export = |rows: &str| {
            format!(
                "exports:\n  - {{name: x, query: \"{rows}\", connection: lake, path: {path}, format: csv}}\n"
            )
        };
        let project = project(&server, "");
        project.write("models/exports.yml", &export("select 1 as id"));
        project.run(["export"]).succeeds();
        let before = names(&server, "out");
        project.write("models/exports.yml", &export(big));
        killed_amid_an_upload(&server, &project);
        assert_eq!(server.uploads(), 1, "{path}");
        assert_eq!(names(&server, "out"), before, "{path}");
        // Small enough for one request: it is looked for all the same.
        project.write("models/exports.yml", &export("select 2 as id"));
        project.run(["export"]).succeeds();
        assert_eq!(server.uploads(), 0, "{path}");
        assert!(objects(&project.root().join("target/scratch")).is_empty());
    }
}

// proves: E-6
#[test]
fn an_export_that_fails_leaves_the_objects_of_the_one_before() {
    let server = Server::start();
    let project = project(&server, FOLDER);
    project.write("models/orders.sql", OLD);
    project.run(["build"]).succeeds();
    let (before, old) = (objects(&server.bucket("shop").join("out")), listed(&server, "out"));
    project.write("models/orders.sql", NEW);
    // Listing and manifest are read; the first object is written, the next is refused for good.
    for good in 0..=2 {
        server.faults.refuse_writes_after(good);
        project.run(["build"]).exits(3).stderr_contains("error[SF605]").stderr_contains("out/");
        server.faults.refuse_writes_after(u64::MAX);
        assert_eq!(listed(&server, "out"), old);
    }
    // What was refused after everything else goes with the next run.
    assert_ne!(objects(&server.bucket("shop").join("out")), before);
    project.run(["export"]).succeeds();
    assert_eq!(listed(&server, "out").len(), 6);
    assert_eq!(visible(&server).len(), 2);
}
