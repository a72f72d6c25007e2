//! Which exports the YAML of a package declares: where their rows come from, where they go.

mod destination;
mod options;

pub use options::{Compression, FileOptions};

use super::config::{Config, Merged};
use super::connection::Connection;
use super::host::ParseHost;
use super::make::{fqn, model_shower};
use super::node::{Node, NodeId, NodeKind, Reference, TemplateTraits};
use super::problem::explain;
use super::resolve::{Context, Made};
use super::snapshots::below_its_path;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::mode::ExportMode;
use crate::project::{DeclaredExport, Package, Properties, Settings, SqlFile, Text};
use crate::template::{Limits, Renderer, TemplateSource};
use destination::Said;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What only exports have.
#[derive(Debug, Clone)]
pub struct ExportNode {
    /// The query that gives its rows.
    pub query: ExportQuery,
    /// The connection that it writes to; `None` for files that start at the project's directory.
    pub connection: Option<Box<Connection>>,
    /// What it writes.
    pub target: ExportTarget,
    /// Where that is named.
    pub place: Place,
    /// What becomes of what is there.
    pub mode: ExportMode,
    /// Where options and rules stand, by name.
    pub places: BTreeMap<String, Place>,
}

/// The query of an export, as declared.
#[derive(Debug, Clone)]
pub struct ExportQuery {
    /// Its template.
    pub text: Arc<str>,
    /// Where YAML says it.
    pub place: Place,
}

/// What an export writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportTarget {
    /// A file, or a folder of files.
    Files(Box<FileTarget>),
    /// A table of the connection; without a schema, where the connection looks first.
    Table {
        /// Its schema.
        schema: Option<String>,
        /// Its name.
        name: String,
    },
}

/// The files of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTarget {
    /// The directory that a relative path starts at.
    pub base: PathBuf,
    /// The file; a folder ends with `/` or is made so by the options.
    pub path: String,
    /// What the files are.
    pub format: ExportFormat,
    /// How they are written.
    pub options: FileOptions,
    /// Why there can be no such files on this machine's disk; told where they are to be there.
    pub not_on_disk: Vec<Diagnostic>,
}

/// What files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Text, a row a line, fields apart by a character.
    Csv,
    /// Columns, with their types.
    Parquet,
    /// One object a line.
    Json,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Parquet, Self::Json];
    /// As users write them.
    pub const NAMES: [&'static str; 3] = ["csv", "parquet", "json"];

    /// As users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Json => "json",
        }
    }

    /// As people write it.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Parquet => "Parquet",
            Self::Json => "JSON",
        }
    }

    /// The format that the end of `path` tells, packed or not.
    fn of_path(path: &str) -> Option<Self> {
        let bare = path.strip_suffix(".gz").or_else(|| path.strip_suffix(".zst")).unwrap_or(path);
        let name = bare.rsplit('/').next()?;
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Csv),
            "parquet" => Some(Self::Parquet),
            "json" | "jsonl" | "ndjson" => Some(Self::Json),
            _ => None,
        }
    }
}

impl FileTarget {
    /// Whether several files may come of it.
    pub fn is_folder(&self) -> bool {
        self.path.ends_with('/') || self.is_split()
    }

    /// Whether the options make several files.
    pub fn is_split(&self) -> bool {
        let options = &self.options;
        !options.partition_by.is_empty()
            || options.max_rows_per_file.is_some()
            || options.file_size.is_some()
    }

    /// What names of files end in.
    pub fn ending(&self) -> String {
        let packed = match self.format {
            ExportFormat::Parquet => "",
            ExportFormat::Csv | ExportFormat::Json => self.options.compression.ending(),
        };
        format!(".{}{packed}", self.format.as_str())
    }
}

impl ExportNode {
    /// Where the option or rule `name` stands; where there is none, where the destination does.
    pub fn place_of(&self, name: &str) -> Place {
        self.places.get(name).unwrap_or(&self.place).clone()
    }

    /// Where its rows go, for people: `lake: exports/orders/`.
    pub fn shown(&self) -> String {
        let target = match &self.target {
            ExportTarget::Files(file) => file.path.clone(),
            ExportTarget::Table { schema: Some(schema), name } => format!("{schema}.{name}"),
            ExportTarget::Table { schema: None, name } => name.clone(),
        };
        match &self.connection {
            Some(connection) => format!("{}: {target}", connection.name),
            None => target,
        }
    }
}

/// The exports of `package`.
pub(super) fn make(context: &Context<'_>, package: &Package) -> Made {
    let mut made = Made::default();
    let mut renderer = Renderer::new(context.library.clone(), Limits::default());
    for properties in &package.properties {
        for declared in &properties.exports {
            make_one(context, &mut renderer, package, properties, declared, &mut made);
        }
    }
    made
}

