//! The scripts of an export: its rows into files, one statement a file, or into another system.

use super::script::{Result, first_statement, internal_name, render};
use super::{Query, Script};
use crate::dialect::{Dialect, DuckDb};
use crate::graph::{
    Compression, ExportFormat, ExportNode, ExportTarget, FileOptions, FileTarget, Graph, Node,
};
use minijinja::{Value, context};

/// The column that keeps the order of rows in a stage.
const POSITION: &str = "__sqlflow_position";

/// The view that gives the rows of an engine that writes no files to the DuckDB that does.
pub const INCOMING: &str = "__sqlflow_incoming";

/// What is not known before the rows are there.
const LATER: &str = "…";

/// A column that leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportColumn {
    /// Its name.
    pub name: String,
    /// The type that it is cast to; `None` where it goes as it is.
    pub cast: Option<String>,
    /// Whether it may hold what is no finite number, and must not.
    pub finite: Option<Finite>,
}

/// Where finite numbers are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finite {
    /// The value is one.
    Plain,
    /// They are within lists, structs and the like.
    Nested,
}

impl ExportColumn {
    fn context(&self) -> Value {
        let finite = self.finite.map(|finite| match finite {
            Finite::Plain => "plain",
            Finite::Nested => "nested",
        });
        context! { name => self.name.as_str(), type => self.cast.as_deref(), finite => finite }
    }
}

/// Rows of a stage, by their positions: from the first to before the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The first row.
    pub start: u64,
    /// The row behind the last.
    pub end: u64,
}

/// The script as far as it is known without a database.
pub(super) fn foreseen(
    graph: &Graph,
    node: &Node,
    export: &ExportNode,
    query: &Query,
) -> Result<Script> {
    let dialect = graph.target.dialect;
    let ExportTarget::Files(file) = &export.target else {
        let columns: [ExportColumn; 0] = [];
        let mut script = rows_script(dialect, query, &columns)?;
        script.remark = format!(
            "These rows are sent to {}. Their columns are known when the query is bound: types that \
             it does not\nhave are then cast, and this file is written again before it is executed.",
            export.shown()
        );
        return Ok(script);
    };
    let mut script = foreseen_files(dialect, node, file, query)?;
    "The files are written beside their place, under names that are known when it is executed, and \
     then renamed;\ncolumns that the format has no type for are cast. This file is then written again."
        .clone_into(&mut script.remark);
    Ok(script)
}

fn foreseen_files(
    dialect: &'static dyn Dialect,
    node: &Node,
    file: &FileTarget,
    query: &Query,
) -> Result<Script> {
    let mut script = Script::default();
    let (rows, own) = if dialect.is_embedded() {
        (query.statement().to_owned(), Some(query))
    } else {
        script = rows_script(dialect, query, &[])?;
        (incoming_rows(&[])?, None)
    };
    let dialect = writer(dialect);
    let made = if file.is_split() {
        let stage = staged(dialect, node);
        let mut script = stage_script(dialect, file, &stage, &rows, own)?;
        let rows = context! {
            columns => Vec::<String>::new(), stage => stage, start => LATER, end => LATER,
        };
        let rows = first_statement(render(dialect, "export_part", &rows, &[]));
        script
            .sections
            .extend(copy(dialect, file, &format!("{}{LATER}", file.path), &rows, None)?.sections);
        script
    } else {
        copy(dialect, file, &file.path, &rows, own)?
    };
    script.sections.extend(made.sections);
    Ok(script)
}

