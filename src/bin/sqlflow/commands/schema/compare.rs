//! `sqlflow schema compare`: what sources have now beside what was accepted.

use super::impact;
use super::json;
use super::paint::{self, Paint, plain};
use super::{chosen, left_over};
use crate::args::schema::{Compare, SchemaOutput};
use crate::commands::Opened;
use crate::outcome::Exit;
use crate::printer::Printer;
use serde_json::Value;
use sqlflow::check::Impact;
use sqlflow::diagnostic::Diagnostic;
use sqlflow::graph::{Graph, NodeIndex};
use sqlflow::load::schemas::{Comparison, Status, changed, compare_sources, impacts};
use sqlflow::schema::{Change, Snapshot, Verdict, fingerprint, hunks};

/// Tables that a message lists.
const LISTED: usize = 8;

pub(super) fn run(opened: &Opened, args: &Compare, printer: &Printer) -> Result<Exit, Exit> {
    let (graph, tables) = (&opened.graph, &args.tables);
    let nodes = chosen(opened, tables, printer)?;
    let mut compared = compare_sources(graph, &nodes, &opened.target.scratch());
    for comparison in &mut compared {
        comparison.policy = args.on_drift.unwrap_or(comparison.policy);
    }
    let drifted = compared.iter().filter_map(|found| Some((found.node, changed(found)?)));
    let impacts = impacts(graph, drifted).map_err(|error| {
        let problem = Diagnostic::error(error.kind.code(), error.message.clone());
        printer.problems(std::slice::from_ref(&problem));
        Exit::of_running(&[problem])
    })?;
    let impact = |found: &Comparison| impacts.as_ref()?.get(&found.node);
    match tables.output {
        SchemaOutput::Json => {
            let left_over = left_over(opened, tables, printer);
            let values = compared
                .iter()
                .map(|comparison| value(graph, comparison, impact(comparison), printer));
            json::print(values.collect(), "left_over", &left_over, printer);
        }
        SchemaOutput::Text => {
            let paint = Paint(printer.data_colour());
            let label = |comparison: &Comparison| plain(&graph.node(comparison.node).label());
            let width = compared.iter().map(|comparison| label(comparison).chars().count()).max();
            for comparison in &compared {
                let label = format!("{:<1$}", label(comparison), width.unwrap_or_default());
                printer.data(&text(graph, &label, comparison, impact(comparison), paint));
            }
            left_over(opened, tables, printer);
        }
    }
    let problems = compared.iter().map(|found| (found.node, found.problems().cloned().collect()));
    tell_problems::<Vec<Diagnostic>>(graph, &problems.collect::<Vec<_>>(), printer);
    tell_summary(&compared, printer);
    Ok(exit(&compared))
}

/// The exit status of what was found: a drift fails whatever its load would do about it.
fn exit(compared: &[Comparison]) -> Exit {
    let of = |comparison: &Comparison| {
        let problems: Vec<Diagnostic> = comparison.problems().cloned().collect();
        let drifted = comparison.status() == Status::Drifted;
        Exit::of_running(&problems).max(if drifted { Exit::Failed } else { Exit::Success })
    };
    compared.iter().map(of).max().unwrap_or(Exit::Success)
}

/// What is wrong with tables. What is wrong with a server is said once for all of them.
pub(super) fn tell_problems<P: AsRef<[Diagnostic]>>(
    graph: &Graph,
    found: &[(NodeIndex, P)],
    printer: &Printer,
) {
    let mut told: Vec<(&Diagnostic, Vec<String>)> = Vec::new();
    for (node, problems) in found {
        for problem in problems.as_ref() {
            let words = |known: &Diagnostic| (known.code, known.message.clone());
            let shared = problem.code.as_str().starts_with("SF6");
            let same = |known: &Diagnostic| shared && words(known) == words(problem);
            let label = graph.node(*node).label();
            match told.iter_mut().find(|(known, _)| same(known)) {
                Some((_, labels)) => labels.push(label),
                None => told.push((problem, vec![label])),
            }
        }
    }
    let problems = told.into_iter().map(|(problem, labels)| match labels.len() {
        1 => problem.clone(),
        count => {
            let listed = labels[..count.min(LISTED)].join(", ");
            let more = if count > LISTED { ", …" } else { "" };
            problem.clone().with_note(format!("so it is for {count} tables: {listed}{more}"))
        }
    });
    printer.problems(&problems.collect::<Vec<_>>());
}

