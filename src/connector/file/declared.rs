//! Do declared types hold what is there? DuckDB's reader would round it into them.

use super::facts::Facts;
use super::infer::demand;
use super::layout::{Layout, LayoutColumn, TEXT};
use super::read_options::ReadOptions;
use super::{FileEntry, FileError, FileObject, explain, sql};
use crate::engine::Session;
use minijinja::{Value as Item, context};
use serde_json::Value;

/// Checks all declared columns.
///
/// # Errors
/// The first value of the first column that does not fit.
pub(super) fn check(
    object: &FileObject,
    layout: &Layout,
    facts: &[Facts],
    options: &ReadOptions,
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<(), FileError> {
    let declared = layout.columns.iter().zip(facts).filter(|(column, _)| {
        column.data_type.as_str() != TEXT
            && object.columns.iter().any(|(name, _)| *name == column.name)
    });
    let declared: Vec<(&LayoutColumn, &Facts)> = declared.collect();
    if declared.is_empty() {
        return Ok(());
    }
    let columns: Vec<_> = declared.iter().map(|(column, _)| field(column)).collect();
    let parts = layout.parts(files, |_| TEXT);
    let query =
        sql::render("misfits_csv.sql", context! { parts, columns, options => options.item() })?;
    let counts = session.query(&query, Some(1)).map_err(|error| explain(error, files))?;
    let counts: Vec<Value> = counts.rows.into_iter().flatten().collect();
    for ((column, facts), count) in declared.iter().zip(counts) {
        let demand = demand(&column.data_type);
        let fits =
            facts.only(demand.kinds) && demand.scale.is_none_or(|scale| facts.scale <= scale);
        if !fits || count != 0 {
            return Err(misfit(column, layout, options, files, session)?);
        }
    }
    Ok(())
}

fn field(column: &LayoutColumn) -> Item {
    context! { name => column.name.as_str(), type => column.data_type.as_str() }
}

/// The first value that a column's type does not hold.
fn misfit(
    column: &LayoutColumn,
    layout: &Layout,
    options: &ReadOptions,
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<FileError, FileError> {
    let demand = demand(&column.data_type);
    let error = |path: &str, row: u64, text: &str| FileError::Value {
        path: path.to_owned(),
        row,
        column: column.name.clone(),
        text: text.to_owned(),
        expected: column.data_type.to_string(),
    };
    for (file, header) in files.iter().zip(&layout.headers) {
        let parts = vec![layout.part(header, &[sql::path(&file.path)], &|_: &LayoutColumn| TEXT)];
        let context = context! {
            parts, options => options.item(), column => field(column),
            kinds => demand.kinds, scale => demand.scale,
        };
        let query = sql::render("misfit_csv.sql", context)?;
        let found = session.query(&query, Some(1)).map_err(|error| explain(error, files))?;
        if let Some([row, Value::String(text)]) = found.rows.first().map(Vec::as_slice) {
            return Ok(error(&file.name, row.as_u64().unwrap_or(0), text));
        }
    }
    Ok(error(&object_name(files), 0, ""))
}

fn object_name(files: &[FileEntry]) -> String {
    files.first().map(|file| file.name.clone()).unwrap_or_default()
}
