//! The parts of a type: what a name such as `struct("a" integer, b decimal(4,2)[])` is made of.
//!
//! Read on demand from the text that [`DataType`](super::DataType) holds. Text that DuckDB would not
//! write has no shape; nothing here fails otherwise.

/// Types that nest deeper than this have no shape: the text comes from users, and each level is a
/// frame on the stack.
const DEEPEST: usize = 64;

/// A type, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// A type without parts: `bigint`, `timestamp with time zone`.
    Plain(String),
    /// `decimal(precision,scale)`.
    Decimal {
        /// All digits.
        precision: u32,
        /// Digits after the point.
        scale: u32,
    },
    /// `varchar(n)`.
    Varchar(u64),
    /// `enum('a', 'b')`.
    Enum(Vec<String>),
    /// `struct(name type, ...)`; fields may be nameless.
    Struct(Vec<(Option<String>, Shape)>),
    /// `union(name type, ...)`.
    Union(Vec<(Option<String>, Shape)>),
    /// `map(key, value)`.
    Map(Box<Shape>, Box<Shape>),
    /// `element[]`.
    List(Box<Shape>),
    /// `element[n]`.
    Array(Box<Shape>, u64),
}

impl Shape {
    /// The shape of the type called `text`.
    pub(super) fn of(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, depth: 0 };
        let shape = parser.shape()?;
        parser.tokens.is_empty().then_some(shape)
    }

    /// The one spelling of this shape, which the engine reads too: names of fields always quoted.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Plain(name) => name.clone(),
            Self::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
            Self::Varchar(length) => format!("varchar({length})"),
            Self::Enum(labels) => {
                let labels: Vec<_> = labels.iter().map(|label| quoted(label, '\'')).collect();
                format!("enum({})", labels.join(", "))
            }
            Self::Struct(fields) => format!("struct({})", fields_text(fields)),
            Self::Union(members) => format!("union({})", fields_text(members)),
            Self::Map(key, value) => format!("map({}, {})", key.text(), value.text()),
            Self::List(element) => format!("{}[]", element.text()),
            Self::Array(element, size) => format!("{}[{size}]", element.text()),
        }
    }
}

impl Shape {
    /// Adds the names of the types without parts that it is made of.
    pub(super) fn plain_parts(self, names: &mut Vec<String>) {
        match self {
            Self::Plain(name) => names.push(name),
            Self::Decimal { .. } | Self::Varchar(_) | Self::Enum(_) => {}
            Self::Struct(fields) | Self::Union(fields) => {
                for (_, field) in fields {
                    field.plain_parts(names);
                }
            }
            Self::Map(key, value) => {
                key.plain_parts(names);
                value.plain_parts(names);
            }
            Self::List(element) | Self::Array(element, _) => element.plain_parts(names),
        }
    }
}

