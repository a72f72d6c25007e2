//! Credentials of a store are in nothing that is written or said, whether it works or fails.

use super::faults::Fault;
use super::server::{KEY, SECRET, Server};
use super::shop::profiles;
use crate::project::Project;

const TOKEN: &str = "the/token+of=all+sessions/0123456789";

/// A project that loads from the store and exports to it.
fn project(server: &Server, bucket: &str, secret: &str) -> Project {
    let more = format!(
        "bucket: {bucket}, access_key_id: {KEY}, secret_access_key: {secret}, session_token: '{TOKEN}'"
    );
    Project::new()
        .file("profiles.yml", &profiles(server, &more))
        .file(
            "sources/raw.yml",
            "sources:\n  - {name: raw, connection: lake, tables: [{name: rows, path: in/*.csv}]}\n",
        )
        .model("rows", "select * from {{ source('raw', 'rows') }}")
        .file(
            "models/exports.yml",
            "exports:\n  - {name: one, from: ref('rows'), connection: lake, path: out/x.csv}\n  \
             - {name: all, from: ref('rows'), connection: lake, path: all/, format: csv}\n  \
             - {name: sole, query: select 1 as id, connection: lake, path: sole.csv}\n",
        )
        // Whoever looks for a mistake has libraries say more.
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
}

/// What `sqlflow` says to all of these words.
fn said(project: &Project) -> Vec<u8> {
    let mut said = Vec::new();
    for words in [
        &["build"][..],
        &["load", "--full-refresh"],
        &["export"],
        &["compile"],
        &["plan", "--output", "json"],
        &["ls", "--output", "json"],
        &["show", "rows"],
        &["debug"],
        &["debug", "--list"],
    ] {
        let output = project.command(words).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        assert!(!text.is_empty(), "{words:?} says nothing");
        assert!(!String::from_utf8_lossy(&text).contains("panicked"));
        said.extend(text);
    }
    said
}

/// The files below `root` and in the user's home that hold `text`, but for the profile; and how many
/// were looked into.
fn holding(project: &Project, text: &[u8]) -> (Vec<String>, usize) {
    let finder = memchr::memmem::Finder::new(text);
    let (mut found, mut count) = (Vec::new(), 0);
    for root in [project.root().to_owned(), project.home()] {
        for entry in walkdir::WalkDir::new(root).into_iter().map(Result::unwrap) {
            if entry.file_type().is_file() && entry.file_name() != "profiles.yml" {
                count += 1;
                let bytes = std::fs::read(entry.path()).unwrap();
                let is_there = finder.find(&bytes).is_some();
                found.extend(is_there.then(|| entry.path().display().to_string()));
            }
        }
    }
    (found, count)
}

/// Nothing that was said or written holds a secret, as it is or as it goes into a URL.
fn is_quiet(project: &Project, server: &Server, secret: &str, case: &str) {
    let said = said(project);
    let encoded = TOKEN.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    for text in [secret, TOKEN, encoded.as_str()] {
        let finder = memchr::memmem::Finder::new(text);
        let shown = String::from_utf8_lossy(&said);
        assert!(finder.find(&said).is_none(), "{case}: `{text}` is said: {shown}");
        let (files, count) = holding(project, text.as_bytes());
        assert_eq!(files, [""; 0], "{case}: `{text}` is written");
        assert!(count > 10, "{case}: only {count} files");
        for entry in walkdir::WalkDir::new(server.bucket("")).into_iter().map(Result::unwrap) {
            let is_there = entry.file_type().is_file()
                && finder.find(&std::fs::read(entry.path()).unwrap()).is_some();
            assert!(!is_there, "{case}: `{text}` is in the store, in {}", entry.path().display());
        }
    }
}

// proves: E-10
#[test]
fn keys_and_tokens_are_nowhere() {
    let server = Server::start();
    for bucket in ["shop", "closed"] {
        let folder = server.bucket(bucket).join("in");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("a.csv"), "id\n1\n2\n").unwrap();
    }
    let works = project(&server, "shop", SECRET);
    works.run(["build"]).succeeds();
    is_quiet(&works, &server, SECRET, "success");
    let wrong = "a-secret-that-is-not-the-right-one";
    for (case, bucket, secret) in [
        ("wrong secret", "shop", wrong),
        ("no permission", "closed", SECRET),
        ("no bucket", "nowhere", SECRET),
        ("another region", "abroad", SECRET),
    ] {
        is_quiet(&project(&server, bucket, secret), &server, secret, case);
    }
    let expired = project(&server, "shop", SECRET);
    server.faults.at_random(1, u64::MAX);
    server.faults.end_with(0, Fault::Expired);
    expired.run(["build"]).exits(3).stderr_contains("the credentials have expired");
    is_quiet(&expired, &server, SECRET, "expired");
}
