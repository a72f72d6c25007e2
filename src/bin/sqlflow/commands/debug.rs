//! `sqlflow debug`: checks config, profile, engine and every connection, one line each.

use super::{Opened, build::cannot_open, open};
use crate::args::{Common, DebugArgs};
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::connector::specs;
use sqlflow::diagnostic::Diagnostic;
use sqlflow::engine::{Access, open as open_engine};
use sqlflow::graph::Connection;
use sqlflow::load;

pub(crate) fn run(common: &Common, args: &DebugArgs, printer: &Printer) -> Result<Exit, Exit> {
    if args.list {
        list(printer);
        return Ok(Exit::Success);
    }
    printer.data(&format!("sqlflow {}\n", env!("CARGO_PKG_VERSION")));
    let opened = open(common, "debug", false, printer)?;
    let graph = &opened.graph;
    let target = &graph.target;
    line(printer, "project", true, &format!("{} in {}", graph.name, graph.root.display()));
    let place = match (&target.path, &target.server) {
        (Some(path), _) => path.display().to_string(),
        (None, Some(_)) => format!("schema {} of database {}", target.schema, target.database),
        (None, None) => "in memory".to_owned(),
    };
    line(
        printer,
        "target",
        true,
        &format!(
            "{} of profile {}: {}, {place}",
            target.name,
            target.profile,
            target.dialect.name()
        ),
    );
    let mut exit = Exit::Success;
    match check_engine(&opened) {
        Ok((version, about)) => {
            line(printer, "engine", true, &version);
            for (subject, found) in about {
                printer.data(&format!("      · {subject:<15} {found}\n"));
            }
        }
        Err(problem) => {
            line(printer, "engine", false, &problem.message);
            printer.problems(std::slice::from_ref(&problem));
            exit = Exit::of_running(&[*problem]);
        }
    }
    for connection in &target.connections {
        exit = exit.max(check_connection(connection, printer));
    }
    Ok(exit)
}

fn line(printer: &Printer, what: &str, good: bool, text: &str) {
    let mark = if good { "✓" } else { "✗" };
    printer.data(&format!("  {mark} {what:<18} {text}\n"));
}

/// Tries a connection, and tells what it finds.
fn check_connection(connection: &Connection, printer: &Printer) -> Exit {
    let what = format!("connection {}", connection.name);
    let kind = &connection.kind.text;
    let wrong = load::check_connection(connection);
    if let Some(problem) = wrong.first() {
        line(printer, &what, false, &problem.message);
        printer.problems(&wrong);
        return Exit::of_running(&wrong);
    }
    if kind == "file" {
        let there = connection.directory.is_dir();
        let lacking = if there { "(file)" } else { "is not a directory" };
        line(printer, &what, there, &format!("{} {lacking}", connection.directory.display()));
        return if there { Exit::Success } else { Exit::Surroundings };
    }
    let report = match load::open_connection(connection) {
        Ok(system) => system.test_connection().unwrap_or_default(),
        Err(problems) => {
            line(printer, &what, false, kind);
            printer.problems(&problems);
            return Exit::of_running(&problems);
        }
    };
    let latency = report.latency.map(|time| format!(", {:.1} ms", time.as_secs_f64() * 1000.0));
    let failed = report.checks.iter().any(|(_, found)| found.is_err());
    let version = if report.version.is_empty() { kind } else { &report.version };
    let text = format!("{version}{}", latency.unwrap_or_default());
    line(printer, &what, !failed, &text);
    for (check, found) in &report.checks {
        match found {
            Ok(found) => printer.data(&format!("      ✓ {check:<15} {found}\n")),
            Err(error) => {
                printer.data(&format!("      ✗ {check:<15} {error}\n"));
                if let Some(help) = &error.help {
                    printer.data(&format!("        {:<15} {help}\n", ""));
                }
            }
        }
    }
    if failed { Exit::Surroundings } else { Exit::Success }
}

/// The kinds of connections with their parameters.
fn list(printer: &Printer) {
    for spec in specs() {
        printer.data(&format!("{} {} · {}\n", spec.name, spec.version, spec.about));
        for parameter in spec.parameters {
            let needed = if parameter.required { " (needed)" } else { "" };
            printer.data(&format!("  {:<20} {}{needed}\n", parameter.name, parameter.about));
        }
    }
}

/// The engine's version, and what else is to know of it. A database file that does not exist yet is
/// not made.
fn check_engine(opened: &Opened) -> Result<(String, About), Box<Diagnostic>> {
    let mut target = opened.graph.target.clone();
    let fresh = target.path.as_ref().is_some_and(|path| !path.exists());
    let parent_there =
        target.path.as_ref().and_then(|p| p.parent()).is_none_or(std::path::Path::is_dir);
    if fresh && parent_there {
        target.path = None;
    }
    let engine = open_engine(&target, &Access::Read, &mut |_| true)
        .map_err(|error| Box::new(cannot_open(opened, &error)))?;
    let version =
        engine.engine.version().map_err(|error| Box::new(cannot_open(opened, &error.into())))?;
    let note = if fresh { ", the file is made by the first build" } else { "" };
    let about =
        engine.engine.about().map_err(|error| Box::new(cannot_open(opened, &error.into())))?;
    Ok((format!("{} {version}{note}", engine.engine.name()), about))
}

/// Subjects, and what is so.
type About = Vec<(&'static str, String)>;
