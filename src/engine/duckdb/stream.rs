//! Arrow batches into DuckDB and out of it.
//!
//! In: `duckdb_arrow_scan` makes a view over an Arrow C stream, which one statement then reads with
//! all threads. DuckDB keeps a pointer to the stream in the view, so the view is dropped before the
//! stream is. The function is marked deprecated since DuckDB 1.0, and there in 1.5 and 2.0; of six
//! ways that were measured it is the fastest by a quarter.
//!
//! Out: chunks of a result become record batches through `duckdb_data_chunk_to_arrow`.

use super::raw::{Chunk, Connection, LogicalType, RawError, Rows, c_string};
use arrow::array::{RecordBatch, RecordBatchOptions, StructArray};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow::ffi_stream::FFI_ArrowArrayStream;
use duckdb::ffi;
use std::ffi::CStr;
use std::ptr;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// A stream that a view of `connection` reads; the view must be dropped before this is.
pub(super) struct Scanned(
    #[allow(dead_code, reason = "DuckDB reads it by its address")] Box<FFI_ArrowArrayStream>,
);

impl Connection {
    /// Makes the view `name` over `stream` in the schema that unqualified names mean.
    pub(super) fn scan_arrow(
        &self,
        name: &str,
        stream: FFI_ArrowArrayStream,
    ) -> Result<Scanned, RawError> {
        let name = c_string(name)?;
        let mut stream = Box::new(stream);
        // SAFETY: the stream is of Arrow's C layout, which both crates take from its specification;
        // it does not move, being boxed, and lives as long as `Scanned`, which the caller keeps
        // until the view is gone.
        let state = unsafe {
            ffi::duckdb_arrow_scan(
                self.handle(),
                name.as_ptr(),
                ptr::from_mut::<FFI_ArrowArrayStream>(&mut stream).cast(),
            )
        };
        if state == ffi::DuckDBSuccess {
            return Ok(Scanned(stream));
        }
        Err(RawError("the rows that come from elsewhere cannot be read".to_owned()))
    }
}

/// How the rows of a result become Arrow batches.
pub(super) struct Converter {
    options: ffi::duckdb_arrow_options,
    c_schema: FFI_ArrowSchema,
    schema: SchemaRef,
}

impl Converter {
    /// For the columns of `rows`.
    pub(super) fn new(rows: &mut Rows<'_>) -> Result<Self, RawError> {
        let options = rows.arrow_options();
        let (c_schema, schema) = (FFI_ArrowSchema::empty(), Arc::new(Schema::empty()));
        let mut converter = Self { options, c_schema, schema };
        let count = rows.column_count();
        let types: Vec<LogicalType> = (0..count).map(|index| rows.column_type(index)).collect();
        let names: Vec<_> =
            (0..count).map(|index| c_string(rows.column_name(index))).collect::<Result<_, _>>()?;
        let mut type_handles: Vec<_> = types.iter().map(|data_type| data_type.0).collect();
        let mut name_handles: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        // SAFETY: types and names live during the call, `count` is the length of both, and the
        // schema is a released one that DuckDB fills and whose release function frees it.
        let error = unsafe {
            ffi::duckdb_to_arrow_schema(
                converter.options,
                type_handles.as_mut_ptr(),
                name_handles.as_mut_ptr(),
                count,
                ptr::from_mut(&mut converter.c_schema).cast(),
            )
        };
        check(error)?;
        converter.schema = Arc::new(Schema::try_from(&converter.c_schema).map_err(told)?);
        Ok(converter)
    }

    /// The columns.
    pub(super) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The rows of `chunk`.
    pub(super) fn batch(&self, chunk: &Chunk) -> Result<RecordBatch, RawError> {
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: the chunk lives during the call; the array is a released one that DuckDB fills.
        let error = unsafe {
            ffi::duckdb_data_chunk_to_arrow(
                self.options,
                chunk.handle(),
                ptr::from_mut(&mut array).cast(),
            )
        };
        check(error)?;
        // SAFETY: DuckDB made the array for the types that the schema was made from.
        let data = unsafe { arrow::ffi::from_ffi(array, &self.c_schema) }.map_err(told)?;
        let columns = StructArray::from(data).into_parts().1;
        let length = usize::try_from(chunk.len()).unwrap_or_default();
        let options = RecordBatchOptions::new().with_row_count(Some(length));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(told)
    }
}

fn told(error: arrow::error::ArrowError) -> RawError {
    RawError(error.to_string())
}

impl Drop for Converter {
    fn drop(&mut self) {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_destroy_arrow_options(&raw mut self.options) }
    }
}

/// Reads an error of the conversion, which is then freed.
fn check(mut error: ffi::duckdb_error_data) -> Result<(), RawError> {
    // SAFETY: null means that there is none; the message is copied before its owner is destroyed.
    unsafe {
        if error.is_null() || !ffi::duckdb_error_data_has_error(error) {
            ffi::duckdb_destroy_error_data(&raw mut error);
            return Ok(());
        }
        let message = ffi::duckdb_error_data_message(error);
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        ffi::duckdb_destroy_error_data(&raw mut error);
        Err(RawError(text))
    }
}
