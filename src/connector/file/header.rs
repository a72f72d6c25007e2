//! The names in the first record of a CSV file.

use super::error::ticked;

/// How the fields of a file are told apart; empty text is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CsvDialect {
    pub(super) delimiter: String,
    pub(super) quote: String,
    pub(super) escape: String,
}

/// The fields of the first record after `skip` lines, and after lines that `comment` starts.
/// `None` where `text` ends within it.
pub(super) fn first_record(
    text: &str,
    dialect: &CsvDialect,
    skip: u64,
    comment: Option<&str>,
) -> Option<Vec<String>> {
    let mut rest = text;
    for _ in 0..skip {
        rest = rest.split_once('\n')?.1;
    }
    while is_skipped(rest, comment) {
        rest = rest.split_once('\n')?.1;
    }
    let mut reader = Reader { rest, dialect };
    let mut fields = Vec::new();
    loop {
        let (field, is_last) = reader.field()?;
        fields.push(field);
        if is_last {
            return Some(fields);
        }
    }
}

fn is_skipped(rest: &str, comment: Option<&str>) -> bool {
    comment.is_some_and(|start| rest.starts_with(start))
        || rest.starts_with('\n')
        || rest.starts_with("\r\n")
}

struct Reader<'a> {
    rest: &'a str,
    dialect: &'a CsvDialect,
}

impl Reader<'_> {
    /// The next field, and whether it is the record's last.
    fn field(&mut self) -> Option<(String, bool)> {
        let quote = self.dialect.quote.as_str();
        let quoted = match self.rest.strip_prefix(quote).filter(|_| !quote.is_empty()) {
            Some(inner) => {
                self.rest = inner;
                self.quoted()?
            }
            None => String::new(),
        };
        let delimiter = self.rest.find(&self.dialect.delimiter);
        let line = self.rest.find(['\n', '\r']);
        let (end, is_last) = match (delimiter, line) {
            (Some(delimiter), Some(line)) if delimiter < line => (delimiter, false),
            (Some(delimiter), None) => (delimiter, false),
            (_, line) => (line.unwrap_or(self.rest.len()), true),
        };
        let (plain, rest) = self.rest.split_at_checked(end)?;
        self.rest = if is_last { rest } else { rest.get(self.dialect.delimiter.len()..)? };
        Some((quoted + plain, is_last))
    }

    /// What stands up to the closing quote.
    fn quoted(&mut self) -> Option<String> {
        let CsvDialect { quote, escape, .. } = self.dialect;
        let mut field = String::new();
        loop {
            let character = self.rest.chars().next()?;
            let after = self.rest.get(character.len_utf8()..)?;
            let is_escape = !escape.is_empty() && self.rest.starts_with(escape.as_str());
            if is_escape && after.starts_with(quote.as_str()) {
                field.push_str(quote);
                self.rest = after.get(quote.len()..)?;
            } else if self.rest.starts_with(quote.as_str()) {
                self.rest = after;
                return Some(field);
            } else {
                field.push(character);
                self.rest = after;
            }
        }
    }
}

/// What is wrong with names that should be those of columns; DuckDB does not tell names apart that
/// differ in case only.
pub(super) fn flaw(names: &[String]) -> Option<String> {
    if let Some(at) = names.iter().position(|name| name.trim().is_empty()) {
        return Some(format!("column {} has no name", at + 1));
    }
    let folded: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let twice = names.iter().enumerate().find(|(at, _)| {
        folded.get(*at).is_some_and(|name| folded.iter().take(*at).any(|before| before == name))
    });
    let (at, name) = twice?;
    let before = folded.iter().position(|before| folded.get(at) == Some(before))?;
    let pair = [names.get(before)?.clone(), name.clone()];
    Some(format!("columns {} and {} are both named {}", before + 1, at + 1, distinct(&pair)))
}

fn distinct(pair: &[String; 2]) -> String {
    if pair[0] == pair[1] { ticked(&pair[..1]) } else { ticked(pair) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str, delimiter: &str, escape: &str) -> Option<Vec<String>> {
        let dialect =
            CsvDialect { delimiter: delimiter.into(), quote: "\"".into(), escape: escape.into() };
        first_record(text, &dialect, 1, Some("#"))
    }

    #[test]
    fn the_first_record_respects_quotes_lines_and_comments() {
        for (text, delimiter, escape, expected) in [
            ("x\na,b\n1,2", ",", "\"", Some(vec!["a", "b"])),
            ("x\r\n# c\r\n\r\na;\"b;\"\"c\"\"\nd\"\r\n1", ";", "\"", Some(vec!["a", "b;\"c\"\nd"])),
            ("x\n\"a\\\"b\"\t\n", "\t", "\\", Some(vec!["a\"b", ""])),
            ("x\na", ",", "\"", Some(vec!["a"])),
            ("x\n\"a", ",", "\"", None),
            ("x", ",", "\"", None),
        ] {
            let expected =
                expected.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(record(text, delimiter, escape), expected, "{text:?}");
        }
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
