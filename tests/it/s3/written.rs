//! Objects that are written: whole, or not at all.

use super::faults::Fault;
use super::server::{Server, quick};
use sqlflow::connector::Kind;
use sqlflow::connector::s3::{S3, Sizes};
use std::io::{self, Read};

const PART: usize = 5 << 20;

fn in_parts(server: &Server) -> S3 {
    server.s3().tuned(quick(), Sizes { upload: PART, ..Sizes::default() })
}

/// Bytes that tell where they are.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at / 7 + at / 70_001) % 251).unwrap()).collect()
}

fn stored(server: &Server, key: &str) -> Option<Vec<u8>> {
    std::fs::read(server.bucket("shop").join(key)).ok()
}

#[test]
fn what_is_written_is_there() {
    let server = Server::start();
    let s3 = in_parts(&server);
    for length in [0, 1, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 17] {
        let content = content(length);
        let uploaded = s3.upload("out/x.bin", &mut &content[..]).unwrap();
        assert_eq!(uploaded.size, length as u64);
        assert!(uploaded.etag.is_some());
        assert!(stored(&server, "out/x.bin").unwrap() == content, "{length}");
    }
    s3.put_manifest("out/_manifest.json", "{}").unwrap();
    let listed: Vec<String> =
        s3.list("out/").unwrap().iter().map(|entry| entry.address.to_string()).collect();
    assert_eq!(listed, ["s3://shop/out/_manifest.json", "s3://shop/out/x.bin"]);
    s3.delete(&[listed[0].clone(), "out/x.bin".to_owned(), "out/never".to_owned()]).unwrap();
    assert_eq!(s3.list("out/").unwrap(), []);
}

/// Gives some bytes and fails.
struct Failing(u64);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the query failed"));
        }
        let count = usize::try_from(self.0).unwrap().min(buffer.len());
        self.0 -= count as u64;
        Ok(count)
    }
}

#[test]
fn a_reader_that_fails_leaves_what_was_there() {
    let server = Server::start();
    server.object("x.bin", "old");
    let s3 = in_parts(&server);
    for length in [10, 3 * PART as u64 + 10] {
        let error = s3.upload("x.bin", &mut Failing(length)).unwrap_err();
        assert_eq!(error.message, "what is to be written cannot be read: the query failed");
        assert_eq!(stored(&server, "x.bin").unwrap(), b"old");
        assert_eq!(s3.abort_leftovers("", &|_| true).unwrap(), 0, "nothing is left of it");
    }
}

#[test]
fn faults_heal_and_what_does_not_leaves_what_was_there() {
    let server = Server::start();
    server.object("x.bin", "old");
    let s3 = in_parts(&server);
    let content = content(4 * PART + 9);
    *server.faults.next.lock().unwrap() = vec![
        Fault::Reset(70_000),
        Fault::SlowDown,
        Fault::Internal,
        Fault::Dropped,
        Fault::Expired,
    ];
    s3.upload("x.bin", &mut &content[..]).unwrap();
    assert!(stored(&server, "x.bin").unwrap() == content);
    server.object("x.bin", "old");
    *server.faults.next.lock().unwrap() = vec![Fault::Internal; 60];
    let error = s3.upload("x.bin", &mut &content[..]).unwrap_err();
    assert_eq!(error.kind, Kind::Resource);
    server.faults.next.lock().unwrap().clear();
    assert_eq!(stored(&server, "x.bin").unwrap(), b"old");
    assert_eq!(s3.abort_leftovers("", &|_| true).unwrap(), 0, "nothing is left of it");
}

/// Gives some bytes and waits.
struct Stuck(u64, std::sync::mpsc::Receiver<()>);
impl Read for Stuck {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            _ = self.1.recv();
            return Err(io::Error::other("killed"));
        }
        let count = usize::try_from(self.0).unwrap().min(buffer.len());
        self.0 -= count as u64;
        Ok(count)
    }
}

#[test]
fn what_a_killed_run_left_goes_with_the_next() {
    let server = Server::start();
    let s3 = in_parts(&server);
    // As long as the reader waits, the upload is neither completed nor aborted.
    let (ask, asked) = std::sync::mpsc::channel::<()>();
    let other = s3.clone();
    let killed = std::thread::spawn(move || {
        other.upload("x.bin", &mut Stuck(PART as u64 + 5, asked)).unwrap_err()
    });
    let mut begun = 0;
    while begun == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        // Nothing of another key is touched.
        assert_eq!(s3.abort_leftovers("y", &|_| true).unwrap(), 0);
        assert_eq!(s3.abort_leftovers("x", &|_| false).unwrap(), 0);
        begun = server.uploads();
    }
    s3.upload("x.bin", &mut &content(2 * PART)[..]).unwrap();
    assert_eq!(server.uploads(), 0);
    drop(ask);
    killed.join().unwrap();
    assert!(stored(&server, "x.bin").unwrap() == content(2 * PART));
}
