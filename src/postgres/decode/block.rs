//! Bytes of a binary COPY, cut into rows and fields.

use super::Wrong;

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const BROKEN: Wrong = Wrong::Form("binary COPY");

/// Bytes as they came, and where the fields of their rows are.
#[derive(Debug)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    /// Start and length of each field, row by row; a negative length is NULL.
    fields: Vec<(u32, i32)>,
    width: usize,
    rows: usize,
    /// Where the next row begins.
    parsed: usize,
    began: bool,
    ended: bool,
}

impl Block {
    /// Nothing yet, of rows with so many columns.
    pub(crate) fn new(width: usize) -> Self {
        Self {
            bytes: Vec::new(),
            fields: Vec::new(),
            width,
            rows: 0,
            parsed: 0,
            began: false,
            ended: false,
        }
    }

    /// Forgets the rows; the beginning of one that is not complete stays.
    pub(crate) fn clear(&mut self) {
        self.bytes.drain(..self.parsed);
        self.parsed = 0;
        self.fields.clear();
        self.rows = 0;
    }

    /// Adds bytes as they came.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes that are held.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Complete rows that were found.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of some rows.
    pub(crate) fn bytes_of(&self, rows: std::ops::Range<usize>) -> usize {
        let start =
            |row: usize| self.fields.get(row * self.width).map(|(start, _)| *start as usize);
        let first = start(rows.start).unwrap_or(self.parsed);
        start(rows.end).unwrap_or(self.parsed).saturating_sub(first)
    }

    /// Whether the end of the stream was seen.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// A field; `None` is NULL.
    #[inline]
    pub(crate) fn value(&self, row: usize, column: usize) -> Option<&[u8]> {
        let (start, length) = *self.fields.get(row * self.width + column)?;
        let length = usize::try_from(length).ok()?;
        let start = start as usize;
        self.bytes.get(start..start + length)
    }

    /// Finds the rows in what came.
    pub(crate) fn parse(&mut self) -> Result<(), Wrong> {
        if !self.began && !self.begin()? {
            return Ok(());
        }
        while self.row()? {}
        Ok(())
    }

    fn begin(&mut self) -> Result<bool, Wrong> {
        let Some(head) = self.bytes.get(..19) else { return Ok(false) };
        if &head[..11] != SIGNATURE || be32(&head[11..15]) & 0xffff_0000 != 0 {
            return Err(BROKEN);
        }
        let extension = be32(&head[15..19]) as usize;
        if self.bytes.len() < 19 + extension {
            return Ok(false);
        }
        self.parsed = 19 + extension;
        self.began = true;
        Ok(true)
    }

    /// Finds one row; whether it is complete.
    fn row(&mut self) -> Result<bool, Wrong> {
        let rest = &self.bytes[self.parsed..];
        let Some(head) = rest.first_chunk::<2>() else { return Ok(false) };
        let count = i16::from_be_bytes(*head);
        if self.ended {
            return Err(BROKEN);
        }
        if count == -1 {
            self.ended = true;
            self.parsed += 2;
            return if rest.len() == 2 { Ok(false) } else { Err(BROKEN) };
        }
        if usize::try_from(count) != Ok(self.width) {
            return Err(BROKEN);
        }
        let found = self.fields.len();
        let mut at = 2;
        for _ in 0..self.width {
            let Some(length) = rest[at..].first_chunk::<4>() else {
                self.fields.truncate(found);
                return Ok(false);
            };
            let length = i32::from_be_bytes(*length);
            at += 4;
            let start = u32::try_from(self.parsed + at).map_err(|_| Wrong::Size)?;
            self.fields.push((start, length));
            match usize::try_from(length) {
                Ok(length) if rest.len() - at >= length => at += length,
                Ok(_) => {
                    self.fields.truncate(found);
                    return Ok(false);
                }
                Err(_) if length == -1 => {}
                Err(_) => return Err(BROKEN),
            }
        }
        self.parsed += at;
        self.rows += 1;
        Ok(true)
    }
}

fn be32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}
