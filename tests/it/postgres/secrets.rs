//! Passwords stand nowhere but where the user wrote them.

use super::export::project;
use super::proxy::{At, Break, Proxy};
use super::server::Server;
use crate::project::{Project, Ran};

const PASSWORD: &str = "s3cret-Pa55word";
const WRONG: &str = "wr0ng-Pa55word";

/// A server that asks for passwords.
fn guarded() -> Server {
    let server = Server::with(&["log_statement=all", "log_min_messages=debug1"], |data| {
        let rules = "host all postgres all trust\nhost all all all scram-sha-256\n";
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
    });
    server.run(&format!("create role loader superuser login password '{PASSWORD}'"));
    server.run(
        "create table people as select i as id, repeat('x', 1000) as pad from generate_series(1, 3000) i;
         create view broken as select 1 / (id - 1) as x from people",
    );
    server
}

/// No file of the project, and none of its home, holds a password, whatever its kind.
fn nothing_is_written(project: &Project) {
    for root in [project.root().to_owned(), project.home()] {
        for entry in walkdir::WalkDir::new(root).into_iter().map(Result::unwrap) {
            if !entry.file_type().is_file() || entry.file_name() == "profiles.yml" {
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap();
            for secret in [PASSWORD, WRONG] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{}", entry.path().display());
            }
        }
    }
}

fn nothing_is_said(ran: &Ran) {
    for secret in [PASSWORD, WRONG] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{ran}");
    }
}

/// A project with a source and an export, that logs in as `more` says.
fn sealed(port: u16, more: &str) -> Project {
    let project = project(port, "table: out\nmode: append");
    let profiles = project.read("profiles.yml").replace("user: postgres", more);
    project.write("profiles.yml", &profiles);
    project.file(
        "sources/crm.yml",
        "sources:\n  - name: crm\n    connection: crm\n    tables: [{name: people}, {name: broken}, {name: nowhere}]\n",
    )
}

const VERBS: [&[&str]; 10] = [
    &["compile"],
    &["plan", "--output", "json"],
    &["ls", "--output", "json"],
    &["debug"],
    &["debug", "--list"],
    &["load"],
    &["build"],
    &["export"],
    &["show", "people"],
    &["show", "--inline", "select '{{ target }}' as target"],
];

#[test]
fn passwords_are_in_no_file_and_no_message() {
    let server = guarded();
    // The test itself said the password to the server.
    let before = server.log().len();
    let right = format!("user: loader, password: {PASSWORD}");
    for more in [
        right.clone(),
        "user: loader, password: \"{{ env_var('CRM_PASSWORD') }}\"".to_owned(),
        format!("user: loader, pass: {WRONG}"),
    ] {
        let project = sealed(server.port, &more).env("CRM_PASSWORD", PASSWORD);
        for verb in VERBS {
            nothing_is_said(&project.run(verb));
        }
        nothing_is_written(&project);
    }
    let cut = Proxy::new(server.port, At::Back(700_000), Break::Cut);
    let cut_for_good = Proxy::new(server.port, At::Back(700_000), Break::CutForGood);
    let lost = Proxy::new(server.port, At::AfterCommit, Break::CutForGood);
    for (port, more) in [
        (server.port, format!("user: nobody, password: {PASSWORD}")),
        (cut.port, right.clone()),
        (cut_for_good.port, format!("{right}, retries: 0")),
        (lost.port, format!("{right}, retries: 0")),
        (1, format!("{right}, retries: 0")),
    ] {
        let project = sealed(port, &more);
        nothing_is_said(&project.run(["build"]));
        nothing_is_written(&project);
    }
    assert!(cut.hit() && cut_for_good.hit() && lost.hit());
    let log = server.log().split_off(before);
    assert!(log.contains("copy") && !log.contains(PASSWORD) && !log.contains(WRONG), "{log}");
}

/// What is wrong is said of the line that holds them.
#[test]
fn passwords_are_in_no_error_about_profiles() {
    for more in [
        format!("password: {PASSWORD}, pass: {WRONG}"),
        format!("password: {PASSWORD}, colour: red"),
        format!("passwort: {PASSWORD}"),
        format!("password: {PASSWORD}, port: {PASSWORD}"),
        format!("password: [{PASSWORD}]"),
        format!("password: {PASSWORD}, user: x"),
        format!("password: {PASSWORD}, a: b: c"),
        format!("password: \"{PASSWORD}"),
        format!("password: {PASSWORD}, user: \"{{{{ env_var('NONE') }}}}\""),
        format!("password: {PASSWORD}, user: \"{{{{ \""),
    ] {
        let project = sealed(1, &format!("user: loader, {more}"));
        for verb in ["parse", "debug", "load"] {
            let ran = project.run([verb]);
            nothing_is_said(&ran);
            let parts = [&PASSWORD[..6], &PASSWORD[8..], &WRONG[..6]];
            for part in parts {
                assert!(!ran.stderr.contains(part) && !ran.stdout.contains(part), "{more} {ran}");
            }
        }
        nothing_is_written(&project);
    }
}
