//! `sqlflow build`, and `load`, `seed`, `run`, `test`, which are parts of it.

use super::{Asked, Opened, open_for, parse::write_manifest, selection, tell_messages};
use crate::args::{Common, Run};
use crate::environment;
use crate::outcome::Exit;
use crate::printer::Printer;
use crate::report::Report;
use sqlflow::artifact::{ResultRow, run_results};
use sqlflow::compile::{Compilation, compile};
use sqlflow::diagnostic::{Code, Diagnostic};
use sqlflow::engine::duckdb::{LockHolder, last_holder};
use sqlflow::engine::{Access, EngineError, OpenEngine, OpenError, Waiting, open as open_engine};
use sqlflow::graph::Selection;
use sqlflow::relation::RelationName;
use sqlflow::run::{
    Kinds, Outcome, Plan, RunRequest, break_what_fails, check_compiled, execute,
    has_accepted_schemas,
};
use std::time::Duration;

/// Carries out the nodes of `kinds` that are selected.
pub(crate) fn run(
    common: &Common,
    args: &Run,
    verb: &'static str,
    kinds: Kinds,
    printer: &Printer,
) -> Result<Exit, Exit> {
    let (full_refresh, event_time) = (args.full_refresh, Some(&args.event_time));
    let asked = Asked { full_refresh, event_time, engine: None };
    let opened = open_for(common, verb, &asked, printer)?;
    if args.dry_run {
        return super::plan::show(&opened, &args.select, kinds, printer);
    }
    let selected = selection(&opened.graph, &args.select, printer)?;
    build(&opened, common, args, verb, &selected, kinds, printer).map(|(exit, _)| exit)
}

/// Compiles and carries out `selected`; answers what came of it.
pub(crate) fn build(
    opened: &Opened,
    common: &Common,
    args: &Run,
    verb: &'static str,
    selected: &Selection,
    kinds: Kinds,
    printer: &Printer,
) -> Result<(Exit, Outcome), Exit> {
    let graph = &opened.graph;
    let plan = Plan::new(graph, selected, kinds);
    let mut report = Report::new(graph, &plan, printer);
    report.header();
    let running = Selection::of(graph, plan.steps.iter().map(|step| step.node));
    let mut compilation = compile(graph, &running, None);
    let fail = |problem: Box<Diagnostic>| {
        printer.problems(std::slice::from_ref(&problem));
        Exit::of_running(&[*problem])
    };
    opened.target.write_compiled(graph, &compilation.nodes).map_err(fail)?;
    let checked = if args.no_check || !has_accepted_schemas(graph) {
        None
    } else {
        check_compiled(graph, &compilation).map_err(fail)?
    };
    let bound = checked.as_ref().map(|checked| checked.bound(graph)).unwrap_or_default();
    write_manifest(opened, &compilation.nodes, &bound, printer)?;
    if let Some(checked) = &checked {
        break_what_fails(graph, &mut compilation, checked);
    }
    if plan.steps.is_empty() {
        printer.tell("Nothing to do.");
        return Ok((Exit::Success, Outcome::default()));
    }
    let timeout = Duration::from_secs(args.lock_timeout);
    let written = plan.written(graph);
    let engine = open_target(opened, verb, timeout, &written, printer).map_err(fail)?;
    let request = RunRequest {
        graph,
        plan: &plan,
        compilation: &compilation,
        full_refresh: args.full_refresh,
        on_drift: args.on_drift,
        locked: args.locked,
        fail_fast: args.fail_fast,
        clock: environment::now,
    };
    let outcome = execute(&request, &*engine.engine, &opened.target, &mut report);
    drop(engine);
    if compilation.nodes.iter().any(|node| node.needs_connection) {
        // Their SQL is known only now.
        let executed = outcome.results.iter().filter_map(|result| result.compiled.clone());
        write_manifest(opened, &executed.collect::<Vec<_>>(), &bound, printer)?;
    }
    write_results(opened, common, verb, &compilation, &outcome).map_err(fail)?;
    report.finish(&outcome);
    tell_messages(graph, printer);
    let problems: Vec<Diagnostic> = outcome.all_problems().cloned().collect();
    printer.problems(&problems);
    report.last_line(&outcome);
    Ok((Exit::of_running(&problems), outcome))
}

