//! Splits bytes into fields: the one place that knows how.
//!
//! | where | is |
//! | --- | --- |
//! | a line feed, a carriage return or both, outside quotes | the end of a record |
//! | a quote at the start of a field | the start of a quoted field |
//! | a quote elsewhere in an unquoted field | itself |
//! | anything but delimiter and line end after a closing quote | a broken field |

use super::dialect::Dialect;

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Form {
    /// Without quotes.
    Plain,
    /// Without quotes around it, with some in it.
    Stray,
    /// In quotes.
    Quoted,
    /// In quotes, with escapes inside.
    Escaped,
    /// In quotes, with something after them.
    Broken,
    /// In quotes that do not end.
    Open,
}

/// A field: where it is, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Token {
    /// Its first byte.
    pub(in super::super) start: u32,
    /// The byte after its last.
    pub(in super::super) end: u32,
    /// How it is written.
    pub(in super::super) form: Form,
}

impl Token {
    /// The bytes between the quotes, if any.
    pub(in super::super) fn bytes(self, all: &[u8]) -> &[u8] {
        all.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// What follows a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum After {
    /// Another field.
    Field,
    /// Another record, after `\n`.
    Lf,
    /// Another record, after `\r\n`.
    CrLf,
    /// Another record, after `\r` alone.
    Cr,
    /// The end of the file.
    End,
}

/// The end of the field at `from` in text without quotes and carriage returns: the next delimiter or
/// line end, and whether it is a line end. Sixteen bytes at once: one branch for nearly all fields.
#[inline]
pub(in super::super) fn plain_field(
    bytes: &[u8],
    from: usize,
    delimiter: u8,
) -> Option<(usize, bool)> {
    let (stop, lf) = (u64::from(delimiter) * ONES, u64::from(b'\n') * ONES);
    let mut at = from;
    while let Some(both) = bytes.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        let both = u128::from_le_bytes(*both);
        #[expect(clippy::cast_possible_truncation, reason = "the lower and the upper half")]
        let (low, high) = (both as u64, (both >> 64) as u64);
        let low = equal(low, stop) | equal(low, lf);
        let high = equal(high, stop) | equal(high, lf);
        if low | high != 0 {
            let offset =
                if low == 0 { 64 + high.trailing_zeros() } else { low.trailing_zeros() } / 8;
            let end = at + offset as usize;
            return Some((end, bytes.get(end) == Some(&b'\n')));
        }
        at += 16;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let end = at + rest.iter().position(|byte| *byte == delimiter || *byte == b'\n')?;
    Some((end, bytes.get(end) == Some(&b'\n')))
}

/// Reads fields one after another.
pub(in super::super) struct Tokens<'a> {
    bytes: &'a [u8],
    /// The next byte to be read.
    pub(in super::super) at: usize,
    dialect: Dialect,
    stops: [u64; 4],
    /// Whether nothing follows `bytes`.
    is_last: bool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of `word` that is the same in `pattern`; those above the lowest may be
/// wrong.
fn equal(word: u64, pattern: u64) -> u64 {
    let difference = word ^ pattern;
    difference.wrapping_sub(ONES) & !difference & HIGHS
}

impl<'a> Tokens<'a> {
    pub(in super::super) fn new(bytes: &'a [u8], dialect: Dialect, is_last: bool) -> Self {
        let quote = dialect.quote.unwrap_or(dialect.delimiter);
        let stops = [dialect.delimiter, b'\n', b'\r', quote].map(|byte| u64::from(byte) * ONES);
        Self { bytes, at: 0, dialect, stops, is_last }
    }

    /// The next field and what follows it; `None` where the bytes end before that is known.
    #[inline]
    pub(in super::super) fn next(&mut self) -> Option<(Token, After)> {
        let start = self.at;
        if self.dialect.quote.is_some() && self.bytes.get(start).copied() == self.dialect.quote {
            return self.quoted();
        }
        let mut form = Form::Plain;
        let mut end = self.stop(start);
        while self.dialect.quote.is_some() && self.bytes.get(end).copied() == self.dialect.quote {
            form = Form::Stray;
            end = self.stop(end + 1);
        }
        self.finish(start, end, form)
    }

