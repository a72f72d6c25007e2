//! DuckDB's C interface with owners in place of pointers: what is opened is closed, once.
//!
//! Here, in `pending.rs`, in `types.rs`, in `value.rs` and where its cells are read is all the `unsafe`. The rule that makes it sound: each wrapper
//! owns one handle that DuckDB gave out, keeps alive what the handle depends on, and frees it when
//! dropped. The crate `duckdb` is passed over because its results cannot be read without Arrow, its
//! streams panic when a fetch fails, and it tells neither the sort of a statement's result nor that
//! of an error.

use super::pending::Pending;
use duckdb::ffi;
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::Arc;

/// DuckDB's own words for what went wrong, not yet read.
#[derive(Debug)]
pub(super) struct RawError(pub(super) String);

impl RawError {
    /// Copies a message that DuckDB keeps the owner of.
    ///
    /// # Safety
    /// `message` is null or a C string that lives during the call.
    pub(super) unsafe fn borrowed(message: *const c_char) -> Self {
        if message.is_null() {
            return Self(String::new());
        }
        Self(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned())
    }
}

/// A string as C wants it. SQL and paths with a NUL byte are refused, not cut.
pub(super) fn c_string(text: impl Into<Vec<u8>>) -> Result<CString, RawError> {
    CString::new(text).map_err(|_| RawError("the text contains a NUL byte".to_owned()))
}

/// The version of the DuckDB library in use: `v1.5.5`.
pub(super) fn library_version() -> String {
    // SAFETY: the function gives a static string.
    unsafe { RawError::borrowed(ffi::duckdb_library_version()).0 }
}

/// An open database.
#[derive(Debug)]
pub(super) struct Database(ffi::duckdb_database);

// SAFETY: DuckDB locks an instance itself; the handle may be used and closed by any thread.
unsafe impl Send for Database {}
unsafe impl Sync for Database {}

impl Database {
    /// Opens the file at `path` (`:memory:` for none), with settings that count from the start.
    pub(super) fn open(path: &[u8], settings: &[(&str, &str)]) -> Result<Self, RawError> {
        let path = c_string(path)?;
        let config = Config::new(settings)?;
        let mut database = ptr::null_mut();
        let mut message = ptr::null_mut();
        // SAFETY: the pointers are to locals; a message, when there is one, is ours to free.
        unsafe {
            let state =
                ffi::duckdb_open_ext(path.as_ptr(), &raw mut database, config.0, &raw mut message);
            if state == ffi::DuckDBSuccess {
                return Ok(Self(database));
            }
            let error = RawError::borrowed(message);
            ffi::duckdb_free(message.cast());
            Err(error)
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, and connections hold the database by `Arc`.
        unsafe { ffi::duckdb_close(&raw mut self.0) }
    }
}

struct Config(ffi::duckdb_config);

impl Config {
    fn new(settings: &[(&str, &str)]) -> Result<Self, RawError> {
        let mut config = Self(ptr::null_mut());
        // SAFETY: `config` is a local; strings live during the calls.
        unsafe {
            if ffi::duckdb_create_config(&raw mut config.0) != ffi::DuckDBSuccess {
                return Err(RawError("no configuration could be made".to_owned()));
            }
            for (name, value) in settings {
                let (name_c, value_c) = (c_string(*name)?, c_string(*value)?);
                let state = ffi::duckdb_set_config(config.0, name_c.as_ptr(), value_c.as_ptr());
                if state != ffi::DuckDBSuccess {
                    return Err(RawError(format!("setting `{name}` does not take `{value}`")));
                }
            }
        }
        Ok(config)
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        // SAFETY: the handle is ours; DuckDB copies what it needs when it opens.
        unsafe { ffi::duckdb_destroy_config(&raw mut self.0) }
    }
}

/// A connection. One thread at a time may run statements on it; any may interrupt it.
#[derive(Debug)]
pub(super) struct Connection {
    handle: ffi::duckdb_connection,
    _database: Arc<Database>,
}

// SAFETY: DuckDB's connections are guarded by a lock of their own; `duckdb_interrupt` only sets an
// atomic flag. That statements are not run by two threads at once is kept by `Session: &mut self`.
unsafe impl Send for Connection {}
unsafe impl Sync for Connection {}

impl Connection {
    /// Connects to `database`.
    pub(super) fn new(database: &Arc<Database>) -> Result<Self, RawError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the database is open; the pointer is to a local.
        let state = unsafe { ffi::duckdb_connect(database.0, &raw mut handle) };
        if state != ffi::DuckDBSuccess {
            return Err(RawError("no connection could be made".to_owned()));
        }
        Ok(Self { handle, _database: Arc::clone(database) })
    }

