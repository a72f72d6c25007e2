//! A pooler in transaction mode: each transaction of a client gets a connection of a pool.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// Which connection of the pool comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The one that was used last.
    Newest,
    /// The one that has not been used for longest.
    Oldest,
}

struct Pool {
    free: Mutex<VecDeque<TcpStream>>,
    freed: Condvar,
    order: Order,
    hello: Vec<u8>,
}

/// Starts one with `size` connections to `database` of the server at `to`; answers its port. It ends
/// with the process.
pub(super) fn pooler(to: u16, database: &str, size: usize, order: Order) -> u16 {
    let mut free = VecDeque::new();
    let mut hello = Vec::new();
    for _ in 0..size {
        let (stream, said) = connect(to, database).unwrap();
        hello = said;
        free.push_back(stream);
    }
    let pool = Arc::new(Pool { free: Mutex::new(free), freed: Condvar::new(), order, hello });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let pool = Arc::clone(&pool);
            // A client that goes without a word ends its thread.
            std::thread::spawn(move || serve(&client.unwrap(), &pool).ok());
        }
    });
    port
}

/// A connection of the pool, and what the server said to it.
fn connect(to: u16, database: &str) -> io::Result<(TcpStream, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", to))?;
    let body = format!("\0\u{3}\0\0user\0postgres\0database\0{database}\0\0");
    stream.write_all(&u32::try_from(body.len() + 4).unwrap().to_be_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut said = Vec::new();
    loop {
        let message = message(&stream)?;
        said.extend_from_slice(&message);
        if message[0] == b'Z' {
            return Ok((stream, said));
        }
    }
}

fn message(mut from: &TcpStream) -> io::Result<Vec<u8>> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
    let mut message = head.to_vec();
    message.resize(length + 1, 0);
    from.read_exact(&mut message[5..])?;
    Ok(message)
}

fn serve(mut client: &TcpStream, pool: &Pool) -> io::Result<()> {
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    let mut startup = vec![0; u32::from_be_bytes(length) as usize - 4];
    client.read_exact(&mut startup)?;
    client.write_all(&pool.hello)?;
    let mut taken: Option<TcpStream> = None;
    loop {
        let asked = message(client)?;
        if asked[0] == b'X' {
            return Ok(());
        }
        let mut server = taken.take().unwrap_or_else(|| pool.take());
        server.write_all(&asked)?;
        if !matches!(asked[0], b'Q' | b'S') {
            taken = Some(server);
            continue;
        }
        loop {
            let answer = message(&server)?;
            let is_ready = answer[0] == b'Z';
            if is_ready && answer[5] == b'I' {
                // Before the client hears of it: it may ask again at once.
                pool.give(server);
                client.write_all(&answer)?;
                break;
            }
            client.write_all(&answer)?;
            if is_ready {
                taken = Some(server);
                break;
            }
        }
    }
}

impl Pool {
    fn take(&self) -> TcpStream {
        let mut free = self.free.lock().unwrap();
        loop {
            let next = match self.order {
                Order::Newest => free.pop_back(),
                Order::Oldest => free.pop_front(),
            };
            if let Some(next) = next {
                return next;
            }
            free = self.freed.wait(free).unwrap();
        }
    }

    fn give(&self, server: TcpStream) {
        self.free.lock().unwrap().push_back(server);
        self.freed.notify_one();
    }
}
