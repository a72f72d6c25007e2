//! A file written once more, the way that DuckDB reads as we do.
//!
//! | so in the file | what DuckDB 1.5.5 makes of it |
//! | --- | --- |
//! | line ends of several kinds | an error |
//! | blanks before a quote | it strips them |
//! | `\` before another character than a quote | it drops it |
//! | a comment sign within a line | the line ends there |
//! | a bad record that is left out | an error |

use super::error::FileError;
use super::scan::Records;
use super::scan::part::Rules;
use super::scan::rewrite::rewrite;
use super::{FileEntry, FileObject};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Files that are there as long as this is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copies {
    folders: Vec<Folder>,
    /// How many files have been given a place.
    count: usize,
}

/// A folder, with a locked file beside it. The kernel frees the lock of a process that is killed,
/// and so the next one knows that nobody needs the folder any more.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    _lock: File,
}

impl PartialEq for Folder {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for Folder {}

/// Tells the folders of one process apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Copies {
    /// Writes the records of a file, without those numbered in `left_out`, and answers where.
    pub(super) fn write(
        &mut self,
        object: &FileObject,
        records: &Records<'_>,
        rules: &Rules,
        left_out: &BTreeSet<u64>,
    ) -> Result<PathBuf, FileError> {
        let (path, file) = self.create(object, records.file)?;
        let mut file = BufWriter::with_capacity(256 * 1024, file);
        rewrite(records, rules, left_out, &mut file, |source| unwritable(&path, source))?;
        Ok(path)
    }

    /// A new file to write the records of `original` to.
    pub(super) fn create(
        &mut self,
        object: &FileObject,
        original: &FileEntry,
    ) -> Result<(PathBuf, File), FileError> {
        let path = self.place(&object.scratch, &original.name, "copy.csv")?;
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(|source| unwritable(&path, source))?;
        Ok((path, file))
    }

    /// A path of its own for a file that is known as `name`. Of its folders those stay that say the
    /// values of columns; the others, which may be longer than this system's may be, do not.
    pub(crate) fn place(
        &mut self,
        scratch: &Path,
        name: &str,
        leaf: &str,
    ) -> Result<PathBuf, FileError> {
        let mut path = self.folder(scratch)?.join(self.count.to_string());
        self.count += 1;
        let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
        path.extend(folders.split('/').filter(|folder| folder.contains('=')));
        fs::create_dir_all(&path).map_err(|source| unwritable(&path, source))?;
        Ok(path.join(leaf))
    }

    /// Keeps the files of `others` too.
    #[cfg(feature = "s3")]
    pub(crate) fn keep(&mut self, others: Self) {
        self.folders.extend(others.folders);
    }

    fn folder(&mut self, scratch: &Path) -> Result<PathBuf, FileError> {
        if let Some(folder) = self.folders.first() {
            return Ok(folder.path.clone());
        }
        let is_told = !scratch.as_os_str().is_empty();
        let base = if is_told { scratch.to_owned() } else { std::env::temp_dir() };
        fs::create_dir_all(&base).map_err(|source| unwritable(&base, source))?;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("{PREFIX}{}-{number}", std::process::id()));
            match Folder::create(&path) {
                Ok(folder) => {
                    self.folders.push(folder);
                    return Ok(path);
                }
                Err(error) if is_taken(&error) => {}
                Err(source) => return Err(unwritable(&path, source)),
            }
        }
    }
}

/// How the names of all folders of copies begin.
const PREFIX: &str = "sqlflow-";

impl Folder {
    fn create(path: &Path) -> io::Result<Self> {
        let lock = OpenOptions::new().write(true).create_new(true).open(lock_path(path))?;
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        fs::create_dir(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }
}

/// Another process that had this number left it, or a third one is about to remove it.
fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::WouldBlock)
}

impl Drop for Folder {
    /// Nothing can be done about a failure, and the files are in a place for such files.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_file(lock_path(&self.path));
    }
}

fn lock_path(folder: &Path) -> PathBuf {
    folder.with_added_extension("lock")
}

/// Removes the copies of processes that were killed, as far as it can.
pub(crate) fn sweep(scratch: &Path) {
    for entry in fs::read_dir(scratch).into_iter().flatten().flatten() {
        let lock = entry.path();
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_ours || lock.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        let file = OpenOptions::new().write(true).open(&lock);
        if file.is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(lock.with_extension(""));
            let _ = fs::remove_file(lock);
        }
    }
}

/// What the system says about a file that is written.
pub(super) fn unwritable(path: &Path, source: io::Error) -> FileError {
    FileError::Unwritable { path: path.display().to_string(), source }
}
