//! `sqlflow schema accept`: what sources have now becomes what is accepted.

use super::compare::tell_problems;
use super::paint::{self, Paint, plain};
use super::{chosen, json, left_over};
use crate::args::schema::{Accept, SchemaOutput};
use crate::commands::Opened;
use crate::environment;
use crate::outcome::Exit;
use crate::printer::Printer;
use serde_json::Value;
use sqlflow::artifact::{LeftOver, SchemaDirectory};
use sqlflow::diagnostic::{Code, Diagnostic};
use sqlflow::graph::Graph;
use sqlflow::load::schemas::{
    AcceptRequest, Accepted, Comparison, accept, check_columns, compare_sources,
};
use sqlflow::schema::{Acceptance, AcceptedBy, Snapshot};

pub(super) fn run(opened: &Opened, args: &Accept, printer: &Printer) -> Result<Exit, Exit> {
    let graph = &opened.graph;
    if args.prune && !args.tables.all {
        // clap does not ask for a flag that what is there rules out.
        let problem = Diagnostic::error(Code::SELECTION_SYNTAX, "`--prune` stands without `--all`")
            .with_help("sqlflow schema accept --all --prune");
        printer.problems(&[problem]);
        return Err(Exit::Usage);
    }
    let nodes = chosen(opened, &args.tables, printer)?;
    let request = request(opened, args);
    let compared = compare_sources(graph, &nodes, &opened.target.scratch());
    check_columns(&request, &compared).map_err(|problems| {
        printer.problems(&problems);
        Exit::of_running(&problems)
    })?;
    let done: Vec<Accepted> = compared.iter().map(|found| accept(&request, found)).collect();
    let (pruned, unpruned) = prune(opened, args, printer);
    let both = || compared.iter().zip(&done);
    match args.tables.output {
        SchemaOutput::Json => {
            let values = both().map(|(found, done)| value(graph, found, done, printer));
            json::print(values.collect(), "pruned", &pruned, printer);
        }
        SchemaOutput::Text => {
            let width = compared.iter().map(|found| label(graph, found).chars().count()).max();
            let paint = Paint(printer.data_colour());
            for (found, done) in both() {
                let label = format!("{:<1$}", label(graph, found), width.unwrap_or_default());
                printer.data(&text(&label, done, paint));
            }
            let gone = if args.dry_run { "would be removed" } else { "removed" };
            for file in &pruned {
                printer.data(&(paint.red(&format!("- {} {gone}", file.shown)) + "\n"));
            }
        }
    }
    let failed = both().filter_map(|(found, done)| Some((found.node, problems(done)?)));
    let failed: Vec<_> = failed.collect();
    tell_problems(graph, &failed, printer);
    printer.problems(&unpruned);
    if args.dry_run {
        printer.tell("Nothing was written: --dry-run");
    }
    let all = failed.iter().flat_map(|(_, problems)| *problems).chain(&unpruned);
    Ok(Exit::of_running(&all.cloned().collect::<Vec<_>>()))
}

fn request<'r>(opened: &'r Opened, args: &Accept) -> AcceptRequest<'r> {
    AcceptRequest {
        graph: &opened.graph,
        acceptance: Acceptance {
            at: opened.surroundings.now,
            by: AcceptedBy::Accept,
            who: environment::git_user(&opened.graph.root),
            why: args.message.clone().filter(|why| !why.trim().is_empty()),
        },
        columns: args.columns.clone(),
        dry_run: args.dry_run,
    }
}

/// Removes the snapshots of tables that are gone, where that is asked for: those that went, and why
/// others did not.
fn prune(opened: &Opened, args: &Accept, printer: &Printer) -> (Vec<LeftOver>, Vec<Diagnostic>) {
    if !args.prune {
        left_over(opened, &args.tables, printer);
        return (Vec::new(), Vec::new());
    }
    let (mut gone, mut problems) = (Vec::new(), Vec::new());
    for file in SchemaDirectory::of(&opened.graph).left_over(&opened.graph) {
        match if args.dry_run { Ok(()) } else { file.remove() } {
            Ok(()) => gone.push(file),
            Err(problem) => problems.push(*problem),
        }
    }
    (gone, problems)
}

fn problems(accepted: &Accepted) -> Option<&[Diagnostic]> {
    match accepted {
        Accepted::Failed(problems) => Some(problems),
        Accepted::Unchanged(_)
        | Accepted::First(_)
        | Accepted::Changed(..)
        | Accepted::Repaired(_) => None,
    }
}

fn label(graph: &Graph, found: &Comparison) -> String {
    plain(&graph.node(found.node).label())
}

fn text(label: &str, done: &Accepted, paint: Paint) -> String {
    let line = |text: String| format!("{} {label}  {text}\n", paint.green("✓"));
    let changes = |snapshot: &Snapshot| {
        let last = snapshot.history().last();
        last.map(|entry| paint::entry(entry, paint)).unwrap_or_default()
    };
    match done {
        Accepted::Unchanged(snapshot) => {
            line(format!("as accepted, version {}: nothing to accept", snapshot.version()))
        }
        Accepted::First(snapshot) => {
            let columns = Printer::count(snapshot.columns().len(), "column");
            line(format!("version 1, {columns}"))
        }
        Accepted::Changed(before, snapshot) => {
            line(format!("version {before} -> {}", snapshot.version())) + &changes(snapshot)
        }
        Accepted::Repaired(snapshot) => {
            line(format!("repaired, version {}", snapshot.version())) + &changes(snapshot)
        }
        Accepted::Failed(_) => paint.red(&format!("✗ {label}  not accepted")) + "\n",
    }
}

fn value(graph: &Graph, found: &Comparison, done: &Accepted, printer: &Printer) -> Value {
    let node = graph.node(found.node);
    let mut table = json::table(&node.label(), &node.id.0, &found.file, done.word());
    let entry = match done {
        Accepted::Changed(_, snapshot)
        | Accepted::First(snapshot)
        | Accepted::Repaired(snapshot) => snapshot.history().last().map(json::entry),
        Accepted::Unchanged(_) | Accepted::Failed(_) => None,
    };
    let problems = json::problems(problems(done).unwrap_or_default().iter(), printer);
    let more: [(&str, Value); 3] = [
        ("accepted", done.snapshot().map(json::snapshot).into()),
        ("entry", entry.into()),
        ("problems", problems.into()),
    ];
    table.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    table.into()
}
