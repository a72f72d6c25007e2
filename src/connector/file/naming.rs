//! Names of columns in files, in the accepted schema and in YAML.

use super::header;
use super::{FileEntry, FileError, FileObject};
use crate::relation::DataType;

/// The type that YAML declares for a column of the files: its name matches to the letter, else
/// without case. No file has two columns that differ in case alone.
pub(super) fn declared<'c>(columns: &'c [(String, DataType)], name: &str) -> Option<&'c DataType> {
    let exact = columns.iter().find(|(declared, _)| declared == name);
    let folded = name.to_lowercase();
    let mut loose = columns.iter().filter(|(declared, _)| declared.to_lowercase() == folded);
    let loose = loose.next().filter(|_| loose.next().is_none());
    exact.or(loose).map(|(_, data_type)| data_type)
}

/// A declared column that is none of `names`.
pub(super) fn unknown<'c>(columns: &'c [(String, DataType)], names: &[&str]) -> Option<&'c str> {
    let is_known = |declared: &str| {
        let folded = declared.to_lowercase();
        let is_twin = |other: &str| other != declared && other.to_lowercase() == folded;
        let has_twin = columns.iter().any(|(other, _)| is_twin(other));
        names.iter().any(|name| *name == declared || !has_twin && name.to_lowercase() == folded)
    };
    columns.iter().map(|(name, _)| name.as_str()).find(|name| !is_known(name))
}

/// No file spells a name otherwise than the accepted schema, or another file, does.
///
/// # Errors
/// The first name that differs in case only.
pub(super) fn check_case(
    object: &FileObject,
    files: &[FileEntry],
    headers: &[Vec<String>],
) -> Result<(), FileError> {
    let accepted = object.frozen.iter().flat_map(|frozen| &frozen.columns);
    let mut known: std::collections::HashMap<String, (&str, Option<&FileEntry>)> =
        accepted.map(|column| (column.name.to_lowercase(), (column.name.as_str(), None))).collect();
    for (file, names) in files.iter().zip(headers) {
        // What is wrong within one file is said otherwise.
        if header::flaw(names).is_some() {
            continue;
        }
        for name in names {
            let (first, origin) = known.entry(name.to_lowercase()).or_insert((name, Some(file)));
            if first == name {
                continue;
            }
            let known = origin.map_or_else(
                || format!("column `{first}` of the accepted schema"),
                |origin| format!("`{first}` of `{}`", origin.name),
            );
            return Err(FileError::Case { path: file.name.clone(), name: name.clone(), known });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_names_match_to_the_letter_else_without_case() {
        let columns = |names: &[&str]| -> Vec<(String, DataType)> {
            names.iter().map(|name| ((*name).to_owned(), DataType::new(name))).collect()
        };
        let found = |names: &[&str], name: &str| {
            declared(&columns(names), name).map(|found| found.as_str().to_owned())
        };
        assert_eq!(found(&["n"], "N").as_deref(), Some("n"));
        assert_eq!(found(&["id", "n"], "m"), None);
        for (names, files, expected) in [
            (&["n"][..], &["N"][..], None),
            (&["n"], &["n"], None),
            (&["n", "id"], &["ID"], Some("n")),
            (&["n", "N"], &["n"], Some("N")),
        ] {
            assert_eq!(unknown(&columns(names), files), expected, "{names:?} {files:?}");
        }
    }
}
