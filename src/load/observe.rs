//! What source tables are like now: their columns, without a row being loaded and without the target.
//!
//! | source | asked |
//! | --- | --- |
//! | CSV, JSON | every file to its end: only all values tell a type |
//! | Parquet | the footer of every file; of an object in S3 its ends are fetched |
//! | tables of PostgreSQL | the catalogue, once for all tables of a connection |
//! | queries | the server describes them, in the same session |
//!
//! Of a load that reads each file once (`append` without a cursor), the last file by name is looked
//! at: the others were read by earlier loads, and may be as the source was then.

use super::connections::Connections;
use super::drift::{SourceColumns, SourceDrift};
use super::file::{failure, file_object};
use super::rows::{self, Unseen};
use super::{accepted, connector_problem};
use crate::artifact::SchemaDirectory;
use crate::connector::file::{FileError, FileStore, LocalFiles};
use crate::connector::{Connector, ConnectorError, Kind, System, Tries};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::Session;
use crate::engine::duckdb::in_memory;
use crate::graph::{Graph, LoadNode, Node, NodeIndex};
use crate::schema::Snapshot;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What one source table is like now, beside what was accepted of it.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The source table.
    pub node: NodeIndex,
    /// Its snapshot in `schemas/`; `None` where there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or is no snapshot. The source is then seen as if there were none.
    pub accepted: Result<Option<Snapshot>, Vec<Diagnostic>>,
    /// What the source has.
    ///
    /// # Errors
    /// It is not there any more, it may not be read, or its system is not reached.
    pub seen: Result<SourceColumns, Vec<Diagnostic>>,
}

impl Observed {
    /// How the source differs from what was accepted; `None` where one of both is not known.
    pub fn drift(&self, graph: &Graph) -> Option<SourceDrift> {
        let load = graph.node(self.node).load()?;
        let snapshot = self.accepted.as_ref().ok()?.as_ref()?;
        Some(SourceDrift::between(load, snapshot, self.seen.as_ref().ok()?.clone()))
    }
}

/// What the source tables `nodes` of `graph` are like now, in that order; those that are not loaded
/// are left out. Systems are asked side by side, each once or twice for all its tables, and one that
/// is not reached does not stop the others: its tables have its problem. `scratch` is where objects
/// may be fetched to. The target is not opened.
pub fn observe(graph: &Graph, nodes: &[NodeIndex], scratch: &Path) -> Vec<Observed> {
    let loads: Vec<(NodeIndex, &Node, &LoadNode)> = nodes
        .iter()
        .filter_map(|index| Some((*index, graph.node(*index), graph.node(*index).load()?)))
        .collect();
    let connections = Connections::observing(loads.iter().map(|(_, _, load)| *load));
    let mut systems: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (place, (_, _, load)) in loads.iter().enumerate() {
        let name = load.connection.as_ref().map(|connection| connection.name.as_str());
        systems.entry(name).or_default().push(place);
    }
    let (loads, connections) = (&loads, &connections);
    let look = |places: Vec<usize>| {
        let mut observer = Observer { graph, connections, scratch, files: None, down: None };
        let found = places.into_iter().map(|place| (place, observer.observe(&loads[place])));
        found.collect::<Vec<_>>()
    };
    let mut found: Vec<(usize, Observed)> = std::thread::scope(|scope| {
        let look = &look;
        let threads: Vec<_> =
            systems.into_values().map(|places| scope.spawn(move || look(places))).collect();
        threads
            .into_iter()
            .flat_map(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, observed)| observed).collect()
}

/// Looks at the tables of one system, one after another.
struct Observer<'r> {
    graph: &'r Graph,
    connections: &'r Connections,
    scratch: &'r Path,
    /// What reads files, once one is read.
    files: Option<Box<dyn Session>>,
    /// Why the system as a whole does not answer.
    down: Option<ConnectorError>,
}

type Seen = Result<SourceColumns, Vec<Diagnostic>>;

