//! The one asynchronous runtime of the process; what calls it blocks.

use crate::connector::{ConnectorError, Kind};
use std::future::Future;
use std::sync::OnceLock;
use tokio::runtime::{Builder, Handle, Runtime};

static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();

/// The runtime.
pub(super) fn handle() -> Result<&'static Handle, ConnectorError> {
    let made = RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("s3").enable_all();
        builder.build().map_err(|error| error.to_string())
    });
    made.as_ref().map(Runtime::handle).map_err(|error| {
        ConnectorError::new(Kind::Resource, format!("no threads can be started: {error}"))
    })
}

/// Waits for `future`. Never called on the runtime's own threads: what runs there awaits.
pub(super) fn wait<T, E: From<ConnectorError>>(
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    handle()?.block_on(future)
}
