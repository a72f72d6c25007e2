//! From a directory to a graph: the steps that every verb begins with.

use crate::diagnostic::{Diagnostic, any_error};
use crate::engine::check_target;
use crate::export::check_exports;
use crate::graph::{Graph, Invocation, Surroundings, TargetRequest, resolve};
use crate::load::{check_connections, check_options};
use crate::project::{self, read_profiles};
use std::path::PathBuf;

/// Which project, for which target.
#[derive(Debug, Clone)]
pub struct PrepareRequest {
    /// The project's directory.
    pub project: PathBuf,
    /// Directories that may hold profiles.yml, in order, besides the project's.
    pub profiles: Vec<PathBuf>,
    /// The target.
    pub target: TargetRequest,
    /// What the user asked, as far as templates see it.
    pub invocation: Invocation,
}

/// Reads and resolves a project. The graph is complete only where no problem is an error.
pub fn prepare(
    request: &PrepareRequest,
    surroundings: &Surroundings,
) -> (Option<Graph>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let graph = prepare_into(request, surroundings, &mut problems);
    (graph, problems)
}

fn prepare_into(
    request: &PrepareRequest,
    surroundings: &Surroundings,
    problems: &mut Vec<Diagnostic>,
) -> Option<Graph> {
    let project = project::read(&request.project, problems)?;
    let secrets = &surroundings.secrets;
    let profiles = read_profiles(&request.profiles, &request.project, secrets, problems)?;
    let graph =
        resolve(&project, &profiles, &request.target, &request.invocation, surroundings, problems)?;
    problems.extend(check_target(&graph.target));
    problems.extend(check_connections(&graph));
    problems.extend(check_options(&graph));
    for problem in check_exports(&graph) {
        // What is wrong with a connection is told once, whoever uses it.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    // Without every node and edge, nothing after this could be trusted.
    (!any_error(problems)).then_some(graph)
}
