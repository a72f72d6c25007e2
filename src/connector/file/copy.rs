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
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Files that are there as long as this is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copies {
    folder: Option<PathBuf>,
}

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

    /// A new file to write the records of `original` to. Folders stay, since they may say the values
    /// of columns.
    pub(super) fn create(
        &mut self,
        object: &FileObject,
        original: &FileEntry,
    ) -> Result<(PathBuf, File), FileError> {
        let folder = self.folder(object)?;
        let names = Path::new(&original.name).components().filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            Component::Prefix(_)
            | Component::RootDir
            | Component::CurDir
            | Component::ParentDir => None,
        });
        let path = folder.join(names.collect::<PathBuf>()).with_added_extension("copy.csv");
        let parent = path.parent().unwrap_or(&folder);
        fs::create_dir_all(parent).map_err(|source| unwritable(&path, source))?;
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(|source| unwritable(&path, source))?;
        Ok((path, file))
    }

    fn folder(&mut self, object: &FileObject) -> Result<PathBuf, FileError> {
        if let Some(folder) = &self.folder {
            return Ok(folder.clone());
        }
        let is_told = !object.scratch.as_os_str().is_empty();
        let base = if is_told { object.scratch.clone() } else { std::env::temp_dir() };
        fs::create_dir_all(&base).map_err(|source| unwritable(&base, source))?;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let folder = base.join(format!("sqlflow-{}-{number}", std::process::id()));
            match fs::create_dir(&folder) {
                Ok(()) => {
                    self.folder = Some(folder.clone());
                    return Ok(folder);
                }
                // Left by another process that had this number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(unwritable(&folder, source)),
            }
        }
    }
}

/// What the system says about a file that is written.
pub(super) fn unwritable(path: &Path, source: io::Error) -> FileError {
    FileError::Unwritable { path: path.display().to_string(), source }
}

impl Drop for Copies {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // Nothing can be done about it, and it is in a place for such files.
            let _ = fs::remove_dir_all(folder);
        }
    }
}