    /// The first byte from `from` on that may end a field.
    #[inline]
    fn stop(&self, from: usize) -> usize {
        let [delimiter, lf, cr, quote] = self.stops;
        let mut at = from;
        while let Some(word) = self.bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_le_bytes(*word);
            let found =
                equal(word, delimiter) | equal(word, lf) | equal(word, cr) | equal(word, quote);
            if found != 0 {
                return at + (found.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        let rest = self.bytes.get(at..).unwrap_or_default();
        let is_stop = |byte: &u8| {
            *byte == self.dialect.delimiter
                || matches!(byte, b'\n' | b'\r')
                || Some(*byte) == self.dialect.quote
        };
        at + rest.iter().position(is_stop).unwrap_or(rest.len())
    }

    /// A field that ends at `end`, where `bytes` has a delimiter, a line end or nothing more.
    #[inline]
    fn finish(&mut self, start: usize, end: usize, form: Form) -> Option<(Token, After)> {
        let (after, length) = match self.bytes.get(end).copied() {
            Some(b'\n') => (After::Lf, 1),
            Some(b'\r') => match self.bytes.get(end + 1) {
                Some(b'\n') => (After::CrLf, 2),
                None if !self.is_last => return None,
                Some(_) | None => (After::Cr, 1),
            },
            Some(_) => (After::Field, 1),
            None if self.is_last => (After::End, 0),
            None => return None,
        };
        self.at = end + length;
        Some((token(start, end, form), after))
    }

    #[inline(never)]
    fn quoted(&mut self) -> Option<(Token, After)> {
        let quote = self.dialect.quote?;
        let start = self.at + 1;
        let mut form = Form::Quoted;
        let mut at = start;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let found = match self.dialect.escape {
                None => memchr::memchr(quote, rest),
                Some(escape) => memchr::memchr2(quote, escape, rest),
            };
            let Some(found) = found else { return self.open(start) };
            at += found;
            let escape = self.dialect.escape.unwrap_or(quote);
            let (own, next) = (self.bytes.get(at).copied(), self.bytes.get(at + 1).copied());
            if own == Some(escape) && (next == Some(quote) || next == Some(escape)) {
                form = Form::Escaped;
                at += 2;
            } else if own == Some(quote) {
                break;
            } else {
                at += 1;
            }
        }
        self.close(start, at, form)
    }

    /// After the closing quote at `end`.
    fn close(&mut self, start: usize, end: usize, form: Form) -> Option<(Token, After)> {
        let after = self.bytes.get(end + 1).copied();
        if after.is_none_or(|b| b == self.dialect.delimiter || matches!(b, b'\n' | b'\r')) {
            let (_, after) = self.finish(start, end + 1, form)?;
            return Some((token(start, end, form), after));
        }
        let mut stop = self.stop(end + 1);
        while self.bytes.get(stop).copied() == self.dialect.quote {
            stop = self.stop(stop + 1);
        }
        self.finish(start, stop, Form::Broken)
    }

    fn open(&mut self, start: usize) -> Option<(Token, After)> {
        if !self.is_last {
            return None;
        }
        self.at = self.bytes.len();
        Some((token(start, self.bytes.len(), Form::Open), After::End))
    }

    /// The rest of a line of which the start means nothing; `None` where the bytes end before.
    pub(in super::super) fn line(&mut self) -> Option<After> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = self.at + memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let (_, after) = self.finish(self.at, end, Form::Plain)?;
        Some(after)
    }

    /// Whether a line without a byte is next.
    pub(in super::super) fn is_blank(&self) -> bool {
        matches!(self.bytes.get(self.at), Some(b'\n' | b'\r'))
    }

    /// Whether a line that is not a record is next.
    pub(in super::super) fn is_comment(&self) -> bool {
        self.dialect.comment.is_some() && self.bytes.get(self.at).copied() == self.dialect.comment
    }

    /// Whether there is no byte left.
    pub(in super::super) fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }
}

