//! What stands in the target database, kept up to date while a run changes it.

use crate::relation::{RelationKind, RelationName};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// The relations of the schemas that a run touches. Read once, so that no node has to ask.
#[derive(Debug, Default)]
pub(super) struct Standing {
    kinds: RwLock<HashMap<String, RelationKind>>,
    orphans: Vec<RelationName>,
}

/// Names as the database compares them.
fn key(relation: &RelationName) -> String {
    let database = relation.database.as_deref().unwrap_or("");
    format!("{database}\u{0}{}\u{0}{}", relation.schema(), relation.identifier).to_lowercase()
}

impl Standing {
    /// What stands, of which some `is_orphan`: rows that a run which ended did not publish.
    pub(super) fn new(
        relations: Vec<(RelationName, RelationKind)>,
        is_orphan: impl Fn(&RelationName) -> bool,
    ) -> Self {
        let (orphans, relations): (Vec<_>, Vec<_>) =
            relations.into_iter().partition(|(name, _)| is_orphan(name));
        let kinds = relations.into_iter().map(|(name, kind)| (key(&name), kind)).collect();
        let orphans = orphans.into_iter().map(|(name, _)| name).collect();
        Self { kinds: RwLock::new(kinds), orphans }
    }

    /// Stages that a killed run left behind.
    pub(super) fn orphans(&self) -> &[RelationName] {
        &self.orphans
    }

    /// What is called `relation`; `None` where nothing is.
    pub(super) fn kind(&self, relation: &RelationName) -> Option<RelationKind> {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        kinds.get(&key(relation)).copied()
    }

    /// A relation was made.
    pub(super) fn set(&self, relation: &RelationName, kind: RelationKind) {
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        kinds.insert(key(relation), kind);
    }
}
