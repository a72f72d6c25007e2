//! DuckDB's errors, which come as JSON, read into [`EngineError`].
//!
//! Seen with 1.5.5: the JSON is bare or behind `Parser Error: `. Syntax errors count `position` in
//! characters, all others in bytes. Binder, catalog and conversion errors mostly have one;
//! constraint, I/O, out-of-range and transaction errors have none. What is wrong inside a view is
//! placed in the view's text. Errors of opening are plain text.

use super::raw::RawError;
use crate::engine::{EngineError, ErrorKind};
use serde_json::{Map, Value};

/// Reads an error that `sql` raised.
pub(super) fn read(raw: &RawError, sql: &str) -> EngineError {
    let Some(fields) = json(&raw.0) else { return plain(&raw.0) };
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let subtype = field("error_subtype").unwrap_or_default();
    let (message, mut candidates) = split_candidates(field("exception_message").unwrap_or(&raw.0));
    // Elsewhere the field lists signatures, or every setting there is; for columns the message may
    // list only one of them.
    let listed =
        field("candidates").filter(|_| subtype == "COLUMN_NOT_FOUND" || candidates.is_empty());
    if let ("COLUMN_NOT_FOUND" | "MISSING_ENTRY", Some(names)) = (subtype, listed) {
        candidates = names.split(',').map(|name| name.trim().to_owned()).collect();
    }
    let position = field("position").and_then(|text| text.parse().ok());
    let position = match subtype {
        "SYNTAX_ERROR" => position.and_then(|at| byte_of(sql, at)),
        _ => position.filter(|at| belongs(sql, *at, field("name"), &message)),
    };
    EngineError {
        kind: kind(field("exception_type").unwrap_or_default(), &message),
        message,
        position,
        candidates: candidates.into_iter().filter(|name| !name.is_empty()).collect(),
    }
}

/// Reads an error that is plain text: `IO Error: Cannot open file …`.
pub(super) fn plain(text: &str) -> EngineError {
    let (sort, message) = text.split_once(" Error: ").unwrap_or(("", text));
    let (sort, message) = if sort.contains('\n') { ("", text) } else { (sort, message) };
    let message = without_echo(message);
    EngineError::new(kind(sort, &message), message)
}

fn json(text: &str) -> Option<Map<String, Value>> {
    let start = text.find('{')?;
    serde_json::Deserializer::from_str(text.get(start..)?).into_iter().next()?.ok()
}

/// The byte at which character `index` starts.
fn byte_of(sql: &str, index: usize) -> Option<usize> {
    let mut starts = sql.char_indices().map(|(byte, _)| byte).chain([sql.len()]);
    starts.nth(index)
}

/// Whether the position can be one of this statement. For what is wrong inside a view DuckDB gives
/// the place in the text that made the view; to point at an innocent word is worse than at none.
fn belongs(sql: &str, at: usize, name: Option<&str>, message: &str) -> bool {
    let Some(rest) = sql.get(at..).filter(|rest| !rest.is_empty()) else { return false };
    let rest = rest.to_lowercase();
    let source_column = message.split_once("casting from source column ").map(|(_, name)| name);
    let is_cast = ["::", "cast", "try_cast", "'"].iter().any(|start| rest.starts_with(start));
    match name.or(source_column) {
        Some(name) => starts_with_name(&rest, name) || (source_column.is_some() && is_cast),
        None if message.starts_with("Could not c") => is_cast,
        None => true,
    }
}

/// Whether `rest` starts with `name`, perhaps quoted, perhaps after the names of its relation.
fn starts_with_name(rest: &str, name: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace('"', "");
    let (rest, name) = (plain(rest), plain(name));
    let word = rest.find(|c: char| c.is_whitespace() || ",()".contains(c)).unwrap_or(rest.len());
    rest.get(..word.max(name.len())).is_some_and(|word| word.contains(&name))
}

