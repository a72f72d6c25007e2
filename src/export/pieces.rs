//! Which rows make which file. Files of one export are made one after the other, each by one
//! statement, from a stage in which the rows of each folder stand beside each other.

use super::store::Result;
use super::write::{ExportRequest, Work};
use crate::compile::{self, ExportColumn, Script, Slice, Statement};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::FileTarget;
use std::fs;
use std::path::{Path, PathBuf};

/// A file that was made and is not yet in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it is.
    pub(super) staged: PathBuf,
    /// The folder that it goes to: `year=2024/month=3/`, or nothing.
    pub(super) folder: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

/// Rows of one folder in the stage.
struct Part {
    folder: String,
    rows: Slice,
}

/// Rows on their way into files.
struct Given {
    /// What the engine is asked.
    rows: Statement,
    /// The query that has them where files are made.
    sql: String,
    /// What of it is told beside the files.
    whole: Script,
}

/// Files while they are made.
struct Making<'m> {
    file: &'m FileTarget,
    /// The columns that are in the files, and not in their paths.
    columns: Vec<String>,
    staging: &'m Path,
    /// What was executed so far.
    script: Script,
    /// The number of the next file.
    number: u32,
}

/// Rows that are tried first, where a file has to become of some size.
const FIRST_GUESS: u64 = 50_000;

/// How often a file is made again to come nearer to its size.
const MOST_TRIES: u32 = 6;

impl Work<'_> {
    /// Makes all files of the export in the directory `staging`.
    pub(super) fn pieces(
        &mut self,
        file: &FileTarget,
        columns: &[ExportColumn],
        staging: &Path,
    ) -> Result<Vec<Piece>> {
        let (mut whole, rows) = self.rows(columns)?;
        let own = self.files.is_none();
        let given = if own {
            whole.sections.clear();
            rows.sql.clone()
        } else {
            compile::incoming_rows(columns).map_err(|error| self.broken(&error))?
        };
        if !file.is_split() {
            let staged = staging.join(format!("0{}", file.ending()));
            let script = self.copy(file, &staged, &given, own)?;
            whole.sections.extend(script.sections.iter().cloned());
            (self.write)(&whole)?;
            let rows = self.take(&rows, &script)?;
            return Ok(vec![self.piece(staged, String::new(), rows)?]);
        }
        let given = Given { rows, sql: given, whole };
        let pieces = self.staged_pieces(file, given, staging);
        let dropped = compile::drop_export_stage(self.request.graph, self.request.node);
        // It goes with the session, if not now.
        _ = self.maker().execute(&dropped);
        pieces
    }

    fn staged_pieces(
        &mut self,
        file: &FileTarget,
        given: Given,
        staging: &Path,
    ) -> Result<Vec<Piece>> {
        let ExportRequest { graph, node, query, .. } = self.request;
        let own = self.files.is_none().then_some(query);
        let stage = compile::export_stage_script(graph, node, file, &given.sql, own);
        let stage = stage.map_err(|error| self.broken(&error))?;
        let mut script = given.whole;
        script.sections.extend(stage.sections.iter().cloned());
        (self.write)(&script)?;
        self.take(&given.rows, &stage)?;
        let parts = self.parts(&file.options.partition_by)?;
        let columns = self.columns.iter().map(|column| column.name.clone());
        let in_path = |name: &String| {
            file.options.partition_by.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let columns: Vec<String> = columns.filter(|name| !in_path(name)).collect();
        let mut making = Making { file, columns, staging, script, number: 0 };
        match file.options.file_size {
            Some(size) => self.by_size(&mut making, parts, size),
            None => self.by_rows(&mut making, parts, file.options.max_rows_per_file),
        }
    }

    /// The folders, with their rows.
    fn parts(&mut self, partition_by: &[String]) -> Result<Vec<Part>> {
        let sql = compile::parts_query(self.request.graph, self.request.node, partition_by);
        let table = self.maker().query(&sql, None);
        let table = table.map_err(|error| {
            let place = self.request.export.place.clone();
            Box::new(Diagnostic::error(error.kind.code(), error.message).at(place))
        })?;
        let mut start = 0;
        let mut parts = Vec::new();
        for row in &table.rows {
            let Some((count, values)) = row.split_first() else { continue };
            let count = count.as_u64().ok_or_else(|| self.defect("a count is no number"))?;
            let folder = partition_by.iter().zip(values).map(|(name, value)| {
                format!("{name}={}/", value.as_str().map_or_else(|| NULL.to_owned(), folder_name))
            });
            let rows = Slice { start, end: start + count };
            parts.push(Part { folder: folder.collect(), rows });
            start = rows.end;
        }
        Ok(parts)
    }

    /// Files of at most `most` rows: all statements are known before the first is executed.
    fn by_rows(
        &mut self,
        making: &mut Making<'_>,
        parts: Vec<Part>,
        most: Option<u64>,
    ) -> Result<Vec<Piece>> {
        let mut scripts = Vec::new();
        for part in &parts {
            let most = most.unwrap_or(u64::MAX);
            let mut start = part.rows.start;
            loop {
                let end = start.saturating_add(most).min(part.rows.end);
                scripts.push((part, self.slice(making, Slice { start, end })?));
                start = end;
                if start >= part.rows.end {
                    break;
                }
            }
        }
        for (_, (_, script)) in &scripts {
            making.script.sections.extend(script.sections.iter().cloned());
        }
        (self.write)(&making.script)?;
        let mut pieces = Vec::new();
        for (part, (staged, script)) in scripts {
            let rows = self.execute(&script)?;
            pieces.push(self.piece(staged, part.folder.clone(), rows)?);
        }
        Ok(pieces)
    }

    /// Files of about `size` bytes. How many rows make one is learned from the files before it.
    fn by_size(
        &mut self,
        making: &mut Making<'_>,
        parts: Vec<Part>,
        size: u64,
    ) -> Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        let mut guess = FIRST_GUESS;
        for part in parts {
            let mut start = part.rows.start;
            let mut tries = 0;
            loop {
                let end = start.saturating_add(guess).min(part.rows.end);
                let (staged, script) = self.slice(making, Slice { start, end })?;
                let mut whole = making.script.clone();
                whole.sections.extend(script.sections.iter().cloned());
                (self.write)(&whole)?;
                let rows = self.execute(&script)?;
                let piece = self.piece(staged, part.folder.clone(), rows)?;
                let last = end == part.rows.end;
                guess = fitting(rows, piece.bytes, size);
                tries += 1;
                if tries < MOST_TRIES && misses(piece.bytes, size, rows, last) {
                    // It was made too small or too large: nobody has seen it.
                    _ = fs::remove_file(&piece.staged);
                    continue;
                }
                making.script = whole;
                pieces.push(piece);
                (start, tries) = (end, 0);
                if last {
                    break;
                }
            }
        }
        Ok(pieces)
    }

    /// The statement that makes a file of `slice`, and that file.
    fn slice(&self, making: &mut Making<'_>, slice: Slice) -> Result<(PathBuf, Script)> {
        let (graph, node) = (self.request.graph, self.request.node);
        let rows = compile::slice_rows(graph, node, &making.columns, slice);
        let staged = making.staging.join(format!("{}{}", making.number, making.file.ending()));
        making.number += 1;
        let script = self.copy(making.file, &staged, &rows, false)?;
        Ok((staged, script))
    }

    fn copy(&self, file: &FileTarget, staged: &Path, rows: &str, own: bool) -> Result<Script> {
        let query = own.then_some(self.request.query);
        let path = staged.to_string_lossy();
        compile::copy_script(self.request.graph, file, &path, rows, query)
            .map_err(|error| self.broken(&error))
    }

    fn piece(&self, staged: PathBuf, folder: String, rows: u64) -> Result<Piece> {
        let found = fs::metadata(&staged).map_err(|error| {
            let message = format!("cannot read `{}`: {error}", staged.display());
            Box::new(
                Diagnostic::error(Code::INPUT_OUTPUT, message).at(self
                    .request
                    .export
                    .place
                    .clone()),
            )
        })?;
        Ok(Piece { staged, folder, rows, bytes: found.len() })
    }
}

