//! Local files as a source: CSV, Parquet, JSON.
//!
//! [`find`] says which files an object means, [`scan`] what they hold and the SELECT that reads
//! them. DuckDB's CSV reader checks less than a load promises, so `scan` does (seen with 1.5.5):
//!
//! | DuckDB | so here |
//! | --- | --- |
//! | maps `columns` by position and ignores the header | every file's header is read, names decide |
//! | reads a cut .gz or a wrong checksum without a word | compressed files are read to their end first |
//! | reads `1.5` as bigint 2, `007` as 7, `yes` as true, `2.55` as decimal 2.6 | every value's form is checked, on each load |
//! | takes integers past 64 bits for double | types are inferred here, from the whole file |
//! | takes `""` for NULL | only an unquoted empty field is |
//!
//! A scan is whole or an error: nothing is skipped or padded.

mod copy;
mod csv;
mod decode;
mod digits;
mod drift;
mod error;
mod facts;
mod find;
mod folder;
mod foreign;
mod format;
pub(crate) mod glob;
mod head;
mod header;
mod infer;
mod json;
mod layout;
mod member;
mod naming;
mod nesting;
mod objects;
mod options;
mod parquet;
mod partition;
mod rejects;
pub(in crate::connector) mod rows;
mod scan;
pub(crate) mod sql;
mod statement;
mod store;
mod stream;
mod strptime;

#[cfg(test)]
mod tests;

pub use copy::Copies;
pub(crate) use copy::sweep;
pub use drift::{Added, Drift, Frozen, Removed, Retyped, Seen};
pub use error::FileError;
pub use find::{FileEntry, etag, find};
pub use folder::Folder;
pub use format::{Compression, Encoding, Format};
pub use options::{FileOptions, OPTIONS, OptionError, OptionSpec};
pub use rejects::Reject;
pub use store::{FileStore, LocalFiles};

use super::{ConnectorSpec, Parameter, Reads, Takes};
use crate::engine::{EngineError, Session};
use crate::mode::Selection;
use crate::relation::{Column, DataType};
use minijinja::context;
use std::path::PathBuf;
use std::sync::Arc;

/// The kind of connection that leads to local files.
pub static SPEC: ConnectorSpec = ConnectorSpec {
    name: "file",
    version: "1",
    about: "a directory of CSV, Parquet and JSON files",
    reads: Reads::Files,
    parameters: &[Parameter {
        name: "path",
        aliases: &[],
        takes: Takes::Text,
        required: false,
        secret: false,
        about: "the directory that paths start at, relative to the project's (default: that one)",
    }],
    batch_rows: 2048,
    max_connections: 1,
};

/// Files that are one table.
#[derive(Debug, Clone, Default)]
pub struct FileObject {
    /// The directory that a relative `path` starts from.
    pub base: PathBuf,
    /// A file, or a glob for several of one shape. An absolute path stands for itself.
    pub path: String,
    /// What the files are; `None` reads it from their names.
    pub format: Option<Format>,
    /// How they are written.
    pub options: FileOptions,
    /// Columns whose types are said and not inferred. Those that are not named keep what is
    /// inferred; naming one that the files do not have is an error.
    pub columns: Vec<(String, DataType)>,
    /// The schema that an earlier load accepted; with it nothing is inferred.
    pub frozen: Option<Frozen>,
    /// The columns that are read. What the files say of others does not matter.
    pub wanted: Selection,
    /// How many bad rows are left out before they are an error.
    pub max_rejects: u64,
    /// Whether only the columns are asked for: the scan has no `sql` then, and of a store no more is
    /// fetched than tells them.
    pub only_columns: bool,
    /// Where files may be written for as long as a scan is used; empty for the system's own place.
    pub scratch: PathBuf,
}

