//! `sqlflow plan`: what a build would do, in order; runs nothing.

use super::{Opened, open, selection};
use crate::args::{Common, PlanArgs, PlanOutput, Select};
use crate::outcome::Exit;
use crate::printer::Printer;
use sqlflow::graph::{ExportNode, ExportTarget, LoadNode, Node, NodeKind};
use sqlflow::mode::load::{DeleteKind, LoadMode};
use sqlflow::mode::scd2::{Change, HardDeletes, Scd2};
use sqlflow::mode::{ExportMode, Materialization, Mode};
use sqlflow::run::{Kinds, Plan};
use std::fmt::Write;

pub(crate) fn run(common: &Common, args: &PlanArgs, printer: &Printer) -> Result<Exit, Exit> {
    let opened = open(common, "plan", false, printer)?;
    match args.output {
        PlanOutput::Text => show(&opened, &args.select, Kinds::ALL, printer),
        PlanOutput::Json => json(&opened, &args.select, printer),
    }
}

/// The plan as text: wave by wave, each needing only those before it.
pub(crate) fn show(
    opened: &Opened,
    select: &Select,
    kinds: Kinds,
    printer: &Printer,
) -> Result<Exit, Exit> {
    let graph = &opened.graph;
    let plan = Plan::new(graph, &selection(graph, select, printer)?, kinds);
    let mut text = String::new();
    for (number, wave) in (1..).zip(plan.waves()) {
        // Writing to a string cannot fail.
        _ = writeln!(text, "wave {number}");
        for step in wave {
            let node = graph.node(plan.steps[step.0].node);
            let what =
                node.relation.as_ref().map_or_else(|| node.name.clone(), ToString::to_string);
            _ = writeln!(text, "  {:<8} {what:<48}  {}", node.resource_type(), action(node));
        }
    }
    if plan.steps.is_empty() {
        text.push_str("Nothing to do.\n");
    }
    printer.data(&text);
    Ok(Exit::Success)
}

fn json(opened: &Opened, select: &Select, printer: &Printer) -> Result<Exit, Exit> {
    let graph = &opened.graph;
    let plan = Plan::new(graph, &selection(graph, select, printer)?, Kinds::ALL);
    let waves = plan.waves();
    let steps: Vec<_> = waves
        .iter()
        .enumerate()
        .flat_map(|(wave, steps)| steps.iter().map(move |step| (wave + 1, step)))
        .map(|(wave, step)| {
            let step = &plan.steps[step.0];
            let node = graph.node(step.node);
            let waits: Vec<&str> = step
                .waits_for
                .iter()
                .map(|parent| graph.node(plan.steps[parent.0].node).id.0.as_str())
                .collect();
            serde_json::json!({
                "unique_id": node.id.0,
                "resource_type": node.resource_type(),
                "relation": node.relation.as_ref().map(ToString::to_string),
                "action": action(node),
                "wave": wave,
                "waits_for": waits,
            })
        })
        .collect();
    printer.data(&format!("{}\n", serde_json::json!({"steps": steps})));
    Ok(Exit::Success)
}

/// What would be done with the node.
fn action(node: &Node) -> String {
    match &node.kind {
        NodeKind::Model(Materialization::View) => "create or replace the view".to_owned(),
        NodeKind::Model(Materialization::MaterializedView) => {
            "refresh the materialized view, or make it anew".to_owned()
        }
        NodeKind::Model(Materialization::Table) => "replace the table".to_owned(),
        NodeKind::Model(Materialization::Incremental(incremental)) => {
            let mode = &incremental.mode;
            let by = match mode {
                Mode::InsertOverwrite(partitions) => {
                    format!(" by {}", partitions.columns().join(", "))
                }
                Mode::Microbatch(batch) => {
                    format!(" by {} of {}", batch.batch_size.name(), batch.event_time)
                }
                Mode::DeleteInsert(key) => format!(" on {}", key.columns().join(", ")),
                Mode::Merge(merge) => format!(" on {}", merge.key.columns().join(", ")),
                Mode::Replace | Mode::Append => String::new(),
            };
            format!("{mode}{by}; create where there is no table yet")
        }
        NodeKind::Model(Materialization::Ephemeral) | NodeKind::Analysis => String::new(),
        NodeKind::Seed(seed) => format!("replace from {}", seed.path),
        NodeKind::Source(source) => match &source.load {
            Some(load) => from_source(load),
            None => String::new(),
        },
        NodeKind::Snapshot(snapshot) => versions(&snapshot.scd2),
        NodeKind::Export(export) => to_destination(export),
        NodeKind::Test(_) => "count failing rows".to_owned(),
    }
}

/// How a source's rows come into their table.
fn from_source(load: &LoadNode) -> String {
    let rules = &load.rules;
    let mut text = rules.definition();
    if rules.cursor.as_ref().is_some_and(|cursor| cursor.lag.is_some()) {
        text.push_str(" with a lag");
    }
    text = format!("{text} from {}", load.object);
    if rules.mode == LoadMode::Append && rules.cursor.is_none() {
        text.push_str(", each file once");
    }
    let gone = if rules.deletes.complete { "rows that are gone" } else { "rows marked deleted" };
    match (&rules.deletes.kind, rules.mode) {
        (_, LoadMode::Scd2) if rules.deletes.complete => text.push_str("; close what is gone"),
        (DeleteKind::Hard, _) => _ = write!(text, "; delete {gone}"),
        (DeleteKind::Soft(column), _) => _ = write!(text, "; date {gone} in {column}"),
        (DeleteKind::None, _) => {}
    }
    text
}

/// Where an export's rows go, and what becomes of what is there.
fn to_destination(export: &ExportNode) -> String {
    let shown = export.shown();
    match (&export.mode, &export.target) {
        (ExportMode::Replace { .. }, ExportTarget::Files(file)) if file.is_folder() => {
            format!("replace the {} files of {shown}", file.format.shown())
        }
        (ExportMode::Replace { .. }, ExportTarget::Files(file)) => {
            format!("write {} to {shown}", file.format.shown())
        }
        (_, ExportTarget::Files(file)) => format!("add {} files to {shown}", file.format.shown()),
        (ExportMode::Replace { .. }, ExportTarget::Table { .. }) => {
            format!("replace the rows of {shown}")
        }
        (ExportMode::Append, ExportTarget::Table { .. }) => format!("append to {shown}"),
        (ExportMode::Merge { key }, ExportTarget::Table { .. }) => {
            format!("merge into {shown} on {}", key.columns().join(", "))
        }
    }
}

/// How versions are kept.
fn versions(scd2: &Scd2) -> String {
    let key = scd2.key.columns().join(", ");
    let change = match &scd2.change {
        Change::Timestamp(column) => format!("a later {column}"),
        Change::Columns { tracked, .. } if tracked.is_empty() => "any other value".to_owned(),
        Change::Columns { tracked, .. } => format!("another {}", tracked.join(", ")),
    };
    let deleted = match scd2.deletes {
        HardDeletes::Ignore => "",
        HardDeletes::Invalidate => "; close what is gone",
        HardDeletes::NewRecord => "; close what is gone, and say so",
    };
    format!("versions of {key}, a new one for {change}{deleted}")
}
