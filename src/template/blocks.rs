//! The blocks of a file: macros, tests, snapshots, materializations and docs, found without compiling anything.
//!
//! Each becomes a template of its own, so that a rendering pays only for the macros it calls. What stands
//! between the blocks of a macro file means nothing, as in dbt.

use std::ops::Range;

use super::lexer::{Lexer, Token};

/// What a block declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockKind {
    /// `{% macro %}`
    Macro,
    /// `{% test %}` or `{% data_test %}`, a generic test; as a macro it is named `test_<name>`.
    Test,
    /// `{% snapshot %}`: a query, not a macro.
    Snapshot,
    /// `{% materialization %}`; as a macro it is named `materialization_<name>_<adapter>`.
    Materialization,
    /// `{% docs %}`: text that is not a template.
    Docs,
}

/// A parameter of a macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// The text of its default, as written.
    pub default: Option<String>,
}

/// One block of a file. All ranges are bytes of that file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it declares.
    pub kind: BlockKind,
    /// Its name as a macro is called, or the name of a snapshot or docs block.
    pub name: String,
    /// The adapter of a materialization, `default` if none is given.
    pub adapter: Option<String>,
    /// From the opening tag to the end of the closing tag.
    pub span: Range<usize>,
    /// What stands between the two tags.
    pub body: Range<usize>,
    /// The name in the opening tag.
    pub name_span: Range<usize>,
    /// The parameters of a macro or test.
    pub arguments: Vec<Argument>,
    pub(crate) header: Header,
}

/// Where the parts of a block's tags are, for the rewriter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub keyword: Range<usize>,
    pub close: Range<usize>,
    pub end_keyword: Range<usize>,
    /// The `)` that ends the parameters, and whether a comma stands before it.
    pub parenthesis: Option<(usize, bool)>,
    /// The ranges of the parameters' defaults.
    pub defaults: Vec<Option<Range<usize>>>,
    /// Which of `varargs`, `kwargs` and `caller` the body mentions.
    pub varargs: bool,
    pub kwargs: bool,
    pub caller: bool,
    /// Where `caller` stands inside of a `{% call %}` block and means the macro's own.
    pub outer_callers: Vec<Range<usize>>,
}

/// Finds the blocks of a file, in order. A block without its end is left out: see [`unclosed`].
#[must_use]
pub fn blocks(source: &str) -> Vec<Block> {
    scan(source).0
}

/// The keyword and the opening tag of a block that begins and never ends.
#[must_use]
pub fn unclosed(source: &str) -> Option<(String, Range<usize>)> {
    let (keyword, opening) = scan(source).1?;
    let end = opening + source[opening..].find("%}").map_or(keyword.end - opening, |at| at + 2);
    Some((source[keyword].to_string(), opening..end))
}

/// The blocks, and for one that never ends its keyword and where its tag begins.
fn scan(source: &str) -> (Vec<Block>, Option<(Range<usize>, usize)>) {
    let mut lexer = Lexer::new(source, 0..source.len());
    let mut blocks = Vec::new();
    while let Some((token, open)) = lexer.next_token() {
        if token != Token::OpenBlock {
            continue;
        }
        let Some((Token::Word, keyword)) = lexer.next_token() else { continue };
        let Some(kind) = kind(&source[keyword.clone()]) else { continue };
        match block(source, &mut lexer, kind, open.start, keyword.clone()) {
            Some(block) => blocks.push(block),
            None => return (blocks, Some((keyword, open.start))),
        }
    }
    (blocks, None)
}

fn kind(keyword: &str) -> Option<BlockKind> {
    Some(match keyword {
        "macro" => BlockKind::Macro,
        "test" | "data_test" => BlockKind::Test,
        "snapshot" => BlockKind::Snapshot,
        "materialization" => BlockKind::Materialization,
        "docs" => BlockKind::Docs,
        _ => return None,
    })
}

fn block(
    source: &str,
    lexer: &mut Lexer,
    kind: BlockKind,
    start: usize,
    keyword: Range<usize>,
) -> Option<Block> {
    let (Token::Word, name_span) = lexer.next_token()? else { return None };
    let mut block = Block {
        kind,
        name: source[name_span.clone()].to_string(),
        adapter: None,
        span: start..start,
        body: 0..0,
        name_span,
        arguments: Vec::new(),
        header: Header { keyword, ..Header::default() },
    };
    read_header(source, lexer, &mut block)?;
    let (body_end, end) = if kind == BlockKind::Docs {
        let tag = lexer.skip_to_tag("enddocs")?;
        (tag.start, tag.end)
    } else {
        read_body(source, lexer, &mut block)?
    };
    block.body = block.header.close.end..body_end;
    block.span = start..end;
    match kind {
        BlockKind::Test => block.name.insert_str(0, "test_"),
        BlockKind::Materialization => {
            let adapter = block.adapter.get_or_insert_with(|| "default".to_string());
            block.name = format!("materialization_{}_{adapter}", block.name);
        }
        BlockKind::Macro | BlockKind::Snapshot | BlockKind::Docs => {}
    }
    Some(block)
}

