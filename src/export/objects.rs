//! Objects of another system: files are made in the run's scratch directory and then sent.

use super::staging::Staging;
use super::store::{Result, Standing, Store};
use crate::connector::file::FileStore;
use crate::connector::{ConnectorError, Kind, Objects};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::load::connector_problem;
use std::fs::{self, File};
use std::path::Path;

/// A folder of a system of objects.
pub(super) struct ObjectStore {
    system: Box<dyn FileStore>,
    folder: String,
    staging: Staging,
    place: Place,
}

impl ObjectStore {
    /// The folder `folder` (empty, or ending with `/`) of `system`; files are made in `staging`.
    pub(super) fn open(
        system: Box<dyn FileStore>,
        folder: &str,
        staging: Staging,
        place: &Place,
    ) -> Self {
        Self { system, folder: folder.to_owned(), staging, place: place.clone() }
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
        self.staging.path()
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
        match self.objects()?.size(&self.path(name)) {
            // Who may write it need not be allowed to read it.
            Err(error) if error.kind == Kind::Permission => Ok(Standing::Hidden),
            size => Ok(self.told(size)?.map_or(Standing::Nothing, Standing::Object)),
        }
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

    fn end_unfinished(&self, is_ours: &(dyn Fn(&str) -> bool + Sync)) {
        // Nobody reads it, who writes need not be allowed to see it, and a store that says no here
        // says so again where it matters.
        if let Some(objects) = self.system.objects() {
            _ = objects.end_unfinished(&self.folder, is_ours);
        }
    }
}
