//! Carries out a plan: threads, order, failures.

use super::event::{Event, Listener};
use super::introspect::SessionIntrospection;
use super::outcome::{NodeResult, Outcome, Status};
use super::plan::{Plan, StepIndex};
use super::schedule::Schedule;
use super::standing::Standing;
use super::worker::{Worker, open_failed, survey};
use crate::artifact::TargetDirectory;
use crate::compile::{self, Compilation, Compiled, Script};
use crate::diagnostic::{Code, Diagnostic, grouped};
use crate::dialect::Stage;
use crate::engine::{Engine, EngineError, Session};
use crate::graph::{Graph, Node, NodeIndex, TestNode};
use crate::load::Connections;
use crate::mode::Batch;
use crate::mode::load::OnDrift;
use crate::project::Text;
use crate::relation::RelationName;
use crate::template::Introspection;
use std::collections::{BTreeSet, HashMap};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What a run is asked to do.
pub struct RunRequest<'r> {
    /// The project.
    pub graph: &'r Graph,
    /// The nodes and their order.
    pub plan: &'r Plan,
    /// Their SQL, and what is wrong with those that have none.
    pub compilation: &'r Compilation,
    /// Rebuild what would keep its rows.
    pub full_refresh: bool,
    /// What a drift of a source does, in place of what the loads say.
    pub on_drift: Option<OnDrift>,
    /// Write no file of `schemas/`, and load nothing that has none there.
    pub locked: bool,
    /// Start nothing new once a node has failed.
    pub fail_fast: bool,
    /// The time, for what is recorded.
    pub clock: fn() -> jiff::Timestamp,
}

/// A run while it is carried out: what all threads read.
pub(super) struct Execution<'r> {
    pub(super) graph: &'r Graph,
    pub(super) compilation: &'r Compilation,
    pub(super) engine: &'r dyn Engine,
    pub(super) target: &'r TargetDirectory,
    pub(super) request: &'r RunRequest<'r>,
    pub(super) standing: Standing,
    pub(super) connections: Connections,
    /// What is worth knowing of the beginning.
    notes: Vec<Diagnostic>,
}

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Carries out `request` on `engine`, telling `listener` what happens.
///
/// Everything that goes wrong with a node is in its result; what is built in one node is there
/// whole or not at all.
pub fn execute(
    request: &RunRequest<'_>,
    engine: &dyn Engine,
    target: &TargetDirectory,
    listener: &mut dyn Listener,
) -> Outcome {
    let begin = Instant::now();
    let mut outcome = match prepare(request, engine, target) {
        Ok(execution) => {
            let mut outcome = execution.run(listener);
            outcome.problems.extend(execution.notes);
            let ended = run_hooks(request.graph, engine, &request.graph.on_run_end);
            outcome.problems.extend(ended.err().map(|problem| *problem));
            outcome
        }
        Err(problem) => {
            let skipped = (0..request.plan.steps.len()).map(StepIndex);
            let results = skipped.map(|step| skip(request.plan, step, None)).collect();
            Outcome { results, problems: vec![*problem], ..Outcome::default() }
        }
    };
    outcome.elapsed = begin.elapsed();
    outcome
}

/// Makes schemas and state table, and reads what stands in the target.
fn prepare<'r>(
    request: &'r RunRequest<'r>,
    engine: &'r dyn Engine,
    target: &'r TargetDirectory,
) -> Result<Execution<'r>> {
    let graph = request.graph;
    let mut session = engine.session().map_err(|error| open_failed(&error))?;
    let (made, read) = schemas(request);
    for schema in &made {
        let script = compile::schema_script(graph.target.dialect, schema);
        apply(&mut *session, &script.map_err(|error| defect(&error))?)?;
    }
    run_hooks(graph, engine, &graph.on_run_start)?;
    let standing = survey(graph, &mut *session, &read, &request.plan.written(graph))?;
    let notes = clear(graph, &mut *session, &standing);
    let remembers = |node: &Node| node.load().is_some() || node.snapshot().is_some();
    if request.plan.steps.iter().any(|step| remembers(graph.node(step.node))) {
        let script = compile::state_script(graph).map_err(|error| defect(&error))?;
        apply(&mut *session, &script)?;
    }
    let compilation = request.compilation;
    let loads = request.plan.steps.iter().filter_map(|step| graph.node(step.node).load());
    let connections = Connections::new(loads);
    Ok(Execution { graph, compilation, engine, target, request, standing, connections, notes })
}

