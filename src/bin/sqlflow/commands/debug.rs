//! `sqlflow debug`: checks config, profile, engine and every connection, one line each.

use super::{Opened, build::cannot_open, open};
use crate::args::Common;
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::diagnostic::Diagnostic;
use sqlflow::engine::{Access, open as open_engine};

pub(crate) fn run(common: &Common, printer: &Printer) -> Result<Exit, Exit> {
    printer.data(&format!("sqlflow {}\n", env!("CARGO_PKG_VERSION")));
    let opened = open(common, "debug", false, printer)?;
    let graph = &opened.graph;
    let target = &graph.target;
    line(printer, "project", true, &format!("{} in {}", graph.name, graph.root.display()));
    let place =
        target.path.as_ref().map_or_else(|| "in memory".to_owned(), |p| p.display().to_string());
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
        Ok(version) => line(printer, "engine", true, &version),
        Err(problem) => {
            line(printer, "engine", false, &problem.message);
            printer.problems(std::slice::from_ref(&problem));
            exit = Exit::of_running(&[*problem]);
        }
    }
    for connection in &target.connections {
        let there = connection.kind == "file" && connection.directory.is_dir();
        let text = match (connection.kind.as_str(), there) {
            ("file", true) => format!("{} (file)", connection.directory.display()),
            ("file", false) => format!("{} is not a directory", connection.directory.display()),
            (kind, _) => format!("type `{kind}` is not supported by this version"),
        };
        line(printer, &format!("connection {}", connection.name), there, &text);
        if !there && connection.kind == "file" {
            exit = exit.max(Exit::Surroundings);
        }
    }
    Ok(exit)
}

fn line(printer: &Printer, what: &str, good: bool, text: &str) {
    let mark = if good { "✓" } else { "✗" };
    printer.data(&format!("  {mark} {what:<18} {text}\n"));
}

/// The engine's version. A database file that does not exist yet is not made.
fn check_engine(opened: &Opened) -> Result<String, Box<Diagnostic>> {
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
    Ok(format!("{} {version}{note}", engine.engine.name()))
}
