//! The options of a file source: their names, for whom they are, and reading them.

use super::format::{Compression, Encoding, Format};
use super::strptime::{self, FormatFlaw};
use serde_json::Value;

/// One option, as reference and completion show it.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    /// Its name in YAML.
    pub name: &'static str,
    /// What it takes, for people.
    pub takes: &'static str,
    /// The formats that know it.
    pub formats: &'static [Format],
}

const CSV: &[Format] = &[Format::Csv];
const TEXT: &[Format] = &[Format::Csv, Format::Json];
const ALL: &[Format] = &[Format::Csv, Format::Parquet, Format::Json];

const fn option(name: &'static str, takes: &'static str, formats: &'static [Format]) -> OptionSpec {
    OptionSpec { name, takes, formats }
}

/// Every option there is.
pub const OPTIONS: &[OptionSpec] = &[
    option("delimiter", "one character; found by looking where it is not given", CSV),
    option("header", "true or false; true where it is not given", CSV),
    option("quote", "one character, or nothing for none; \" where it is not given", CSV),
    option("escape", "one character; as `quote` where it is not given", CSV),
    option("null_values", "a list of texts that mean NULL besides the empty field", CSV),
    option("encoding", "utf-8, latin-1 or utf-16", CSV),
    option("comment", "one character that starts a line to be skipped", CSV),
    option("skip", "a number of lines before the header", CSV),
    option("date_format", "a strptime format, instead of 2024-12-31", CSV),
    option("timestamp_format", "a strptime format, instead of 2024-12-31 23:59:59", CSV),
    option("decimal_separator", "one of . and ,", CSV),
    option("compression", "auto, none, gzip or zstd", TEXT),
    option("hive_partitioning", "true or false; as the paths look where it is not given", ALL),
    option("union_by_name", "true or false: whether files may lack columns of others", ALL),
];

/// What is wrong with an option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// There is none of that name.
    #[error("unknown option `{name}`")]
    Unknown {
        /// The name as written.
        name: String,
    },
    /// Its value is of another kind.
    #[error("option `{name}` takes {expected}")]
    Value {
        /// The option.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// It is a format that cannot be meant.
    #[error("option `{name}` {detail}")]
    Format {
        /// The option.
        name: &'static str,
        /// What is wrong with it.
        detail: String,
        /// What to do about it.
        help: Option<&'static str>,
    },
    /// It is the character that another option is.
    #[error("options `{name}` and `{other}` are the same character")]
    Clash {
        /// The option.
        name: &'static str,
        /// The other one.
        other: &'static str,
    },
}

impl OptionError {
    /// The name of the option.
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown { name } => name,
            Self::Value { name, .. } | Self::Format { name, .. } | Self::Clash { name, .. } => name,
        }
    }
}

/// How files are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileOptions {
    /// Between two fields; `None` is found by looking.
    pub delimiter: Option<String>,
    /// Whether the first line names the columns; `None` means it does.
    pub header: Option<bool>,
    /// Around fields; empty for none; `None` is `"`.
    pub quote: Option<String>,
    /// Before a quote within a quoted field; `None` is the quote itself.
    pub escape: Option<String>,
    /// Unquoted texts that mean NULL, besides the empty one.
    pub null_values: Vec<String>,
    /// How characters are written.
    pub encoding: Encoding,
    /// Starts a line that is skipped.
    pub comment: Option<String>,
    /// Lines before the header.
    pub skip: u64,
    /// How dates are written, in strptime's words; `None` is ISO 8601.
    pub date_format: Option<String>,
    /// How timestamps are written, in strptime's words; `None` is ISO 8601.
    pub timestamp_format: Option<String>,
    /// Before the decimals; `None` is the point.
    pub decimal_separator: Option<String>,
    /// How the files are compressed; `None` is as their names tell.
    pub compression: Option<Compression>,
    /// Whether `key=value` in a path is a column; `None` is as the paths look.
    pub hive_partitioning: Option<bool>,
    /// Whether files may lack columns that others have.
    pub union_by_name: bool,
}

