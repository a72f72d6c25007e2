//! Where files lie: one interface for local files and for the objects of a store.

use super::{FileEntry, FileError, FileObject, Scan, find, scan};
use crate::connector::{Objects, Report};
use crate::engine::Session;

/// A place that has files.
pub trait FileStore: Send + Sync {
    /// Reaches the place and says what it finds; `None` where it is this machine.
    fn test_connection(&self) -> Option<Report> {
        None
    }

    /// Where the relative path of `object` starts, for people; `None` where its path is whole.
    fn start(&self, object: &FileObject) -> Option<String> {
        (!object.path.starts_with('/')).then(|| object.base.display().to_string())
    }

    /// The files that `object` names, sorted by name.
    ///
    /// # Errors
    /// As those of [`find`].
    fn find(&self, object: &FileObject) -> Result<Vec<FileEntry>, FileError>;

    /// Looks into `files` as [`scan`] does.
    ///
    /// # Errors
    /// As those of [`scan`].
    fn scan(
        &self,
        object: &FileObject,
        files: &[FileEntry],
        session: &mut dyn Session,
    ) -> Result<Scan, FileError>;

    /// Whether one of `files` has another content by now, or is gone.
    ///
    /// # Errors
    /// That cannot be told.
    fn changed(&self, files: &[FileEntry]) -> Result<bool, FileError>;

    /// The objects that it holds, where these are not on this machine and may be written.
    fn objects(&self) -> Option<&dyn Objects> {
        None
    }
}

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFiles;

impl FileStore for LocalFiles {
    fn find(&self, object: &FileObject) -> Result<Vec<FileEntry>, FileError> {
        find(object)
    }

    fn scan(
        &self,
        object: &FileObject,
        files: &[FileEntry],
        session: &mut dyn Session,
    ) -> Result<Scan, FileError> {
        scan(object, files, session)
    }

    fn changed(&self, files: &[FileEntry]) -> Result<bool, FileError> {
        Ok(files.iter().any(|file| {
            let now = std::fs::metadata(&file.path);
            now.map_or(true, |now| now.len() != file.size || now.modified().ok() != file.modified)
        }))
    }
}
