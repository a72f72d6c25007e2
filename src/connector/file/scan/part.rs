//! One chunk: its records, what they say about the columns, and those that are bad.

use super::super::facts::Facts;
use super::dialect::Dialect;
use super::judge::{self, Formats, Question, Test};
use super::sweep;
use super::token::{After, Form, Token, Tokens, line_ends, plain_field, token};
use std::borrow::Cow;

/// What does not change within a file.
#[derive(Debug)]
pub(in super::super) struct Rules {
    /// How fields are told apart.
    pub(in super::super) dialect: Dialect,
    /// What is asked of each field of a record.
    pub(in super::super) questions: Vec<Question>,
    /// How values are written.
    pub(in super::super) formats: Formats,
    /// Unquoted texts that mean NULL besides the empty one.
    pub(in super::super) null_values: Vec<String>,
    /// How many bad records are kept to be shown.
    pub(in super::super) keep_bad: usize,
}

/// Why a record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Flaw {
    /// It has so many fields.
    Fields(usize),
    /// Something follows a closing quote.
    AfterQuote,
    /// A quote is not closed before the file ends.
    Unclosed,
    /// Bytes that are not of the encoding.
    Encoding,
    /// A zero byte.
    Nul,
    /// A declared type does not hold the field of this index.
    Value(usize),
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Bad {
    /// Its place among all records, from 0.
    pub(in super::super) record: u64,
    /// The line on which it starts, or on which the bad bytes are; from 0.
    pub(in super::super) line: u64,
    /// What is wrong.
    pub(in super::super) flaw: Flaw,
    /// The record.
    pub(in super::super) text: String,
    /// The value that the type does not hold.
    pub(in super::super) value: Option<String>,
}

/// A value that an inferred type does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Misfit {
    /// The line on which its record starts, from 0.
    pub(in super::super) line: u64,
    /// The value.
    pub(in super::super) text: String,
}

/// Things in a file that other readers take for something else; one bit each.
pub(in super::super) mod oddity {
    /// Records end with `\n`.
    pub(in super::super::super) const LF: u32 = 1;
    /// Records end with `\r\n`.
    pub(in super::super::super) const CRLF: u32 = 2;
    /// Records end with `\r`.
    pub(in super::super::super) const CR: u32 = 4;
    /// A quote in an unquoted field.
    pub(in super::super::super) const STRAY_QUOTE: u32 = 8;
    /// An escape that is not a doubled quote.
    pub(in super::super::super) const ESCAPE: u32 = 16;
    /// A line without a byte that is a record of one column.
    pub(in super::super::super) const EMPTY_RECORD: u32 = 64;
    /// A line end in quotes.
    pub(in super::super::super) const QUOTED_LINE: u32 = 128;
    /// A line that is a comment.
    pub(in super::super::super) const COMMENT: u32 = 32;
}

/// What is known of some records that follow each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Part {
    /// Lines, of which some may not be records.
    pub(in super::super) lines: u64,
    /// Records, good and bad.
    pub(in super::super) records: u64,
    /// Bad records.
    pub(in super::super) bad_count: u64,
    /// The first bad records.
    pub(in super::super) bad: Vec<Bad>,
    /// The facts of each field.
    pub(in super::super) facts: Vec<Facts>,
    /// The first misfit of each field.
    pub(in super::super) misfits: Vec<Option<Misfit>>,
    /// All oddities that occur.
    pub(in super::super) oddities: u32,
    /// The bytes of the longest record.
    pub(in super::super) longest: usize,
}

impl Part {
    pub(super) fn new(width: usize) -> Self {
        let (facts, misfits) = (vec![Facts::default(); width], vec![None; width]);
        Self { facts, misfits, ..Self::default() }
    }

