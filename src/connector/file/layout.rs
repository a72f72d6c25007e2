//! Which columns the files have together, and which file has which.

use super::facts::{self, Facts};
use super::header;
use super::infer::infer;
use super::read_options::ReadOptions;
use super::{FileEntry, FileError, FileObject, explain, hive_keys, sql};
use crate::engine::Session;
use crate::relation::DataType;
use minijinja::{Value as Item, context};

/// What every field is read as when its type is not known yet.
pub(super) const TEXT: &str = "varchar";

/// Which columns there are, and which file has which.
pub(super) struct Layout {
    pub(super) columns: Vec<LayoutColumn>,
    pub(super) headers: Vec<Vec<String>>,
}

/// A column of the table.
pub(super) struct LayoutColumn {
    pub(super) name: String,
    pub(super) data_type: DataType,
    from_path: bool,
}

impl Layout {
    pub(super) fn new(
        object: &FileObject,
        files: &[FileEntry],
        heads: &[String],
        options: &ReadOptions,
    ) -> Result<Self, FileError> {
        let headers = files
            .iter()
            .zip(heads)
            .map(|(file, head)| names(object, file, head, options))
            .collect::<Result<Vec<_>, _>>()?;
        let mut names: Vec<String> = headers.first().cloned().unwrap_or_default();
        for (file, header) in files.iter().zip(&headers) {
            if object.options.union_by_name {
                let new = header.iter().filter(|name| !names.contains(name)).cloned();
                names.extend(new.collect::<Vec<_>>());
            } else {
                same_columns(files, file, &names, header)?;
            }
        }
        let keys = hive_keys(object, files)?;
        let all: Vec<String> = names.iter().chain(&keys).cloned().collect();
        if let (Some(detail), Some(file)) = (header::flaw(&all), files.first()) {
            return Err(FileError::Header { path: file.name.clone(), detail });
        }
        let text = |name: &String, from_path| LayoutColumn {
            name: name.clone(),
            data_type: DataType::new(TEXT),
            from_path,
        };
        let own = names.iter().map(|name| text(name, false));
        let columns = own.chain(keys.iter().map(|name| text(name, true))).collect();
        Ok(Self { columns, headers })
    }

    /// Infers the types, where they are not declared.
    pub(super) fn set_types(
        &mut self,
        object: &FileObject,
        facts: &[Facts],
    ) -> Result<(), FileError> {
        for (column, facts) in self.columns.iter_mut().zip(facts) {
            if !column.from_path {
                column.data_type = infer(facts);
            }
        }
        for (name, data_type) in &object.columns {
            match self.columns.iter_mut().find(|column| column.name == *name) {
                Some(column) => column.data_type = data_type.clone(),
                None => return Err(FileError::UndeclarableColumn { column: name.clone() }),
            }
        }
        Ok(())
    }

    /// Files that follow each other and have one header are read together.
    pub(super) fn parts(
        &self,
        files: &[FileEntry],
        type_of: impl Fn(&LayoutColumn) -> &str,
    ) -> Vec<Item> {
        let mut parts: Vec<(&[String], Vec<String>)> = Vec::new();
        for (file, header) in files.iter().zip(&self.headers) {
            let path = sql::path(&file.path);
            match parts.last_mut() {
                Some((before, paths)) if before == header => paths.push(path),
                _ => parts.push((header, vec![path])),
            }
        }
        parts.into_iter().map(|(header, paths)| self.part(header, &paths, &type_of)).collect()
    }

    /// Some files of one header.
    pub(super) fn part(
        &self,
        header: &[String],
        files: &[String],
        type_of: &impl Fn(&LayoutColumn) -> &str,
    ) -> Item {
        let source = |column: &LayoutColumn| match column.from_path {
            true => "path",
            false if header.contains(&column.name) => "file",
            false => "absent",
        };
        let columns = self.columns.iter().map(|column| {
            context! { name => column.name.as_str(), type => type_of(column), source => source(column) }
        });
        let fields = header.iter().map(|name| {
            let column = self.columns.iter().find(|column| column.name == *name);
            context! { name => name.as_str(), type => column.map_or(TEXT, type_of) }
        });
        let (columns, fields) = (columns.collect::<Vec<_>>(), fields.collect::<Vec<_>>());
        context! { files => files.to_vec(), columns, fields }
    }

    /// Reads all files once, as text: how many rows there are, and the facts of each column.
    pub(super) fn facts(
        &self,
        options: &ReadOptions,
        files: &[FileEntry],
        session: &mut dyn Session,
    ) -> Result<(u64, Vec<Facts>), FileError> {
        let parts = self.parts(files, |_| TEXT);
        let cells = sql::render("scan_csv.sql", context! { parts, options => options.item() })?;
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        facts::gather(&cells, &names, options.item(), session)
            .map_err(|error| explain(error, files))
    }
}

/// The names of a file's columns.
fn names(
    object: &FileObject,
    file: &FileEntry,
    head: &str,
    options: &ReadOptions,
) -> Result<Vec<String>, FileError> {
    let flaw = |detail: String| FileError::Header { path: file.name.clone(), detail };
    let comment = options.comment.as_deref();
    let record = header::first_record(head, &options.dialect(), options.skip, comment);
    let record = record.ok_or_else(|| flaw("it does not end".to_owned()))?;
    if options.header {
        return match header::flaw(&record) {
            Some(detail) => Err(flaw(detail)),
            None => Ok(record),
        };
    }
    let declared: Vec<String> = object.columns.iter().map(|(name, _)| name.clone()).collect();
    match (declared.len(), record.len()) {
        (0, count) => Ok((0..count).map(|index| format!("column{index}")).collect()),
        (declared_count, count) if declared_count == count => Ok(declared),
        (declared_count, count) => Err(flaw(format!(
            "there is none, {declared_count} columns are declared, and the first line has {count}"
        ))),
    }
}

fn same_columns(
    files: &[FileEntry],
    file: &FileEntry,
    expected: &[String],
    found: &[String],
) -> Result<(), FileError> {
    let without = |names: &[String], others: &[String]| -> Vec<String> {
        names.iter().filter(|name| !others.contains(name)).cloned().collect()
    };
    let (missing, unexpected) = (without(expected, found), without(found, expected));
    if missing.is_empty() && unexpected.is_empty() {
        return Ok(());
    }
    let first = files.first().map(|file| file.name.clone()).unwrap_or_default();
    let path = file.name.clone();
    Err(FileError::Columns { path, first, missing, unexpected, retyped: Vec::new() })
}
