//! Places in a statement's text: DuckDB's positions made byte ranges of names.
//!
//! DuckDB 1.5.5 counts bytes, but of the text in which each Unicode space outside of quotes has
//! become one byte. It has no position for names in `using`, `exclude`, `replace` and `unpivot`: these
//! are searched for in the words that follow, and left out where they are not found.

use std::borrow::Cow;
use std::ops::Range;

/// A statement's text.
pub(super) struct Text<'s> {
    sql: &'s str,
    /// For each Unicode space: where it is in DuckDB's text, and how many bytes it lost there.
    spaces: Vec<(usize, usize)>,
}

/// What SQL text consists of, as far as is needed to find names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'s> {
    /// A name or keyword, without its quotes.
    Word(Cow<'s, str>),
    /// A string, number or operator character.
    Mark(char),
}

impl<'s> Text<'s> {
    /// Reads `sql`.
    pub(super) fn new(sql: &'s str) -> Self {
        let is_plain = !sql.bytes().any(|byte| matches!(byte, 0xC2 | 0xE2 | 0xE3 | 0xEF));
        Self { sql, spaces: if is_plain { Vec::new() } else { spaces(sql) } }
    }

    /// The byte of the statement that DuckDB calls `location`.
    pub(super) fn byte(&self, location: usize) -> usize {
        let before = self.spaces.iter().take_while(|(at, _)| *at < location);
        location + before.map(|(_, lost)| lost).sum::<usize>()
    }

    /// The tokens from `location` on, with their bytes.
    pub(super) fn tokens(&self, location: usize) -> Tokens<'s> {
        Tokens { sql: self.sql, at: self.byte(location) }
    }

    /// The bytes of part `index` of the dotted name at `location` that consists of `parts`.
    pub(super) fn part(
        &self,
        location: usize,
        parts: &[&str],
        index: usize,
    ) -> Option<Range<usize>> {
        let mut tokens = self.tokens(location);
        for (at, part) in parts.iter().enumerate() {
            if at > 0 && tokens.next()?.0 != Token::Mark('.') {
                return None;
            }
            let (token, place) = tokens.next()?;
            if !token.is(part) {
                return None;
            }
            if at == index {
                return Some(place);
            }
        }
        None
    }

    /// The bytes of the string at `location`, without its quotes, where it is written as it reads.
    pub(super) fn string(&self, location: usize, value: &str) -> Option<Range<usize>> {
        let start = self.byte(location) + 1;
        let place = start..start + value.len();
        (self.sql.get(place.clone()) == Some(value)).then_some(place)
    }

    /// The bytes of the first word called `name` after one of the words `after`, from `location`.
    pub(super) fn after(
        &self,
        location: usize,
        after: &[&str],
        name: &str,
    ) -> Option<Range<usize>> {
        let mut tokens = self.tokens(location);
        tokens.find(|(token, _)| after.iter().any(|word| token.is(word)))?;
        tokens.find(|(token, _)| token.is(name)).map(|(_, place)| place)
    }

    /// The bytes of the first `as name` after `replace`, from `location`.
    pub(super) fn replaced(&self, location: usize, name: &str) -> Option<Range<usize>> {
        let mut tokens = self.tokens(location);
        tokens.find(|(token, _)| token.is("replace"))?;
        loop {
            tokens.find(|(token, _)| token.is("as"))?;
            let (token, place) = tokens.clone().next()?;
            if token.is(name) {
                return Some(place);
            }
        }
    }

    /// The bytes of `name` in the `using (…)` of the join whose keyword is at `location`.
    pub(super) fn using(&self, location: usize, name: &str) -> Option<Range<usize>> {
        let mut depth = 0_i32;
        let mut tokens = self.tokens(location);
        while let Some((token, _)) = tokens.next() {
            match token {
                Token::Mark('(') => depth += 1,
                Token::Mark(')') => depth -= 1,
                Token::Word(word) if depth == 0 && word.eq_ignore_ascii_case("using") => {
                    let names = tokens.clone().take_while(|(token, _)| *token != Token::Mark(')'));
                    let mut names = names.filter(|(token, _)| token.is(name));
                    if let Some((_, place)) = names.next() {
                        return Some(place);
                    }
                }
                Token::Word(_) | Token::Mark(_) => {}
            }
        }
        None
    }
}

impl Token<'_> {
    /// Whether it is the word `name`.
    pub(super) fn is(&self, name: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(name))
    }
}

/// Tokens of a text.
#[derive(Clone)]
pub(super) struct Tokens<'s> {
    sql: &'s str,
    at: usize,
}

impl<'s> Tokens<'s> {
    fn rest(&self) -> &'s str {
        self.sql.get(self.at..).unwrap_or_default()
    }

    /// Goes on behind spaces and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || is_space(c));
            self.at += rest.len() - trimmed.len();
            let end = if trimmed.starts_with("--") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map_or(trimmed.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += end;
        }
    }

    /// The length of the quoted text that `rest` starts with, both quotes included.
    fn quoted(rest: &str, quote: char) -> usize {
        let mut inside = rest.char_indices().skip(1).peekable();
        while let Some((at, character)) = inside.next() {
            if character == quote && inside.next_if(|(_, next)| *next == quote).is_none() {
                return at + quote.len_utf8();
            }
        }
        rest.len()
    }
}

impl<'s> Iterator for Tokens<'s> {
    type Item = (Token<'s>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip();
        let rest = self.rest();
        let first = rest.chars().next()?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
        let length = match first {
            '"' | '\'' => Self::quoted(rest, first),
            _ if is_word(first) => {
                rest.find(|c| !is_word(c) || is_space(c)).unwrap_or(rest.len()).max(1)
            }
            _ => first.len_utf8(),
        };
        let place = self.at..self.at + length;
        self.at = place.end;
        let text = rest.get(..length)?;
        let token = match first {
            '"' => {
                let inner = text.get(1..length.saturating_sub(1)).unwrap_or_default();
                let is_doubled = inner.contains('"');
                Token::Word(if is_doubled {
                    inner.replace("\"\"", "\"").into()
                } else {
                    inner.into()
                })
            }
            _ if first != '\'' && is_word(first) => Token::Word(text.into()),
            _ => Token::Mark(first),
        };
        Some((token, place))
    }
}

/// Whether DuckDB makes one space of it, as its parser lists them.
fn is_space(character: char) -> bool {
    matches!(
        character,
        '\u{a0}' | '\u{2000}'
            ..='\u{200d}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{3000}' | '\u{feff}'
    )
}

/// The Unicode spaces of `sql` that stand outside of quotes and of comments to the end of a line.
fn spaces(sql: &str) -> Vec<(usize, usize)> {
    let mut spaces = Vec::new();
    let mut lost = 0;
    let mut characters = sql.char_indices().peekable();
    let mut quote = None;
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(end), _) => {
                if character == end {
                    quote = None;
                }
            }
            (None, '\'' | '"') => quote = Some(character),
            (None, '-') if characters.peek().is_some_and(|(_, next)| *next == '-') => {
                quote = Some('\n');
            }
            (None, _) if is_space(character) => {
                spaces.push((at - lost, character.len_utf8() - 1));
                lost += character.len_utf8() - 1;
            }
            (None, _) => {}
        }
    }
    spaces
}
