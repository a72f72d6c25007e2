//! Errors of templates as diagnostics that point at the user's own text.

use super::host::LateReference;
use crate::diagnostic::{Code, Diagnostic, Place, SourceFile};
use crate::template::{Frame, Kind, TemplateError};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// The files that templates come from, by the path that frames give.
#[derive(Debug, Clone, Default)]
pub struct Files(HashMap<Arc<str>, Arc<SourceFile>>);

impl Files {
    /// These files.
    pub fn new(files: impl IntoIterator<Item = Arc<SourceFile>>) -> Self {
        Self(files.into_iter().map(|file| (file.path.clone(), file)).collect())
    }

    /// Where `frame` stands; `None` for text that lies in no file of the project.
    pub fn place(&self, frame: &Frame) -> Option<Place> {
        self.at(&frame.path, frame.span.clone())
    }

    /// `range` of the file that is called `path`.
    pub fn at(&self, path: &str, range: Range<usize>) -> Option<Place> {
        Some(Place::new(self.0.get(path)?.clone(), range))
    }
}

/// The error as a diagnostic that points at what failed and at each macro call on the way.
pub fn diagnose(error: &TemplateError, files: &Files) -> Diagnostic {
    let mut diagnostic = explain(error);
    for (depth, frame) in error.frames.iter().enumerate() {
        let text = match (depth, error.frames.get(depth.wrapping_sub(1))) {
            (0, _) => String::new(),
            (_, Some(Frame { macro_name: Some(name), .. })) => {
                format!("`{name}` is called here")
            }
            (_, _) => "called here".to_owned(),
        };
        diagnostic = match files.place(frame) {
            Some(place) => diagnostic.label(place, text),
            None => diagnostic.with_note(format!("in {}, line {}", frame.path, frame.line)),
        };
    }
    diagnostic
}

/// The error as a diagnostic without places.
pub(super) fn explain(error: &TemplateError) -> Diagnostic {
    let late = match &error.kind {
        Kind::Host(payload) => payload.downcast_ref::<LateReference>(),
        _ => None,
    };
    if let Some(late) = late {
        return Diagnostic::error(late.code, late.message.clone())
            .with_help_maybe(late.help.clone());
    }
    Diagnostic::error(code(error), error.message.clone()).with_help_maybe(error.help.clone())
}

fn code(error: &TemplateError) -> Code {
    match &error.kind {
        Kind::Syntax => Code::TEMPLATE_SYNTAX,
        Kind::Undefined => Code::UNDEFINED_NAME,
        Kind::Arguments | Kind::Value | Kind::Host(_) => Code::TEMPLATE_FAILED,
        Kind::Raised => Code::TEMPLATE_RAISED,
        Kind::Limit => Code::TEMPLATE_LIMIT,
        Kind::NeedsConnection => Code::NEEDS_CONNECTION,
        Kind::MissingVar => Code::MISSING_VAR,
        Kind::MissingEnvVar => Code::MISSING_ENV_VAR,
    }
}
