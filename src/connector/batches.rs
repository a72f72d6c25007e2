//! Rows on their way between systems.

use super::error::ConnectorError;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

/// Rows as they come. Memory is bounded by a few batches, whatever their number: a reader that is
/// not asked reads no further. Dropping it ends what stands behind it.
pub trait Batches: Send {
    /// The columns of every batch.
    fn schema(&self) -> SchemaRef;

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// What came so far must not be kept: not all rows will come.
    fn next(&mut self) -> Result<Option<RecordBatch>, ConnectorError>;
}

/// What is read or written in a system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// A table or view; without a schema, where the connection looks first.
    Table {
        /// Its schema.
        schema: Option<String>,
        /// Its name.
        name: String,
    },
    /// The rows of a query in the system's own language.
    Query(String),
    /// Files, by a path or glob.
    Files(String),
}

/// Which rows are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// What they are read from.
    pub object: Object,
    /// The columns, in order; `None` for all.
    pub columns: Option<Vec<String>>,
    /// Rows that an incremental load needs; `None` for all.
    pub filter: Option<Filter>,
    /// At most so many rows.
    pub limit: Option<u64>,
    /// A column whose ranges are read side by side, where the system cannot split by itself.
    pub partition_on: Option<String>,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Connections that may be used at once; at least one.
    pub connections: usize,
}

/// The rows whose cursor is at or after a value, and those that have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The cursor.
    pub column: String,
    /// The value, as text that the system's type reads.
    pub since: String,
    /// How far before it, in minutes, for a time; in units, for a number.
    pub lag: Option<crate::mode::load::Lag>,
    /// Whether rows whose cursor is NULL are left out.
    pub skips_null: bool,
}

/// An incremental read: what is ordered by, and what the last one recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Incremental {
    /// The cursor.
    pub cursor: String,
    /// What the last read recorded; `None` the first time.
    pub recorded: Option<Mark>,
    /// The time zone of naive cursors; `None` for the system's own.
    pub time_zone: Option<String>,
}

/// What is recorded of a read beside the greatest cursor value that it saw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// A value of the cursor's type, as text: the recorded cursor must not be later.
    pub ceiling: Option<String>,
    /// The oldest transaction that may commit rows later; 64 bits, so that it never comes again.
    pub xmin: Option<u64>,
    /// Why rows that commit late may be missed, and what helps.
    pub warning: Option<String>,
}

/// Where rows are written, and what becomes of those there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRequest {
    /// What they are written to.
    pub object: Object,
    /// What becomes of the rows there.
    pub mode: WriteMode,
    /// The run, for names of what stands beside until it is published.
    pub run_id: String,
}

/// What a write does to the rows that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteMode {
    /// They go.
    Replace,
    /// They stay.
    Append,
    /// Those with a key that comes are updated.
    Merge {
        /// The columns of the key.
        key: Vec<String>,
    },
}
