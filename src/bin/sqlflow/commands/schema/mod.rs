//! `sqlflow schema`: the accepted schemas of sources, and what sources have in their place.

mod accept;
mod compare;
mod history;
mod impact;
mod json;
mod paint;
mod show;

use super::{Opened, open};
use crate::args::Common;
use crate::args::schema::{Schema, SchemaOutput, Tables};
use crate::outcome::Exit;
use crate::printer::Printer;
use paint::Paint;
use serde_json::Value;
use sqlflow::artifact::{LeftOver, SchemaDirectory};
use sqlflow::diagnostic::{Code, Diagnostic};
use sqlflow::graph::{Graph, NodeIndex};
use sqlflow::load::schemas::{all, choose};
use sqlflow::schema::Snapshot;

/// Files that a warning lists.
const LISTED: usize = 10;

pub(crate) fn run(common: &Common, verb: &Schema, printer: &Printer) -> Result<Exit, Exit> {
    let opened = open(common, "schema", false, printer)?;
    match verb {
        Schema::Show(tables) => show::run(&opened, tables, printer),
        Schema::History(tables) => history::run(&opened, tables, printer),
        Schema::Compare(args) => compare::run(&opened, args, printer),
        Schema::Accept(args) => accept::run(&opened, args, printer),
    }
}

/// Writes each table's accepted schema: as `value` says in JSON, as `text` says for people.
fn print_each(
    opened: &Opened,
    tables: &Tables,
    printer: &Printer,
    value: fn(&Read, &Printer) -> Value,
    text: fn(&Read, Paint) -> String,
) -> Result<Exit, Exit> {
    let nodes = chosen(opened, tables, printer)?;
    let (read, exit) = read(&opened.graph, &nodes, printer);
    let left_over = left_over(opened, tables, printer);
    match tables.output {
        SchemaOutput::Json => {
            let values = read.iter().map(|read| value(read, printer));
            json::print(values.collect(), "left_over", &left_over, printer);
        }
        SchemaOutput::Text => {
            let paint = Paint(printer.data_colour());
            let texts: Vec<String> = read.iter().map(|read| text(read, paint)).collect();
            printer.data(&texts.join("\n"));
        }
    }
    Ok(exit)
}

/// The tables that the arguments mean.
fn chosen(opened: &Opened, tables: &Tables, printer: &Printer) -> Result<Vec<NodeIndex>, Exit> {
    if tables.all {
        return Ok(all(&opened.graph));
    }
    choose(&opened.graph, &tables.names).map_err(|problems| {
        printer.problems(&problems);
        Exit::of_running(&problems)
    })
}

/// The snapshots of tables that are gone, told as a warning where all tables are meant.
fn left_over(opened: &Opened, tables: &Tables, printer: &Printer) -> Vec<LeftOver> {
    if !tables.all {
        return Vec::new();
    }
    let left_over = SchemaDirectory::of(&opened.graph).left_over(&opened.graph);
    if !left_over.is_empty() {
        let count = Printer::count(left_over.len(), "snapshot");
        let message = format!("{count} of tables that this project does not have");
        let warning = Diagnostic::warning(Code::SNAPSHOT_LEFT_OVER, message)
            .with_help("`sqlflow schema accept --all --prune` removes them");
        let listed = left_over.iter().take(LISTED).map(|file| file.shown.clone());
        let more = left_over.len().checked_sub(LISTED).filter(|more| *more > 0);
        let listed = listed.chain(more.map(|more| format!("and {more} more")));
        printer.problems(&[listed.fold(warning, Diagnostic::with_note)]);
    }
    left_over
}

/// A table with what stands in its file.
struct Read {
    label: String,
    id: String,
    file: String,
    snapshot: Result<Option<Snapshot>, Vec<Diagnostic>>,
}

/// What stands in the files of `nodes`; broken ones are told.
fn read(graph: &Graph, nodes: &[NodeIndex], printer: &Printer) -> (Vec<Read>, Exit) {
    let directory = SchemaDirectory::of(graph);
    let read = |index: &NodeIndex| {
        let node = graph.node(*index);
        Read {
            label: node.label(),
            id: node.id.0.clone(),
            file: directory.shown_path(node.source_name(), &node.name),
            snapshot: directory.read(node.source_name(), &node.name),
        }
    };
    let read: Vec<Read> = nodes.iter().map(read).collect();
    let problems = read.iter().filter_map(|read| read.snapshot.as_ref().err()).flatten();
    let problems: Vec<Diagnostic> = problems.cloned().collect();
    printer.problems(&problems);
    (read, Exit::of_running(&problems))
}

impl Read {
    /// The words that both outputs begin with.
    fn word(&self) -> &'static str {
        match &self.snapshot {
            Ok(Some(_)) => "accepted",
            Ok(None) => "none",
            Err(_) => "broken",
        }
    }

    /// A line where there is no snapshot to tell more of.
    fn lack(&self) -> String {
        match &self.snapshot {
            Ok(_) => format!(
                "nothing is accepted yet: the first load does, or sqlflow schema accept {}",
                self.label
            ),
            Err(_) => format!("{} cannot be read", self.file),
        }
    }
}
