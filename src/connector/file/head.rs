//! The start of a CSV file: whether it is one, what its delimiter is, and its header.

use super::decode;
use super::error::FileError;
use super::find::FileEntry;
use super::format::{Compression, Encoding, Format};
use super::header::{self, Header, NoHeader};
use super::scan::dialect::Dialect;
use super::scan::{Records, text};
use super::{FileObject, FileOptions, stream};
use std::io::Read;

/// How much of a file is read for its header at first.
const HEAD: u64 = 256 * 1024;

/// No header is longer.
const LONGEST: u64 = 64 * 1024 * 1024;

/// How `file` is compressed.
pub(super) fn compression(object: &FileObject, file: &FileEntry) -> Compression {
    object.options.compression.unwrap_or_else(|| Compression::of(&file.name))
}

/// Whether the first record names the columns.
pub(super) fn is_named(options: &FileOptions) -> bool {
    options.header.unwrap_or(true)
}

/// The dialect that the options and `delimiter` say.
fn dialect(options: &FileOptions, delimiter: &str) -> Dialect {
    let quote = options.quote.as_deref().unwrap_or("\"");
    let escape = options.escape.as_deref().unwrap_or(quote);
    Dialect::new(delimiter, quote, escape, options.comment.as_deref())
}

/// The dialect of files and the header of each.
///
/// # Errors
/// A file that is not CSV or has no header, and a delimiter that cannot be told.
pub(super) fn read(
    object: &FileObject,
    files: &[FileEntry],
) -> Result<(Dialect, Vec<Header>), FileError> {
    let frozen = object.frozen.as_ref().and_then(|frozen| frozen.delimiter.as_deref());
    let mut told = object.options.delimiter.as_deref().or(frozen).map(str::to_owned);
    let mut headers = Vec::new();
    for file in files {
        let mut wanted = HEAD;
        let header = loop {
            let (text, is_last) = start(object, file, wanted)?;
            let delimiter = match &told {
                Some(delimiter) => delimiter.clone(),
                None => find_delimiter(object, file, &text, is_last)?,
            };
            let dialect = dialect(&object.options, &delimiter);
            let options = &object.options;
            match header::read(&text, is_last, dialect, options.skip, is_named(options)) {
                Err(NoHeader::Cut) if wanted < LONGEST => wanted *= 4,
                read => {
                    told = Some(delimiter);
                    break read.map_err(|error| no_header(file, options.encoding, error))?;
                }
            }
        };
        headers.push(header);
    }
    Ok((dialect(&object.options, &told.unwrap_or_default()), headers))
}

/// The first bytes of the file as UTF-8, and whether those are all.
fn start(object: &FileObject, file: &FileEntry, wanted: u64) -> Result<(Vec<u8>, bool), FileError> {
    let compression = compression(object, file);
    let failed = |error| stream::failed(file, compression, error);
    let encoding = object.options.encoding;
    let mut raw = Vec::new();
    stream::open(file, compression)
        .and_then(|stream| stream.take(decode::TELLING).read_to_end(&mut raw))
        .map_err(failed)?;
    if let Some(found) = decode::other_format(&raw, encoding) {
        let path = file.name.clone();
        return Err(FileError::OtherFormat { path, format: Format::Csv, found });
    }
    if let Some(found) = decode::other_encoding(&raw, encoding) {
        let (path, encoding) = (file.name.clone(), encoding.title());
        return Err(FileError::OtherEncoding { path, encoding, found });
    }
    let mut text = Vec::new();
    stream::open(file, compression)
        .and_then(|stream| text::utf8(stream, encoding))
        .and_then(|stream| stream.take(wanted).read_to_end(&mut text))
        .map_err(failed)?;
    let is_last = (text.len() as u64) < wanted;
    Ok((text, is_last))
}

fn no_header(file: &FileEntry, encoding: Encoding, error: NoHeader) -> FileError {
    let path = file.name.clone();
    let flaw = |detail: &str| FileError::Header { path: path.clone(), detail: detail.to_owned() };
    match error {
        NoHeader::Absent => flaw("there is none"),
        NoHeader::Cut => flaw("it does not end"),
        NoHeader::Broken(detail) => flaw(detail),
        NoHeader::Encoding(line) => FileError::Encoding { path, line, encoding: encoding.title() },
        NoHeader::Binary => {
            FileError::OtherFormat { path, format: Format::Csv, found: "binary data" }
        }
    }
}

/// The delimiter of a file's header. DuckDB's sniffer looks at the rows instead: one ragged row, and
/// it takes `a,b` for a single column.
fn find_delimiter(
    object: &FileObject,
    file: &FileEntry,
    text: &[u8],
    is_last: bool,
) -> Result<String, FileError> {
    let options = &object.options;
    let is_named = is_named(options);
    let decimal_comma = options.decimal_separator.as_deref() == Some(",");
    let others = [options.quote.as_deref(), options.escape.as_deref(), options.comment.as_deref()];
    let candidates = [",", ";", "\t", "|"].into_iter();
    let candidates =
        candidates.filter(|d| !(others.contains(&Some(*d)) || decimal_comma && *d == ","));
    let fields = |delimiter: &str| {
        let dialect = dialect(options, delimiter);
        header::read(text, is_last, dialect, options.skip, is_named).map_or(1, |h| h.fields.len())
    };
    let mut found: Vec<(usize, &str)> = candidates.map(|text| (fields(text), text)).collect();
    found.retain(|(count, _)| *count > 1);
    found.sort_unstable_by(|a, b| b.cmp(a));
    match found.as_slice() {
        [] => Ok(",".to_owned()),
        [(_, only)] => Ok((*only).to_owned()),
        [(most, first), (second, _), ..] if is_named && most > second => Ok((*first).to_owned()),
        _ => Err(FileError::Header {
            path: file.name.clone(),
            detail: "several characters could be the delimiter; say it with `delimiter`".to_owned(),
        }),
    }
}

/// The records of a file after its header.
pub(super) fn records<'a>(
    object: &FileObject,
    file: &'a FileEntry,
    header: &Header,
) -> Records<'a> {
    Records {
        file,
        compression: compression(object, file),
        encoding: object.options.encoding,
        offset: header.offset,
    }
}
