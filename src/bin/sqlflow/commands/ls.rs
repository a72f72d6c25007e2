//! `sqlflow ls`: the selected nodes.

use super::{open, selection};
use crate::args::{Common, Ls, LsOutput};
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::graph::{Graph, Node, NodeKind};

pub(crate) fn run(common: &Common, args: &Ls, printer: &Printer) -> Result<Exit, Exit> {
    let opened = open(common, "list", false, printer)?;
    let graph = &opened.graph;
    let selected = selection(graph, &args.select, printer)?;
    let kinds = &args.resource_type;
    let selected = selected.retain(graph, |node| {
        kinds.is_empty() || kinds.iter().any(|kind| kind == node.resource_type())
    });
    let lines: String =
        selected.iter().map(|index| line(graph, graph.node(index), args.output) + "\n").collect();
    printer.data(&lines);
    Ok(Exit::Success)
}

fn line(graph: &Graph, node: &Node, output: LsOutput) -> String {
    match output {
        LsOutput::Name => node.label(),
        LsOutput::Path => node.file.path.to_string(),
        LsOutput::Selector => match &node.kind {
            NodeKind::Source(_) => format!("source:{}.{}", node.package, node.label()),
            _ => node.fqn.join("."),
        },
        LsOutput::Json => {
            let parents: Vec<&str> =
                node.parents.iter().map(|parent| graph.node(*parent).id.0.as_str()).collect();
            serde_json::json!({
                "unique_id": node.id.0,
                "name": node.name,
                "resource_type": node.resource_type(),
                "package_name": node.package,
                "original_file_path": &*node.file.path,
                "alias": node.relation.as_ref().map(|relation| &relation.identifier),
                "tags": node.config.tags,
                "config": node.config.all,
                "depends_on": {"nodes": parents},
            })
            .to_string()
        }
    }
}
