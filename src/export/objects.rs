//! Objects of another system: files are made in the run's scratch directory and then sent.

use super::store::{Result, Standing, Store};
use crate::connector::file::FileStore;
use crate::connector::{ConnectorError, Objects};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::load::connector_problem;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A folder of a system of objects.
pub(super) struct ObjectStore {
    system: Box<dyn FileStore>,
    folder: String,
    staging: PathBuf,
    place: Place,
}

impl ObjectStore {
    /// The folder `folder` (empty, or ending with `/`) of `system`; files are made in `staging`.
    pub(super) fn open(
        system: Box<dyn FileStore>,
        folder: &str,
        staging: PathBuf,
        place: &Place,
    ) -> Result<Self> {
        // Nobody else has a directory of this run and export.
        _ = fs::remove_dir_all(&staging);
        fs::create_dir_all(&staging).map_err(|error| {
            let message = format!("cannot make `{}`: {error}", staging.display());
            Box::new(Diagnostic::error(Code::INPUT_OUTPUT, message))
        })?;
        Ok(Self { system, folder: folder.to_owned(), staging, place: place.clone() })
    }

    fn objects(&self) -> Result<&dyn Objects> {
        self.system.objects().ok_or_else(|| {
            let message = "connections of this type take no files in this version";
            Box::new(Diagnostic::error(Code::NOT_SUPPORTED, message).at(self.place.clone()))
        })
    }

    fn path(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }

    fn told<T>(&self, result: std::result::Result<T, ConnectorError>) -> Result<T> {
        result.map_err(|error| Box::new(connector_problem(&error).at(self.place.clone())))
    }
}

impl Store for ObjectStore {
    fn staging(&self) -> &Path {
        &self.staging
    }

    fn names(&self) -> Result<Vec<String>> {
        let names = self.told(self.objects()?.list(&self.folder))?;
        let hidden = |name: &String| name.split('/').any(|part| part.starts_with('.'));
        Ok(names.into_iter().filter(|name| !hidden(name)).collect())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.told(self.objects()?.read(&self.path(name)))
    }

    fn standing(&self, name: &str) -> Result<Standing> {
        let size = self.told(self.objects()?.size(&self.path(name)))?;
        Ok(size.map_or(Standing::Nothing, Standing::Object))
    }

    fn put(&self, staged: &Path, name: &str) -> Result<()> {
        let mut content = File::open(staged).map_err(|error| {
            let message = format!("cannot read `{}`: {error}", staged.display());
            Box::new(Diagnostic::error(Code::INPUT_OUTPUT, message))
        })?;
        self.told(self.objects()?.write(&self.path(name), &mut content))?;
        // It is there now: room for the next.
        _ = fs::remove_file(staged);
        Ok(())
    }

    fn remove(&self, names: &[String]) -> Result<()> {
        let paths: Vec<String> = names.iter().map(|name| self.path(name)).collect();
        self.told(self.objects()?.remove(&paths))
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.staging);
    }
}
