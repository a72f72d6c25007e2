//! References become edges: what each node needs, circles, and relations that two nodes make.

use super::bind::{Names, Unbound};
use super::config::Merged;
use super::host::{ParseHost, Shared, no_model};
use super::node::{Node, NodeId, NodeIndex, NodeKind, Reference};
use super::order;
use super::problem::{Files, diagnose};
use super::resolve::{Context, Graph, Made};
use super::target::Target;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::project::{ProjectFile, Text};
use crate::template::{Limits, MacroLibrary, Renderer};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

impl Context<'_> {
    pub(super) fn bind(self, made: Made, problems: &mut Vec<Diagnostic>) -> Graph {
        let Made { mut nodes, disabled, broken, .. } = made;
        let main = self.project.main();
        let names = Arc::new(Names::new(&nodes, &disabled, &main.name));
        let unbound: Vec<_> = nodes
            .par_iter_mut()
            .flat_map_iter(|node| {
                let mut unbound = Vec::new();
                for reference in &node.references {
                    match names.resolve(reference, &node.package) {
                        Ok(bound) => node.parents.push(bound.index),
                        Err(problem) => unbound.push((node.id.clone(), problem)),
                    }
                }
                node.parents.sort_unstable();
                node.parents.dedup();
                unbound
            })
            .collect();
        let known = |reference: &Reference| match reference {
            Reference::Node { name, .. } => broken.contains(name),
            Reference::Source { .. } => false,
        };
        let unbound: Vec<_> =
            unbound.into_iter().filter(|(_, problem)| !known(problem.reference())).collect();
        let (in_tests, unbound): (Vec<_>, Vec<_>) =
            unbound.into_iter().partition(|(id, _)| id.0.starts_with("test."));
        if !in_tests.is_empty() {
            return self.without_tests(
                Made { nodes, disabled, broken, ..Made::default() },
                in_tests,
                problems,
            );
        }
        for (id, unbound) in unbound {
            let late = unbound.late();
            let node = nodes.iter().find(|node| node.id == id);
            let places = node.map(|node| {
                locate(&self.shared, &self.library, &self.files, node, unbound.reference())
            });
            let problem = Diagnostic::error(late.code, late.message);
            let problem = problem.with_help_maybe(late.help);
            problems.push(point(problem, places.unwrap_or_default()));
        }
        for cycle in order::cycles(&nodes) {
            problems.push(self.describe_cycle(&nodes, &names, &cycle));
        }
        problems.extend(same_relation(&self.target, &nodes));
        let children = order::children(&nodes);
        let order = order::topological(&nodes, &children);
        // Packages first: what the project itself does comes on top.
        let hooks = |of: fn(&ProjectFile) -> &Vec<Text>| -> Vec<Text> {
            self.project.packages.iter().rev().flat_map(|p| of(&p.file)).cloned().collect()
        };
        let nodes = Arc::new(nodes);
        self.shown.fill(&nodes);
        Graph {
            root: self.project.root.clone(),
            name: main.name.clone(),
            version: main.file.version.clone(),
            target_path: main.file.paths.target.clone(),
            schema_path: main.file.paths.schemas.clone(),
            target: self.target,
            order,
            children,
            nodes,
            names,
            library: self.library,
            files: self.files,
            shared: self.shared,
            disabled,
            on_run_start: hooks(|file| &file.on_run_start),
            on_run_end: hooks(|file| &file.on_run_end),
        }
    }

    /// Binds again without the tests whose references mean nothing. dbt's rule: such a test is
    /// dropped, with a warning where the node does not exist, in silence where it is disabled.
    fn without_tests(
        self,
        made: Made,
        unbound: Vec<(NodeId, Unbound)>,
        problems: &mut Vec<Diagnostic>,
    ) -> Graph {
        let Made { mut nodes, .. } = made;
        for (id, unbound) in &unbound {
            let Some(node) = nodes.iter().find(|node| node.id == *id) else { continue };
            if let Unbound::Disabled { .. } = unbound {
                continue;
            }
            let late = unbound.late();
            let message = format!("test `{}` is left out: {}", node.name, late.message);
            let problem = Diagnostic::warning(late.code, message).with_help_maybe(late.help);
            let places =
                locate(&self.shared, &self.library, &self.files, node, unbound.reference());
            problems.push(point(problem, places));
        }
        nodes.retain(|node| unbound.iter().all(|(id, _)| node.id != *id));
        for node in &mut nodes {
            node.parents.clear();
        }
        self.bind(Made { nodes, ..made }, problems)
    }

    fn describe_cycle(&self, nodes: &[Node], names: &Names, cycle: &[NodeIndex]) -> Diagnostic {
        let name = |index: NodeIndex| nodes[index.get()].label();
        if let [only] = cycle {
            let problem =
                Diagnostic::error(Code::CYCLE, format!("`{}` refers to itself", name(*only)))
                    .with_help("to read the rows already there, write `{{ this }}`");
            return point(problem, self.edge(nodes, names, *only, *only));
        }
        let path: Vec<_> =
            cycle.iter().chain(&cycle[..1]).map(|index| format!("`{}`", name(*index))).collect();
        let mut problem = Diagnostic::error(
            Code::CYCLE,
            format!("these nodes depend on each other: {}", path.join(" -> ")),
        );
        for (position, from) in cycle.iter().enumerate() {
            let to = cycle[(position + 1) % cycle.len()];
            let text = format!("`{}` needs `{}`", name(*from), name(to));
            if let Some((place, _)) = self.edge(nodes, names, *from, to).into_iter().next() {
                problem = problem.label(place, text);
            }
        }
        problem.with_help("remove one of these references")
    }

    fn edge(
        &self,
        nodes: &[Node],
        names: &Names,
        from: NodeIndex,
        to: NodeIndex,
    ) -> Vec<(Place, String)> {
        let node = &nodes[from.get()];
        let reference = node.references.iter().find(|reference| {
            names.resolve(reference, &node.package).is_ok_and(|bound| bound.index == to)
        });
        reference
            .map(|reference| locate(&self.shared, &self.library, &self.files, node, reference))
            .unwrap_or_default()
    }
}

