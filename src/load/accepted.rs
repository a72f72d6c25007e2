//! The schema that earlier loads accepted: the file in git, else what the target's state remembers.

use super::drift::SourceColumns;
use crate::artifact::SchemaDirectory;
use crate::compile::state_tables;
use crate::connector::file::{Frozen, Scan};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::graph::{Graph, LoadNode, Node};
use crate::schema::{Acceptance, AcceptedBy, Snapshot};

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
    /// What the load obeys: the file, else what the state remembers; `None` on the first load.
    pub(super) snapshot: Option<Snapshot>,
    /// What the table was last loaded by.
    pub(super) recorded: Option<Snapshot>,
    /// Whether there is a file.
    pub(super) has_file: bool,
}

impl Accepted {
    /// Reads the snapshot of `node`; `recorded` is the state's copy of it.
    pub(super) fn read(
        graph: &Graph,
        node: &Node,
        recorded: Option<&str>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let directory = SchemaDirectory::of(graph);
        let file = directory.read(node.source_name(), &node.name)?;
        let recorded = recorded.filter(|text| !text.is_empty());
        let recorded = recorded.map(|text| of_state(graph, node, text));
        let Some(snapshot) = file else {
            let recorded = recorded.transpose()?;
            return Ok(Self { snapshot: recorded.clone(), recorded, has_file: false });
        };
        // Where there is a file, another version's state matters to nobody.
        let recorded = recorded.and_then(Result::ok);
        Ok(Self { snapshot: Some(snapshot), recorded, has_file: true })
    }

    /// What a scan of files has to obey.
    pub(super) fn frozen(&self, load: &LoadNode) -> Option<Frozen> {
        self.snapshot.as_ref().map(|snapshot| frozen(load, snapshot))
    }

    /// The snapshot after a load that read `scan`; `by` is who accepted what has changed.
    pub(super) fn after(&self, scan: &Scan, now: jiff::Timestamp, by: AcceptedBy) -> Snapshot {
        let columns = scan.columns.clone();
        let delimiter = scan.delimiter.clone();
        let read = SourceColumns { columns, delimiter, ..SourceColumns::default() };
        let by = if self.snapshot.is_none() { AcceptedBy::FirstLoad } else { by };
        let acceptance = Acceptance { at: now, by, who: None, why: None };
        let after = read.accept(self.snapshot.as_ref(), acceptance);
        // The same change as in a load before, whose file did not stay: it was accepted then.
        let same = self.recorded.iter().find(|recorded| {
            recorded.version() == after.version() && recorded.fingerprint() == after.fingerprint()
        });
        same.cloned().unwrap_or(after)
    }
}

/// What the state of the target remembers.
fn of_state(graph: &Graph, node: &Node, text: &str) -> Result<Snapshot, Vec<Diagnostic>> {
    let table = state_tables(graph).loads;
    let file = SourceFile::new(format!("{table}, {}", node.label()), text);
    Snapshot::parse(&file).map_err(|problems| {
        let told = |problem: Diagnostic| Diagnostic { help: Some(mend_state(node)), ..problem };
        problems.into_iter().map(told).collect()
    })
}

fn mend_state(node: &Node) -> String {
    let name = node.label();
    format!(
        "perhaps a later version of sqlflow wrote it; `sqlflow schema accept {name}` writes a file, which \
         counts in its place"
    )
}
