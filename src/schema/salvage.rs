//! What can still be read of a snapshot whose file is broken: by hand, or by a merge.

use super::read::{described, entry};
use super::snapshot::{Acceptance, Entry, Snapshot, SnapshotColumn};
use crate::diagnostic::SourceFile;

/// What is left of a broken snapshot.
#[derive(Debug, Clone, Default)]
pub struct Salvage {
    /// The first side of a merge conflict, where that is whole.
    whole: Option<Snapshot>,
    /// The entries that can be read, of both sides of a conflict; the versions rise.
    history: Vec<Entry>,
    /// Columns that can be read, for what people said about them.
    columns: Vec<SnapshotColumn>,
}

impl Salvage {
    /// What is left in `text`, which is no snapshot as it stands.
    pub fn of(text: &str) -> Self {
        let items = |text: &str| -> Vec<String> {
            text.lines()
                .filter_map(|line| line.trim().strip_prefix("- "))
                .map(str::to_owned)
                .collect()
        };
        let items = items(text);
        let whole = Snapshot::parse(&SourceFile::new("", first_side(text))).ok();
        Self {
            whole,
            history: merged(items.iter().filter_map(|item| entry(item)).collect()),
            columns: items.iter().filter_map(|item| described(item)).collect(),
        }
    }

    /// `fresh` after what is left, one version more. What changed is said where it is known what was
    /// accepted.
    pub fn accept(self, fresh: &Snapshot, acceptance: Acceptance) -> Snapshot {
        let described = fresh.columns().iter().map(|column| {
            let known = self.columns.iter().find(|known| known.column.name == column.column.name);
            let description = known.and_then(|known| known.description.clone());
            SnapshotColumn { description, ..column.clone() }
        });
        let accepted = self.whole.as_ref().map(Snapshot::relation_columns);
        let read = fresh.read().clone();
        Snapshot::after(self.history, accepted.as_deref(), described.collect(), read, acceptance)
    }
}

/// `text` as the first side of every conflict has it.
fn first_side(text: &str) -> String {
    let mut kept = String::new();
    let mut is_kept = true;
    for line in text.split_inclusive('\n') {
        match line.get(..7) {
            Some("<<<<<<<" | ">>>>>>>") => is_kept = true,
            Some("|||||||" | "=======") => is_kept = false,
            _ if is_kept => kept.push_str(line),
            _ => {}
        }
    }
    kept
}

/// Entries of both sides of a conflict in the order of their times, each once; where two have one
/// version, the later gets the next.
fn merged(mut entries: Vec<Entry>) -> Vec<Entry> {
    let rise = entries.windows(2).all(|pair| pair[0].version < pair[1].version);
    if !rise {
        entries.sort_by_key(|entry| (entry.acceptance.at, entry.version));
        entries.dedup();
    }
    let mut last = 0_u32;
    for entry in &mut entries {
        entry.version = entry.version.max(last.saturating_add(1));
        last = entry.version;
    }
    entries
}
