//! The accepted schema of one source table: `schemas/<source>/<table>.yml` as a value.

use super::compare::{Difference, compare};
use super::fingerprint::fingerprint;
use crate::relation::{Column, DataType};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The accepted schema of one source table, how its files are read, and how it came to be.
///
/// Nothing in it changes unless the schema does.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    columns: Vec<SnapshotColumn>,
    read: Map<String, Value>,
    /// Never empty; the versions rise.
    history: Vec<Entry>,
}

/// An accepted column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotColumn {
    /// Name, type, nullability.
    pub column: Column,
    /// What it is, where somebody said so.
    pub description: Option<String>,
}

/// When a schema was accepted, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// When; fractions of a second are dropped.
    pub at: Timestamp,
    /// How.
    pub by: AcceptedBy,
    /// Who, where a person did.
    pub who: Option<String>,
    /// The person's reason.
    pub why: Option<String>,
}

/// How a schema was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptedBy {
    /// It was there when the table was first loaded.
    FirstLoad,
    /// A load did, under a policy that accepts such changes.
    Permissive,
    /// A person did.
    Accept,
    /// The file was gone, and a load wrote it again from the state.
    Restore,
}

/// One line of the history: a version, and what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The version, greater than those before.
    pub version: u32,
    /// When and how it was accepted.
    pub acceptance: Acceptance,
    /// Columns that came.
    pub added: Vec<Column>,
    /// Columns that went.
    pub removed: Vec<Column>,
    /// Columns that changed their type.
    pub retyped: Vec<Retyped>,
    /// Columns that changed whether they may hold NULL: name, and whether they may since.
    pub nullability: Vec<(String, bool)>,
    /// Columns that stand elsewhere.
    pub moved: Vec<String>,
}

/// A column that changed its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retyped {
    /// Its name.
    pub name: String,
    /// Its type before.
    pub from: DataType,
    /// Its type since.
    pub to: DataType,
}

impl Snapshot {
    /// Version 1. `columns` stand in the source's order, none twice; `read` says how its files are
    /// read, and is empty for other sources.
    pub fn first(
        columns: Vec<SnapshotColumn>,
        read: Map<String, Value>,
        acceptance: Acceptance,
    ) -> Self {
        let entry = Entry::of(1, acceptance, Difference::default());
        Self { columns, read, history: vec![entry] }
    }

    /// One version more than the last of `history`, of which `accepted` says what its columns were,
    /// where that is known; what changed is not told otherwise.
    pub(super) fn after(
        mut history: Vec<Entry>,
        accepted: Option<&[Column]>,
        columns: Vec<SnapshotColumn>,
        read: Map<String, Value>,
        acceptance: Acceptance,
    ) -> Self {
        let seen: Vec<Column> = columns.iter().map(|column| column.column.clone()).collect();
        let difference = accepted.map(|accepted| compare(accepted, &seen)).unwrap_or_default();
        let version = history.last().map_or(0, |entry| entry.version).saturating_add(1);
        history.push(Entry::of(version, acceptance, difference));
        Self { columns, read, history }
    }

    /// What a file says, where the parts fit together; `None` without history.
    pub(super) fn of_parts(
        columns: Vec<SnapshotColumn>,
        read: Map<String, Value>,
        history: Vec<Entry>,
    ) -> Option<Self> {
        (!history.is_empty()).then_some(Self { columns, read, history })
    }

    /// The snapshot after `columns` have been accepted: one version more, or the same snapshot
    /// where they are the same. Columns keep their descriptions, and files are read as before.
    #[must_use]
    pub fn accept(&self, columns: Vec<Column>, acceptance: Acceptance) -> Self {
        let difference = compare(&self.relation_columns(), &columns);
        if difference.is_empty() {
            return self.clone();
        }
        let mut history = self.history.clone();
        history.push(Entry::of(self.version().saturating_add(1), acceptance, difference));
        let described = columns.into_iter().map(|column| {
            let known = self.columns.iter().find(|known| known.column.name == column.name);
            let description = known.and_then(|known| known.description.clone());
            SnapshotColumn { column, description }
        });
        Self { columns: described.collect(), read: self.read.clone(), history }
    }

