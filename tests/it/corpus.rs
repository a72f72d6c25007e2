//! Hostile files, each with its pinned outcome: tests/corpus/README.md.
//!
//! `SNAPSHOTS=overwrite cargo test --test it corpus` writes the outcomes again.

use crate::project::PROJECT_ROOT;
use serde_json::Value;
use sqlflow::connector::file::{
    FileError, FileObject, FileOptions, Format, Frozen, Scan, find, scan,
};
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
use sqlflow::relation::DataType;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

fn session() -> Box<dyn Session> {
    DuckDb::open(&Options::new(Location::Memory)).unwrap().session().unwrap()
}

/// The object that a case's `case.json` describes; without one, the only file there is.
fn object(folder: &Path, case: &Value) -> FileObject {
    let only = || {
        let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let all = all.map(|name| name.to_string_lossy().into_owned());
        let data: Vec<String> = all.filter(|name| !KEPT.contains(&name.as_str())).collect();
        assert_eq!(data.len(), 1, "{}: {data:?}", folder.display());
        data[0].clone()
    };
    let empty = serde_json::Map::new();
    let options = case["options"].as_object().unwrap_or(&empty);
    let columns = case["columns"].as_object().unwrap_or(&empty);
    let given = options.iter().map(|(name, value)| (name.as_str(), value));
    FileObject {
        base: folder.to_owned(),
        path: case["path"].as_str().map_or_else(only, str::to_owned),
        format: case["format"].as_str().and_then(Format::named),
        options: FileOptions::read(given).unwrap(),
        columns: columns
            .iter()
            .map(|(name, data_type)| (name.clone(), DataType::new(data_type.as_str().unwrap())))
            .collect(),
        max_rejects: case["max_rejects"].as_u64().unwrap_or(0),
        ..FileObject::default()
    }
}

const KEPT: [&str; 3] = ["case.json", "expected.txt", "cells.json"];

/// A scan, and the rows that its statement gives.
type Read = (Scan, Vec<Vec<Value>>);

/// Scans and reads; what a scan says has to be what is read.
fn read(object: &FileObject) -> Result<Read, FileError> {
    let mut session = session();
    let found = scan(object, &find(object)?, &mut *session)?;
    let table = session.query(&found.sql, None).unwrap_or_else(|error| panic!("{error}"));
    let columns: Vec<_> =
        found.columns.iter().map(|c| (c.name.clone(), c.data_type.clone())).collect();
    assert_eq!(table.columns, columns);
    if let Some(count) = found.row_count {
        assert_eq!(count, table.rows.len() as u64, "as many rows are read as were counted");
    }
    Ok((found, table.rows))
}

fn outcome(object: &FileObject) -> (String, Option<Read>) {
    let (scan, rows) = match read(object) {
        Ok(read) => read,
        Err(error) => return (format!("error: {error}\n"), None),
    };
    let mut text = String::new();
    for column in &scan.columns {
        let required = if column.nullable { "" } else { " not null" };
        writeln!(text, "{:?} {}{required}", column.name, column.data_type).unwrap();
    }
    writeln!(text, "{} rows", rows.len()).unwrap();
    for row in rows.iter().take(20) {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        writeln!(text, "{}", cells.join(" | ")).unwrap();
    }
    for reject in &scan.rejects {
        let column = reject.column.as_ref().map_or(String::new(), |name| format!(", {name:?}"));
        let (path, line, reason) = (&reject.path, reject.line, &reject.reason);
        writeln!(text, "rejected: {path}:{line}{column}: {reason}: {:?}", reject.text).unwrap();
    }
    (text, Some((scan, rows)))
}

/// Whether a cell says what the independent reader saw.
fn agrees(cell: &Value, text: &Value) -> bool {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if cell.is_null() || text.is_null() {
        return cell.is_null() && text.is_null();
    }
    let (cell, text) = (plain(cell), plain(text));
    let number = |text: &str| text.replace(',', ".").parse::<f64>().ok();
    cell == text
        || cell.eq_ignore_ascii_case(&text) && cell.len() <= 5
        || cell == text.replace('T', " ")
        || matches!((number(&cell), number(&text)), (Some(a), Some(b)) if a.to_bits() == b.to_bits() && cell.len() < 16)
}

/// Whether the rows are those that another reader saw.
fn compare(folder: &Path, rows: &[Vec<Value>]) -> Result<(), String> {
    let cells = std::fs::read_to_string(folder.join("cells.json"));
    let cells = cells.map_err(|_| "it is read, and has no cells.json".to_owned())?;
    let cells: Vec<Vec<Value>> = serde_json::from_str(&cells).unwrap();
    if rows.len() != cells.len() {
        return Err(format!("{} rows, expected {}", rows.len(), cells.len()));
    }
    for (row, expected) in rows.iter().zip(&cells) {
        let same = |(cell, expected): (&Value, &Value)| agrees(cell, expected);
        if row.len() != expected.len() || !row.iter().zip(expected).all(same) {
            return Err(format!("{row:?}, expected {expected:?}"));
        }
    }
    Ok(())
}

