//! How the files of an export are written: its `options:`, each of them known to its format.

use super::ExportFormat;
use crate::diagnostic::{Code, Diagnostic, Place, did_you_mean};
use crate::project::{Setting, Settings};
use serde_json::Value;
use std::collections::BTreeMap;

/// How files are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOptions {
    /// How their bytes are packed.
    pub compression: Compression,
    /// The columns whose values are folders: `year=2024/`.
    pub partition_by: Vec<String>,
    /// At most so many rows a file.
    pub max_rows_per_file: Option<u64>,
    /// About so many bytes a file.
    pub file_size: Option<u64>,
    /// Rows in a row group of Parquet.
    pub row_group_size: Option<u64>,
    /// What stands between the fields of CSV.
    pub delimiter: String,
    /// What stands around fields of CSV that need it.
    pub quote: String,
    /// Whether CSV begins with the names of the columns.
    pub header: bool,
    /// What stands in CSV for no value.
    pub null: String,
    /// How dates are written, in the letters of `strftime`.
    pub date_format: Option<String>,
    /// How times of a day of some date are written.
    pub timestamp_format: Option<String>,
}

/// How the bytes of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// Snappy; Parquet alone has it.
    Snappy,
}

impl Compression {
    const ALL: [Self; 4] = [Self::None, Self::Gzip, Self::Zstd, Self::Snappy];

    /// As users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
        }
    }

    /// What the name of a text file ends in, behind the ending of its format.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::None | Self::Snappy => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }

    /// What `path` ends in says so.
    fn of_path(path: &str) -> Self {
        let ends = |packed: &Self| !packed.ending().is_empty() && path.ends_with(packed.ending());
        Self::ALL.into_iter().find(ends).unwrap_or(Self::None)
    }
}

impl ExportFormat {
    /// The options that it takes.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Csv => &[
                "compression",
                "partition_by",
                "max_rows_per_file",
                "file_size",
                "delimiter",
                "quote",
                "header",
                "null",
                "date_format",
                "timestamp_format",
            ],
            Self::Parquet => {
                &["compression", "partition_by", "max_rows_per_file", "file_size", "row_group_size"]
            }
            Self::Json => &[
                "compression",
                "partition_by",
                "max_rows_per_file",
                "file_size",
                "date_format",
                "timestamp_format",
            ],
        }
    }

    fn compressions(self) -> &'static [Compression] {
        match self {
            Self::Csv | Self::Json => &[Compression::None, Compression::Gzip, Compression::Zstd],
            Self::Parquet => {
                &[Compression::Zstd, Compression::Snappy, Compression::Gzip, Compression::None]
            }
        }
    }
}

/// Reads `options` of files of `format` at `path`; a mistake is told where it stands.
pub(super) fn read(
    format: ExportFormat,
    path: &str,
    options: &Settings,
    places: &mut BTreeMap<String, Place>,
    problems: &mut Vec<Diagnostic>,
) -> FileOptions {
    let mut reader = Reader { format, options, problems };
    reader.unknown();
    let guessed = match format {
        ExportFormat::Parquet => Compression::Zstd,
        ExportFormat::Csv | ExportFormat::Json => Compression::of_path(path),
    };
    let files = FileOptions {
        compression: reader.compression().unwrap_or(guessed),
        partition_by: reader.names("partition_by"),
        max_rows_per_file: reader.count("max_rows_per_file"),
        file_size: reader.bytes("file_size"),
        row_group_size: reader.count("row_group_size"),
        delimiter: reader.character("delimiter", false).unwrap_or_else(|| ",".to_owned()),
        quote: reader.character("quote", true).unwrap_or_else(|| "\"".to_owned()),
        header: reader.flag("header").unwrap_or(true),
        null: reader.text("null").unwrap_or_default(),
        date_format: reader.text("date_format"),
        timestamp_format: reader.text("timestamp_format"),
    };
    reader.together(&files, path);
    places.extend(options.iter().map(|option| (option.key.clone(), option.place.clone())));
    files
}

