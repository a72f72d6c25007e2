//! How the fields and records of delimited text are told apart.

/// The bytes that mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Dialect {
    /// Between two fields.
    pub(in super::super) delimiter: u8,
    /// Around a field that may hold anything.
    pub(in super::super) quote: Option<u8>,
    /// Before a quote, or before itself, in a quoted field; `None` where a quote is doubled.
    pub(in super::super) escape: Option<u8>,
    /// At the start of a line that is not a record.
    pub(in super::super) comment: Option<u8>,
}

impl Dialect {
    /// A dialect from the texts of the options; an empty one is none.
    pub(in super::super) fn new(
        delimiter: &str,
        quote: &str,
        escape: &str,
        comment: Option<&str>,
    ) -> Self {
        let byte = |text: &str| text.as_bytes().first().copied();
        let quote = byte(quote);
        Self {
            delimiter: byte(delimiter).unwrap_or(b','),
            quote,
            escape: byte(escape).filter(|escape| quote.is_some_and(|quote| quote != *escape)),
            comment: comment.and_then(byte),
        }
    }

    /// The text that the inside of a quoted field stands for.
    pub(in super::super) fn unescape(self, inside: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(inside.len());
        let mut rest = inside.iter().copied().peekable();
        while let Some(byte) = rest.next() {
            let next = rest.peek().copied();
            let escapes = match self.escape {
                None => Some(byte) == self.quote && next == self.quote,
                Some(escape) => byte == escape && (next == self.quote || next == Some(escape)),
            };
            text.push(if escapes { rest.next().unwrap_or(byte) } else { byte });
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_what_follows() {
        for (escape, inside, expected) in [
            ("\"", "a\"\"b\"\"", "a\"b\""),
            ("\\", "a\\\"b\\\\c\\n", "a\"b\\c\\n"),
            ("'", "it''s 'a", "it's 'a"),
        ] {
            let dialect = Dialect::new(",", "\"", escape, None);
            assert_eq!(dialect.unescape(inside.as_bytes()), expected.as_bytes());
        }
    }
}
