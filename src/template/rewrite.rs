//! What dbt's Jinja allows and minijinja does not, rewritten into what both allow.
//!
//! | as written | as rewritten | why |
//! | --- | --- | --- |
//! | `[a, b]`, `{k: v}` | `([a, b]|__list)`, `({k: v}|__dict)` | minijinja's literals cannot be changed in place |
//! | `{% do x %}` | `{% set __= x %}` | minijinja's `do` takes calls only |
//! | `{% if x: %}` | `{% if x  %}` | Python's habit, allowed by Jinja2 |
//! | `a[b, c]` | `a[(b, c)]` | a tuple as subscript |
//! | `{% set x = a + b[1:] %}` | `{% set x =( a + b[1:] )|__own %}` | sums and slices are lazy sequences otherwise |
//! | `'%s' % x` | `'%s' |__mod(x)` | minijinja's `%` is for numbers |
//! | `'\a'`, `'\/'`, `'\U0001F600'` | the same string in escapes that minijinja reads as Python does | |
//!
//! One pass over the tokens collects edits; a template without any is borrowed, not copied. No edit adds or
//! removes a line break.

use std::borrow::Cow;
use std::ops::Range;

use super::lexer::{Lexer, Token};
use super::source_map::{Edit, SourceMap, apply};

/// Names after which an operand begins, so that `[` opens a list and not a subscript.
const OPERATORS: [&str; 9] = ["in", "and", "or", "not", "if", "else", "is", "elif", "recursive"];

/// Rewrites a region of `source`. `edits` are made as well: what the region's block needs.
pub(crate) fn rewrite(
    source: &str,
    region: Range<usize>,
    edits: Vec<Edit>,
) -> (Cow<'_, str>, SourceMap) {
    let mut pass = Pass { source, edits, ..Pass::default() };
    let mut lexer = Lexer::new(source, region.clone());
    while let Some((token, range)) = lexer.next_token() {
        pass.read(token, range);
    }
    apply(source, region, pass.edits)
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Previous {
    #[default]
    Operator,
    Operand,
    Format,
    Dot,
}

#[derive(PartialEq, Eq)]
enum Bracket {
    Group,
    List,
    Dict,
    Subscript,
}

struct Open {
    bracket: Bracket,
    start: usize,
    comma: bool,
}

/// What is known of the tag being read.
#[derive(Default)]
struct Pass<'a> {
    source: &'a str,
    edits: Vec<Edit>,
    previous: Previous,
    last: Range<usize>,
    open: Vec<Open>,
    is_block: bool,
    words: usize,
    keyword: &'a str,
    assigned_at: Option<usize>,
    lazy: bool,
    /// The depths at which an operand of `'..' % operand` is being read, and whether it has begun.
    formats: Vec<(usize, bool)>,
}

