//! Which columns the tables of sources and seeds have, as far as the project alone says it.

use super::file::scan_files;
use crate::artifact::SchemaDirectory;
use crate::check::{Known, landed_columns};
use crate::diagnostic::Diagnostic;
use crate::engine::{EngineError, Session};
use crate::graph::{Graph, LoadNode, LoadObject, Node, NodeIndex, NodeKind};
use crate::mode::load::{LoadMode, LoadRules};
use crate::project::Setting;
use crate::relation::Column;
use crate::schema::Snapshot;
use serde_json::Value;
use std::collections::BTreeMap;

/// The columns of the sources and seeds of `graph` that are `wanted`: those that `schemas/` accepts, and those of the
/// files of seeds, which `files` reads, once it is asked for. Snapshots that cannot be read are told;
/// what is wrong with a seed is told where it is built.
///
/// # Errors
/// `files` cannot be opened.
pub fn known_columns(
    graph: &Graph,
    wanted: &dyn Fn(NodeIndex) -> bool,
    files: &mut dyn FnMut() -> Result<Box<dyn Session>, EngineError>,
) -> Result<Known, EngineError> {
    let mut known = Known::default();
    let directory = SchemaDirectory::of(graph);
    let mut reader: Option<Box<dyn Session>> = None;
    let indexed = (0..).map(NodeIndex).zip(graph.nodes.iter());
    for (index, node) in indexed.filter(|(index, _)| wanted(*index)) {
        match &node.kind {
            NodeKind::Source(_) => {
                let columns = source_columns(graph, &directory, node, &mut known.unreadable);
                known.insert(index, columns);
            }
            NodeKind::Seed(seed) => {
                let session = match &mut reader {
                    Some(session) => session,
                    none => none.insert(files()?),
                };
                let scanned = scan_files(graph, node, &seed_load(node, &seed.path), &mut **session);
                let unread = |problem: Box<Diagnostic>| problem.message;
                known.insert(index, scanned.map(|(_, scan)| scan.columns).map_err(unread));
            }
            _ => {}
        }
    }
    Ok(known)
}

fn source_columns(
    graph: &Graph,
    directory: &SchemaDirectory,
    node: &Node,
    problems: &mut Vec<Diagnostic>,
) -> Result<Vec<Column>, String> {
    let Some(load) = node.load() else {
        return Err("this project does not load it".to_owned());
    };
    let path = directory.shown_path(node.source_name(), &node.name);
    match directory.read(node.source_name(), &node.name) {
        Ok(Some(snapshot)) => {
            let mut columns = snapshot.relation_columns();
            if load.rules.mode != LoadMode::Replace {
                columns.extend(kept(&snapshot, &columns));
            }
            Ok(landed_columns(graph.target.dialect, load, &columns))
        }
        Ok(None) => Err(format!("it was never loaded: `{path}` does not exist")),
        Err(told) => {
            problems.extend(told);
            Err(format!("`{path}` cannot be read"))
        }
    }
}

/// Columns that the source had once: a table whose rows stay keeps them.
fn kept(snapshot: &Snapshot, columns: &[Column]) -> Vec<Column> {
    let mut kept: Vec<Column> = Vec::new();
    for entry in snapshot.history().iter().rev() {
        for column in &entry.removed {
            let is = |known: &Column| known.name.eq_ignore_ascii_case(&column.name);
            if !columns.iter().any(is) && !kept.iter().any(is) {
                kept.push(Column { nullable: true, ..column.clone() });
            }
        }
    }
    kept
}

/// A seed is read as a source's file is.
pub fn seed_load(node: &Node, path: &str) -> LoadNode {
    let types = node.config.all.get("column_types").and_then(Value::as_object);
    let types = types
        .into_iter()
        .flatten()
        .filter_map(|(name, data_type)| Some((name.clone(), data_type.as_str()?.to_owned())));
    let mut options = Vec::new();
    if let Some(delimiter) = node.config.all.get("delimiter") {
        options.push(Setting {
            key: "delimiter".to_owned(),
            value: delimiter.clone(),
            place: node.place.clone(),
            key_place: node.place.clone(),
        });
    }
    LoadNode {
        object: LoadObject::Files(path.to_owned()),
        place: node.place.clone(),
        connection: None,
        format: Some("csv".to_owned()),
        options,
        columns: types.collect(),
        required: Vec::new(),
        rules: LoadRules::default(),
        places: BTreeMap::new(),
    }
}
