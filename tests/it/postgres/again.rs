//! Loads that start again because the server broke, and those that do not.

use super::export::ask;
use super::load::project_with;
use super::proxy::{At, Break, Proxy};
use super::server::Server;
use crate::project::Project;
use serde_json::json;

const PEOPLE: &str = "      - {name: people}\n";

fn through(proxy: &Proxy, retries: u32, tables: &str) -> Project {
    project_with(&proxy.port.to_string(), &format!("user: postgres, retries: {retries}"), tables)
}

fn people(rows: u32) -> Server {
    let server = Server::start();
    server.run(&format!(
        "create table people (id int, pad text);
         insert into people select i, repeat('x', 1000) from generate_series(1, {rows}) i"
    ));
    server
}

// proves: L-80
#[test]
fn a_load_that_broke_starts_again_and_says_so() {
    let server = people(3000);
    let proxy = Proxy::new(server.port, At::Back(1_500_000), Break::Cut);
    let project = through(&proxy, 1, PEOPLE);
    let ran = project.run(["load"]).succeeds();
    assert!(proxy.hit_rows());
    ran.stderr_contains("note[SF607]: `public.people` was tried again once: the connection to")
        .stderr_contains("✓ load   crm.people");
    assert_eq!(
        project.query("select count(*), count(distinct id) from crm.people"),
        json!([[3000, 3000]])
    );
    let results = project.json("target/run_results.json");
    let result = &results["results"][0];
    assert!(result["message"].as_str().unwrap().contains("tried again once"), "{result}");
    assert_eq!(result["adapter_response"]["retries"], 1);
    assert_eq!(result["adapter_response"]["rows_read"], 3000);
}

// proves: L-80
#[test]
fn a_load_that_breaks_each_time_is_an_error_and_changes_nothing() {
    let server = people(3000);
    for retries in [0, 1] {
        let proxy = Proxy::new(server.port, At::Back(1_500_000), Break::CutForGood);
        let project = through(&proxy, retries, PEOPLE);
        let ran = project.run(["load"]).exits(3).stderr_contains("error[SF603]");
        assert_eq!(ran.stderr.contains("tried again once"), retries == 1, "{ran}");
        assert_eq!(project.relations(), [""; 0]);
        assert!(!project.has("schemas/crm/people.yml"));
    }
}

// proves: L-80
#[test]
fn what_changed_while_a_load_broke_is_seen_by_the_next_try() {
    let server = people(30_000); // More than the sockets on the way hold.
    let direct = project_with(&server.port.to_string(), "user: postgres", PEOPLE);
    direct.run(["load"]).succeeds();
    let proxy = Proxy::new(server.port, At::Back(1_500_000), Break::Wait);
    let profiles = direct.read("profiles.yml");
    let (old, new) = (format!("port: {}", server.port), format!("port: {}", proxy.port));
    direct.write("profiles.yml", &profiles.replace(&old, &new));
    let mut run = direct.command(["load"]);
    let child = run.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while !proxy.hit() {
        std::thread::yield_now();
    }
    server.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sqlflow'",
    );
    server.run("alter table people add column late int");
    proxy.resume();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error[SF401]") && stderr.contains("column `late`"), "{stderr}");
    assert_eq!(direct.query("select count(*) from crm.people"), json!([[30_000]]));
}

// proves: L-83
#[test]
fn what_does_not_heal_is_not_tried_again() {
    let server = people(3000);
    server.run("create role loader login; create table secret (id int)");
    let port = server.port.to_string();
    let table = |name: &str| format!("      - {{name: {name}}}\n");
    let query = |query: &str| format!("      - {{name: q, query: \"{query}\"}}\n");
    for (more, tables, code) in [
        ("user: nobody", table("people"), "SF604"),
        ("user: loader", table("secret"), "SF605"),
        ("user: loader", table("nowhere"), "SF327"),
        ("user: loader", query("select 1 / 0 as x"), "SF328"),
        ("user: loader, statement_timeout: 1", query("select pg_sleep(60)::text as x"), "SF606"),
    ] {
        let project = project_with(&port, more, &tables);
        let ran = project.run(["load"]).stderr_contains(&format!("error[{code}]"));
        ran.stderr_lacks("tried again");
    }
    let sleeping = query("select pg_sleep(60)::text as x");
    let project = project_with(&port, "user: loader", &sleeping);
    let child = project.command(["load"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let cancel = "select count(*) from pg_stat_activity where application_name = 'sqlflow'
        and query like 'copy%pg_sleep%' and state = 'active' and pg_cancel_backend(pid)";
    while ask(&server, cancel) == "0" {
        std::thread::yield_now();
    }
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("error[SF606]") && !stderr.contains("tried again"), "{stderr}");
}
