//! Parquet files: footers are compared before the first row is read.

use super::format::Format;
use super::{FileEntry, FileError, FileObject, Scan, partition, sql};
use crate::engine::{EngineError, Session};
use crate::relation::{Column, DataType};
use minijinja::context;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// How to read Parquet files as one table.
pub(super) fn scan(
    object: &FileObject,
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<Scan, FileError> {
    for file in files {
        recognise(file)?;
    }
    let footers = footers(files, session)?;
    if !object.options.union_by_name {
        same_columns(files, &footers)?;
    }
    let plain = render(object, files, &[])?;
    let mut columns = described(&plain, session).map_err(|error| reader_error(error, files))?;
    for column in &mut columns {
        let required =
            |footer: &Footer| footer.get(&column.name).is_some_and(|found| found.required);
        column.nullable = !footers.iter().all(required);
    }
    let casts = declare(object, &mut columns)?;
    let sql = render(object, files, &listed(&columns, &casts))?;
    Ok(Scan { sql, columns, files: files.to_vec(), row_count: None, ..Scan::default() })
}

/// Both ends of a Parquet file are marked; one that was cut lacks the second.
fn recognise(file: &FileEntry) -> Result<(), FileError> {
    let unreadable = |source| FileError::Unreadable { path: file.name.clone(), source };
    let (start, end) = ends(file).map_err(unreadable)?;
    match (&start == b"PAR1", &end == b"PAR1") {
        (true, true) => Ok(()),
        (true, false) => Err(FileError::Damaged {
            path: file.name.clone(),
            detail: "its footer is missing".to_owned(),
        }),
        (false, _) => Err(FileError::OtherFormat {
            path: file.name.clone(),
            format: Format::Parquet,
            found: "something else",
        }),
    }
}

fn ends(file: &FileEntry) -> io::Result<([u8; 4], [u8; 4])> {
    let (mut start, mut end) = ([0; 4], [0; 4]);
    if file.size >= 8 {
        let mut opened = File::open(&file.path)?;
        opened.read_exact(&mut start)?;
        opened.seek(SeekFrom::End(-4))?;
        opened.read_exact(&mut end)?;
    }
    Ok((start, end))
}

/// The columns of a file by name.
type Footer = BTreeMap<String, Element>;

#[derive(Debug, Default)]
struct Element {
    required: bool,
    /// Everything the footer says of the column and of what is nested in it.
    shape: String,
}

fn footers(files: &[FileEntry], session: &mut dyn Session) -> Result<Vec<Footer>, FileError> {
    let paths: Vec<String> = files.iter().map(|file| sql::path(&file.path)).collect();
    let query = sql::render("parquet_footers.sql", context! { files => paths })?;
    let table = session.query(&query, None).map_err(|error| reader_error(error, files))?;
    let mut elements: BTreeMap<String, Vec<Vec<Value>>> = BTreeMap::new();
    for row in table.rows {
        let file = row.first().and_then(Value::as_str).unwrap_or_default().to_owned();
        elements.entry(file).or_default().push(row);
    }
    let path = |file: &FileEntry| file.path.to_string_lossy().into_owned();
    Ok(files
        .iter()
        .map(|file| elements.get(&path(file)).map(|rows| footer(rows)).unwrap_or_default())
        .collect())
}

/// Elements stand depth first, each before its children; the root is the first.
fn footer(rows: &[Vec<Value>]) -> Footer {
    let mut footer = Footer::new();
    let mut rest = rows.get(1..).unwrap_or_default();
    while let Some(row) = rest.first() {
        let length = subtree(rest).max(1);
        let (own, others) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        let text = |index: usize| row.get(index).and_then(Value::as_str).unwrap_or_default();
        let shape = own.iter().map(|row| shape(row)).collect::<Vec<_>>().join(" ");
        let element = Element { required: text(3) == "REQUIRED", shape };
        footer.insert(text(1).to_owned(), element);
        rest = others;
    }
    footer
}

fn subtree(rows: &[Vec<Value>]) -> usize {
    let children = |row: &Vec<Value>| {
        row.get(4).map(|cell| cell.as_str().map_or_else(|| cell.as_u64(), |text| text.parse().ok()))
    };
    let (mut open, mut length) = (1, 0);
    while let Some(row) = rows.get(length).filter(|_| open > 0) {
        open = open - 1 + children(row).flatten().unwrap_or(0);
        length += 1;
    }
    length
}

/// Type and annotations, without repetition: a column may be required in one file only.
fn shape(row: &[Value]) -> String {
    let parts = [2, 5, 6, 7, 8].into_iter().filter_map(|index| row.get(index));
    parts.map(Value::to_string).collect::<Vec<_>>().join(",")
}

fn same_columns(files: &[FileEntry], footers: &[Footer]) -> Result<(), FileError> {
    let (Some(first), Some(expected)) = (files.first(), footers.first()) else { return Ok(()) };
    let without = |a: &Footer, b: &Footer| -> Vec<String> {
        a.keys().filter(|name| !b.contains_key(*name)).cloned().collect()
    };
    for (file, found) in files.iter().zip(footers) {
        let (missing, unexpected) = (without(expected, found), without(found, expected));
        let other = |(name, element): &(&String, &Element)| {
            found.get(*name).is_some_and(|found| found.shape != element.shape)
        };
        let retyped: Vec<String> =
            expected.iter().filter(other).map(|(name, _)| name.clone()).collect();
        if !(missing.is_empty() && unexpected.is_empty() && retyped.is_empty()) {
            let (path, first) = (file.name.clone(), first.name.clone());
            return Err(FileError::Columns { path, first, missing, unexpected, retyped });
        }
    }
    Ok(())
}

fn render(
    object: &FileObject,
    files: &[FileEntry],
    columns: &[minijinja::Value],
) -> Result<String, FileError> {
    let files_of_scan: Vec<String> = files.iter().map(|file| sql::path(&file.path)).collect();
    let context = context! {
        columns => columns.to_vec(), files => files_of_scan,
        union_by_name => object.options.union_by_name,
        hive_partitioning => !partition::keys(object, files)?.is_empty(),
    };
    Ok(sql::render("scan_parquet.sql", context)?)
}

/// The columns that a query gives.
pub(super) fn described(
    query: &str,
    session: &mut dyn Session,
) -> Result<Vec<Column>, EngineError> {
    let table = session.query(query, Some(0))?;
    let column = |(name, data_type)| Column { name, data_type, nullable: true };
    Ok(table.columns.into_iter().map(column).collect())
}

/// Gives declared columns their types; answers which of them have to be cast.
pub(super) fn declare(
    object: &FileObject,
    columns: &mut [Column],
) -> Result<Vec<String>, FileError> {
    let mut casts = Vec::new();
    for (name, data_type) in &object.columns {
        let Some(column) = columns.iter_mut().find(|column| column.name == *name) else {
            return Err(FileError::UndeclarableColumn { column: name.clone() });
        };
        if column.data_type != *data_type {
            column.data_type = data_type.clone();
            casts.push(name.clone());
        }
    }
    Ok(casts)
}

fn listed(columns: &[Column], casts: &[String]) -> Vec<minijinja::Value> {
    let item = |column: &Column| {
        let data_type: &DataType = &column.data_type;
        context! {
            name => column.name.as_str(), type => data_type.as_str(), cast => casts.contains(&column.name),
        }
    };
    columns.iter().map(item).collect()
}

fn reader_error(error: EngineError, files: &[FileEntry]) -> FileError {
    let named = files.iter().find(|file| error.message.contains(&*file.path.to_string_lossy()));
    match named {
        Some(file) => FileError::Malformed {
            path: file.name.clone(),
            line: None,
            text: String::new(),
            detail: error.message,
        },
        None => FileError::Engine(error),
    }
}
