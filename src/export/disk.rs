//! Files on this machine's disk: written beside their place, then renamed.
//!
//! What is not yet in its place lies in a directory of the folder that the files go to, so that a
//! rename moves them.

use super::staging::Staging;
use super::store::{Result, Standing, Store};
use crate::diagnostic::{Code, Diagnostic, Place};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// A folder of the disk.
pub(super) struct Disk {
    folder: PathBuf,
    staging: Staging,
    place: Place,
}

impl Disk {
    /// The folder `folder`, made where it is not there, for a run called `run_id` of the export
    /// `slug`; `place` is where it is named. What killed runs of this export left is removed.
    pub(super) fn open(folder: PathBuf, slug: &str, run_id: &str, place: &Place) -> Result<Self> {
        let wrong = |error: &io::Error| {
            let message = format!("cannot write to `{}`: {}", folder.display(), reason(error));
            Box::new(Diagnostic::error(Code::INPUT_OUTPUT, message).at(place.clone()))
        };
        fs::create_dir_all(&folder).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => in_the_way(&folder, place),
            _ => wrong(&error),
        })?;
        let staging = Staging::make(&folder, slug, run_id).map_err(|error| wrong(&error))?;
        Ok(Self { folder, staging, place: place.clone() })
    }

    fn wrong(&self, what: &str, path: &Path, error: &io::Error) -> Box<Diagnostic> {
        let message = format!("cannot {what} `{}`: {}", path.display(), reason(error));
        Box::new(Diagnostic::error(Code::INPUT_OUTPUT, message).at(self.place.clone()))
    }

    /// Folders that a removal left empty go too.
    fn remove_empty(&self, path: &Path) {
        let above = path.ancestors().skip(1).take_while(|above| *above != self.folder);
        for folder in above {
            // Where it is not empty, it stays.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

/// A file where a folder should be.
fn in_the_way(folder: &Path, place: &Place) -> Box<Diagnostic> {
    let file = folder.ancestors().find(|above| above.is_file()).unwrap_or(folder);
    let message = format!("`{}` is a file, expected a folder", file.display());
    Box::new(
        Diagnostic::error(Code::EXPORT_PATH, message)
            .at(place.clone())
            .with_help("remove it, or write somewhere else"),
    )
}

/// The system's words without the number behind them.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

impl Store for Disk {
    fn staging(&self) -> &Path {
        self.staging.path()
    }

    fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let visible = |entry: &walkdir::DirEntry| {
            entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
        };
        let walk = WalkDir::new(&self.folder).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(visible) {
            let entry = entry
                .map_err(|error| self.wrong("look into", &self.folder, &io::Error::from(error)))?;
            if entry.file_type().is_dir() {
                continue;
            }
            let name = entry.path().strip_prefix(&self.folder).unwrap_or(entry.path());
            names.push(name.to_string_lossy().replace('\\', "/"));
        }
        Ok(names)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.folder.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.wrong("read", &path, &error)),
        }
    }

    fn standing(&self, name: &str) -> Result<Standing> {
        let path = self.folder.join(name);
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => Ok(Standing::Folder),
            Ok(_) => Ok(Standing::File(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Standing::Nothing),
            Err(error) => Err(self.wrong("look at", &path, &error)),
        }
    }

    fn put(&self, staged: &Path, name: &str) -> Result<()> {
        let path = self.folder.join(name);
        let folder = path.parent().unwrap_or(&self.folder);
        let put = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            // After a power cut a name must not lead to a file whose bytes never came to the disk.
            File::open(staged)?.sync_all()?;
            fs::rename(staged, &path)?;
            File::open(folder)?.sync_all()
        };
        put().map_err(|error| self.wrong("write", &path, &error))
    }

    fn remove(&self, names: &[String]) -> Result<()> {
        for name in names {
            let path = self.folder.join(name);
            match fs::remove_file(&path) {
                Ok(()) => self.remove_empty(&path),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(self.wrong("remove", &path, &error)),
            }
        }
        Ok(())
    }
}
