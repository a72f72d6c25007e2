//! A node of the graph: something that is loaded, built or tested.

use super::config::{Config, TestConfig};
use super::connection::Connection;
use super::exports::{self, ExportNode};
use super::load_rules::OptionPlaces;
use crate::diagnostic::{Diagnostic, Place, SourceFile};
use crate::mode::Materialization;
use crate::mode::load::LoadRules;
use crate::mode::scd2::Scd2;
use crate::project::{SeedFile, Setting};
use crate::relation::RelationName;
use crate::template::TemplateSource;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A node's unique name, as dbt writes it: `model.flights.stg_flights`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub String);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A node's position in [`super::Graph::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub u32);

impl NodeIndex {
    /// The position as an index.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// A node of the graph.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its unique name.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// The package that declares it.
    pub package: String,
    /// What it is, and what only nodes of that kind have.
    pub kind: NodeKind,
    /// The file that declares it.
    pub file: Arc<SourceFile>,
    /// The path below the directory of its kind: `staging/stg_orders.sql`.
    pub relative: String,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// Where to point when the node as a whole is meant.
    pub place: Place,
    /// The relation that it makes or reads; `None` for nodes that make none.
    pub relation: Option<RelationName>,
    /// Its configuration.
    pub config: Config,
    /// What it is, for people.
    pub description: String,
    /// Declared columns, in order.
    pub columns: Vec<NodeColumn>,
    /// What its template referred to, in order of first use.
    pub references: Vec<Reference>,
    /// The macros that its template called.
    pub macros: BTreeSet<String>,
    /// What must be done before it: sorted, each once.
    pub parents: Vec<NodeIndex>,
    /// What its template did while it was rendered.
    pub traits: TemplateTraits,
    /// What it asks for that this version does not do: it can be listed, not built.
    pub refusals: Vec<Diagnostic>,
}

/// What kind of node it is.
#[derive(Debug, Clone)]
pub enum NodeKind {
    /// A query and what becomes of it.
    Model(Materialization),
    /// A CSV file of the project.
    Seed(SeedFile),
    /// A table that others write.
    Source(SourceNode),
    /// A query, and the versions that its rows have had.
    Snapshot(Box<SnapshotNode>),
    /// A query whose rows are failures.
    Test(Box<TestNode>),
    /// A query, and where its rows go.
    Export(Box<ExportNode>),
    /// A query that is only compiled.
    Analysis,
}

/// What only sources have.
#[derive(Debug, Clone)]
pub struct SourceNode {
    /// The source's name; the node's name is the table's.
    pub source: String,
    /// The source's own description.
    pub source_description: String,
    /// Its name where it is read.
    pub identifier: String,
    /// How it is loaded; `None` where the table is already in the target.
    pub load: Option<Box<LoadNode>>,
    /// What stands in queries in place of a relation: dbt-duckdb's `external_location`.
    pub external: Option<String>,
    /// The column that says when a row was loaded.
    pub loaded_at_field: Option<String>,
    /// Freshness thresholds, as written.
    pub freshness: Option<serde_json::Value>,
}

/// How a source table is loaded from files.
#[derive(Debug, Clone)]
pub struct LoadNode {
    /// What is read.
    pub object: LoadObject,
    /// Where it is named.
    pub place: Place,
    /// The connection that it is read from; `None` for files of the project.
    pub connection: Option<Box<Connection>>,
    /// `csv`, `parquet`, `json`; else guessed from the path.
    pub format: Option<String>,
    /// How the files are read.
    pub options: Vec<Setting>,
    /// Declared types: name and type.
    pub columns: Vec<(String, String)>,
    /// Columns that hold no NULL because `constraints:` says so, and where it names them.
    pub required: Vec<(String, Place)>,
    /// What becomes of its rows.
    pub rules: LoadRules,
    /// Where the options of `load:` stand.
    pub places: OptionPlaces,
}

/// What a load reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadObject {
    /// Files: a path or glob, relative to the project directory or to the connection's.
    Files(String),
    /// A table or view of the connection; without a schema, where the connection looks first.
    Table {
        /// Its schema.
        schema: Option<String>,
        /// Its name.
        name: String,
    },
    /// The rows of a query in the connection's own language.
    Query(String),
}

impl fmt::Display for LoadObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(path) => f.write_str(path),
            Self::Table { schema: Some(schema), name } => write!(f, "{schema}.{name}"),
            Self::Table { schema: None, name } => f.write_str(name),
            Self::Query(_) => f.write_str("query"),
        }
    }
}

impl LoadNode {
    /// The path or glob of the files, where files are read.
    pub fn path(&self) -> Option<&str> {
        match &self.object {
            LoadObject::Files(path) => Some(path),
            LoadObject::Table { .. } | LoadObject::Query(_) => None,
        }
    }

    /// Where the option `name` stands; where there is none, where the path does.
    pub fn place_of(&self, name: &str) -> Place {
        self.places.get(name).unwrap_or(&self.place).clone()
    }
}

/// What only snapshots have.
#[derive(Debug, Clone)]
pub struct SnapshotNode {
    /// How versions are kept.
    pub scd2: Scd2,
    /// The part of the current versions, in percent, beyond which none is closed for lack of a row.
    pub max_delete_percent: Option<f64>,
    /// Its query.
    pub query: SnapshotQuery,
    /// Where the settings stand that messages of a run point at.
    pub places: BTreeMap<&'static str, Place>,
}

/// The query of a snapshot, as declared.
#[derive(Debug, Clone)]
pub enum SnapshotQuery {
    /// A block of a file.
    Block {
        /// What stands between the two tags.
        body: Range<usize>,
        /// Whether it is the only one of its file.
        alone: bool,
    },
    /// All rows of another node.
    Relation {
        /// The query, made from what YAML says.
        text: Arc<str>,
        /// Where YAML says it.
        place: Place,
    },
}

/// What only tests have.
#[derive(Debug, Clone)]
pub struct TestNode {
    /// The generic test behind it; `None` for a singular one.
    pub generic: Option<GenericTest>,
    /// How its failures are judged.
    pub judgement: TestConfig,
}

/// A generic test with its arguments.
#[derive(Debug, Clone)]
pub struct GenericTest {
    /// Its package, where it was named.
    pub namespace: Option<String>,
    /// The test's name: `not_null`.
    pub test: String,
    /// The node that it is about.
    pub subject: NodeId,
    /// The column that it is about.
    pub column: Option<String>,
    /// Arguments by name, as written: their Jinja is rendered with the test.
    pub arguments: Vec<(String, serde_json::Value)>,
    /// The name of its files: its own name, shortened where that is too long.
    pub file_name: String,
}

/// A declared column.
#[derive(Debug, Clone)]
pub struct NodeColumn {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Where it is named.
    pub place: Place,
    /// Its declared type.
    pub data_type: Option<String>,
    /// Where its type is declared.
    pub type_place: Option<Place>,
    /// Tags.
    pub tags: Vec<String>,
    /// The user's own facts.
    pub meta: serde_json::Value,
    /// Whether tests quote its name.
    pub quote: bool,
}

/// Something that a template named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reference {
    /// `ref('name')` or `ref('package', 'name')`.
    Node {
        /// The package, where it was named.
        package: Option<String>,
        /// The node.
        name: String,
    },
    /// `source('source', 'table')`.
    Source {
        /// The source.
        source: String,
        /// The table.
        table: String,
    },
}

/// What a template did while it was rendered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TemplateTraits {
    /// It asked `is_incremental()`, so that it has two renderings.
    pub asks_incremental: bool,
}

impl Node {
    /// The word for its kind in ids and messages: `model`, `test`.
    pub fn resource_type(&self) -> &'static str {
        match self.kind {
            NodeKind::Model(_) => "model",
            NodeKind::Seed(_) => "seed",
            NodeKind::Source(_) => "source",
            NodeKind::Snapshot(_) => "snapshot",
            NodeKind::Test(_) => "test",
            NodeKind::Export(_) => "export",
            NodeKind::Analysis => "analysis",
        }
    }

    /// The name in messages and in `ls`: `raw.flights` for a source's table.
    pub fn label(&self) -> String {
        match &self.kind {
            NodeKind::Source(source) => format!("{}.{}", source.source, self.name),
            _ => self.name.clone(),
        }
    }

    /// The source that a table of a source belongs to; empty for other nodes.
    pub fn source_name(&self) -> &str {
        match &self.kind {
            NodeKind::Source(source) => &source.source,
            _ => "",
        }
    }

    /// Where the configuration says `setting`, or the node where that is not known.
    pub fn place_of(&self, setting: &str) -> Place {
        self.config.places.get(setting).unwrap_or(&self.place).clone()
    }

    /// The generic or singular test, where this is one.
    pub fn test(&self) -> Option<&TestNode> {
        match &self.kind {
            NodeKind::Test(test) => Some(test),
            _ => None,
        }
    }

    /// The snapshot, where this is one.
    pub fn snapshot(&self) -> Option<&SnapshotNode> {
        match &self.kind {
            NodeKind::Snapshot(snapshot) => Some(snapshot),
            _ => None,
        }
    }

    /// What is rendered to get its query, where that is no generic test.
    pub fn template(&self) -> TemplateSource {
        match &self.kind {
            NodeKind::Snapshot(snapshot) => super::snapshots::template(&self.file, &snapshot.query),
            NodeKind::Export(export) => exports::template(&self.file.path, &export.query),
            _ => TemplateSource {
                path: self.file.path.clone(),
                text: self.file.text.clone(),
                region: None,
            },
        }
    }

    /// Where YAML says its query, where YAML does.
    pub fn query_in_yaml(&self) -> Option<&Place> {
        match &self.kind {
            NodeKind::Export(export) => Some(&export.query.place),
            NodeKind::Snapshot(snapshot) => match &snapshot.query {
                SnapshotQuery::Relation { place, .. } => Some(place),
                SnapshotQuery::Block { .. } => None,
            },
            _ => None,
        }
    }

    /// The text of its template, as written.
    pub fn raw_code(&self) -> String {
        let template = self.template();
        template.region.map_or(&*template.text, |region| &template.text[region]).to_owned()
    }

    /// The export, where this is one.
    pub fn export(&self) -> Option<&ExportNode> {
        match &self.kind {
            NodeKind::Export(export) => Some(export),
            _ => None,
        }
    }

    /// The load, where this is a source that is loaded.
    pub fn load(&self) -> Option<&LoadNode> {
        match &self.kind {
            NodeKind::Source(source) => source.load.as_deref(),
            _ => None,
        }
    }

    /// What stands in queries in place of its relation, where it is a source of that kind.
    pub fn external(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Source(source) => source.external.as_deref(),
            _ => None,
        }
    }

    /// Whether it is only text in the queries of others.
    pub fn is_ephemeral(&self) -> bool {
        matches!(self.kind, NodeKind::Model(Materialization::Ephemeral))
    }

    /// Where its compiled text lies below `target/compiled/<package>/`, as dbt lays it out; never
    /// outside of it, also where a project's paths lead out of the project.
    pub fn target_path(&self) -> String {
        let path = self.shown_target_path();
        let parts: Vec<&str> = path.split('/').filter(|part| *part != "..").collect();
        parts.join("/")
    }

    fn shown_target_path(&self) -> String {
        if let Some(generic) = self.test().and_then(|test| test.generic.as_ref()) {
            return format!("{}/{}.sql", self.file.path, generic.file_name);
        }
        match &self.kind {
            NodeKind::Source(_) => format!("{}/{}.sql", self.file.path, self.label()),
            NodeKind::Export(_) => format!("{}/{}.sql", self.file.path, self.name),
            NodeKind::Seed(seed) => format!("{}.sql", seed.path.trim_end_matches(".csv")),
            NodeKind::Snapshot(snapshot) => match snapshot.query {
                SnapshotQuery::Block { alone: true, .. } => self.file.path.to_string(),
                // dbt writes all blocks of a file to one path, each over the one before.
                _ => format!("{}/{}.sql", self.file.path, self.name),
            },
            _ => self.file.path.to_string(),
        }
    }
}

impl fmt::Display for Reference {
    /// As the user wrote it: `ref('x')`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node { package: Some(package), name } => write!(f, "ref('{package}', '{name}')"),
            Self::Node { package: None, name } => write!(f, "ref('{name}')"),
            Self::Source { source, table } => write!(f, "source('{source}', '{table}')"),
        }
    }
}
