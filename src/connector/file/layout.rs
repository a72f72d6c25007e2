//! Which columns the files have together, and which file has which.

use super::drift::{Added, Drift, Removed};
use super::head::is_named;
use super::header::{self, Header};
use super::scan::judge::{Question, question};
use super::{FileEntry, FileError, FileObject, naming, partition};
use crate::mode::Selection;
use crate::relation::DataType;

/// What every field is read as when its type is not known yet.
pub(super) const TEXT: &str = "varchar";

/// Which columns there are, and which file has which.
pub(super) struct Layout {
    pub(super) columns: Vec<LayoutColumn>,
    /// The names of the fields of each file.
    pub(super) headers: Vec<Vec<String>>,
}

/// A column of the table.
pub(super) struct LayoutColumn {
    pub(super) name: String,
    pub(super) data_type: DataType,
    /// Whether its values come from the files' paths.
    pub(super) from_path: bool,
    /// Who says what its type is.
    pub(super) origin: Origin,
}

/// Who says what a column's type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The user.
    Declared,
    /// An earlier load.
    Frozen,
    /// The values.
    Inferred,
    /// Nobody: the column is not read.
    Unread,
}

impl LayoutColumn {
    /// What is asked of its values; `None` where only the database can answer.
    pub(super) fn question(&self) -> Option<Question> {
        match self.origin {
            Origin::Unread => Some(Question::Nothing),
            Origin::Inferred => Some(Question::Facts),
            Origin::Declared => question(&self.data_type, true),
            Origin::Frozen => question(&self.data_type, false),
        }
    }
}

impl Layout {
    /// The columns, and what is not as in the frozen schema.
    pub(super) fn new(
        object: &FileObject,
        files: &[FileEntry],
        first_records: &[Header],
    ) -> Result<(Self, Drift), FileError> {
        let headers = files
            .iter()
            .zip(first_records)
            .map(|(file, header)| names(object, file, header))
            .collect::<Result<Vec<_>, _>>()?;
        let keys = partition::keys(object, files)?;
        naming::check_case(object, files, &headers)?;
        let mut drift = Drift::default();
        let names = match &object.frozen {
            Some(_) => compare(object, files, &headers, &keys, &mut drift),
            None => union(object, files, &headers)?,
        };
        let mut all = names;
        all.extend(keys.iter().filter(|key| !all.contains(key)).cloned().collect::<Vec<_>>());
        for (file, header) in files.iter().zip(&headers) {
            let own: Vec<String> = header.iter().chain(&keys).cloned().collect();
            if let Some(detail) = header::flaw(&own) {
                return Err(FileError::Header { path: file.name.clone(), detail });
            }
        }
        if let (Some(detail), Some(file)) = (header::flaw(&all), files.first()) {
            return Err(FileError::Header { path: file.name.clone(), detail });
        }
        object.knows_wanted(all.iter().map(String::as_str))?;
        let columns = all.iter().map(|name| column(object, name, keys.contains(name))).collect();
        let layout = Self { columns, headers };
        layout.check_declared(object)?;
        Ok((layout, drift))
    }

    fn check_declared(&self, object: &FileObject) -> Result<(), FileError> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        match naming::unknown(&object.columns, &names) {
            Some(name) => Err(FileError::UndeclarableColumn { column: name.to_owned() }),
            None => Ok(()),
        }
    }

    /// The place of a column among the table's.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The places of a file's fields among the table's columns.
    pub(super) fn fields(&self, header: &[String]) -> Vec<Option<usize>> {
        let places: std::collections::HashMap<&str, usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| (column.name.as_str(), at))
            .collect();
        header.iter().map(|name| places.get(name.as_str()).copied()).collect()
    }
}

/// A column with the type that is said of it.
fn column(object: &FileObject, name: &str, from_path: bool) -> LayoutColumn {
    if !object.wants(name) {
        let (name, data_type) = (name.to_owned(), DataType::new(TEXT));
        return LayoutColumn { name, data_type, from_path, origin: Origin::Unread };
    }
    let declared = naming::declared(&object.columns, name);
    let frozen = object.frozen.iter().flat_map(|frozen| &frozen.columns);
    let frozen = frozen.clone().find(|column| column.name == name);
    let (data_type, origin) = match (declared, frozen) {
        (Some(data_type), _) => (data_type.clone(), Origin::Declared),
        (None, Some(column)) => (column.data_type.clone(), Origin::Frozen),
        (None, None) => (DataType::new(TEXT), Origin::Inferred),
    };
    LayoutColumn { name: name.to_owned(), data_type, from_path, origin }
}

/// The columns of the first file, and of all where some may lack columns of others. Of columns that
/// are not read each file may have its own.
fn union(
    object: &FileObject,
    files: &[FileEntry],
    headers: &[Vec<String>],
) -> Result<Vec<String>, FileError> {
    let mut names: Vec<String> = headers.first().cloned().unwrap_or_default();
    for (file, header) in files.iter().zip(headers) {
        if !object.options.union_by_name {
            let wanted = |names: &[String]| -> Vec<String> {
                names.iter().filter(|name| object.wants(name)).cloned().collect()
            };
            same_columns(files, file, &wanted(&names), &wanted(header))?;
        }
        if *header != names {
            let new = header.iter().filter(|name| !names.contains(name)).cloned();
            names.extend(new.collect::<Vec<_>>());
        }
    }
    Ok(names)
}

/// The frozen columns and then those that are new.
fn compare(
    object: &FileObject,
    files: &[FileEntry],
    headers: &[Vec<String>],
    keys: &[String],
    drift: &mut Drift,
) -> Vec<String> {
    let frozen = object.frozen.iter().flat_map(|frozen| &frozen.columns);
    let mut names: Vec<String> = frozen.map(|column| column.name.clone()).collect();
    for name in names.iter().filter(|name| !keys.contains(name)) {
        let lacks = |header: &&Vec<String>| !header.contains(name);
        let lacking = headers.iter().filter(lacks).count();
        if lacking == headers.len() || lacking > 0 && !object.options.union_by_name {
            let lacking = headers.iter().position(|header| lacks(&header)).unwrap_or(0);
            let path = files.get(lacking).map(|file| file.name.clone()).unwrap_or_default();
            drift.removed.push(Removed { column: name.clone(), path });
        }
    }
    for (file, header) in files.iter().zip(headers) {
        for name in header.iter().chain(keys) {
            if !names.contains(name) {
                names.push(name.clone());
                if !object.wants(name) {
                    continue;
                }
                let (name, path) = (name.clone(), file.name.clone());
                drift.added.push(Added { column: name, data_type: DataType::new(TEXT), path });
            }
        }
    }
    names
}

/// The names of a file's columns.
fn names(object: &FileObject, file: &FileEntry, header: &Header) -> Result<Vec<String>, FileError> {
    let flaw = |detail: String| FileError::Header { path: file.name.clone(), detail };
    if is_named(&object.options) {
        return match header::flaw(&header.fields) {
            Some(detail) => Err(flaw(detail)),
            None => Ok(header.fields.clone()),
        };
    }
    let keys = partition::keys(object, std::slice::from_ref(file))?;
    let own = |names: Vec<&String>| -> Vec<String> {
        names.into_iter().filter(|name| !keys.contains(name)).cloned().collect()
    };
    let declared = own(object.columns.iter().map(|(name, _)| name).collect());
    let frozen = object.frozen.iter().flat_map(|frozen| &frozen.columns);
    let frozen = own(frozen.map(|column| &column.name).collect());
    match (declared.len(), header.fields.len()) {
        (_, count) if frozen.len() == count && object.wanted == Selection::All => Ok(frozen),
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
