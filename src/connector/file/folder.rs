//! A directory of files as a connection.

use super::{FileEntry, FileError, FileObject, FileStore, LocalFiles, SPEC, Scan, rows};
use crate::connector::{
    Batches, Connector, ConnectorError, ConnectorSpec, Kind, Object, Parameters, ReadRequest,
    Report, WriteRequest,
};
use crate::engine::Session;
use crate::relation::Column;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::time::Instant;

/// A directory that paths start at.
#[derive(Debug, Clone)]
pub struct Folder {
    directory: PathBuf,
}

impl Folder {
    /// The directory that `parameters` name; without one, the directory that the program runs in.
    pub fn new(parameters: &Parameters) -> Self {
        Self { directory: parameters.text("path").unwrap_or(".").into() }
    }

    fn refused(&self, what: &str, error: &io::Error) -> ConnectorError {
        let kind = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Kind::NotFound,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::Resource,
            _ => Kind::Permission,
        };
        let message = format!("`{}` cannot be {what}: {error}", self.directory.display());
        ConnectorError::new(kind, message)
    }

    fn reached(&self) -> Result<String, ConnectorError> {
        let found = fs::metadata(&self.directory).map_err(|error| self.refused("seen", &error))?;
        if found.is_dir() {
            return Ok(self.directory.display().to_string());
        }
        let message = format!("`{}` is not a directory", self.directory.display());
        Err(ConnectorError::new(Kind::NotFound, message)
            .with_help("`path` names the directory that paths of sources start at"))
    }

    fn may_read(&self) -> Result<String, ConnectorError> {
        let entries =
            fs::read_dir(&self.directory).map_err(|error| self.refused("read", &error))?;
        Ok(format!("{} entries", entries.count()))
    }

    /// Writes a file and removes it again: nothing else tells of full disks and read-only ones.
    fn may_write(&self) -> Result<String, ConnectorError> {
        let path = self.directory.join(format!(".sqlflow-probe-{}", std::process::id()));
        let tried = File::create_new(&path).and_then(|_| fs::remove_file(&path));
        tried.map_err(|error| self.refused("written", &error))?;
        Ok(self.directory.display().to_string())
    }
}

impl Connector for Folder {
    fn spec(&self) -> &'static ConnectorSpec {
        &SPEC
    }

    fn test_connection(&self) -> Report {
        let mut report = Report::default();
        let begin = Instant::now();
        let reached = self.reached();
        let is_reached = reached.is_ok();
        report.checks.push(("reached", reached));
        if !is_reached {
            return report;
        }
        report.latency = Some(begin.elapsed());
        std::env::consts::OS.clone_into(&mut report.version);
        report.checks.push(("authenticated", Ok("files ask for nothing".to_owned())));
        let may_read = self.may_read();
        let goes_on = may_read.is_ok();
        report.checks.push(("may read", may_read));
        if goes_on {
            report.checks.push(("may write", self.may_write()));
        }
        report
    }

    fn schema(&self, object: &Object) -> Result<Vec<Column>, ConnectorError> {
        rows::schema(&LocalFiles, &self.directory, object)
    }

    fn read(&self, request: &ReadRequest) -> Result<Box<dyn Batches>, ConnectorError> {
        rows::read(&LocalFiles, &self.directory, request)
    }

    fn write(&self, _: &WriteRequest, _: &mut dyn Batches) -> Result<u64, ConnectorError> {
        rows::refuse_to_write()
    }
}

impl FileStore for Folder {
    fn test_connection(&self) -> Option<Report> {
        Some(Connector::test_connection(self))
    }

    fn find(&self, object: &FileObject) -> Result<Vec<FileEntry>, FileError> {
        LocalFiles.find(object)
    }

    fn scan(
        &self,
        object: &FileObject,
        files: &[FileEntry],
        session: &mut dyn Session,
    ) -> Result<Scan, FileError> {
        LocalFiles.scan(object, files, session)
    }

    fn changed(&self, files: &[FileEntry]) -> Result<bool, FileError> {
        LocalFiles.changed(files)
    }
}
