//! Whether the exports of a project can be what they say; nothing is opened.

use crate::connector::{self, ConnectorSpec, Reads};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Connection, ExportNode, ExportTarget, Graph, Node};
use crate::load::read_parameters;

/// What is wrong with the connections and destinations of the exports of `graph`.
pub fn check_exports(graph: &Graph) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut seen: Vec<(Place<'_>, &Node)> = Vec::new();
    for (node, export) in graph.nodes.iter().filter_map(|node| Some((node, node.export()?))) {
        let spec = match export.connection.as_deref().map(read_parameters) {
            None => None,
            Some(Ok((spec, _))) => Some(spec),
            Some(Err(found)) => {
                problems.extend(found);
                continue;
            }
        };
        problems.extend(unfit(export, spec));
        let place = Place::of(export, spec);
        if let Some((_, other)) = seen.iter().find(|(other, _)| other.meets(&place)) {
            problems.push(meeting(node, export, other));
        }
        seen.push((place, node));
    }
    problems
}

/// Why the export's connection cannot take what it writes.
fn unfit(export: &ExportNode, spec: Option<&ConnectorSpec>) -> Vec<Diagnostic> {
    if let (ExportTarget::Files(file), Some(spec)) = (&export.target, spec)
        && spec.reads == Reads::Files
        && !connector::on_disk(spec)
        && let Some((message, help)) = connector::wrong_path(&file.path)
    {
        let problem = Diagnostic::error(Code::EXPORT_PATH, message).at(export.place.clone());
        return vec![problem.with_help(help)];
    }
    let (message, help) = match (&export.target, spec.zip(export.connection.as_deref())) {
        (ExportTarget::Files(file), None) => return file.not_on_disk.clone(),
        (ExportTarget::Files(file), Some((spec, _))) if connector::on_disk(spec) => {
            return file.not_on_disk.clone();
        }
        (ExportTarget::Files(_), Some((spec, Connection { name, .. })))
            if spec.reads == Reads::Tables =>
        {
            let message = format!("connection `{name}` has tables, and no files");
            (message, "name the table with `table`, and leave `path` out")
        }
        (ExportTarget::Table { .. }, Some((spec, Connection { name, .. })))
            if spec.reads == Reads::Files =>
        {
            let message = format!("connection `{name}` has files, and no tables");
            (message, "name a file or a folder with `path`, and leave `table` out")
        }
        _ => return Vec::new(),
    };
    let problem = Diagnostic::error(Code::INVALID_VALUE, message).at(export.place.clone());
    vec![problem.with_help(help)]
}

/// Where an export writes, as far as names tell.
struct Place<'g> {
    system: &'g str,
    path: Vec<String>,
    is_folder: bool,
}

impl<'g> Place<'g> {
    fn of(export: &'g ExportNode, spec: Option<&ConnectorSpec>) -> Self {
        let system = export.connection.as_deref().map_or("", |connection| &connection.name);
        match &export.target {
            ExportTarget::Table { schema, name } => {
                let path = schema.iter().chain([name]).cloned().collect();
                Self { system, path, is_folder: false }
            }
            ExportTarget::Files(file) => {
                let on_disk = spec.is_none_or(connector::on_disk);
                let joined = file.base.join(&file.path).to_string_lossy().into_owned();
                let text = if on_disk { joined } else { file.path.clone() };
                let system = if on_disk { "" } else { system };
                Self { system, path: parts(&text), is_folder: file.is_folder() }
            }
        }
    }

    /// Whether both are one place, or one lies in the other.
    fn meets(&self, other: &Self) -> bool {
        self.system == other.system
            && (self.path == other.path
                || (self.is_folder && other.path.starts_with(&self.path))
                || (other.is_folder && self.path.starts_with(&other.path)))
    }
}

/// The parts of a path; `.` and `..` are followed.
fn parts(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part.to_owned()),
        }
    }
    parts
}

fn meeting(node: &Node, export: &ExportNode, other: &Node) -> Diagnostic {
    let message = format!("exports `{}` and `{}` write to one place", other.name, node.name);
    let there = other.export().map_or(&other.place, |export| &export.place);
    Diagnostic::error(Code::SAME_DESTINATION, message)
        .at(export.place.clone())
        .label(there.clone(), "the other one")
        .with_help("give each a file or a folder of its own")
}
