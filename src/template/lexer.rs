//! Which parts of a template are code, and what tokens the code is made of.
//!
//! Just enough of Jinja's grammar for [`super::rewrite`] and [`super::blocks`] to find their way: text, comments
//! and raw blocks are stepped over, strings are one token, and a tag ends where its brackets are balanced,
//! the rule that minijinja follows too. Anything malformed simply ends the stream: minijinja reports it with
//! its own, better message.

use std::ops::Range;

/// What a stretch of code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// `{{`, with its whitespace mark.
    OpenVariable,
    /// `{%`, with its whitespace mark.
    OpenBlock,
    /// `}}` or `%}`, with its whitespace mark.
    Close,
    Word,
    Text,
    Number,
    /// Any other byte of code.
    Mark(u8),
}

/// Reads the tokens of one template, or of a region of it.
pub(crate) struct Lexer<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    end: usize,
    /// The byte that closes the tag we are in: `}` of `}}` or `%` of `%}`.
    closer: Option<u8>,
    depth: usize,
    /// The tag of a raw block that was being stepped over.
    raw: Option<Range<usize>>,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(source: &'a str, region: Range<usize>) -> Self {
        let end = region.end.min(source.len());
        Lexer {
            source,
            bytes: source.as_bytes(),
            at: region.start,
            end,
            closer: None,
            depth: 0,
            raw: None,
        }
    }

    /// The byte after the last token.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The tag `{% raw %}` that nothing closes, once the tokens are at their end.
    pub(crate) fn unclosed_raw(&self) -> Option<Range<usize>> {
        self.raw.clone()
    }

    /// Whether the tokens ended inside of a tag.
    pub(crate) fn is_in_tag(&self) -> bool {
        self.closer.is_some()
    }

    /// Steps over everything up to the tag `{% name %}` and gives the tag's range.
    pub(crate) fn skip_to_tag(&mut self, name: &str) -> Option<Range<usize>> {
        while let Some(found) = self.source[self.at..self.end].find("{%") {
            let start = self.at + found;
            self.at = start + 2;
            if let Some(end) = self.simple_tag(self.at, name) {
                self.at = end;
                return Some(start..end);
            }
        }
        self.at = self.end;
        None
    }

    pub(crate) fn next_token(&mut self) -> Option<(Token, Range<usize>)> {
        match self.closer {
            None => self.next_open(),
            Some(closer) => self.next_in_code(closer),
        }
    }

    fn next_open(&mut self) -> Option<(Token, Range<usize>)> {
        loop {
            let found = self.source.get(self.at..self.end)?.find('{')?;
            let start = self.at + found;
            self.at = start + 1;
            let token = match self.bytes.get(start + 1) {
                Some(b'#') => {
                    let body = self.source.get(start + 2..self.end)?;
                    self.at = start + 2 + body.find("#}")? + 2;
                    continue;
                }
                Some(b'{') => Token::OpenVariable,
                Some(b'%') => Token::OpenBlock,
                _ => continue,
            };
            self.at = start + 2;
            if token == Token::OpenBlock
                && let Some(end) = self.simple_tag(self.at, "raw")
            {
                self.at = end;
                self.raw = Some(start..end);
                self.skip_to_tag("endraw")?;
                self.raw = None;
                continue;
            }
            if matches!(self.bytes.get(self.at), Some(b'-' | b'+')) {
                self.at += 1;
            }
            self.closer = Some(if token == Token::OpenVariable { b'}' } else { b'%' });
            self.depth = 0;
            return Some((token, start..self.at));
        }
    }

    fn next_in_code(&mut self, closer: u8) -> Option<(Token, Range<usize>)> {
        while self.at < self.end && self.bytes[self.at].is_ascii_whitespace() {
            self.at += 1;
        }
        if self.at >= self.end {
            return None;
        }
        let start = self.at;
        let first = self.bytes[start];
        if self.depth == 0 {
            let mark = usize::from(matches!(first, b'-' | b'+'));
            let second = if closer == b'}' { b"}}" } else { b"%}" };
            if self.bytes.get(start + mark..start + mark + 2) == Some(second) {
                self.at = start + mark + 2;
                self.closer = None;
                return Some((Token::Close, start..self.at));
            }
        }
        let token = match first {
            b'\'' | b'"' => {
                self.at = self.string_end(start, first)?;
                Token::Text
            }
            b'0'..=b'9' => {
                self.skip_number();
                Token::Number
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.skip_word();
                Token::Word
            }
            mark => {
                match mark {
                    b'(' | b'[' | b'{' => self.depth += 1,
                    b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                self.at += 1;
                Token::Mark(mark)
            }
        };
        Some((token, start..self.at))
    }

    fn skip_word(&mut self) {
        while self.at < self.end
            && matches!(self.bytes[self.at], b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9')
        {
            self.at += 1;
        }
    }

    fn skip_number(&mut self) {
        self.skip_word();
        // `1.5` is one number, `1.foo` and `x.1.0` are not
        let digit_follows = self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        if self.at < self.end && self.bytes[self.at] == b'.' && digit_follows {
            self.at += 1;
            self.skip_word();
        }
    }

    fn string_end(&self, start: usize, quote: u8) -> Option<usize> {
        let mut at = start + 1;
        while at < self.end {
            match self.bytes[at] {
                b'\\' => at += 2,
                byte if byte == quote => return Some(at + 1),
                _ => at += 1,
            }
        }
        None
    }

    /// The end of the tag whose inside begins at `at`, if it holds nothing but `name`.
    fn simple_tag(&self, at: usize, name: &str) -> Option<usize> {
        let inside = self.source.get(at..self.end)?;
        let rest = inside.strip_prefix(['-', '+']).unwrap_or(inside).trim_ascii_start();
        let rest = rest.strip_prefix(name)?.trim_ascii_start();
        let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest).strip_prefix("%}")?;
        Some(self.end - rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str) -> Vec<&str> {
        let mut lexer = Lexer::new(source, 0..source.len());
        std::iter::from_fn(|| lexer.next_token()).map(|(_, range)| &source[range]).collect()
    }

    #[test]
    fn code_is_found_between_text_comments_and_raw() {
        assert_eq!(
            tokens("a {# {{ x }} #} {%- raw %}{{ y }}{% endraw -%} {{- z.0 }}"),
            ["{{-", "z", ".", "0", "}}"]
        );
    }

    #[test]
    fn a_tag_ends_where_its_brackets_are_balanced() {
        assert_eq!(
            tokens("{{ {'}}': {1.5: 2}} }}"),
            ["{{", "{", "'}}'", ":", "{", "1.5", ":", "2", "}", "}", "}}"]
        );
    }

    #[test]
    fn unfinished_code_ends_the_stream() {
        for source in ["{{ 'a", "{% raw %}", "{# ", "{", "{{", "{% if \\", "{{ 'é\\"] {
            let _ = tokens(source);
        }
    }
}
