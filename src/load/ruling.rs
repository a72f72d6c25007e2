//! What a load does about a drift of its source: which columns it reads, and what it says.

use super::drift::{self, SourceColumns, SourceDrift};
use super::schemas::impact_lines;
use super::table::{Known, LoadRequest, Result, Work};
use crate::artifact::SchemaDirectory;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{LoadNode, Node};
use crate::mode::Selection;
use crate::relation::Column;
use crate::schema::{Policy, Snapshot, Verdict};

/// What becomes of a source that is compared with its accepted schema.
#[derive(Debug, Clone, Default)]
pub(super) struct Ruling {
    /// The columns that are loaded, in the order of the accepted schema.
    pub(super) columns: Vec<Column>,
    /// Columns of the source that are left out.
    pub(super) left_out: Vec<String>,
    /// Whether the schema has changed.
    pub(super) has_accepted: bool,
    /// What is worth saying once the rows are there.
    pub(super) notes: Vec<Diagnostic>,
}

impl Work<'_> {
    /// Compares the source with what was accepted.
    ///
    /// # Errors
    /// The policy stops the load.
    pub(super) fn judge(&self, known: &Known, seen: SourceColumns) -> Result<Ruling> {
        let LoadRequest { graph, node, load, .. } = self.request;
        let Some(snapshot) = &known.accepted.snapshot else {
            return Ok(Ruling { columns: seen.columns, ..Ruling::default() });
        };
        let policy = self.request.policy();
        let drift = SourceDrift::between(load, snapshot, seen);
        let stops = drift.verdicts(policy).iter().any(|(_, verdict)| *verdict == Verdict::Halt);
        if stops {
            let problem = drift::problem(graph, node, load, &drift, policy);
            return Err(vec![
                impact_lines(graph, node, &drift).into_iter().fold(problem, Diagnostic::with_note),
            ]);
        }
        let mut ruling = rule(node, load, &drift, policy);
        if ruling.has_accepted
            && let Some(note) = ruling.notes.first_mut()
        {
            note.notes.extend(impact_lines(graph, node, &drift));
        }
        Ok(ruling)
    }

    /// What is said of the file of the snapshot, where it is not what the load goes by.
    pub(super) fn tell_of_file(&mut self, known: &Known, snapshot: &Snapshot) {
        let (graph, node) = (self.request.graph, self.request.node);
        let path = SchemaDirectory::of(graph).shown_path(node.source_name(), &node.name);
        let is_behind = known.accepted.snapshot.as_ref() != Some(snapshot);
        let (message, help) = match (self.request.locked, known.accepted.has_file) {
            (true, _) if is_behind => (
                format!(
                    "version {} of the schema is not yet in git: {path} was not written",
                    snapshot.version()
                ),
                format!("`sqlflow schema accept {}`, then commit {path}", node.label()),
            ),
            (false, false) if known.accepted.recorded.is_some() => (
                format!("{path} was missing, and is written again from the state of the target"),
                "commit it".to_owned(),
            ),
            _ => return,
        };
        let note = Diagnostic::note(Code::SNAPSHOT_BEHIND, message);
        self.notes.push(note.at(self.request.load.place.clone()).with_help(help));
    }
}

fn rule(node: &Node, load: &LoadNode, drift: &SourceDrift, policy: Policy) -> Ruling {
    let verdicts = drift.verdicts(policy);
    let of = |wanted: Verdict| -> Vec<_> {
        let own = verdicts.iter().filter(|(_, verdict)| *verdict == wanted);
        own.map(|(change, _)| *change).collect()
    };
    let (accepted, left_out, noted) =
        (of(Verdict::Accept), of(Verdict::LeaveOut), of(Verdict::Note));
    let has_accepted = !accepted.is_empty();
    let names: Vec<String> = left_out.iter().map(|change| change.column().to_owned()).collect();
    let mut columns = drift.accepted.clone();
    if has_accepted {
        columns.clone_from(&drift.seen.columns);
        columns.retain(|column| !names.contains(&column.name));
    }
    let told = |changes: Vec<_>, what: &str| {
        let mut lines = changes.into_iter().map(|change| drift.told(load, change));
        let message = format!("{}{what}", lines.next()?);
        let note = Diagnostic::note(Code::DRIFT_PASSED, message).at(load.place_of("on_drift"));
        Some(lines.fold(note, Diagnostic::with_note))
    };
    let notes = [
        told(accepted, &format!(" and is accepted (`on_drift: {policy}`)")),
        told(left_out, " and is left out").map(|note| {
            note.with_help(format!("to load it, `sqlflow schema accept {}`", node.label()))
        }),
        told(noted, ", which changes nothing"),
    ];
    Ruling { columns, left_out: names, has_accepted, notes: notes.into_iter().flatten().collect() }
}

impl Ruling {
    /// Which columns are read, of those that `load` takes.
    pub(super) fn selection(&self, load: &LoadNode) -> Selection {
        if self.left_out.is_empty() {
            return load.rules.selection.clone();
        }
        Selection::Only(self.columns.iter().map(|column| column.name.clone()).collect())
    }

    /// Whether `columns` are those that are loaded, in their order.
    pub(super) fn is_of(&self, columns: &[Column]) -> bool {
        let names = |columns: &[Column]| columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        names(&self.columns) == names(columns)
    }
}