fn fields_text(fields: &[(Option<String>, Shape)]) -> String {
    let text = |(name, shape): &(Option<String>, Shape)| match name {
        Some(name) => format!("{} {}", quoted(name, '"'), shape.text()),
        None => shape.text(),
    };
    fields.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn quoted(text: &str, quote: char) -> String {
    let double: String = [quote, quote].iter().collect();
    format!("{quote}{}{quote}", text.replace(quote, &double))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Letters, digits, underscores.
    Word(String),
    /// In double quotes.
    Name(String),
    /// In single quotes.
    Label(String),
    /// `(`, `)`, `[`, `]`, `,`.
    Mark(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&character) = rest.peek() {
        match character {
            '"' | '\'' => {
                let text = unquoted(&mut rest)?;
                tokens.push(if character == '"' { Token::Name(text) } else { Token::Label(text) });
            }
            '(' | ')' | '[' | ']' | ',' => {
                tokens.push(Token::Mark(character));
                rest.next();
            }
            _ if character.is_whitespace() => {
                rest.next();
            }
            _ if character.is_alphanumeric() || character == '_' => {
                let mut word = String::new();
                while let Some(next) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
            _ => return None,
        }
    }
    Some(tokens)
}

/// The text up to the closing quote, doubled ones undone.
fn unquoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let quote = rest.next()?;
    let mut text = String::new();
    loop {
        let character = rest.next()?;
        if character != quote {
            text.push(character);
        } else if rest.next_if_eq(&quote).is_some() {
            text.push(quote);
        } else {
            return Some(text);
        }
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Parser<'_> {
    fn shape(&mut self) -> Option<Shape> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut shape = self.base()?;
        let mut levels = self.depth;
        while self.take('[') {
            levels += 1;
            if levels > DEEPEST {
                return None;
            }
            let element = Box::new(shape);
            shape = if self.take(']') {
                Shape::List(element)
            } else {
                let size = self.number()?;
                self.expect(']')?;
                Shape::Array(element, size)
            };
        }
        self.depth -= 1;
        Some(shape)
    }

    /// The type before any `[]`.
    fn base(&mut self) -> Option<Shape> {
        let Some(Token::Word(first)) = self.tokens.first() else { return self.null() };
        let first = first.clone();
        self.tokens = &self.tokens[1..];
        if self.take('(') {
            return self.with_parts(&first);
        }
        let mut name = first;
        while let Some(Token::Word(word)) = self.tokens.first() {
            name.push(' ');
            name.push_str(word);
            self.tokens = &self.tokens[1..];
        }
        let starts_with_letter = !name.starts_with(|c: char| c.is_ascii_digit());
        starts_with_letter.then_some(Shape::Plain(name))
    }

    /// DuckDB calls the type of a bare NULL `"NULL"`, with the quotes.
    fn null(&mut self) -> Option<Shape> {
        match self.tokens.split_first() {
            Some((Token::Name(name), rest)) if name.eq_ignore_ascii_case("null") => {
                self.tokens = rest;
                Some(Shape::Plain(quoted(name, '"')))
            }
            _ => None,
        }
    }

    fn with_parts(&mut self, name: &str) -> Option<Shape> {
        let shape = match name {
            "decimal" => {
                let precision = self.small_number()?;
                self.expect(',')?;
                Shape::Decimal { precision, scale: self.small_number()? }
            }
            "varchar" => Shape::Varchar(self.number()?),
            "enum" => Shape::Enum(self.list(Self::label)?),
            "struct" => Shape::Struct(self.list(Self::field)?),
            "union" => Shape::Union(self.list(Self::field)?),
            "map" => {
                let key = Box::new(self.shape()?);
                self.expect(',')?;
                Shape::Map(key, Box::new(self.shape()?))
            }
            _ => return None,
        };
        self.expect(')')?;
        Some(shape)
    }

    fn list<T>(&mut self, item: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take(',') {
            items.push(item(self)?);
        }
        Some(items)
    }

    fn label(&mut self) -> Option<String> {
        let (Token::Label(label), rest) = self.tokens.split_first()? else { return None };
        self.tokens = rest;
        Some(label.clone())
    }

    /// `name type`, or a type alone.
    fn field(&mut self) -> Option<(Option<String>, Shape)> {
        let name = match self.tokens {
            [Token::Word(word), Token::Word(next), ..] if continues(word, next) => None,
            [Token::Word(name) | Token::Name(name), Token::Word(_) | Token::Name(_), ..] => {
                Some(name.clone())
            }
            _ => None,
        };
        if name.is_some() {
            self.tokens = &self.tokens[1..];
        }
        Some((name, self.shape()?))
    }

    fn number(&mut self) -> Option<u64> {
        let (Token::Word(word), rest) = self.tokens.split_first()? else { return None };
        self.tokens = rest;
        word.parse().ok()
    }

    fn small_number(&mut self) -> Option<u32> {
        u8::try_from(self.number()?).ok().map(u32::from)
    }

    fn take(&mut self, mark: char) -> bool {
        match self.tokens.split_first() {
            Some((Token::Mark(found), rest)) if *found == mark => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, mark: char) -> Option<()> {
        self.take(mark).then_some(())
    }
}

/// Whether `next` goes on with the type that `word` begins; else `word` names a field.
fn continues(word: &str, next: &str) -> bool {
    matches!((word, next), ("timestamp" | "time", "with" | "without") | ("double", "precision"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_duckdb_writes_has_a_shape_and_one_spelling() {
        for (given, expected) in [
            ("bigint", "bigint"),
            ("timestamp with time zone", "timestamp with time zone"),
            ("decimal(10,2)", "decimal(10,2)"),
            ("decimal(10, 2)[]", "decimal(10,2)[]"),
            ("integer[3][]", "integer[3][]"),
            ("varchar(12)", "varchar(12)"),
            ("enum('Ja', 'it''s', ')')", "enum('Ja', 'it''s', ')')"),
            (
                "struct(a integer, \"B \"\"c\" varchar[])",
                "struct(\"a\" integer, \"B \"\"c\" varchar[])",
            ),
            ("struct(integer, varchar)", "struct(integer, varchar)"),
            ("struct(timestamp with time zone)", "struct(timestamp with time zone)"),
            ("struct(time time with time zone)", "struct(\"time\" time with time zone)"),
            ("struct(struct struct(\"x\" json))", "struct(\"struct\" struct(\"x\" json))"),
            ("map(varchar, struct(a date)[])", "map(varchar, struct(\"a\" date)[])"),
            ("union(n integer, s varchar)", "union(\"n\" integer, \"s\" varchar)"),
            ("\"null\"", "\"null\""),
        ] {
            assert_eq!(Shape::of(given).map(|shape| shape.text()).as_deref(), Some(expected));
            assert_eq!(Shape::of(expected), Shape::of(given), "{given}");
        }
    }

    #[test]
    fn what_nobody_writes_has_none() {
        let deep = format!("{}integer{}", "struct(a ".repeat(5_000), ")".repeat(5_000));
        let long = format!("integer{}", "[]".repeat(100_000));
        for text in [
            "",
            " ",
            "12",
            "decimal(",
            "decimal(1)",
            "decimal(99999999999,2)",
            "integer[",
            "integer[x]",
            "enum()",
            "enum(a)",
            "enum('a)",
            "struct(\"a integer)",
            "struct()",
            "map(integer)",
            "integer)",
            "a;b",
            "'a'",
            "integer[] b",
            "foo(1)",
            "\"x\"",
            &deep,
            &long,
        ] {
            assert_eq!(Shape::of(text), None, "{}", text.get(..20).unwrap_or(text));
        }
    }
}
