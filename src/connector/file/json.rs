//! JSON files: objects one after another, or an array of them.
//!
//! DuckDB 1.5.5 reads `1.5` as bigint 2, rounds long numbers, drops keys that are not listed, and
//! takes an array that is cut for a whole one. So the objects are read here, and what DuckDB reads
//! is their values as text.

use super::copy::{Copies, unwritable};
use super::drift::{Added, Drift, Removed, Retyped, Seen};
use super::error::FileError;
use super::format::Compression;
use super::member::{self, FORMATS, Member};
use super::objects::{self, Object};
use super::parquet::described;
use super::scan::judge::{Question, Test, holds, question};
use super::scan::rewrite::{DELIMITER, NULL, push};
use super::statement::{LF, LONG_LINE};
use super::{FileEntry, FileObject, Scan, explain, head, header, naming, partition, sql};
use crate::engine::Session;
use crate::relation::{Column, DataType};
use indexmap::IndexMap;
use minijinja::context;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// How to read JSON files as one table. All of each file is read for keys and types.
pub(super) fn scan(
    object: &FileObject,
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<Scan, FileError> {
    let mut reading = Reading::new(object, files)?;
    reading.read()?;
    let mut columns = reading.columns(session)?;
    let drift = reading.drift(&columns);
    let seen = reading.seen(&columns, &drift);
    if !drift.is_empty() {
        return Err(FileError::Drift(Box::new(Drift { seen, ..drift })));
    }
    reading.freeze(&mut columns);
    if object.only_columns {
        let (files, row_count) = (files.to_vec(), Some(reading.rows));
        return Ok(Scan { columns, seen, files, row_count, ..Scan::default() });
    }
    let mut copies = Copies::default();
    let paths = reading.write(&columns, &mut copies)?;
    Ok(Scan {
        sql: reading.statement(&columns, &paths)?,
        columns,
        seen,
        files: files.to_vec(),
        row_count: Some(reading.rows),
        copies: Arc::new(copies),
        ..Scan::default()
    })
}

/// What is known of the objects.
struct Reading<'a> {
    object: &'a FileObject,
    files: &'a [FileEntry],
    partitions: Vec<String>,
    rows: u64,
    /// More bytes than any object takes when it is written.
    longest: usize,
    members: IndexMap<String, Known>,
    /// Keys that are not read.
    unread: BTreeSet<String>,
}

/// What is known of a key.
struct Known {
    member: Member,
    /// The first file that has it.
    path: String,
    declared: Option<DataType>,
    frozen: Option<DataType>,
    test: Option<Test>,
    /// The first value that the frozen type does not hold.
    misfit: Option<Retyped>,
}

impl<'a> Reading<'a> {
    fn new(object: &'a FileObject, files: &'a [FileEntry]) -> Result<Self, FileError> {
        let partitions = partition::keys(object, files)?;
        let (members, unread) = (IndexMap::new(), BTreeSet::new());
        Ok(Self { object, files, partitions, rows: 0, longest: 0, members, unread })
    }

    /// Reads all objects once.
    fn read(&mut self) -> Result<(), FileError> {
        let compression = |file| head::compression(self.object, file);
        let files = self.files.iter().map(|file| (file, compression(file)));
        for (file, compression) in files.collect::<Vec<_>>() {
            let mut take = |object: &Object, line: u64| {
                self.rows += 1;
                let length = |(_, raw): &(String, Box<RawValue>)| raw.get().len() * 2 + 3;
                self.longest = self.longest.max(object.iter().map(length).sum());
                object.iter().try_for_each(|(key, raw)| self.add(file, key, raw.get(), line))
            };
            objects::each(file, compression, &mut take)?;
        }
        let names: Vec<String> = self.members.keys().chain(&self.partitions).cloned().collect();
        let frozen = self.object.frozen.iter().flat_map(|frozen| &frozen.columns);
        let known = frozen.map(|column| &column.name).chain(&names).chain(&self.unread);
        self.object.knows_wanted(known.map(String::as_str))?;
        let first = self.files.first().map(|file| file.name.clone()).unwrap_or_default();
        let is_bare = self.members.is_empty() && self.object.frozen.is_none();
        let detail = header::flaw(&names)
            .or_else(|| is_bare.then(|| "there is no key that could be a column".to_owned()));
        detail.map_or(Ok(()), |detail| Err(FileError::Header { path: first, detail }))
    }