/// How files are read as one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// A SELECT in DuckDB's SQL with every column, type and option said; no more inference.
    pub sql: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The same as the files have them.
    pub seen: Seen,
    /// The files, in the order in which they are read.
    pub files: Vec<FileEntry>,
    /// How many rows the SELECT gives, where that is known; for CSV it always is.
    pub row_count: Option<u64>,
    /// What stands between two fields of a CSV file.
    pub delimiter: Option<String>,
    /// The rows that are left out.
    pub rejects: Vec<Reject>,
    /// Files that the SELECT reads and that go with the last copy of this.
    pub copies: Arc<Copies>,
}

/// Brings more of files than their ends, before more is read: the files, the columns that will be
/// read, a session. Answers the files, which may be in other places then.
pub(crate) type Supply<'s> =
    dyn FnMut(&[FileEntry], &[Column], &mut dyn Session) -> Result<Vec<FileEntry>, FileError> + 's;

/// Looks into `files`, all of them to their end where the format does not say what it holds, and
/// answers how to read them. `session` is any DuckDB session; nothing is written through it.
///
/// # Errors
/// Whatever would make a row of the table wrong or missing, with file and line where known.
pub fn scan(
    object: &FileObject,
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<Scan, FileError> {
    sweep(&object.scratch);
    scan_with(object, files, session, &mut |files, _, _| Ok(files.to_vec()))
}

/// The same where of Parquet files only the ends are there at first.
pub(crate) fn scan_with(
    object: &FileObject,
    files: &[FileEntry],
    session: &mut dyn Session,
    supply: &mut Supply<'_>,
) -> Result<Scan, FileError> {
    if object.format.is_none() {
        one_format(files)?;
    }
    let first = files.first().ok_or_else(|| FileError::NoMatch { glob: object.path.clone() })?;
    match object.format.or_else(|| Format::of(&first.name)) {
        Some(Format::Csv) => object.narrow(csv::scan(object, files, session)?),
        Some(Format::Parquet) => parquet::scan(object, files, session, supply),
        Some(Format::Json) => object.narrow(json::scan(object, files, session)?),
        None => Err(FileError::UnknownFormat { path: first.name.clone() }),
    }
}

impl FileObject {
    /// Whether the columns that the user names are among `all`.
    fn knows_wanted<'n>(&self, all: impl Iterator<Item = &'n str>) -> Result<(), FileError> {
        let all: Vec<&str> = all.collect();
        let Some(absent) = self.wanted.unknown(&all).first().map(ToString::to_string) else {
            return Ok(());
        };
        let known = all.iter().map(ToString::to_string).collect();
        Err(FileError::NoColumn { column: absent, known })
    }

    /// Whether a column is read. No file has two whose names differ in case only.
    fn wants(&self, name: &str) -> bool {
        self.wanted.takes(name, &[name])
    }

    /// A scan of all columns as one of those that are wanted.
    fn narrow(&self, scan: Scan) -> Result<Scan, FileError> {
        if self.wanted == Selection::All || self.only_columns {
            let mut scan = scan;
            scan.columns.retain(|column| self.wants(&column.name));
            return Ok(scan);
        }
        let columns: Vec<Column> =
            scan.columns.into_iter().filter(|column| self.wants(&column.name)).collect();
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let sql = sql::render("wanted_columns.sql", context! { query => scan.sql, names })?;
        Ok(Scan { sql, columns, ..scan })
    }
}

/// Files whose names tell what they are have to be of one format.
fn one_format(files: &[FileEntry]) -> Result<(), FileError> {
    let mut told = files.iter().filter_map(|file| Some((file, Format::of(&file.name)?)));
    let Some((first, expected)) = told.next() else { return Ok(()) };
    told.find(|(_, format)| *format != expected).map_or(Ok(()), |(file, format)| {
        let (path, first) = (file.name.clone(), first.name.clone());
        Err(FileError::Formats { path, format, first, expected })
    })
}

/// Reads an error of a statement that ran a scan of `files`: which of them, and where in it.
pub fn explain(error: EngineError, files: &[FileEntry]) -> FileError {
    FileError::from_reader(error, |path| {
        let known = files.iter().find(|file| sql::path(&file.path) == path || file.path == *path);
        known.map_or_else(|| path.to_owned(), |file| file.name.clone())
    })
}
