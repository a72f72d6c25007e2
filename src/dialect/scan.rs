//! Finds statements in SQL text without parsing it: strings, quoted names, comments and dollar
//! quotes are passed over, so that a `;` inside them is not an end.

use std::ops::Range;

/// The statements of a text that hold more than white space and comments, in order.
pub type Statements = Vec<Range<usize>>;

/// A piece of SQL text.
enum Piece {
    /// White space and comments.
    Blank,
    /// A `;` between statements.
    Semicolon,
    /// Anything else.
    Code,
}

/// The bytes of each statement in `sql`, from its first character to the last before `;`.
pub fn statements(sql: &str) -> Statements {
    let mut found = Statements::new();
    let mut current: Option<Range<usize>> = None;
    for (piece, range) in pieces(sql) {
        match piece {
            Piece::Blank => {}
            Piece::Code => match &mut current {
                Some(statement) => statement.end = range.end,
                None => current = Some(range),
            },
            Piece::Semicolon => found.extend(current.take()),
        }
    }
    found.extend(current);
    found
}

fn pieces(sql: &str) -> impl Iterator<Item = (Piece, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = sql.get(at..).filter(|rest| !rest.is_empty())?;
        let (piece, length) = next_piece(rest);
        let range = at..at + length;
        at = range.end;
        Some((piece, range))
    })
}

/// The first piece of `rest`, which is not empty, and its length in bytes.
fn next_piece(rest: &str) -> (Piece, usize) {
    let first = rest.as_bytes()[0];
    match first {
        b' ' | b'\t' | b'\r' | b'\n' | 0x0c => {
            let end = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
            (Piece::Blank, end)
        }
        b';' => (Piece::Semicolon, 1),
        b'-' if rest.starts_with("--") => {
            (Piece::Blank, rest.find('\n').map_or(rest.len(), |end| end + 1))
        }
        b'/' if rest.starts_with("/*") => (Piece::Blank, block_comment(rest)),
        b'\'' | b'"' => (Piece::Code, quoted(rest, first)),
        b'$' => (Piece::Code, dollar_quoted(rest)),
        _ if first.is_ascii_alphanumeric() || first == b'_' || first >= 0x80 => {
            (Piece::Code, word(rest))
        }
        _ => (Piece::Code, 1),
    }
}

/// `$` may stand inside a name, where it opens nothing.
fn word(rest: &str) -> usize {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
    rest.find(|c: char| !part_of_word(c)).unwrap_or(rest.len())
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (2, 1);
    while at < bytes.len() && depth > 0 {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

/// A doubled quote ends one string and begins the next, which comes to the same.
fn quoted(rest: &str, quote: u8) -> usize {
    rest.bytes().skip(1).position(|byte| byte == quote).map_or(rest.len(), |end| end + 2)
}

fn dollar_quoted(rest: &str) -> usize {
    let tag = rest[1..].find('$').map(|end| &rest[..end + 2]);
    let is_tag = |tag: &&str| {
        let name = &tag[1..tag.len() - 1];
        name.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    match tag.filter(is_tag) {
        Some(tag) => {
            let end = rest[tag.len()..].find(tag);
            end.map_or(rest.len(), |end| tag.len() + end + tag.len())
        }
        None => 1,
    }
}

/// Where common table expressions can be put before those of `sql`: the byte after `with` or
/// `with recursive`; `None` where the query begins otherwise.
pub fn after_with(sql: &str) -> Option<usize> {
    let mut words = pieces(sql).filter(|(piece, _)| !matches!(piece, Piece::Blank));
    let (_, with) = words.next()?;
    if !sql[with.clone()].eq_ignore_ascii_case("with") {
        return None;
    }
    match words.next() {
        Some((_, next)) if sql[next.clone()].eq_ignore_ascii_case("recursive") => Some(next.end),
        _ => Some(with.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(sql: &str) -> Vec<&str> {
        statements(sql).into_iter().map(|range| &sql[range]).collect()
    }

    #[test]
    fn only_a_semicolon_in_code_ends_a_statement() {
        for (sql, expected) in [
            ("select 1", vec!["select 1"]),
            ("select ';' as a; -- done;\n", vec!["select ';' as a"]),
            ("select 1; select 2", vec!["select 1", "select 2"]),
            ("-- nothing; here\n/* a; /* nested; */ b; */", vec![]),
            (
                "select \"a;b\", $$x;y$$, $t$;$t$, 'it''s;'",
                vec!["select \"a;b\", $$x;y$$, $t$;$t$, 'it''s;'"],
            ),
            ("select a$b; select $1", vec!["select a$b", "select $1"]),
            ("select 'open; ", vec!["select 'open; "]),
            (";;", vec![]),
            ("select 'é;' /* ü; */ ; x", vec!["select 'é;'", "x"]),
        ] {
            assert_eq!(split(sql), expected, "{sql}");
        }
    }

    #[test]
    fn the_place_after_with_is_found_behind_comments() {
        assert_eq!(after_with("-- a\nWITH x as (select 1) select 1"), Some(9));
        assert_eq!(after_with("with recursive t as (select 1)"), Some(14));
        assert_eq!(after_with("select 1"), None);
        assert_eq!(after_with("within"), None);
    }
}
