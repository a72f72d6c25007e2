//! Records that cannot be read: left out as long as they are few, else an error.

use super::error::FileError;
use super::find::FileEntry;
use super::format::Encoding;
use super::layout::{Layout, LayoutColumn};
use super::scan::part::{Bad, Flaw};

/// A record that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The file.
    pub path: String,
    /// The line on which it starts, from 1.
    pub line: u64,
    /// The column whose type does not hold its value, if it is that.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// The record.
    pub text: String,
}

/// Characters of a bad value that its reason shows.
const LONGEST_VALUE: usize = 200;

fn shown(bad: &Bad) -> String {
    let value = bad.value.as_deref().unwrap_or_default();
    let shown: String = value.chars().take(LONGEST_VALUE).collect();
    if shown.len() < value.len() { format!("{shown} …") } else { shown }
}

/// A file as the words about its bad records need it.
pub(super) struct Context<'a> {
    pub(super) file: &'a FileEntry,
    pub(super) header: &'a [String],
    /// The lines before the first record.
    pub(super) lines: u64,
    pub(super) layout: &'a Layout,
    pub(super) encoding: Encoding,
}

impl Context<'_> {
    /// The record as one that is left out.
    pub(super) fn reject(&self, bad: &Bad) -> Reject {
        let column = self.column(bad);
        let reason = match column {
            Some(column) => format!("`{}` is not {}", shown(bad), column.data_type),
            None => self.reason(bad.flaw),
        };
        Reject {
            path: self.file.name.clone(),
            line: self.lines + bad.line + 1,
            column: column.map(|column| column.name.clone()),
            reason,
            text: bad.text.clone(),
        }
    }

    /// The record as an error.
    pub(super) fn error(&self, bad: &Bad) -> FileError {
        let (path, line) = (self.file.name.clone(), self.lines + bad.line + 1);
        if let Some(column) = self.column(bad) {
            return FileError::Value {
                path,
                line: Some(line),
                column: column.name.clone(),
                text: bad.value.clone().unwrap_or_default(),
                expected: column.data_type.to_string(),
            };
        }
        if bad.flaw == Flaw::Encoding {
            return FileError::Encoding { path, line, encoding: self.encoding.title() };
        }
        let (text, detail) = (bad.text.clone(), self.reason(bad.flaw));
        FileError::Malformed { path, line: Some(line), text, detail }
    }

    fn column(&self, bad: &Bad) -> Option<&LayoutColumn> {
        let Flaw::Value(field) = bad.flaw else { return None };
        self.layout.columns.get(self.layout.index(self.header.get(field)?)?)
    }

    fn reason(&self, flaw: Flaw) -> String {
        match flaw {
            Flaw::Fields(found) => format!("expected {} fields, found {found}", self.header.len()),
            Flaw::AfterQuote => "something follows a closing quote".to_owned(),
            Flaw::Unclosed => "a quote is not closed".to_owned(),
            Flaw::Encoding => format!("it is not {}", self.encoding.title()),
            Flaw::Nul => "it has a zero byte".to_owned(),
            Flaw::Value(_) => "a value has another type".to_owned(),
        }
    }
}
