//! The servers of the demo and of the benchmark: they are there for a command, and gone after it.

use crate::postgres::server::programs;
use crate::project::PROJECT_ROOT;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What stands in for the store: building that one takes longer than all of this.
const STORE: &str = "#!/bin/sh\necho http://127.0.0.1:1\nexec sleep 1000\n";

/// The script with a command, and the process and the folder of its servers.
struct Started {
    script: Child,
    postgres: String,
    folder: PathBuf,
    _store: tempfile::TempDir,
}

fn start(then: &str) -> Started {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store");
    std::fs::write(&store, STORE).unwrap();
    std::fs::set_permissions(&store, std::fs::Permissions::from_mode(0o755)).unwrap();
    let told = "echo \"$POSTGRES_PID $S3_FOLDER $(psql -AtXc 'select 6 * 7')\"";
    let mut command = Command::new(Path::new(PROJECT_ROOT).join("scripts/with-servers"));
    command.args(["bash", "-c", &format!("{told}; {then}")]).process_group(0);
    command.env("S3_SERVER", store).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut script = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(script.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let [postgres, folder, answer] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{line}");
    };
    assert_eq!(answer, "42");
    assert!(is_running(postgres) && Path::new(folder).join("flights").is_dir());
    let folder = Path::new(folder).parent().unwrap().to_owned();
    Started { script, postgres: postgres.to_owned(), folder, _store: directory }
}

fn is_running(process: &str) -> bool {
    Command::new("kill").args(["-0", process]).stderr(Stdio::null()).status().unwrap().success()
}

impl Started {
    #[track_caller]
    fn ends_with(mut self, status: i32) {
        assert_eq!(self.script.wait().unwrap().code(), Some(status));
        assert!(!is_running(&self.postgres), "PostgreSQL still runs");
        assert!(!self.folder.exists(), "{} is left", self.folder.display());
    }
}

#[test]
fn servers_go_with_the_command() {
    assert!(programs().exists());
    start("true").ends_with(0);
    start("exit 7").ends_with(7);
}

#[test]
fn servers_go_when_the_command_is_interrupted() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let started = start("sleep 1000");
        let group = format!("-{}", started.script.id());
        let sent = Command::new("kill").args([&format!("-{signal}"), "--", &group]).status();
        assert!(sent.unwrap().success());
        started.ends_with(status);
    }
}
