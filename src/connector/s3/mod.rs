//! Objects of S3 and of stores that speak as it does, read as files are.
//!
//! | file | answers |
//! | --- | --- |
//! | `spec`, `settings` | what a connection is told |
//! | `client`, `retry`, `failure` | asking the store: once more where that helps, else what is wrong |
//! | `object`, `list`, `find` | which objects a path means |
//! | `range`, `fetch` | their bytes, several requests in flight |
//! | `scan` | how they are one table |
//! | `write`, `whole` | new objects; a small one at once |
//! | `objects` | where exports write |
//! | `probe` | what a test of a connection finds |
//! | `runtime` | the threads behind it |
//!
//! The AWS SDK reads the environment by itself, to find credentials as AWS tools do: the one part of
//! the library that does.

mod client;
mod failure;
mod fetch;
mod find;
mod list;
mod object;
mod objects;
mod probe;
mod range;
mod retry;
mod runtime;
mod scan;
mod settings;
mod spec;
mod whole;
mod write;

pub use object::{Address, Entry};
pub use range::Sizes;
pub use retry::{Retry, Sleep};
pub use spec::SPEC;
pub use write::Uploaded;

use super::batches::{Batches, Object, ReadRequest, WriteRequest};
use super::file::{FileEntry, FileError, FileObject, FileStore, Scan, rows};
use super::{Connector, ConnectorError, ConnectorSpec, Kind, Objects, Parameters, Report};
use crate::engine::Session;
use crate::relation::Column;
use client::Client;
use runtime::wait;
use settings::Settings;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// A connection to a store. Opens nothing until it is asked for something; clones share what is
/// open. Every function blocks.
#[derive(Clone)]
pub struct S3 {
    client: Arc<Client>,
    sizes: Sizes,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3").field("store", &self.client.settings.store()).finish_non_exhaustive()
    }
}

impl S3 {
    /// A connection with `parameters`, as [`SPEC`] reads them.
    ///
    /// # Errors
    /// Parameters that contradict each other.
    pub fn new(parameters: &Parameters) -> Result<Self, ConnectorError> {
        let client = Client::new(Settings::read(parameters)?, Retry::default());
        Ok(Self { client: Arc::new(client), sizes: Sizes::default() })
    }

    /// The same connection that repeats and cuts requests otherwise.
    #[must_use]
    pub fn tuned(&self, retry: Retry, sizes: Sizes) -> Self {
        let client = Client::new(self.client.settings.clone(), retry);
        Self { client: Arc::new(client), sizes }
    }

    /// Reaches the store and says what it finds. No object is made, not for a moment.
    pub fn test_connection(&self) -> Report {
        probe::probe(&self.client.settings, &self.client.retry)
    }

    /// Where `path` is: `s3://bucket/key`, or a key below the connection's bucket and prefix.
    ///
    /// # Errors
    /// There is no bucket.
    pub fn address(&self, path: &str) -> Result<Address, ConnectorError> {
        self.client.address(path).map_err(ConnectorError::from)
    }

    /// The objects that `object.path` names, as files named `s3://bucket/key` and sorted by that;
    /// nothing of them is fetched, so that they have no path yet. What tells their content is known.
    ///
    /// # Errors
    /// As those of [`super::file::find`], and what the store refuses.
    pub fn find(&self, object: &FileObject) -> Result<Vec<FileEntry>, FileError> {
        let client = &self.client;
        wait(async {
            let found = client.find(object).await?;
            let found = client.with_etags(found).await?;
            Ok(found.iter().map(Entry::file).collect())
        })
    }

    /// Fetches what reading `files` takes and looks into them as [`super::file::scan`] does. What
    /// was fetched is in `object.scratch` and goes with the scan. All of it is of one content:
    /// an object that changed meanwhile was read again from the start, so that etags and sizes of
    /// the scan's files may be others than those of `files`.
    ///
    /// # Errors
    /// As those of [`super::file::scan`], what the store refuses, and an object that does not
    /// come to rest.
    pub fn scan(
        &self,
        object: &FileObject,
        files: &[FileEntry],
        session: &mut dyn Session,
    ) -> Result<Scan, FileError> {
        scan::scan(&self.client, self.sizes, object, files, session)
    }

