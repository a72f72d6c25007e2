//! The manifest of a folder: which files are an export's, and what is in them. A reader that goes by
//! it sees the files of one run, or those of the next, and never both.

use crate::relation::Column;
use serde::{Deserialize, Serialize};

/// The file that it is in.
pub(super) const NAME: &str = "_manifest.json";

/// The form that is written; another one is not ours.
const VERSION: u32 = 1;

/// What stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    /// The id of the export.
    pub(super) export: String,
    /// The run that wrote it.
    pub(super) run_id: String,
    /// When.
    pub(super) written_at: String,
    /// `csv`, `parquet`, `json`.
    pub(super) format: String,
    /// Rows of all files.
    pub(super) rows: u64,
    /// The columns whose values are in the paths.
    pub(super) partition_by: Vec<String>,
    /// All columns, those in the paths among them, in the order of the query.
    pub(super) columns: Vec<ManifestColumn>,
    /// The files, in the order in which they were written.
    pub(super) files: Vec<ManifestFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ManifestColumn {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) data_type: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ManifestFile {
    /// From the folder that the manifest is in.
    pub(super) path: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// The run that wrote it.
    pub(super) run_id: String,
}

/// What one run writes.
pub(super) struct Facts<'f> {
    pub(super) export: &'f str,
    pub(super) run_id: &'f str,
    pub(super) now: jiff::Timestamp,
    pub(super) format: &'f str,
    pub(super) partition_by: &'f [String],
    pub(super) columns: &'f [Column],
}

impl Manifest {
    /// The manifest of `files` alone.
    pub(super) fn new(facts: &Facts<'_>, files: Vec<ManifestFile>) -> Self {
        let column = |column: &Column| ManifestColumn {
            name: column.name.clone(),
            data_type: column.data_type.as_str().to_owned(),
        };
        Self {
            version: VERSION,
            export: facts.export.to_owned(),
            run_id: facts.run_id.to_owned(),
            written_at: facts.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            format: facts.format.to_owned(),
            rows: files.iter().map(|file| file.rows).sum(),
            partition_by: facts.partition_by.to_vec(),
            columns: facts.columns.iter().map(column).collect(),
            files,
        }
    }

    /// The same with the files of `older` before its own.
    pub(super) fn after(mut self, older: Self) -> Self {
        let mut files = older.files;
        files.append(&mut self.files);
        self.rows = files.iter().map(|file| file.rows).sum();
        Self { files, ..self }
    }

    /// The manifest that `bytes` are; `None` where they are none of ours.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|manifest: &Self| manifest.version == VERSION)
    }

    /// As it stands in the file.
    pub(super) fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Whether the file called `path` is one of its files.
    pub(super) fn lists(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }

    /// The columns and where their values are: what must be the same for files beside each other.
    pub(super) fn layout(&self) -> (&str, &[ManifestColumn], &[String]) {
        (&self.format, &self.columns, &self.partition_by)
    }
}