    /// Adds the part that follows.
    pub(super) fn append(&mut self, next: Self, keep_bad: usize) {
        for (facts, more) in self.facts.iter_mut().zip(&next.facts) {
            facts.merge(more);
        }
        for (first, other) in self.misfits.iter_mut().zip(next.misfits) {
            if first.is_none() {
                *first = other.map(|misfit| Misfit { line: misfit.line + self.lines, ..misfit });
            }
        }
        let room = keep_bad.saturating_sub(self.bad.len());
        let (records, lines) = (self.records, self.lines);
        self.bad.extend(next.bad.into_iter().take(room).map(|bad| Bad {
            record: bad.record + records,
            line: bad.line + lines,
            ..bad
        }));
        self.bad_count += next.bad_count;
        self.lines += next.lines;
        self.records += next.records;
        self.oddities |= next.oddities;
        self.longest = self.longest.max(next.longest);
    }
}

/// Tokens of so many fields are judged together, column by column: they stay in the first cache,
/// and the processor learns one column's branches at a time.
const BATCH: usize = 2048;

/// A record in a chunk.
#[derive(Debug, Clone, Copy)]
struct Record {
    start: usize,
    end: usize,
    line: u64,
    number: u64,
}

/// Reads the records of a chunk.
pub(super) struct Reader<'a> {
    rules: &'a Rules,
    bytes: &'a [u8],
    tokens: Tokens<'a>,
    fields: Vec<Token>,
    records: Vec<Record>,
    is_clean: bool,
    part: Part,
}

/// Reads all whole records in `bytes`: what they are, and how many bytes they take.
pub(super) fn read(rules: &Rules, bytes: &[u8], is_last: bool) -> (Part, usize) {
    let mut reader = Reader {
        rules,
        bytes,
        tokens: Tokens::new(bytes, rules.dialect, is_last),
        fields: Vec::with_capacity(BATCH + rules.questions.len()),
        records: Vec::with_capacity(BATCH),
        is_clean: memchr::memchr(0, bytes).is_none() && str::from_utf8(bytes).is_ok(),
        part: Part::new(rules.questions.len()),
    };
    let mut used = 0;
    let is_plain = reader.is_clean && reader.has_plain_fields();
    loop {
        if is_plain {
            reader.plain_records();
        }
        used = used.max(reader.tokens.at);
        if reader.tokens.is_done() || reader.line().is_none() {
            break;
        }
        used = reader.tokens.at;
        if reader.fields.len() >= BATCH {
            reader.judge();
        }
    }
    reader.judge();
    reader.part.bad.sort_by_key(|bad| bad.record);
    reader.part.bad.truncate(rules.keep_bad);
    (reader.part, used)
}

