//! Which files an object means.

use super::FileObject;
use super::error::FileError;
use super::glob::{self, is_glob};
use globset::GlobMatcher;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use walkdir::{DirEntry, WalkDir};

/// A file that is part of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Where it is.
    pub path: PathBuf,
    /// How people know it: from the base directory, with `/`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was last written, where the system tells.
    pub modified: Option<SystemTime>,
    /// What tells one content from another, where another system has said it.
    pub etag: Option<String>,
}

/// The files that `object` names, sorted by name. In a glob, empty files and what starts with `_` or
/// `.` are left out: they are marks that other tools leave.
///
/// # Errors
/// A file that does not exist, a glob without a file, an empty file that is named itself, and what
/// the system does not let us see.
pub fn find(object: &FileObject) -> Result<Vec<FileEntry>, FileError> {
    let path = object.base.join(&object.path);
    let unreadable = |source| FileError::Unreadable { path: object.path.clone(), source };
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => {
            Err(unreadable(io::Error::from(io::ErrorKind::IsADirectory)))
        }
        Ok(metadata) => single(object, path, &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_glob(&object.path) => {
            matches(object, &path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(FileError::Missing { path: object.path.clone() })
        }
        Err(error) => Err(unreadable(error)),
    }
}

/// What tells one content of a file from another: its BLAKE3 hash in hexadecimal digits, or what
/// the system that it is in calls it.
///
/// # Errors
/// The system does not give the file.
pub fn etag(file: &FileEntry) -> Result<String, FileError> {
    if let Some(etag) = &file.etag {
        return Ok(etag.clone());
    }
    let unreadable = |source| FileError::Unreadable { path: file.name.clone(), source };
    let mut hash = blake3::Hasher::new();
    let mut content = File::open(&file.path).map_err(unreadable)?;
    let mut block = vec![0; 1024 * 1024];
    loop {
        match content.read(&mut block).map_err(unreadable)? {
            0 => return Ok(hash.finalize().to_hex().to_string()),
            count => hash.update(block.get(..count).unwrap_or_default()),
        };
    }
}

fn single(
    object: &FileObject,
    path: PathBuf,
    metadata: &Metadata,
) -> Result<Vec<FileEntry>, FileError> {
    if metadata.len() == 0 {
        return Err(FileError::Empty { path: object.path.clone() });
    }
    Ok(vec![entry(&object.base, path, metadata)])
}

fn entry(base: &Path, path: PathBuf, metadata: &Metadata) -> FileEntry {
    let name = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().replace('\\', "/");
    FileEntry { name, path, size: metadata.len(), modified: metadata.modified().ok(), etag: None }
}

fn matches(object: &FileObject, path: &Path) -> Result<Vec<FileEntry>, FileError> {
    let matcher = matcher(object, path)?;
    let root = literal_start(path);
    let mut files = Vec::new();
    let walk = WalkDir::new(&root).follow_links(true).min_depth(1).into_iter();
    for found in walk.filter_entry(|entry| !is_mark(entry)) {
        let found = match found {
            Ok(found) => found,
            Err(error) if is_gone(&error, &root) => break,
            Err(error) => return Err(unreadable(object, error)),
        };
        if found.file_type().is_file() && matcher.is_match(found.path()) {
            let metadata = found.metadata().map_err(|error| unreadable(object, error))?;
            if metadata.len() > 0 {
                files.push(entry(&object.base, found.into_path(), &metadata));
            }
        }
    }
    if files.is_empty() {
        return Err(FileError::NoMatch { glob: object.path.clone() });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn matcher(object: &FileObject, path: &Path) -> Result<GlobMatcher, FileError> {
    // The base may hold characters that a glob would read.
    let base = globset::escape(&path_text(&object.base));
    let pattern = if Path::new(&object.path).is_absolute() || base.is_empty() {
        object.path.clone()
    } else {
        format!("{}/{}", base.trim_end_matches('/'), object.path.trim_start_matches("./"))
    };
    debug_assert!(path.starts_with(&object.base));
    glob::matcher(&pattern, &object.path)
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The folders before the first one that is a pattern: where to start looking.
fn literal_start(path: &Path) -> PathBuf {
    let literal =
        path.components().take_while(|part| !is_glob(&part.as_os_str().to_string_lossy()));
    let start: PathBuf = literal.collect();
    if start.as_os_str().is_empty() { PathBuf::from(".") } else { start }
}

fn is_mark(entry: &DirEntry) -> bool {
    glob::is_mark(&entry.file_name().to_string_lossy())
}

/// A glob below a folder that is not there matches nothing, which says more.
fn is_gone(error: &walkdir::Error, root: &Path) -> bool {
    error.path() == Some(root)
        && error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn unreadable(object: &FileObject, error: walkdir::Error) -> FileError {
    let path = error.path().map(|path| entry_name(&object.base, path)).unwrap_or_default();
    FileError::Unreadable { path, source: error.into() }
}

fn entry_name(base: &Path, path: &Path) -> String {
    path_text(path.strip_prefix(base).unwrap_or(path))
}
