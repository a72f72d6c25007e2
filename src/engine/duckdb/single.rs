//! Is there a second statement after the first?

/// Where a statement starts after the first `;` that stands outside quotes and comments; `None`
/// where nothing but blanks and comments follows it.
pub(super) fn second_statement(sql: &str) -> Option<usize> {
    let mut ended = false;
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        let token = Token::next(rest);
        match token {
            Token::Semicolon => ended = true,
            Token::Other(_) if ended => return Some(at),
            Token::Blank(_) | Token::Other(_) => {}
        }
        at += token.len();
    }
    None
}

/// Whether a word of `sql` is PIVOT, which alone makes several statements of one.
pub(super) fn pivots(sql: &str) -> bool {
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) {
        let length = Token::next(rest).len();
        let word = rest.get(..length).unwrap_or_default();
        if ["pivot", "pivot_wider"].iter().any(|pivot| word.eq_ignore_ascii_case(pivot)) {
            return true;
        }
        at += length;
    }
    false
}

enum Token {
    Blank(usize),
    Semicolon,
    Other(usize),
}

impl Token {
    fn len(&self) -> usize {
        match self {
            Self::Blank(length) | Self::Other(length) => *length,
            Self::Semicolon => 1,
        }
    }

    fn next(rest: &str) -> Self {
        if rest.starts_with(';') {
            return Self::Semicolon;
        }
        if rest.starts_with("--") {
            return Self::Blank(rest.find(['\n', '\r']).unwrap_or(rest.len()));
        }
        if rest.starts_with("/*") {
            return Self::Blank(block_comment(rest));
        }
        let first = rest.chars().next().unwrap_or(' ');
        if first.is_whitespace() {
            return Self::Blank(first.len_utf8());
        }
        Self::Other(match first {
            '\'' => quoted(rest, '\'', false),
            '"' => quoted(rest, '"', false),
            '$' => dollar_quoted(rest).unwrap_or(1),
            'e' | 'E' if rest.get(1..).is_some_and(|rest| rest.starts_with('\'')) => {
                1 + quoted(rest.get(1..).unwrap_or_default(), '\'', true)
            }
            _ if is_word(first) => rest.find(|c| !is_word(c) && c != '$').unwrap_or(rest.len()),
            _ => first.len_utf8(),
        })
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth.saturating_sub(1), at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

fn quoted(rest: &str, quote: char, backslash: bool) -> usize {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if backslash && character == '\\' {
            characters.next();
        } else if character == quote {
            return at + 1;
        }
    }
    rest.len()
}

/// `$tag$ … $tag$`; `None` where the dollar starts something else.
fn dollar_quoted(rest: &str) -> Option<usize> {
    let tag_end = rest.get(1..)?.find('$')? + 2;
    let tag = rest.get(..tag_end)?;
    let inner = tag.get(1..tag_end - 1)?;
    if !inner.chars().all(is_word) || inner.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let close = rest.get(tag_end..)?.find(tag)?;
    Some(tag_end + close + tag_end)
}

#[cfg(test)]
mod tests {
    use super::{pivots, second_statement};

    #[test]
    fn a_second_statement_is_found_outside_quotes_and_comments() {
        for (sql, expected) in [
            ("select 1", None),
            ("select 1;; -- that; is all\n /* x; /* y; */ z */ ;", None),
            ("select 1; select 2", Some(10)),
            ("select ';'; -- c\n select 2", Some(18)),
            ("select \"a;b\" from t", None),
            ("select $$ ; $$, $q$ ; $$ $q$", None),
            ("select e'\\'; x'", None),
            ("select 'it''s; ' ;x", Some(18)),
            ("select $1; select $2", Some(11)),
            ("select a$1; b", Some(12)),
            ("select 1 -- one\r; select 2", Some(18)),
            ("", None),
        ] {
            assert_eq!(second_statement(sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_pivot_is_a_word_outside_quotes_and_comments() {
        for (sql, expected) in [
            ("PIVOT t ON k USING sum(n)", true),
            ("from (pivot t on k)", true),
            ("select 'pivot' -- pivot", false),
            ("select pivots from t", false),
            ("", false),
        ] {
            assert_eq!(pivots(sql), expected, "{sql}");
        }
    }
}
