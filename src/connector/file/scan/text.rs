//! A file's text as UTF-8, whatever it is written in.

use super::super::format::Encoding;
use std::io::{self, Read};

/// What stands for a character that cannot be decoded: no UTF-8 has this byte, so the scan finds it
/// and knows its line.
const INVALID: u8 = 0xff;

const BLOCK: usize = 64 * 1024;

/// As many bytes of a file without a mark tell the order of its bytes.
pub(in super::super) const TELLING: usize = 4096;

/// Whether UTF-16 that starts with `start` has the greater byte of each unit first, where it starts
/// with a mark or has a character of ASCII; headers do.
pub(in super::super) fn is_big_endian(start: &[u8]) -> Option<bool> {
    match start {
        [0xff, 0xfe, ..] => return Some(false),
        [0xfe, 0xff, ..] => return Some(true),
        _ => {}
    }
    let is_ascii = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let (units, _) = start.as_chunks::<2>();
    let little = units.iter().filter(|unit| unit[1] == 0 && is_ascii(unit[0])).count();
    let big = units.iter().filter(|unit| unit[0] == 0 && is_ascii(unit[1])).count();
    (little != big).then_some(big > little)
}

/// The UTF-8 of what `bytes` gives, without a byte order mark.
///
/// # Errors
/// Those of `bytes`.
pub(in super::super) fn utf8(
    mut bytes: Box<dyn Read + Send>,
    encoding: Encoding,
) -> io::Result<Box<dyn Read + Send>> {
    let mark: &[&[u8]] = match encoding {
        Encoding::Utf8 => &[b"\xef\xbb\xbf"],
        Encoding::Latin1 => &[],
        Encoding::Utf16 => &[b"\xff\xfe", b"\xfe\xff"],
    };
    let is_utf16 = encoding == Encoding::Utf16;
    let length = mark.first().map_or(0, |mark| mark.len());
    let mut start = vec![0; if is_utf16 { TELLING } else { length }];
    let count = fill(&mut *bytes, &mut start)?;
    start.truncate(count);
    let is_big = is_utf16 && is_big_endian(&start).unwrap_or(false);
    if mark.iter().any(|mark| start.starts_with(mark)) {
        start.drain(..length);
    }
    let whole = Box::new(io::Cursor::new(start).chain(bytes));
    Ok(match encoding {
        Encoding::Utf8 => whole,
        Encoding::Latin1 => Box::new(Recoded::new(whole, Recoding::Latin1)),
        Encoding::Utf16 => Box::new(Recoded::new(whole, Recoding::Utf16 { is_big })),
    })
}

/// Reads until `buffer` is full or nothing more comes.
pub(super) fn fill(bytes: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match bytes.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[derive(Debug, Clone, Copy)]
enum Recoding {
    Latin1,
    Utf16 { is_big: bool },
}

/// Text in another encoding.
struct Recoded<R> {
    bytes: R,
    recoding: Recoding,
    /// UTF-8 that is not given out yet, from `at` on.
    ready: Vec<u8>,
    at: usize,
    /// Units whose character is not whole yet.
    left: Vec<u8>,
}

impl<R: Read> Recoded<R> {
    fn new(bytes: R, recoding: Recoding) -> Self {
        Self { bytes, recoding, ready: Vec::new(), at: 0, left: Vec::new() }
    }

    /// Decodes another block; nothing is ready after the last.
    fn decode(&mut self) -> io::Result<()> {
        let mut block = std::mem::take(&mut self.left);
        let start = block.len();
        block.resize(BLOCK, 0);
        let read = fill(&mut self.bytes, block.get_mut(start..).unwrap_or_default())?;
        block.truncate(start + read);
        (self.at, self.ready) = (0, Vec::with_capacity(block.len() * 2));
        match self.recoding {
            Recoding::Latin1 => {
                let characters = block.iter().map(|byte| Ok::<_, io::Error>(char::from(*byte)));
                push_all(&mut self.ready, characters);
            }
            Recoding::Utf16 { is_big } => {
                let is_last = read == 0;
                let length = if is_last { block.len() } else { whole_units(&block, is_big) };
                self.left = block.split_off(length);
                utf16(&mut self.ready, &block, is_big);
            }
        }
        Ok(())
    }
}

fn push_all<E>(text: &mut Vec<u8>, characters: impl Iterator<Item = Result<char, E>>) {
    for character in characters {
        match character {
            Ok(character) => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Err(_) => text.push(INVALID),
        }
    }
}

fn unit(pair: [u8; 2], is_big: bool) -> u16 {
    if is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
}

/// How many bytes of a block are whole characters: no half unit at its end, no half pair.
fn whole_units(block: &[u8], is_big: bool) -> usize {
    let (pairs, _) = block.as_chunks::<2>();
    let is_high = pairs.last().is_some_and(|pair| (0xd800..0xdc00).contains(&unit(*pair, is_big)));
    (pairs.len() - usize::from(is_high)) * 2
}

fn utf16(text: &mut Vec<u8>, block: &[u8], is_big: bool) {
    let (pairs, half) = block.as_chunks::<2>();
    push_all(text, char::decode_utf16(pairs.iter().map(|pair| unit(*pair, is_big))));
    if !half.is_empty() {
        text.push(INVALID);
    }
}

impl<R: Read> Read for Recoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.ready.len() {
            self.decode()?;
            // A block may end before its only character does.
            while self.ready.is_empty() && !self.left.is_empty() {
                self.decode()?;
            }
        }
        let count = self.ready.get(self.at..).unwrap_or_default().read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
        let mut text = Vec::new();
        let bytes = Box::new(io::Cursor::new(bytes.to_vec()));
        utf8(bytes, encoding).unwrap().read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn text_becomes_utf8() {
        for (bytes, encoding, expected) in [
            (&b"\xef\xbb\xbfa\xc3\xa9"[..], Encoding::Utf8, "aé".as_bytes()),
            (b"a", Encoding::Utf8, b"a"),
            (b"", Encoding::Utf16, b""),
            (b"\xe9a", Encoding::Latin1, "éa".as_bytes()),
            (b"\xff\xfea\0\xe9\0", Encoding::Utf16, "aé".as_bytes()),
            (b"\xfe\xff\0a\0\xe9", Encoding::Utf16, "aé".as_bytes()),
            (b"a\0", Encoding::Utf16, b"a"),
            (b"\0a", Encoding::Utf16, b"a"),
            (b"\0\xe9\0,\0a", Encoding::Utf16, "é,a".as_bytes()),
            (b"\x3d\xd8\x00\xdea\0", Encoding::Utf16, "😀a".as_bytes()),
            (b"a\0\x3d\xd8", Encoding::Utf16, b"a\xff"),
            (b"a\0b", Encoding::Utf16, b"a\xff"),
        ] {
            assert_eq!(decoded(bytes, encoding), expected, "{bytes:?}");
        }
    }

    #[test]
    fn characters_are_whole_across_blocks() {
        let text = format!("a{}", "😀".repeat(BLOCK));
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&bytes, Encoding::Utf16), text.as_bytes());
    }
}