/// Reads `(a, b=1) %}` of a macro, or `, adapter='x' %}` of a materialization.
fn read_header(source: &str, lexer: &mut Lexer, block: &mut Block) -> Option<()> {
    let mut depth = 0usize;
    let mut default_from = None;
    let mut last = (Token::Close, 0..0);
    let is_adapter = |range: &Range<usize>| &source[range.clone()] == "adapter";
    let mut adapter_follows = false;
    loop {
        let (token, range) = lexer.next_token()?;
        match token {
            Token::Close => {
                block.header.close = range;
                return Some(());
            }
            Token::Mark(b'(' | b'[' | b'{') => depth += 1,
            Token::Mark(mark @ (b')' | b']' | b'}' | b',')) => {
                if depth == 1 && mark != b']' && mark != b'}' {
                    finish_default(source, block, &mut default_from, last.1.end);
                }
                if mark == b')' && depth == 1 && block.header.parenthesis.is_none() {
                    block.header.parenthesis = Some((range.start, last.0 == Token::Mark(b',')));
                }
                depth = depth.saturating_sub(usize::from(mark != b','));
            }
            Token::Mark(b'=') if depth == 1 && default_from.is_none() => {
                default_from = Some(range.end);
            }
            Token::Word if depth == 1 && default_from.is_none() => {
                let name = source[range.clone()].to_string();
                block.arguments.push(Argument { name, default: None });
                block.header.defaults.push(None);
            }
            Token::Word if depth == 0 && is_adapter(&range) => adapter_follows = true,
            Token::Text if adapter_follows => {
                block.adapter = Some(source[range.start + 1..range.end - 1].to_string());
                adapter_follows = false;
            }
            _ => {}
        }
        last = (token, range);
    }
}

fn finish_default(source: &str, block: &mut Block, from: &mut Option<usize>, end: usize) {
    let (Some(start), Some(argument)) = (from.take(), block.arguments.last_mut()) else { return };
    argument.default = Some(source[start..end].trim().to_string());
    if let Some(default) = block.header.defaults.last_mut() {
        *default = Some(start..end);
    }
}

/// Reads up to the tag that ends the block; gives the body's end and the block's end.
fn read_body(source: &str, lexer: &mut Lexer, block: &mut Block) -> Option<(usize, usize)> {
    let keyword = source[block.header.keyword.clone()].to_string();
    let mut nested = 0usize;
    let mut calls = 0usize;
    let mut call_opens = false;
    loop {
        let (token, open) = lexer.next_token()?;
        let (mut token, mut range) = (token, open.clone());
        if token == Token::Close && std::mem::take(&mut call_opens) {
            calls += 1;
        }
        if token == Token::OpenBlock {
            (token, range) = lexer.next_token()?;
            let word = &source[range.clone()];
            call_opens = word == "call";
            calls = calls.saturating_sub(usize::from(word == "endcall"));
            if word == keyword {
                nested += 1;
            } else if word.strip_prefix("end") == Some(&keyword) {
                if nested == 0 {
                    block.header.end_keyword = range;
                    while lexer.next_token()?.0 != Token::Close {}
                    return Some((open.start, lexer.position()));
                }
                nested -= 1;
            }
        }
        if token == Token::Word {
            match &source[range.clone()] {
                "varargs" => block.header.varargs = true,
                "kwargs" => block.header.kwargs = true,
                "caller" => {
                    block.header.caller = true;
                    if calls > 0 {
                        block.header.outer_callers.push(range);
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_of_a_file_are_found_with_their_names_and_parameters() {
        let source = "{# {% macro no() %} #}
            {% macro a(x, y=['(', 1], z=none,) -%} {{ caller() }} {%- endmacro %}
            {% test b(model) %}select{% endtest %}
            {% materialization c, adapter='duckdb' %}{% endmaterialization %}
            {% materialization d, default -%}{% endmaterialization %}
            {% docs e %} {{ not code } {% enddocs %}
            {% snapshot f %}select 1{% endsnapshot %}
            {% macro g() %}{% macro h() %}{% endmacro %}{% endmacro %}";
        let found = blocks(source);
        let names: Vec<_> = found.iter().map(|block| block.name.as_str()).collect();
        let expected =
            ["a", "test_b", "materialization_c_duckdb", "materialization_d_default", "e", "f", "g"];
        assert_eq!(names, expected);
        let defaults: Vec<_> =
            found[0].arguments.iter().map(|argument| argument.default.as_deref()).collect();
        assert_eq!(defaults, [None, Some("['(', 1]"), Some("none")]);
        assert!(found[0].header.caller && !found[0].header.varargs);
        assert_eq!(found[4].kind, BlockKind::Docs);
        assert_eq!(&source[found[4].body.clone()], " {{ not code } ");
        assert_eq!(&source[found[5].body.clone()], "select 1");
    }

    #[test]
    fn a_block_without_an_end_is_reported() {
        let place = ("macro".to_string(), 1..16);
        assert_eq!(unclosed(" {% macro a() %}x {% if a %}").unwrap(), place);
        assert_eq!(unclosed("{% macro a() %}x{% endmacro %}"), None);
    }
}
