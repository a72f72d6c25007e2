//! A stream of bytes in chunks that end where a record does.
//!
//! Where quotes are doubled, a line end outside quotes follows an even number of quotes. That is a
//! guess: a quote in an unquoted field breaks it. Who splits a chunk into records sees whether its
//! end is the end of a record, and reads the file again in [`Split::ByReader`] where it is not.

use super::text::fill;
use std::io::{self, Read};

/// Bytes of a chunk, if no record is longer.
pub(super) const CHUNK: usize = 2 * 1024 * 1024;

/// A longer record is more likely a quote that is not closed.
pub(in super::super) const LONGEST: usize = 256 * 1024 * 1024;

/// Who finds the end of the last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// This module, counting quotes.
    Guess {
        /// The quote.
        quote: Option<u8>,
    },
    /// The reader of the chunk, which puts back the rest.
    ByReader,
}

/// Some whole records.
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    /// Its place among the chunks.
    pub(super) index: usize,
    /// Whether nothing follows.
    pub(super) is_last: bool,
}

/// Why there is no chunk.
#[derive(Debug)]
pub(super) enum NoChunk {
    /// The stream fails.
    Failed(io::Error),
    /// A record is too long.
    TooLong,
}

/// The chunks of a stream.
pub(super) struct Chunks {
    stream: Box<dyn Read + Send>,
    split: Split,
    left: Vec<u8>,
    spare: Vec<Vec<u8>>,
    next: usize,
    is_done: bool,
}

impl Chunks {
    pub(super) fn new(stream: Box<dyn Read + Send>, split: Split) -> Self {
        let (left, spare) = (Vec::new(), Vec::new());
        Self { stream, split, left, spare, next: 0, is_done: false }
    }

    /// The next chunk; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Chunk>, NoChunk> {
        if self.is_done {
            return Ok(None);
        }
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.append(&mut self.left);
        loop {
            if bytes.len() > LONGEST {
                return Err(NoChunk::TooLong);
            }
            let (filled, wanted) = (bytes.len(), bytes.len().max(CHUNK));
            bytes.resize(filled + wanted, 0);
            let read = fill(&mut *self.stream, bytes.get_mut(filled..).unwrap_or_default());
            let read = read.map_err(NoChunk::Failed)?;
            bytes.truncate(filled + read);
            self.is_done = read < wanted;
            if self.is_done || self.split == Split::ByReader {
                break;
            }
            if let Some(end) = self.boundary(&bytes) {
                self.left.extend_from_slice(bytes.get(end..).unwrap_or_default());
                bytes.truncate(end);
                break;
            }
        }
        let index = self.next;
        self.next += 1;
        Ok(Some(Chunk { bytes, index, is_last: self.is_done }))
    }

    /// Takes back what was not used of a chunk, and the room that it took.
    pub(super) fn put_back(&mut self, chunk: Vec<u8>, used: usize) {
        self.left.extend_from_slice(chunk.get(used..).unwrap_or_default());
        // A long record's room is given back to the system.
        if chunk.capacity() <= 2 * CHUNK {
            self.spare.push(chunk);
        }
    }

    /// Reads what is left, only to see whether it can be read.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        io::copy(&mut self.stream, &mut io::sink()).map(|_| ())
    }

    /// The byte after the last record that is whole.
    fn boundary(&self, bytes: &[u8]) -> Option<usize> {
        let Split::Guess { quote } = self.split else { return None };
        last_outside(bytes, b'\n', quote).or_else(|| {
            // Old files have carriage returns only; the last byte could be half of a pair.
            last_outside(bytes.split_last()?.1, b'\r', quote)
        })
    }
}

/// The byte after the last `end` that follows an even number of quotes.
fn last_outside(bytes: &[u8], end: u8, quote: Option<u8>) -> Option<usize> {
    let quotes = quote.map_or(0, |quote| memchr::memchr_iter(quote, bytes).count());
    let Some(quote) = quote.filter(|_| quotes > 0) else {
        return memchr::memrchr(end, bytes).map(|at| at + 1);
    };
    let mut is_outside = quotes.is_multiple_of(2);
    let mut rest = bytes;
    while let Some(at) = memchr::memrchr2(end, quote, rest) {
        if rest.get(at) == Some(&quote) {
            is_outside = !is_outside;
        } else if is_outside {
            return Some(at + 1);
        }
        rest = rest.get(..at)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_outside_quotes() {
        for (text, end, quote, expected) in [
            ("a\nb", b'\n', Some(b'"'), Some(2)),
            ("a\n\"b\nc\"\nd", b'\n', Some(b'"'), Some(8)),
            ("a\n\"b\nc\nd", b'\n', Some(b'"'), Some(2)),
            ("\"b\nc\nd", b'\n', Some(b'"'), None),
            ("\"b\nc\nd", b'\n', None, Some(5)),
            ("a\rb", b'\r', Some(b'"'), Some(2)),
        ] {
            assert_eq!(last_outside(text.as_bytes(), end, quote), expected, "{text:?}");
        }
    }

    #[test]
    fn chunks_make_the_whole() {
        let text = "1,\"x\ny\"\n".repeat(CHUNK / 4);
        let stream = Box::new(io::Cursor::new(text.clone().into_bytes()));
        let mut chunks = Chunks::new(stream, Split::Guess { quote: Some(b'"') });
        let mut whole = Vec::new();
        while let Some(chunk) = chunks.next().unwrap() {
            assert!(chunk.bytes.is_empty() || chunk.bytes.ends_with(b"\"\n"));
            whole.extend_from_slice(&chunk.bytes);
            let length = chunk.bytes.len();
            chunks.put_back(chunk.bytes, length);
        }
        assert!(whole == text.as_bytes());
    }
}
