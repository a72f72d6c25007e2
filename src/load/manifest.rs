//! Which files a load reads, where each file is read once.

use super::table::{Known, Result, Work};
use crate::compile::{FileRecord, load_query};
use crate::connector::file::{FileEntry, FileObject, etag};
use crate::diagnostic::{Code, Diagnostic};
use crate::mode::load::Course;
use serde_json::Value;

impl Work<'_> {
    /// The files to read, and what is recorded of them: where each is read once, those not yet
    /// recorded.
    pub(super) fn unread_files(
        &mut self,
        object: &FileObject,
        known: &Known,
        files: Vec<FileEntry>,
    ) -> Result<(Vec<FileEntry>, Vec<FileRecord>)> {
        let request = self.request;
        let record = |file: &FileEntry, etag: String| FileRecord {
            uri: file.name.clone(),
            etag,
            size: file.size,
        };
        if !request.load.rules.reads_files_once() {
            let records = files.iter().map(|file| record(file, String::new())).collect();
            return Ok((files, records));
        }
        let mut manifest = Vec::new();
        if !request.full_refresh {
            let rows = self.query(&load_query(request.graph, "load_manifest", self.relation))?.rows;
            manifest = rows;
        }
        let (mut unread, mut records) = (Vec::new(), Vec::new());
        for file in files {
            let now = etag(&file).map_err(|error| request.file(object, error))?;
            let before = manifest
                .iter()
                .find(|row| row.first().and_then(Value::as_str) == Some(file.name.as_str()));
            match before {
                Some(before) if is_same(before, &now, file.size) => {
                    // A table that is made anew forgets what it was made of.
                    if known.course == Course::Anew {
                        records.push(record(&file, now));
                    }
                }
                Some(_) => return Err(vec![self.changed_file(&file)]),
                None => {
                    records.push(record(&file, now));
                    unread.push(file);
                }
            }
        }
        Ok((unread, records))
    }

    fn changed_file(&self, file: &FileEntry) -> Diagnostic {
        let message = format!("`{}` was loaded before, and has other content now", file.name);
        Diagnostic::error(Code::FILE_CHANGED, message)
            .at(self.request.load.place.clone())
            .with_note("mode `append` reads each file once")
            .with_help(
                "write new rows to new files; or give a `cursor`; or load all anew with \
                 --full-refresh",
            )
    }
}

/// Whether a recorded file is the one that stands there now; a `replace` records no etags.
fn is_same(recorded: &[Value], etag: &str, size: u64) -> bool {
    let recorded_etag = recorded.get(1).and_then(Value::as_str).unwrap_or_default();
    let recorded_size = recorded.get(2).and_then(Value::as_u64);
    recorded_etag == etag || (recorded_etag.is_empty() && recorded_size == Some(size))
}
