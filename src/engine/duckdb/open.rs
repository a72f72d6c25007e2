//! Opening a database file, or saying plainly why it cannot be.

use super::error;
use super::raw::{Database, RawError};
use crate::engine::{EngineError, ErrorKind};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A database in memory.
pub(super) fn memory() -> Result<Database, EngineError> {
    Database::open(b":memory:", &[]).map_err(|raw| error::plain(&raw.0))
}

/// The database in the file at `path`.
pub(super) fn file(path: &Path, read_only: bool) -> Result<Database, EngineError> {
    inspect(path, read_only)?;
    let mode = if read_only { "READ_ONLY" } else { "READ_WRITE" };
    // An absolute path, because DuckDB takes `md:x` or `sqlite:x` for another kind of database.
    let path_c = std::path::absolute(path).map_err(|source| unreadable(path, &source))?;
    Database::open(path_c.as_os_str().as_bytes(), &[("access_mode", mode)])
        .map_err(|raw| explain(path, &raw))
}

/// Looks at the file first: DuckDB would load an extension for a SQLite file, and its words for a
/// directory are those of the operating system.
fn inspect(path: &Path, read_only: bool) -> Result<(), EngineError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        inspect_directory(path, parent)?;
    }
    match head(path) {
        Ok(head) => recognise(path, &head),
        Err(error) if error.kind() == io::ErrorKind::NotFound && read_only => {
            Err(unavailable(format!("the database `{}` does not exist", path.display())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Err(unavailable(format!(
            "`{}` is a directory, expected a DuckDB database file",
            path.display()
        ))),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The system says "not a directory" or "no such file" of the whole path; here, which part it is.
fn inspect_directory(path: &Path, directory: &Path) -> Result<(), EngineError> {
    let error = match std::fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => return Ok(()),
        Ok(_) => io::Error::from(io::ErrorKind::NotADirectory),
        Err(error) => error,
    };
    let path_shown = path.display();
    match error.kind() {
        io::ErrorKind::NotADirectory => {
            let file = directory.ancestors().find(|part| part.is_file()).unwrap_or(directory);
            Err(unavailable(format!(
                "`{}` is a file, expected a directory for the database `{path_shown}`",
                file.display()
            )))
        }
        io::ErrorKind::NotFound => Err(unavailable(format!(
            "the directory `{}` of the database `{path_shown}` does not exist",
            directory.display()
        ))),
        _ => Err(unreadable(path, &error)),
    }
}

/// The first bytes of the file, as many as there are.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(head)
}

/// DuckDB's mark stands behind a checksum of eight bytes.
fn recognise(path: &Path, head: &[u8]) -> Result<(), EngineError> {
    if head.get(8..12) == Some(b"DUCK") {
        return Ok(());
    }
    let found = match head {
        [] => "an empty file",
        _ if head.starts_with(b"SQLite format 3") => "a SQLite database",
        _ => "another file",
    };
    Err(unavailable(format!("`{}` is not a DuckDB database but {found}", path.display())))
}

fn explain(path: &Path, raw: &RawError) -> EngineError {
    let path = path.display();
    let plain = error::plain(&raw.0);
    let text = plain.message.as_str();
    if text.contains("Could not set lock on file") {
        let pid = text.split_once("(PID ").and_then(|(_, rest)| number(rest));
        let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
        let program = text.split_once("held in ").and_then(|(_, rest)| rest.split_once(" (PID"));
        let program = program.map_or_else(String::new, |(program, _)| format!(" ({program})"));
        let message = format!("the database `{path}` is held by {who}{program}");
        return EngineError::new(ErrorKind::Held { pid }, message);
    }
    if text.ends_with(": Permission denied") {
        return denied(&path);
    }
    unavailable(format!("the database `{path}` cannot be opened: {text}"))
}

/// The file is there, or its directory, and this user may not write it, or not even read it.
fn denied(path: &impl std::fmt::Display) -> EngineError {
    let message = format!("the database `{path}` cannot be opened: permission denied");
    EngineError::new(ErrorKind::Denied, message)
}

fn number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

fn unreadable(path: &Path, error: &io::Error) -> EngineError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return denied(&path.display());
    }
    unavailable(format!("the database `{}` cannot be opened: {error}", path.display()))
}

fn unavailable(message: String) -> EngineError {
    EngineError::new(ErrorKind::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Root may open everything, so that the system cannot be asked in a test.
    #[test]
    fn what_the_system_denies_is_told_from_what_is_not_there() {
        let path = Path::new("/srv/x.duckdb");
        let expected = "the database `/srv/x.duckdb` cannot be opened: permission denied";
        let system = unreadable(path, &io::Error::from(io::ErrorKind::PermissionDenied));
        let text = "IO Error: Cannot open file \"/srv/x.duckdb\": Permission denied";
        for error in [system, explain(path, &RawError(text.to_owned()))] {
            assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Denied, expected));
        }
        let other = explain(path, &RawError("IO Error: Disk quota exceeded".to_owned()));
        assert_eq!(other.kind, ErrorKind::Unavailable);
    }
}