fn make_one(
    context: &Context<'_>,
    renderer: &mut Renderer,
    package: &Package,
    properties: &Properties,
    declared: &DeclaredExport,
    made: &mut Made,
) {
    let name = &declared.name.text;
    let problems = &mut made.problems;
    let below = below_its_path(package, &properties.file);
    let folder = below.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let file = SqlFile {
        file: properties.file.clone(),
        name: name.clone(),
        relative: format!("{below}/{name}.sql"),
    };
    let fqn = fqn(package, &format!("{folder}{name}.sql"), name);
    let id = NodeId(format!("export.{}.{name}", package.name));
    let mut merged = context.defaults(package, |package| &package.file.exports, &fqn, problems);
    merged.lay(&declared.settings);
    context.render_settings(&mut merged, problems);
    let (rules, options) = apart(context, &mut merged, declared, problems);
    refuse_meaningless(&merged, problems);
    let config = Config::read(&merged, problems);
    if !config.enabled {
        made.disabled.push((name.clone(), id));
        return;
    }
    let Some(query) = query(declared, problems) else { return };
    let found = references(context, renderer, package, &file, &id, &query, &merged);
    let (references, macros) = match found {
        Ok(found) => found,
        Err(problem) => return problems.push(*problem),
    };
    let said = Said { package, declared, rules: &rules, options: &options };
    let Some(export) = destination::read(context, &said, query, problems) else { return };
    made.nodes.push(Node {
        id,
        name: name.clone(),
        package: package.name.clone(),
        kind: NodeKind::Export(Box::new(export)),
        file: file.file,
        relative: file.relative,
        fqn,
        place: declared.place.clone(),
        relation: None,
        config,
        description: context.text(&declared.description, &declared.place, problems),
        columns: Vec::new(),
        references,
        macros,
        parents: Vec::new(),
        traits: TemplateTraits::default(),
        refusals: Vec::new(),
    });
}

/// Settings of relations, which an export is not.
fn refuse_meaningless(merged: &Merged, problems: &mut Vec<Diagnostic>) {
    for key in ["materialized", "pre_hook", "post_hook", "alias", "schema", "database"] {
        if let Some(setting) = merged.get(key) {
            let message = format!("`{key}` means nothing for an export");
            problems.push(
                Diagnostic::error(Code::INVALID_VALUE, message).at(setting.key_place.clone()),
            );
        }
    }
}

/// Takes what is said about rows and files out of the configuration: under `config:`, or as a
/// default of the project file. What stands in the entry itself wins.
fn apart(
    context: &Context<'_>,
    merged: &mut Merged,
    declared: &DeclaredExport,
    problems: &mut Vec<Diagnostic>,
) -> (Settings, Settings) {
    let mut rules = merged.take(&["mode", "key", "on_empty"]);
    rules.extend(declared.rules.iter().cloned());
    let mut options = declared.options.clone();
    for setting in rules.iter_mut().chain(&mut options) {
        context.shared.render_setting(setting, problems);
    }
    (rules, options)
}

/// The query of all rows of `from`, or the one that is given.
fn query(declared: &DeclaredExport, problems: &mut Vec<Diagnostic>) -> Option<ExportQuery> {
    match (&declared.from, &declared.query) {
        (Some(from), None) => Some(of_relation(from)),
        (None, Some(query)) => {
            Some(ExportQuery { text: query.text.as_str().into(), place: query.place.clone() })
        }
        (Some(_), Some(query)) => {
            let message = "`from` and `query` do not go together";
            problems.push(Diagnostic::error(Code::INVALID_VALUE, message).at(query.place.clone()));
            None
        }
        (None, None) => {
            let message = format!("export `{}` does not say what it writes", declared.name.text);
            problems.push(
                Diagnostic::error(Code::MISSING_KEY, message)
                    .at(declared.place.clone())
                    .with_help("name a model: `from: ref('model')`, or give a `query:`"),
            );
            None
        }
    }
}

fn of_relation(from: &Text) -> ExportQuery {
    // A whole call in braces is a call all the same.
    let bare = from.text.trim();
    let inner = bare.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(bare);
    let text = super::snapshots::QUERY.trim_end().replace("RELATION", inner.trim());
    ExportQuery { text: text.into(), place: from.place.clone() }
}

/// Renders the query for what it refers to.
fn references(
    context: &Context<'_>,
    renderer: &mut Renderer,
    package: &Package,
    file: &SqlFile,
    id: &NodeId,
    query: &ExportQuery,
    merged: &Merged,
) -> Result<(Vec<Reference>, BTreeSet<String>), Box<Diagnostic>> {
    let model = model_shower(id, package, file, None, merged);
    let shared = context.shared.clone();
    let host = Arc::new(ParseHost::new(shared, &package.name, None, merged.clone(), model));
    let rendered = renderer
        .render(&template(&file.file.path, query), host.clone())
        .map_err(|error| Box::new(explain(&error).at(query.place.clone())))?;
    let macros = rendered.macros_called.iter().map(ToString::to_string).collect();
    Ok((host.take_record().references, macros))
}

/// The template of the export's query.
pub(super) fn template(path: &Arc<str>, query: &ExportQuery) -> TemplateSource {
    TemplateSource { path: path.clone(), text: query.text.clone(), region: None }
}
