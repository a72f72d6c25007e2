//! Parquet files: footers are compared before the first row is read.

use super::drift::{Added, Drift, Frozen, Removed, Retyped, Seen};
use super::format::Format;
use super::{FileEntry, FileError, FileObject, Scan, Supply, naming, partition, sql};
use crate::engine::{EngineError, Session};
use crate::relation::{Column, DataType};
use minijinja::context;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// How to read Parquet files as one table. No more than both ends of them is read before `supply` is
/// asked for the rest.
pub(super) fn scan(
    object: &FileObject,
    files: &[FileEntry],
    session: &mut dyn Session,
    supply: &mut Supply<'_>,
) -> Result<Scan, FileError> {
    for file in files {
        recognise(file)?;
    }
    let mut footers = footers(files, session)?;
    for footer in &mut footers {
        footer.retain(|name, _| object.wants(name));
    }
    if let Some(frozen) = &object.frozen {
        let drift = drift(object, frozen, files, &footers, session)?;
        if !drift.is_empty() {
            return Err(FileError::Drift(Box::new(drift)));
        }
    }
    same_columns(files, &footers, object.options.union_by_name)?;
    let plain = render(object, files, &[])?;
    let mut columns = described(&plain, session).map_err(|error| reader_error(error, files))?;
    for column in &mut columns {
        column.nullable = is_nullable(&column.name, &footers);
    }
    let order: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    if let Some(frozen) = &object.frozen {
        let place = |name: &str| frozen.columns.iter().position(|column| column.name == name);
        columns.sort_by_key(|column| place(&column.name));
    }
    let found: Vec<DataType> = columns.iter().map(|column| column.data_type.clone()).collect();
    let casts = declare(object, &mut columns)?;
    object.knows_wanted(columns.iter().map(|column| column.name.as_str()))?;
    let wanted = columns.into_iter().zip(found).filter(|(column, _)| object.wants(&column.name));
    let (columns, found): (Vec<Column>, Vec<DataType>) = wanted.unzip();
    let seen = Seen {
        columns: order
            .iter()
            .filter_map(|name| columns.iter().find(|c| c.name == *name))
            .cloned()
            .collect(),
        is_ordered: !object.options.union_by_name,
        tells_nulls: true,
        is_typed: true,
    };
    if object.only_columns {
        return Ok(Scan { columns, seen, files: files.to_vec(), ..Scan::default() });
    }
    let keys = partition::keys(object, files)?;
    let own: Vec<Column> = columns.iter().filter(|c| !keys.contains(&c.name)).cloned().collect();
    let files = &supply(files, &own, session)?;
    check_casts(object, files, &columns, &found, &casts, session)?;
    let sql = render(object, files, &listed(&columns, &casts))?;
    Ok(Scan { sql, columns, seen, files: files.clone(), ..Scan::default() })
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

#[derive(Debug, Default, PartialEq, Eq)]
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

/// What the files have that the frozen schema has not, and the reverse.
fn drift(
    object: &FileObject,
    frozen: &Frozen,
    files: &[FileEntry],
    footers: &[Footer],
    session: &mut dyn Session,
) -> Result<Drift, FileError> {
    let keys = partition::keys(object, files)?;
    let mut drift = Drift::default();
    // Files are mostly alike, and asking for the types of each takes time.
    let mut known: Vec<(&Footer, Vec<Column>)> = Vec::new();
    for (file, footer) in files.iter().zip(footers) {
        if known.iter().any(|(other, _)| *other == footer) {
            continue;
        }
        let mut columns = types(file, session)?;
        columns.extend(keys.iter().map(|key| Column {
            name: key.clone(),
            data_type: DataType::new("varchar"),
            nullable: true,
        }));
        columns.retain(|column| object.wants(&column.name));
        compare(object, frozen, file, &columns, &mut drift);
        known.push((footer, columns));
    }
    if object.options.union_by_name {
        let is_somewhere = |name: &String| {
            known.iter().any(|(_, columns)| columns.iter().any(|c| c.name == *name))
        };
        drift.removed.retain(|removed| !is_somewhere(&removed.column));
    }
    let all = known.iter().flat_map(|(_, columns)| columns);
    drift.seen = seen(object, frozen, all, footers, &drift);
    Ok(drift)
}

/// The columns as the files have them now.
fn seen<'c>(
    object: &FileObject,
    frozen: &Frozen,
    all: impl Iterator<Item = &'c Column>,
    footers: &[Footer],
    drift: &Drift,
) -> Seen {
    let mut columns: Vec<Column> = Vec::new();
    for column in all {
        let name = &column.name;
        let is_known = columns.iter().any(|known| known.name == *name);
        if is_known || drift.removed.iter().any(|removed| removed.column == *name) {
            continue;
        }
        let was = frozen.columns.iter().find(|frozen| frozen.name == *name);
        let now = drift.retyped.iter().find(|retyped| retyped.column == *name);
        let declared = naming::declared(&object.columns, name);
        let said = declared.or(now.map(|now| &now.now)).or(was.map(|was| &was.data_type));
        columns.push(Column {
            name: name.clone(),
            data_type: said.unwrap_or(&column.data_type).clone(),
            nullable: is_nullable(name, footers),
        });
    }
    Seen { columns, is_ordered: !object.options.union_by_name, tells_nulls: true, is_typed: true }
}

