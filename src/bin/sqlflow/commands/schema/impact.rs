//! What a drift breaks, as lines and as JSON.

use super::paint::{Paint, plain};
use serde_json::{Value, json};
use sqlflow::check::{Affected, Consequence, Impact};
use sqlflow::diagnostic::Place;
use sqlflow::graph::{Graph, NodeIndex};

/// A line for each node that the drift does something to, parents first.
pub(super) fn lines(graph: &Graph, impact: &Impact, paint: Paint) -> String {
    let line = |affected: &Affected| {
        let mark = match affected.consequence {
            Consequence::Breaks(_) | Consequence::BreaksThrough(_) => "✗",
            Consequence::MayBreak(_) => "?",
            Consequence::Changes => "~",
        };
        paint.marked(&plain(&format!("    {mark} {}", affected.told(graph)))) + "\n"
    };
    let mut text: String = impact.affected.iter().map(line).collect();
    if impact.affected.is_empty() && impact.unknown.is_empty() {
        text.push_str("    breaks nothing\n");
    }
    if !impact.unknown.is_empty() {
        let labels: Vec<String> =
            impact.unknown.iter().map(|index| graph.node(*index).label()).collect();
        text.push_str(&plain(&format!("    not known of {}", labels.join(", "))));
        text.push('\n');
    }
    text
}

pub(super) fn value(graph: &Graph, impact: &Impact) -> Value {
    let node = |index: NodeIndex| {
        let node = graph.node(index);
        json!({"unique_id": node.id.0, "resource_type": node.resource_type(), "name": node.label()})
    };
    let affected = impact.affected.iter().map(|affected| {
        let mut value = node(affected.node);
        value["consequence"] = affected.word().into();
        value["places"] = affected.places.iter().map(place).collect::<Vec<_>>().into();
        value["message"] = match &affected.consequence {
            Consequence::Breaks(problem) => problem.message.clone().into(),
            Consequence::MayBreak(casts) => casts.join(", ").into(),
            Consequence::BreaksThrough(_) | Consequence::Changes => Value::Null,
        };
        value["through"] = match &affected.consequence {
            Consequence::BreaksThrough(other) => graph.node(*other).id.0.clone().into(),
            _ => Value::Null,
        };
        let changes = affected.columns.changes().map(|change| change.to_string());
        value["columns"] = changes.collect::<Vec<_>>().into();
        value
    });
    let affected: Vec<Value> = affected.collect();
    let unknown: Vec<Value> = impact.unknown.iter().map(|index| node(*index)).collect();
    json!({"affected": affected, "unknown": unknown})
}

fn place(place: &Place) -> Value {
    let at = place.line_column();
    json!({"file": &*place.file.path, "line": at.line, "column": at.column})
}
