//! A way to the server that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How binary COPY begins, in either direction: rows flow.
const ROWS: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// A commit, as a client sends it.
const COMMIT: &[u8] = b"commit\0";

/// Where the way breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Nowhere.
    Never,
    /// After so many bytes from the server, on all connections together.
    Back(usize),
    /// After so many bytes to the server.
    Forth(usize),
    /// Before the connection of that number comes through, from 1.
    Connection(usize),
    /// Before a commit reaches the server.
    BeforeCommit,
    /// Before its answer comes back.
    AfterCommit,
}

/// What happens there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// Every connection is cut; others come through.
    Cut,
    /// Every connection is cut, and no other comes through.
    CutForGood,
    /// The client's ends are cut, and the server does not hear of it.
    Deaf,
    /// Nothing passes for so long; then every connection is cut.
    Stall(Duration),
    /// Nothing passes until [`Proxy::resume`].
    Wait,
}

/// Passes connections on to a server, until the way breaks, once.
pub(super) struct Proxy {
    pub(super) port: u16,
    shared: Arc<Shared>,
    accepts: Option<JoinHandle<()>>,
}

struct Shared {
    to: u16,
    at: At,
    what: Break,
    back: AtomicUsize,
    forth: AtomicUsize,
    /// Rows have begun to flow.
    rows: AtomicBool,
    /// The way has broken, and whether rows flowed by then.
    broken: Mutex<Option<bool>>,
    resumed: Mutex<bool>,
    resumes: Condvar,
    refuses: AtomicBool,
    ends: AtomicBool,
    /// The ends of clients and of servers, by turns.
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// A way to the server at `port`.
    pub(super) fn new(port: u16, at: At, what: Break) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            to: port,
            at,
            what,
            back: AtomicUsize::new(0),
            forth: AtomicUsize::new(0),
            rows: AtomicBool::new(false),
            broken: Mutex::new(None),
            resumed: Mutex::new(false),
            resumes: Condvar::new(),
            refuses: AtomicBool::new(false),
            ends: AtomicBool::new(false),
            streams: Mutex::default(),
        });
        let for_thread = Arc::clone(&shared);
        let accepts = std::thread::spawn(move || accept(&listener, &for_thread));
        Self { port: own, shared, accepts: Some(accepts) }
    }

    /// A way to `port` that is cut for good after `bytes` came back.
    pub(super) fn cut_after(port: u16, bytes: usize) -> Self {
        Self::new(port, At::Back(bytes), Break::CutForGood)
    }

    /// Whether the way broke while a connection was open.
    pub(super) fn hit(&self) -> bool {
        self.shared.broken.lock().unwrap().is_some()
    }

    /// Whether it broke when rows had begun to flow.
    pub(super) fn hit_rows(&self) -> bool {
        *self.shared.broken.lock().unwrap() == Some(true)
    }

    /// Bytes that came from the server, and that went to it.
    pub(super) fn passed(&self) -> (usize, usize) {
        (self.shared.back.load(Ordering::SeqCst), self.shared.forth.load(Ordering::SeqCst))
    }

    /// Lets pass what waits at [`Break::Wait`].
    pub(super) fn resume(&self) {
        *self.shared.resumed.lock().unwrap() = true;
        self.shared.resumes.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        self.resume();
        self.shared.cut_all();
        _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(accepts) = self.accepts.take() {
            _ = accepts.join();
        }
    }
}

impl Shared {
    fn cut_all(&self) {
        for stream in self.streams.lock().unwrap().drain(..) {
            _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// The way breaks, unless it has; `false` where nothing more passes on this connection.
    fn breaks(&self) -> bool {
        {
            let mut broken = self.broken.lock().unwrap();
            if broken.is_some() {
                return true;
            }
            *broken = Some(self.rows.load(Ordering::SeqCst));
        }
        match self.what {
            Break::Cut => {}
            Break::CutForGood => self.refuses.store(true, Ordering::SeqCst),
            Break::Deaf => {
                let streams = self.streams.lock().unwrap();
                for client in streams.iter().step_by(2) {
                    _ = client.shutdown(Shutdown::Both);
                }
                return false;
            }
            Break::Stall(pause) => std::thread::sleep(pause),
            Break::Wait => {
                let resumed = self.resumed.lock().unwrap();
                drop(self.resumes.wait_while(resumed, |resumed| !*resumed).unwrap());
                return true;
            }
        }
        self.cut_all();
        false
    }

    /// Counts `bytes`; answers how many of them pass before the way breaks, where it does.
    fn breaks_in(&self, bytes: &[u8], is_back: bool) -> Option<usize> {
        if holds(bytes, ROWS) {
            self.rows.store(true, Ordering::SeqCst);
        }
        let counter = if is_back { &self.back } else { &self.forth };
        let before = counter.fetch_add(bytes.len(), Ordering::SeqCst);
        let within = |at: usize| {
            (before <= at && at < before + bytes.len()).then(|| at.saturating_sub(before))
        };
        match self.at {
            At::Back(at) if is_back => within(at),
            At::Forth(at) if !is_back => within(at),
            At::BeforeCommit if !is_back && holds(bytes, COMMIT) => Some(0),
            _ => None,
        }
    }

    /// Whether `bytes` are a commit whose answer is not to come back.
    fn is_last(&self, bytes: &[u8]) -> bool {
        self.at == At::AfterCommit && holds(bytes, COMMIT)
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, client) in (1..).zip(listener.incoming()) {
        if shared.ends.load(Ordering::SeqCst) {
            return;
        }
        let client = client.unwrap();
        if shared.refuses.load(Ordering::SeqCst) {
            continue;
        }
        if shared.at == At::Connection(number) && !shared.breaks() {
            continue;
        }
        // The server may be restarting.
        let Ok(server) = TcpStream::connect(("127.0.0.1", shared.to)) else { continue };
        let mut streams = shared.streams.lock().unwrap();
        streams.push(client.try_clone().unwrap());
        streams.push(server.try_clone().unwrap());
        drop(streams);
        let is_committed = Arc::new(AtomicBool::new(false));
        let (from_client, to_client) = (client.try_clone().unwrap(), client);
        let (from_server, to_server) = (server.try_clone().unwrap(), server);
        let (one, other) = (Arc::clone(shared), Arc::clone(shared));
        let commits = Arc::clone(&is_committed);
        std::thread::spawn(move || pass(from_client, to_server, &one, false, &commits));
        std::thread::spawn(move || pass(from_server, to_client, &other, true, &is_committed));
    }
}

fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
    shared: &Shared,
    is_back: bool,
    is_committed: &AtomicBool,
) {
    let mut bytes = [0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let mut rest = &bytes[..count];
        // What comes now is the answer to the commit.
        if is_back && is_committed.swap(false, Ordering::SeqCst) && !shared.breaks() {
            return;
        }
        if let Some(passes) = shared.breaks_in(rest, is_back) {
            _ = to.write_all(&rest[..passes]);
            if !shared.breaks() {
                return;
            }
            rest = &rest[passes..];
        }
        if !is_back && shared.is_last(rest) {
            is_committed.store(true, Ordering::SeqCst);
        }
        if to.write_all(rest).is_err() {
            break;
        }
    }
    _ = to.shutdown(Shutdown::Write);
}
