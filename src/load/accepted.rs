//! The schema that earlier loads accepted: the file in git, else what the target's state remembers.

use crate::artifact::SchemaDirectory;
use crate::connector::file::{Frozen, Scan};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::SourceFile;
use crate::graph::LoadNode;
use crate::relation::Column;
use crate::schema::{Acceptance, AcceptedBy, Snapshot, SnapshotColumn};
use serde_json::Map;

/// What a scan of the files of `load` has to obey.
pub(super) fn frozen(load: &LoadNode, snapshot: &Snapshot) -> Frozen {
    let delimiter = snapshot.read().get("delimiter").and_then(|value| value.as_str());
    Frozen {
        columns: load.rules.selection.of(&snapshot.relation_columns()),
        delimiter: delimiter.map(str::to_owned),
    }
}

/// What is known of a source's schema before it is read.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// The snapshot; `None` on the first load.
    pub(super) snapshot: Option<Snapshot>,
}

impl Accepted {
    /// Reads the snapshot of `source.table`; `recorded` is the state's copy of it.
    pub(super) fn read(
        directory: &SchemaDirectory,
        source: &str,
        table: &str,
        recorded: Option<&str>,
    ) -> Result<Self, Vec<Diagnostic>> {
        if let Some(snapshot) = directory.read(source, table)? {
            return Ok(Self { snapshot: Some(snapshot) });
        }
        let Some(text) = recorded.filter(|text| !text.is_empty()) else {
            return Ok(Self::default());
        };
        let file = SourceFile::new(directory.shown_path(source, table), text);
        Snapshot::parse(&file).map(|snapshot| Self { snapshot: Some(snapshot) })
    }

    /// What a scan of files has to obey.
    pub(super) fn frozen(&self, load: &LoadNode) -> Option<Frozen> {
        self.snapshot.as_ref().map(|snapshot| frozen(load, snapshot))
    }

    /// The snapshot after a load that read `scan`.
    pub(super) fn after(&self, scan: &Scan, now: jiff::Timestamp) -> Snapshot {
        let columns: Vec<Column> = scan.columns.clone();
        let acceptance = |by| Acceptance { at: now, by, who: None, why: None };
        if let Some(snapshot) = &self.snapshot {
            return snapshot.accept(columns, acceptance(AcceptedBy::Accept));
        }
        let mut read = Map::new();
        if let Some(delimiter) = &scan.delimiter {
            read.insert("delimiter".to_owned(), delimiter.clone().into());
        }
        let columns = columns
            .into_iter()
            .map(|column| SnapshotColumn { column, description: None })
            .collect();
        Snapshot::first(columns, read, acceptance(AcceptedBy::FirstLoad))
    }
}