impl Observer<'_> {
    fn observe(&mut self, (index, node, load): &(NodeIndex, &Node, &LoadNode)) -> Observed {
        let directory = SchemaDirectory::of(self.graph);
        let accepted = directory.read(node.source_name(), &node.name);
        let snapshot = accepted.as_ref().ok().and_then(Option::as_ref);
        let seen = match &self.down {
            Some(error) => Err(vec![connector_problem(error).at(load.place.clone())]),
            None => self.seen(load, snapshot),
        };
        let seen = seen.map_err(|problems| vanished(problems, snapshot));
        Observed { node: *index, accepted, seen }
    }

    fn seen(&mut self, load: &LoadNode, snapshot: Option<&Snapshot>) -> Seen {
        let system = match &load.connection {
            Some(connection) => self.connections.open(connection)?,
            None => Arc::new(System::Files(Box::new(LocalFiles))),
        };
        match &*system {
            System::Files(store) => self.of_files(&**store, load, snapshot),
            System::Tables(connector) => self.of_rows(&**connector, load),
        }
    }

    fn of_rows(&mut self, connector: &dyn Connector, load: &LoadNode) -> Seen {
        let object = rows::object(load);
        let mut tries = Tries::default();
        let found = loop {
            match rows::found(load, connector, &object) {
                Err(Unseen::Source(error)) if tries.again(&error, connector.retries()) => {}
                found => break found,
            }
        };
        let found = found.map_err(|unseen| match unseen {
            Unseen::Load(problems) => problems,
            Unseen::Source(error) => {
                let problem = connector_problem(&error).at(load.place.clone());
                self.remember(error);
                vec![match tries.told() {
                    Some(told) => problem.with_note(told),
                    None => problem,
                }]
            }
        })?;
        let (columns, _) = rows::declared(load, &found)?;
        Ok(SourceColumns::of_rows(load, columns))
    }

    fn of_files(
        &mut self,
        store: &dyn FileStore,
        load: &LoadNode,
        snapshot: Option<&Snapshot>,
    ) -> Seen {
        let mut object = file_object(self.graph, load).map_err(|problem| vec![*problem])?;
        object.frozen = snapshot.map(|snapshot| accepted::frozen(load, snapshot));
        object.max_rejects = load.rules.max_rejects;
        self.scratch.clone_into(&mut object.scratch);
        object.only_columns = true;
        let session = match &mut self.files {
            Some(session) => session,
            none => none.insert(
                in_memory()
                    .map_err(|error| vec![Diagnostic::error(error.kind.code(), error.message)])?,
            ),
        };
        let found = store.find(&object).and_then(|mut files| {
            if load.rules.reads_files_once() {
                files.drain(..files.len().saturating_sub(1));
            }
            store.scan(&object, &files, &mut **session)
        });
        match found {
            Ok(scan) => Ok(SourceColumns::of_scan(load, &scan, snapshot.is_some())),
            Err(FileError::Drift(drift)) => Ok(SourceColumns::of_drift(load, *drift)),
            Err(error) => {
                if let FileError::Remote(error) = &error {
                    self.remember(error.clone());
                }
                Err(vec![failure(load, error, store.start(&object))])
            }
        }
    }

    /// Asks a system no more that does not answer: each table would wait for it again.
    fn remember(&mut self, error: ConnectorError) {
        let is_down = match error.kind {
            Kind::Network | Kind::Auth | Kind::Resource => true,
            Kind::NotFound | Kind::Permission | Kind::Data => false,
        };
        self.down = Some(error).filter(|_| is_down);
    }
}

/// Says of a source that is gone that it was there.
pub(super) fn vanished(problems: Vec<Diagnostic>, snapshot: Option<&Snapshot>) -> Vec<Diagnostic> {
    let Some(last) = snapshot.and_then(|snapshot| snapshot.history().last()) else {
        return problems;
    };
    let told = |problem: Diagnostic| match problem.code {
        Code::SOURCE_MISSING | Code::CONNECTION_LACKS => {
            let (version, at) = (last.version, last.acceptance.at);
            problem.with_note(format!("version {version} of its schema was accepted at {at}"))
        }
        _ => problem,
    };
    problems.into_iter().map(told).collect()
}
