//! PostgreSQL: tables, views and queries, read by binary COPY and decoded into Arrow.
//!
//! | file | what |
//! | --- | --- |
//! | `catalog` | columns of an object |
//! | `known` | one read of the catalogue for all that a run foresees |
//! | `read`, `ranges`, `reading` | several connections under one snapshot |
//! | `write` | replace, append, merge |
//! | `mark` | what an incremental read records, so that no row is lost |
//! | `probe` | what `debug` says |
//!
//! The client is `crate::postgres`, the statements are in templates/postgres/. Works with every server since version 12; splits tables
//! by pages since version 14.

mod catalog;
mod known;
mod mark;
mod probe;
mod ranges;
mod read;
mod reading;
mod write;

pub use crate::postgres::spec::SPEC;

use super::batches::{Batches, Incremental, Mark, Object, ReadRequest, WriteRequest};
use super::{Connector, Report};
use crate::postgres::session::Session;
use crate::postgres::spec::Settings;
use crate::relation::{Column, DataType};
use crate::system::{ConnectorError, ConnectorSpec, Parameters};
use known::Known;
use std::sync::Arc;

/// A PostgreSQL database, with the parameters of its connections. Opens none until it is asked.
#[derive(Debug, Clone)]
pub struct Postgres {
    settings: Arc<Settings>,
    known: Arc<Known>,
}

impl Postgres {
    /// A database that is reached with `parameters`.
    ///
    /// # Errors
    /// A parameter is missing, or does not go with another.
    pub fn new(parameters: Parameters) -> Result<Self, ConnectorError> {
        Ok(Self { settings: Arc::new(Settings::read(&parameters)?), known: Arc::default() })
    }

    /// The columns of several objects by one read of the catalogue; each has its own answer.
    ///
    /// # Errors
    /// The catalogue could not be read at all.
    pub fn schemas(
        &self,
        objects: &[Object],
    ) -> Result<Vec<Result<Vec<Column>, ConnectorError>>, ConnectorError> {
        let mut session = Session::connect(&self.settings)?;
        let described = catalog::describe(self, &mut session, objects)?;
        Ok(described.into_iter().map(|described| described?.columns()).collect())
    }
}

/// What the engine must cast a column to, once its Arrow form is in a stage: times with a time zone
/// travel as text. A cast to the type that it has already costs nothing.
pub fn stage_type(column: &Column) -> DataType {
    column.data_type.clone()
}

impl Connector for Postgres {
    fn spec(&self) -> &'static ConnectorSpec {
        &SPEC
    }

    fn retries(&self) -> u32 {
        self.settings.retries
    }

    fn test_connection(&self) -> Report {
        probe::test(self)
    }

    fn schema(&self, object: &Object) -> Result<Vec<Column>, ConnectorError> {
        self.known.describe(self, object)?.columns()
    }

    fn foresee(&self, objects: &[Object]) {
        self.known.foresee(objects);
    }

    fn foresee_columns(&self, objects: &[Object]) {
        self.known.foresee_all(objects);
    }

    fn forget(&self, object: &Object) {
        self.known.forget(object);
    }

    fn column_names(&self, object: &Object) -> Result<Vec<String>, ConnectorError> {
        let described = self.known.describe(self, object)?;
        Ok(described.columns.into_iter().map(|column| column.name).collect())
    }

    fn schema_of(&self, object: &Object, names: &[String]) -> Result<Vec<Column>, ConnectorError> {
        let mut described = self.known.describe(self, object)?;
        described.columns.retain(|column| names.contains(&column.name));
        described.columns()
    }

    fn batch_rows(&self) -> usize {
        self.settings.batch_rows
    }

    fn max_connections(&self) -> usize {
        self.settings.max_connections
    }

    fn read(&self, request: &ReadRequest) -> Result<Box<dyn Batches>, ConnectorError> {
        Ok(Box::new(read::open(self, request, None)?.0))
    }

    fn read_with(
        &self,
        request: &ReadRequest,
        incremental: &Incremental,
    ) -> Result<(Box<dyn Batches>, Mark), ConnectorError> {
        let (reading, mark) = read::open(self, request, Some(incremental))?;
        Ok((Box::new(reading), mark))
    }

    fn write(
        &self,
        request: &WriteRequest,
        batches: &mut dyn Batches,
    ) -> Result<u64, ConnectorError> {
        write::write(self, request, batches)
    }
}
