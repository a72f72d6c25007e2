//! `sqlflow compile`: writes all SQL, opens nothing.

use super::build::cannot_open;
use super::check::{check, told};
use super::parse::write_manifest;
use super::{Asked, Opened, open_for, selection, tell_messages};
use crate::args::{Common, Compile};
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::compile::{Compilation, Script, compile, compile_inline};
use sqlflow::diagnostic::{Code, Diagnostic};
use sqlflow::engine::{Access, OpenEngine, open as open_engine};
use sqlflow::graph::Graph;
use sqlflow::load::foreseen_script;
use sqlflow::run::SessionIntrospection;
use sqlflow::template::Introspection;
use std::sync::Arc;

pub(crate) fn run(common: &Common, args: &Compile, printer: &Printer) -> Result<Exit, Exit> {
    let event_time = Some(&args.event_time);
    let asked = Asked { event_time, engine: args.engine, full_refresh: false };
    let opened = open_for(common, "compile", &asked, printer)?;
    let graph = &opened.graph;
    let selected = selection(graph, &args.select, printer)?;
    let mut problems = Vec::new();
    let asked = if args.introspect { Some(introspection(&opened, printer)?) } else { None };
    let asked = asked.as_ref().map(|(asked, _)| asked);
    if let Some(text) = &args.inline {
        return inline(&opened, text, asked, printer);
    }
    let mut compilation = compile(graph, &selected, asked);
    problems.extend(foresee_loads(graph, &mut compilation));
    let waiting = compilation.nodes.iter().filter(|node| node.needs_connection);
    let waiting: Vec<String> = waiting.map(|node| graph.node(node.index).label()).collect();
    tell_messages(graph, printer);
    if !waiting.is_empty() {
        let message = format!(
            "{} a connection: {}",
            if waiting.len() == 1 { "1 node needs" } else { "some nodes need" },
            waiting.join(", "),
        );
        problems.push(
            Diagnostic::note(Code::NEEDS_CONNECTION, message).with_note(
                "their templates ask the database; they are compiled when they are built",
            ),
        );
    }
    problems.extend(compilation.broken.values().cloned());
    let fresh = !opened.target.root().exists();
    let written = opened.target.write_compiled(graph, &compilation.nodes).and_then(|()| {
        let everything = selected.len() == graph.nodes.len();
        if fresh || !everything { Ok(()) } else { opened.target.sweep(graph, &compilation.nodes) }
    });
    if let Err(problem) = written {
        printer.problems(&[*problem]);
        return Err(Exit::Surroundings);
    }
    let checked = if args.check { check(graph, &compilation, printer)? } else { None };
    let bound = checked.as_ref().map(|checked| checked.bound(graph)).unwrap_or_default();
    write_manifest(&opened, &compilation.nodes, &bound, printer)?;
    if let Some(checked) = &checked {
        for problem in told(graph, checked, &selected) {
            // What could not be compiled is told once.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        problems.extend(checked.notes(graph, &selected));
    }
    printer.problems(&problems);
    printer.tell(&format!(
        "Compiled {} to {}.",
        Printer::count(compilation.nodes.len() - waiting.len(), "node"),
        opened.target.root().display(),
    ));
    Ok(Exit::of_running(&problems))
}

/// Puts the columns of accepted schemas into the scripts of loads.
fn foresee_loads(graph: &Graph, compilation: &mut Compilation) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for compiled in &mut compilation.nodes {
        let node = graph.node(compiled.index);
        let Some(load) = node.load() else { continue };
        match foreseen_script(graph, node, load) {
            Ok(Some(script)) => {
                let remark = std::mem::take(&mut compiled.script.remark);
                compiled.script = Script { remark, ..script };
            }
            Ok(None) => {}
            Err(found) => problems.extend(found),
        }
    }
    problems
}

/// A read-only session for templates, and the database that it belongs to.
fn introspection(
    opened: &Opened,
    printer: &Printer,
) -> Result<(Arc<dyn Introspection>, OpenEngine), Exit> {
    let engine = open_engine(&opened.graph.target, &Access::Read, &mut |_| true);
    let asked = engine.and_then(|engine| {
        let session = engine.engine.session()?;
        Ok((
            Arc::new(SessionIntrospection::new(session, opened.graph.target.dialect))
                as Arc<dyn Introspection>,
            engine,
        ))
    });
    asked.map_err(|error| {
        let problem = cannot_open(opened, &error);
        printer.problems(std::slice::from_ref(&problem));
        Exit::of_running(&[problem])
    })
}

fn inline(
    opened: &Opened,
    text: &str,
    asked: Option<&Arc<dyn Introspection>>,
    printer: &Printer,
) -> Result<Exit, Exit> {
    match compile_inline(&opened.graph, text, asked) {
        Ok(query) => {
            let masked = printer.secrets().mask(&query.text);
            let text = masked.as_deref().unwrap_or(&query.text);
            printer.data(&format!("{}\n", text.trim_end()));
            Ok(Exit::Success)
        }
        Err(problem) => {
            printer.problems(std::slice::from_ref(&problem));
            Err(Exit::of_running(&[*problem]))
        }
    }
}
