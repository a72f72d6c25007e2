//! Rows of one engine into another: a thread reads, a channel of a few batches holds, the other
//! engine takes.

use super::{Budget, EngineError, ErrorKind, Marked, Session};
use crate::relation::Column;
use crate::system::ConnectorError;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchReader};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

/// Batches between the two, besides the bytes that may wait.
const MOST_BATCHES: usize = 32;

/// Why rows did not come through.
#[derive(Debug)]
pub enum Unpoured {
    /// The query that gives them failed.
    Read(EngineError),
    /// The statement that takes them failed.
    Write(EngineError),
}

/// What is poured.
#[derive(Debug, Clone, Copy)]
pub struct Pour<'p> {
    /// The query that gives the rows.
    pub query: &'p str,
    /// The statement that takes them: see [`Session::ingest`].
    pub statement: &'p str,
    /// The view that the statement may read them from.
    pub view: &'p str,
    /// The columns of the query.
    pub columns: &'p [Column],
}

/// Executes `pour.query` in `from` and gives its rows to `pour.statement` in `into`; answers how
/// many rows that changed.
///
/// # Errors
/// Which side failed. Nothing of the statement remains.
pub fn pour(
    pour: &Pour<'_>,
    from: &mut dyn Session,
    into: &mut dyn Session,
) -> Result<Option<u64>, Unpoured> {
    let (sender, receiver) = sync_channel(MOST_BATCHES);
    let budget = Arc::new(Budget::default());
    let given = Arc::clone(&budget);
    std::thread::scope(|scope| {
        let query = pour.query.to_owned();
        let reading = scope.spawn(move || {
            let mut is_taken = true;
            let read = from.stream(&query, &mut |batch| {
                given.take(batch.get_array_memory_size());
                is_taken = sender.send(Some(batch)).is_ok();
                is_taken
            });
            if read.is_ok() && is_taken {
                // Whoever is gone by now says why.
                _ = sender.send(None);
            }
            read
        });
        let taken = Incoming::open(receiver, budget, Marked::of(pour.columns))
            .map(|incoming| into.ingest(pour.statement, pour.view, Box::new(incoming)));
        let read = reading.join().unwrap_or_else(|_| {
            Err(EngineError::new(ErrorKind::Internal, "reading rows ended in a panic"))
        });
        match (read, taken) {
            // Where the query fails the other side fails too, for want of an end.
            (Err(error), _) => Err(Unpoured::Read(error)),
            (Ok(()), Some(taken)) => taken.map_err(Unpoured::Write),
            (Ok(()), None) => {
                let error = EngineError::new(ErrorKind::Internal, "the query gave no columns");
                Err(Unpoured::Read(error))
            }
        }
    })
}

/// Batches as they come through the channel. Without an end, not all rows came.
struct Incoming {
    receiver: Receiver<Option<RecordBatch>>,
    budget: Arc<Budget>,
    marked: Marked,
    schema: SchemaRef,
    ended: bool,
}

impl Incoming {
    fn open(
        receiver: Receiver<Option<RecordBatch>>,
        budget: Arc<Budget>,
        marked: Marked,
    ) -> Option<Self> {
        let columns = receiver.recv().ok()??;
        budget.give_back(columns.get_array_memory_size());
        let schema = marked.schema(&columns.schema());
        Some(Self { receiver, budget, marked, schema, ended: false })
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.budget.close();
    }
}

impl Iterator for Incoming {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.receiver.recv() {
            Ok(Some(batch)) => {
                self.budget.give_back(batch.get_array_memory_size());
                let told = |error: ConnectorError| ArrowError::ExternalError(Box::new(error));
                Some(self.marked.batch(batch).map_err(told))
            }
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(_) => {
                self.ended = true;
                Some(Err(ArrowError::ComputeError("the rows ended early".to_owned())))
            }
        }
    }
}

impl RecordBatchReader for Incoming {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}