    /// The handle, for calls that stand elsewhere.
    pub(super) fn handle(&self) -> ffi::duckdb_connection {
        self.handle
    }

    /// Stops what runs.
    pub(super) fn interrupt(&self) {
        // SAFETY: the handle is open as long as `self` lives.
        unsafe { ffi::duckdb_interrupt(self.handle) }
    }

    /// Parses `sql`; answers the statements in it.
    pub(super) fn extract(&self, sql: &str) -> Result<Extracted<'_>, RawError> {
        let sql = c_string(sql)?;
        let mut handle = ptr::null_mut();
        // SAFETY: the pointers are to locals; the error is copied before its owner is dropped.
        unsafe {
            let count = ffi::duckdb_extract_statements(self.handle, sql.as_ptr(), &raw mut handle);
            let extracted = Extracted { handle, count, connection: self };
            let message = ffi::duckdb_extract_statements_error(handle);
            if message.is_null() { Ok(extracted) } else { Err(RawError::borrowed(message)) }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the handle is ours; statements and results borrow the connection.
        unsafe { ffi::duckdb_disconnect(&raw mut self.handle) }
    }
}

/// Parsed statements.
pub(super) struct Extracted<'a> {
    handle: ffi::duckdb_extracted_statements,
    count: ffi::idx_t,
    connection: &'a Connection,
}

impl<'a> Extracted<'a> {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Binds the statement at `index`.
    pub(super) fn prepare(&self, index: u64) -> Result<Prepared<'a>, RawError> {
        let mut handle = ptr::null_mut();
        // SAFETY: the pointer is to a local; a failed statement too is ours to destroy, and
        // `Prepared` does so after its message was copied.
        unsafe {
            let state = ffi::duckdb_prepare_extracted_statement(
                self.connection.handle,
                self.handle,
                index,
                &raw mut handle,
            );
            let prepared = Prepared { handle, _connection: self.connection };
            if state == ffi::DuckDBSuccess {
                return Ok(prepared);
            }
            Err(RawError::borrowed(ffi::duckdb_prepare_error(handle)))
        }
    }
}

impl Drop for Extracted<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_destroy_extracted(&raw mut self.handle) }
    }
}

/// A bound statement.
pub(super) struct Prepared<'a> {
    handle: ffi::duckdb_prepared_statement,
    _connection: &'a Connection,
}

impl<'a> Prepared<'a> {
    /// How many parameters it takes.
    pub(super) fn parameter_count(&self) -> u64 {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_nparams(self.handle) }
    }

    /// How many columns its rows would have.
    pub(super) fn column_count(&self) -> u64 {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_prepared_statement_column_count(self.handle) }
    }

    /// The name of a column.
    pub(super) fn column_name(&self, index: u64) -> String {
        // SAFETY: the handle is ours; the name is copied, then given back; out of range gives null.
        unsafe {
            let name = ffi::duckdb_prepared_statement_column_name(self.handle, index);
            let copied = RawError::borrowed(name).0;
            ffi::duckdb_free(name.cast_mut().cast());
            copied
        }
    }

    /// The type of a column.
    pub(super) fn column_type(&self, index: u64) -> LogicalType {
        // SAFETY: the handle is ours; the type is ours to destroy.
        LogicalType(unsafe {
            ffi::duckdb_prepared_statement_column_logical_type(self.handle, index)
        })
    }

    /// Gives parameter `index`, counted from 1, its value; `None` is NULL.
    pub(super) fn bind(&mut self, index: u64, value: Option<&str>) -> Result<(), RawError> {
        // SAFETY: the text lives during the call, and its length is given.
        let state = unsafe {
            match value {
                None => ffi::duckdb_bind_null(self.handle, index),
                Some(text) => ffi::duckdb_bind_varchar_length(
                    self.handle,
                    index,
                    text.as_ptr().cast(),
                    text.len() as ffi::idx_t,
                ),
            }
        };
        if state == ffi::DuckDBSuccess {
            return Ok(());
        }
        // SAFETY: the handle is ours; the message is copied.
        Err(unsafe { RawError::borrowed(ffi::duckdb_prepare_error(self.handle)) })
    }

    /// Starts it. Rows come as they are made, where the statement allows that.
    pub(super) fn run(self) -> Result<Rows<'a>, RawError> {
        // SAFETY: the handle is ours, and lives as long as the rows.
        let (result, is_good) = unsafe { Pending::start(self.handle) }?.result();
        let mut rows = Rows { result, _statement: self };
        if is_good { Ok(rows) } else { Err(rows.error()) }
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_destroy_prepare(&raw mut self.handle) }
    }
}

