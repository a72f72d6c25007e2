//! What a glob matches, whatever it is that it names.

use super::error::FileError;
use globset::{GlobBuilder, GlobMatcher};

/// Whether a path is a pattern.
pub(crate) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// What tells the paths that `pattern` matches; `*` matches no `/`. `written` is for people.
pub(crate) fn matcher(pattern: &str, written: &str) -> Result<GlobMatcher, FileError> {
    let built = GlobBuilder::new(pattern).literal_separator(true).build();
    built.map(|glob| glob.compile_matcher()).map_err(|error| FileError::Glob {
        glob: written.to_owned(),
        detail: error.kind().to_string(),
    })
}

/// What all matches start with.
#[cfg(feature = "s3")]
pub(crate) fn literal_prefix(pattern: &str) -> &str {
    let end = pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len());
    pattern.get(..end).unwrap_or_default()
}

/// The folders before the first one that is a pattern, with the `/` after them.
#[cfg(feature = "s3")]
pub(crate) fn literal_folders(pattern: &str) -> &str {
    let prefix = literal_prefix(pattern);
    prefix.rfind('/').and_then(|end| prefix.get(..=end)).unwrap_or_default()
}

/// Whether a file or folder is a mark that other tools leave.
pub(crate) fn is_mark(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

/// Whether a part of a path is such a mark.
#[cfg(feature = "s3")]
pub(crate) fn has_mark(path: &str) -> bool {
    path.split('/').any(is_mark)
}
