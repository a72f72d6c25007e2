//! What nothing reads.

use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Graph, NodeIndex, NodeKind};

/// Sources that no model, snapshot, export or analysis reads: what is loaded for nobody.
pub fn unused(graph: &Graph) -> Vec<Diagnostic> {
    let mut read = vec![false; graph.nodes.len()];
    for node in graph.nodes.iter().filter(|node| !matches!(node.kind, NodeKind::Test(_))) {
        for parent in &node.parents {
            read[parent.get()] = true;
        }
    }
    let indexed = (0..).map(NodeIndex).zip(graph.nodes.iter());
    let unread = indexed
        .filter(|(index, node)| matches!(node.kind, NodeKind::Source(_)) && !read[index.get()]);
    unread
        .map(|(_, node)| {
            let message = format!("nothing reads source `{}`", node.label());
            let help = match node.load() {
                Some(_) => "it is loaded all the same: read it with `source(…)`, or take it out",
                None => "read it with `source(…)`, or take it out",
            };
            Diagnostic::warning(Code::UNUSED, message).at(node.place.clone()).with_help(help)
        })
        .collect()
}
