//! Commits whose answer is lost: their rows are there once or not at all, and the run says which.

use super::export::{ask, project};
use super::proxy::{At, Break, Proxy};
use super::server::Server;
use crate::project::Project;

const ALL: &str = "select string_agg(id || '|' || name, ' ' order by id) from people";

/// A project that exports by way of `proxy`, as `words` say.
fn through(proxy: &Proxy, words: &str, retries: u32) -> Project {
    let project = project(proxy.port, words);
    let profiles = project.read("profiles.yml");
    let more = format!("sslmode: disable, retries: {retries}");
    project.write("profiles.yml", &profiles.replace("sslmode: disable", &more));
    project
}

fn server() -> Server {
    // Crashes lose nothing that was committed.
    let server = Server::with(&["synchronous_commit=on"], |_| ());
    server.run("create table people (id bigint, name text); insert into people values (7, 'x')");
    server
}

// proves: L-81
#[test]
fn a_commit_that_was_lost_on_its_way_is_made_again_and_one_that_was_carried_out_is_not() {
    for (at, tried) in [(At::BeforeCommit, true), (At::AfterCommit, false)] {
        for (mode, expected) in [
            ("mode: append", "0|n0 1|n1 2|n2 7|x"),
            ("mode: replace", "0|n0 1|n1 2|n2"),
            ("mode: merge\nkey: id", "0|n0 1|n1 2|n2 7|x"),
        ] {
            let server = server();
            let proxy = Proxy::new(server.port, at, Break::Cut);
            let project = through(&proxy, &format!("table: people\n{mode}"), 2);
            let ran = project.run(["build"]).succeeds();
            assert!(proxy.hit());
            assert_eq!(ask(&server, ALL), expected, "{at:?} {mode}");
            let results = project.read("target/run_results.json");
            assert_eq!(ran.stderr.contains("note[SF607]"), tried, "{at:?} {mode} {ran}");
            assert_eq!(results.contains("\"retries\": 1"), tried, "{at:?} {mode}");
        }
    }
}

// proves: L-81
#[test]
fn without_retries_a_lost_commit_is_still_asked_for() {
    let server = server();
    let proxy = Proxy::new(server.port, At::AfterCommit, Break::Cut);
    let project = through(&proxy, "table: people\nmode: append", 0);
    project.run(["build"]).succeeds().stderr_lacks("SF607");
    assert_eq!(ask(&server, ALL), "0|n0 1|n1 2|n2 7|x");
    let proxy = Proxy::new(server.port, At::BeforeCommit, Break::Cut);
    let project = through(&proxy, "table: people\nmode: append", 0);
    project.run(["build"]).exits(3).stderr_contains("error[SF603]");
    assert_eq!(ask(&server, ALL), "0|n0 1|n1 2|n2 7|x");
}

// proves: L-82
#[test]
fn a_commit_that_cannot_be_asked_for_is_said_to_be_unknown_and_not_made_again() {
    let server = server();
    let proxy = Proxy::new(server.port, At::AfterCommit, Break::CutForGood);
    let project = through(&proxy, "table: people\nmode: append", 1);
    let ran = project.run(["build"]).exits(3).stderr_contains("error[SF608]");
    let ran = ran.stderr_contains("whether the rows are in `public.people` is not known");
    let ran = ran.stderr_contains("select txid_status(").stderr_lacks("tried again");
    let number = ran.stderr.split("txid_status(").nth(1).unwrap().split(')').next().unwrap();
    assert_eq!(ask(&server, &format!("select txid_status({number})")), "committed");
    assert_eq!(ask(&server, ALL), "0|n0 1|n1 2|n2 7|x");
}

// proves: L-81
#[test]
fn a_transaction_that_the_server_still_holds_open_is_ended_before_the_next() {
    let server = server();
    // The commit never arrives, and the server does not learn that nobody is there.
    let proxy = Proxy::new(server.port, At::BeforeCommit, Break::Deaf);
    let project = through(&proxy, "table: people\nmode: append", 2);
    project.run(["build"]).succeeds().stderr_contains("note[SF607]");
    assert_eq!(ask(&server, ALL), "0|n0 1|n1 2|n2 7|x");
}