impl FileOptions {
    /// Reads options by name.
    ///
    /// # Errors
    /// Everything that is wrong with them, in their order.
    pub fn read<'a>(
        given: impl IntoIterator<Item = (&'a str, &'a Value)>,
    ) -> Result<Self, Vec<OptionError>> {
        let mut options = Self::default();
        let mut errors = Vec::new();
        for (name, value) in given {
            match OPTIONS.iter().find(|option| option.name == name) {
                None => errors.push(OptionError::Unknown { name: name.to_owned() }),
                Some(spec) if options.set(name, value).is_none() => {
                    errors.push(OptionError::Value { name: spec.name, expected: spec.takes });
                }
                Some(_) => {}
            }
        }
        errors.extend(options.flawed_formats());
        errors.extend(options.clashes());
        if errors.is_empty() { Ok(options) } else { Err(errors) }
    }

    fn flawed_formats(&self) -> impl Iterator<Item = OptionError> {
        type Check = fn(&str) -> Result<(), FormatFlaw>;
        let formats: [(&'static str, &Option<String>, Check); 2] = [
            ("date_format", &self.date_format, strptime::check_date),
            ("timestamp_format", &self.timestamp_format, strptime::check_timestamp),
        ];
        formats.into_iter().filter_map(|(name, format, check)| {
            let FormatFlaw { detail, help } = check(format.as_deref()?).err()?;
            Some(OptionError::Format { name, detail, help })
        })
    }

    /// A character means one thing. Only a quote may be its own escape.
    fn clashes(&self) -> Vec<OptionError> {
        let quote = self.quote.as_deref().unwrap_or("\"");
        let given = [
            ("delimiter", self.delimiter.as_deref()),
            ("quote", Some(quote)),
            ("escape", self.escape.as_deref()),
            ("comment", self.comment.as_deref()),
        ];
        let given: Vec<(&'static str, &str)> = given
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.filter(|text| !text.is_empty())?)))
            .collect();
        let mut clashes = Vec::new();
        for (at, (name, text)) in given.iter().enumerate() {
            let mut before = given.iter().take(at);
            let same = before
                .find(|(other, known)| known == text && (*other, *name) != ("quote", "escape"));
            clashes.extend(same.map(|(other, _)| OptionError::Clash { name, other }));
        }
        clashes
    }

    /// `None` where the value does not suit.
    fn set(&mut self, name: &str, value: &Value) -> Option<()> {
        match name {
            "delimiter" => self.delimiter = Some(character(value)?),
            "header" => self.header = Some(value.as_bool()?),
            "quote" => self.quote = Some(character_or_none(value)?),
            "escape" => self.escape = Some(character_or_none(value)?),
            "null_values" => self.null_values = texts(value)?,
            "encoding" => self.encoding = Encoding::named(value.as_str()?)?,
            "comment" => self.comment = Some(character(value)?),
            "skip" => self.skip = value.as_u64()?,
            "date_format" => self.date_format = Some(value.as_str()?.to_owned()),
            "timestamp_format" => self.timestamp_format = Some(value.as_str()?.to_owned()),
            "decimal_separator" => {
                self.decimal_separator = Some(character(value).filter(|c| c == "." || c == ",")?);
            }
            "compression" => {
                self.compression = match value.as_str()? {
                    "auto" => None,
                    name => Some(Compression::named(name)?),
                }
            }
            "hive_partitioning" => self.hive_partitioning = Some(value.as_bool()?),
            "union_by_name" => self.union_by_name = value.as_bool()?,
            _ => return None,
        }
        Some(())
    }
}

/// One character that ends no line; `\t` may be written as two.
fn character(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let text = if text == "\\t" { "\t" } else { text };
    (text.len() == 1 && !matches!(text, "\n" | "\r" | "\0")).then(|| text.to_owned())
}

fn character_or_none(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) if text.is_empty() => Some(String::new()),
        _ => character(value),
    }
}

/// A list of texts; numbers stand for their text, since `-999` is often one.
fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    value.as_array()?.iter().map(text).collect()
}
