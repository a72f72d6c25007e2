//! The project as `manifest.json`, in the shape of dbt's manifest v12, so that tools which read
//! that read ours. Keys and order are the same from run to run; only ids and times differ.

use crate::compile::Compiled;
use crate::graph::{Graph, Node, NodeIndex, NodeKind, Reference};
use crate::relation::Column;
use crate::template::BlockKind;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

/// dbt's name for the shape.
const SHAPE: &str = "https://schemas.getdbt.com/dbt/manifest/v12.json";

/// The manifest as text. `compiled` are the nodes whose SQL is known; others stand without it.
///
/// `bound` are the columns of nodes whose types a check found: they stand beside the declared ones.
pub fn manifest(
    graph: &Graph,
    compiled: &[Compiled],
    bound: &BTreeMap<NodeIndex, Vec<Column>>,
) -> serde_json::Result<String> {
    let by_index: HashMap<NodeIndex, &Compiled> =
        compiled.iter().map(|compiled| (compiled.index, compiled)).collect();
    let (sources, nodes): (Vec<_>, Vec<_>) = (0..)
        .zip(graph.nodes.iter())
        .partition(|(_, node)| matches!(node.kind, NodeKind::Source(_)));
    let (exports, nodes): (Vec<_>, Vec<_>) =
        nodes.into_iter().partition(|(_, node)| node.export().is_some());
    let exports = exports.into_iter().filter_map(|(index, node)| {
        let compiled = by_index.get(&NodeIndex(index)).copied();
        Some((node.id.0.as_str(), super::exports::manifest_export(graph, node, compiled)?))
    });
    let nodes = Entries(nodes.into_iter().map(|(index, node)| {
        let compiled = by_index.get(&NodeIndex(index)).copied();
        let bound = bound.get(&NodeIndex(index)).map(Vec::as_slice);
        (node.id.0.as_str(), manifest_node(graph, node, compiled, bound))
    }));
    let sources = sources.into_iter().map(|(index, node)| {
        let bound = bound.get(&NodeIndex(index)).map(Vec::as_slice);
        (node.id.0.as_str(), manifest_source(graph, node, bound))
    });
    let manifest = Manifest {
        metadata: metadata(graph),
        nodes,
        sources: sources.collect(),
        exports: exports.collect(),
        macros: macros(graph),
        parent_map: parent_map(graph),
        child_map: child_map(graph),
        disabled: graph.disabled.iter().map(|(_, id)| (id.0.as_str(), Vec::new())).collect(),
        rest: json!({
            "docs": {}, "exposures": {}, "metrics": {}, "groups": {}, "selectors": {},
            "group_map": {}, "saved_queries": {}, "semantic_models": {}, "unit_tests": {},
            "functions": {},
        }),
    };
    serde_json::to_string(&manifest)
}

#[derive(Serialize)]
#[serde(bound(serialize = "Entries<I>: Serialize"))]
struct Manifest<'g, I> {
    metadata: Value,
    nodes: Entries<I>,
    sources: BTreeMap<&'g str, ManifestSource<'g>>,
    /// Ours alone: dbt's readers pass over keys that they do not know.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exports: BTreeMap<&'g str, Value>,
    macros: BTreeMap<String, Value>,
    parent_map: BTreeMap<&'g str, Vec<&'g str>>,
    child_map: BTreeMap<&'g str, Vec<&'g str>>,
    disabled: BTreeMap<&'g str, Vec<Value>>,
    #[serde(flatten)]
    rest: Value,
}

/// Entries of a mapping, written one by one: ten thousand nodes never stand in memory at once.
struct Entries<I>(I);