// proves: L-8, L-67, L-69, L-70, L-71, L-73, L-74, L-76
#[test]
fn every_case_has_its_outcome() {
    let root = Path::new(PROJECT_ROOT).join("tests/corpus");
    let mut folders: Vec<_> =
        std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(folders.len() > 70);
    let overwrite = snapbox::assert::Action::with_env_var("SNAPSHOTS")
        == Some(snapbox::assert::Action::Overwrite);
    let mut wrong = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let case: Value = std::fs::read_to_string(folder.join("case.json"))
            .map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        let first = object(&folder, &case);
        let (mut text, mut last) = outcome(&first);
        if let (Some((frozen, _)), Some(then)) = (&last, case["then"].as_str()) {
            let frozen =
                Frozen { columns: frozen.columns.clone(), delimiter: frozen.delimiter.clone() };
            let second = FileObject { frozen: Some(frozen), path: then.to_owned(), ..first };
            let (more, read) = outcome(&second);
            (text, last) = (format!("{text}then: {then}\n{more}"), read);
        }
        if let Some((_, rows)) = &last
            && let Err(problem) = compare(&folder, rows)
        {
            wrong.push(format!("{name}: {problem}\n{text}"));
            continue;
        }
        let pinned = folder.join("expected.txt");
        if overwrite {
            std::fs::write(pinned, text).unwrap();
        } else if std::fs::read_to_string(&pinned).unwrap_or_default() != text {
            wrong.push(format!("{name}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn of(name: &str, content: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), content).unwrap();
        Self(folder)
    }

    fn object(&self, path: &str) -> FileObject {
        let base = self.0.path().to_owned();
        FileObject { base, path: path.to_owned(), ..FileObject::default() }
    }
}

// proves: L-68
#[test]
fn text_in_an_integer_column_at_row_one_million_makes_it_text() {
    let mut content = String::from("id,n\n");
    for id in 0..1_000_000 {
        writeln!(content, "{id},{id}").unwrap();
    }
    content.push_str("1000000,many\n");
    let folder = Folder::of("x.csv", content.as_bytes());
    let object = folder.object("x.csv");
    let mut session = session();
    let found = scan(&object, &find(&object).unwrap(), &mut *session).unwrap();
    let types: Vec<&str> = found.columns.iter().map(|column| column.data_type.as_str()).collect();
    assert_eq!((types.as_slice(), found.row_count), (&["bigint", "varchar"][..], Some(1_000_001)));
    // Had an earlier load seen only numbers, this is drift.
    let mut frozen = Frozen { columns: found.columns, delimiter: found.delimiter };
    frozen.columns[1].data_type = DataType::new("bigint");
    let object = FileObject { frozen: Some(frozen), ..object };
    let error = scan(&object, &find(&object).unwrap(), &mut *session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `n` was bigint and would be varchar: line 1000002 of `x.csv` has `many`"
    );
}

#[test]
fn a_field_of_fifty_megabytes_is_a_field() {
    let long = "ä,\n".repeat(50_000_000 / 4);
    let content = format!("id,t\n1,x\n2,\"{long}\"\n3,y\n");
    let folder = Folder::of("x.csv", content.as_bytes());
    let object = folder.object("x.csv");
    let mut session = session();
    let found = scan(&object, &find(&object).unwrap(), &mut *session).unwrap();
    assert_eq!(found.row_count, Some(3));
    let query = format!("select sum(strlen(t)), count(*) from ({})", found.sql);
    let rows = session.query(&query, None).unwrap().rows;
    assert_eq!(rows[0][0].to_string().trim_matches('"'), (long.len() + 2).to_string());
    assert_eq!(rows[0][1], 3);
}

#[test]
fn five_thousand_columns_are_columns() {
    let names: Vec<String> = (0..5_000).map(|n| format!("a column with the number {n}")).collect();
    let row: Vec<String> = (0..5_000).map(|n| n.to_string()).collect();
    let content = format!("{}\n{}\n{}\n", names.join(","), row.join(","), row.join(","));
    let folder = Folder::of("x.csv", content.as_bytes());
    let (scan, rows) = read(&folder.object("x.csv")).unwrap();
    assert_eq!((scan.columns.len(), rows.len()), (5_000, 2));
    assert_eq!(rows[1][4_999], 4_999);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Text as Zstandard, by DuckDB.
fn zstd() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv.zst");
    let sql = format!(
        "copy (select i as a, 'text ' || i as b from range(200) r(i)) to '{}' (compression zstd)",
        path.display()
    );
    session().execute(&sql).unwrap();
    std::fs::read(path).unwrap()
}

// proves: L-72
#[test]
fn compressed_files_that_are_cut_anywhere_are_errors() {
    let mut text = String::from("a,b\n");
    for row in 0..200 {
        writeln!(text, "{row},text {row}").unwrap();
    }
    for (name, whole) in [("x.csv.gz", gzip(text.as_bytes())), ("x.csv.zst", zstd())] {
        let folder = Folder::of(name, &whole);
        let object = folder.object(name);
        let mut session = session();
        let found = scan(&object, &find(&object).unwrap(), &mut *session).unwrap();
        assert_eq!(found.row_count, Some(200));
        for cut in 0..whole.len() {
            std::fs::write(folder.0.path().join(name), &whole[..cut]).unwrap();
            let error = find(&object).and_then(|files| scan(&object, &files, &mut *session));
            let error = error.unwrap_err();
            let is_right = match cut {
                0 => matches!(error, FileError::Empty { .. }),
                _ => matches!(error, FileError::Damaged { .. }),
            };
            assert!(is_right, "{name} cut at {cut}: {error}");
        }
    }
}