/// Where `node` makes `reference`: the call itself first, then the macro calls around it. The
/// template is rendered once more with a host that fails there.
pub(super) fn locate(
    shared: &Arc<Shared>,
    library: &Arc<MacroLibrary>,
    files: &Files,
    node: &Node,
    reference: &Reference,
) -> Vec<(Place, String)> {
    if node.test().is_some_and(|test| test.generic.is_some()) {
        return vec![(node.place.clone(), String::new())];
    }
    let settings = Merged::default();
    let relation = node.relation.clone();
    let host = ParseHost::new(shared.clone(), &node.package, relation, settings, no_model());
    let host = Arc::new(host.failing_at(reference.clone()));
    if let Some(place) = node.query_in_yaml() {
        return vec![(place.clone(), String::new())];
    }
    match Renderer::new(library.clone(), Limits::default()).render(&node.template(), host) {
        Err(error) => {
            let labels = diagnose(&error, files).labels;
            labels.into_iter().map(|label| (label.place, label.text)).collect()
        }
        Ok(_) => vec![(node.place.clone(), String::new())],
    }
}

pub(super) fn point(problem: Diagnostic, places: Vec<(Place, String)>) -> Diagnostic {
    places.into_iter().fold(problem, |problem, (place, text)| problem.label(place, text))
}

/// Nodes that make one relation, names compared as the engine compares them.
pub(super) fn same_relation(target: &Target, nodes: &[Node]) -> Vec<Diagnostic> {
    let mut makers: HashMap<String, &Node> = HashMap::new();
    let mut problems = Vec::new();
    for node in nodes {
        let makes =
            matches!(node.kind, NodeKind::Model(_) | NodeKind::Seed(_) | NodeKind::Snapshot(_))
                || node.load().is_some();
        let Some(relation) = node.relation.as_ref().filter(|_| makes) else { continue };
        let key = target.dialect.fold(&target.dialect.render(relation));
        let Some(other) = makers.insert(key, node) else { continue };
        if other.name == node.name && other.package == node.package && node.load().is_none() {
            // Two nodes of one name: said already.
            continue;
        }
        let message = format!(
            "{} `{}` and {} `{}` both make the relation `{relation}`",
            other.resource_type(),
            other.label(),
            node.resource_type(),
            node.label(),
        );
        let differs = other.relation.as_ref().is_some_and(|other| other != relation);
        let problem = Diagnostic::error(Code::SAME_RELATION, message)
            .at(node.place.clone())
            .label(other.place.clone(), "the other one")
            .with_help(if node.load().is_some() || other.load().is_some() {
                "load into another table: `load: {into: schema.table}`"
            } else {
                "give one of them another `alias` or `schema`"
            });
        problems.push(if differs {
            problem
                .with_note(format!("{} does not tell capital letters apart", target.dialect.name()))
        } else {
            problem
        });
    }
    problems
}
