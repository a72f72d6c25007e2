//! A project in a temporary directory, and what `sqlflow` says about it.
//!
//! Everything is of its own: directory, home, environment. Texts are compared after the directory
//! is written as `[PROJECT]` and each duration as `[TIME]`.

use crate::elsewhere::{self, Elsewhere};
use fancy_regex::Regex;
use serde_json::Value;
use snapbox::{Assert, IntoData};
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

/// Where this package lies.
pub(crate) const PROJECT_ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A project on disk. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Project {
    /// Holds the project and, beside it, a home directory.
    _outside: TempDir,
    root: PathBuf,
    environment: Vec<(String, String)>,
    /// The database that it goes into, where that is no file of its own.
    pub(crate) elsewhere: Option<Arc<dyn Elsewhere>>,
}

pub(crate) const PROJECT_FILE: &str = "name: shop\n";

pub(crate) const PROFILES: &str = "\
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb, threads: 2}
";

impl Project {
    /// The least project: `shop`, which builds into `shop.duckdb`, or where this thread's tests go.
    pub(crate) fn new() -> Self {
        let mut project = Self::empty().file("sqlflow.yml", PROJECT_FILE);
        project.elsewhere = elsewhere::new_database();
        let profiles = project.elsewhere.as_ref().map(|database| database.profiles());
        project.file("profiles.yml", profiles.as_deref().unwrap_or(PROFILES))
    }

    /// A directory without anything in it.
    pub(crate) fn empty() -> Self {
        let outside = tempfile::tempdir().unwrap();
        // macOS has its temporary directory behind a link.
        let root = outside.path().canonicalize().unwrap().join("shop");
        fs::create_dir(&root).unwrap();
        fs::create_dir(root.with_file_name("home")).unwrap();
        Self { _outside: outside, root, environment: Vec::new(), elsewhere: None }
    }

    /// A copy of the directory `from`, without what was generated there.
    pub(crate) fn copy_of(from: &Path) -> Self {
        let project = Self::empty();
        copy(from, &project.root);
        project
    }

    #[must_use]
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    #[must_use]
    pub(crate) fn bytes(self, path: &str, bytes: &[u8]) -> Self {
        self.write_bytes(path, bytes);
        self
    }

    /// The model `name`, in `models/`.
    #[must_use]
    pub(crate) fn model(self, name: &str, sql: &str) -> Self {
        self.file(&format!("models/{name}.sql"), sql)
    }

    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        self.write_bytes(path, text.as_bytes());
    }

    pub(crate) fn write_bytes(&self, path: &str, bytes: &[u8]) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn directory(self, path: &str) -> Self {
        fs::create_dir_all(self.root.join(path)).unwrap();
        self
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.root.join(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }

    pub(crate) fn remove_if_there(&self, path: &str) {
        if self.has(path) {
            self.remove(path);
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.with_file_name("home")
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let full = self.root.join(path);
        fs::read_to_string(&full).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.read(path)).unwrap()
    }

    /// Every file below `directory`, by its path from there.
    pub(crate) fn files(&self, directory: &str) -> Vec<(String, String)> {
        files(&self.root.join(directory))
    }

    /// `sqlflow` in the project's directory, knowing nothing of the user who runs the tests.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sqlflow"));
        command.args(args).current_dir(&self.root).stdin(Stdio::null());
        command.env_clear().env("HOME", self.home()).env("PATH", "/usr/bin:/bin");
        command.envs(line_counts().map(|path| ("LLVM_PROFILE_FILE", path)));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        let output = self.command(args).output().unwrap();
        let ran = Ran::new(&output, &self.root);
        assert!(!ran.stderr.contains("panicked"), "{ran}");
        assert!(ran.status.is_some(), "killed by a signal: {ran}");
        ran
    }

    /// The rows of `sql` on the project's database.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> Value {
        self.query_in("shop.duckdb", sql)
    }

    /// The rows of `sql` on the database in the file `database`.
    #[track_caller]
    pub(crate) fn query_in(&self, database: &str, sql: &str) -> Value {
        if let Some(elsewhere) = &self.elsewhere {
            return elsewhere::query(&mut *elsewhere.session(), sql);
        }
        let mut session = self.session(database);
        let table = session.query(sql, None).unwrap_or_else(|error| panic!("{error}"));
        Value::from_iter(table.rows.into_iter().map(Value::from))
    }

    /// Changes the project's database behind sqlflow's back.
    #[track_caller]
    pub(crate) fn execute(&self, sql: &str) {
        self.session("shop.duckdb").execute(sql).unwrap_or_else(|error| panic!("{error}"));
    }

    #[track_caller]
    fn session(&self, database: &str) -> Box<dyn Session> {
        if let Some(elsewhere) = &self.elsewhere {
            return elsewhere.session();
        }
        let options = Options::new(Location::File(self.root.join(database)));
        DuckDb::open(&options).unwrap().session().unwrap()
    }

    /// Whether the project's database is there.
    pub(crate) fn has_database(&self) -> bool {
        self.elsewhere.is_some() || self.has("shop.duckdb")
    }

    /// Tables and views that users see, as `schema.name`, sorted.
    #[track_caller]
    pub(crate) fn relations(&self) -> Vec<String> {
        let rows = self.query(
            "select table_schema || '.' || table_name from information_schema.tables \
             where table_schema not in ('_sqlflow', 'pg_catalog', 'information_schema') order by 1",
        );
        rows.as_array().unwrap().iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
    }
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    status: Option<i32>,
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {:?}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }
}