impl<'g, I> Serialize for Entries<I>
where
    I: Iterator<Item = (&'g str, ManifestNode<'g>)> + Clone,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (id, node) in self.0.clone() {
            map.serialize_entry(id, &node)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct ManifestNode<'g> {
    database: Option<&'g str>,
    schema: Option<&'g str>,
    name: &'g str,
    resource_type: &'g str,
    package_name: &'g str,
    path: &'g str,
    original_file_path: &'g str,
    unique_id: &'g str,
    fqn: &'g [String],
    alias: &'g str,
    checksum: Checksum,
    config: NodeConfig<'g>,
    tags: &'g [String],
    description: &'g str,
    columns: BTreeMap<&'g str, ManifestColumn<'g>>,
    meta: &'g Value,
    group: Option<&'g str>,
    docs: Docs,
    patch_path: Option<&'g str>,
    unrendered_config: Map<String, Value>,
    relation_name: Option<String>,
    raw_code: Cow<'g, str>,
    language: &'g str,
    refs: Vec<ManifestRef<'g>>,
    sources: Vec<[&'g str; 2]>,
    metrics: [&'g str; 0],
    depends_on: DependsOn<'g>,
    compiled_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compiled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compiled_code: Option<&'g str>,
    extra_ctes_injected: bool,
    extra_ctes: [&'g str; 0],
    #[serde(flatten)]
    test: Option<TestFields<'g>>,
}

#[derive(Serialize)]
struct Checksum {
    name: &'static str,
    checksum: String,
}

#[derive(Serialize)]
struct Docs {
    show: bool,
    node_color: Option<&'static str>,
}

#[derive(Serialize)]
struct ManifestRef<'g> {
    name: &'g str,
    package: Option<&'g str>,
    version: Option<&'g str>,
}

#[derive(Serialize)]
struct DependsOn<'g> {
    macros: &'g BTreeSet<String>,
    nodes: Vec<&'g str>,
}

#[derive(Serialize)]
struct ManifestColumn<'g> {
    name: &'g str,
    description: &'g str,
    meta: &'g Value,
    data_type: Option<&'g str>,
    quote: Option<bool>,
    tags: &'g [String],
}

#[derive(Serialize)]
struct TestFields<'g> {
    column_name: Option<&'g str>,
    attached_node: Option<&'g str>,
    test_metadata: TestMetadata<'g>,
}

#[derive(Serialize)]
struct TestMetadata<'g> {
    name: &'g str,
    kwargs: BTreeMap<&'g str, &'g Value>,
    namespace: Option<&'g str>,
}

/// The settings that [`NodeConfig`] writes from their types.
const WRITTEN: [&str; 10] = [
    "enabled",
    "alias",
    "schema",
    "database",
    "tags",
    "materialized",
    "severity",
    "warn_if",
    "error_if",
    "fail_calc",
];

/// The settings that dbt writes of every snapshot.
const OF_SNAPSHOTS: [&str; 5] =
    ["target_schema", "target_database", "updated_at", "check_cols", "dbt_valid_to_current"];

/// A node's settings, with those that have a default filled in.
struct NodeConfig<'g>(&'g Node);

impl Serialize for NodeConfig<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.0;
        let config = &node.config;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("enabled", &config.enabled)?;
        map.serialize_entry("alias", &config.alias)?;
        map.serialize_entry("schema", &config.schema)?;
        map.serialize_entry("database", &config.database)?;
        map.serialize_entry("tags", &config.tags)?;
        map.serialize_entry("materialized", materialized(node))?;
        if let Some(test) = node.test() {
            let severity = match test.judgement.severity {
                crate::graph::TestSeverity::Error => "ERROR",
                crate::graph::TestSeverity::Warn => "WARN",
            };
            map.serialize_entry("severity", severity)?;
            map.serialize_entry("warn_if", &test.judgement.warn_if)?;
            map.serialize_entry("error_if", &test.judgement.error_if)?;
            map.serialize_entry("fail_calc", &test.judgement.fail_calc)?;
        }
        if node.snapshot().is_some() {
            for key in OF_SNAPSHOTS.into_iter().filter(|key| !config.all.contains_key(*key)) {
                map.serialize_entry(key, &NOTHING)?;
            }
        }
        for (key, value) in &config.all {
            if !WRITTEN.contains(&key.as_str()) {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

fn materialized(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::Model(materialization) => materialization.name(),
        NodeKind::Seed(_) => "seed",
        NodeKind::Test(_) => "test",
        NodeKind::Source(_) => "source",
        NodeKind::Snapshot(_) => "snapshot",
        NodeKind::Export(_) => "export",
        NodeKind::Analysis => "view",
    }
}

/// No facts of the user's own.
static NO_META: LazyLock<Value> = LazyLock::new(|| json!({}));
static NOTHING: Value = Value::Null;

fn manifest_node<'g>(
    graph: &'g Graph,
    node: &'g Node,
    compiled: Option<&'g Compiled>,
    bound: Option<&'g [Column]>,
) -> ManifestNode<'g> {
    let relation = node.relation.as_ref();
    let query = compiled.and_then(|compiled| compiled.query.as_ref());
    let generic = node.test().and_then(|test| test.generic.as_ref());
    let raw_code = match generic {
        Some(_) => Cow::Borrowed("{{ test_generic(**_dbt_generic_test_kwargs) }}"),
        None if node.snapshot().is_some() => Cow::Owned(node.raw_code()),
        None => Cow::Borrowed(node.file.text.trim()),
    };
    ManifestNode {
        database: relation
            .map_or(Some(&graph.target.database), |r| r.database.as_ref())
            .map(String::as_str),
        schema: relation
            .map_or(Some(&graph.target.schema), |r| r.schema.as_ref())
            .map(String::as_str),
        name: &node.name,
        resource_type: node.resource_type(),
        package_name: &node.package,
        path: &node.relative,
        original_file_path: &node.file.path,
        unique_id: &node.id.0,
        fqn: &node.fqn,
        alias: alias(node),
        checksum: Checksum {
            name: "sha256",
            checksum: format!("{:x}", Sha256::digest(raw_code.as_bytes())),
        },
        config: NodeConfig(node),
        tags: &node.config.tags,
        description: &node.description,
        columns: columns(node, bound),
        meta: node.config.all.get("meta").unwrap_or(&NOTHING),
        group: node.config.text("group"),
        docs: Docs { show: true, node_color: None },
        patch_path: None,
        unrendered_config: Map::new(),
        relation_name: relation.map(|relation| graph.target.dialect.render(relation)),
        raw_code,
        language: "sql",
        refs: refs(node),
        sources: sources(node),
        metrics: [],
        depends_on: DependsOn {
            macros: compiled.filter(|c| !c.macros.is_empty()).map_or(&node.macros, |c| &c.macros),
            nodes: node.parents.iter().map(|parent| graph.node(*parent).id.0.as_str()).collect(),
        },
        compiled_path: query.map(|_| {
            format!("{}/{}", graph.target_path, super::TargetDirectory::compiled_path(node))
        }),
        compiled: query.map(|_| true),
        compiled_code: query.map(|query| &*query.text),
        extra_ctes_injected: query.is_some(),
        extra_ctes: [],
        test: generic.map(|generic| TestFields {
            column_name: generic.column.as_deref(),
            attached_node: Some(&generic.subject.0),
            test_metadata: TestMetadata {
                name: &generic.test,
                kwargs: generic
                    .arguments
                    .iter()
                    .map(|(key, value)| (key.as_str(), value))
                    .collect(),
                namespace: generic.namespace.as_deref(),
            },
        }),
    }
}

