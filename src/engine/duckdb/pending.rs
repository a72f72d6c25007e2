//! A statement that runs, waited for without keeping a core busy.

use super::raw::RawError;
use duckdb::ffi;
use std::thread;
use std::time::Duration;

/// A statement that was started.
pub(super) struct Pending(ffi::duckdb_pending_result);

/// Nothing to do so often in turn means that others are at work for longer.
const PATIENCE: u32 = 200;

/// Short beside any statement that has something to wait for.
const NAP: Duration = Duration::from_micros(100);

impl Pending {
    /// Starts a statement that stays bound until this is gone.
    ///
    /// # Safety
    /// The handle is that of a statement.
    pub(super) unsafe fn start(
        statement: ffi::duckdb_prepared_statement,
    ) -> Result<Self, RawError> {
        let mut handle = std::ptr::null_mut();
        // SAFETY: the caller answers for the statement; the handle is ours after the call, failed or
        // not, and its message is copied.
        unsafe {
            let state = ffi::duckdb_pending_prepared_streaming(statement, &raw mut handle);
            let pending = Self(handle);
            if state == ffi::DuckDBSuccess {
                return Ok(pending);
            }
            Err(RawError::borrowed(ffi::duckdb_pending_error(pending.0)))
        }
    }

    /// Works on it until it has a result, or has failed. DuckDB's own loop asks for work again and
    /// again while its other threads end theirs: a sixth of the CPU time of a load, seen with 1.5.5.
    fn work(&mut self) {
        let mut idle = 0;
        loop {
            // SAFETY: the handle is ours.
            match unsafe { ffi::duckdb_pending_execute_task(self.0) } {
                ffi::duckdb_pending_state_DUCKDB_PENDING_RESULT_NOT_READY => idle = 0,
                ffi::duckdb_pending_state_DUCKDB_PENDING_NO_TASKS_AVAILABLE => {
                    idle += 1;
                    if idle < PATIENCE { thread::yield_now() } else { thread::sleep(NAP) }
                }
                _ => return,
            }
        }
    }

    /// Its result, which carries the error where it failed.
    pub(super) fn result(mut self) -> (ffi::duckdb_result, bool) {
        self.work();
        // SAFETY: a zeroed result is what the interface asks for; after the call it is the caller's.
        unsafe {
            let mut result: ffi::duckdb_result = std::mem::zeroed();
            let state = ffi::duckdb_execute_pending(self.0, &raw mut result);
            (result, state == ffi::DuckDBSuccess)
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // SAFETY: the handle is ours.
        unsafe { ffi::duckdb_destroy_pending(&raw mut self.0) }
    }
}
