//! Writes the records of a file once more, in the dialect about which nobody differs: fields between
//! semicolons, in quotes where they could mean anything else, quotes doubled, lines ended by `\n`.

use super::super::error::FileError;
use super::Records;
use super::chunks::{Chunks, Split};
use super::part::{self, Rules};
use super::token::{After, Token, Tokens};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// The delimiter that [`rewrite`] writes: not one that could be a decimal comma.
pub(in super::super) const DELIMITER: &str = ";";

/// Writes all records but those numbered in `left_out`.
///
/// # Errors
/// The file cannot be read; `unwritable` makes one of what `to` says.
pub(in super::super) fn rewrite(
    records: &Records<'_>,
    rules: &Rules,
    left_out: &BTreeSet<u64>,
    to: &mut dyn Write,
    unwritable: impl Fn(io::Error) -> FileError,
) -> Result<(), FileError> {
    let mut chunks = Chunks::new(records.stream()?, Split::ByReader);
    let mut copy = Copy { rules, left_out, number: 0, fields: Vec::new(), line: Vec::new() };
    while let Some(chunk) = chunks.next().map_err(|error| records.no_chunk(error))? {
        let used = copy.chunk(&chunk.bytes, chunk.is_last, to).map_err(&unwritable)?;
        chunks.put_back(chunk.bytes, used);
    }
    to.flush().map_err(unwritable)
}

struct Copy<'a> {
    rules: &'a Rules,
    left_out: &'a BTreeSet<u64>,
    number: u64,
    fields: Vec<Token>,
    line: Vec<u8>,
}

impl Copy<'_> {
    /// Writes the whole records in `bytes`, and answers how many bytes those are.
    fn chunk(&mut self, bytes: &[u8], is_last: bool, to: &mut dyn Write) -> io::Result<usize> {
        let mut tokens = Tokens::new(bytes, self.rules.dialect, is_last);
        let mut used = 0;
        while !tokens.is_done() {
            if tokens.is_comment() || self.rules.questions.len() > 1 && tokens.is_blank() {
                if tokens.line().is_none() {
                    break;
                }
            } else if self.record(&mut tokens) {
                if !self.left_out.contains(&self.number) {
                    self.write(bytes, to)?;
                }
                self.number += 1;
            } else {
                break;
            }
            used = tokens.at;
        }
        Ok(used)
    }

    /// Whether a whole record was there.
    fn record(&mut self, tokens: &mut Tokens<'_>) -> bool {
        self.fields.clear();
        while let Some((token, after)) = tokens.next() {
            self.fields.push(token);
            if after != After::Field {
                return true;
            }
        }
        false
    }

    fn write(&mut self, bytes: &[u8], to: &mut dyn Write) -> io::Result<()> {
        self.line.clear();
        for (index, field) in self.fields.iter().enumerate() {
            if index > 0 {
                self.line.extend_from_slice(DELIMITER.as_bytes());
            }
            push(&mut self.line, part::value(*field, bytes, self.rules).as_deref());
        }
        self.line.push(b'\n');
        to.write_all(&self.line)
    }
}

/// What [`rewrite`] writes for NULL: no value is written like that without quotes.
pub(in super::super) const NULL: &str = "\\N";

/// Writes a value, or NULL. An empty line would be NULL to some and nothing to others.
pub(in super::super) fn push(line: &mut Vec<u8>, value: Option<&[u8]>) {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.:_".contains(byte);
    let Some(value) = value else {
        line.extend_from_slice(NULL.as_bytes());
        return;
    };
    if !value.is_empty() && value.iter().all(is_plain) {
        line.extend_from_slice(value);
        return;
    }
    line.push(b'"');
    for byte in value {
        if *byte == b'"' {
            line.push(b'"');
        }
        line.push(*byte);
    }
    line.push(b'"');
}
