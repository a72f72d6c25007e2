//! The objects of a JSON file, one after another, with every value as it is written.

use super::error::FileError;
use super::find::FileEntry;
use super::format::{Compression, Format};
use super::{scan::text, stream};
use crate::connector::file::Encoding;
use serde::de::{DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

/// An object: keys, and values as text.
pub(super) type Object = Vec<(String, Box<RawValue>)>;

/// Gives every object of `file` to `take`, with the line on which it ends.
///
/// # Errors
/// What is no JSON, or no object, or an object with a key twice; and those of `take`.
pub(super) fn each(
    file: &FileEntry,
    compression: Compression,
    take: &mut dyn FnMut(&Object, u64) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let failed = |error| stream::failed(file, compression, error);
    let stream = stream::open(file, compression)
        .and_then(|stream| text::utf8(stream, Encoding::Utf8))
        .map_err(failed)?;
    let lines = Rc::new(Cell::new(1));
    let mut counted = Counted { bytes: BufReader::new(stream), lines: lines.clone(), byte: None };
    let first = counted.first().map_err(failed)?;
    let mut taken = None;
    let mut sink = |object: Object| match take(&object, lines.get()) {
        Ok(()) => true,
        Err(error) => {
            taken = Some(error);
            false
        }
    };
    let mut json = serde_json::Deserializer::from_reader(&mut counted);
    let read = match first {
        Some(b'[') => json.deserialize_seq(Elements { take: &mut sink }).and_then(|()| json.end()),
        Some(b'{') => documents(&mut json, &mut sink),
        Some(_) | None => {
            return Err(FileError::OtherFormat {
                path: file.name.clone(),
                format: Format::Json,
                found: "something that starts with neither { nor [",
            });
        }
    };
    match (taken, read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) if error.is_io() => Err(failed(error.into())),
        (None, Err(error)) => Err(malformed(file, lines.get(), &error)),
    }
}

/// Objects that follow each other.
fn documents<R: Read>(
    json: &mut serde_json::Deserializer<serde_json::de::IoRead<R>>,
    take: &mut dyn FnMut(Object) -> bool,
) -> serde_json::Result<()> {
    // The deserializer says that there is nothing more with an error of its own.
    while json.end().is_err() {
        let object = One.deserialize(&mut *json)?;
        if !take(object) {
            break;
        }
    }
    Ok(())
}

fn malformed(file: &FileEntry, line: u64, error: &serde_json::Error) -> FileError {
    let text = error.to_string();
    let detail = text.split(" at line ").next().unwrap_or(&text).to_owned();
    let line = if error.line() > 0 { error.line() as u64 } else { line };
    FileError::Malformed { path: file.name.clone(), line: Some(line), text: String::new(), detail }
}

/// The elements of an array.
struct Elements<'a> {
    take: &'a mut dyn FnMut(Object) -> bool,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(object) = elements.next_element_seed(One)? {
            if !(self.take)(object) {
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// One object.
struct One;

impl<'de> DeserializeSeed<'de> for One {
    type Value = Object;

    fn deserialize<D: serde::Deserializer<'de>>(self, value: D) -> Result<Object, D::Error> {
        value.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
        let mut object = Object::new();
        while let Some((key, value)) = members.next_entry::<String, Box<RawValue>>()? {
            if object.iter().any(|(known, _)| *known == key) {
                return Err(serde::de::Error::custom(format!("key `{key}` stands twice")));
            }
            object.push((key, value));
        }
        Ok(object)
    }
}

/// Counts the lines of what is read. The deserializer reads byte by byte, so that the count is where
/// it is.
struct Counted<R> {
    bytes: R,
    lines: Rc<Cell<u64>>,
    /// A byte that was read before its time.
    byte: Option<u8>,
}

impl<R: Read> Counted<R> {
    /// The first byte that is no blank; what stands before it is gone.
    fn first(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        while self.read(&mut byte)? > 0 {
            if !byte[0].is_ascii_whitespace() {
                self.byte = Some(byte[0]);
                return Ok(Some(byte[0]));
            }
        }
        Ok(None)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let (Some(byte), Some(first)) = (self.byte, buffer.first_mut()) {
            *first = byte;
            self.byte = None;
            return Ok(1);
        }
        let count = self.bytes.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        self.lines.set(self.lines.get() + memchr::memchr_iter(b'\n', read).count() as u64);
        Ok(count)
    }
}
