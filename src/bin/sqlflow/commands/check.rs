//! `sqlflow check`: types every model without a database.

use super::{open, selection, tell_messages};
use crate::args::{Check, Common};
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::check::{Checked, Verdict};
use sqlflow::compile::{Compilation, compile};
use sqlflow::diagnostic::{Code, Diagnostic};
use sqlflow::graph::{Graph, NodeKind, Selection};
use sqlflow::run::{check_compiled, unused_of, with_ancestors};

pub(crate) fn run(common: &Common, args: &Check, printer: &Printer) -> Result<Exit, Exit> {
    let opened = open(common, "check", false, printer)?;
    let graph = &opened.graph;
    let selected = selection(graph, &args.select, printer)?;
    let compilation = compile(graph, &with_ancestors(graph, &selected), None);
    tell_messages(graph, printer);
    let Some(checked) = check(graph, &compilation, printer)? else { return Ok(Exit::Success) };
    let mut problems = Vec::new();
    let everything = selected.len() == graph.nodes.len();
    problems.extend(told(graph, &checked, &selected));
    if everything {
        // Of a part nobody knows what the rest reads.
        let unused = unused_of(graph, &compilation, &checked);
        problems.extend(unused.map_err(|problem| refuse(*problem, printer))?);
    }
    problems.extend(checked.notes(graph, &selected));
    printer.problems(&problems);
    printer.tell(&summary(graph, &checked, &selected));
    Ok(Exit::of_running(&problems))
}

/// What binding says of the compiled nodes; `None`, which is told, for engines that bind nothing here.
pub(crate) fn check(
    graph: &Graph,
    compilation: &Compilation,
    printer: &Printer,
) -> Result<Option<Checked>, Exit> {
    let checked = check_compiled(graph, compilation);
    let checked = checked.map_err(|problem| refuse(*problem, printer))?;
    if checked.is_none() {
        printer.problems(&[of_another_engine(graph)]);
    }
    Ok(checked)
}

fn refuse(problem: Diagnostic, printer: &Printer) -> Exit {
    let problems = [problem];
    printer.problems(&problems);
    Exit::of_running(&problems)
}

/// What is wrong with the selected nodes, and what is worth a look.
pub(crate) fn told(graph: &Graph, checked: &Checked, selected: &Selection) -> Vec<Diagnostic> {
    let failures = checked.failures(graph).filter(|(index, _)| selected.contains(*index));
    let failures = failures.flat_map(|(_, problems)| problems.to_vec());
    let remarks = checked.remarks.iter().filter(|(index, _)| selected.contains(*index));
    let remarks = remarks.map(|(_, remark)| remark.clone());
    checked.unreadable.iter().cloned().chain(failures).chain(remarks).collect()
}

fn of_another_engine(graph: &Graph) -> Diagnostic {
    let name = graph.target.dialect.name();
    let models = graph.nodes.iter().filter(|node| matches!(node.kind, NodeKind::Model(_)));
    let names: Vec<String> = models.map(sqlflow::graph::Node::label).collect();
    let message =
        format!("not checked here: {} of engine {name}", Printer::count(names.len(), "model"));
    Diagnostic::note(Code::NOT_CHECKED, message).with_note(names.join(", ")).with_help(
        "only DuckDB binds queries without a server: check with a target of `type: duckdb`",
    )
}

fn summary(graph: &Graph, checked: &Checked, selected: &Selection) -> String {
    let queries = checked.verdicts.iter().filter(|(index, _)| {
        let is_root = matches!(graph.node(**index).kind, NodeKind::Source(_) | NodeKind::Seed(_));
        selected.contains(**index) && !is_root
    });
    let (mut hold, mut fail, mut unchecked) = (0, 0, 0);
    for (_, verdict) in queries {
        match verdict {
            Verdict::Holds(_) => hold += 1,
            Verdict::Fails(_) => fail += 1,
            Verdict::Unchecked(_) => unchecked += 1,
        }
    }
    let mut text = format!("Checked {}", Printer::count(hold + fail, "node"));
    if fail > 0 {
        text.push_str(&format!(
            ", {fail} of which {} not fit",
            if fail == 1 { "does" } else { "do" }
        ));
    }
    if unchecked > 0 {
        text.push_str(&format!("; {} not checked", Printer::count(unchecked, "node")));
    }
    text + "."
}
