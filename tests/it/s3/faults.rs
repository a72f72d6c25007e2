//! What goes wrong between a store and who asks it, on purpose.
//!
//! A fault counts where bytes of the object had flowed and it was not there yet.

use http_body::{Body as HttpBody, Frame, SizeHint};
use s3s::{Body, StdError};
use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection breaks after so many bytes of the body.
    Reset(u64),
    /// The answer says that it has so few bytes, and has.
    Truncated(u64),
    /// 503 SlowDown.
    SlowDown,
    /// 500 InternalError.
    Internal,
    /// 400 ExpiredToken.
    Expired,
    /// The connection is closed before an answer.
    Dropped,
    /// The store is started anew: all connections break, and a few that come are refused.
    Restart,
    /// The answer takes a while, in milliseconds.
    Late(u64),
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::Reset(_) => "reset",
            Self::Truncated(_) => "truncated",
            Self::SlowDown => "503",
            Self::Internal => "500",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
            Self::Restart => "restart",
            Self::Late(_) => "late",
        }
    }
}

/// What will go wrong, and what did.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// The next requests for bytes of objects get these.
    pub(super) next: Mutex<Vec<Fault>>,
    random: Mutex<Option<Random>>,
    /// Bytes of each object that flowed since the transfer was begun.
    flowed: Mutex<HashMap<String, u64>>,
    hits: Mutex<BTreeMap<&'static str, u32>>,
    pub(super) served: AtomicU64,
    pub(super) requests: AtomicU64,
    pub(super) restart: tokio::sync::Notify,
}

#[derive(Debug)]
struct Random {
    state: u64,
    /// One request in so many fails.
    one_in: u64,
    /// 503s that are still to come.
    storm: u64,
}

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % most.max(1)
    }

    fn fault(&mut self, length: u64) -> Option<Fault> {
        if self.storm > 0 {
            self.storm -= 1;
            return Some(Fault::SlowDown);
        }
        if self.below(self.one_in) > 0 {
            return None;
        }
        Some(match self.below(7) {
            0 | 1 => Fault::Reset(self.below(length)),
            2 => Fault::Truncated(self.below(length)),
            3 => {
                self.storm = self.below(4);
                Fault::SlowDown
            }
            4 => Fault::Internal,
            5 if self.below(2) == 0 => Fault::Expired,
            5 => Fault::Late(self.below(20)),
            6 if self.below(2) == 0 => Fault::Restart,
            _ => Fault::Dropped,
        })
    }
}

impl Faults {
    /// From now on one request in `one_in` fails; 0 for none.
    pub(super) fn at_random(&self, seed: u64, one_in: u64) {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let random = (one_in > 0).then_some(Random { state, one_in, storm: 0 });
        *self.random.lock().unwrap() = random;
        self.flowed.lock().unwrap().clear();
    }

    /// What becomes of a request for `length` bytes of `key`, or for something else of it.
    pub(super) fn choose(&self, key: &str, length: u64) -> Option<Fault> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let told = {
            let mut next = self.next.lock().unwrap();
            (length > 1 && !next.is_empty()).then(|| next.remove(0))
        };
        let fault = told.or_else(|| self.random.lock().unwrap().as_mut()?.fault(length))?;
        let before = self.flowed.lock().unwrap().get(key).copied().unwrap_or(0);
        let more = match fault {
            Fault::Reset(at) | Fault::Truncated(at) if length > 1 => at,
            _ => 0,
        };
        if before + more > 0 && !matches!(fault, Fault::Late(_)) {
            *self.hits.lock().unwrap().entry(fault.name()).or_default() += 1;
        }
        Some(fault)
    }

    pub(super) fn flow(&self, key: &str, bytes: u64) {
        *self.flowed.lock().unwrap().entry(key.to_owned()).or_default() += bytes;
        self.served.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The faults that counted, by kind.
    pub(super) fn hits(&self) -> BTreeMap<&'static str, u32> {
        self.hits.lock().unwrap().clone()
    }
}

/// The body of an answer that breaks off, and which counts what flows.
pub(super) struct Flow {
    pub(super) inner: Body,
    pub(super) faults: Arc<Faults>,
    pub(super) key: String,
    /// So many bytes still flow; `None` for all.
    pub(super) left: Option<u64>,
    /// It ends there as if that were all.
    pub(super) is_quiet: bool,
}

impl HttpBody for Flow {
    type Data = bytes::Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, StdError>>> {
        if self.left == Some(0) {
            return Poll::Ready(if self.is_quiet { None } else { Some(Err("reset".into())) });
        }
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        let Poll::Ready(Some(Ok(frame))) = polled else { return polled };
        let mut data = frame.into_data().unwrap_or_default();
        if let Some(left) = self.left {
            data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            self.left = Some(left - data.len() as u64);
        }
        self.faults.flow(&self.key, data.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> SizeHint {
        match (self.left, self.is_quiet) {
            (Some(left), true) => SizeHint::with_exact(left),
            _ => self.inner.size_hint(),
        }
    }
}
