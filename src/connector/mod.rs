//! What rows come from and go to: one trait, one module a system.
//!
//! | module | system |
//! | --- | --- |
//! | `file` | local files: CSV, Parquet, JSON |
//! | `postgres` | PostgreSQL: tables, views, queries |
//! | `s3` | objects of an S3-compatible store, read as files are |
//!
//! `retry` says how often a caller asks again, and after which wait.
//!
//! A connector finds what an object names, says plainly what is wrong with it, and answers with
//! rows under back-pressure, or with a scan that the engine runs itself: files are always read by
//! DuckDB's readers, after what these do not check has been checked.

mod batches;
pub mod file;
mod objects;
#[cfg(feature = "postgres")]
pub mod postgres;
mod registry;

#[cfg(feature = "s3")]
pub mod s3;

pub use crate::system::{
    ConnectorError, ConnectorSpec, Kind, Outlook, Parameter, ParameterError, Parameters, Reads,
    Takes, Tries,
};
pub use batches::{
    Batches, Filter, Incremental, Mark, Object, ReadRequest, WriteMode, WriteRequest,
};
pub use objects::{Objects, wrong_path};
pub use registry::{System, connector, is_left_out, on_disk, open, spec, specs};

use crate::relation::Column;

/// A system that rows are read from or written to, with the parameters of one connection.
pub trait Connector: Send + Sync {
    /// Name, version and parameters of its kind.
    fn spec(&self) -> &'static ConnectorSpec;

    /// How often a request whose error heals is made again. The caller makes it: a load or export
    /// starts anew from its beginning.
    fn retries(&self) -> u32 {
        0
    }

    /// Reaches the system and says what it finds, part by part, up to the first that fails.
    fn test_connection(&self) -> Report;

    /// The columns of `object`, as the system's catalogue has them.
    ///
    /// # Errors
    /// It is not there, it may not be read, or a column's type cannot be carried: the column is
    /// named, and what to do.
    fn schema(&self, object: &Object) -> Result<Vec<Column>, ConnectorError>;

    /// Tells what will be asked for: what one look at the system can say of all of it is asked once.
    /// What changes later is told where it is read.
    fn foresee(&self, _objects: &[Object]) {}

    /// The same where only columns will be asked for, and no rows: queries are then described
    /// together with tables.
    fn foresee_columns(&self, objects: &[Object]) {
        self.foresee(objects);
    }

    /// What is known of `object` may be out of date: it is asked for anew from now on.
    fn forget(&self, _object: &Object) {}

    /// The names of the columns of `object`, in order; of those too that cannot be carried.
    ///
    /// # Errors
    /// As those of [`Connector::schema`].
    fn column_names(&self, object: &Object) -> Result<Vec<String>, ConnectorError> {
        Ok(self.schema(object)?.into_iter().map(|column| column.name).collect())
    }

    /// The columns of `object` that are called `names`, in its order. Whether others can be carried
    /// does not matter.
    ///
    /// # Errors
    /// As those of [`Connector::schema`].
    fn schema_of(&self, object: &Object, names: &[String]) -> Result<Vec<Column>, ConnectorError> {
        let mut columns = self.schema(object)?;
        columns.retain(|column| names.contains(&column.name));
        Ok(columns)
    }

    /// Rows in a batch, as the connection says.
    fn batch_rows(&self) -> usize {
        self.spec().batch_rows
    }

    /// Connections that one load may use at once, as the connection says.
    fn max_connections(&self) -> usize {
        self.spec().max_connections
    }

    /// The rows that `request` asks for, in one snapshot.
    ///
    /// # Errors
    /// As those of [`Connector::schema`]; what goes wrong later comes from [`Batches::next`].
    fn read(&self, request: &ReadRequest) -> Result<Box<dyn Batches>, ConnectorError>;

    /// Reads as [`Connector::read`] does, and says what an incremental load must record so that
    /// rows which commit late are read next time.
    ///
    /// # Errors
    /// As those of [`Connector::read`].
    fn read_with(
        &self,
        request: &ReadRequest,
        _incremental: &Incremental,
    ) -> Result<(Box<dyn Batches>, Mark), ConnectorError> {
        Ok((self.read(request)?, Mark::default()))
    }

    /// Writes all rows or none; answers how many.
    ///
    /// # Errors
    /// Nothing was changed, unless the error says that this is not known.
    fn write(
        &self,
        request: &WriteRequest,
        batches: &mut dyn Batches,
    ) -> Result<u64, ConnectorError>;
}

/// What a test of a connection found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The system's own version, for people; empty where it was not reached.
    pub version: String,
    /// How long one round trip took.
    pub latency: Option<std::time::Duration>,
    /// Each check with what it found: `reached`, `authenticated`, `may read`, `may write`.
    pub checks: Vec<(&'static str, Result<String, ConnectorError>)>,
}