/// The result of a statement, read forward once.
pub(super) struct Rows<'a> {
    result: ffi::duckdb_result,
    _statement: Prepared<'a>,
}

impl Rows<'_> {
    /// Whether the statement is asked for its rows, and not for what it does.
    pub(super) fn is_query(&self) -> bool {
        // SAFETY: the result is ours; by value means a copy of the handle, not of the rows.
        let kind = unsafe { ffi::duckdb_result_return_type(self.result) };
        kind == ffi::duckdb_result_type_DUCKDB_RESULT_TYPE_QUERY_RESULT
    }

    /// How many columns a row has.
    pub(super) fn column_count(&mut self) -> u64 {
        // SAFETY: the result is ours.
        unsafe { ffi::duckdb_column_count(&raw mut self.result) }
    }

    /// The name of a column.
    pub(super) fn column_name(&mut self, index: u64) -> String {
        // SAFETY: the result is ours and keeps the name; out of range gives null.
        unsafe { RawError::borrowed(ffi::duckdb_column_name(&raw mut self.result, index)).0 }
    }

    /// The type of a column.
    pub(super) fn column_type(&mut self, index: u64) -> LogicalType {
        // SAFETY: the result is ours; the type is ours to destroy.
        LogicalType(unsafe { ffi::duckdb_column_logical_type(&raw mut self.result, index) })
    }

    /// How its rows are told to Arrow; the caller destroys it.
    pub(super) fn arrow_options(&mut self) -> ffi::duckdb_arrow_options {
        // SAFETY: the result is ours.
        unsafe { ffi::duckdb_result_get_arrow_options(&raw mut self.result) }
    }

    /// The next rows; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Chunk>, RawError> {
        // SAFETY: the result is ours; a chunk is ours to destroy. After a failure the pointer is
        // null and the result carries the error; a null without one is the end.
        unsafe {
            let handle = ffi::duckdb_fetch_chunk(self.result);
            if !handle.is_null() {
                return Ok(Some(Chunk(handle)));
            }
            let error = self.error();
            if error.0.is_empty() { Ok(None) } else { Err(error) }
        }
    }

    fn error(&mut self) -> RawError {
        // SAFETY: the result is ours; the message is copied.
        unsafe { RawError::borrowed(ffi::duckdb_result_error(&raw mut self.result)) }
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        // SAFETY: the result is ours; the statement it came from is dropped after it.
        unsafe { ffi::duckdb_destroy_result(&raw mut self.result) }
    }
}

/// Some rows, by column.
pub(super) struct Chunk(ffi::duckdb_data_chunk);

impl Chunk {
    /// How many rows there are.
    pub(super) fn len(&self) -> u64 {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_data_chunk_get_size(self.0) }
    }

    /// The handle, for calls that stand elsewhere.
    pub(super) fn handle(&self) -> ffi::duckdb_data_chunk {
        self.0
    }

    /// The values of a column, which live as long as the chunk.
    pub(super) fn vector(&self, column: u64) -> ffi::duckdb_vector {
        // SAFETY: the handle is ours; out of range gives null.
        unsafe { ffi::duckdb_data_chunk_get_vector(self.0, column) }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_destroy_data_chunk(&raw mut self.0) }
    }
}

/// A type.
pub(super) struct LogicalType(pub(super) ffi::duckdb_logical_type);

impl Drop for LogicalType {
    fn drop(&mut self) {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_destroy_logical_type(&raw mut self.0) }
    }
}