/// What stands for no value.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A value as the name of a folder: every byte that could mean something else as `%20`.
fn folder_name(value: &str) -> String {
    // Readers would take these words for no value.
    let disguised = value.eq_ignore_ascii_case("null") || value == NULL;
    let mut name = String::with_capacity(value.len());
    for (position, byte) in value.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if plain && !(disguised && position == 0) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name
}

/// How many rows make a file of `size` bytes, where `rows` made one of `bytes`.
fn fitting(rows: u64, bytes: u64, size: u64) -> u64 {
    let fitting = u128::from(rows.max(1)) * u128::from(size) / u128::from(bytes.max(1));
    u64::try_from(fitting).unwrap_or(u64::MAX).clamp(1, rows.max(1).saturating_mul(100))
}

/// Whether a file of `bytes` is far from `size`, and another number of rows may come nearer.
fn misses(bytes: u64, size: u64, rows: u64, last: bool) -> bool {
    let large = bytes > size.saturating_add(size / 4) && rows > 1;
    let small = bytes < size / 2 && !last;
    large || small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_names_of_folders() {
        for (value, name) in [
            ("2024", "2024"),
            ("a b/c", "a%20b%2Fc"),
            ("é", "%C3%A9"),
            ("NULL", "%4EULL"),
            ("nullable", "nullable"),
            ("", ""),
            ("a=1", "a%3D1"),
            (NULL, "%5F_HIVE_DEFAULT_PARTITION__"),
        ] {
            assert_eq!(folder_name(value), name);
        }
    }

    #[test]
    fn rows_of_a_file_are_learned_from_its_size() {
        assert_eq!(fitting(1000, 10_000, 5000), 500);
        assert_eq!(fitting(10, 1_000_000, 5), 1);
        assert_eq!(fitting(0, 0, 100), 100);
        assert!(misses(2000, 1000, 10, true));
        assert!(!misses(2000, 1000, 1, true));
        assert!(misses(100, 1000, 10, false));
        assert!(!misses(100, 1000, 10, true));
    }
}
