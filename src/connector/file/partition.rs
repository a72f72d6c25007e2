//! Columns that are in the paths: `year=2024/x.csv`.

use super::error::FileError;
use super::find::FileEntry;
use super::layout::{LayoutColumn, Origin};
use super::scan::judge::{Formats, Question};
use super::{FileObject, scan};

/// What stands for no value.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The keys in the paths: as told, else where they look like `key=value`.
///
/// # Errors
/// Files that differ in their keys, and a value that DuckDB would not read as it is.
pub(super) fn keys(object: &FileObject, files: &[FileEntry]) -> Result<Vec<String>, FileError> {
    if object.options.hive_partitioning == Some(false) {
        return Ok(Vec::new());
    }
    let keys = |file: &FileEntry| -> Vec<String> {
        pairs(file).into_iter().map(|(key, _)| key.to_owned()).collect()
    };
    let expected = files.first().map(keys).unwrap_or_default();
    for file in files {
        let found = keys(file);
        if found != expected {
            return Err(FileError::Partitions { path: file.name.clone(), found, expected });
        }
        // DuckDB 1.5.5 takes these letters for no value.
        if let Some((key, value)) =
            pairs(file).into_iter().find(|(_, value)| value.eq_ignore_ascii_case("null"))
        {
            let detail = format!("its folder `{key}={value}` could be text or no value");
            let (path, text) = (file.name.clone(), String::new());
            return Err(FileError::Malformed { path, line: None, text, detail });
        }
    }
    Ok(expected)
}

/// Keys and values as they are written in the path.
fn pairs(file: &FileEntry) -> Vec<(&str, &str)> {
    let folders = file.name.rsplit_once('/').map_or("", |(folders, _)| folders);
    let pairs = folders.split('/').filter_map(|folder| folder.split_once('='));
    pairs.filter(|(key, _)| !key.is_empty()).collect()
}

/// Whether the types of such columns hold what the paths say.
///
/// # Errors
/// The first value that one does not hold.
pub(super) fn check(
    columns: &[LayoutColumn],
    files: &[FileEntry],
    formats: &Formats,
) -> Result<(), FileError> {
    let said =
        columns.iter().filter(|column| column.from_path && column.origin != Origin::Inferred);
    for column in said {
        let Some(Question::Holds { test, .. }) = column.question() else { continue };
        for file in files {
            let value = pairs(file).into_iter().find(|(key, _)| *key == column.name);
            let Some((_, value)) = value.filter(|(_, value)| *value != NULL) else { continue };
            let value = decoded(value);
            if !scan::judge::holds(&test, value.as_bytes(), formats) {
                return Err(FileError::Value {
                    path: file.name.clone(),
                    line: None,
                    column: column.name.clone(),
                    text: value,
                    expected: column.data_type.to_string(),
                });
            }
        }
    }
    Ok(())
}

/// Text with `%20` and the like as the characters that they stand for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *byte == b'%').and_then(|hex| str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_stand_for_bytes() {
        for (text, expected) in
            [("a%20b%2Fc", "a b/c"), ("%C3%A9", "é"), ("%zz", "%zz"), ("a+b%", "a+b%")]
        {
            assert_eq!(decoded(text), expected);
        }
    }
}