impl Reader<'_> {
    /// Whether no byte means anything but delimiters and line feeds.
    fn has_plain_fields(&self) -> bool {
        let Dialect { quote, comment, .. } = self.rules.dialect;
        comment.is_none() && memchr::memchr2(b'\r', quote.unwrap_or(b'\r'), self.bytes).is_none()
    }

    /// Reads records of the right width up to one that is not, or until a batch is full.
    fn plain_records(&mut self) {
        let (width, delimiter) = (self.rules.questions.len(), self.rules.dialect.delimiter);
        let (bytes, first) = (self.bytes, self.records.len());
        let mut start = self.tokens.at;
        while self.fields.len() < BATCH {
            let begin = self.fields.len();
            let mut at = start;
            for left in (0..width).rev() {
                let Some((end, is_line)) = plain_field(bytes, at, delimiter) else { break };
                self.fields.push(token(at, end, Form::Plain));
                at = end + 1;
                if is_line != (left == 0) {
                    // A record of another width; one without a byte is perhaps none.
                    at = 0;
                    break;
                }
            }
            if at <= start + 1 || self.fields.len() != begin + width {
                self.fields.truncate(begin);
                break;
            }
            let (line, number) = (self.part.lines, self.part.records);
            self.records.push(Record { start, end: at, line, number });
            self.part.lines += 1;
            self.part.records += 1;
            self.part.longest = self.part.longest.max(at - start);
            start = at;
        }
        if self.records.len() > first {
            self.part.oddities |= oddity::LF;
        }
        self.tokens.at = start;
    }

    /// Reads a record, or a line that is none.
    #[inline]
    fn line(&mut self) -> Option<()> {
        if self.tokens.is_comment() {
            let after = self.tokens.line()?;
            self.part.oddities |= oddity::COMMENT;
            self.part.lines += 1;
            self.end(after);
            return Some(());
        }
        if self.rules.questions.len() > 1 && self.tokens.is_blank() {
            let after = self.tokens.line()?;
            self.part.lines += 1;
            self.end(after);
            return Some(());
        }
        self.record()
    }

    #[inline]
    fn end(&mut self, after: After) {
        self.part.oddities |= match after {
            After::Lf => oddity::LF,
            After::CrLf => oddity::CRLF,
            After::Cr => oddity::CR,
            After::Field | After::End => 0,
        };
    }

    #[inline]
    fn record(&mut self) -> Option<()> {
        let (start, first, width) = (self.tokens.at, self.fields.len(), self.rules.questions.len());
        let mut count = 0;
        let mut forms = 0;
        let after = loop {
            let Some((token, after)) = self.tokens.next() else {
                self.fields.truncate(first);
                return None;
            };
            forms |= 1 << token.form as u32;
            count += 1;
            if count <= width {
                self.fields.push(token);
            }
            if after != After::Field {
                break after;
            }
        };
        self.end(after);
        let record =
            Record { start, end: self.tokens.at, line: self.part.lines, number: self.part.records };
        self.part.records += 1;
        self.part.lines += 1;
        self.part.longest = self.part.longest.max(record.end - start);
        let is_plain = forms == 1 << Form::Plain as u32 && count == width && self.is_clean;
        if !is_plain && let Some((flaw, line)) = self.inspect(record, forms, count) {
            self.fields.truncate(first);
            let text = self.text(record);
            self.bad(Bad { record: record.number, line, flaw, text, value: None });
            return Some(());
        }
        if width == 1 && self.is_empty(first) {
            self.part.oddities |= oddity::EMPTY_RECORD;
        }
        self.records.push(record);
        Some(())
    }

    /// Whether the field at `first` has neither a byte nor quotes.
    fn is_empty(&self, first: usize) -> bool {
        self.fields.get(first).is_some_and(|f| f.start == f.end && f.form == Form::Plain)
    }

    /// Looks closer at a record that is not plain: what is wrong with it, and on which line.
    fn inspect(&mut self, record: Record, forms: u32, count: usize) -> Option<(Flaw, u64)> {
        let has = |form: Form| forms & (1 << form as u32) != 0;
        let bytes = without_end(self.bytes.get(record.start..record.end).unwrap_or_default());
        if forms & !(1 << Form::Plain as u32 | 1 << Form::Stray as u32) != 0 {
            let within = line_ends(bytes);
            self.part.lines += within;
            self.part.oddities |= if within > 0 { oddity::QUOTED_LINE } else { 0 };
        }
        if has(Form::Stray) {
            self.part.oddities |= oddity::STRAY_QUOTE;
        }
        if has(Form::Escaped) && self.rules.dialect.escape.is_some() {
            self.part.oddities |= oddity::ESCAPE;
        }
        if !self.is_clean {
            if let Err(error) = str::from_utf8(bytes) {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                return Some((Flaw::Encoding, record.line + line_ends(before)));
            }
            if memchr::memchr(0, bytes).is_some() {
                return Some((Flaw::Nul, record.line));
            }
        }
        let flaw = if has(Form::Open) {
            Flaw::Unclosed
        } else if has(Form::Broken) {
            Flaw::AfterQuote
        } else if count != self.rules.questions.len() {
            Flaw::Fields(count)
        } else {
            return None;
        };
        Some((flaw, record.line))
    }

    fn text(&self, record: Record) -> String {
        let bytes = self.bytes.get(record.start..record.end).unwrap_or_default();
        String::from_utf8_lossy(without_end(bytes)).into_owned()
    }

    fn bad(&mut self, bad: Bad) {
        self.part.bad_count += 1;
        // Those of a type are found a batch later than the others, so some more are kept at first.
        if self.part.bad.len() < self.rules.keep_bad + BATCH {
            self.part.bad.push(bad);
        }
    }

    /// Judges the records that are gathered.
    fn judge(&mut self) {
        let rules = self.rules;
        self.reject();
        for (index, question) in rules.questions.iter().enumerate() {
            match question {
                // Declared types are judged already.
                Question::Nothing | Question::Holds { is_declared: true, .. } => {}
                Question::Facts => self.gather(index),
                Question::Holds { is_declared: false, test } => {
                    let known = self.part.misfits.get(index).is_some_and(Option::is_some);
                    if !known && !self.all_hold(index, test) {
                        self.note_misfit(index);
                    }
                }
            }
        }
        self.fields.clear();
        self.records.clear();
    }

    /// Whether a type holds the values of a field, without a look at those that are not plain.
    fn all_hold(&self, index: usize, test: &Test) -> bool {
        let width = self.rules.questions.len();
        sweep::all_hold(&self.fields, width, index, self.bytes, test, &self.rules.formats)
    }

    fn note_misfit(&mut self, index: usize) {
        let found = self.misfits(index).next().map(|(record, text)| (record.line, text));
        if let (Some((line, text)), Some(misfit)) = (found, self.part.misfits.get_mut(index)) {
            *misfit = Some(Misfit { line, text });
        }
    }

    /// Takes out the records with values that declared types do not hold.
    fn reject(&mut self) {
        let questions = self.rules.questions.iter().enumerate();
        let declared = questions
            .filter(|(_, question)| matches!(question, Question::Holds { is_declared: true, .. }));
        let mut rejected: Vec<(Record, usize, String)> = Vec::new();
        for (index, question) in declared {
            if let Question::Holds { test, .. } = question
                && self.all_hold(index, test)
            {
                continue;
            }
            rejected.extend(self.misfits(index).map(|(record, text)| (record, index, text)));
        }
        if rejected.is_empty() {
            return;
        }
        rejected.sort_by_key(|(record, index, _)| (record.number, *index));
        rejected.dedup_by_key(|(record, ..)| record.number);
        let width = self.rules.questions.len();
        for (record, index, value) in rejected {
            if let Ok(at) = self.records.binary_search_by_key(&record.number, |r| r.number) {
                self.records.remove(at);
                self.fields.drain(at * width..(at + 1) * width);
            }
            let (text, value) = (self.text(record), Some(value));
            let (line, flaw) = (record.line, Flaw::Value(index));
            self.bad(Bad { record: record.number, line, flaw, text, value });
        }
    }

    /// The values of a field that its type does not hold.
    fn misfits(&self, index: usize) -> impl Iterator<Item = (Record, String)> {
        let question = self.rules.questions.get(index);
        self.values(index).filter_map(move |(record, value)| {
            let Some(Question::Holds { test, is_declared }) = question else { return None };
            let holds = test.holds(&value, &self.rules.formats, *is_declared);
            (!holds).then(|| (record, String::from_utf8_lossy(&value).into_owned()))
        })
    }

    fn gather(&mut self, index: usize) {
        let mut facts = self.part.facts.get(index).copied().unwrap_or_default();
        for (_, value) in self.values(index) {
            judge::add(&mut facts, &value, &self.rules.formats);
        }
        if let Some(known) = self.part.facts.get_mut(index) {
            *known = facts;
        }
    }

    /// The values of a field that are not NULL, with their records.
    fn values(&self, index: usize) -> impl Iterator<Item = (Record, Cow<'_, [u8]>)> {
        let rows = self.fields.chunks_exact(self.rules.questions.len().max(1));
        rows.zip(&self.records).filter_map(move |(fields, record)| {
            let value = value(*fields.get(index)?, self.bytes, self.rules)?;
            Some((*record, value))
        })
    }
}

/// What a field holds; `None` where it is NULL.
#[inline]
pub(super) fn value<'a>(token: Token, bytes: &'a [u8], rules: &Rules) -> Option<Cow<'a, [u8]>> {
    let text = token.bytes(bytes);
    match token.form {
        Form::Plain | Form::Stray => {
            let is_null =
                text.is_empty() || rules.null_values.iter().any(|null| null.as_bytes() == text);
            (!is_null).then_some(Cow::Borrowed(text))
        }
        Form::Escaped => Some(Cow::Owned(rules.dialect.unescape(text))),
        Form::Quoted | Form::Broken | Form::Open => Some(Cow::Borrowed(text)),
    }
}

/// A record without its line end.
fn without_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}