    /// Whether one of `files` is another object by now than the one that was found or fetched.
    ///
    /// # Errors
    /// What the store refuses.
    pub fn changed(&self, files: &[FileEntry]) -> Result<bool, ConnectorError> {
        let known: Vec<Entry> = files.iter().filter_map(Entry::of).collect();
        let asked = known.iter().map(|entry| Entry { etag: None, ..entry.clone() }).collect();
        let now = wait(self.client.with_etags(asked))?;
        let is_same = |(known, now): (&Entry, &Entry)| {
            now.size == known.size && (known.etag.is_none() || now.etag == known.etag)
        };
        Ok(!known.iter().zip(&now).all(is_same))
    }

    /// All objects below `path`, sorted, marks and empty ones too.
    ///
    /// # Errors
    /// What the store refuses.
    pub fn list(&self, path: &str) -> Result<Vec<Entry>, ConnectorError> {
        let at = self.address(path)?;
        wait(async { Ok(self.client.list(&at.bucket, &at.key).await?) })
    }

    /// Writes all that `reader` gives as one object, which shows when all of it is there. Few parts
    /// of it are in memory at once.
    ///
    /// # Errors
    /// `reader` fails or the store refuses; what was at `path` is still there, and nothing else is
    /// left.
    pub fn upload(&self, path: &str, reader: &mut dyn Read) -> Result<Uploaded, ConnectorError> {
        let at = self.address(path)?;
        Ok(write::upload(&self.client, &at, reader, self.sizes.upload)?)
    }

    /// Writes a small text of JSON, a manifest for instance, as one object.
    ///
    /// # Errors
    /// What the store refuses; what was at `path` is still there.
    pub fn put_manifest(&self, path: &str, json: &str) -> Result<Uploaded, ConnectorError> {
        let (at, bytes) = (self.address(path)?, json.as_bytes().to_vec());
        wait(async { Ok(self.client.put(&at, bytes, "application/json").await?) })
    }

    /// Removes objects, given by path; one that is not there is no error.
    ///
    /// # Errors
    /// What the store refuses; some may be gone.
    pub fn delete(&self, paths: &[String]) -> Result<(), ConnectorError> {
        let objects = paths.iter().map(|path| self.address(path)).collect::<Result<Vec<_>, _>>()?;
        wait(async { Ok(self.client.delete(&objects).await?) })
    }

    /// Ends uploads below `path` that runs left when they were killed, where `is_ours` says so of
    /// their keys; answers how many. [`S3::upload`] does so for its own key.
    ///
    /// # Errors
    /// What the store refuses.
    pub fn abort_leftovers(
        &self,
        path: &str,
        is_ours: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<u64, ConnectorError> {
        let at = self.address(path)?;
        wait(async { Ok(self.client.abort_unfinished(&at.bucket, &at.key, is_ours).await?) })
    }
}

fn no_bucket(path: &str) -> ConnectorError {
    ConnectorError::new(Kind::NotFound, format!("`{path}` names no bucket"))
        .with_help("write s3://bucket/key, or give the connection a `bucket`")
}

impl Connector for S3 {
    fn spec(&self) -> &'static ConnectorSpec {
        &SPEC
    }

    fn test_connection(&self) -> Report {
        Self::test_connection(self)
    }

    fn schema(&self, object: &Object) -> Result<Vec<Column>, ConnectorError> {
        rows::schema(self, Path::new(""), object)
    }

    fn max_connections(&self) -> usize {
        self.client.settings.connections
    }

    fn read(&self, request: &ReadRequest) -> Result<Box<dyn Batches>, ConnectorError> {
        rows::read(self, Path::new(""), request)
    }

    fn write(&self, _: &WriteRequest, _: &mut dyn Batches) -> Result<u64, ConnectorError> {
        rows::refuse_to_write()
    }
}

impl FileStore for S3 {
    fn test_connection(&self) -> Option<Report> {
        Some(S3::test_connection(self))
    }

    fn start(&self, object: &FileObject) -> Option<String> {
        if Address::read(&object.path).is_some() {
            return None;
        }
        self.address("").ok().map(|address| address.to_string())
    }

    fn find(&self, object: &FileObject) -> Result<Vec<FileEntry>, FileError> {
        S3::find(self, object)
    }

    fn scan(
        &self,
        object: &FileObject,
        files: &[FileEntry],
        session: &mut dyn Session,
    ) -> Result<Scan, FileError> {
        S3::scan(self, object, files, session)
    }

    fn changed(&self, files: &[FileEntry]) -> Result<bool, FileError> {
        Ok(S3::changed(self, files)?)
    }

    fn objects(&self) -> Option<&dyn Objects> {
        Some(self)
    }
}
