//! Sources: tables that others write, and how they are loaded.

use super::fields::{Fields, Text, as_list};
use super::properties::{DeclaredColumn, DeclaredTest, read_columns, read_tests};
use super::settings::{Settings, beside_config, read as read_settings};
use super::yaml::{Node, Yaml};
use crate::diagnostic::{Diagnostic, Place, SourceFile};
use std::sync::Arc;

/// One entry under `sources:`.
#[derive(Debug, Clone)]
pub struct DeclaredSource {
    /// The source's name.
    pub name: Text,
    /// What it is; Jinja not rendered.
    pub description: String,
    /// The database to read in, or where the tables already are.
    pub database: Option<Text>,
    /// The schema to read in; dbt's default is the source's name.
    pub schema: Option<Text>,
    /// The connection to read from; none means that the tables are in the target already.
    pub connection: Option<Text>,
    /// Configuration of the source and its tables.
    pub settings: Settings,
    /// Defaults for the loads of its tables.
    pub load: Settings,
    /// Freshness thresholds and other keys that are kept as written.
    pub freshness: Option<serde_json::Value>,
    /// The column that says when a row was loaded.
    pub loaded_at_field: Option<String>,
    /// Its tables.
    pub tables: Vec<DeclaredTable>,
}

/// One entry under a source's `tables:`.
#[derive(Debug, Clone)]
pub struct DeclaredTable {
    /// The table's name.
    pub name: Text,
    /// What it is; Jinja not rendered.
    pub description: String,
    /// Its name where it is read; default: its name.
    pub identifier: Option<Text>,
    /// Files to read: a path or a glob.
    pub path: Option<Text>,
    /// A query to read in place of a table.
    pub query: Option<Text>,
    /// `csv`, `parquet`, `json`; else guessed from the path.
    pub format: Option<Text>,
    /// How to read the files.
    pub options: Settings,
    /// How it is loaded.
    pub load: Settings,
    /// Configuration.
    pub settings: Settings,
    /// Freshness thresholds, as written.
    pub freshness: Option<serde_json::Value>,
    /// The column that says when a row was loaded.
    pub loaded_at_field: Option<String>,
    /// Declared columns.
    pub columns: Vec<DeclaredColumn>,
    /// Tests of the table.
    pub tests: Vec<DeclaredTest>,
    /// Where the entry stands.
    pub place: Place,
}

/// Reads one entry under `sources:`.
pub(super) fn read(
    node: &Node,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> Option<DeclaredSource> {
    let mut fields = Fields::of(node, file, "this source", problems)?;
    let name = fields.required("name", problems)?;
    let tables = fields.list("tables", problems);
    let source = DeclaredSource {
        description: description(&mut fields, problems),
        database: fields.text("database", problems),
        schema: fields.text("schema", problems),
        connection: fields.text("connection", problems),
        load: section(&mut fields, "load", problems),
        freshness: json(fields.node("freshness")),
        loaded_at_field: fields.text("loaded_at_field", problems).map(|text| text.text),
        tables: tables.iter().filter_map(|node| read_table(node, file, problems)).collect(),
        settings: beside_config(&mut fields, &["meta", "tags", "quoting"], problems),
        name,
    };
    fields.ignore(&["loader", "overrides", "loaded_at_query", "data_tests", "tests"]);
    fields.finish(problems);
    Some(source)
}

fn read_table(
    node: &Node,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> Option<DeclaredTable> {
    let mut fields = Fields::of(node, file, "this table", problems)?;
    let name = fields.required("name", problems)?;
    let applied: &[&str] = if fields.node("path").is_some() { &["not_null"] } else { &[] };
    let table = DeclaredTable {
        place: name.place.clone(),
        description: description(&mut fields, problems),
        identifier: fields.text("identifier", problems),
        path: fields.text("path", problems),
        query: fields.text("query", problems),
        format: fields.text("format", problems),
        options: section(&mut fields, "options", problems),
        load: section(&mut fields, "load", problems),
        freshness: json(fields.node("freshness")),
        loaded_at_field: fields.text("loaded_at_field", problems).map(|text| text.text),
        columns: read_columns(&mut fields, applied, problems),
        tests: read_tests(&mut fields, problems),
        settings: beside_config(&mut fields, &["meta", "tags", "quoting"], problems),
        name,
    };
    fields.ignore(&["loader", "external", "loaded_at_query"]);
    fields.finish(problems);
    Some(table)
}

/// The settings under `key`; a mapping with its places.
fn section(fields: &mut Fields<'_>, key: &'static str, problems: &mut Vec<Diagnostic>) -> Settings {
    match fields.node(key) {
        Some(node) => read_settings(node, fields.file, key, problems),
        None => Settings::new(),
    }
}

pub(super) fn description(fields: &mut Fields<'_>, problems: &mut Vec<Diagnostic>) -> String {
    fields.text("description", problems).map_or_else(String::new, |text| text.text)
}

fn json(node: Option<&Node>) -> Option<serde_json::Value> {
    node.filter(|node| node.yaml != Yaml::Null).map(Node::to_json)
}

/// Reads every entry of the list under `sources:`.
pub(super) fn read_all(
    node: &Node,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<DeclaredSource> {
    let nodes = as_list(node, file, "sources", problems);
    nodes.iter().filter_map(|node| read(node, file, problems)).collect()
}