impl Ran {
    pub(crate) fn new(output: &Output, root: &Path) -> Self {
        let text = |bytes: &[u8]| normal(&String::from_utf8_lossy(bytes), root);
        Self {
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            status: output.status.code(),
        }
    }

    /// With `word` in place of `text` in stderr.
    pub(crate) fn with(mut self, text: &str, word: &str) -> Self {
        self.stderr = self.stderr.replace(text, word);
        self
    }

    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self}");
        self
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status == Some(0)
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// Something in the project or its data failed.
    #[track_caller]
    pub(crate) fn fails(self) -> Self {
        self.exits(1)
    }

    #[track_caller]
    pub(crate) fn fails_with(self, code: &str) -> Self {
        self.fails().stderr_contains(&format!("error[{code}]"))
    }

    #[track_caller]
    pub(crate) fn stdout(self, expected: impl IntoData) -> Self {
        Assert::new().action_env("SNAPSHOTS").eq(self.stdout.as_str(), expected);
        self
    }

    /// The lines of stdout, as they are.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    #[track_caller]
    pub(crate) fn stdout_contains(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no `{text}` in {self}");
        self
    }

    #[track_caller]
    pub(crate) fn stderr_contains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in {self}");
        self
    }

    #[track_caller]
    pub(crate) fn stderr_lacks(self, text: &str) -> Self {
        assert!(!self.stderr.contains(text), "`{text}` in {self}");
        self
    }

    /// All of stderr.
    #[track_caller]
    pub(crate) fn stderr_is(self, expected: impl IntoData) -> Self {
        Assert::new().action_env("SNAPSHOTS").eq(self.stderr.as_str(), expected);
        self
    }

    /// The last line: `PASS=1 WARN=0 ERROR=0 SKIP=0`.
    #[track_caller]
    pub(crate) fn tallies(self, tally: &str) -> Self {
        let last = self.stderr.lines().last().unwrap_or_default();
        assert!(last.contains(&format!(". {tally} TOTAL=")), "{self}");
        self
    }

    /// Names of nodes in the order in which they ended, as the lines with `✓` tell.
    pub(crate) fn order(&self) -> Vec<&str> {
        let lines = self.stderr.lines().filter_map(|line| line.strip_prefix("  "));
        let marked = lines.filter(|line| ["✓", "✗", "!", "-"].iter().any(|m| line.starts_with(m)));
        marked.filter_map(|line| line.split_whitespace().nth(2)).collect()
    }
}

/// Text without what differs from run to run.
fn normal(text: &str, root: &Path) -> String {
    static DURATION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?<![\w.])\d+(\.\d+)?s(?!\w)").unwrap());
    static RATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" +[\d.]+[kM]? rows/s").unwrap());
    let text = text.replace(&*root.to_string_lossy(), "[PROJECT]");
    let text = text.replace(&*root.with_file_name("home").to_string_lossy(), "[HOME]");
    let text = RATE.replace_all(&text, "");
    DURATION.replace_all(&text, "[TIME]").into_owned()
}

/// Every file below `directory` with its text, by its path from there, sorted.
pub(crate) fn files(directory: &Path) -> Vec<(String, String)> {
    let entries = walkdir::WalkDir::new(directory).sort_by_file_name().into_iter();
    let files = entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    let read = |entry: walkdir::DirEntry| {
        let path = entry.path().strip_prefix(directory).unwrap().to_string_lossy().into_owned();
        (path, fs::read_to_string(entry.path()).unwrap())
    };
    files.map(read).collect()
}

/// Copies a project, without what was generated in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        let generated = name == "target" || name.to_string_lossy().contains(".duckdb");
        // Links are followed: the copy has what they lead to.
        match entry.path().is_dir() {
            _ if generated => {}
            true => copy(&entry.path(), &to.join(name)),
            false => _ = fs::copy(entry.path(), to.join(name)).unwrap(),
        }
    }
}

/// Where a build that counts executed lines writes them, the one thing that a command is told of its
/// surroundings.
#[allow(clippy::disallowed_methods, reason = "what the tests were started with, not the project")]
fn line_counts() -> Option<std::ffi::OsString> {
    std::env::var_os("LLVM_PROFILE_FILE")
}
