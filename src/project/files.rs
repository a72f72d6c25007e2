//! Reads and finds the files of a project.

use crate::diagnostic::{Code, Diagnostic, SourceFile};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walkdir::WalkDir;

/// Larger text files are a mistake: offsets are 32 bits, and a model of megabytes is data.
const LARGEST_TEXT: usize = 64 << 20;

/// A SQL file: a model, a singular test, an analysis, a snapshot.
#[derive(Debug, Clone)]
pub struct SqlFile {
    /// The file's text, with its path in the project.
    pub file: Arc<SourceFile>,
    /// The file's name without `.sql`.
    pub name: String,
    /// The path below its model-path (or test-path, ...): `staging/stg_orders.sql`.
    pub relative: String,
}

/// A CSV file that is a table of the project.
#[derive(Debug, Clone)]
pub struct SeedFile {
    /// Where it lies.
    pub absolute: PathBuf,
    /// Its path in the project.
    pub path: String,
    /// The file's name without `.csv`.
    pub name: String,
    /// The path below its seed-path.
    pub relative: String,
}

/// A file found by [`find`].
pub(super) struct Found {
    pub(super) absolute: PathBuf,
    /// Path as shown to users.
    pub(super) shown: String,
    /// Path below the directory that was searched.
    pub(super) relative: String,
}

impl Found {
    /// The name without its last extension.
    pub(super) fn stem(&self) -> String {
        self.absolute.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned())
    }
}

/// All files below the `directories` of `root`, sorted by path; hidden ones are passed over, a
/// directory that does not exist is empty. `prefix` stands before each shown path.
pub(super) fn find(
    root: &Path,
    prefix: &str,
    directories: &[String],
    problems: &mut Vec<Diagnostic>,
) -> Vec<Found> {
    let mut found = Vec::new();
    for directory in directories {
        let base = root.join(directory);
        if !base.exists() {
            continue;
        }
        let visible = |entry: &walkdir::DirEntry| {
            entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
        };
        for entry in WalkDir::new(&base).follow_links(true).into_iter().filter_entry(visible) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    let relative =
                        slashed(entry.path().strip_prefix(&base).unwrap_or(entry.path()));
                    let shown = format!("{prefix}{directory}/{relative}");
                    found.push(Found { absolute: entry.into_path(), shown, relative });
                }
                Ok(_) => {}
                Err(error) => {
                    let path = error.path().map_or_else(String::new, |p| p.display().to_string());
                    let reason =
                        error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    problems.push(unreadable(&format!("`{path}`: {reason}")));
                }
            }
        }
    }
    found.sort_by(|a, b| a.shown.cmp(&b.shown));
    found.dedup_by(|a, b| a.absolute == b.absolute);
    found
}

fn unreadable(reason: &str) -> Diagnostic {
    Diagnostic::error(Code::UNREADABLE_FILE, format!("cannot read the project: {reason}"))
}

/// Reads all of `found`, in the same order; those that cannot be read are reported and left out.
pub(super) fn read_all(
    found: Vec<Found>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(Found, Arc<SourceFile>)> {
    let read: Vec<_> = found
        .into_par_iter()
        .map(|found| {
            let text = read_file(&found.absolute, &found.shown);
            (found, text)
        })
        .collect();
    let mut files = Vec::with_capacity(read.len());
    for (found, text) in read {
        match text {
            Ok(file) => files.push((found, file)),
            Err(problem) => problems.push(*problem),
        }
    }
    files
}

/// Reads one file that should be text.
pub(super) fn read_text(
    path: &Path,
    shown: &Path,
    problems: &mut Vec<Diagnostic>,
) -> Option<Arc<SourceFile>> {
    read_file(path, &slashed(shown)).map_err(|problem| problems.push(*problem)).ok()
}

fn read_file(path: &Path, shown: &str) -> Result<Arc<SourceFile>, Box<Diagnostic>> {
    let refuse = |reason: String| {
        Box::new(Diagnostic::error(
            Code::UNREADABLE_FILE,
            format!("cannot read `{shown}`: {reason}"),
        ))
    };
    let bytes = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    if bytes.len() > LARGEST_TEXT {
        return Err(refuse("it is larger than 64 MB, too large for text".to_owned()));
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
            Ok(SourceFile::new(shown, text))
        }
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid].split(|&byte| byte == b'\n').count();
            let problem = refuse(format!("line {line} is not UTF-8"));
            Err(Box::new(problem.with_help("save the file as UTF-8")))
        }
    }
}

/// The path with `/` on every system.
pub(super) fn slashed(path: &Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
        .replace("//", "/")
}