fn tell_summary(compared: &[Comparison], printer: &Printer) {
    let words = [
        (Status::Drifted, "drifted"),
        (Status::Vanished, "not there"),
        (Status::Reordered, "in another order"),
        (Status::Same, "as accepted"),
        (Status::New, "not accepted yet"),
        (Status::Broken, "with a broken snapshot"),
        (Status::Unreachable, "not reached"),
        (Status::Failed, "not compared"),
    ];
    let count = |status| compared.iter().filter(|found| found.status() == status).count();
    let counts = words.map(|(status, words)| (count(status), words));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = counts.map(|(count, words)| format!("{count} {words}")).collect();
    let tables = Printer::count(compared.len(), "table");
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    printer.tell(&format!("{tables}{parts}"));
}

fn text(
    graph: &Graph,
    label: &str,
    comparison: &Comparison,
    impact: Option<&Impact>,
    paint: Paint,
) -> String {
    if comparison.status() == Status::Same {
        return head(label, comparison, paint) + "\n";
    }
    let impact = impact.map(|impact| impact::lines(graph, impact, paint)).unwrap_or_default();
    let lines = paint::lines(&hunks(comparison.lines()), comparison, paint);
    let renames = comparison.renames().map(|(old, new)| {
        let line = format!("    ? {new} is perhaps {old} under a new name");
        paint.yellow(&plain(&line)) + "\n"
    });
    let renames: String = renames.collect();
    let accept = match comparison.status() {
        Status::Drifted | Status::Reordered => {
            format!("    if that is right: sqlflow schema accept {}\n", label.trim_end())
        }
        Status::Same
        | Status::Vanished
        | Status::New
        | Status::Broken
        | Status::Unreachable
        | Status::Failed => String::new(),
    };
    format!("{}\n{lines}{renames}{impact}{accept}", head(label, comparison, paint))
}

/// The line of a table.
fn head(label: &str, comparison: &Comparison, paint: Paint) -> String {
    let accepted = comparison.accepted.as_ref().ok().and_then(Option::as_ref);
    let version = accepted.map(Snapshot::version).unwrap_or_default();
    let policy = comparison.policy;
    let columns = comparison.seen.as_ref().map_or(0, |seen| seen.columns.len());
    let columns = Printer::count(columns, "column");
    let line = match comparison.status() {
        Status::Same => {
            return format!("{} {label}  as accepted, version {version}", paint.green("✓"));
        }
        Status::Reordered => format!("~ {label}  in another order than version {version}"),
        Status::Drifted => {
            format!("~ {label}  drifted from version {version} · on_drift: {policy}")
        }
        Status::New => format!("+ {label}  not accepted yet, {columns}"),
        Status::Vanished => format!("✗ {label}  is not there"),
        Status::Broken => format!("✗ {label}  {} cannot be read", comparison.file),
        Status::Unreachable => format!("✗ {label}  cannot be reached"),
        Status::Failed => format!("✗ {label}  cannot be compared"),
    };
    paint.marked(&line)
}

fn value(
    graph: &Graph,
    comparison: &Comparison,
    impact: Option<&Impact>,
    printer: &Printer,
) -> Value {
    let node = graph.node(comparison.node);
    let status = comparison.status().word();
    let mut table = json::table(&node.label(), &node.id.0, &comparison.file, status);
    let accepted = comparison.accepted.as_ref().ok().and_then(Option::as_ref);
    let seen = comparison.seen.as_ref().ok().map(|seen| {
        let columns: Vec<Value> = seen.columns.iter().map(json::column).collect();
        serde_json::json!({"fingerprint": fingerprint(&seen.columns), "columns": columns})
    });
    let change = |(change, verdict): (Change<'_>, Verdict)| {
        json::change(change, verdict, comparison.sign(change.column()))
    };
    let changes: Vec<Value> = comparison.verdicts().into_iter().map(change).collect();
    let rename = |(from, to): (&str, &str)| serde_json::json!({"from": from, "to": to});
    let renames: Vec<Value> = comparison.renames().map(rename).collect();
    let more: [(&str, Value); 8] = [
        ("on_drift", comparison.policy.name().into()),
        ("halts", halts(comparison).into()),
        ("accepted", accepted.map(json::snapshot).into()),
        ("seen", seen.into()),
        ("changes", changes.into()),
        ("possible_renames", renames.into()),
        ("impact", impact.map(|impact| impact::value(graph, impact)).into()),
        ("problems", json::problems(comparison.problems(), printer).into()),
    ];
    table.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    table.into()
}

/// Whether a load would stop.
fn halts(comparison: &Comparison) -> bool {
    match comparison.status() {
        Status::Broken | Status::Vanished | Status::Unreachable | Status::Failed => true,
        Status::Same | Status::Reordered | Status::Drifted | Status::New => comparison.halts(),
    }
}