/// The name in the database; of a test, that of its files.
fn alias(node: &Node) -> &str {
    let generic = node.test().and_then(|test| test.generic.as_ref());
    match (&node.relation, generic) {
        (Some(relation), _) => &relation.identifier,
        (None, Some(generic)) => &generic.file_name,
        (None, None) => &node.name,
    }
}

/// The declared columns, and those that a check found; a declared type stays what the user wrote.
fn columns<'g>(
    node: &'g Node,
    bound: Option<&'g [Column]>,
) -> BTreeMap<&'g str, ManifestColumn<'g>> {
    let bound = bound.unwrap_or_default();
    let entry = |column: &'g Column| ManifestColumn {
        name: &column.name,
        description: "",
        meta: &NO_META,
        data_type: Some(column.data_type.as_str()),
        quote: None,
        tags: &[],
    };
    let mut columns: BTreeMap<_, _> =
        bound.iter().map(|column| (column.name.as_str(), entry(column))).collect();
    for declared in &node.columns {
        let found = bound.iter().find(|column| column.name.eq_ignore_ascii_case(&declared.name));
        if let Some(found) = found {
            columns.remove(found.name.as_str());
        }
        let data_type = declared.data_type.as_deref();
        let entry = ManifestColumn {
            name: &declared.name,
            description: &declared.description,
            meta: &declared.meta,
            data_type: data_type.or(found.map(|column| column.data_type.as_str())),
            quote: declared.quote.then_some(true),
            tags: &declared.tags,
        };
        columns.insert(declared.name.as_str(), entry);
    }
    columns
}

fn refs(node: &Node) -> Vec<ManifestRef<'_>> {
    let refs = node.references.iter().filter_map(|reference| match reference {
        Reference::Node { package, name } => {
            Some(ManifestRef { name, package: package.as_deref(), version: None })
        }
        Reference::Source { .. } => None,
    });
    refs.collect()
}

fn sources(node: &Node) -> Vec<[&str; 2]> {
    let sources = node.references.iter().filter_map(|reference| match reference {
        Reference::Source { source, table } => Some([source.as_str(), table.as_str()]),
        Reference::Node { .. } => None,
    });
    sources.collect()
}

