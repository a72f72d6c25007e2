//! DuckDB's errors, which come as JSON, read into [`EngineError`].
//!
//! Seen with 1.5.5: the JSON is bare or behind `Parser Error: `. Syntax errors count `position` in
//! characters, all others in bytes. Binder, catalog and conversion errors mostly have one;
//! constraint, I/O, out-of-range and transaction errors have none. What is wrong inside a view is
//! placed in the view's text. Errors of opening are plain text.

use super::names;
use super::raw::RawError;
use crate::diagnostic::nearest;
use crate::engine::{EngineError, ErrorKind};
use serde_json::{Map, Value};

/// Reads an error that `sql` raised.
pub(super) fn read(raw: &RawError, sql: &str) -> EngineError {
    let Some(fields) = json(&raw.0) else { return plain(&raw.0) };
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let text = field("exception_message").unwrap_or(&raw.0);
    let said = names::split(text);
    let message = clean(&said.message);
    let kind = kind(field("exception_type").unwrap_or_default(), &message);
    // Other sorts of errors quote the data.
    let missing = field("name").filter(|_| is_missing(field("error_subtype")));
    let missing = missing.or_else(|| names::missing(text).filter(|_| kind == ErrorKind::Sql));
    EngineError {
        kind,
        position: position(&fields, sql, missing, &message),
        candidates: candidates(&fields, said.candidates, missing),
        missing: missing.map(str::to_owned),
        message,
    }
}

fn is_missing(subtype: Option<&str>) -> bool {
    matches!(subtype, Some("COLUMN_NOT_FOUND" | "MISSING_ENTRY"))
}

/// How many settings are offered for one that does not exist.
const SETTINGS: usize = 3;

/// The names that were perhaps meant, of those that the message lists and those in `fields`.
fn candidates(
    fields: &Map<String, Value>,
    listed: Vec<String>,
    missing: Option<&str>,
) -> Vec<String> {
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let subtype = field("error_subtype");
    let all = || field("candidates").unwrap_or_default().split(',').map(str::trim);
    let names: Vec<String> = if field("type") == Some("configuration parameter") {
        // Here the field lists every setting there is, and the message some far ones.
        let near = nearest(missing.unwrap_or_default(), all(), SETTINGS);
        near.into_iter().map(str::to_owned).collect()
    } else if subtype == Some("COLUMN_NOT_FOUND") || (is_missing(subtype) && listed.is_empty()) {
        // For columns the message may list only one of them. Elsewhere the field lists signatures.
        all().map(str::to_owned).collect()
    } else {
        listed
    };
    let offered = |name: &String| !name.is_empty() && names::is_offered(name, missing);
    names.into_iter().filter(offered).collect()
}

/// The byte that DuckDB points at, or behind it the one where the missing name starts; `None` where
/// it can be none of this statement.
fn position(
    fields: &Map<String, Value>,
    sql: &str,
    missing: Option<&str>,
    message: &str,
) -> Option<usize> {
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let at = field("position")?.parse().ok()?;
    if field("error_subtype") == Some("SYNTAX_ERROR") {
        return byte_of(sql, at);
    }
    if let Some(place) = missing.and_then(|missing| names::place(sql, at, missing, message)) {
        return Some(place);
    }
    // The text of a view writes these, too, and then the place is one in that text.
    let dotted = ["does not have a column named", "Referenced table"];
    let is_dotted = dotted.iter().any(|words| message.contains(words));
    (!is_dotted && belongs(sql, at, field("name"), message)).then_some(at)
}

/// Reads an error that is plain text: `IO Error: Cannot open file …`.
pub(super) fn plain(text: &str) -> EngineError {
    let (sort, message) = text.split_once(" Error: ").unwrap_or(("", text));
    let (sort, message) = if sort.contains('\n') { ("", text) } else { (sort, message) };
    let message = clean(message);
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

/// Leaves the fault: no echo of the statement, no advice, no mark at the end of a line.
fn clean(message: &str) -> String {
    let message = without_advice(&without_echo(message));
    // The lines of a file are shown as they are.
    if message.starts_with("CSV Error on Line") {
        return message;
    }
    let lines: Vec<String> = message.lines().map(|line| in_sql(without_mark(line))).collect();
    lines.join("\n").trim_end().to_owned()
}

/// DuckDB's own names of integers, and those that SQL has for them.
const INTEGERS: [(&str, &str); 10] = [
    ("INT8", "tinyint"),
    ("INT16", "smallint"),
    ("INT32", "integer"),
    ("INT64", "bigint"),
    ("INT128", "hugeint"),
    ("UINT8", "utinyint"),
    ("UINT16", "usmallint"),
    ("UINT32", "uinteger"),
    ("UINT64", "ubigint"),
    ("UINT128", "uhugeint"),
];

/// Integer types as who wrote the SQL calls them: `INT8` is another type there.
fn in_sql(line: &str) -> String {
    let mut before = "";
    let words = line.split(' ').map(|word| {
        let is_type = ["Type", "type", "of", "to"].contains(&before);
        before = word;
        let known = INTEGERS.iter().find(|(name, _)| is_type && *name == word);
        known.map_or(word, |(_, name)| *name)
    });
    words.collect::<Vec<_>>().join(" ")
}

fn without_mark(line: &str) -> &str {
    let line = line.trim_end();
    let ends_in_dots = line.ends_with("..") || line.ends_with("/.");
    line.strip_suffix(['.', '!']).filter(|_| !ends_in_dots).unwrap_or(line)
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
    lines.join("\n").trim_end().to_owned()
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
