//! What goes wrong between a store and who asks it, on purpose.
//!
//! A fault counts where bytes of the object had flowed and it was not there yet.

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use s3s::{Body, StdError};
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection breaks after so many bytes of the body.
    Reset(u64),
    /// The answer says that it has so few bytes, and has; or so few of what was sent came.
    Truncated(u64),
    /// After so many bytes of the body it stops for a while.
    Slow(u64),
    /// 503 SlowDown.
    SlowDown,
    /// 500 InternalError.
    Internal,
    /// 400 ExpiredToken.
    Expired,
    /// 403 AccessDenied.
    Denied,
    /// The connection is closed before an answer.
    Dropped,
    /// It is done, and nobody hears of it.
    Lost,
    /// After so many bytes of the body the store is started anew: all connections break, and a few
    /// that come are refused.
    Restart(u64),
    /// The answer takes a while, in milliseconds.
    Late(u64),
}

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::Reset(_) => "reset",
            Self::Truncated(_) => "truncated",
            Self::Slow(_) => "slow body",
            Self::SlowDown => "503",
            Self::Internal => "500",
            Self::Expired => "expired",
            Self::Denied => "denied",
            Self::Dropped => "dropped",
            Self::Lost => "answer lost",
            Self::Restart(_) => "restart",
            Self::Late(_) => "late",
        }
    }

    /// How many bytes of what is asked for flow all the same.
    fn flows(self, asked: &Asked<'_>) -> u64 {
        match self {
            Self::Reset(at) | Self::Truncated(at) | Self::Slow(at) | Self::Restart(at) => at,
            // The store takes what is sent before it says no.
            Self::SlowDown | Self::Internal | Self::Expired | Self::Denied | Self::Lost
                if asked.is_sent =>
            {
                asked.length
            }
            Self::SlowDown
            | Self::Internal
            | Self::Expired
            | Self::Denied
            | Self::Dropped
            | Self::Lost
            | Self::Late(_) => 0,
        }
    }
}

/// A request, as far as faults mind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) key: &'a str,
    /// The bytes of the object that it asks for or sends.
    pub(super) length: u64,
    /// They are sent, not asked for.
    pub(super) is_sent: bool,
    /// It changes something.
    pub(super) is_change: bool,
    /// An object is not here, or not there, before it is answered.
    pub(super) is_transfer: bool,
}

/// What will go wrong, and what did.
#[derive(Debug)]
pub(super) struct Faults {
    /// The next requests for bytes of objects get these.
    pub(super) next: Mutex<Vec<Fault>>,
    random: Mutex<Option<Random>>,
    /// Bytes of each object that flowed since the transfer was begun.
    flowed: Mutex<HashMap<String, u64>>,
    hits: Mutex<BTreeMap<&'static str, u32>>,
    writes_left: AtomicU64,
    pub(super) served: AtomicU64,
    pub(super) requests: AtomicU64,
    pub(super) restart: tokio::sync::Notify,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            next: Mutex::default(),
            random: Mutex::default(),
            flowed: Mutex::default(),
            hits: Mutex::default(),
            writes_left: AtomicU64::new(u64::MAX),
            served: AtomicU64::default(),
            requests: AtomicU64::default(),
            restart: tokio::sync::Notify::new(),
        }
    }
}

#[derive(Debug)]
struct Random {
    state: u64,
    /// One request in so many fails.
    one_in: u64,
    /// 503s that are still to come.
    storm: u64,
    /// After so many requests there is only that.
    end: Option<(u64, Fault)>,
}

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % most.max(1)
    }

    /// What happens, and whether that is the first of its storm.
    fn fault(&mut self, asked: &Asked<'_>) -> Option<(Fault, bool)> {
        if let Some((left, fault)) = &mut self.end {
            match *left {
                0 => return Some((*fault, false)),
                1 if !asked.is_transfer => {}
                1 => {
                    *left = 0;
                    return Some((*fault, true));
                }
                _ => *left -= 1,
            }
        }
        if self.storm > 0 {
            self.storm -= 1;
            return Some((Fault::SlowDown, false));
        }
        if self.below(self.one_in) > 0 {
            return None;
        }
        Some((self.kind(asked), true))
    }

    fn kind(&mut self, asked: &Asked<'_>) -> Fault {
        let at = self.below(asked.length);
        match self.below(9) {
            0 | 1 => Fault::Reset(at),
            2 => Fault::Truncated(at),
            3 => Fault::Slow(at),
            4 => {
                self.storm = self.below(4);
                Fault::SlowDown
            }
            5 => Fault::Internal,
            6 if self.below(2) == 0 => Fault::Expired,
            6 => Fault::Late(self.below(20)),
            7 => Fault::Restart(at),
            _ if asked.is_change => Fault::Lost,
            _ => Fault::Dropped,
        }
    }
}