/// Drops what runs left that were killed; answers what could not be dropped.
fn clear(graph: &Graph, session: &mut dyn Session, standing: &Standing) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    for orphan in standing.orphans() {
        let sql = compile::statement(graph, "drop_table", orphan);
        if let Err(error) = session.execute(&sql) {
            let message =
                format!("`{orphan}`, which an earlier run left, cannot be dropped: {error}");
            let note = Diagnostic::note(Code::SQL_NOTICE, message);
            notes.push(note.with_help("drop it by hand; it is in nobody's way"));
        }
    }
    notes
}

/// Executes the project's `on-run-start` or `on-run-end`, statement by statement.
fn run_hooks(graph: &Graph, engine: &dyn Engine, hooks: &[Text]) -> Result<()> {
    if hooks.is_empty() {
        return Ok(());
    }
    let session = || engine.session().map_err(|error| open_failed(&error));
    let asked: Arc<dyn Introspection> =
        Arc::new(SessionIntrospection::new(session()?, graph.target.dialect));
    let mut session = session()?;
    for (sql, place) in compile::run_hooks(graph, hooks, &asked)? {
        session
            .execute(&sql)
            .map_err(|error| Box::new(crate::check::refusal(graph, &error).at(place.clone())))?;
    }
    Ok(())
}

fn apply(session: &mut dyn Session, script: &Script) -> Result<()> {
    let statements = script.statements(Stage::Publish, |_| true);
    for statement in statements {
        session.execute(&statement.sql).map_err(|error| open_failed(&error))?;
    }
    Ok(())
}

fn defect(error: &minijinja::Error) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::INTERNAL, format!("an SQL template is broken: {error}")))
}

/// The schemas that the plan makes relations in, and all that it reads from, each once.
fn schemas(request: &RunRequest<'_>) -> (Vec<RelationName>, Vec<RelationName>) {
    let graph = request.graph;
    let schema = |relation: &RelationName| relation.sibling("");
    let mut made = BTreeSet::new();
    let mut read = BTreeSet::new();
    for step in &request.plan.steps {
        let node = graph.node(step.node);
        made.extend(node.relation.as_ref().map(schema));
        if node.test().is_some_and(|test| test.judgement.store_failures) {
            made.insert(schema(&compile::audit_relation(graph, node)));
        }
        for parent in read_by(graph, node) {
            read.extend(graph.node(parent).relation.as_ref().map(schema));
        }
    }
    read.extend(made.iter().cloned());
    (made.into_iter().collect(), read.into_iter().collect())
}

/// The relations that a node's query reads: its parents, and through ephemeral ones theirs.
fn read_by(graph: &Graph, node: &Node) -> BTreeSet<NodeIndex> {
    let mut found = BTreeSet::new();
    let mut edge = node.parents.clone();
    while let Some(index) = edge.pop() {
        if graph.node(index).is_ephemeral() {
            edge.extend(graph.node(index).parents.iter().copied());
        } else {
            found.insert(index);
        }
    }
    found
}

fn skip(plan: &Plan, step: StepIndex, because: Option<NodeIndex>) -> NodeResult {
    NodeResult {
        node: plan.steps[step.0].node,
        status: Status::Skipped { because },
        problems: Vec::new(),
        timing: None,
        thread: 0,
        rows: None,
        failures: None,
        batches: None,
        counts: Vec::new(),
        compiled: None,
    }
}

/// Some threads found no connection, and the others did their work.
fn with_fewer(unable: Vec<Diagnostic>, threads: usize) -> Option<Diagnostic> {
    let count = unable.len();
    let problem = unable.into_iter().next()?;
    let message = format!("{count} of {threads} threads had no connection: {}", problem.message);
    let told = Diagnostic::warning(problem.code, message);
    Some(told.with_help("lower `threads` of the target, or give the server more connections"))
}

/// What the threads tell the schedule.
enum Report {
    Started(StepIndex),
    Finished(StepIndex, Box<NodeResult>),
    /// A thread has no session; the step is for another.
    Unable(StepIndex, Box<Diagnostic>),
}

