//! Declared types whose values only DuckDB can judge: intervals, enums, nested types.

use super::layout::{LayoutColumn, TEXT};
use super::statement::{Source, Statement};
use super::{FileEntry, FileError, explain, sql};
use crate::engine::Session;
use minijinja::{Value as Item, context};
use serde_json::Value;

/// Checks the columns of such types.
///
/// # Errors
/// The first value of the first column that does not fit.
pub(super) fn check(
    statement: &Statement<'_>,
    sources: &[Source],
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<(), FileError> {
    let columns = statement.layout.columns.iter();
    let foreign: Vec<&LayoutColumn> = columns.filter(|c| c.question().is_none()).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let columns: Vec<Item> = foreign.iter().map(|column| item(column)).collect();
    let parts = statement.parts(sources, |_| TEXT);
    let query = sql::render("misfits_csv.sql", context! { parts, columns })?;
    let counts = session.query(&query, Some(1)).map_err(|error| explain(error, files))?;
    for (column, count) in foreign.iter().zip(counts.rows.into_iter().flatten()) {
        if count != 0 {
            return Err(misfit(statement, sources, files, column, session)?);
        }
    }
    Ok(())
}

fn item(column: &LayoutColumn) -> Item {
    context! { name => column.name.as_str(), type => column.data_type.as_str() }
}

/// The first value that a column's type does not hold.
fn misfit(
    statement: &Statement<'_>,
    sources: &[Source],
    files: &[FileEntry],
    column: &LayoutColumn,
    session: &mut dyn Session,
) -> Result<FileError, FileError> {
    let (mut path, mut text) = (String::new(), String::new());
    for source in sources {
        let parts = statement.parts(std::slice::from_ref(source), |_| TEXT);
        let query = sql::render("misfit_csv.sql", context! { parts, column => item(column) })?;
        let found = session.query(&query, Some(1)).map_err(|error| explain(error, files))?;
        if let Some([Value::String(value)]) = found.rows.first().map(Vec::as_slice) {
            path = files.get(source.index).map(|file| file.name.clone()).unwrap_or_default();
            text.clone_from(value);
            break;
        }
    }
    Ok(FileError::Value {
        path,
        line: None,
        column: column.name.clone(),
        text,
        expected: column.data_type.to_string(),
    })
}
