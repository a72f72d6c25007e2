//! Where files of an export lie until they are put into their place: `.sqlflow-<export>-<run>/`.
//!
//! The directory is locked while its run lives: that of a run that was killed is not, and goes with
//! the next.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A directory that one export of one run has for itself; it goes with this.
#[derive(Debug)]
pub(super) struct Staging {
    path: PathBuf,
    /// Held as long as this lives.
    _lock: File,
}

const LOCK: &str = "lock";

impl Staging {
    /// A directory in `folder`, for a run called `run_id` of the export `slug`. What killed runs of
    /// this export left there is removed.
    pub(super) fn make(folder: &Path, slug: &str, run_id: &str) -> io::Result<Self> {
        let prefix = format!(".sqlflow-{slug}-");
        clear_leftovers(folder, &prefix);
        let path = folder.join(format!("{prefix}{run_id}"));
        fs::create_dir(&path)?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now goes with the next run.
        _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes the directories of runs that were killed. One that cannot be removed is in nobody's way.
fn clear_leftovers(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(run) = name.to_str().and_then(|name| name.strip_prefix(prefix)) else { continue };
        if is_run_id(run) && !is_held(&entry.path()) {
            _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a run that lives has this directory.
fn is_held(staging: &Path) -> bool {
    match File::open(staging.join(LOCK)).map(|lock| lock.try_lock()) {
        Ok(Err(TryLockError::WouldBlock)) => true,
        Ok(_) | Err(_) => false,
    }
}

/// Whether `text` is what runs are called by.
pub(super) fn is_run_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