/// Opens the target for writing, alone.
pub(crate) fn open_target(
    opened: &Opened,
    verb: &str,
    timeout: Duration,
    written: &[RelationName],
    printer: &Printer,
) -> Result<OpenEngine, Box<Diagnostic>> {
    let surroundings = &opened.surroundings;
    let holder = LockHolder {
        host: surroundings.host_name.clone(),
        pid: surroundings.process_id,
        verb: verb.to_owned(),
        since: surroundings.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    let mut told = false;
    let mut waiting = |holder: Option<&LockHolder>| {
        if !std::mem::replace(&mut told, true) {
            let who = holder.map_or_else(|| "another run".to_owned(), ToString::to_string);
            printer.tell(&format!("Waiting for {who} …"));
        }
        true
    };
    let access = Access::Write { holder: holder.clone(), timeout };
    let refused = |error: OpenError| Box::new(cannot_open(opened, &error));
    let mut engine = open_engine(&opened.graph.target, &access, &mut waiting).map_err(refused)?;
    let mut waiting = Waiting { holder: &holder, timeout, told: &mut waiting };
    engine.hold(written, &mut waiting).map_err(refused)?;
    #[cfg(debug_assertions)]
    let engine = stallable(engine);
    Ok(engine)
}

/// With stops for the tests, where one asks for them.
#[cfg(debug_assertions)]
fn stallable(mut opened: OpenEngine) -> OpenEngine {
    if let Some(marker) = environment::stall_marker() {
        opened.engine = crate::stall::stalling(opened.engine, marker);
    }
    opened
}

/// Why the target cannot be opened, and what to do.
pub(crate) fn cannot_open(opened: &Opened, error: &OpenError) -> Diagnostic {
    use sqlflow::engine::ErrorKind;
    let target = &opened.graph.target;
    let message = format!("target `{}` cannot be opened: {error}", target.name);
    match error {
        OpenError::Locked(_) => Diagnostic::error(Code::DATABASE_HELD, message)
            .with_help("wait for it to end, or wait longer with --lock-timeout SECONDS"),
        OpenError::Engine(refused) => match refused.kind {
            ErrorKind::Held { pid } => {
                let run = target.path.as_deref().and_then(last_holder);
                if let Some(run) = run.filter(|run| Some(run.pid) == pid) {
                    let message = format!("target `{}` is in use by {run}", target.name);
                    return Diagnostic::error(Code::DATABASE_HELD, message)
                        .with_help("wait for it to end, then try again");
                }
                let help = match pid {
                    Some(pid) => format!("close the program with process id {pid}, then try again"),
                    None => "close the program that holds it, then try again".to_owned(),
                };
                Diagnostic::error(Code::DATABASE_HELD, message).with_help(help)
            }
            ErrorKind::Sql => Diagnostic::error(Code::CANNOT_OPEN, message)
                .at_maybe(target.settings_place.clone())
                .with_help_maybe(did_you_mean_one_of(refused)),
            _ => {
                let missing = target.path.as_ref().is_some_and(|path| !path.exists());
                let parent_there = target.path.as_ref().and_then(|path| path.parent());
                let help = if missing && parent_there.is_some_and(std::path::Path::is_dir) {
                    "nothing was built yet: `sqlflow build` makes it"
                } else {
                    "`sqlflow debug` shows how the target is set up"
                };
                Diagnostic::error(Code::CANNOT_OPEN, message)
                    .at_maybe(target.path_place.clone())
                    .with_help(help)
            }
        },
    }
}

fn did_you_mean_one_of(refused: &EngineError) -> Option<String> {
    let near = refused.candidates.first()?;
    Some(format!("did you mean `{near}`?"))
}

fn write_results(
    opened: &Opened,
    common: &Common,
    verb: &str,
    compilation: &Compilation,
    outcome: &Outcome,
) -> Result<(), Box<Diagnostic>> {
    let graph = &opened.graph;
    let rows: Vec<ResultRow<'_>> = outcome
        .results
        .iter()
        .map(|result| {
            let node = graph.node(result.node);
            let compiled = result.compiled.as_ref().or_else(|| {
                compilation.nodes.iter().find(|compiled| compiled.index == result.node)
            });
            let mut response = serde_json::Map::new();
            if let Some(rows) = result.rows {
                response.insert("rows_affected".to_owned(), rows.into());
            }
            for (name, count) in &result.counts {
                response.insert((*name).to_owned(), (*count).into());
            }
            ResultRow {
                node: result.node,
                status: result.status.dbt_word(node.test().is_some()),
                thread: format!("Thread-{}", result.thread),
                timing: result.timing,
                message: result.problems.first().map(|problem| problem.message.clone()),
                failures: result.failures,
                batches: result.batches.as_ref(),
                adapter_response: response,
                compiled,
            }
        })
        .collect();
    let arguments = serde_json::json!({
        "which": verb,
        "target": graph.target.name,
        "profile": graph.target.profile,
        "threads": graph.target.threads,
        "project_dir": common.project_dir.to_string_lossy(),
    });
    let text = run_results(graph, &rows, outcome.elapsed, environment::now(), &arguments).map_err(
        |error| {
            let message = format!("the run results cannot be written as JSON: {error}");
            Box::new(Diagnostic::error(Code::INTERNAL, message))
        },
    )?;
    opened.target.write_whole("run_results.json", &text)
}
