//! What dbt's Jinja allows and minijinja does not, rewritten into what both allow.
//!
//! | as written | as rewritten | why |
//! | --- | --- | --- |
//! | `[a, b]`, `{k: v}` | `([a, b]|__list)`, `({k: v}|__dict)` | minijinja's literals cannot be changed in place |
//! | `{% do x %}` | `{% set __= x %}` | minijinja's `do` takes calls only |
//! | `{% if x: %}` | `{% if x  %}` | Python's habit, allowed by Jinja2 |
//! | `a[b, c]` | `a[(b, c)]` | a tuple as subscript |
//! | `{% set x = a + b[1:] %}` | `{% set x =( a + b[1:] )|__own %}` | sums and slices are lazy sequences otherwise |
//! | `a - b`, where dates or sets are near | `(a)\|__sub(b)` | the engine adds numbers, texts and lists |
//! | `'%s' % x` | `'%s' |__mod(x)` | minijinja's `%` is for numbers |
//! | `{{ a }}` | `{{ a\|__printed }}` | a misspelt name is an error, see [`Pass::mark_printed`] |
//! | `'\a'`, `'\/'`, `'\U0001F600'` | the same string in escapes that minijinja reads as Python does | |
//!
//! One pass over the tokens collects edits; a template without any is borrowed, not copied. No edit adds or
//! removes a line break.

use std::borrow::Cow;
use std::ops::Range;

use super::lexer::{Lexer, Token};
use super::source_map::{Edit, SourceMap, apply};
use super::sums::{Role, Sums, may_need_functions};

/// Names after which an operand begins, so that `[` opens a list and not a subscript.
const OPERATORS: [&str; 9] = ["in", "and", "or", "not", "if", "else", "is", "elif", "recursive"];

/// Rewrites a region of `source`. `edits` are made as well: what the region's block needs.
pub(crate) fn rewrite(
    source: &str,
    region: Range<usize>,
    edits: Vec<Edit>,
) -> (Cow<'_, str>, SourceMap) {
    let sums = may_need_functions(source.get(region.clone()).unwrap_or_default());
    let mut pass = Pass { source, sums, ..Pass::default() };
    let mut lexer = Lexer::new(source, region.clone());
    while let Some((token, range)) = lexer.next_token() {
        pass.read(token, range);
    }
    pass.mark_printed();
    if edits.is_empty() {
        return apply(source, region, pass.edits);
    }
    let within = |edit: &Edit, other: &Edit| {
        other.remove > 0 && edit.at >= other.at && edit.at + edit.remove <= other.at + other.remove
    };
    pass.edits.retain(|edit| !edits.iter().any(|other| within(edit, other)));
    pass.edits.extend(edits);
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
struct Tag<'a> {
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
    /// The name, as long as the tag may turn out to be `{{ name }}`.
    name: Option<Range<usize>>,
    sums: Sums,
    /// Whether the word before is `is`, whose `not` is part of the test.
    tests: bool,
}

#[derive(Default)]
struct Pass<'a> {
    source: &'a str,
    edits: Vec<Edit>,
    tag: Tag<'a>,
    /// Whether sums are made calls of functions.
    sums: bool,
    /// The names that are printed and nothing else.
    printed: Vec<Range<usize>>,
    /// The names that the template assigns somewhere.
    assigned: Vec<&'a str>,
}