#[derive(Serialize)]
struct ManifestSource<'g> {
    database: Option<&'g str>,
    schema: Option<&'g str>,
    name: &'g str,
    resource_type: &'static str,
    package_name: &'g str,
    path: &'g str,
    original_file_path: &'g str,
    unique_id: &'g str,
    fqn: &'g [String],
    source_name: &'g str,
    source_description: &'g str,
    loader: &'static str,
    identifier: &'g str,
    quoting: Value,
    loaded_at_field: Option<&'g str>,
    freshness: &'g Value,
    external: Option<&'g str>,
    description: &'g str,
    columns: BTreeMap<&'g str, ManifestColumn<'g>>,
    meta: &'g Value,
    source_meta: Value,
    tags: &'g [String],
    config: Value,
    patch_path: Option<&'g str>,
    unrendered_config: Map<String, Value>,
    relation_name: Option<String>,
}

fn manifest_source<'g>(
    graph: &'g Graph,
    node: &'g Node,
    bound: Option<&'g [Column]>,
) -> ManifestSource<'g> {
    let relation = node.relation.as_ref();
    let source = match &node.kind {
        NodeKind::Source(source) => Some(source),
        _ => None,
    };
    ManifestSource {
        database: relation.and_then(|relation| relation.database.as_deref()),
        schema: relation.and_then(|relation| relation.schema.as_deref()),
        name: &node.name,
        resource_type: "source",
        package_name: &node.package,
        path: &node.relative,
        original_file_path: &node.file.path,
        unique_id: &node.id.0,
        fqn: &node.fqn,
        source_name: source.map_or("", |source| &source.source),
        source_description: source.map_or("", |source| &source.source_description),
        loader: if node.load().is_some() { "sqlflow" } else { "" },
        identifier: relation.map_or(&node.name, |relation| &relation.identifier),
        quoting: json!({"database": true, "schema": true, "identifier": true, "column": null}),
        loaded_at_field: source.and_then(|source| source.loaded_at_field.as_deref()),
        freshness: source.and_then(|source| source.freshness.as_ref()).unwrap_or(&NOTHING),
        external: None,
        description: &node.description,
        columns: columns(node, bound),
        meta: node.config.all.get("meta").unwrap_or(&NOTHING),
        source_meta: json!({}),
        tags: &node.config.tags,
        config: json!({"enabled": node.config.enabled}),
        patch_path: None,
        unrendered_config: Map::new(),
        relation_name: relation.map(|relation| graph.target.dialect.render(relation)),
    }
}

fn metadata(graph: &Graph) -> Value {
    let facts = graph.shared.facts();
    json!({
        "dbt_schema_version": SHAPE,
        "dbt_version": facts.dbt_version,
        "generated_at": facts.run_started_at.to_string(),
        "invocation_id": facts.invocation_id,
        "env": {},
        "project_name": graph.name,
        "project_id": null,
        "user_id": null,
        "send_anonymous_usage_stats": false,
        "adapter_type": graph.target.dialect.name(),
        "generator": concat!("sqlflow ", env!("CARGO_PKG_VERSION")),
    })
}

fn macros(graph: &Graph) -> BTreeMap<String, Value> {
    graph
        .library
        .macros()
        .map(|(_, info)| {
            let arguments: Vec<Value> = info
                .arguments
                .iter()
                .map(|argument| json!({"name": argument.name, "type": null, "description": ""}))
                .collect();
            let value = json!({
                "name": info.name,
                "resource_type": "macro",
                "package_name": &*info.package,
                "path": &*info.path,
                "original_file_path": &*info.path,
                "unique_id": &*info.unique_id,
                "macro_sql": info.source(),
                "depends_on": {"macros": []},
                "description": "",
                "meta": {},
                "docs": {"show": true, "node_color": null},
                "patch_path": null,
                "arguments": arguments,
                "supported_languages": (info.kind == BlockKind::Materialization).then(|| json!(["sql"])),
            });
            (info.unique_id.to_string(), value)
        })
        .collect()
}

fn parent_map(graph: &Graph) -> BTreeMap<&str, Vec<&str>> {
    let map = graph.nodes.iter().filter(|node| node.export().is_none()).map(|node| {
        let parents = node.parents.iter().map(|parent| graph.node(*parent).id.0.as_str());
        (node.id.0.as_str(), parents.collect())
    });
    map.collect()
}

fn child_map(graph: &Graph) -> BTreeMap<&str, Vec<&str>> {
    // Exports stand by themselves: other readers look up what they find here among the nodes.
    let nodes = graph.nodes.iter().zip(&graph.children);
    let map = nodes.filter(|(node, _)| node.export().is_none()).map(|(node, children)| {
        let children = children.iter().map(|child| graph.node(*child));
        let children = children.filter(|child| child.export().is_none());
        let children = children.map(|child| child.id.0.as_str());
        (node.id.0.as_str(), children.collect())
    });
    map.collect()
}
