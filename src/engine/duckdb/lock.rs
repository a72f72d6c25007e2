//! One writer at a time: the lock beside a database file.
//!
//! DuckDB itself refuses a second process at once, with an error. Runs of sqlflow wait for each
//! other instead, on `<file>.sqlflow.lock`, and can say what they wait for. The kernel frees the
//! lock when the holder's process ends, however it ends; the file stays, since removing it would
//! let two waiting processes hold two files of one name.

use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Who holds a lock, in words for others who wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The machine's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// What it does: `build`.
    pub verb: String,
    /// Since when, as text.
    pub since: String,
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, pid, verb, since } = self;
        write!(f, "`sqlflow {verb}` (process {pid} on {host}, since {since})")
    }
}

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else had it all the time.
    #[error("the database `{}` is in use by {}", database.display(), name(holder.as_ref()))]
    Held {
        /// The database.
        database: PathBuf,
        /// Who had it at the end, where the lock file tells.
        holder: Option<LockHolder>,
        /// How long was waited.
        waited: Duration,
    },
    /// Somebody else had one of the relations all the time.
    #[error("the relation `{relation}` is in use by {}", name(holder.as_ref()))]
    HeldRelation {
        /// The relation: schema and name.
        relation: String,
        /// Who had it at the end, where the server tells.
        holder: Option<LockHolder>,
        /// How long was waited.
        waited: Duration,
    },
    /// The lock file cannot be made or locked.
    #[error("the lock file `{}` cannot be used: {source}", path.display())]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

fn name(holder: Option<&LockHolder>) -> String {
    holder.map_or_else(|| "another run of sqlflow".to_owned(), LockHolder::to_string)
}

/// How often a waiting process tries again.
const POLL: Duration = Duration::from_millis(50);

/// The run of sqlflow that wrote itself into the lock of `database`, where there is such a file. It
/// may have ended since: compare its process with the one that holds the database.
pub fn last_holder(database: &Path) -> Option<LockHolder> {
    let text = std::fs::read_to_string(lock_path(database)).ok()?;
    serde_json::from_str(&text).ok()
}

/// The lock of a database file, held until dropped.
#[derive(Debug)]
pub struct FileLock {
    file: File,
}

impl FileLock {
    /// Locks the database file at `database`, which need not exist, in the name of `holder`. Waits
    /// up to `timeout`, calling `waiting` before each pause; it answers whether to go on waiting.
    pub fn acquire(
        database: &Path,
        holder: &LockHolder,
        timeout: Duration,
        waiting: &mut dyn FnMut(Option<&LockHolder>) -> bool,
    ) -> Result<Self, LockError> {
        let path = lock_path(database);
        let unusable = |source| LockError::Unusable { path: path.clone(), source };
        let mut file = open(&path).map_err(unusable)?;
        let start = Instant::now();
        while !try_lock(&file).map_err(unusable)? {
            let other = read_holder(&mut file);
            let waited = start.elapsed();
            if waited >= timeout || !waiting(other.as_ref()) {
                let database = database.to_owned();
                return Err(LockError::Held { database, holder: other, waited });
            }
            std::thread::sleep(POLL.min(timeout.saturating_sub(waited)));
        }
        write_holder(&mut file, holder).map_err(unusable)?;
        Ok(Self { file })
    }
}

impl Drop for FileLock {
    /// Empties the file, so that nobody is told of a holder that is gone. A failure is harmless:
    /// the kernel frees the lock as the file closes, and the next holder overwrites the text.
    fn drop(&mut self) {
        let _emptied = self.file.set_len(0);
    }
}

/// The same for all paths to one database: links are followed first.
fn lock_path(database: &Path) -> PathBuf {
    let resolved = std::fs::canonicalize(database).or_else(|_| {
        let parent = database.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = std::fs::canonicalize(parent.unwrap_or(Path::new(".")))?;
        database
            .file_name()
            .map(|name| parent.join(name))
            .ok_or(io::ErrorKind::InvalidInput)
            .map_err(io::Error::from)
    });
    let mut name = resolved.map_or_else(|_| OsString::from(database), PathBuf::into_os_string);
    name.push(".sqlflow.lock");
    PathBuf::from(name)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// `None` also for the moment in which the holder has locked and not yet written.
fn read_holder(file: &mut File) -> Option<LockHolder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write_holder(file: &mut File, holder: &LockHolder) -> io::Result<()> {
    let mut line = serde_json::to_vec(holder)?;
    line.push(b'\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&line)
}
