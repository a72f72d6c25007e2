//! CSV files: what they hold, and the SELECT that reads them.

use super::declared;
use super::decode::{self, NotText};
use super::format::Format;
use super::layout::Layout;
use super::read_options::{ReadOptions, compression};
use super::{FileEntry, FileError, FileObject, Scan, sql, stream};
use crate::engine::Session;
use crate::relation::Column;
use minijinja::context;

/// How much of a file is read for its header.
const HEAD: u64 = 256 * 1024;

/// How to read CSV files as one table.
pub(super) fn scan(
    object: &FileObject,
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<Scan, FileError> {
    let heads = files.iter().map(|file| head(object, file)).collect::<Result<Vec<_>, _>>()?;
    let options = ReadOptions::new(object, files, &heads)?;
    let mut layout = Layout::new(object, files, &heads, &options)?;
    let (row_count, facts) = layout.facts(&options, files, session)?;
    layout.set_types(object, &facts)?;
    declared::check(object, &layout, &facts, &options, files, session)?;
    let parts = layout.parts(files, |column| column.data_type.as_str());
    let columns = layout.columns.iter().map(|column| Column {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        nullable: true,
    });
    Ok(Scan {
        sql: sql::render("scan_csv.sql", context! { parts, options => options.item() })?,
        columns: columns.collect(),
        files: files.to_vec(),
        row_count: Some(row_count),
    })
}

/// The start of a file as text.
fn head(object: &FileObject, file: &FileEntry) -> Result<String, FileError> {
    let bytes = stream::head(file, compression(object, file), HEAD)?;
    let path = file.name.clone();
    decode::text(&bytes, object.options.encoding).map_err(|not_text| match not_text {
        NotText::Found(found) => FileError::OtherFormat { path, format: Format::Csv, found },
        NotText::Line(line) => FileError::Encoding { path, line, encoding: "UTF-8" },
    })
}
