//! A database that another process holds.

use crate::project::{Project, Ran};
use snapbox::str;
use sqlflow::engine::Engine;
use sqlflow::engine::duckdb::{DuckDb, FileLock, Location, LockHolder, Options};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What the other process holds; in its environment.
const HOLD: &str = "SQLFLOW_TEST_HOLD";

/// Another process that holds something until it is dropped.
struct Holder(Child);

impl Holder {
    /// This test binary again, which runs the test below alone.
    fn of(project: &Project, what: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "--ignored", "--nocapture"])
            .arg("bad_input::database::another_process_holds_the_database")
            .env(HOLD, format!("{what}:{}", project.root().join("shop.duckdb").display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("it is held")), "it could not be held");
        Self(child)
    }

    /// What `ran` said, with the holder's process and program written as words.
    fn forget(&self, ran: Ran) -> Ran {
        let program = std::env::current_exe().unwrap();
        ran.with(&self.0.id().to_string(), "[PID]").with(&program.to_string_lossy(), "[PROGRAM]")
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // Its standard input closes, and it ends by itself.
        drop(self.0.stdin.take());
        _ = self.0.wait();
    }
}

#[test]
#[ignore = "another test runs it in a process of its own"]
#[allow(clippy::disallowed_methods, reason = "so the other process is told what to hold")]
fn another_process_holds_the_database() {
    let Ok(order) = std::env::var(HOLD) else { return };
    let (what, path) = order.split_once(':').unwrap();
    let path = PathBuf::from(path);
    let until_told = || {
        println!("it is held");
        _ = std::io::stdin().read_to_end(&mut Vec::new());
    };
    match what {
        "database" => {
            let engine = DuckDb::open(&Options::new(Location::File(path))).unwrap();
            let _session = engine.session().unwrap();
            until_told();
        }
        _ => {
            let holder = LockHolder {
                host: "laptop".to_owned(),
                pid: 4711,
                verb: "build".to_owned(),
                since: "2026-02-11T08:30:00Z".to_owned(),
            };
            let wait = Duration::ZERO;
            let _lock = FileLock::acquire(&path, &holder, wait, &mut |_| false).unwrap();
            until_told();
        }
    }
}

#[test]
fn a_database_that_another_program_holds_is_named_with_the_program() {
    let project = Project::new().model("a", "select 1 as id");
    let holder = Holder::of(&project, "database");
    holder.forget(project.run(["build"])).exits(3).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
error[SF602]: target `dev` cannot be opened: the database `[PROJECT]/shop.duckdb` is held by process [PID] ([PROGRAM])
 |
 = help: close the program with process id [PID], then try again


"#]]);
    drop(holder);
    project.run(["build"]).succeeds();
}

// proves: L-77
#[test]
fn a_database_that_another_run_holds_is_named_with_the_run() {
    let project = Project::new().model("a", "select 1 as id");
    let _holder = Holder::of(&project, "lock");
    project.run(["build", "--lock-timeout", "0"]).exits(3).stderr_is(str![[r#"
sqlflow 0.1.0 · shop · target dev (duckdb)
1 model · 2 threads
error[SF602]: target `dev` cannot be opened: the database `[PROJECT]/shop.duckdb` is in use by `sqlflow build` (process 4711 on laptop, since 2026-02-11T08:30:00Z)
 |
 = help: wait for it to end, or wait longer with --lock-timeout SECONDS


"#]]);
}

// proves: L-78
#[test]
fn what_opens_no_database_works_while_another_program_holds_it() {
    let project = Project::new().model("a", "select 1 as id");
    let _holder = Holder::of(&project, "database");
    project.run(["compile"]).succeeds();
    project.run(["ls"]).succeeds().stdout("shop.a\n");
    project.run(["plan"]).succeeds();
}
