//! What source tables are now.

use crate::connector::System;
use crate::connector::file::LocalFiles;
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::duckdb;
use crate::graph::{Graph, LoadNode, NodeIndex};
use crate::load::connections::Connections;
use crate::load::file::{describe, file_object, starting};
use crate::load::{connector_problem, fit, rows};
use crate::relation::Column;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a source table is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Its columns that are loaded, in its order.
    pub columns: Vec<Column>,
    /// How its files are read, for the snapshot.
    pub read: Map<String, Value>,
}

pub(super) fn see(graph: &Graph, nodes: &[NodeIndex]) -> Vec<Result<Seen, Vec<Diagnostic>>> {
    let loads = || nodes.iter().filter_map(|index| graph.node(*index).load());
    let connections = Connections::new(loads());
    loads().map(|load| one(graph, load, &connections)).collect()
}

fn one(graph: &Graph, load: &LoadNode, connections: &Connections) -> Result<Seen, Vec<Diagnostic>> {
    let system = match &load.connection {
        Some(connection) => connections.open(connection)?,
        None => Arc::new(System::Files(Box::new(LocalFiles))),
    };
    let mut seen = Seen::default();
    match &*system {
        System::Tables(connector) => {
            let found = connector.schema(&rows::object(load));
            seen.columns =
                found.map_err(|error| vec![connector_problem(&error).at(load.place.clone())])?;
        }
        System::Files(store) => {
            let object = file_object(graph, load).map_err(|problem| vec![*problem])?;
            let mut session = duckdb::in_memory()
                .map_err(|error| vec![Diagnostic::error(Code::INTERNAL, error.message)])?;
            let scan = store.find(&object).and_then(|f| store.scan(&object, &f, &mut *session));
            let scan = scan.map_err(|error| {
                let problem = describe(error).at(load.place.clone());
                vec![starting(problem, store.start(&object))]
            })?;
            seen.columns.clone_from(&scan.columns);
            if let Some(delimiter) = &scan.delimiter {
                seen.read.insert("delimiter".to_owned(), delimiter.clone().into());
            }
        }
    }
    fit::require(load, &mut seen.columns);
    Ok(seen)
}
