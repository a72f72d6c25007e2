//! A file's bytes without its compression, read to the end where only the end tells that it is
//! whole.
//!
//! DuckDB 1.5.5 reads a .gz whose end is missing, or whose checksum is wrong, without an error; a
//! cut between two lines would silently be fewer rows. So these bytes are read to their end here.

use super::error::FileError;
use super::find::FileEntry;
use super::format::Compression;
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// What an error of a file's stream means.
pub(super) fn failed(file: &FileEntry, compression: Compression, source: io::Error) -> FileError {
    if source.get_ref().is_some_and(|source| source.is::<NotCompressed>()) {
        let (path, compression) = (file.name.clone(), compression.name());
        return FileError::NotCompressed { path, compression };
    }
    match (compression, source.kind()) {
        (_, io::ErrorKind::NotFound) => FileError::Missing { path: file.name.clone() },
        (Compression::None, _) | (_, io::ErrorKind::PermissionDenied) => {
            FileError::Unreadable { path: file.name.clone(), source }
        }
        (_, kind) if ends_early(kind, &source) => damaged(file, "it ends too early"),
        _ => damaged(file, &source.to_string()),
    }
}

/// The Zstandard decoder wraps the system's error in its own.
fn ends_early(kind: io::ErrorKind, source: &io::Error) -> bool {
    kind == io::ErrorKind::UnexpectedEof || source.to_string().contains("UnexpectedEof")
}

fn damaged(file: &FileEntry, detail: &str) -> FileError {
    FileError::Damaged { path: file.name.clone(), detail: detail.to_owned() }
}

/// The bytes of a file without its compression.
pub(super) fn open(file: &FileEntry, compression: Compression) -> io::Result<Box<dyn Read + Send>> {
    let file = File::open(&file.path)?;
    if compression == Compression::None {
        return Ok(Box::new(file));
    }
    let mut file = BufReader::new(file);
    if !is_compressed(file.fill_buf()?, compression) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, NotCompressed));
    }
    Ok(match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(file)),
        Compression::Zstd | Compression::None => {
            Box::new(Frames { input: Some(file), frame: None })
        }
    })
}

/// The file is something else, which a decoder would call damaged.
#[derive(Debug, thiserror::Error)]
#[error("it is not compressed")]
struct NotCompressed;

/// Whether a file that starts with `start` may be compressed so; one that is cut may be.
fn is_compressed(start: &[u8], compression: Compression) -> bool {
    let begins = |mark: &[u8]| start.iter().zip(mark).all(|(byte, mark)| byte == mark);
    match compression {
        Compression::None => true,
        Compression::Gzip => begins(b"\x1f\x8b"),
        // Frames to be skipped have one of sixteen marks.
        Compression::Zstd => {
            begins(b"\x28\xb5\x2f\xfd")
                || begins(&[start.first().map_or(0x50, |byte| 0x50 | byte & 0xf), 0x2a, 0x4d, 0x18])
        }
    }
}

/// Zstandard frames, one after another; the decoder reads one.
struct Frames {
    input: Option<BufReader<File>>,
    frame: Option<StreamingDecoder<BufReader<File>, ruzstd::decoding::FrameDecoder>>,
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let count = frame.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                verify(frame)?;
                self.input = self.frame.take().map(StreamingDecoder::into_inner);
            }
            let Some(mut input) = self.input.take() else { return Ok(0) };
            if input.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.frame = Some(StreamingDecoder::new(input).map_err(io::Error::other)?);
        }
    }
}

/// A frame may carry a checksum of what it holds.
fn verify(
    frame: &StreamingDecoder<BufReader<File>, ruzstd::decoding::FrameDecoder>,
) -> io::Result<()> {
    let decoder = &frame.decoder;
    match (decoder.get_checksum_from_data(), decoder.get_calculated_checksum()) {
        (Some(expected), Some(found)) if expected != found => {
            Err(io::Error::other("its checksum is wrong"))
        }
        _ => Ok(()),
    }
}
