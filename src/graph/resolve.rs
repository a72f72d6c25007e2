//! Which nodes there are, and how they hang together.

use super::abilities;
use super::bind::Names;
use super::edges::locate;
use super::facts::{docs, facts, render_vars, vars};
use super::host::{Invocation, Shared, Surroundings};
use super::incremental;
use super::naming::Naming;
use super::node::{Node, NodeId, NodeIndex};
use super::problem::{Files, diagnose};
use super::shown::ShownGraph;
use super::target::{self, Target, TargetRequest};
use crate::diagnostic::{Diagnostic, Label, Place};
use crate::project::{ProfilesFile, Project, Text};
use crate::template::{Limits, MacroLibrary, Renderer};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A project whose references are bound.
#[derive(Debug)]
pub struct Graph {
    /// The project's directory.
    pub root: PathBuf,
    /// The project's name.
    pub name: String,
    /// The project's version.
    pub version: String,
    /// Where everything generated goes, below the project's directory.
    pub target_path: String,
    /// Where accepted schemas stand, below the project's directory.
    pub schema_path: String,
    /// The database it is for.
    pub target: Target,
    /// All nodes, by id.
    pub nodes: Arc<Vec<Node>>,
    /// The children of each node.
    pub children: Vec<Vec<NodeIndex>>,
    /// All nodes, parents before children.
    pub order: Vec<NodeIndex>,
    /// What names mean.
    pub names: Arc<Names>,
    /// The macros.
    pub library: Arc<MacroLibrary>,
    /// The files that macros and nodes come from.
    pub files: Files,
    /// What all renderings share.
    pub shared: Arc<Shared>,
    /// Nodes that are switched off: name and id.
    pub disabled: Vec<(String, NodeId)>,
    /// SQL before everything else.
    pub on_run_start: Vec<Text>,
    /// SQL after everything else.
    pub on_run_end: Vec<Text>,
}

impl Graph {
    /// The node at `index`.
    pub fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index.get()]
    }

    /// Where `node` refers to `parent`: the call first, then the macro calls around it.
    pub fn locate(&self, node: &Node, parent: &Node) -> Vec<(Place, String)> {
        let reference = node.references.iter().find(|reference| {
            self.names.resolve(reference, &node.package).is_ok_and(|bound| bound.id == parent.id)
        });
        match reference {
            Some(reference) => locate(&self.shared, &self.library, &self.files, node, reference),
            None => vec![(node.place.clone(), String::new())],
        }
    }

    /// The node called `id`.
    pub fn find(&self, id: &NodeId) -> Option<NodeIndex> {
        let found = self.nodes.binary_search_by(|node| node.id.cmp(id)).ok()?;
        u32::try_from(found).ok().map(NodeIndex)
    }
}

/// What is known while nodes are made.
pub(super) struct Context<'p> {
    pub(super) project: &'p Project,
    pub(super) target: Target,
    pub(super) shared: Arc<Shared>,
    pub(super) library: Arc<MacroLibrary>,
    pub(super) files: Files,
    pub(super) naming: Naming,
    pub(super) shown: Arc<ShownGraph>,
}

/// Nodes as they are made, and what was found wrong on the way.
#[derive(Default)]
pub(super) struct Made {
    pub(super) nodes: Vec<Node>,
    pub(super) disabled: Vec<(String, NodeId)>,
    /// Names of nodes whose files have errors: to refer to them is no second mistake.
    pub(super) broken: Vec<String>,
    pub(super) problems: Vec<Diagnostic>,
}

impl Made {
    pub(super) fn add(&mut self, other: Self) {
        self.nodes.extend(other.nodes);
        self.disabled.extend(other.disabled);
        self.broken.extend(other.broken);
        self.problems.extend(other.problems);
    }
}

/// Resolves `project` for the target that `request` means.
///
/// Everything that is wrong is in `problems`; where that holds an error, the graph may lack nodes
/// and edges. `None` where there is no target.
pub fn resolve(
    project: &Project,
    profiles: &ProfilesFile,
    request: &TargetRequest,
    invocation: &Invocation,
    surroundings: &Surroundings,
    problems: &mut Vec<Diagnostic>,
) -> Option<Graph> {
    let files = project_files(project);
    let library = Arc::new(read_macros(project, &files, problems));
    let unreadable = Renderer::new(library.clone(), Limits::default()).check_macros();
    problems.extend(unreadable.iter().map(|error| diagnose(error, &files)));
    let shown = Arc::new(ShownGraph::default());
    let before = facts(project, invocation, surroundings, None, &shown);
    let mut early = Shared::new(before, surroundings, library.clone(), invocation);
    early.vars = vars(project);
    let main = project.main();
    let target =
        target::resolve(&main.file, &project.root, profiles, request, &Arc::new(early), problems)?;
    let facts = facts(project, invocation, surroundings, Some(&target), &shown);
    let mut shared = Shared::new(facts, surroundings, library.clone(), invocation);
    shared.dialect = Some(target.dialect);
    shared.vars = vars(project);
    shared.docs = docs(project);
    let shared = render_vars(shared, problems);
    let naming = Naming::new(&library, &target);
    let context = Context { project, target, shared, library, files, naming, shown };
    let mut made = context.make_nodes();
    problems.append(&mut made.problems);
    abilities::check(&context.target, &mut made.nodes, problems);
    let graph = context.bind(made, problems);
    problems.extend(incremental::read_whole(&graph));
    each_once(problems, &format!("{}/", main.file.paths.packages));
    Some(graph)
}

/// A default that holds for a hundred models is wrong once.
fn each_once(problems: &mut Vec<Diagnostic>, packages: &str) {
    // The same mistake told with the calls that lead to it says more than by itself.
    let mut calls: HashMap<String, usize> = HashMap::new();
    for problem in &*problems {
        let most = calls.entry(problem.to_string()).or_default();
        *most = (*most).max(problem.labels.len());
    }
    problems.retain(|problem| {
        calls.get(&problem.to_string()) == Some(&problem.labels.len())
            && calls.remove(&problem.to_string()).is_some()
    });
    // Nobody can mend what an installed package says.
    problems.retain(|problem| {
        let installed = |label: &Label| label.place.file.path.starts_with(packages);
        problem.is_error() || !problem.labels.first().is_some_and(installed)
    });
}

fn project_files(project: &Project) -> Files {
    Files::new(project.packages.iter().flat_map(|package| {
        let sql = [&package.models, &package.tests, &package.analyses, &package.snapshots];
        let sql = sql.into_iter().flatten().map(|file| file.file.clone());
        sql.chain(package.macros.iter().cloned())
    }))
}

fn read_macros(project: &Project, files: &Files, problems: &mut Vec<Diagnostic>) -> MacroLibrary {
    let mut builder = MacroLibrary::builder(&project.main().name);
    for package in &project.packages {
        for file in &package.macros {
            builder.file(&package.name, &file.path, &file.text);
        }
    }
    for (namespace, order) in &project.main().file.dispatch {
        builder.search_order(namespace, order.clone());
    }
    let (library, errors) = builder.build();
    problems.extend(errors.iter().map(|error| diagnose(error, files)));
    library
}