impl Execution<'_> {
    pub(super) fn run_id(&self) -> &str {
        &self.graph.shared.facts().invocation_id
    }

    fn run(&self, listener: &mut dyn Listener) -> Outcome {
        let plan = self.request.plan;
        let compiled: HashMap<NodeIndex, &Compiled> =
            self.compilation.nodes.iter().map(|compiled| (compiled.index, compiled)).collect();
        let threads = self.graph.target.threads.min(plan.steps.len().max(1));
        let mut outcome = Outcome::default();
        let (to_workers, tasks) = mpsc::channel::<StepIndex>();
        let (report, reports) = mpsc::channel::<Report>();
        let tasks = Mutex::new(tasks);
        let (tasks, compiled) = (&tasks, &compiled);
        std::thread::scope(|scope| {
            for number in 1..=threads {
                let report = report.clone();
                scope.spawn(move || self.work(number, tasks, compiled, &report));
            }
            drop(report);
            self.steer(to_workers, &reports, threads, listener, &mut outcome);
        });
        outcome
    }

    /// One thread: takes tasks until there are no more.
    fn work(
        &self,
        number: usize,
        tasks: &Mutex<mpsc::Receiver<StepIndex>>,
        compiled: &HashMap<NodeIndex, &Compiled>,
        report: &mpsc::Sender<Report>,
    ) {
        // Connected once there is work: a server may have few connections.
        let mut connected: Option<Worker<'_>> = None;
        loop {
            let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(step) = task else { return };
            let worker = match connected.take().map_or_else(|| self.worker(number), Ok) {
                Ok(worker) => connected.insert(worker),
                Err(error) => {
                    // The schedule has gone only when it needs nobody any more.
                    let _gone = report.send(Report::Unable(step, open_failed(&error)));
                    return;
                }
            };
            let node = self.request.plan.steps[step.0].node;
            let _gone = report.send(Report::Started(step));
            let result = match (self.compilation.broken.get(&node), compiled.get(&node)) {
                (None, Some(compiled)) => caught(|| worker.carry_out(compiled))
                    .unwrap_or_else(|problem| self.broken(step, problem)),
                (Some(problem), _) => self.broken(step, problem.clone()),
                (None, None) => {
                    let message = format!("`{}` was not compiled", self.graph.node(node).id);
                    self.broken(step, Diagnostic::error(Code::INTERNAL, message))
                }
            };
            if report.send(Report::Finished(step, Box::new(result))).is_err() {
                return;
            }
        }
    }

    fn worker(&self, number: usize) -> std::result::Result<Worker<'_>, EngineError> {
        let session = self.engine.session()?;
        Ok(Worker { execution: self, session, files: None, introspection: None, number })
    }

    fn broken(&self, step: StepIndex, problem: Diagnostic) -> NodeResult {
        let result = skip(self.request.plan, step, None);
        NodeResult { status: Status::Failed, problems: vec![problem], ..result }
    }

    /// The schedule: hands out what is ready, takes in what is done.
    fn steer(
        &self,
        to_workers: mpsc::Sender<StepIndex>,
        reports: &mpsc::Receiver<Report>,
        threads: usize,
        listener: &mut dyn Listener,
        outcome: &mut Outcome,
    ) {
        let plan = self.request.plan;
        let mut schedule = Schedule::new(plan);
        // Threads that may start something; less than none where those that ended have left work.
        let (mut idle, mut able) = (threads.cast_signed(), threads);
        let mut unable = Vec::new();
        let record = |result: NodeResult, listener: &mut dyn Listener, outcome: &mut Outcome| {
            listener.event(Event::NodeFinished { result: &result });
            outcome.results.push(result);
        };
        while !schedule.is_done() {
            while idle > 0
                && let Some(step) = schedule.start()
            {
                idle -= 1;
                let _gone = to_workers.send(step);
            }
            match reports.recv() {
                Ok(Report::Started(step)) => {
                    listener.event(Event::NodeStarted { node: plan.steps[step.0].node });
                }
                Ok(Report::Finished(step, result)) => {
                    idle += 1;
                    let (good, node) = (result.status.is_good(), result.node);
                    let is_unlocked =
                        result.problems.iter().any(|problem| problem.code == Code::LOCK_LOST);
                    record(*result, listener, outcome);
                    if good {
                        schedule.succeed(step);
                        continue;
                    }
                    for skipped in schedule.fail(step) {
                        record(skip(plan, skipped, Some(node)), listener, outcome);
                    }
                    // Without its locks the run can publish nothing more.
                    if self.request.fail_fast || is_unlocked {
                        for skipped in schedule.stop() {
                            record(skip(plan, skipped, Some(node)), listener, outcome);
                        }
                    }
                }
                Ok(Report::Unable(step, problem)) => {
                    (idle, able) = (idle - 1, able - 1);
                    if able == 0 {
                        outcome.problems.push(*problem);
                        schedule.stop();
                        return;
                    }
                    unable.push(*problem);
                    let _gone = to_workers.send(step);
                }
                Err(mpsc::RecvError) => return,
            }
        }
        outcome.problems.extend(with_fewer(unable, threads));
    }

    /// A relation that is not there is the better reason for `problem`, where there is one.
    pub(super) fn better_reason(&self, node: &Node, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        match problem.code {
            Code::SQL_FAILED => self.missing_parent(node).unwrap_or(problem),
            _ => problem,
        }
    }

    /// What `node` reads and is not there, and how to get it.
    pub(super) fn missing_parent(&self, node: &Node) -> Option<Box<Diagnostic>> {
        for parent in read_by(self.graph, node) {
            let parent = self.graph.node(parent);
            let Some(relation) = &parent.relation else { continue };
            if parent.external().is_some() || self.standing.kind(relation).is_some() {
                continue;
            }
            let external = parent.resource_type() == "source" && parent.load().is_none();
            let message = format!(
                "`{}` needs {} `{}`, but `{relation}` does not exist",
                node.label(),
                parent.resource_type(),
                parent.label(),
            );
            let help = if external {
                format!("declare `path:` to let sqlflow load it, or make `{relation}` first")
            } else {
                let (verb, label) = match parent.load() {
                    Some(_) => ("load --select source", format!(":{}", parent.label())),
                    None => ("build --select", format!(" +{}", parent.name)),
                };
                format!(
                    "make it first: `sqlflow {verb}{label}`, or everything with `sqlflow build`"
                )
            };
            let problem = Diagnostic::error(Code::RELATION_MISSING, message).with_help(help);
            let places = self.graph.locate(node, parent);
            return Some(Box::new(
                places
                    .into_iter()
                    .fold(problem, |problem, (place, text)| problem.label(place, text)),
            ));
        }
        None
    }

    /// Where the statements of `node` were written, for people.
    pub(super) fn where_written(&self, node: &Node, batch: Option<&Batch>) -> String {
        let path = match batch {
            Some(batch) => TargetDirectory::batch_run_path(node, batch),
            None => TargetDirectory::run_path(node),
        };
        let path = self.target.root().join(path);
        let shown = path.strip_prefix(&self.graph.root).unwrap_or(&path);
        format!("the statement is in {}", shown.display())
    }

    /// What a failed test has to say.
    pub(super) fn failed_test(
        &self,
        node: &Node,
        test: &TestNode,
        failures: u64,
        status: Status,
    ) -> Diagnostic {
        let rows = if failures == 1 {
            "1 failing row".to_owned()
        } else {
            format!("{} failing rows", grouped(failures))
        };
        let message = format!("test `{}` found {rows}", node.name);
        let diagnostic = if status == Status::Warned {
            Diagnostic::warning(Code::TEST_FAILED, message)
        } else {
            Diagnostic::error(Code::TEST_FAILED, message)
        };
        let seen = if test.judgement.store_failures {
            let audit = compile::audit_relation(self.graph, node);
            format!("they are in `{audit}`")
        } else {
            let path = self.target.root().join(TargetDirectory::compiled_path(node));
            let shown = path.strip_prefix(&self.graph.root).unwrap_or(&path);
            format!(
                "see them with `sqlflow show {}`; the query is in {}",
                node.name,
                shown.display()
            )
        };
        diagnostic.at(node.place.clone()).with_help(seen)
    }
}

/// Does `work`; a panic in it, which is a defect of ours, fails the node and not the run.
fn caught<T>(work: impl FnOnce() -> T) -> std::result::Result<T, Diagnostic> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or_default();
        Diagnostic::error(Code::INTERNAL, format!("the work on it ended in a panic: {text}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_problem_of_its_node() {
        assert_eq!(caught(|| 1), Ok(1));
        let problem = caught(|| panic!("no {}", "luck")).map(|(): ()| ()).unwrap_err();
        assert_eq!(problem.message, "the work on it ended in a panic: no luck");
    }
}
