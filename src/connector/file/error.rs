//! What can be wrong with a file, sorted by what the user can do about it.

use super::drift::Drift;
use super::format::Format;
use crate::connector::ConnectorError;
use crate::engine::{EngineError, ErrorKind};
use std::io;

/// Why files cannot be read as a table. Paths are as the user wrote them, from the base directory.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file does not exist.
    #[error("`{path}` does not exist")]
    Missing {
        /// The file.
        path: String,
    },
    /// No file is matched.
    #[error("no file matches `{glob}`")]
    NoMatch {
        /// The glob.
        glob: String,
    },
    /// The glob cannot be read.
    #[error("`{glob}` is not a glob: {detail}")]
    Glob {
        /// As written.
        glob: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The file has no byte.
    #[error("`{path}` is empty")]
    Empty {
        /// The file.
        path: String,
    },
    /// The system does not give the file.
    #[error("`{path}` cannot be read: {source}")]
    Unreadable {
        /// The file or directory.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The compressed file ends too early, or its checksum is another.
    #[error("`{path}` is damaged: {detail}")]
    Damaged {
        /// The file.
        path: String,
        /// What tells so.
        detail: String,
    },
    /// Neither options nor name tell what the file is.
    #[error("the format of `{path}` is not known")]
    UnknownFormat {
        /// The file.
        path: String,
    },
    /// The file is something else.
    #[error("`{path}` is not a {format} file but {found}")]
    OtherFormat {
        /// The file.
        path: String,
        /// What it should be.
        format: Format,
        /// What it looks like.
        found: &'static str,
    },
    /// The file as a whole is written otherwise.
    #[error("`{path}` is not {encoding} but {found}")]
    OtherEncoding {
        /// The file.
        path: String,
        /// The encoding that was expected.
        encoding: &'static str,
        /// What it looks like.
        found: &'static str,
    },
    /// The file is not compressed as its name or an option says.
    #[error("`{path}` is not compressed with {compression}")]
    NotCompressed {
        /// The file.
        path: String,
        /// What was expected.
        compression: &'static str,
    },
    /// Files of one glob that their names say are of several formats.
    #[error("`{path}` is a {format} file by its name, but `{first}` is a {expected} file")]
    Formats {
        /// The file.
        path: String,
        /// Its format.
        format: Format,
        /// The first file.
        first: String,
        /// The format of that.
        expected: Format,
    },
    /// A name that is another's but for capital letters.
    #[error("the header of `{path}`: `{name}` differs from {known} in case only")]
    Case {
        /// The file.
        path: String,
        /// The name in it.
        name: String,
        /// The name that is known, and from where.
        known: String,
    },
    /// Bytes that are not of the encoding.
    #[error("line {line} of `{path}` is not {encoding}")]
    Encoding {
        /// The file.
        path: String,
        /// Counted from 1.
        line: u64,
        /// The encoding that was expected.
        encoding: &'static str,
    },
    /// A line that cannot be split into the columns.
    #[error("{}`{path}`: {detail}", place(*line))]
    Malformed {
        /// The file.
        path: String,
        /// Counted from 1, where it is known.
        line: Option<u64>,
        /// The line's text.
        text: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A header that does not name the columns.
    #[error("the header of `{path}`: {detail}")]
    Header {
        /// The file.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A file that has other columns than the first one.
    #[error(
        "`{path}` has other columns than `{first}`: {}",
        difference(missing, unexpected, retyped)
    )]
    Columns {
        /// The file.
        path: String,
        /// The file it is compared with.
        first: String,
        /// Columns of the first that it lacks.
        missing: Vec<String>,
        /// Columns that the first lacks.
        unexpected: Vec<String>,
        /// Columns of another type.
        retyped: Vec<String>,
    },
    /// A file in folders of other keys than the first one.
    #[error("`{path}` has the partition keys {found:?}, expected {expected:?}")]
    Partitions {
        /// The file.
        path: String,
        /// Its keys.
        found: Vec<String>,
        /// Those of the first file.
        expected: Vec<String>,
    },
    /// A declared column that no file has.
    #[error("column `{column}` is declared, but is not in the files")]
    UndeclarableColumn {
        /// The column.
        column: String,
    },
    /// A column that is asked for and that no file has.
    #[error("there is no column `{column}` in the files")]
    NoColumn {
        /// The column.
        column: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A value that its declared type does not hold exactly.
    #[error("column `{column}` is {expected}, but {}`{path}` has `{text}`", place(*line))]
    Value {
        /// The file.
        path: String,
        /// Counted from 1, where it is known.
        line: Option<u64>,
        /// The column.
        column: String,
        /// The value.
        text: String,
        /// The type.
        expected: String,
    },
    /// More bad rows than are allowed.
    #[error("{first}; {count} rows are bad, expected at most {allowed}")]
    TooManyRejects {
        /// What is wrong with the first.
        first: Box<FileError>,
        /// How many there are.
        count: u64,
        /// How many there may be.
        allowed: u64,
    },
    /// The files are no longer as an earlier load found them.
    #[error("{0}")]
    Drift(Box<Drift>),
    /// A file that the scan needs for a while cannot be written.
    #[error("`{path}` cannot be written: {source}")]
    Unwritable {
        /// The file.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The system that the file is in does not give it.
    #[error(transparent)]
    Remote(#[from] ConnectorError),
    /// DuckDB refuses for another reason.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn place(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!("line {line} of "))
}

fn difference(missing: &[String], unexpected: &[String], retyped: &[String]) -> String {
    let part = |word: &str, names: &[String]| {
        (!names.is_empty()).then(|| format!("{word} {}", ticked(names)))
    };
    let parts = [
        part("it lacks", missing),
        part("it adds", unexpected),
        part("of another type are", retyped),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Names in backticks.
pub(super) fn ticked(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// How the part of a CSV error starts that follows the line's text.
const DETAILS: [&str; 6] = [
    "\nExpected Number of Columns: ",
    "\nError when converting column ",
    "\nValue with unterminated quote",
    "\nInvalid unicode",
    "\nMaximum line size",
    "\nThe CSV Parser state machine",
];

impl FileError {
    /// Reads what DuckDB's readers say; `name` turns the path that they name into the user's.
    pub(super) fn from_reader(error: EngineError, name: impl Fn(&str) -> String) -> Self {
        let parsed = Self::csv(&error.message, &name);
        match parsed {
            Some(parsed) => parsed,
            None if error.kind == ErrorKind::Interrupted => Self::Engine(error),
            None => Self::json(&error.message, &name).unwrap_or(Self::Engine(error)),
        }
    }

    fn csv(message: &str, name: &impl Fn(&str) -> String) -> Option<Self> {
        let path = name(between(message, "\n  file = ", "\n")?);
        if message.starts_with("The CSV Parser state machine") {
            let (text, detail) = (String::new(), "it cannot be split into fields".to_owned());
            return Some(Self::Malformed { path, line: None, text, detail });
        }
        let line = between(message, "CSV Error on Line: ", "\n")?.parse().ok()?;
        let rest = message.split_once("Original Line: ")?.1;
        let end = DETAILS.iter().filter_map(|detail| rest.find(detail)).min()?;
        let (text, detail) = (rest.get(..end)?.trim_end(), rest.get(end..)?.trim_start());
        if detail.starts_with("Invalid unicode") {
            return Some(Self::Encoding { path, line, encoding: "UTF-8" });
        }
        let line = Some(line);
        Some(Self::Malformed { path, line, text: text.to_owned(), detail: plain(detail) })
    }

    fn json(message: &str, name: &impl Fn(&str) -> String) -> Option<Self> {
        let path = name(between(message, "in file \"", "\"")?);
        let detail = message.split_once("\", ").map_or(message, |(_, detail)| detail);
        let detail = detail.lines().next()?.trim_end_matches(['.', ' ']);
        let Some((start, (line, what))) = detail
            .split_once("in line ")
            .and_then(|(start, end)| Some((start, end.split_once(": ")?)))
        else {
            let (line, text, detail) = (None, String::new(), detail.to_owned());
            return Some(Self::Malformed { path, line, text, detail });
        };
        // DuckDB 1.5.5 counts one line too many where the JSON itself is malformed.
        let excess = u64::from(message.starts_with("Malformed JSON"));
        let line = line.parse::<u64>().ok().map(|line| line.saturating_sub(excess));
        let detail = format!("{what} {}", start.trim_end()).trim_end().to_owned();
        Some(Self::Malformed { path, line, text: String::new(), detail })
    }
}

/// The first line of a detail, without DuckDB's advice about its own options.
fn plain(detail: &str) -> String {
    if let Some((expected, found)) = detail
        .strip_prefix("Expected Number of Columns: ")
        .and_then(|rest| rest.lines().next())
        .and_then(|line| line.split_once(" Found: "))
    {
        return format!("expected {expected} fields, found {found}");
    }
    let first = detail.lines().next().unwrap_or(detail);
    if first.starts_with("Value with unterminated quote") {
        return "a quote is not closed, or something follows it".to_owned();
    }
    first.trim_end_matches('.').to_owned()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = text.split_once(start)?.1;
    Some(rest.split_once(end).map_or(rest, |(inner, _)| inner))
}
