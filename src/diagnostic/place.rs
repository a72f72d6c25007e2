//! Where something stands in a file that the user wrote.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A text file of the project as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path as shown to users: relative to the project directory, with `/`.
    pub path: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

impl SourceFile {
    /// A file named `path` with `text`.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// Line and column of the byte `offset`; past the end counts as the end.
    pub fn line_column(&self, offset: usize) -> LineColumn {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        LineColumn {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// A position for people: both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A range of bytes in a file. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    start: u32,
    end: u32,
}

impl Place {
    /// `range` of `file`, in bytes; clamped to the file's text.
    pub fn new(file: Arc<SourceFile>, range: Range<usize>) -> Self {
        let length = file.text.len();
        let start = range.start.min(length);
        let end = range.end.clamp(start, length);
        // Files of 4 GB and more are refused when read, so that this cannot saturate.
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end), file }
    }

    /// The start of `file`, for problems with the file as a whole.
    pub fn start_of(file: Arc<SourceFile>) -> Self {
        Self::new(file, 0..0)
    }

    /// The bytes that it covers.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Line and column where it begins.
    pub fn line_column(&self) -> LineColumn {
        self.file.line_column(self.start as usize)
    }

    /// The text that it covers; empty where the range does not fall on characters.
    pub fn text(&self) -> &str {
        self.file.text.get(self.range()).unwrap_or("")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LineColumn { line, column } = self.line_column();
        write!(f, "{}:{line}:{column}", self.file.path)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_offsets_past_the_end_are_the_end() {
        let file = SourceFile::new("a.sql", "é x\nsecond");
        assert_eq!(file.line_column(3), LineColumn { line: 1, column: 3 });
        assert_eq!(file.line_column(5), LineColumn { line: 2, column: 1 });
        assert_eq!(file.line_column(1), LineColumn { line: 1, column: 1 });
        assert_eq!(file.line_column(99), LineColumn { line: 2, column: 7 });
        assert_eq!(Place::new(file, 5..99).to_string(), "a.sql:2:1");
    }
}
