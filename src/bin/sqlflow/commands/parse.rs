//! `sqlflow parse`: reads and resolves the project.

use super::open;
use crate::args::Common;
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::artifact::manifest;
use sqlflow::diagnostic::{Code, Diagnostic};
use sqlflow::graph::NodeIndex;
use sqlflow::relation::Column;
use std::collections::BTreeMap;

pub(crate) fn run(common: &Common, printer: &Printer) -> Result<Exit, Exit> {
    let opened = open(common, "parse", false, printer)?;
    write_manifest(&opened, &[], &BTreeMap::new(), printer)?;
    let count = opened.graph.nodes.len();
    printer.tell(&format!("Parsed {}.", Printer::count(count, "node")));
    Ok(Exit::Success)
}

/// Writes target/manifest.json.
pub(crate) fn write_manifest(
    opened: &super::Opened,
    compiled: &[sqlflow::compile::Compiled],
    bound: &BTreeMap<NodeIndex, Vec<Column>>,
    printer: &Printer,
) -> Result<(), Exit> {
    let text = manifest(&opened.graph, compiled, bound).map_err(|error| {
        let message = format!("the manifest cannot be written as JSON: {error}");
        Box::new(Diagnostic::error(Code::INTERNAL, message))
    });
    text.and_then(|text| opened.target.write_whole("manifest.json", &text)).map_err(|problem| {
        printer.problems(&[*problem]);
        Exit::Surroundings
    })
}
