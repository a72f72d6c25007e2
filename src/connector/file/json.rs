//! JSON files: objects one after another, or an array of them.

use super::facts::{self, kind};
use super::format::{Compression, Format};
use super::infer::infer;
use super::parquet::{declare, described};
use super::{FileEntry, FileError, FileObject, Scan, explain, partition, sql, stream};
use crate::engine::Session;
use crate::relation::{Column, DataType};
use minijinja::context;

/// Enough to see how a file starts.
const HEAD: u64 = 4096;

/// How to read JSON files as one table. All of each file is read for keys and types.
pub(super) fn scan(
    object: &FileObject,
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<Scan, FileError> {
    let mut is_array = None;
    for file in files {
        let head = stream::head(file, compression(object, file), HEAD)?;
        let found = starts_array(file, &head)?;
        if *is_array.get_or_insert(found) != found {
            let detail = "some files are one array and others are not".to_owned();
            let (path, text) = (file.name.clone(), String::new());
            return Err(FileError::Malformed { path, line: None, text, detail });
        }
    }
    let layout = if is_array == Some(true) { "array" } else { "newline_delimited" };
    let inferring = render(object, files, layout, &[])?;
    let mut columns = described(&inferring, session).map_err(|error| explain(error, files))?;
    refine(object, files, layout, &mut columns, session)?;
    declare(object, &mut columns)?;
    let sql = render(object, files, layout, &columns)?;
    Ok(Scan { sql, columns, files: files.to_vec(), row_count: None, ..Scan::default() })
}

/// DuckDB takes integers past 64 bits for double, and drops the offset of a timestamp: such columns
/// are read as text, whole, and judged as those of CSV are.
fn refine(
    object: &FileObject,
    files: &[FileEntry],
    layout: &str,
    columns: &mut [Column],
    session: &mut dyn Session,
) -> Result<(), FileError> {
    let doubtful = |column: &&mut Column| DOUBTFUL.contains(&column.data_type.as_str());
    let mut doubted: Vec<&mut Column> = columns.iter_mut().filter(doubtful).collect();
    if doubted.is_empty() {
        return Ok(());
    }
    let text = DataType::new("varchar");
    let as_text: Vec<Column> =
        doubted.iter().map(|c| Column { data_type: text.clone(), ..(**c).clone() }).collect();
    let names: Vec<&str> = as_text.iter().map(|column| column.name.as_str()).collect();
    let cells = render(object, files, layout, &as_text)?;
    let (_, facts) = facts::gather(&cells, &names, context! { point => "." }, session)?;
    for (column, facts) in doubted.iter_mut().zip(&facts) {
        // What is a double by now has lost its other digits in the JSON parser already.
        if column.data_type.as_str() != "double" || facts.kinds == kind::INTEGER {
            column.data_type = infer(facts);
        }
    }
    Ok(())
}

/// The types that DuckDB gives to more than they hold.
const DOUBTFUL: [&str; 3] = ["double", "date", "timestamp"];

fn compression(object: &FileObject, file: &FileEntry) -> Compression {
    object.options.compression.unwrap_or_else(|| Compression::of(&file.name))
}

/// DuckDB's word for it, which for JSON is another than for CSV.
fn compression_name(object: &FileObject, file: &FileEntry) -> &'static str {
    match compression(object, file) {
        Compression::None => "uncompressed",
        other => other.name(),
    }
}

fn starts_array(file: &FileEntry, head: &[u8]) -> Result<bool, FileError> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => Ok(true),
        Some(b'{') => Ok(false),
        _ => Err(FileError::OtherFormat {
            path: file.name.clone(),
            format: Format::Json,
            found: "something that starts with neither { nor [",
        }),
    }
}

fn render(
    object: &FileObject,
    files: &[FileEntry],
    layout: &str,
    columns: &[Column],
) -> Result<String, FileError> {
    let keys = partition::keys(object, files)?;
    let listed: Vec<_> = columns
        .iter()
        .map(|column| {
            let from_path = keys.contains(&column.name);
            context! { name => column.name.as_str(), type => column.data_type.as_str(), from_path }
        })
        .collect();
    let paths: Vec<String> = files.iter().map(|file| sql::path(&file.path)).collect();
    let context = context! {
        columns => listed, files => paths, layout, hive_partitioning => !keys.is_empty(),
        compression => files.first().map_or("auto_detect", |file| compression_name(object, file)),
    };
    Ok(sql::render("scan_json.sql", context)?)
}
