//! The first record of a CSV file, and what stands before it.

use super::error::ticked;
use super::scan::dialect::Dialect;
use super::scan::part::oddity;
use super::scan::token::{After, Form, Tokens, line_ends};

/// Where the records of a file start, and what the first says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The fields of the first record.
    pub(super) fields: Vec<String>,
    /// The bytes before the first record of data.
    pub(super) offset: u64,
    /// The lines before it.
    pub(super) lines: u64,
    /// What it has that other readers read otherwise.
    pub(super) oddities: u32,
    /// Whether nothing stands before the first record, and it is one line.
    pub(super) is_plain: bool,
}

/// What a first record is instead of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// There is no record.
    Absent,
    /// A quote does not close, or something follows it.
    Broken(&'static str),
    /// A line, from 1, is not UTF-8.
    Encoding(u64),
    /// There is a zero byte.
    Binary,
    /// The text that is known so far ends before it does.
    Cut,
}

/// Reads the first record of `text` after `skip` lines. `is_named`: it is no data but names columns.
pub(super) fn read(
    text: &[u8],
    is_last: bool,
    dialect: Dialect,
    skip: u64,
    is_named: bool,
) -> Result<Header, NoHeader> {
    let mut tokens = Tokens::new(text, dialect, is_last);
    let mut header = Header::default();
    for _ in 0..skip {
        if tokens.is_done() && is_last {
            return Err(NoHeader::Absent);
        }
        tokens.line().ok_or(NoHeader::Cut)?;
        header.lines += 1;
    }
    let (data, lines) = (tokens.at, header.lines);
    while !tokens.is_done() && (tokens.is_blank() || tokens.is_comment()) {
        tokens.line().ok_or(NoHeader::Cut)?;
        header.lines += 1;
    }
    if tokens.is_done() {
        return Err(if is_last { NoHeader::Absent } else { NoHeader::Cut });
    }
    let start = tokens.at;
    header.fields = fields(text, &mut tokens, dialect, &mut header.oddities)?;
    let record = text.get(start..tokens.at).unwrap_or_default();
    check(record, text.get(..start).unwrap_or_default())?;
    header.is_plain = start == 0 && line_ends(record) <= 1;
    header.lines += line_ends(record);
    header.offset = tokens.at as u64;
    if !is_named {
        (header.offset, header.lines, header.oddities) = (data as u64, lines, 0);
    }
    Ok(header)
}

fn fields(
    text: &[u8],
    tokens: &mut Tokens<'_>,
    dialect: Dialect,
    oddities: &mut u32,
) -> Result<Vec<String>, NoHeader> {
    let mut fields = Vec::new();
    loop {
        let (token, after) = tokens.next().ok_or(NoHeader::Cut)?;
        let bytes = token.bytes(text);
        let field = match token.form {
            Form::Open => return Err(NoHeader::Broken("it does not end")),
            Form::Broken => return Err(NoHeader::Broken("something follows a closing quote")),
            Form::Stray => {
                *oddities |= oddity::STRAY_QUOTE;
                bytes.to_vec()
            }
            Form::Plain | Form::Quoted => bytes.to_vec(),
            Form::Escaped => dialect.unescape(bytes),
        };
        fields.push(String::from_utf8_lossy(&field).into_owned());
        *oddities |= match after {
            After::Field => continue,
            After::Lf => oddity::LF,
            After::CrLf => oddity::CRLF,
            After::Cr => oddity::CR,
            After::End => 0,
        };
        return Ok(fields);
    }
}

fn check(record: &[u8], before: &[u8]) -> Result<(), NoHeader> {
    if memchr::memchr(0, record).is_some() {
        return Err(NoHeader::Binary);
    }
    str::from_utf8(record).map(|_| ()).map_err(|error| {
        let good = record.get(..error.valid_up_to()).unwrap_or_default();
        NoHeader::Encoding(line_ends(before) + line_ends(good) + 1)
    })
}

/// What is wrong with names that should be those of columns; DuckDB does not tell names apart that
/// differ in case only.
pub(super) fn flaw(names: &[String]) -> Option<String> {
    if let Some(at) = names.iter().position(|name| name.trim().is_empty()) {
        return Some(format!("column {} has no name", at + 1));
    }
    let mut seen = std::collections::HashMap::new();
    for (at, name) in names.iter().enumerate() {
        if let Some((before, first)) = seen.insert(name.to_lowercase(), (at, name)) {
            let both = [first.clone(), name.clone()];
            let shown = if both[0] == both[1] { ticked(&both[..1]) } else { ticked(&both) };
            return Some(format!("columns {} and {} are both named {shown}", before + 1, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str, delimiter: &str, escape: &str) -> Result<Vec<String>, NoHeader> {
        let dialect = Dialect::new(delimiter, "\"", escape, Some("#"));
        read(text.as_bytes(), true, dialect, 1, true).map(|header| header.fields)
    }

    #[test]
    fn the_first_record_respects_quotes_lines_and_comments() {
        for (text, delimiter, escape, expected) in [
            ("x\na,b\n1,2", ",", "\"", Ok(vec!["a", "b"])),
            ("x\r\n# c\r\n\r\na;\"b;\"\"c\"\"\nd\"\r\n1", ";", "\"", Ok(vec!["a", "b;\"c\"\nd"])),
            ("x\n\"a\\\"b\"\t\n", "\t", "\\", Ok(vec!["a\"b", ""])),
            ("x\na", ",", "\"", Ok(vec!["a"])),
            ("x\n\"a", ",", "\"", Err(NoHeader::Broken("it does not end"))),
            ("x\n\"a\"b,c", ",", "\"", Err(NoHeader::Broken("something follows a closing quote"))),
            ("x", ",", "\"", Err(NoHeader::Absent)),
            ("x\n\n#\n", ",", "\"", Err(NoHeader::Absent)),
            ("x\na\0", ",", "\"", Err(NoHeader::Binary)),
        ] {
            let expected =
                expected.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(record(text, delimiter, escape), expected, "{text:?}");
        }
    }

    #[test]
    fn data_starts_where_it_does() {
        let dialect = Dialect::new(",", "\"", "\"", None);
        let start = |text: &str, is_named| {
            let header = read(text.as_bytes(), true, dialect, 0, is_named).unwrap();
            (header.offset, header.lines, header.is_plain)
        };
        assert_eq!(start("a,b\r\n1,2\r\n", true), (5, 1, true));
        assert_eq!(start("\"a\nx\",b\n1,2\n", true), (8, 2, false));
        assert_eq!(start("\na,b\n1,2\n", true), (5, 2, false));
        assert_eq!(start("a,b\n1,2\n", false), (0, 0, true));
        let cut = read(b"a,b", false, dialect, 0, true);
        assert_eq!(cut, Err(NoHeader::Cut));
    }

    #[test]
    fn names_are_there_once() {
        for (names, expected) in [
            (vec!["a", "b"], None),
            (vec!["a", ""], Some("column 2 has no name")),
            (vec!["a", "b", "a"], Some("columns 1 and 3 are both named `a`")),
            (vec!["Id", "id"], Some("columns 1 and 2 are both named `Id`, `id`")),
        ] {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            assert_eq!(flaw(&names).as_deref(), expected);
        }
    }
}
