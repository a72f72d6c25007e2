//! Objects as one table: fetched as far as they are needed, and read as local files are.
//!
//! CSV and JSON are read twice, for their types and for their rows, so they are fetched whole. Of
//! Parquet the footer tells what is where: a file of the object's length gets both ends, later the
//! needed columns, and DuckDB's reader never looks at the holes between.

use super::client::Client;
use super::failure::Failure;
use super::fetch::Download;
use super::object::Entry;
use super::range::{Sizes, joined, one, without};
use super::runtime::wait;
use crate::connector::file::{
    Copies, FileEntry, FileError, FileObject, Format, Scan, scan_with, sql, sweep,
};
use crate::engine::Session;
use crate::relation::Column;
use minijinja::context;
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Objects that change while they are read are read again so often.
const ATTEMPTS: usize = 3;

/// How to read `files`, which this client found, as one table.
pub(super) fn scan(
    client: &Arc<Client>,
    sizes: Sizes,
    object: &FileObject,
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<Scan, FileError> {
    // What a run that was killed had fetched may fill the disk.
    sweep(&object.scratch);
    let entries: Vec<Entry> = files.iter().filter_map(Entry::of).collect();
    let format = object.format.or_else(|| Format::of(&files.first()?.name));
    let mut work = Work { client, sizes, object, entries, copies: Copies::default() };
    let scanned = match format {
        Some(Format::Parquet) => work.parquet(session),
        Some(Format::Csv | Format::Json) | None => work.whole(session),
    };
    let mut scanned = scanned?;
    if let Some(copies) = Arc::get_mut(&mut scanned.copies) {
        copies.keep(work.copies);
    }
    Ok(scanned)
}

struct Work<'a> {
    client: &'a Arc<Client>,
    sizes: Sizes,
    object: &'a FileObject,
    entries: Vec<Entry>,
    copies: Copies,
}

impl Work<'_> {
    fn whole(&mut self, session: &mut dyn Session) -> Result<Scan, FileError> {
        let mut downloads = self.create()?;
        for _ in 0..ATTEMPTS {
            let all = downloads.iter().filter(|(_, is_there)| !is_there);
            let all = all.map(|(download, _)| (Arc::clone(download), 0..download.entry.size));
            wait(self.client.fetch(all, self.sizes.part))?;
            let mut is_whole = true;
            for (download, is_there) in &mut downloads {
                *is_there = !download.is_changed();
                if !*is_there {
                    is_whole = false;
                    let now = self.again(&download.entry)?;
                    *download = Download::create(now, download.path.clone())?;
                }
            }
            if is_whole {
                let fetched: Vec<_> = downloads.into_iter().map(|(one, _)| fetched(&one)).collect();
                return scan_with(self.object, &fetched, session, &mut |files, _, _| {
                    Ok(files.to_vec())
                });
            }
        }
        let restless = downloads.iter().find(|(_, is_there)| !is_there);
        let name = restless.map(|(download, _)| download.entry.address.to_string());
        Err(Failure::changed(&name.unwrap_or_default()).into())
    }

    /// A file for each object, and whether it is there.
    fn create(&mut self) -> Result<Vec<(Arc<Download>, bool)>, FileError> {
        let mut downloads = Vec::new();
        for entry in &self.entries {
            let path =
                self.copies.place(&self.object.scratch, &entry.address.to_string(), "data")?;
            downloads.push((Download::create(entry.clone(), path)?, false));
        }
        Ok(downloads)
    }

    /// What an object has become.
    fn again(&self, entry: &Entry) -> Result<Entry, FileError> {
        let path = entry.address.to_string();
        match wait(self.client.stat(&entry.address))? {
            Some(now) if now.size == 0 => Err(FileError::Empty { path }),
            Some(now) => Ok(now),
            None => Err(FileError::Missing { path }),
        }
    }

    fn parquet(&mut self, session: &mut dyn Session) -> Result<Scan, FileError> {
        let mut restless = String::new();
        for _ in 0..ATTEMPTS {
            let downloads: Vec<_> = self.create()?.into_iter().map(|(one, _)| one).collect();
            let scanned = self.parquet_once(&downloads, session);
            let Some(changed) = downloads.iter().find(|download| download.is_changed()) else {
                return scanned;
            };
            restless = changed.entry.address.to_string();
            for (entry, download) in self.entries.clone().iter().zip(&downloads) {
                if download.is_changed() {
                    let now = self.again(entry)?;
                    self.entries.iter_mut().filter(|known| *known == entry).for_each(|known| {
                        known.clone_from(&now);
                    });
                }
            }
        }
        Err(Failure::changed(&restless).into())
    }

    fn parquet_once(
        &mut self,
        downloads: &[Arc<Download>],
        session: &mut dyn Session,
    ) -> Result<Scan, FileError> {
        let known = self.ends(downloads)?;
        let files: Vec<FileEntry> = downloads.iter().map(|one| fetched(one)).collect();
        scan_with(self.object, &files, session, &mut |files, columns, session| {
            self.columns(downloads, &known, files, columns, session)
        })
    }

    /// Fetches the columns, of which `known` bytes are there.
    fn columns(
        &mut self,
        downloads: &[Arc<Download>],
        known: &[Vec<Range<u64>>],
        files: &[FileEntry],
        columns: &[Column],
        session: &mut dyn Session,
    ) -> Result<Vec<FileEntry>, FileError> {
        let chunks = chunks(files, session)?;
        let missing = downloads.iter().zip(known).map(|(download, known)| {
            let size = download.entry.size;
            let own = chunks.get(&*download.path.to_string_lossy());
            let ranges = needed(own.map(Vec::as_slice).unwrap_or_default(), columns, size);
            without(joined(ranges, self.sizes.gap, size), known)
        });
        self.fetch(downloads, &missing.collect::<Vec<_>>(), self.sizes.part)?;
        // DuckDB may remember what it saw of a file under its name.
        let moved = downloads.iter().zip(files).map(|(download, file)| {
            let path = self.copies.place(&self.object.scratch, &file.name, "data.parquet")?;
            let moved = std::fs::rename(&download.path, &path);
            let shown = || path.display().to_string();
            moved.map_err(|source| FileError::Unwritable { path: shown(), source })?;
            Ok(at(download, path))
        });
        moved.collect()
    }

    /// Fetches both ends of each object, or all of it where it is small; which bytes those are.
    fn ends(&self, downloads: &[Arc<Download>]) -> Result<Vec<Vec<Range<u64>>>, FileError> {
        let Sizes { whole, tail, part, .. } = self.sizes;
        let ends = |download: &Arc<Download>| {
            let size = download.entry.size;
            let is_small = size <= whole.max(12);
            let ranges = [0..4, size.saturating_sub(tail.max(8))..size];
            if is_small { one(0..size) } else { joined(ranges.to_vec(), 0, size) }
        };
        let mut known: Vec<Vec<Range<u64>>> = downloads.iter().map(ends).collect();
        self.fetch(downloads, &known, part)?;
        // A footer that is longer than the tail.
        let mut more = vec![Vec::new(); downloads.len()];
        for ((download, known), more) in downloads.iter().zip(&mut known).zip(&mut more) {
            let size = download.entry.size;
            if let Some(start) = footer(download).filter(|start| *start < size) {
                *more = without(one(start..size), known);
                known.extend(more.clone());
                *known = joined(std::mem::take(known), 0, size);
            }
        }
        self.fetch(downloads, &more, part)?;
        Ok(known)
    }

    fn fetch(
        &self,
        downloads: &[Arc<Download>],
        ranges: &[Vec<Range<u64>>],
        part: u64,
    ) -> Result<(), FileError> {
        let wanted = downloads.iter().zip(ranges).flat_map(|(download, ranges)| {
            ranges.iter().map(|range| (Arc::clone(download), range.clone()))
        });
        Ok(wait(self.client.fetch(wanted.collect::<Vec<_>>(), part))?)
    }
}

