//! Which tag is to blame when the blocks of a template do not fit together.
//!
//! The engine notices at the end of the template, or at the tag that closes the block around; the user needs the
//! tag that opens a block which nothing closes.

use std::ops::Range;

use super::lexer::{Lexer, Token};

/// What is wrong with the blocks of a template, with the place of the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit<'a> {
    /// The block is opened and never closed.
    Unclosed(&'a str, Range<usize>),
    /// The tag closes or continues a block that is not open.
    Stray(&'a str, Range<usize>),
    /// A block of dbt's that only a file of its own may declare.
    Elsewhere(&'a str, Range<usize>),
}

/// The blocks of statements, but for `set`, which may be one.
const BLOCKS: [&str; 8] = ["if", "for", "macro", "call", "filter", "with", "autoescape", "block"];
const DECLARATIONS: [&str; 5] = ["test", "data_test", "snapshot", "materialization", "docs"];

/// The first tag of a region that does not fit, if its tags can be told apart at all. A region that is a
/// `declaration` begins with the tag of a macro, a test or a materialization.
pub(crate) fn misfit(source: &str, region: Range<usize>, declaration: bool) -> Option<Misfit<'_>> {
    let mut lexer = Lexer::new(source, region.clone());
    let mut open: Vec<(&str, Range<usize>)> = Vec::new();
    while let Some((token, start)) = lexer.next_token() {
        if token != Token::OpenBlock {
            continue;
        }
        let tag = tag(source, &mut lexer, start.start)?;
        let keyword = tag.keyword;
        if BLOCKS.contains(&keyword) || keyword == "set" && !tag.assigns {
            open.push((keyword, tag.span));
        } else if DECLARATIONS.contains(&keyword) {
            if !declaration || start.start != region.start {
                return Some(Misfit::Elsewhere(keyword, tag.span));
            }
            open.push((keyword, tag.span));
        } else if let Some(closed) = keyword.strip_prefix("end") {
            match open.pop() {
                Some((opened, _)) if opened == closed => {}
                Some((opened, span)) => return Some(Misfit::Unclosed(opened, span)),
                None => return Some(Misfit::Stray(keyword, tag.span)),
            }
        } else if ["else", "elif"].contains(&keyword) {
            match open.last() {
                Some((opened, _)) if ["if", "for"].contains(opened) => {}
                Some((opened, span)) => return Some(Misfit::Unclosed(opened, span.clone())),
                None => return Some(Misfit::Stray(keyword, tag.span)),
            }
        }
    }
    if let Some(raw) = lexer.unclosed_raw() {
        return Some(Misfit::Unclosed("raw", raw));
    }
    if lexer.is_in_tag() {
        return None;
    }
    open.pop().map(|(keyword, span)| Misfit::Unclosed(keyword, span))
}

struct Tag<'a> {
    keyword: &'a str,
    span: Range<usize>,
    /// Whether an `=` stands in it, outside of brackets.
    assigns: bool,
}

/// The tag whose opening was just read; `None` if it does not end.
fn tag<'a>(source: &'a str, lexer: &mut Lexer, start: usize) -> Option<Tag<'a>> {
    let mut tag = Tag { keyword: "", span: start..start, assigns: false };
    let mut depth = 0usize;
    let mut first = true;
    loop {
        let (token, range) = lexer.next_token()?;
        match token {
            Token::Close => {
                tag.span.end = range.end;
                return Some(tag);
            }
            Token::Word if first => tag.keyword = &source[range],
            Token::Mark(b'(' | b'[' | b'{') => depth += 1,
            Token::Mark(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            Token::Mark(b'=') if depth == 0 => tag.assigns = true,
            _ => {}
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_that_does_not_fit_is_found() {
        let cases = [
            ("{% if a %}{% for b in c %}{% endfor %}", "unclosed if {% if a %}"),
            ("{% for b in c %}{% if a %}{% endfor %}", "unclosed if {% if a %}"),
            ("{% set a = 1 %}{%- set b | upper -%}", "unclosed set {%- set b | upper -%}"),
            ("{% macro m(a=1) %}{% call f() %}x", "unclosed call {% call f() %}"),
            ("{% filter f(a=b) %}{% raw %}{% endfilter %}", "unclosed raw {% raw %}"),
            ("a {% endif %}", "stray endif {% endif %}"),
            ("{% else %}", "stray else {% else %}"),
            ("{% set x %}{% else %}", "unclosed set {% set x %}"),
            (" {% docs d %}", "elsewhere docs {% docs d %}"),
            ("{% test t(m) %}{% snapshot s %}", "elsewhere snapshot {% snapshot s %}"),
            ("{% test t(m) %}{% if m %}{% endtest %}", "unclosed if {% if m %}"),
            ("{% if a %}{{ b", ""),
            ("{% if a %}{# {% endif %} #}{% elif b %}{% else %}{% endif %}{% set x = 1 %}", ""),
        ];
        for (source, expected) in cases {
            let found = match misfit(source, 0..source.len(), true) {
                Some(Misfit::Unclosed(keyword, at)) => {
                    format!("unclosed {keyword} {}", &source[at])
                }
                Some(Misfit::Stray(keyword, at)) => format!("stray {keyword} {}", &source[at]),
                Some(Misfit::Elsewhere(keyword, at)) => {
                    format!("elsewhere {keyword} {}", &source[at])
                }
                None => String::new(),
            };
            assert_eq!(found, expected, "{source}");
        }
    }
}
