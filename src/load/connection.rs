//! The connections that loads read from: what is wrong with their declaration, and opening them.

use crate::connector::{
    self, ConnectorError, ConnectorSpec, Kind, Outlook, Parameters, Reads, System,
};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::graph::{Connection, Graph, LoadNode, LoadObject, Node};
use std::collections::BTreeSet;

/// What is wrong with the connections that the loads of `graph` use, and with what is read from
/// them; nothing is opened.
pub fn check_connections(graph: &Graph) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut told = BTreeSet::new();
    for (node, load) in graph.nodes.iter().filter_map(|node| Some((node, node.load()?))) {
        let Some(connection) = load.connection.as_deref() else { continue };
        match read_parameters(connection) {
            Ok((spec, _)) => problems.extend(unreadable(node, load, connection, spec)),
            // A hundred tables may be read from it.
            Err(found) if told.insert(&connection.name) => problems.extend(found),
            Err(_) => {}
        }
    }
    problems
}

/// What is wrong with the declaration of `connection`; nothing is opened.
pub fn check_connection(connection: &Connection) -> Vec<Diagnostic> {
    let mut problems = connection.problems.clone();
    problems.extend(read_parameters(connection).err().unwrap_or_default());
    problems
}

/// Opens the system that `connection` means, as far as its kind does before it is asked.
///
/// # Errors
/// The connection is not declared right, or it cannot be.
pub fn open_connection(connection: &Connection) -> Result<System, Vec<Diagnostic>> {
    let (spec, parameters) = read_parameters(connection)?;
    connector::open(spec, &parameters)
        .map_err(|error| vec![problem(&error).at(connection.place.clone())])
}

/// An error of another system, as told to the user; the place is the caller's to say.
pub fn problem(error: &ConnectorError) -> Diagnostic {
    let code = match error.kind {
        _ if error.outlook == Outlook::Unknown => Code::OUTCOME_UNKNOWN,
        Kind::Auth => Code::CONNECTION_REFUSED,
        Kind::Network => Code::CONNECTION_FAILED,
        Kind::NotFound => Code::CONNECTION_LACKS,
        Kind::Permission => Code::CONNECTION_FORBIDDEN,
        Kind::Data => Code::NOT_CARRIED,
        Kind::Resource => Code::CONNECTION_EXHAUSTED,
    };
    let problem = Diagnostic::error(code, error.message.clone());
    let problem = match error.told_again() {
        Some(told) => problem.with_note(told),
        None => problem,
    };
    problem.with_help_maybe(error.help.clone())
}

/// Kind and parameters of `connection`.
///
/// # Errors
/// Each thing that is wrong with its declaration, at its place.
pub fn read_parameters(
    connection: &Connection,
) -> Result<(&'static ConnectorSpec, Parameters), Vec<Diagnostic>> {
    let kind = &connection.kind;
    let Some(spec) = connector::spec(&kind.text) else {
        if connector::is_left_out(&kind.text) {
            let message = format!("connection type `{}` is not part of this build", kind.text);
            let help = format!("build sqlflow with `--features {}`", kind.text);
            let problem = Diagnostic::error(Code::NOT_SUPPORTED, message);
            return Err(vec![problem.at(kind.place.clone()).with_help(help)]);
        }
        let known: Vec<&str> = connector::specs().iter().map(|spec| spec.name).collect();
        let near = did_you_mean(&kind.text, known.iter().copied());
        let problem = Diagnostic::error(
            Code::NOT_SUPPORTED,
            format!("unknown connection type `{}`", kind.text),
        );
        let help = near.unwrap_or_else(|| format!("this version has {}", known.join(", ")));
        return Err(vec![problem.at(kind.place.clone()).with_help(help)]);
    };
    Ok((spec, spec.declared(connection)?))
}

/// Why the connection cannot give what the load reads.
fn unreadable(
    node: &Node,
    load: &LoadNode,
    connection: &Connection,
    spec: &ConnectorSpec,
) -> Option<Diagnostic> {
    let (code, message, help) = match (spec.reads, &load.object) {
        (Reads::Files, LoadObject::Table { .. }) => (
            Code::MISSING_KEY,
            format!("source table `{}` has a connection and no `path`", node.name),
            "say which files hold it: `path: data/file.csv`",
        ),
        (Reads::Files, LoadObject::Query(_)) => (
            Code::INVALID_VALUE,
            format!("connection `{}` has files, which take no `query`", connection.name),
            "say which files hold it: `path: data/file.csv`",
        ),
        (Reads::Tables, LoadObject::Files(_)) => (
            Code::INVALID_VALUE,
            format!("connection `{}` has tables, which have no `path`", connection.name),
            "name the table with `identifier`, or give a `query`",
        ),
        (Reads::Files, LoadObject::Files(path)) if !connector::on_disk(spec) => {
            let (message, help) = connector::wrong_path(path)?;
            (Code::INVALID_VALUE, message, help)
        }
        _ => return None,
    };
    let problem = Diagnostic::error(code, message).at(load.place.clone()).with_help(help);
    Some(problem.label(connection.place.clone(), "it is read from here"))
}