    fn add(&mut self, file: &FileEntry, key: &str, raw: &str, line: u64) -> Result<(), FileError> {
        if !self.object.wants(key) {
            if !self.unread.contains(key) {
                self.unread.insert(key.to_owned());
            }
            return Ok(());
        }
        if !self.members.contains_key(key) {
            let known = self.known(file, key);
            self.members.insert(key.to_owned(), known);
        }
        let malformed = |detail: String| {
            let (path, line) = (file.name.clone(), Some(line));
            FileError::Malformed { path, line, text: String::new(), detail }
        };
        let value = member::value(raw);
        let value = value.map_err(|_| malformed(format!("key `{key}` has half a character")))?;
        let Some((shape, text)) = value else { return Ok(()) };
        let Some(known) = self.members.get_mut(key) else { return Ok(()) };
        if text.contains('\0') {
            return Err(malformed(format!("key `{key}` has a zero character")));
        }
        let asked = member::asked(known.test.as_ref(), shape, &text);
        if let (Some(declared), Some(test)) = (&known.declared, &known.test)
            && (shape == member::shape::NESTED || !holds(test, asked.as_bytes(), &FORMATS))
        {
            return Err(FileError::Value {
                path: file.name.clone(),
                line: Some(line),
                column: key.to_owned(),
                text: text.into_owned(),
                expected: declared.to_string(),
            });
        }
        if let (Some(frozen), None, None) = (&known.frozen, &known.declared, &known.misfit)
            && !member::agrees(frozen, known.test.as_ref(), shape, &asked)
        {
            known.misfit = Some(Retyped {
                column: key.to_owned(),
                was: frozen.clone(),
                now: frozen.clone(),
                path: file.name.clone(),
                line: Some(line),
                text: text.clone().into_owned(),
            });
        }
        known.member.add(shape, &text);
        Ok(())
    }

    fn known(&self, file: &FileEntry, key: &str) -> Known {
        let declared = naming::declared(&self.object.columns, key).cloned();
        let frozen = self.object.frozen.iter().flat_map(|frozen| &frozen.columns);
        let frozen = frozen.clone().find(|column| column.name == key);
        let frozen = frozen.map(|column| column.data_type.clone());
        let said = declared.as_ref().or(frozen.as_ref());
        let test = said.and_then(|data_type| test_of(data_type, declared.is_some()));
        let member = Member::default();
        Known { member, path: file.name.clone(), declared, frozen, test, misfit: None }
    }

