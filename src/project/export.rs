//! Exports: queries whose rows leave the database, and where they go.

use super::fields::{Fields, Text, as_list};
use super::settings::{Setting, Settings, beside_config, read as read_settings, setting};
use super::source::description;
use super::yaml::{Node, Yaml};
use crate::diagnostic::{Code, Diagnostic, Place, SourceFile, did_you_mean};
use std::sync::Arc;

/// One entry under `exports:`.
#[derive(Debug, Clone)]
pub struct DeclaredExport {
    /// The export's name.
    pub name: Text,
    /// What it is; Jinja not rendered.
    pub description: String,
    /// What its rows are taken from: `ref('x')`, `source('a', 'b')`.
    pub from: Option<Text>,
    /// A query in place of that; holds Jinja.
    pub query: Option<Text>,
    /// The connection that it writes to; none means files of the project.
    pub connection: Option<Text>,
    /// The file or folder that it writes.
    pub path: Option<Text>,
    /// The table that it writes.
    pub table: Option<Text>,
    /// `csv`, `parquet`, `json`.
    pub format: Option<Text>,
    /// How files are written.
    pub options: Settings,
    /// What becomes of the rows there: `mode`, `key`, `on_empty`.
    pub rules: Settings,
    /// Tags, meta and other configuration.
    pub settings: Settings,
    /// Where the entry stands.
    pub place: Place,
}

/// Every key of an entry, for messages.
const KEYS: [&str; 16] = [
    "name",
    "from",
    "query",
    "connection",
    "path",
    "table",
    "format",
    "options",
    "mode",
    "key",
    "on_empty",
    "description",
    "tags",
    "enabled",
    "meta",
    "config",
];

/// Reads every entry of the list under `exports:`.
pub(super) fn read_all(
    node: &Node,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<DeclaredExport> {
    let nodes = as_list(node, file, "exports", problems);
    nodes.iter().filter_map(|node| read(node, file, problems)).collect()
}

fn read(
    node: &Node,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> Option<DeclaredExport> {
    let mut fields = Fields::of(node, file, "this export", problems)?;
    let name = fields.required("name", problems);
    let export = name.map(|name| DeclaredExport {
        place: name.place.clone(),
        description: description(&mut fields, problems),
        from: fields.text("from", problems),
        query: fields.text("query", problems),
        connection: fields.text("connection", problems),
        path: fields.text("path", problems),
        table: fields.text("table", problems),
        format: fields.text("format", problems),
        options: match fields.node("options") {
            Some(node) => read_settings(node, file, "options", problems),
            None => Settings::new(),
        },
        rules: rules(&mut fields),
        settings: beside_config(&mut fields, &["tags", "meta", "enabled"], problems),
        name,
    })?;
    for (key, _) in fields.rest() {
        let help = did_you_mean(&key.text, KEYS)
            .unwrap_or_else(|| format!("an export has {}", KEYS.join(", ")));
        problems.push(
            Diagnostic::error(
                Code::UNKNOWN_KEY,
                format!("unknown key `{}` in this export", key.text),
            )
            .at(key.place(file))
            .with_help(help),
        );
    }
    Some(export)
}

fn rules(fields: &mut Fields<'_>) -> Vec<Setting> {
    let mut rules = Settings::new();
    for name in ["mode", "key", "on_empty"] {
        if let Some((key, node)) = fields.entry(name)
            && node.yaml != Yaml::Null
        {
            rules.push(setting(key, node, fields.file));
        }
    }
    rules
}
