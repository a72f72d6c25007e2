//! The project as `graph` shows it to templates: `graph.nodes`, `graph.sources`.
//!
//! Few templates look, and ten thousand nodes are much to show: it is made when first asked for.

use super::node::{Node, NodeKind, Reference};
use crate::mode::Batch;
use crate::template::{from_serde, with_batch};
use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use serde_json::{Map, json};
use std::sync::{Arc, OnceLock};

/// `graph`, empty until the nodes are bound.
#[derive(Debug, Default)]
pub(super) struct ShownGraph {
    nodes: OnceLock<Arc<Vec<Node>>>,
    shown: OnceLock<[Value; 2]>,
}

impl ShownGraph {
    /// From now on, these are the nodes.
    pub(super) fn fill(&self, nodes: &Arc<Vec<Node>>) {
        // A graph is bound once; a second call changes nothing.
        let _filled = self.nodes.set(nodes.clone());
    }

    fn parts(&self) -> [Value; 2] {
        let Some(nodes) = self.nodes.get() else { return [(); 2].map(|()| empty()) };
        self.shown
            .get_or_init(|| {
                let (sources, nodes): (Vec<_>, Vec<_>) = nodes
                    .iter()
                    .filter(|node| node.export().is_none())
                    .partition(|node| matches!(node.kind, NodeKind::Source(_)));
                [show_all(&nodes, self), show_all(&sources, self)]
            })
            .clone()
    }

    fn id_of(&self, node: &Node) -> Vec<String> {
        let Some(nodes) = self.nodes.get() else { return Vec::new() };
        node.parents.iter().map(|parent| nodes[parent.get()].id.0.clone()).collect()
    }
}

fn empty() -> Value {
    from_serde(&json!({}))
}

impl Object for ShownGraph {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let [nodes, sources] = self.parts();
        match key.as_str()? {
            "nodes" => Some(nodes),
            "sources" => Some(sources),
            "exposures" | "groups" | "metrics" => Some(empty()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["nodes", "sources", "exposures", "groups", "metrics"])
    }
}

/// A node as `model` shows it to its own template, and the interval of time that it is built in.
pub(super) fn show_model(node: &Node, batch: Option<&Batch>) -> Value {
    let shown = from_serde(&show(node, &ShownGraph::default()));
    with_batch(&shown, batch.map(|batch| (batch.id(), batch.start, batch.end)))
}

fn show_all(nodes: &[&Node], graph: &ShownGraph) -> Value {
    let shown = nodes.iter().map(|node| (node.id.0.clone(), show(node, graph)));
    from_serde(&serde_json::Value::Object(shown.collect::<Map<_, _>>()))
}

/// A node in the shape of dbt's manifest, as far as templates look.
fn show(node: &Node, graph: &ShownGraph) -> serde_json::Value {
    let relation = node.relation.as_ref();
    let mut config = node.config.all.clone();
    if let NodeKind::Model(materialization) = &node.kind {
        config.insert("materialized".to_owned(), materialization.name().into());
    }
    config.entry("meta").or_insert_with(|| json!({}));
    config.insert("enabled".to_owned(), node.config.enabled.into());
    config.insert("tags".to_owned(), json!(node.config.tags));
    let columns: Map<String, serde_json::Value> = node
        .columns
        .iter()
        .map(|column| {
            let shown = json!({
                "name": column.name,
                "description": column.description,
                "data_type": column.data_type,
                "tags": column.tags,
                "meta": column.meta,
            });
            (column.name.clone(), shown)
        })
        .collect();
    let refs: Vec<_> = node
        .references
        .iter()
        .filter_map(|reference| match reference {
            Reference::Node { package, name } => {
                Some(json!({"package": package, "name": name, "version": null}))
            }
            Reference::Source { .. } => None,
        })
        .collect();
    let mut shown = json!({
        "unique_id": node.id.0,
        "name": node.name,
        "resource_type": node.resource_type(),
        "package_name": node.package,
        "path": node.relative,
        "original_file_path": &*node.file.path,
        "fqn": node.fqn,
        "alias": relation.map_or(&node.name, |relation| &relation.identifier),
        "identifier": relation.map_or(&node.name, |relation| &relation.identifier),
        "database": relation.and_then(|relation| relation.database.as_deref()),
        "schema": relation.and_then(|relation| relation.schema.as_deref()),
        "description": node.description,
        "columns": columns,
        "tags": node.config.tags,
        "meta": node.config.all.get("meta").cloned().unwrap_or_else(|| json!({})),
        "config": config,
        "refs": refs,
        "depends_on": {"nodes": graph.id_of(node), "macros": node.macros},
        "raw_code": node.raw_code(),
    });
    if let (NodeKind::Source(source), Some(shown)) = (&node.kind, shown.as_object_mut()) {
        shown.insert("source_name".to_owned(), source.source.clone().into());
    }
    shown
}