    /// The columns, with the types that are said or that hold the values.
    fn columns(&self, session: &mut dyn Session) -> Result<Vec<Column>, FileError> {
        let frozen = self.object.frozen.iter().flat_map(|frozen| &frozen.columns);
        let mut names: Vec<&String> = frozen.map(|column| &column.name).collect();
        let own: Vec<&String> = self.members.keys().chain(&self.partitions).collect();
        names.extend(own.into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
        let known: Vec<&str> =
            names.iter().copied().chain(&self.unread).map(String::as_str).collect();
        if let Some(column) = naming::unknown(&self.object.columns, &known) {
            return Err(FileError::UndeclarableColumn { column: column.to_owned() });
        }
        let nested = self.nested(session)?;
        let column = |name: &String| {
            let said = naming::declared(&self.object.columns, name).cloned();
            let inferred = || {
                let member = self.members.get(name).map(|known| &known.member);
                let found = member.and_then(Member::data_type).or_else(|| {
                    let column = nested.iter().find(|column| column.name == *name);
                    column.map(|column| told(&column.data_type))
                });
                found.unwrap_or_else(|| DataType::new("varchar"))
            };
            let data_type = said.unwrap_or_else(inferred);
            Column { name: name.clone(), data_type, nullable: true }
        };
        Ok(names.into_iter().map(column).collect())
    }

    /// Gives the columns the types of the frozen schema, which hold their values too.
    fn freeze(&self, columns: &mut [Column]) {
        let frozen: Vec<&Column> = self.object.frozen.iter().flat_map(|f| &f.columns).collect();
        for column in columns {
            let is_declared = naming::declared(&self.object.columns, &column.name).is_some();
            let known = frozen.iter().find(|frozen| frozen.name == column.name);
            if let (Some(known), false) = (known, is_declared) {
                column.data_type = known.data_type.clone();
            }
        }
    }

    /// The types that DuckDB gives to nested values.
    fn nested(&self, session: &mut dyn Session) -> Result<Vec<Column>, FileError> {
        if self.members.values().all(|known| known.member.data_type().is_some()) {
            return Ok(Vec::new());
        }
        let files: Vec<String> = self.files.iter().map(|file| sql::path(&file.path)).collect();
        let compressions: Vec<Compression> =
            self.files.iter().map(|file| head::compression(self.object, file)).collect();
        let compression = match compressions.first() {
            Some(Compression::None) | None => "uncompressed",
            Some(other) => other.name(),
        };
        let query = sql::render("scan_json.sql", context! { files, compression })?;
        described(&query, session).map_err(|error| explain(error, self.files))
    }

    /// What is no longer as in the frozen schema.
    fn drift(&self, columns: &[Column]) -> Drift {
        let mut drift = Drift::default();
        let Some(frozen) = &self.object.frozen else { return drift };
        let type_of = |name: &str| {
            let column = columns.iter().find(|column| column.name == name);
            column.map_or_else(|| DataType::new("varchar"), |column| column.data_type.clone())
        };
        for (name, known) in &self.members {
            let now = type_of(name);
            let (column, path) = (name.clone(), known.path.clone());
            match (&known.frozen, &known.misfit) {
                (None, _) => drift.added.push(Added { column, data_type: now, path }),
                (Some(_), Some(misfit)) => {
                    drift.retyped.push(Retyped { now, ..misfit.clone() });
                }
                // Of nested values only the type as a whole can be compared.
                (Some(was), None)
                    if known.is_nested() && known.declared.is_none() && !known.keeps(was, &now) =>
                {
                    let (was, text) = (was.clone(), String::new());
                    drift.retyped.push(Retyped { column, was, now, path, line: None, text });
                }
                (Some(_), None) => {}
            }
        }
        let first = self.files.first().map(|file| file.name.clone()).unwrap_or_default();
        for column in &frozen.columns {
            let is_there =
                self.members.contains_key(&column.name) || self.partitions.contains(&column.name);
            if !is_there && self.rows > 0 {
                let (column, path) = (column.name.clone(), first.clone());
                drift.removed.push(Removed { column, path });
            }
        }
        let is_known = |key: &str| frozen.columns.iter().any(|column| column.name == key);
        let keys = self.partitions.iter().filter(|key| !is_known(key) && self.object.wants(key));
        drift.added.extend(keys.map(|key| {
            let (column, path) = (key.clone(), first.clone());
            Added { column, data_type: DataType::new("varchar"), path }
        }));
        drift
    }

    /// The columns as the files have them now. Files without an object say nothing of them.
    fn seen(&self, columns: &[Column], drift: &Drift) -> Seen {
        let frozen = self.object.frozen.iter().flat_map(|frozen| &frozen.columns);
        let keys = self.members.keys().chain(&self.partitions);
        let mut names: Vec<&String> = keys.collect();
        if self.rows == 0 {
            names.extend(frozen.clone().map(|column| &column.name));
        }
        let column = |name: &&String| {
            let column = columns.iter().find(|column| column.name == **name)?;
            let retyped = drift.retyped.iter().find(|retyped| retyped.column == **name);
            let is_declared = naming::declared(&self.object.columns, name).is_some();
            let known = frozen.clone().find(|frozen| frozen.name == **name && !is_declared);
            let said = retyped.map(|retyped| &retyped.now).or(known.map(|known| &known.data_type));
            let data_type = said.unwrap_or(&column.data_type).clone();
            Some(Column { data_type, ..column.clone() })
        };
        Seen {
            columns: names.iter().filter_map(column).collect(),
            is_ordered: false,
            tells_nulls: false,
            is_typed: self.rows > 0,
        }
    }

    /// The values as text, one file for each.
    fn write(&self, columns: &[Column], copies: &mut Copies) -> Result<Vec<PathBuf>, FileError> {
        let own: Vec<Written<'_>> = self.own(columns).map(Written::new).collect();
        let mut paths = Vec::new();
        for file in self.files {
            let (path, to) = copies.create(self.object, file)?;
            let mut to = BufWriter::with_capacity(256 * 1024, to);
            let mut take = |object: &Object, _| {
                write(object, &own, &mut to).map_err(|source| unwritable(&path, source))
            };
            objects::each(file, head::compression(self.object, file), &mut take)?;
            to.flush().map_err(|source| unwritable(&path, source))?;
            paths.push(path);
        }
        Ok(paths)
    }

    /// The columns that are not in the paths.
    fn own<'c>(&self, columns: &'c [Column]) -> impl Iterator<Item = &'c Column> {
        columns.iter().filter(|column| !self.partitions.contains(&column.name))
    }

    fn statement(&self, columns: &[Column], paths: &[PathBuf]) -> Result<String, FileError> {
        let item = |column: &Column| {
            let data_type = column.data_type.as_str();
            let from_path = self.partitions.contains(&column.name);
            let plain = question(&column.data_type, true).is_some();
            let source = match (from_path, plain) {
                (true, _) => "path",
                (false, true) => "file",
                (false, false) => "json",
            };
            context! { name => column.name.as_str(), type => data_type, source }
        };
        let field = |column: &Column| {
            let is_plain = question(&column.data_type, true).is_some();
            let data_type = if is_plain { column.data_type.as_str() } else { "varchar" };
            context! { name => column.name.as_str(), type => data_type }
        };
        let columns_of_sql: Vec<_> = columns.iter().map(item).collect();
        let fields: Vec<_> = self.own(columns).map(field).collect();
        let files: Vec<String> = paths.iter().map(|path| sql::path(path)).collect();
        let options = context! {
            header => false, delimiter => DELIMITER, quote => "\"", null_values => [NULL],
            compression => "none", new_line => LF, point => ".", hive_partitioning => !self.partitions.is_empty(),
            longest => (self.longest > LONG_LINE).then_some(self.longest),
        };
        let part = context! { files, columns => columns_of_sql, fields, options };
        Ok(sql::render("scan_csv.sql", context! { parts => [part] })?)
    }
}

