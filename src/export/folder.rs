//! Several files: under new names beside the old ones, then the manifest, then the old ones go.
//!
//! | step | who looks at the manifest sees | who looks at the names sees |
//! | --- | --- | --- |
//! | files get their names | the old files | old and new |
//! | the manifest is replaced | the new files | old and new |
//! | the old files are removed | the new files | the new files |
//!
//! A run that is killed before the second step has changed nothing for who looks at the manifest. The
//! next run of the export removes every file of its name that no manifest lists.

use super::manifest::{self, Facts, Manifest, ManifestFile};
use super::pieces::Piece;
use super::staging::is_run_id;
use super::store::{Result, Store};
use super::write::{Work, Written};
use crate::compile::ExportColumn;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::FileTarget;
use crate::mode::ExportMode;
use crate::mode::load::OnEmpty;
use std::fs;

/// What is in a folder before an export writes to it.
struct Found {
    /// What the last run wrote, where one did.
    manifest: Option<Manifest>,
}

impl Work<'_> {
    /// Writes all rows into files of the folder that `store` is.
    pub(super) fn write_folder(
        &mut self,
        store: &dyn Store,
        file: &FileTarget,
        columns: &[ExportColumn],
    ) -> Result<Written> {
        let found = self.look(file, store)?;
        let pieces = self.pieces(file, columns, store.staging())?;
        let rows: u64 = pieces.iter().map(|piece| piece.rows).sum();
        let old_rows = found.manifest.as_ref().map_or(0, |manifest| manifest.rows);
        let what = format!("`{}`", file.path);
        match &self.request.export.mode {
            ExportMode::Replace { on_empty } if rows == 0 && old_rows > 0 => match on_empty {
                OnEmpty::Error => return Err(self.empty_over(&what)),
                OnEmpty::Keep => return Ok(self.kept(&what)),
                OnEmpty::Replace => {}
            },
            // A file without rows would only be one more to read.
            ExportMode::Append if rows == 0 && found.manifest.is_some() => {
                return Ok(Written { files: Some((0, 0)), ..Written::default() });
            }
            ExportMode::Replace { .. } | ExportMode::Append | ExportMode::Merge { .. } => {}
        }
        let new = self.manifest(file, columns, &pieces);
        let bytes = pieces.iter().map(|piece| piece.bytes).sum();
        let files = u64::try_from(pieces.len()).unwrap_or(u64::MAX);
        let notes = self.publish(store, &pieces, new, found)?;
        Ok(Written { rows, files: Some((files, bytes)), notes, retries: 0 })
    }

    /// What is in the folder; files that killed runs left are removed.
    fn look(&self, file: &FileTarget, store: &dyn Store) -> Result<Found> {
        let slug = self.slug();
        // In this order: a store may refuse an object that is not there to who may not list.
        let names = store.names()?;
        let is_there = names.iter().any(|name| name == manifest::NAME);
        let bytes = if is_there { store.read(manifest::NAME)? } else { None };
        let manifest = bytes.map(|bytes| self.readable(&bytes)).transpose()?;
        let listed = |name: &str| manifest.as_ref().is_some_and(|known| known.lists(name));
        let (ours, others): (Vec<String>, Vec<String>) = names
            .into_iter()
            .filter(|name| !listed(name) && !name.split('/').any(|part| part.starts_with('_')))
            .partition(|name| is_ours(&slug, name));
        let ending = format!(".{}", file.format.as_str());
        let data = |name: &&String| {
            name.rsplit('/').next().is_some_and(|last| last.to_lowercase().contains(&ending))
        };
        if let Some(foreign) = others.iter().find(data) {
            let message =
                format!("`{}` holds `{foreign}`, which this export did not write", file.path);
            return Err(Box::new(
                Diagnostic::error(Code::FOREIGN_FILES, message)
                    .at(self.request.export.place.clone())
                    .with_note("who reads the folder would read it too")
                    .with_help("move it away, or write to a folder of its own"),
            ));
        }
        store.remove(&ours)?;
        store.end_unfinished(&|name| name == manifest::NAME || is_ours(&slug, name));
        Ok(Found { manifest })
    }

    /// The manifest that `bytes` are, where it is one of this export.
    fn readable(&self, bytes: &[u8]) -> Result<Manifest> {
        let id = &self.request.node.id.0;
        let (message, help) = match Manifest::read(bytes) {
            Some(manifest) if manifest.export == *id => return Ok(manifest),
            Some(manifest) => (
                format!("the folder holds files of `{}`", manifest.export),
                "write to a folder of its own; or remove the folder, where that export is no more",
            ),
            None => (
                format!("`{}` of the folder is not one that an export wrote", manifest::NAME),
                "write to another folder, or remove this one",
            ),
        };
        let problem = Diagnostic::error(Code::FOREIGN_FILES, message);
        Err(Box::new(problem.at(self.request.export.place.clone()).with_help(help)))
    }

    /// The manifest of `pieces`, under the names that they get.
    fn manifest(&self, file: &FileTarget, columns: &[ExportColumn], pieces: &[Piece]) -> Manifest {
        let run_id = self.request.run_id;
        let (slug, ending) = (self.slug(), file.ending());
        let named = (1..).zip(pieces).map(|(number, piece): (u32, _)| ManifestFile {
            path: format!("{}{slug}-{run_id}-{number:05}{ending}", piece.folder),
            rows: piece.rows,
            bytes: piece.bytes,
            run_id: run_id.to_owned(),
        });
        let facts = Facts {
            export: &self.request.node.id.0,
            run_id,
            now: self.request.now,
            format: file.format.as_str(),
            partition_by: &file.options.partition_by,
            columns: &self.carried(columns),
        };
        Manifest::new(&facts, named.collect())
    }

    /// Puts the files and then the manifest into their place, and removes what is replaced.
    fn publish(
        &mut self,
        store: &dyn Store,
        pieces: &[Piece],
        new: Manifest,
        found: Found,
    ) -> Result<Vec<Diagnostic>> {
        let appends = self.request.export.mode == ExportMode::Append;
        if let (true, Some(old)) = (appends, &found.manifest) {
            self.same_layout(old, &new)?;
        }
        self.session.pass("written");
        let names: Vec<String> = new.files.iter().map(|file| file.path.clone()).collect();
        let (old, new) = match (appends, found.manifest) {
            (true, Some(old)) => (None, new.after(old)),
            (_, old) => (old, new),
        };
        self.put(store, pieces, &names, &new)?;
        self.session.pass("published");
        let replaced = old.map(|old| old.files).unwrap_or_default();
        let replaced: Vec<String> = replaced.into_iter().map(|file| file.path).collect();
        let mut notes = Vec::new();
        if let Err(problem) = store.remove(&replaced) {
            let message = format!("files of the run before are still there: {}", problem.message);
            notes.push(
                Diagnostic::warning(Code::INPUT_OUTPUT, message)
                    .at(self.request.export.place.clone())
                    .with_help("the next run removes them"),
            );
        }
        self.session.pass("removed");
        Ok(notes)
    }

    fn put(
        &mut self,
        store: &dyn Store,
        pieces: &[Piece],
        names: &[String],
        manifest: &Manifest,
    ) -> Result<()> {
        for (piece, name) in pieces.iter().zip(names) {
            if let Err(problem) = store.put(&piece.staged, name) {
                // What failed is what counts; what is left goes with the next run.
                _ = store.remove(names);
                return Err(problem);
            }
            self.session.pass("named");
        }
        let staged = store.staging().join(manifest::NAME);
        fs::write(&staged, manifest.text()).map_err(|error| {
            let message = format!("cannot write `{}`: {error}", staged.display());
            Box::new(Diagnostic::error(Code::INPUT_OUTPUT, message))
        })?;
        store.put(&staged, manifest::NAME).or_else(|problem| {
            // It may be there although nobody could say so: then this run has published. And it may
            // yet come there: so the new files stay in any case, and go with the next run if not.
            let found = store.read(manifest::NAME).ok().flatten();
            if found.is_some_and(|found| found == manifest.text().as_bytes()) {
                Ok(())
            } else {
                Err(problem)
            }
        })
    }

    /// Files beside each other have the same columns.
    fn same_layout(&self, old: &Manifest, new: &Manifest) -> Result<()> {
        if old.layout() == new.layout() {
            return Ok(());
        }
        let (format, columns, partitions) = old.layout();
        let columns: Vec<String> =
            columns.iter().map(|c| format!("{} {}", c.name, c.data_type)).collect();
        let mut shape = format!("{format} of {}", columns.join(", "));
        if !partitions.is_empty() {
            shape.push_str(&format!(", by {}", partitions.join(", ")));
        }
        let message = "the files that are there have other columns";
        Err(Box::new(
            Diagnostic::error(Code::BATCH_MISFIT, message)
                .at(self.request.export.place.clone())
                .with_note(format!("they are {shape}"))
                .with_help("write to another folder, or replace the files: `mode: replace`"),
        ))
    }
}

/// Whether a run of the export that is called `slug` in names called a file so.
fn is_ours(slug: &str, name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    let rest = last.strip_prefix(slug).and_then(|rest| rest.strip_prefix('-'));
    let Some((run, rest)) = rest.and_then(|rest| rest.split_at_checked(36)) else {
        return false;
    };
    let number = rest.strip_prefix('-').and_then(|rest| rest.split_once('.'));
    is_run_id(run)
        && number.is_some_and(|(number, _)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}