impl Pass<'_> {
    fn read(&mut self, token: Token, range: Range<usize>) {
        self.end_formats(token);
        match token {
            Token::OpenVariable | Token::OpenBlock => {
                *self = Pass {
                    source: self.source,
                    edits: std::mem::take(&mut self.edits),
                    is_block: token == Token::OpenBlock,
                    ..Pass::default()
                };
            }
            Token::Close => self.close(&range),
            Token::Word => self.word(&range),
            Token::Text => {
                self.text(&range);
                self.previous = Previous::Format;
            }
            Token::Number => self.previous = Previous::Operand,
            Token::Mark(mark) => self.mark(mark, &range),
        }
        self.last = range;
    }

    fn word(&mut self, range: &Range<usize>) {
        let word = &self.source[range.clone()];
        self.words += 1;
        let statement = self.is_block && self.words == 1;
        if statement {
            self.keyword = word;
            if word == "do" {
                self.edits.push(Edit::replace(range, "set __="));
            }
        }
        let operator = statement || self.previous != Previous::Dot && OPERATORS.contains(&word);
        self.previous = if operator { Previous::Operator } else { Previous::Operand };
    }

    fn mark(&mut self, mark: u8, range: &Range<usize>) {
        let after_operand = matches!(self.previous, Previous::Operand | Previous::Format);
        let after_text = self.previous == Previous::Format;
        self.previous = Previous::Operator;
        match mark {
            b'(' => self.push(Bracket::Group, range.start),
            b'[' if after_operand => self.push(Bracket::Subscript, range.start),
            b'[' => {
                self.edits.push(Edit::insert(range.start, "("));
                self.push(Bracket::List, range.start);
            }
            b'{' => {
                self.edits.push(Edit::insert(range.start, "("));
                self.push(Bracket::Dict, range.start);
            }
            b')' | b']' | b'}' => self.pop(range),
            b',' => {
                if let Some(open) = self.open.last_mut() {
                    open.comma = true;
                }
            }
            b'=' if self.keyword == "set" && self.assigned_at.is_none() && self.open.is_empty() => {
                self.assigned_at = Some(range.end);
            }
            b'+' => self.lazy |= after_operand,
            b'*' => self.lazy |= after_operand,
            b':' => {
                self.lazy |=
                    self.open.last().is_some_and(|open| open.bracket == Bracket::Subscript);
            }
            b'%' if after_text => {
                self.edits.push(Edit::replace(range, "|__mod("));
                self.formats.push((self.open.len(), false));
            }
            b'.' => self.previous = Previous::Dot,
            _ => {}
        }
    }

    fn push(&mut self, bracket: Bracket, start: usize) {
        self.open.push(Open { bracket, start, comma: false });
    }

    fn pop(&mut self, range: &Range<usize>) {
        self.previous = Previous::Operand;
        let Some(open) = self.open.pop() else { return };
        match open.bracket {
            Bracket::List => self.edits.push(Edit::insert(range.end, "|__list)")),
            Bracket::Dict => self.edits.push(Edit::insert(range.end, "|__dict)")),
            Bracket::Subscript if open.comma => {
                self.edits.push(Edit::insert(open.start + 1, "("));
                self.edits.push(Edit::insert(range.start, ")"));
            }
            Bracket::Subscript | Bracket::Group => {}
        }
    }

    /// Closes `|__mod(` behind its operand: a primary with whatever is called on it.
    fn end_formats(&mut self, token: Token) {
        while let Some((depth, begun)) = self.formats.last_mut() {
            if self.open.len() > *depth {
                return;
            }
            let continues = match token {
                Token::Mark(b'.' | b'(' | b'[') => true,
                Token::Word | Token::Number | Token::Text => {
                    !*begun || self.previous == Previous::Dot
                }
                Token::Mark(b')' | b']' | b'}') => self.open.len() == *depth && !*begun,
                _ => !*begun && token != Token::Close,
            };
            *begun = true;
            if continues {
                return;
            }
            self.formats.pop();
            self.edits.push(Edit::insert(self.last.end, ")"));
        }
    }

    fn close(&mut self, range: &Range<usize>) {
        if self.is_block && self.open.is_empty() && self.source[self.last.clone()] == *":" {
            self.edits.push(Edit::replace(&self.last, " "));
        }
        if let (Some(at), true) = (self.assigned_at, self.lazy) {
            self.edits.push(Edit::insert(at, "("));
            self.edits.push(Edit::insert(range.start, ")|__own "));
        }
    }

    /// Mends the escapes that minijinja reads otherwise than Python.
    fn text(&mut self, range: &Range<usize>) {
        let text = &self.source[range.clone()];
        let mut escapes = text.char_indices();
        while let Some((at, char)) = escapes.next() {
            if char != '\\' {
                continue;
            }
            let Some((_, escaped)) = escapes.next() else { return };
            let whole = range.start + at..range.start + at + 1 + escaped.len_utf8();
            match escaped {
                'a' => self.edits.push(Edit::replace(&whole, "\\x07")),
                'v' => self.edits.push(Edit::replace(&whole, "\\x0b")),
                '/' => self.edits.push(Edit::insert(whole.start, "\\")),
                'U' => self.long_escape(&whole, &text[at + 2..]),
                _ => {}
            }
        }
    }

    fn long_escape(&mut self, escape: &Range<usize>, rest: &str) {
        let digits = rest.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if let Some(char) = digits.and_then(char::from_u32) {
            self.edits.push(Edit::replace(&(escape.start..escape.end + 8), char.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(source: &str) -> String {
        rewrite(source, 0..source.len(), Vec::new()).0.into_owned()
    }

    #[test]
    fn each_construct_becomes_what_minijinja_reads() {
        let cases = [
            ("{{ [1, [2]] }}", "{{ ([1, ([2]|__list)]|__list) }}"),
            ("{{ {'a': {}} }}", "{{ ({'a': ({}|__dict)}|__dict) }}"),
            ("{% for x in [1] %}", "{% for x in ([1]|__list) %}"),
            ("{{ a[0] }}{{ a.b[0][1] }}{{ 'x'[0] }}", "{{ a[0] }}{{ a.b[0][1] }}{{ 'x'[0] }}"),
            ("{{ a.in[0] }}", "{{ a.in[0] }}"),
            ("{{ a[b, c] }}", "{{ a[(b, c)] }}"),
            ("{%- do a.append([1]) -%}", "{%- set __= a.append(([1]|__list)) -%}"),
            ("{% if x == 'a': %}", "{% if x == 'a'  %}"),
            ("{% set a = b + [1] -%}", "{% set a =( b + ([1]|__list) )|__own -%}"),
            ("{% set a, b = c[1:], d %}", "{% set a, b =( c[1:], d )|__own %}"),
            ("{% set a = b %}", "{% set a = b %}"),
            ("{{ '%s' % x.y(1)[0] ~ z }}", "{{ '%s' |__mod( x.y(1)[0]) ~ z }}"),
            ("{{ f('%s-%s' % (a, b)) }}", "{{ f('%s-%s' |__mod( (a, b))) }}"),
            ("{{ ['%s' % a, b] }}", "{{ (['%s' |__mod( a), b]|__list) }}"),
            ("{{ 5 % 2 }}", "{{ 5 % 2 }}"),
            (r"{{ '\a\\a\/\U0001F600\d' }}", "{{ '\\x07\\\\a\\\\/😀\\d' }}"),
            ("{# [1] #}{% raw %}[1] {{ [1] }}{% endraw %}[1]", ""),
        ];
        for (source, expected) in cases {
            let expected = if expected.is_empty() { source } else { expected };
            assert_eq!(rewritten(source), expected);
        }
    }

    #[test]
    fn a_template_without_such_constructs_is_not_copied() {
        let source = "select {{ a.b(c)[0] }} from {{ ref('x') }} {% if y %}{% endif %}";
        assert!(matches!(rewrite(source, 0..source.len(), Vec::new()).0, Cow::Borrowed(_)));
    }
}