/// Who writes files: the engine itself, or a DuckDB beside it.
fn writer(dialect: &'static dyn Dialect) -> &'static dyn Dialect {
    if dialect.is_embedded() { dialect } else { &DuckDb }
}

/// The rows that come from an engine that writes no files, under the types of `columns`.
///
/// # Errors
/// A template of ours is broken.
pub fn incoming_rows(columns: &[ExportColumn]) -> Result<String> {
    let context = context! { relation => DuckDb.quote(INCOMING) };
    let all = first_statement(render(&DuckDb, "all_rows", &context, &[]));
    if columns.iter().all(|column| column.cast.is_none()) {
        return Ok(all);
    }
    let context = context! { query => all, columns => shown_columns(columns) };
    Ok(first_statement(render(&DuckDb, "export_rows", &context, &[])))
}

/// Gives the columns of an export's query, and no rows.
///
/// # Errors
/// A template of ours is broken.
pub fn export_columns(graph: &Graph, query: &Query) -> Result<Script> {
    let context = context! { query => query.statement() };
    render(graph.target.dialect, "export_columns", &context, &[query])
}

/// The rows of `query`, under the types of `columns` where the engine writes files, as one statement.
///
/// # Errors
/// A template of ours is broken.
pub fn export_rows(graph: &Graph, query: &Query, columns: &[ExportColumn]) -> Result<Script> {
    let dialect = graph.target.dialect;
    rows_script(dialect, query, if dialect.is_embedded() { columns } else { &[] })
}

fn shown_columns(columns: &[ExportColumn]) -> Vec<Value> {
    columns.iter().map(ExportColumn::context).collect()
}

fn rows_script(dialect: &dyn Dialect, query: &Query, columns: &[ExportColumn]) -> Result<Script> {
    let changes = columns.iter().any(|column| column.cast.is_some() || column.finite.is_some());
    let template = if changes { "export_rows" } else { "export_query" };
    let context = context! { query => query.statement(), columns => shown_columns(columns) };
    render(dialect, template, &context, &[query])
}

/// The statement that writes the rows of the query `rows` to the file at `path`.
///
/// # Errors
/// A template of ours is broken.
pub fn copy_script(
    graph: &Graph,
    file: &FileTarget,
    path: &str,
    rows: &str,
    query: Option<&Query>,
) -> Result<Script> {
    copy(writer(graph.target.dialect), file, path, rows, query)
}

fn copy(
    dialect: &dyn Dialect,
    file: &FileTarget,
    path: &str,
    rows: &str,
    query: Option<&Query>,
) -> Result<Script> {
    let template = match file.format {
        ExportFormat::Csv => "export_csv",
        ExportFormat::Parquet => "export_parquet",
        ExportFormat::Json => "export_json",
    };
    let context = context! { rows => rows, file => path, options => shown(file) };
    render(dialect, template, &context, query.as_slice())
}

/// The options in the words of the templates.
fn shown(file: &FileTarget) -> Value {
    let FileOptions { header, delimiter, quote, null, .. } = &file.options;
    let compression = match (file.format, file.options.compression) {
        (ExportFormat::Parquet, Compression::None) => "uncompressed",
        (_, compression) => compression.as_str(),
    };
    context! {
        compression => compression,
        header => header,
        delimiter => delimiter,
        quote => quote,
        null => null,
        date_format => file.options.date_format.as_deref(),
        timestamp_format => file.options.timestamp_format.as_deref(),
        row_group_size => file.options.row_group_size,
    }
}

/// Where the rows of several files stand until they are written; it goes with the session.
fn staged(dialect: &dyn Dialect, node: &Node) -> String {
    dialect.render(&dialect.temporary(&internal_name("stage", &node.name)))
}

/// Puts the rows of the query `rows` into a stage, those of one folder beside each other.
///
/// # Errors
/// A template of ours is broken.
pub fn export_stage_script(
    graph: &Graph,
    node: &Node,
    file: &FileTarget,
    rows: &str,
    query: Option<&Query>,
) -> Result<Script> {
    let dialect = writer(graph.target.dialect);
    stage_script(dialect, file, &staged(dialect, node), rows, query)
}

fn stage_script(
    dialect: &dyn Dialect,
    file: &FileTarget,
    stage: &str,
    rows: &str,
    query: Option<&Query>,
) -> Result<Script> {
    let context = context! {
        stage => stage,
        rows => rows,
        partition_by => file.options.partition_by.clone(),
        position => POSITION,
    };
    render(dialect, "export_stage", &context, query.as_slice())
}

/// How many rows each folder has: the count, then the values of `partition_by` as text.
pub fn parts_query(graph: &Graph, node: &Node, partition_by: &[String]) -> String {
    let context = context! { stage => staged(writer(graph.target.dialect), node), partition_by => partition_by.to_vec() };
    first_statement(render(writer(graph.target.dialect), "export_parts", &context, &[]))
}

/// The query of the rows of the stage that make one file.
pub fn slice_rows(graph: &Graph, node: &Node, columns: &[String], slice: Slice) -> String {
    let context = context! {
        stage => staged(writer(graph.target.dialect), node), columns => columns.to_vec(), start => slice.start, end => slice.end,
    };
    first_statement(render(writer(graph.target.dialect), "export_part", &context, &[]))
}

/// Drops the stage of an export.
pub fn drop_export_stage(graph: &Graph, node: &Node) -> String {
    let context = context! { relation => staged(writer(graph.target.dialect), node) };
    first_statement(render(writer(graph.target.dialect), "drop_table", &context, &[]))
}

/// The first row of the file at `path`, which was written as `file` says.
pub fn standing_query(graph: &Graph, file: &FileTarget, path: &str) -> String {
    let context = context! {
        file => path, format => file.format.as_str(), options => shown(file),
    };
    first_statement(render(writer(graph.target.dialect), "export_standing", &context, &[]))
}
