//! Loads into PostgreSQL while the way to it is cut, its process killed or the server restarted: the
//! old rows or the new ones, and the next run right.

#![allow(clippy::print_stdout, reason = "which faults fell where is for people to read")]

use super::proxy::{At, Break, Proxy};
use super::server::Server;
use super::target::{Database, client, rows, shop_in};
use crate::project::Project;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MODES: [&str; 4] = [
    "mode: replace",
    "mode: append, cursor: id",
    "mode: merge, key: id",
    "mode: scd2, key: id, complete: true, max_delete_percent: 100",
];

/// How many faults of each mode; `few` where nothing is asked for.
#[allow(clippy::disallowed_methods, reason = "the full run is asked for so")]
fn faults(few: u32) -> u32 {
    std::env::var("SQLFLOW_TEST_FAULTS").ok().map_or(few, |count| count.parse().unwrap())
}

/// A load that is disturbed, and what stands before and after.
struct Load {
    server: Arc<Server>,
    project: Project,
    old: String,
    new: String,
}

impl Load {
    fn of(mode: &str) -> Self {
        let server = Arc::new(Server::with(&["synchronous_commit=on"], |_| ()));
        let project = shop_in(&Arc::new(Database::new(&server)), mode);
        project.write("orders.csv", &rows(0..2000, "a"));
        project.run(["load"]).succeeds();
        let elsewhere = project.elsewhere.clone().unwrap();
        elsewhere.save("old");
        let mut load = Self { server, project, old: String::new(), new: String::new() };
        load.old = load.held();
        load.project.write("orders.csv", &rows(1000..3000, "b"));
        load.project.run(["load"]).succeeds();
        load.new = load.held();
        assert_ne!(load.old, load.new);
        load
    }

    /// The rows without times, and what is recorded of them.
    fn held(&self) -> String {
        let sql = "select md5(string_agg(id || v, ' ' order by id, v)) || count(*) ||
                   (select string_agg(relation || row_count || coalesce(cursor_value, ''), ' ') from _sqlflow.loads)
                   from raw.orders";
        client(&self.server, &self.project).query_one(sql, &[]).unwrap().get(0)
    }

    /// The database is as before the load, and reached by `port`.
    fn restore(&self, port: u16) {
        self.project.elsewhere.as_ref().unwrap().restore("old");
        let profiles = self.project.elsewhere.as_ref().unwrap().profiles();
        let own = format!("port: {}", self.server.port);
        let other = format!("port: {port}, retries: 2, connect_timeout: 5");
        self.project.write("profiles.yml", &profiles.replace(&own, &other));
    }

    /// Old or new; the next run makes it new, and leaves nothing beside it.
    fn is_whole(&self, place: &str) -> bool {
        let database = self.project.elsewhere.as_ref().unwrap();
        database.rest();
        let found = self.held();
        assert!(found == self.old || found == self.new, "neither old nor new: {place}");
        self.project.write("profiles.yml", &database.profiles());
        self.project.run(["load"]).succeeds();
        let rows = |held: &str| held[..32].to_owned();
        assert_eq!(rows(&self.held()), rows(&self.new), "the next run: {place}");
        assert_eq!(self.project.relations(), ["raw.orders"], "{place}");
        found == self.new
    }
}

// proves: L-2, L-3, T-4
#[test]
fn a_commit_whose_answer_is_lost_is_asked_for() {
    for mode in MODES {
        let load = Load::of(mode);
        let proxy = Proxy::new(load.server.port, At::AfterCommit, Break::Cut);
        load.restore(proxy.port);
        load.project.run(["load"]).succeeds();
        assert!(proxy.hit());
        assert!(load.is_whole(mode), "{mode}");
        let proxy = Proxy::new(load.server.port, At::BeforeCommit, Break::Cut);
        load.restore(proxy.port);
        load.project.run(["load"]).exits(3).stderr_contains("error[SF603]");
        assert!(proxy.hit());
        assert!(!load.is_whole(mode), "{mode}");
    }
}

// proves: L-2, L-3, T-4
#[test]
fn a_commit_that_cannot_be_asked_for_is_said_to_be_unknown() {
    let load = Load::of("mode: replace");
    let proxy = Proxy::new(load.server.port, At::AfterCommit, Break::CutForGood);
    load.restore(proxy.port);
    let ran = load.project.run(["load"]).exits(3).stderr_contains("error[SF608]");
    ran.stderr_contains("whether it took place is not known");
    assert!(load.is_whole("unknown"));
}

// proves: L-2, L-3, T-3
#[test]
fn a_connection_that_is_cut_anywhere_leaves_old_or_new() {
    for mode in MODES {
        let load = Load::of(mode);
        let calm = Proxy::new(load.server.port, At::Never, Break::Cut);
        load.restore(calm.port);
        load.project.run(["load"]).succeeds();
        let (back, forth) = calm.passed();
        let (mut new, count) = (0, faults(2));
        for number in 0..count {
            for at in [
                At::Back(back * (2 * number as usize + 1) / (2 * count as usize)),
                At::Forth(forth * (2 * number as usize + 1) / (2 * count as usize)),
            ] {
                let proxy = Proxy::new(load.server.port, at, Break::Cut);
                load.restore(proxy.port);
                load.project.run(["load"]);
                drop(proxy);
                new += u32::from(load.is_whole(&format!("{mode} {at:?}")));
            }
        }
        println!("{mode}: {} cuts, {new} found new", 2 * count);
    }
}

/// Something that happens to the server.
type Blow = fn(&Load);

fn kill_a_backend(load: &Load) {
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity where datname like 'shop%'";
    load.server.client().execute(sql, &[]).unwrap();
}

fn is_struck(blow: Blow, few: u32) {
    for mode in MODES {
        let load = Load::of(mode);
        load.restore(load.server.port);
        let begin = Instant::now();
        load.project.run(["load"]).succeeds();
        let duration = begin.elapsed();
        let (mut new, mut late, count) = (0, 0, faults(few));
        for number in 0..count {
            load.restore(load.server.port);
            let mut command = load.project.command(["load"]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(duration * (2 * number + 1) / (2 * count));
            late += u32::from(child.try_wait().unwrap().is_some());
            blow(&load);
            let status = child.wait().unwrap();
            assert!(status.code().is_some(), "{mode}: {status}");
            new += u32::from(load.is_whole(&format!("{mode}, blow {number}, {status}")));
        }
        println!("{mode}: {count} blows, {late} of them late, {new} found new");
    }
}

// proves: L-2, L-3, T-3
#[test]
fn a_killed_backend_leaves_old_or_new() {
    is_struck(kill_a_backend, 2);
}

// proves: L-2, L-3, T-3
#[test]
fn a_server_that_is_restarted_at_once_leaves_old_or_new() {
    is_struck(|load| load.server.restart(), 2);
}

/// Long enough to be struck in each step.
#[test]
fn a_load_that_waits_for_a_reader_and_loses_its_backend_leaves_the_old_rows() {
    let load = Load::of("mode: replace");
    load.restore(load.server.port);
    let mut reader = client(&load.server, &load.project);
    reader.batch_execute("begin; select from raw.orders limit 1").unwrap();
    let mut command = load.project.command(["load"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname like 'shop%'";
    let mut watcher = load.server.client();
    while watcher.query_one(waits, &[]).unwrap().get::<_, i64>(0) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    kill_a_backend(&load);
    assert_eq!(child.wait().unwrap().code(), Some(3));
    drop(reader);
    assert!(!load.is_whole("while it waited"));
}