struct Reader<'r> {
    format: ExportFormat,
    options: &'r Settings,
    problems: &'r mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn option(&self, name: &str) -> Option<&Setting> {
        self.options.iter().rev().find(|option| option.key == name && !option.value.is_null())
    }

    fn wrong(&mut self, name: &str, message: String, help: Option<String>) {
        let place = self.option(name).map(|option| option.place.clone());
        self.problems.push(
            Diagnostic::error(Code::INVALID_VALUE, message).at_maybe(place).with_help_maybe(help),
        );
    }

    fn expected(&mut self, name: &str, expected: &str) {
        let found = self.option(name).map(|option| plain(&option.value)).unwrap_or_default();
        self.wrong(name, format!("`{name}` is `{found}`, expected {expected}"), None);
    }

    fn unknown(&mut self) {
        let known = self.format.options();
        for option in self.options {
            if known.contains(&option.key.as_str()) {
                continue;
            }
            let message = format!("{} files have no option `{}`", self.format.shown(), option.key);
            let help = did_you_mean(&option.key, known.iter().copied())
                .unwrap_or_else(|| format!("known are {}", known.join(", ")));
            self.problems.push(
                Diagnostic::error(Code::UNKNOWN_KEY, message)
                    .at(option.key_place.clone())
                    .with_help(help),
            );
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match &self.option(name)?.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.expected(name, "text");
                None
            }
        }
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.option(name)?.value.as_bool();
        if value.is_none() {
            self.expected(name, "true or false");
        }
        value
    }

    fn count(&mut self, name: &str) -> Option<u64> {
        let value = self.option(name)?.value.as_u64().filter(|count| *count > 0);
        if value.is_none() {
            self.expected(name, "a whole number of rows from 1");
        }
        value
    }

    /// `64MB`, or a number of bytes.
    fn bytes(&mut self, name: &str) -> Option<u64> {
        let value = self.option(name)?.value.clone();
        let bytes = value.as_u64().or_else(|| size(value.as_str()?)).filter(|bytes| *bytes > 0);
        if bytes.is_none() {
            self.expected(name, "a size such as 64MB");
        }
        bytes
    }

    /// One character that text of one byte holds; with `none`, nothing too.
    fn character(&mut self, name: &str, none: bool) -> Option<String> {
        let text = self.text(name)?;
        let one = text.len() == 1 && !["\n", "\r"].contains(&text.as_str());
        if one || (none && text.is_empty()) {
            return Some(text);
        }
        self.expected(name, "one character");
        None
    }

    /// A name or a list of such, each once.
    fn names(&mut self, name: &str) -> Vec<String> {
        let items = match self.option(name).map(|option| &option.value) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items.clone(),
            Some(one) => vec![one.clone()],
        };
        let names: Option<Vec<String>> =
            items.iter().map(|item| Some(item.as_str()?.trim().to_owned())).collect();
        let names = names.filter(|names| names.iter().all(|name| !name.is_empty()));
        let Some(names) = names else {
            self.expected(name, "a column or a list of columns");
            return Vec::new();
        };
        for (position, column) in names.iter().enumerate() {
            if names[..position].iter().any(|other| other.eq_ignore_ascii_case(column)) {
                self.wrong(name, format!("`{name}` lists column `{column}` twice"), None);
                return Vec::new();
            }
        }
        names
    }

    fn compression(&mut self) -> Option<Compression> {
        let name = self.text("compression")?;
        let known = self.format.compressions();
        let found = known.iter().find(|known| known.as_str() == name).copied();
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|known| known.as_str()).collect();
            let message = format!("{} files have no compression `{name}`", self.format.shown());
            let help = did_you_mean(&name, names.iter().copied())
                .unwrap_or_else(|| format!("known are {}", names.join(", ")));
            self.wrong("compression", message, Some(help));
        }
        found
    }

    /// Options that are right by themselves and wrong beside each other.
    fn together(&mut self, files: &FileOptions, path: &str) {
        if files.max_rows_per_file.is_some() && files.file_size.is_some() {
            let message = "`file_size` and `max_rows_per_file` do not go together";
            self.wrong("file_size", message.to_owned(), None);
        }
        if files.delimiter == files.quote {
            let message = format!("`quote` is `{}`, which is the delimiter too", files.quote);
            self.wrong("quote", message, None);
        }
        let named = Compression::of_path(path);
        let packed = files.compression;
        if self.format != ExportFormat::Parquet
            && !path.ends_with('/')
            && self.option("compression").is_some()
            && named != packed
        {
            let message =
                format!("compression is `{}`, but `{path}` is not named so", packed.as_str());
            let bare = path.trim_end_matches(named.ending());
            let help = format!("readers go by the name: `path: {bare}{}`", packed.ending());
            self.wrong("compression", message, Some(help));
        }
    }
}

/// The bytes of `10MB`, `1 GB`, `500 kB`, `1MiB`.
fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..end].parse().ok()?;
    let factor = match text[end..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("10", Some(10)),
            ("64MB", Some(64_000_000)),
            ("1 GB", Some(1_000_000_000)),
            ("2KiB", Some(2048)),
            ("MB", None),
            ("1.5MB", None),
            ("99999999999GB", None),
            ("10 apples", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }
}
