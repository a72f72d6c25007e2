//! Reads delimited text once, to its end: what its columns hold, how many records there are, and
//! which of them are bad.
//!
//! DuckDB reads the same bytes again for the table. This pass is there because its reader takes
//! `1.5` for bigint 2, drops a field after the last, strips blanks before a quote, and reads a cut
//! file for a whole one; it has to be fast, since it comes on top of each load. One thread reads
//! (and decompresses, and decodes) chunks that end where a record does, and as many as there are
//! cores judge them.

pub(super) mod chunks;
pub(super) mod dialect;
mod floating;
pub(super) mod judge;
pub(super) mod part;
pub(super) mod rewrite;
mod sweep;
pub(super) mod text;
pub(super) mod token;
mod value;

use super::error::FileError;
use super::find::FileEntry;
use super::format::{Compression, Encoding};
use super::stream;
use chunks::{CHUNK, Chunk, Chunks, NoChunk, Split};
use part::{Part, Rules};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The records of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Records<'a> {
    /// The file.
    pub(super) file: &'a FileEntry,
    /// How it is compressed.
    pub(super) compression: Compression,
    /// How its text is written.
    pub(super) encoding: Encoding,
    /// The bytes of text, as UTF-8, before the first record.
    pub(super) offset: u64,
}

impl Records<'_> {
    /// The text from the first record on.
    pub(super) fn stream(&self) -> Result<Box<dyn Read + Send>, FileError> {
        let failed = |error| stream::failed(self.file, self.compression, error);
        let mut text = self.text().map_err(failed)?;
        io::copy(&mut text.by_ref().take(self.offset), &mut io::sink()).map_err(failed)?;
        Ok(text)
    }

    /// All of the text.
    pub(super) fn text(&self) -> io::Result<Box<dyn Read + Send>> {
        text::utf8(stream::open(self.file, self.compression)?, self.encoding)
    }

    fn no_chunk(&self, error: NoChunk) -> FileError {
        match error {
            NoChunk::Failed(error) => stream::failed(self.file, self.compression, error),
            NoChunk::TooLong => FileError::Malformed {
                path: self.file.name.clone(),
                line: None,
                text: String::new(),
                detail: "a record is longer than 256 MB; perhaps a quote is not closed".to_owned(),
            },
        }
    }
}

/// Reads the records. Stops early where more are bad than `rules` keeps, if it keeps but one.
///
/// # Errors
/// The file cannot be read, or is damaged; bad records are no error here.
pub(super) fn read(records: &Records<'_>, rules: &Rules) -> Result<Part, FileError> {
    if rules.dialect.escape.is_none() {
        let split = Split::Guess { quote: rules.dialect.quote };
        let work = Work::new(Chunks::new(records.stream()?, split), rules);
        if let Some(done) = work.on_all_cores(records)? {
            return Ok(done);
        }
    }
    one_by_one(records, rules)
}

/// Reads the records where only reading them tells where they end.
fn one_by_one(records: &Records<'_>, rules: &Rules) -> Result<Part, FileError> {
    let mut chunks = Chunks::new(records.stream()?, Split::ByReader);
    let mut whole = Part::new(rules.questions.len());
    while let Some(chunk) = chunks.next().map_err(|error| records.no_chunk(error))? {
        let (part, used) = part::read(rules, &chunk.bytes, chunk.is_last);
        chunks.put_back(chunk.bytes, used);
        whole.append(part, rules.keep_bad);
        if stops(&whole, rules) {
            break;
        }
    }
    verify(&mut chunks, records)?;
    Ok(whole)
}

/// Whether nothing that follows matters.
fn stops(part: &Part, rules: &Rules) -> bool {
    rules.keep_bad == 1 && part.bad_count > 0
}

/// A compressed file that is damaged is that first, whatever its text looks like.
fn verify(chunks: &mut Chunks, records: &Records<'_>) -> Result<(), FileError> {
    if records.compression == Compression::None {
        return Ok(());
    }
    chunks.drain().map_err(|error| stream::failed(records.file, records.compression, error))
}

/// What the threads share.
struct Work<'a> {
    rules: &'a Rules,
    chunks: Mutex<Chunks>,
    state: Mutex<State>,
}

struct State {
    /// The first parts, put together.
    whole: Part,
    /// How many those are.
    count: usize,
    /// Parts that came before their turn.
    early: BTreeMap<usize, Part>,
    /// A chunk did not end where a record does.
    is_wrong: bool,
    error: Option<NoChunk>,
}

impl<'a> Work<'a> {
    fn new(chunks: Chunks, rules: &'a Rules) -> Self {
        let whole = Part::new(rules.questions.len());
        let early = BTreeMap::new();
        let state = State { whole, count: 0, early, is_wrong: false, error: None };
        Self { rules, chunks: Mutex::new(chunks), state: Mutex::new(state) }
    }

    /// `None` where the ends of records were guessed wrong.
    fn on_all_cores(self, records: &Records<'_>) -> Result<Option<Part>, FileError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let is_small =
            records.compression == Compression::None && records.file.size <= CHUNK as u64;
        std::thread::scope(|scope| {
            for _ in 1..if is_small { 1 } else { cores.min(MOST_THREADS) } {
                scope.spawn(|| self.run());
            }
            self.run();
        });
        let Self { chunks, state, .. } = self;
        let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut chunks = chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.error {
            return Err(records.no_chunk(error));
        }
        if state.is_wrong {
            return Ok(None);
        }
        verify(&mut chunks, records)?;
        Ok(Some(state.whole))
    }

    fn run(&self) {
        let mut used = None;
        while let Some(chunk) = self.next(used.take()) {
            let (part, length) = part::read(self.rules, &chunk.bytes, chunk.is_last);
            let is_whole = length == chunk.bytes.len();
            lock(&self.state).add(chunk.index, part, is_whole, self.rules.keep_bad);
            used = Some(chunk.bytes);
        }
    }

    fn next(&self, used: Option<Vec<u8>>) -> Option<Chunk> {
        let mut chunks = lock(&self.chunks);
        if let Some(used) = used {
            let length = used.len();
            chunks.put_back(used, length);
        }
        {
            let state = lock(&self.state);
            if state.is_wrong || state.error.is_some() || stops(&state.whole, self.rules) {
                return None;
            }
        }
        match chunks.next() {
            Ok(chunk) => chunk,
            Err(error) => {
                lock(&self.state).error = Some(error);
                None
            }
        }
    }
}

/// More would wait for the one that reads.
const MOST_THREADS: usize = 8;

impl State {
    fn add(&mut self, index: usize, part: Part, is_whole: bool, keep_bad: usize) {
        self.is_wrong |= !is_whole;
        self.early.insert(index, part);
        while let Some(part) = self.early.remove(&self.count) {
            self.whole.append(part, keep_bad);
            self.count += 1;
        }
    }
}

/// No thread leaves what it locks half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