impl Known {
    fn is_nested(&self) -> bool {
        self.member.shapes == member::shape::NESTED
    }

    /// Whether the frozen type of nested values is right for those that would be `now`.
    fn keeps(&self, was: &DataType, now: &DataType) -> bool {
        was == now || was.as_str() == "json" || self.member.are_empty_lists(was)
    }
}

/// What a type asks of its values, if it asks.
fn test_of(data_type: &DataType, is_declared: bool) -> Option<Test> {
    match question(data_type, is_declared)? {
        Question::Holds { test, .. } => Some(test),
        Question::Nothing | Question::Facts => None,
    }
}

/// DuckDB's type of nested values; json where an object that is always empty makes it a map of
/// whatever may come.
fn told(data_type: &DataType) -> DataType {
    let is_open = data_type.as_str().contains("map(varchar, json)");
    if is_open { DataType::new("json") } else { data_type.clone() }
}

/// How the values of a key are written.
struct Written<'c> {
    key: &'c str,
    /// Whether they are JSON still.
    is_raw: bool,
    test: Option<Test>,
}

impl<'c> Written<'c> {
    fn new(column: &'c Column) -> Self {
        let is_raw = question(&column.data_type, true).is_none();
        Self { key: &column.name, is_raw, test: test_of(&column.data_type, true) }
    }
}

fn write(object: &Object, keys: &[Written<'_>], to: &mut BufWriter<File>) -> std::io::Result<()> {
    let mut line = Vec::new();
    for (index, Written { key, is_raw, test }) in keys.iter().enumerate() {
        if index > 0 {
            line.extend_from_slice(DELIMITER.as_bytes());
        }
        let raw = object.iter().find(|(other, _)| other == key).map(|(_, raw)| raw.get());
        let value = raw.map_or(Ok(None), member::value)?;
        let text = value.as_ref().map(|(shape, text)| member::asked(test.as_ref(), *shape, text));
        let text = text.as_ref().map(|text| text.as_bytes());
        push(&mut line, text.map(|text| raw.filter(|_| *is_raw).map_or(text, str::as_bytes)));
    }
    line.push(b'\n');
    to.write_all(&line)
}