/// Whether a file may have NULL in the column: says so, or lacks it.
fn is_nullable(name: &str, footers: &[Footer]) -> bool {
    let required = |footer: &Footer| footer.get(name).is_some_and(|found| found.required);
    !footers.iter().all(required)
}

/// The columns of one file.
fn types(file: &FileEntry, session: &mut dyn Session) -> Result<Vec<Column>, FileError> {
    let context = context! {
        columns => Vec::<minijinja::Value>::new(), files => [sql::path(&file.path)],
        union_by_name => false, hive_partitioning => false,
    };
    let query = sql::render("scan_parquet.sql", context)?;
    described(&query, session).map_err(|error| reader_error(error, std::slice::from_ref(file)))
}

/// Adds how one file differs, each column once.
fn compare(
    object: &FileObject,
    frozen: &Frozen,
    file: &FileEntry,
    columns: &[Column],
    drift: &mut Drift,
) {
    let path = || file.name.clone();
    for was in &frozen.columns {
        let is_declared = naming::declared(&object.columns, &was.name).is_some();
        let column = was.name.clone();
        match columns.iter().find(|column| column.name == was.name) {
            None if drift.removed.iter().all(|removed| removed.column != column) => {
                drift.removed.push(Removed { column, path: path() });
            }
            Some(now)
                if now.data_type != was.data_type
                    && !is_declared
                    && drift.retyped.iter().all(|retyped| retyped.column != column) =>
            {
                drift.retyped.push(Retyped {
                    column,
                    was: was.data_type.clone(),
                    now: now.data_type.clone(),
                    path: path(),
                    line: None,
                    text: String::new(),
                });
            }
            Some(_) | None => {}
        }
    }
    for column in columns {
        let is_new = frozen.columns.iter().all(|known| known.name != column.name)
            && drift.added.iter().all(|added| added.column != column.name);
        if is_new {
            let (column, data_type) = (column.name.clone(), column.data_type.clone());
            drift.added.push(Added { column, data_type, path: path() });
        }
    }
}

/// Whether declared types hold what files of other types have; a cast would round it.
fn check_casts(
    object: &FileObject,
    files: &[FileEntry],
    columns: &[Column],
    found: &[DataType],
    casts: &[String],
    session: &mut dyn Session,
) -> Result<(), FileError> {
    let changed = columns.iter().zip(found).filter(|(column, _)| casts.contains(&column.name));
    for (column, from) in changed {
        let context = context! {
            cells => render(object, files, &[])?, name => column.name.as_str(),
            from => from.as_str(), to => column.data_type.as_str(),
        };
        let query = sql::render("misfit_parquet.sql", context)?;
        let found = session.query(&query, Some(1)).map_err(|error| reader_error(error, files))?;
        if let Some(row) = found.rows.first() {
            let text =
                row.first().map(|cell| cell.as_str().map_or(cell.to_string(), str::to_owned));
            return Err(FileError::Value {
                path: object.path.clone(),
                line: None,
                column: column.name.clone(),
                text: text.unwrap_or_default(),
                expected: column.data_type.to_string(),
            });
        }
    }
    Ok(())
}

/// Types have to be the same in all files; with `union_by_name`, columns need not.
fn same_columns(
    files: &[FileEntry],
    footers: &[Footer],
    union_by_name: bool,
) -> Result<(), FileError> {
    let mut all: BTreeMap<&String, (&Element, &FileEntry)> = BTreeMap::new();
    let Some(expected) = footers.first() else { return Ok(()) };
    for (file, found) in files.iter().zip(footers) {
        let without = |a: &Footer, b: &Footer| -> Vec<String> {
            let absent = a.keys().filter(|name| !union_by_name && !b.contains_key(*name));
            absent.cloned().collect()
        };
        let (missing, unexpected) = (without(expected, found), without(found, expected));
        let mut first = files.first().map(|file| file.name.clone()).unwrap_or_default();
        let mut retyped = Vec::new();
        for (name, element) in found {
            let (known, origin) = all.entry(name).or_insert((element, file));
            if known.shape != element.shape {
                retyped.push(name.clone());
                first.clone_from(&origin.name);
            }
        }
        if !(missing.is_empty() && unexpected.is_empty() && retyped.is_empty()) {
            let path = file.name.clone();
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

/// The columns that a query gives; nothing is read but what tells them.
pub(super) fn described(
    query: &str,
    session: &mut dyn Session,
) -> Result<Vec<Column>, EngineError> {
    let query = sql::render("columns_of_files.sql", context! { query })?;
    let table = session.query(&query, Some(0))?;
    let column = |(name, data_type)| Column { name, data_type, nullable: true };
    Ok(table.columns.into_iter().map(column).collect())
}

/// Gives declared columns their types; answers which of them have to be cast.
pub(super) fn declare(
    object: &FileObject,
    columns: &mut [Column],
) -> Result<Vec<String>, FileError> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    if let Some(column) = naming::unknown(&object.columns, &names) {
        return Err(FileError::UndeclarableColumn { column: column.to_owned() });
    }
    let mut casts = Vec::new();
    for column in columns {
        if let Some(data_type) = naming::declared(&object.columns, &column.name)
            && column.data_type != *data_type
        {
            column.data_type = data_type.clone();
            casts.push(column.name.clone());
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
            detail: error.message.replace(&*file.path.to_string_lossy(), &file.name),
        },
        None => FileError::Engine(error),
    }
}