/// Chunks are far below 4 GB.
#[inline]
pub(super) fn token(start: usize, end: usize, form: Form) -> Token {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Token { start: offset(start), end: offset(end), form }
}

/// How many lines end within `bytes`.
pub(in super::super) fn line_ends(bytes: &[u8]) -> u64 {
    let returns = memchr::memchr_iter(b'\r', bytes);
    let alone = returns.filter(|at| bytes.get(at + 1) != Some(&b'\n')).count();
    (memchr::memchr_iter(b'\n', bytes).count() + alone) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str, escape: &str, is_last: bool) -> Vec<(String, Form, After)> {
        let dialect = Dialect::new(",", "\"", escape, Some("#"));
        let mut tokens = Tokens::new(text.as_bytes(), dialect, is_last);
        let mut found = Vec::new();
        while !tokens.is_done() {
            let Some((token, after)) = tokens.next() else { break };
            let text = String::from_utf8_lossy(token.bytes(text.as_bytes())).into_owned();
            found.push((text, token.form, after));
        }
        found
    }

    #[test]
    fn fields_are_told_apart() {
        use After::{Cr, CrLf, End, Field, Lf};
        use Form::{Broken, Escaped, Open, Plain, Quoted, Stray};
        for (text, escape, is_last, expected) in [
            ("a,b\n", "\"", false, vec![("a", Plain, Field), ("b", Plain, Lf)]),
            (
                "a,,b\r\n",
                "\"",
                false,
                vec![("a", Plain, Field), ("", Plain, Field), ("b", Plain, CrLf)],
            ),
            ("a\rb\r", "\"", true, vec![("a", Plain, Cr), ("b", Plain, Cr)]),
            ("a\r", "\"", false, vec![]),
            ("a,b", "\"", true, vec![("a", Plain, Field), ("b", Plain, End)]),
            ("a,b", "\"", false, vec![("a", Plain, Field)]),
            ("\"a,\nb\",\"\"\n", "\"", false, vec![("a,\nb", Quoted, Field), ("", Quoted, Lf)]),
            ("\"a\"\"b\"\n", "\"", false, vec![("a\"\"b", Escaped, Lf)]),
            (
                "\"a\\\"b\",\"c\\\\\"\n",
                "\\",
                false,
                vec![("a\\\"b", Escaped, Field), ("c\\\\", Escaped, Lf)],
            ),
            (
                "5\" pipe and a long text, \"x\"\n",
                "\"",
                false,
                vec![("5\" pipe and a long text", Stray, Field), (" \"x\"", Stray, Lf)],
            ),
            ("\"a\"b,c\n", "\"", false, vec![("a\"b", Broken, Field), ("c", Plain, Lf)]),
            ("\"a\"b\"c\n", "\"", false, vec![("a\"b\"c", Broken, Lf)]),
            ("x,\"a\n", "\"", true, vec![("x", Plain, Field), ("a\n", Open, End)]),
            ("x,\"a\n", "\"", false, vec![("x", Plain, Field)]),
            ("\"a\"", "\"", true, vec![("a", Quoted, End)]),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(t, form, after)| (t.to_owned(), form, after)).collect();
            assert_eq!(tokens(text, escape, is_last), expected, "{text:?}");
        }
    }

    #[test]
    fn plain_fields_end_at_delimiters_and_lines() {
        let text = b"a,bc\n0123456789abcdef,\n\nx,0123456789abcdef0123456789abcdef\ny";
        let mut at = 0;
        let mut ends = Vec::new();
        while let Some((end, is_line)) = plain_field(text, at, b',') {
            ends.push((end, is_line));
            at = end + 1;
        }
        let ones = text.iter().enumerate().filter(|(_, b)| matches!(b, b',' | b'\n'));
        let ones: Vec<_> = ones.map(|(at, byte)| (at, *byte == b'\n')).collect();
        assert_eq!(ends, ones);
    }

    #[test]
    fn line_ends_of_all_kinds_count_once() {
        for (text, expected) in [("", 0), ("a\nb\r\nc\rd", 3), ("\r\r\n\n", 3)] {
            assert_eq!(line_ends(text.as_bytes()), expected, "{text:?}");
        }
    }
}
