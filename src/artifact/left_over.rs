//! Snapshots in `schemas/` that no source table of the project has any more.

use super::schemas::{SchemaDirectory, unwritable};
use crate::diagnostic::Diagnostic;
use crate::graph::{Graph, NodeKind};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A snapshot of a table that the project no longer has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOver {
    /// As shown to users: `schemas/crm/old.yml`.
    pub shown: String,
    path: PathBuf,
}

impl LeftOver {
    /// Removes it, and its directory where nothing else is in there.
    ///
    /// # Errors
    /// It could not be removed.
    pub fn remove(&self) -> Result<(), Box<Diagnostic>> {
        fs::remove_file(&self.path).map_err(|error| Box::new(unwritable(&self.path, &error)))?;
        if let Some(directory) = self.path.parent() {
            // It stays where anything is left in it.
            let _full = fs::remove_dir(directory);
        }
        Ok(())
    }
}

impl SchemaDirectory {
    /// The snapshots of tables that `graph` does not have, sorted. What is switched off counts as
    /// there; files that are no snapshots are nobody's business here.
    pub fn left_over(&self, graph: &Graph) -> Vec<LeftOver> {
        let tables = graph.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Source(source) => Some(self.path(&source.source, &node.name)),
            _ => None,
        });
        let disabled = graph.disabled.iter().filter(|(_, id)| id.0.starts_with("source."));
        let disabled = disabled.filter_map(|(label, _)| label.split_once('.'));
        let disabled = disabled.map(|(source, table)| self.path(source, table));
        // Names that differ only in case are told where their table is.
        let known: HashSet<String> = tables.chain(disabled).map(|path| folded(&path)).collect();
        let mut found: Vec<LeftOver> = entries(&self.root)
            .into_iter()
            .filter(|directory| directory.is_dir() && !directory.is_symlink())
            .flat_map(|directory| entries(&directory))
            .filter(|path| !known.contains(&folded(path)) && is_snapshot(path))
            .map(|path| LeftOver { shown: self.shown(&path), path })
            .collect();
        found.sort();
        found
    }

    fn shown(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy();
        if self.shown.is_empty() { below.into_owned() } else { format!("{}/{below}", self.shown) }
    }
}

fn folded(path: &Path) -> String {
    path.to_string_lossy().to_ascii_lowercase()
}

/// What is in `directory`; nothing where it cannot be read.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Whether a file looks like one of ours: `schema-path` may be a directory that has others.
fn is_snapshot(path: &Path) -> bool {
    let is_yaml = path.extension().is_some_and(|extension| extension == "yml");
    let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    if !is_yaml || is_hidden || path.is_symlink() || !path.is_file() {
        return false;
    }
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    has("fingerprint:") && has("columns:") && has("history:")
}