impl Pass<'_> {
    fn read(&mut self, token: Token, range: Range<usize>) {
        self.end_formats(token);
        if self.sums {
            self.sum(token, &range);
        }
        if !matches!(token, Token::Word | Token::Close) {
            self.tag.name = None;
        }
        match token {
            Token::OpenVariable | Token::OpenBlock => {
                let is_block = token == Token::OpenBlock;
                self.tag = Tag { is_block, ..Tag::default() };
                self.tag.last = range;
                return;
            }
            Token::Close => self.close(&range),
            Token::Word => self.word(&range),
            Token::Text => {
                self.text(&range);
                self.tag.previous = Previous::Format;
            }
            Token::Number => self.tag.previous = Previous::Operand,
            Token::Mark(mark) => self.mark(mark, &range),
        }
        self.tag.last = range;
    }

    fn sum(&mut self, token: Token, range: &Range<usize>) {
        let after_operand = matches!(self.tag.previous, Previous::Operand | Previous::Format);
        let role = match token {
            // these begin a tag
            Token::OpenVariable | Token::OpenBlock => return,
            Token::Word => {
                let word = &self.source[range.clone()];
                let begins = self.tag.is_block && self.tag.words == 0;
                let separates = self.tag.previous != Previous::Dot
                    && word != "is"
                    && !(word == "not" && self.tag.tests)
                    && OPERATORS.contains(&word);
                self.tag.tests = word == "is";
                if begins || separates { Role::Separator } else { Role::Part }
            }
            Token::Mark(b'+' | b'-') if after_operand => Role::Operator,
            Token::Close | Token::Mark(b',' | b':' | b'=' | b'<' | b'>' | b'!') => Role::Separator,
            Token::Mark(b'(' | b'[' | b'{') => Role::Open,
            Token::Mark(b')' | b']' | b'}') => Role::Close,
            Token::Text | Token::Number | Token::Mark(_) => Role::Part,
        };
        let edits = self.tag.sums.read(role, token, range, self.tag.last.end);
        self.edits.extend(edits);
    }

    fn word(&mut self, range: &Range<usize>) {
        let word = &self.source[range.clone()];
        self.tag.words += 1;
        let after_something = !self.source[self.tag.last.clone()].starts_with("{{");
        let statement = self.tag.is_block && self.tag.words == 1;
        if statement {
            self.tag.keyword = word;
            if word == "do" {
                self.edits.push(Edit::replace(range, "set __="));
            }
        }
        let alone = !self.tag.is_block && self.tag.words == 1 && !after_something;
        self.tag.name = alone.then(|| range.clone());
        if self.assigns(word) {
            self.assigned.push(word);
        }
        if word == "in" && self.tag.keyword == "for" {
            self.tag.assigned_at.get_or_insert(range.end);
        }
        let operator = statement || self.tag.previous != Previous::Dot && OPERATORS.contains(&word);
        self.tag.previous = if operator { Previous::Operator } else { Previous::Operand };
    }

    /// Whether a word of a block tag is a name that the tag gives a value.
    fn assigns(&self, word: &str) -> bool {
        match self.tag.keyword {
            "set" => self.tag.assigned_at.is_none() && word != "set",
            "for" => self.tag.assigned_at.is_none() && word != "in",
            "macro" | "test" | "data_test" | "call" | "with" | "import" | "from" => true,
            _ => false,
        }
    }

    /// `{{ name }}` is checked if nothing in the template could ever give the name a value: a misspelt name is
    /// an error then, while Jinja2 prints nothing. What is set under a condition may be printed without.
    fn mark_printed(&mut self) {
        const GIVEN: [&str; 4] = ["this", "varargs", "kwargs", "caller"];
        for range in std::mem::take(&mut self.printed) {
            let name = &self.source[range.clone()];
            if !GIVEN.contains(&name) && !self.assigned.contains(&name) {
                self.edits.push(Edit::insert(range.end, "|__printed"));
            }
        }
    }

    fn mark(&mut self, mark: u8, range: &Range<usize>) {
        let after_operand = matches!(self.tag.previous, Previous::Operand | Previous::Format);
        let after_text = self.tag.previous == Previous::Format;
        self.tag.previous = Previous::Operator;
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
                if let Some(open) = self.tag.open.last_mut() {
                    open.comma = true;
                }
            }
            b'=' if self.tag.keyword == "set"
                && self.tag.assigned_at.is_none()
                && self.tag.open.is_empty() =>
            {
                self.tag.assigned_at = Some(range.end);
            }
            // minijinja has no sign `+`; it changes nothing.
            b'+' if !after_operand => self.edits.push(Edit::replace(range, " ")),
            b'+' | b'*' => self.tag.lazy |= after_operand,
            b':' => {
                self.tag.lazy |=
                    self.tag.open.last().is_some_and(|open| open.bracket == Bracket::Subscript);
            }
            b'%' if after_text => {
                self.edits.push(Edit::replace(range, "|__mod("));
                self.tag.formats.push((self.tag.open.len(), false));
            }
            b'.' => self.tag.previous = Previous::Dot,
            _ => {}
        }
    }

    fn push(&mut self, bracket: Bracket, start: usize) {
        self.tag.open.push(Open { bracket, start, comma: false });
    }

    fn pop(&mut self, range: &Range<usize>) {
        self.tag.previous = Previous::Operand;
        let Some(open) = self.tag.open.pop() else { return };
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
        while let Some((depth, begun)) = self.tag.formats.last_mut() {
            if self.tag.open.len() > *depth {
                return;
            }
            let continues = match token {
                Token::Mark(b'.' | b'(' | b'[') => true,
                Token::Word | Token::Number | Token::Text => {
                    !*begun || self.tag.previous == Previous::Dot
                }
                Token::Mark(b')' | b']' | b'}') => self.tag.open.len() == *depth && !*begun,
                _ => !*begun && token != Token::Close,
            };
            *begun = true;
            if continues {
                return;
            }
            self.tag.formats.pop();
            self.edits.push(Edit::insert(self.tag.last.end, ")"));
        }
    }

    fn close(&mut self, range: &Range<usize>) {
        self.printed.extend(self.tag.name.take());
        if self.tag.is_block
            && self.tag.open.is_empty()
            && self.source[self.tag.last.clone()] == *":"
        {
            self.edits.push(Edit::replace(&self.tag.last, " "));
        }
        if let (Some(at), true, "set") = (self.tag.assigned_at, self.tag.lazy, self.tag.keyword) {
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
            ("{{ a }}{{- b -}}{{ c.d }}", "{{ a|__printed }}{{- b|__printed -}}{{ c.d }}"),
            ("{% set a = b %}{{ a }}{{ b }}", "{% set a = b %}{{ a }}{{ b|__printed }}"),
            ("{% for a, b in c %}{{ b }}{{ c }}", "{% for a, b in c %}{{ b }}{{ c|__printed }}"),
            ("{% macro m(a, b=c) %}{{ a }}", "{% macro m(a, b=c) %}{{ a }}"),
            ("{{ 'x' }}{{ a b }}{{ -a }}", "{{ 'x' }}{{ a b }}{{ -a }}"),
            (r"{{ '\a\\a\/\U0001F600\d' }}", "{{ '\\x07\\\\a\\\\/😀\\d' }}"),
            ("{# [1] #}{% raw %}[1] {{ [1] }}{% endraw %}[1]", ""),
        ];
        for (source, expected) in cases {
            let expected = if expected.is_empty() { source } else { expected };
            assert_eq!(rewritten(source), expected);
        }
    }

    #[test]
    fn sums_are_functions_where_dates_or_sets_may_be() {
        let cases = [
            ("{{ a + b - c }}", "{{ (a )|__add( b )|__sub( c) }}"),
            ("{{ a - b is none }}", "{{ (a )|__sub( b is none) }}"),
            ("{{ (a - b).days }}", "{{ ((a )|__sub( b)).days }}"),
            (
                "{{ f(x=a.b(1) + c[0], y=-d) - e }}",
                "{{ (f(x=(a.b(1) )|__add( c[0]), y=-d) )|__sub( e) }}",
            ),
            ("{{ a + 1 }}{{ 'x' + a }}{{ a + [b] }}{{ -a }}{{ a ~ -b }}", ""),
            (
                "{% if a - b > c - d and e + f %}",
                "{% if (a )|__sub( b) > (c )|__sub( d) and (e )|__add( f) %}",
            ),
            ("{% set x=a-b%}", "{% set x=(a)|__sub(b)%}"),
            ("{% set x = a - b[1:]%}", "{% set x =( (a )|__sub( b[1:]))|__own %}"),
            ("{% for x in a - b if x - y %}", "{% for x in (a )|__sub( b) if (x )|__sub( y) %}"),
            (
                "{{ [a - b, {c: d + e}] }}",
                "{{ ([(a )|__sub( b), ({c: (d )|__add( e)}|__dict)]|__list) }}",
            ),
            (
                "{{ a - b if c - d else e - f }}",
                "{{ (a )|__sub( b) if (c )|__sub( d) else (e )|__sub( f) }}",
            ),
            ("{{ a is not none and b - c }}", "{{ a is not none and (b )|__sub( c) }}"),
            ("{{ a|f - b|g(c - d) * 2 }}", "{{ (a|f )|__sub( b|g((c )|__sub( d)) * 2) }}"),
            (
                "{{ x[a - b:c] }}{{ a - 2 * b }}",
                "{{ x[(a )|__sub( b):c] }}{{ (a )|__sub( 2 * b) }}",
            ),
            (
                "{{ a - }}{{ - }}{{ a + + b }}{{ ) - a }}",
                "{{ a - }}{{ - }}{{ (a )|__add(   b) }}{{ ) - a }}",
            ),
        ];
        for (source, expected) in cases {
            let expected = if expected.is_empty() { source } else { expected };
            let expected = expected.replace("[b]", "([b]|__list)") + "{# date #}";
            assert_eq!(rewritten(&format!("{source}{{# date #}}")), expected);
        }
        assert_eq!(rewritten("{{ a - b }}"), "{{ a - b }}");
    }

    #[test]
    fn a_template_without_such_constructs_is_not_copied() {
        let source = "select {{ a.b(c)[0] }} from {{ ref('x') }} {% if y %}{% endif %}";
        assert!(matches!(rewrite(source, 0..source.len(), Vec::new()).0, Cow::Borrowed(_)));
    }
}
