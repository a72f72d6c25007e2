//! Exports in the manifest: a part of it that dbt does not have.

use crate::compile::Compiled;
use crate::graph::{ExportTarget, Graph, Node};
use crate::mode::ExportMode;
use serde_json::{Value, json};

/// What the manifest says of the export `node`; `None` where it is none.
pub(super) fn manifest_export(
    graph: &Graph,
    node: &Node,
    compiled: Option<&Compiled>,
) -> Option<Value> {
    let export = node.export()?;
    let query = compiled.and_then(|compiled| compiled.query.as_ref());
    let parents = node.parents.iter().map(|parent| graph.node(*parent).id.0.as_str());
    let key = match &export.mode {
        ExportMode::Merge { key } => key.columns(),
        ExportMode::Replace { .. } | ExportMode::Append => &[],
    };
    let (path, table, format) = match &export.target {
        ExportTarget::Files(file) => (Some(&file.path), None, Some(file.format.as_str())),
        ExportTarget::Table { schema: Some(schema), name } => {
            (None, Some(format!("{schema}.{name}")), None)
        }
        ExportTarget::Table { schema: None, name } => (None, Some(name.clone()), None),
    };
    Some(json!({
        "unique_id": node.id.0,
        "name": node.name,
        "resource_type": node.resource_type(),
        "package_name": node.package,
        "path": node.relative,
        "original_file_path": &*node.file.path,
        "fqn": node.fqn,
        "description": node.description,
        "tags": node.config.tags,
        "meta": node.config.all.get("meta").cloned().unwrap_or_else(|| json!({})),
        "connection": export.connection.as_ref().map(|connection| &connection.name),
        "target": {"path": path, "table": table, "format": format},
        "mode": export.mode.to_string(),
        "key": key,
        "raw_code": node.raw_code(),
        "compiled_code": query.map(|query| &*query.text),
        "depends_on": {
            "macros": compiled.filter(|c| !c.macros.is_empty()).map_or(&node.macros, |c| &c.macros),
            "nodes": parents.collect::<Vec<_>>(),
        },
    }))
}
