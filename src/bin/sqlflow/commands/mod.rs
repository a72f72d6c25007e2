//! One file a verb: calls the library and tells what came of it.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod compile;
pub(crate) mod debug;
pub(crate) mod explain;
pub(crate) mod help;
pub(crate) mod init;
pub(crate) mod ls;
pub(crate) mod parse;
pub(crate) mod plan;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod watch;

use crate::args::{Common, EventTime, Select};
use crate::environment;
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::artifact::TargetDirectory;
use sqlflow::diagnostic::{Code, Diagnostic, SourceFile, any_error};
use sqlflow::dialect::Dialect;
use sqlflow::graph::{Graph, Invocation, Selection, Surroundings, TargetRequest, select};
use sqlflow::mode::EventTimeWindow;
use sqlflow::project;
use sqlflow::run::{PrepareRequest, prepare};

/// A project that was read and resolved without errors.
pub(crate) struct Opened {
    pub(crate) graph: Graph,
    pub(crate) surroundings: Surroundings,
    pub(crate) target: TargetDirectory,
}

/// Reads the project, and tells what is wrong with it.
pub(crate) fn open(
    common: &Common,
    verb: &str,
    full_refresh: bool,
    printer: &Printer,
) -> Result<Opened, Exit> {
    open_for(common, verb, &Asked { full_refresh, ..Asked::default() }, printer)
}

/// What a verb asks for beside the common flags.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) full_refresh: bool,
    pub(crate) event_time: Option<&'a EventTime>,
    pub(crate) engine: Option<&'static dyn Dialect>,
}

/// Reads the project for what `asked` says.
pub(crate) fn open_for(
    common: &Common,
    verb: &str,
    asked: &Asked<'_>,
    printer: &Printer,
) -> Result<Opened, Exit> {
    let surroundings = environment::surroundings(&common.project_dir, printer.secrets());
    let refused = |problem: Box<Diagnostic>| {
        printer.problems(&[*problem]);
        Exit::Usage
    };
    let mut request = request(common, verb, asked.full_refresh).map_err(refused)?;
    request.target.engine = asked.engine;
    let window = asked.event_time.map(window).transpose().map_err(refused)?;
    request.invocation.event_time = window.flatten();
    let (graph, problems) = prepare(&request, &surroundings);
    printer.problems(&problems);
    let Some(graph) = graph else { return Err(Exit::of_parsing(&problems)) };
    let target = TargetDirectory::of(&graph, common.target_path.as_deref());
    Ok(Opened { graph, surroundings, target })
}

/// The request that the flags mean.
pub(crate) fn request(
    common: &Common,
    verb: &str,
    full_refresh: bool,
) -> Result<PrepareRequest, Box<Diagnostic>> {
    // `a/..` and `./a` shall name the same directory in every message.
    let project = common.project_dir.canonicalize().unwrap_or(common.project_dir.clone());
    let profiles = match &common.profiles_dir {
        Some(directory) => vec![directory.clone()],
        None => {
            let home = environment::home();
            let below_home = |name| home.as_ref().map(|home| home.join(name));
            environment::dbt_profiles_dir()
                .into_iter()
                .chain([project.clone()])
                .chain([below_home(".sqlflow"), below_home(".dbt")].into_iter().flatten())
                .collect()
        }
    };
    Ok(PrepareRequest {
        project,
        profiles,
        target: TargetRequest {
            profile: common.profile.clone(),
            target: common.target.clone(),
            threads: common.threads.map(usize::from),
            engine: None,
        },
        invocation: Invocation {
            verb: verb.to_owned(),
            vars: vars(common.vars.as_deref())?,
            full_refresh,
            event_time: None,
        },
    })
}

/// The window that the flags mean.
fn window(flags: &EventTime) -> Result<Option<EventTimeWindow>, Box<Diagnostic>> {
    let (Some(start), Some(end)) = (flags.event_time_start, flags.event_time_end) else {
        return Ok(None);
    };
    if start < end {
        return Ok(Some(EventTimeWindow { start, end }));
    }
    let message = format!("`--event-time-start` {start} is not before `--event-time-end` {end}");
    let help = "the window holds its start and not its end";
    Err(Box::new(Diagnostic::error(Code::INVALID_VALUE, message).with_help(help)))
}

fn vars(text: Option<&str>) -> Result<serde_json::Map<String, serde_json::Value>, Box<Diagnostic>> {
    let Some(text) = text else { return Ok(serde_json::Map::new()) };
    match project::parse(&SourceFile::new("--vars", text))?.to_json() {
        serde_json::Value::Object(vars) => Ok(vars),
        serde_json::Value::Null => Ok(serde_json::Map::new()),
        _ => Err(Box::new(
            Diagnostic::error(Code::INVALID_VALUE, "`--vars` is not a mapping")
                .with_help("write it as YAML: --vars '{start: 2013-01-01}'"),
        )),
    }
}

/// The nodes that the flags mean.
pub(crate) fn selection(
    graph: &Graph,
    flags: &Select,
    printer: &Printer,
) -> Result<Selection, Exit> {
    let mut problems = Vec::new();
    let include: Vec<String> = flags.select.iter().chain(&flags.names).cloned().collect();
    let selected = select(graph, &include, &flags.exclude, &mut problems);
    printer.problems(&problems);
    if any_error(&problems) { Err(Exit::Usage) } else { Ok(selected) }
}

/// Tells what templates said while they were rendered.
pub(crate) fn tell_messages(graph: &Graph, printer: &Printer) {
    use sqlflow::template::Level;
    for (level, node, text) in graph.shared.take_messages() {
        match level {
            Level::Debug => {}
            Level::Info => printer.tell(&text),
            Level::Warning => {
                let problem = Diagnostic::warning(Code::TEMPLATE_WARNED, text);
                printer.problems(&[problem.with_note(format!("said by {node}"))]);
            }
        }
    }
}
