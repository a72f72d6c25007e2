//! A way to the server that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Passes connections on to a server, until so many bytes came back on all of them together; then
/// each of them is cut.
pub(super) struct Proxy {
    pub(super) port: u16,
    shared: Arc<Shared>,
    accepts: Option<JoinHandle<()>>,
}

struct Shared {
    to: u16,
    left: AtomicUsize,
    cut: AtomicBool,
    /// Connections that were open when the cut came.
    hit: AtomicUsize,
    ends: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// A way to `port` that is cut after `bytes` came back.
    pub(super) fn cut_after(port: u16, bytes: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            to: port,
            left: AtomicUsize::new(bytes),
            cut: AtomicBool::new(false),
            hit: AtomicUsize::new(0),
            ends: AtomicBool::new(false),
            streams: Mutex::default(),
        });
        let for_thread = Arc::clone(&shared);
        let accepts = std::thread::spawn(move || accept(&listener, &for_thread));
        Self { port: own, shared, accepts: Some(accepts) }
    }

    /// Whether the cut came while a connection was open.
    pub(super) fn hit(&self) -> bool {
        self.shared.hit.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
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
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.ends.load(Ordering::SeqCst) {
            return;
        }
        let client = client.unwrap();
        if shared.cut.load(Ordering::SeqCst) {
            continue;
        }
        let server = TcpStream::connect(("127.0.0.1", shared.to)).unwrap();
        let mut streams = shared.streams.lock().unwrap();
        streams.push(client.try_clone().unwrap());
        streams.push(server.try_clone().unwrap());
        drop(streams);
        let (from_client, to_client) = (client.try_clone().unwrap(), client);
        let (from_server, to_server) = (server.try_clone().unwrap(), server);
        std::thread::spawn(move || forth(from_client, to_server));
        let shared = Arc::clone(shared);
        std::thread::spawn(move || back(from_server, to_client, &shared));
    }
}

fn forth(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    _ = to.shutdown(Shutdown::Write);
}

fn back(mut from: TcpStream, mut to: TcpStream, shared: &Shared) {
    let mut bytes = [0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let before = shared.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            Some(left.saturating_sub(count))
        });
        let passes = before.unwrap().min(count);
        if to.write_all(&bytes[..passes]).is_err() {
            break;
        }
        if passes < count {
            shared.cut.store(true, Ordering::SeqCst);
            shared.hit.fetch_add(1, Ordering::SeqCst);
            shared.cut_all();
            return;
        }
    }
    _ = to.shutdown(Shutdown::Write);
}
