//! A PostgreSQL server of a test's own: in a temporary directory, on a free port of this machine,
//! without durability. Stopped when dropped, or when the thread that started it ends.

use ::postgres::{Client, NoTls};
use sqlflow::connector::postgres::{Postgres, SPEC};
use sqlflow::connector::{Batches, Connector, ConnectorError, Object, ReadRequest};
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;

/// Who the server runs as where the tests run as root: PostgreSQL refuses root.
const NOBODY: u32 = 65_534;

/// A server. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Mutex<Child>,
    pub(crate) port: u16,
    folder: TempDir,
    settings: Vec<String>,
}

impl Server {
    /// Starts a server.
    pub(crate) fn start() -> Self {
        Self::with(&[], |_| ())
    }

    /// Starts a server with settings, after `prepare` was given its data directory.
    pub(crate) fn with(settings: &[&str], prepare: impl Fn(&Path)) -> Self {
        let programs = programs();
        // Not in the target directory: the server's user may not be able to reach it there.
        let folder = tempfile::Builder::new().prefix("sqlflow-pg-").tempdir().unwrap();
        let data = folder.path().join("data");
        run(Command::new("cp").arg("-a").arg(template(&programs)).arg(&data));
        prepare(&data);
        own(folder.path());
        for _ in 0..20 {
            let port = free_port();
            if let Some(child) = launch(&programs, folder.path(), port, settings) {
                let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
                return Self { child: Mutex::new(child), port, folder, settings };
            }
        }
        let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        panic!("the server does not start:\n{log}");
    }

    /// A client of the superuser.
    pub(crate) fn client(&self) -> Client {
        self.client_of("postgres")
    }

    /// A client of the superuser in another database.
    pub(crate) fn client_of(&self, database: &str) -> Client {
        let text = format!("host=127.0.0.1 port={} user=postgres dbname={database}", self.port);
        Client::connect(&text, NoTls).unwrap()
    }

    /// Runs statements as the superuser.
    pub(crate) fn run(&self, statements: &str) {
        self.client().batch_execute(statements).unwrap();
    }

    /// The connector, as the superuser, with more parameters.
    pub(crate) fn connector(&self, more: &[(&str, &str)]) -> Postgres {
        let port = self.port.to_string();
        connector(&[("port", port.as_str())], more)
    }

    /// Stops the server at once, as `pg_ctl stop -m immediate` does.
    pub(crate) fn stop(&self) {
        let mut child = self.child.lock().unwrap();
        // A kill would leave its shared memory behind.
        _ = Command::new("kill").args(["-QUIT", &child.id().to_string()]).status();
        _ = child.wait();
    }

    /// Stops it so and starts it again, as `pg_ctl restart -m immediate` does. It ends with the
    /// thread that calls this.
    pub(crate) fn restart(&self) {
        self.stop();
        let settings: Vec<&str> = self.settings.iter().map(String::as_str).collect();
        let child = launch(&programs(), self.folder.path(), self.port, &settings);
        *self.child.lock().unwrap() = child.expect("the server does not start again");
    }

