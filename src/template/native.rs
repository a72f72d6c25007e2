//! Templates that are one expression, whose value is wanted and not its text.

use std::ops::Range;

use super::lexer::{Lexer, Token};
use super::source_map::Edit;

/// For a template that is `{{ x }}` and nothing else: the edits that hand over the value of `x`.
pub(crate) fn single_expression(text: &str, region: Option<Range<usize>>) -> Option<Vec<Edit>> {
    let region = region.unwrap_or(0..text.len());
    let part = text.get(region.clone())?;
    let start = region.start + (part.len() - part.trim_start().len());
    let end = region.start + part.trim_end().len();
    let mut lexer = Lexer::new(text, start..end);
    let (Token::OpenVariable, open) = lexer.next_token()? else { return None };
    let close = loop {
        let (token, range) = lexer.next_token()?;
        if token == Token::Close {
            break range;
        }
    };
    (open.start == start && close.end == end)
        .then(|| vec![Edit::replace(&open, "{%set __=__give(("), Edit::replace(&close, "))%}")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_expression_is_one() {
        let is_one = |text: &str| single_expression(text, None).is_some();
        assert!(is_one("{{ x }}") && is_one(" {{- {'a': {}} -}}\n"));
        for text in ["{{ x }}{{ y }}", "a {{ x }}", "{{ x }}.", "{% if x %}{% endif %}", "", "{{ x"]
        {
            assert!(!is_one(text), "{text}");
        }
    }
}