/// Takes the lines `Candidate …: "a", "b"` and `Did you mean "a"?` out of a message.
fn split_candidates(message: &str) -> (String, Vec<String>) {
    let mut kept = Vec::new();
    let mut candidates = Vec::new();
    for line in message.lines() {
        let names = LISTS.iter().find_map(|start| line.strip_prefix(start));
        match names {
            Some(names) => candidates.extend(quoted_names(names)),
            None => kept.push(line),
        }
    }
    let message = if candidates.is_empty() { message.to_owned() } else { kept.join("\n") };
    (without_advice(&without_echo(&message)), candidates)
}

/// How a line starts that lists names.
const LISTS: [&str; 5] = [
    "Candidate bindings: ",
    "Candidate tables: ",
    "Candidate Entries: ",
    "Did you mean: ",
    "Did you mean ",
];

/// The parts of `text` in double quotes.
fn quoted_names(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split('"').skip(1).step_by(2).map(str::to_owned)
}

/// Leaves, of what the CSV reader says, the fault and the file: not its advice to ignore errors, nor
/// the list of all its options.
fn without_advice(message: &str) -> String {
    if message.starts_with("Error when sniffing file") {
        return message.lines().take(2).collect::<Vec<_>>().join("\n");
    }
    let Some((said, options)) = message.split_once("\n  file = ") else {
        return message.to_owned();
    };
    let advice = ["\nPossible ", "\nColumn ", "\nThis can happen when"];
    let end = advice.iter().filter_map(|start| said.find(start)).min().unwrap_or(said.len());
    let fault = said.get(..end).unwrap_or(said).trim_end();
    format!("{fault}\n  file = {}", options.lines().next().unwrap_or_default())
}

/// Cuts off the statement's own text, which DuckDB repeats below a plain message.
fn without_echo(message: &str) -> String {
    let mut lines: Vec<&str> = message.lines().collect();
    if let Some(at) = lines.iter().position(|line| is_echo(line)) {
        lines.truncate(at);
    }
    lines.join("\n").trim_end().trim_end_matches('!').to_owned()
}

fn is_echo(line: &str) -> bool {
    let Some((number, _)) = line.strip_prefix("LINE ").and_then(|rest| rest.split_once(": "))
    else {
        return false;
    };
    number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Sorts by the exception's type and, where one type has several causes, by its words.
fn kind(sort: &str, message: &str) -> ErrorKind {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match sort {
        "Interrupt" | "INTERRUPT" => ErrorKind::Interrupted,
        "Out of Memory" => ErrorKind::Resource,
        "IO" if says(&["No space left", "Too many open files", "max_temp_directory_size"]) => {
            ErrorKind::Resource
        }
        "IO" | "HTTP" | "Permission" | "Network" => ErrorKind::File,
        "Invalid Input" | "Conversion" if says(&FILE_WORDS) => ErrorKind::File,
        "Invalid Input"
            if says(&["Cannot execute statement of type", "prepared statement param"]) =>
        {
            ErrorKind::Sql
        }
        "Conversion" | "Constraint" | "Out of Range" | "Divide by Zero" | "Invalid Input"
        | "Object Size" | "Sequence" => ErrorKind::Data,
        "TransactionContext" | "Transaction" if says(&["onflict"]) => ErrorKind::Conflict,
        "Parser"
        | "Syntax"
        | "Binder"
        | "Catalog"
        | "Not implemented"
        | "Mismatch Type"
        | "Invalid Type"
        | "Unknown Type"
        | "Expression"
        | "Decimal"
        | "Settings"
        | "Dependency"
        | "Parameter Not Resolved"
        | "Parameter Not Allowed"
        | "Missing Extension"
        | "Extension Autoloading"
        | "Invalid Configuration"
        | "Planner" => ErrorKind::Sql,
        _ => ErrorKind::Internal,
    }
}

/// What DuckDB's readers say of a file that is not what its format wants.
const FILE_WORDS: [&str; 7] = [
    "CSV Error",
    "Error when sniffing file",
    "Parquet",
    "parquet",
    "magic bytes",
    "JSON in file",
    "Invalid unicode (byte sequence mismatch)",
];