/// Where the footer starts, as the last bytes of the file say; `None` where they are no Parquet's.
fn footer(download: &Download) -> Option<u64> {
    let mut end = [0; 8];
    let start = download.entry.size.checked_sub(8)?;
    let mut file = File::open(&download.path).ok()?;
    file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut end)).ok()?;
    let [a, b, c, d, mark @ ..] = end;
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    (&mark == b"PAR1").then(|| start.checked_sub(length)).flatten()
}

/// The bytes of one column in one row group.
struct Chunk {
    /// The column's name, with those of what is nested in it.
    column: String,
    bytes: Range<u64>,
}

/// The chunks of each file, by its path.
fn chunks(
    files: &[FileEntry],
    session: &mut dyn Session,
) -> Result<HashMap<String, Vec<Chunk>>, FileError> {
    let paths: Vec<String> = files.iter().map(|file| sql::path(&file.path)).collect();
    let query = sql::render("parquet_chunks.sql", context! { files => paths })?;
    let mut chunks: HashMap<String, Vec<Chunk>> = HashMap::new();
    for row in session.query(&query, None)?.rows {
        let text = |index: usize| row.get(index).and_then(Value::as_str).unwrap_or_default();
        let number = |index: usize| row.get(index).and_then(Value::as_u64);
        let of_file = chunks.entry(text(0).to_owned()).or_default();
        let starts = [(number(2), number(3).map(|length| length + SLACK)), (number(4), number(5))];
        for (start, length) in starts {
            if let Some(start) = start {
                let bytes = start..start.saturating_add(length.unwrap_or(BLOOM));
                of_file.push(Chunk { column: text(1).to_owned(), bytes });
            }
        }
    }
    Ok(chunks)
}

/// Old writers forget the head of a dictionary in the length of a chunk (PARQUET-816).
const SLACK: u64 = 128;

/// A bloom filter of which nobody says how long it is.
const BLOOM: u64 = 64 << 10;

/// The bytes that reading `columns` takes. All where one of them is not found by its name: DuckDB
/// gives columns other names where two are alike.
fn needed(chunks: &[Chunk], columns: &[Column], size: u64) -> Vec<Range<u64>> {
    let is_of = |chunk: &Chunk, name: &str| {
        let rest = chunk.column.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(", "))
    };
    let mut ranges = Vec::new();
    for column in columns {
        let before = ranges.len();
        let own = chunks.iter().filter(|chunk| is_of(chunk, &column.name));
        ranges.extend(own.map(|chunk| chunk.bytes.clone()));
        if ranges.len() == before {
            return one(0..size);
        }
    }
    ranges
}

fn fetched(download: &Download) -> FileEntry {
    at(download, download.path.clone())
}

fn at(download: &Download, path: PathBuf) -> FileEntry {
    let modified = std::fs::metadata(&path).and_then(|known| known.modified()).ok();
    FileEntry { path, modified, etag: download.etag(), ..download.entry.file() }
}
