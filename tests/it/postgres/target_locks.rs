//! Runs into PostgreSQL that lose their locks, that end in the middle of a statement, or that leave
//! something behind: what the next ones make of it.

use super::pooler::{Order, pooler};
use super::server::Server;
use super::target::{Database, client};
use crate::elsewhere::Elsewhere;
use crate::project::{Project, Ran};
use serde_json::json;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// A project of nothing, into `database`.
fn project(database: &Arc<Database>) -> Project {
    let mut project = Project::empty().file("sqlflow.yml", "name: shop\n");
    project.elsewhere = Some(database.clone());
    project.write("profiles.yml", &database.profiles());
    project
}

fn start(project: &Project, words: &[&str]) -> Child {
    let mut command = project.command(words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(project: &Project, child: Child) -> Ran {
    Ran::new(&child.wait_with_output().unwrap(), project.root())
}

/// Waits until `sql` counts something.
fn until(server: &Server, sql: &str) {
    let mut client = server.client();
    while client.query_one(sql, &[]).unwrap().get::<_, i64>(0) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
}

const HOLDERS: &str =
    "select count(*) from pg_stat_activity where application_name like 'sqlflow build%'";
const SLEEPERS: &str = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
const WAITERS: &str = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
const ADDS: &str = "{{ config(materialized='incremental', incremental_strategy='append') }}\n\
                    select g as id from generate_series(1, 10) as g";

// proves: T-5
#[test]
fn a_run_whose_lock_goes_publishes_nothing_more() {
    let server = Arc::new(Server::start());
    let database = Arc::new(Database::new(&server));
    let project = project(&database);
    project.write("models/adds.sql", ADDS);
    project.run(["build"]).succeeds();
    project.write("models/adds.sql", &format!("{ADDS}, pg_sleep(0.05)"));
    project.write("models/later.sql", "select count(*) as n from {{ ref('adds') }}");
    let child = start(&project, &["build"]);
    until(&server, SLEEPERS);
    server.run(&HOLDERS.replace("count(*)", "pg_terminate_backend(pid)"));
    let ran = end(&project, child).exits(3).stderr_contains("error[SF609]");
    ran.stderr_contains("held the locks of this run");
    assert_eq!(project.query("select count(*) from main.adds"), json!([[10]]));
    project.run(["build"]).succeeds();
    assert_eq!(project.query("select count(*) from main.adds"), json!([[20]]));
    assert_eq!(project.relations(), ["main.adds", "main.later"]);
}

/// The publish of the first waits for a reader when its lock goes, so that nothing looks at it any
/// more: the second waits for it, ends it, and goes on.
// proves: T-5
#[test]
fn who_has_a_lock_next_ends_what_the_run_before_still_does() {
    let server = Arc::new(Server::start());
    let database = Arc::new(Database::new(&server));
    let project = project(&database);
    project.write("models/slow.sql", "{{ config(materialized='table') }}\nselect 1 as id");
    project.run(["build"]).succeeds();
    project.write(
        "models/slow.sql",
        "{{ config(materialized='table') }}\nselect 1 as id from pg_sleep(600)",
    );
    let mut child = start(&project, &["build"]);
    until(&server, SLEEPERS);
    child.kill().unwrap();
    child.wait().unwrap();
    project.write("models/slow.sql", "{{ config(materialized='table') }}\nselect 2 as id");
    project.run(["build", "--lock-timeout", "0"]).succeeds();
    assert_eq!(project.query("select id from main.slow"), json!([[2]]));
    let sleeping = server.client().query_one(SLEEPERS, &[]).unwrap().get::<_, i64>(0);
    assert_eq!(sleeping, 0);
    assert_eq!(project.relations(), ["main.slow"]);
}

#[test]
fn a_server_that_ends_idle_sessions_ends_no_lock() {
    let server = Arc::new(Server::start());
    server.run("alter role postgres set idle_session_timeout = '50ms'");
    let database = Arc::new(Database::new(&server));
    let project = project(&database);
    project.write(
        "models/slow.sql",
        "{{ config(materialized='table') }}\nselect 1 as id from pg_sleep(0.4)",
    );
    project.run(["build"]).succeeds();
}

// proves: T-5
#[test]
fn a_run_leaves_alone_what_others_stage() {
    let server = Arc::new(Server::start());
    let database = Arc::new(Database::new(&server));
    let one = project(&database);
    for name in ["big", "small"] {
        let path = format!("models/{name}.sql");
        one.write(&path, "{{ config(materialized='table') }}\nselect 1 as id");
    }
    one.run(["build"]).succeeds();
    let mut reader = client(&server, &one);
    reader.batch_execute("begin; select from main.big").unwrap();
    let child = start(&one, &["build", "--select", "big"]);
    until(&server, WAITERS);
    let other = ["build", "--select", "small", "--target-path", "other", "--lock-timeout", "0"];
    one.run(other).succeeds();
    drop(reader);
    end(&one, child).succeeds();
    assert_eq!(one.relations(), ["main.big", "main.small"]);
}

// proves: T-6
#[test]
fn what_another_role_left_is_in_nobodys_way() {
    let server = Arc::new(Server::start());
    server.run("create role alice login; create role bob login; create role team; grant team to alice, bob");
    let database = Arc::new(Database::new(&server));
    let project = project(&database);
    let mut superuser = client(&server, &project);
    superuser
        .batch_execute("create schema main; grant usage, create on schema main to alice, bob, team")
        .unwrap();
    let as_role = |role: &str| {
        project.write(
            "profiles.yml",
            &database.profiles().replace("user: postgres", &format!("user: {role}")),
        );
    };
    let unique =
        "{{ config(materialized='table', indexes=[{'columns': ['id'], 'unique': true}]) }}\n";
    project.write("models/t.sql", &format!("{unique}select 1 as id union all select 1"));
    project.write("seeds/s.csv", "id\n1\n");
    as_role("alice");
    project.run(["build"]).fails_with("SF504");
    assert_eq!(project.relations(), ["main.s"]);
    let left = "create table main.__sqlflow_stage__t__0badbeef (id int);
                create table main.__sqlflow_stage__other__0badbeef (id int)";
    superuser.batch_execute(&format!("set role alice; {left}; reset role")).unwrap();
    as_role("bob");
    project.write("models/t.sql", &format!("{unique}select 1 as id"));
    let ran = project.run(["build", "--select", "t"]).succeeds();
    ran.stderr_contains("__sqlflow_stage__t__0badbeef").stderr_contains("must be owner");
    as_role("alice");
    superuser.batch_execute("alter table main.t owner to team").unwrap();
    project.run(["build", "--select", "t"]).succeeds();
    assert_eq!(project.relations(), ["main.__sqlflow_stage__other__0badbeef", "main.s", "main.t"]);
}

// proves: T-6
#[test]
fn a_pooler_in_transaction_mode_is_told_before_anything_is_locked() {
    let server = Arc::new(Server::start());
    for order in [Order::Newest, Order::Oldest] {
        for size in [1, 3] {
            let database = Arc::new(Database::new(&server));
            let project = project(&database);
            project.write("models/t.sql", "select 1 as id");
            let port = pooler(server.port, &database.name, size, order);
            let direct = database.profiles();
            let own = format!("port: {}", server.port);
            project.write("profiles.yml", &direct.replace(&own, &format!("port: {port}")));
            // With one connection the second client of the run waits for the first one's.
            let ran = project.run(["build"]).exits(3).stderr_contains("SF601");
            ran.stderr_contains("a pooler in transaction mode");
            project.write("profiles.yml", &direct);
            project.run(["build", "--lock-timeout", "0"]).succeeds();
        }
    }
}

// proves: T-6
#[test]
fn a_run_goes_on_with_as_many_connections_as_there_are() {
    let server =
        Arc::new(Server::with(&["max_connections=12", "superuser_reserved_connections=0"], |_| ()));
    let database = Arc::new(Database::new(&server));
    let project = project(&database);
    for number in 0..12 {
        let path = format!("models/m{number}.sql");
        let sql = "{{ config(materialized='table') }}\nselect 1 as id from pg_sleep(0.1)";
        project.write(&path, sql);
    }
    project.write(
        "profiles.yml",
        &database.profiles().replace("threads: 2", "threads: 8, retries: 0"),
    );
    let busy: Vec<_> = (0..7).map(|_| server.client()).collect();
    let ran = project.run(["build"]).succeeds().stderr_contains("warning[SF606]");
    ran.stderr_contains("of 8 threads had no connection");
    drop(busy);
    assert_eq!(project.relations().len(), 12);
}

#[test]
fn a_statement_that_takes_too_long_and_a_table_too_wide_are_told_for_what_they_are() {
    let server = Arc::new(Server::start());
    let database = Arc::new(Database::new(&server));
    let project = project(&database);
    project.write(
        "models/m.sql",
        "{{ config(materialized='table') }}\nselect 1 as id from pg_sleep(600)",
    );
    let profiles = database.profiles();
    project
        .write("profiles.yml", &profiles.replace("threads: 2", "threads: 2, statement_timeout: 1"));
    let ran = project.run(["build"]).exits(3).stderr_contains("error[SF606]");
    ran.stderr_contains("statement_timeout");
    project.write("profiles.yml", &profiles);
    let columns: Vec<String> = (0..1601).map(|number| format!("1 as c{number}")).collect();
    let sql = format!("{{{{ config(materialized='table') }}}}\nselect {}", columns.join(", "));
    project.write("models/m.sql", &sql);
    project.run(["build"]).fails_with("SF502").stderr_contains("1600 columns");
}
