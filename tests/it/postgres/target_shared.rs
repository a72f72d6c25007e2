//! Several runs that load into one PostgreSQL database at the same time.

use super::server::Server;
use super::target::{Database, client, shop_in, source};
use crate::crash::stalled::Stalled;
use crate::project::{Project, Ran};
use serde_json::json;
use std::process::Stdio;
use std::sync::Arc;

/// Starts all at once, waits for all.
fn run_all(projects: &[Project]) {
    let spawn = |project: &Project| {
        let mut command = project.command(["load", "--lock-timeout", "300"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = projects.iter().map(spawn).collect();
    for (child, project) in children.into_iter().zip(projects) {
        Ran::new(&child.wait_with_output().unwrap(), project.root()).succeeds();
    }
}

// proves: T-5
#[test]
fn loads_into_one_table_take_turns_and_those_into_others_do_not_wait() {
    let server = Arc::new(Server::with(&["max_connections=90"], |_| ()));
    let database = Arc::new(Database::new(&server));
    let projects: Vec<Project> = (0..6)
        .map(|number| {
            let project = shop_in(&database, "");
            let all = source("orders", "mode: append, adopt: true")
                .replace("orders.csv", &format!("o{number}.csv"));
            let own = source(&format!("own{number}"), "mode: replace")
                .lines()
                .skip(3)
                .collect::<Vec<_>>()
                .join("\n");
            project.write("sources/raw.yml", &format!("{all}{own}\n"));
            project.write(&format!("o{number}.csv"), &format!("id,v\n{number},x\n{number},y\n"));
            project.write(&format!("own{number}.csv"), "id\n1\n");
            project
        })
        .collect();
    // Schemas, the tables of the state and the table itself are made by all at once.
    run_all(&projects);
    let found = "select count(*), count(distinct id) from raw.orders";
    assert_eq!(projects[0].query(found), json!([[12, 6]]));
    assert_eq!(projects[0].relations().len(), 7);
    run_all(&projects);
    assert_eq!(projects[0].query(found), json!([[12, 6]]));
    let log = server.log();
    assert!(!log.contains("deadlock detected"), "{log}");
}

// proves: T-5
#[test]
fn who_holds_a_table_is_told_and_its_lock_goes_with_it() {
    let server = Arc::new(Server::start());
    let database = Arc::new(Database::new(&server));
    let [one, two, other] = ["orders", "orders", "others"].map(|table| {
        let project = shop_in(&database, "");
        project.write("sources/raw.yml", &source(table, "mode: replace"));
        project.file(&format!("{table}.csv"), "id\n1\n")
    });
    let mut holder = Stalled::start(&one, "load");
    holder.until(|point| point == "begin");
    let ran = two.run(["load", "--lock-timeout", "0"]).exits(3).stderr_contains("SF602");
    ran.stderr_contains("raw.orders").stderr_contains("`sqlflow load`");
    other.run(["load", "--lock-timeout", "0"]).succeeds();
    holder.kill();
    two.run(["load", "--lock-timeout", "30"]).succeeds();
    assert_eq!(two.relations(), ["raw.orders", "raw.others"]);
    let locks = "select count(*) from pg_locks where locktype = 'advisory'";
    let held: i64 = client(&server, &two).query_one(locks, &[]).unwrap().get(0);
    assert_eq!(held, 0);
}