    /// Where the server writes what it does.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A connector with the parameters of `more`, then of `given`, then the usual ones.
pub(crate) fn connector(given: &[(&str, &str)], more: &[(&str, &str)]) -> Postgres {
    let usual = [
        ("host", "127.0.0.1"),
        ("user", "postgres"),
        ("dbname", "postgres"),
        ("sslmode", "disable"),
        ("retries", "0"),
    ];
    let mut all: Vec<(&str, &str)> = Vec::new();
    for pair in more.iter().chain(given).chain(&usual) {
        if !all.iter().any(|(name, _)| *name == pair.0) {
            all.push(*pair);
        }
    }
    Postgres::new(SPEC.read(all).unwrap()).unwrap()
}

/// A table by its name, or `schema.table`.
pub(crate) fn table(name: &str) -> Object {
    let (schema, name) = match name.split_once('.') {
        Some((schema, name)) => (Some(schema.to_owned()), name),
        None => (None, name),
    };
    Object::Table { schema, name: name.to_owned() }
}

/// All of an object, by one connection.
pub(crate) fn all(object: Object) -> ReadRequest {
    ReadRequest {
        object,
        columns: None,
        filter: None,
        limit: None,
        partition_on: None,
        batch_rows: 10_000,
        connections: 1,
    }
}

/// Every row of a read, as texts.
pub(crate) fn rows(batches: &mut dyn Batches) -> Result<Vec<Vec<String>>, ConnectorError> {
    let mut rows = Vec::new();
    while let Some(batch) = batches.next()? {
        assert_eq!(batch.schema(), batches.schema());
        rows.extend(super::shown::rows(&batch));
    }
    Ok(rows)
}

/// Every row that a request gives, as texts.
pub(crate) fn read(
    postgres: &Postgres,
    request: &ReadRequest,
) -> Result<Vec<Vec<String>>, ConnectorError> {
    rows(postgres.read(request)?.as_mut())
}

/// The folder of PostgreSQL's programs.
#[expect(clippy::disallowed_methods, reason = "where the system's programs are")]
pub(crate) fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path().join("bin"))
        .collect();
    found.sort_by_key(|path| {
        let version = path.parent().and_then(Path::file_name).unwrap_or_default();
        version.to_string_lossy().parse::<u32>().unwrap_or(0)
    });
    found.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&path));
    found
        .into_iter()
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .expect("PostgreSQL is not installed; on Debian: apt-get install postgresql")
}

/// A data directory to copy, made once for each version: making one takes a second.
fn template(programs: &Path) -> PathBuf {
    let version = Command::new(programs.join("postgres")).arg("--version").output().unwrap();
    let version: String = String::from_utf8(version.stdout).unwrap();
    let version: String = version.chars().filter(char::is_ascii_alphanumeric).collect();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let template = home.join(format!("pg-template-{version}"));
    let lock = File::create(home.join("pg-template.lock")).unwrap();
    lock.lock().unwrap();
    if !template.exists() {
        let folder = tempfile::Builder::new().prefix("sqlflow-pg-").tempdir().unwrap();
        own(folder.path());
        let data = folder.path().join("data");
        let mut initdb = as_server(&programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
        initdb.args(["--wal-segsize=1", "--no-sync", "--pgdata"]).arg(&data);
        run(initdb.current_dir(folder.path()));
        let partial = home.join("pg-template-partial");
        _ = fs::remove_dir_all(&partial);
        run(Command::new("cp").arg("-a").arg(&data).arg(&partial));
        fs::rename(&partial, &template).unwrap();
    }
    template
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Gives a folder to the server's user.
fn own(folder: &Path) {
    if is_root() {
        run(Command::new("chown").arg("-R").arg(format!("{NOBODY}:{NOBODY}")).arg(folder));
    }
}

/// A program run as the server's user.
fn as_server(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.gid(NOBODY).uid(NOBODY);
    }
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts the server and waits until it answers; `None` where it ends instead.
fn launch(programs: &Path, folder: &Path, port: u16, settings: &[&str]) -> Option<Child> {
    let log = folder.join("log");
    let mut command = Command::new("setpriv");
    if is_root() {
        let id = NOBODY.to_string();
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
    }
    // A test that is killed leaves no server behind.
    command.args(["--pdeathsig", "QUIT", "--"]).arg(programs.join("postgres"));
    command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    command.args(["-p", &port.to_string()]);
    let usual = [
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "shared_buffers=32MB",
        "max_connections=30",
        "autovacuum=off",
        "wal_level=minimal",
        "max_wal_senders=0",
    ];
    for setting in usual.iter().chain(settings) {
        command.args(["-c", setting]);
    }
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command.stderr(File::create(&log).unwrap()).spawn().unwrap();
    loop {
        if fs::read_to_string(&log).unwrap().contains("ready to accept connections") {
            return Some(child);
        }
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
