//! What a change of files touches.
//!
//! The loop itself belongs to the command line; this says which files of a project matter, and
//! gathers the changes of one save into one.

use notify_debouncer_full::notify::{self, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, DebouncedEvent, new_debouncer};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// Editors write a file in several steps; they are one save when they come this close together.
const ONE_SAVE: Duration = Duration::from_millis(80);

/// Why a directory cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch `{}`: {source}", path.display())]
pub struct WatchError {
    /// The directory.
    pub path: PathBuf,
    /// The system's reason.
    pub source: notify::Error,
}

/// Calls `changed` once without files when watching has begun, so that no save after that first
/// look is lost, then with the files of each save below `root`, until it answers `false`. Files
/// below `ignored` and hidden files do not count.
///
/// # Errors
/// The system cannot watch the directory.
pub fn watch(
    root: &Path,
    ignored: &Path,
    changed: &mut dyn FnMut(&[PathBuf]) -> bool,
) -> Result<(), WatchError> {
    let fail = |source| WatchError { path: root.to_path_buf(), source };
    let (sender, events) = mpsc::channel::<DebounceEventResult>();
    let mut debouncer = new_debouncer(ONE_SAVE, None, sender).map_err(fail)?;
    debouncer.watch(root, RecursiveMode::Recursive).map_err(fail)?;
    if !changed(&[]) {
        return Ok(());
    }
    for batch in events {
        let mut files: Vec<PathBuf> = match batch {
            Ok(events) => events
                .iter()
                .filter(|event| is_change(event))
                .flat_map(|event| event.paths.clone())
                .collect(),
            Err(mut errors) => match errors.pop() {
                Some(error) => return Err(fail(error)),
                None => continue,
            },
        };
        files.retain(|path| matters(path, root, ignored));
        files.sort();
        files.dedup();
        if !files.is_empty() && !changed(&files) {
            break;
        }
    }
    Ok(())
}

fn is_change(event: &DebouncedEvent) -> bool {
    !event.kind.is_access()
}

/// Whether a change of `path` can change what a project compiles to.
fn matters(path: &Path, root: &Path, ignored: &Path) -> bool {
    let Ok(below) = path.strip_prefix(root) else { return false };
    let hidden = below.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        name.starts_with('.') && name != ".env" || name.ends_with('~')
    });
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let text = matches!(extension.as_deref(), Some("sql" | "yml" | "yaml" | "csv" | "md"));
    !path.starts_with(ignored) && !hidden && (text || below == Path::new(".env"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_the_project_is_made_of_matter() {
        let (root, target) = (Path::new("/p"), Path::new("/p/target"));
        for (path, expected) in [
            ("/p/models/a.sql", true),
            ("/p/sqlflow.yml", true),
            ("/p/.env", true),
            ("/p/seeds/a.csv", true),
            ("/p/target/run/a.sql", false),
            ("/p/.git/index", false),
            ("/p/models/.a.sql.swp", false),
            ("/p/models/a.sql~", false),
            ("/p/flights.duckdb.wal", false),
            ("/elsewhere/a.sql", false),
        ] {
            assert_eq!(matters(Path::new(path), root, target), expected, "{path}");
        }
    }
}
