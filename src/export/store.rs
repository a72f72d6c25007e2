//! Where files of an export go: one small trait, for the disk and for objects of another system.

use crate::diagnostic::Diagnostic;
use std::path::{Path, PathBuf};

pub(super) type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// A folder that files are put into. Names are relative to it, with `/`.
pub(super) trait Store {
    /// Where files are written before they are put into their place: a directory of this machine
    /// that this export has for itself and that goes with the store.
    fn staging(&self) -> &Path;

    /// The files in it and in folders below; without hidden ones.
    fn names(&self) -> Result<Vec<String>>;

    /// What the small file `name` holds; `None` where there is none.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>>;

    /// What is called `name`.
    fn standing(&self, name: &str) -> Result<Standing>;

    /// Puts the file at `staged` to `name`, in place of what is there: whole or not at all.
    fn put(&self, staged: &Path, name: &str) -> Result<()>;

    /// Removes files; one that is not there is no error.
    fn remove(&self, names: &[String]) -> Result<()>;

    /// Ends what killed runs began to put and nobody sees, where `is_ours` says so of its name.
    fn end_unfinished(&self, _is_ours: &(dyn Fn(&str) -> bool + Sync)) {}
}

/// What is there under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Nothing,
    /// A file that the engine can look into.
    File(PathBuf),
    /// Something of so many bytes.
    Object(u64),
    /// It may not be looked at.
    Hidden,
    /// A folder.
    Folder,
}
