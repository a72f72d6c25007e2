//! What the sessions of a run know of its locks, and who looks that they stand.

use super::refused;
use super::session::filled;
use crate::engine::{EngineError, ErrorKind};
use crate::postgres::session::{Abort, Session as Client};
use crate::system::{ConnectorError, Kind};
use minijinja::context;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How often the connection that has the locks is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// The locks of a run, as its sessions see them.
pub(super) struct Held {
    /// The key of a lock that stands as long as the others do.
    mark: i64,
    is_lost: AtomicBool,
    running: Mutex<Vec<Weak<Running>>>,
}

/// What a session does, to be ended where the locks are lost.
#[derive(Default)]
pub(super) struct Running {
    /// By what it is ended.
    pub(super) stop: Mutex<Abort>,
    /// Whether nothing is published yet of what it works on.
    pub(super) may_end: AtomicBool,
}

impl Held {
    pub(super) fn new(mark: i64) -> Self {
        Self { mark, is_lost: AtomicBool::new(false), running: Mutex::default() }
    }

    /// A session works under these locks.
    pub(super) fn follow(&self, running: &Arc<Running>) {
        let mut all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.strong_count() > 0);
        all.push(Arc::downgrade(running));
    }

    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::SeqCst)
    }

    /// Nothing is begun any more, and what runs is ended.
    pub(super) fn lose(&self) {
        self.is_lost.store(true, Ordering::SeqCst);
        let all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for running in all.iter().filter_map(Weak::upgrade) {
            if running.may_end.load(Ordering::SeqCst) {
                running.stop.lock().unwrap_or_else(PoisonError::into_inner).call();
            }
        }
    }

    /// The statement by which a session begins to work on `name`, after it worked on `before`.
    pub(super) fn work(&self, name: &str, before: Option<&str>) -> Result<String, EngineError> {
        filled("held_work", &context! { name, before, mark => self.mark })
    }

    /// The statement that fails where the locks are gone.
    pub(super) fn stands(&self) -> Result<String, EngineError> {
        filled("held_stands", &context! { mark => self.mark })
    }
}

/// The locks of the run are gone.
pub(super) fn lost() -> EngineError {
    EngineError::new(
        ErrorKind::Unlocked,
        "the connection that held the locks of this run was ended: another run may have begun\n\
         nothing is published without them: run again once the server is back, and no other run is on",
    )
}

/// The connection that has the locks, and the thread that looks whether it stands. Both end when
/// this is dropped.
pub(super) struct Watch {
    ends: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub(super) fn begin(mut client: Client, held: &Arc<Held>) -> Result<Self, EngineError> {
        let (ends, ended) = mpsc::channel();
        let held = Arc::clone(held);
        let look = move || {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                if client.is_lost() {
                    held.lose();
                    return;
                }
            }
        };
        let thread = Builder::new().name("locks".to_owned()).spawn(look).map_err(|error| {
            refused(ConnectorError::new(
                Kind::Resource,
                format!("no thread could be made: {error}"),
            ))
        })?;
        Ok(Self { ends: Some(ends), thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.ends.take());
        if let Some(thread) = self.thread.take() {
            // The server frees the locks when the thread has let go of the connection.
            _ = thread.join();
        }
    }
}