impl Faults {
    /// From now on one request in `one_in` fails; 0 for none.
    pub(super) fn at_random(&self, seed: u64, one_in: u64) {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let random = (one_in > 0).then_some(Random { state, one_in, storm: 0, end: None });
        *self.random.lock().unwrap() = random;
        self.flowed.lock().unwrap().clear();
    }

    /// After so many requests more, those and all others get `fault`.
    pub(super) fn end_with(&self, after: u64, fault: Fault) {
        if let Some(random) = &mut *self.random.lock().unwrap() {
            random.end = Some((after + 1, fault));
        }
    }

    /// Nothing is written once so many objects more are.
    pub(super) fn refuse_writes_after(&self, count: u64) {
        self.writes_left.store(count, Ordering::Relaxed);
    }

    /// What becomes of a request.
    pub(super) fn choose(&self, asked: &Asked<'_>) -> Option<Fault> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if asked.is_sent {
            let one_less = |left: u64| (left != u64::MAX).then(|| left.saturating_sub(1));
            let order = Ordering::Relaxed;
            if self.writes_left.fetch_update(order, order, one_less) == Ok(0) {
                return Some(Fault::Denied);
            }
        }
        let told = {
            let mut next = self.next.lock().unwrap();
            (asked.length > 1 && !next.is_empty()).then(|| (next.remove(0), true))
        };
        let (fault, is_first) =
            told.or_else(|| self.random.lock().unwrap().as_mut()?.fault(asked))?;
        let before = self.flowed.lock().unwrap().get(asked.key).copied().unwrap_or(0);
        let has_flowed = before + fault.flows(asked) > 0;
        if is_first && has_flowed && asked.is_transfer && !matches!(fault, Fault::Late(_)) {
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

/// How long a slow body stops.
const PAUSE: Duration = Duration::from_millis(150);

/// A body that breaks off or stops for a while, and which counts what flows.
pub(super) struct Flow {
    pub(super) inner: Body,
    pub(super) faults: Arc<Faults>,
    pub(super) key: String,
    pub(super) cut: Cut,
    flowed: u64,
    /// What came and is not yet to be handed on.
    held: Bytes,
    pause: Option<Pin<Box<Sleep>>>,
}

/// Where a body is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Nowhere,
    /// It breaks.
    Broken(u64),
    /// It ends there as if that were all.
    Quiet(u64),
    /// It breaks, and so does the whole store.
    Restart(u64),
    /// It goes on after a while.
    Slow(u64),
}

impl Cut {
    pub(super) fn of(fault: Option<Fault>) -> Self {
        match fault {
            Some(Fault::Reset(at)) => Self::Broken(at),
            Some(Fault::Truncated(at)) => Self::Quiet(at),
            Some(Fault::Restart(at)) => Self::Restart(at),
            Some(Fault::Slow(at)) => Self::Slow(at),
            _ => Self::Nowhere,
        }
    }

    /// How many bytes flow before.
    fn at(self) -> Option<u64> {
        match self {
            Self::Nowhere => None,
            Self::Broken(at) | Self::Quiet(at) | Self::Restart(at) | Self::Slow(at) => Some(at),
        }
    }
}

impl Flow {
    pub(super) fn new(inner: Body, faults: Arc<Faults>, key: String, cut: Cut) -> Self {
        Self { inner, faults, key, cut, flowed: 0, held: Bytes::new(), pause: None }
    }

    /// Hands on as much of what came as flows.
    fn hand_on(&mut self) -> Option<Bytes> {
        let left = self.cut.at().map_or(u64::MAX, |at| at - self.flowed);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(self.held.len());
        let data = self.held.split_to(most);
        self.flowed += data.len() as u64;
        self.faults.flow(&self.key, data.len() as u64);
        (!data.is_empty()).then_some(data)
    }
}

impl HttpBody for Flow {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, StdError>>> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        if self.cut.at() == Some(self.flowed) {
            match self.cut {
                Cut::Nowhere => {}
                Cut::Quiet(_) => return Poll::Ready(None),
                Cut::Broken(_) => return Poll::Ready(Some(Err("reset".into()))),
                Cut::Restart(_) => {
                    self.faults.restart.notify_one();
                    return Poll::Ready(Some(Err("restart".into())));
                }
                Cut::Slow(_) => {
                    self.cut = Cut::Nowhere;
                    self.pause = Some(Box::pin(tokio::time::sleep(PAUSE)));
                    return self.poll_frame(context);
                }
            }
        }
        if self.held.is_empty() {
            let polled = Pin::new(&mut self.inner).poll_frame(context);
            let Poll::Ready(Some(Ok(frame))) = polled else { return polled };
            self.held = frame.into_data().unwrap_or_default();
        }
        let data = self.hand_on().unwrap_or_default();
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> SizeHint {
        match self.cut {
            Cut::Quiet(at) => SizeHint::with_exact(at),
            _ => self.inner.size_hint(),
        }
    }
}