    /// The version: 1 at first, more with every change.
    pub fn version(&self) -> u32 {
        self.history.last().map_or(1, |entry| entry.version)
    }

    /// What equal schemas have in common; see [`fingerprint`].
    pub fn fingerprint(&self) -> String {
        fingerprint(self.columns.iter().map(|column| &column.column))
    }

    /// The columns, in the source's order.
    pub fn columns(&self) -> &[SnapshotColumn] {
        &self.columns
    }

    /// The columns without what people said about them.
    pub fn relation_columns(&self) -> Vec<Column> {
        self.columns.iter().map(|column| column.column.clone()).collect()
    }

    /// How the source's files are read: options by name. Empty where there is nothing to know.
    pub fn read(&self) -> &Map<String, Value> {
        &self.read
    }

    /// How it came to be, oldest first; never empty.
    pub fn history(&self) -> &[Entry] {
        &self.history
    }
}

impl Entry {
    fn of(version: u32, mut acceptance: Acceptance, difference: Difference) -> Self {
        acceptance.at = Timestamp::from_second(acceptance.at.as_second()).unwrap_or(acceptance.at);
        let retyped = difference.retyped.into_iter().map(|(old, new)| Retyped {
            name: new.name,
            from: old.data_type,
            to: new.data_type,
        });
        let nullability = difference.nullability.into_iter();
        Self {
            version,
            acceptance,
            added: difference.added,
            removed: difference.removed,
            retyped: retyped.collect(),
            nullability: nullability.map(|(_, new)| (new.name, new.nullable)).collect(),
            moved: difference.moved,
        }
    }
}

impl AcceptedBy {
    /// The words that stand in files.
    pub const WORDS: [&'static str; 4] = ["first load", "permissive", "accept", "restore"];

    /// The words that stand in the file.
    pub fn words(self) -> &'static str {
        match self {
            Self::FirstLoad => "first load",
            Self::Permissive => "permissive",
            Self::Accept => "accept",
            Self::Restore => "restore",
        }
    }

    /// What `words` mean.
    pub fn of_words(words: &str) -> Option<Self> {
        let all = [Self::FirstLoad, Self::Permissive, Self::Accept, Self::Restore];
        all.into_iter().find(|by| by.words() == words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, data_type: &str) -> Column {
        Column { name: name.into(), data_type: DataType::new(data_type), nullable: true }
    }

    fn acceptance(at: &str, by: AcceptedBy) -> Acceptance {
        Acceptance { at: at.parse().unwrap(), by, who: None, why: None }
    }

    #[test]
    fn a_change_is_one_version_more_and_no_change_is_none() {
        let described = |column| SnapshotColumn { column, description: Some("the key".into()) };
        let first = Snapshot::first(
            vec![described(column("id", "integer"))],
            Map::new(),
            acceptance("2026-02-11T08:30:00.75Z", AcceptedBy::FirstLoad),
        );
        let later = || acceptance("2026-03-01T10:00:00Z", AcceptedBy::Permissive);
        assert_eq!(first.accept(vec![column("id", "integer")], later()), first);
        let second =
            first.accept(vec![column("id", "bigint"), column("email", "varchar")], later());
        assert_eq!((first.version(), second.version()), (1, 2));
        assert_eq!(second.columns()[0].description.as_deref(), Some("the key"));
        assert_ne!(first.fingerprint(), second.fingerprint());
        assert_eq!(second.history()[0].acceptance.at.to_string(), "2026-02-11T08:30:00Z");
        let entry = &second.history()[1];
        assert_eq!(entry.added, [column("email", "varchar")]);
        assert_eq!(entry.retyped[0].to.as_str(), "bigint");
    }
}
