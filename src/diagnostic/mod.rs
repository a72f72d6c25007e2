//! What went wrong, as data: code, severity, message, places, help.
//!
//! Every stage reports problems as [`Diagnostic`] values and goes on as far as it can, so that one
//! run shows them all. Nothing here knows colour or terminals: the binary draws diagnostics, and
//! other readers (editors, CI) take them as they are.

mod code;
mod nearest;
mod number;
mod place;
mod secret;

pub use code::Code;
pub use nearest::{did_you_mean, nearest};
pub use number::{columns_named, grouped, rows};
pub use place::{LineColumn, Place, SourceFile};
pub use secret::{SECRET_FIELDS, Secrets};

use std::fmt;

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; changes no exit status.
    Note,
    /// Probably a mistake; the run goes on.
    Warning,
    /// The thing it is about cannot be done.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A place with what to say about it. An empty text only points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What to say beside it; may be empty.
    pub text: String,
}

/// One problem, complete: it can be drawn without asking anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, one page each under `docs/errors/`.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, then what was expected. Lower case, no full stop, names in backticks.
    pub message: String,
    /// Places, the one where the user can act first. Empty where no file is to blame.
    pub labels: Vec<Label>,
    /// Facts that help to understand, one a line.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A warning without a place yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// A note without a place yet.
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, message)
    }

    fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// Points at `place`.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        self.label(place, "")
    }

    /// Points at `place` where there is one.
    #[must_use]
    pub fn at_maybe(self, place: Option<Place>) -> Self {
        match place {
            Some(place) => self.at(place),
            None => self,
        }
    }

    /// Points at `place` and says something about it.
    #[must_use]
    pub fn label(mut self, place: Place, text: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: text.into() });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what to do where something is known.
    #[must_use]
    pub fn with_help_maybe(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// The same without secrets in its words, and in the files that it points into: of a long line
    /// only a part is shown, and with it perhaps a part of a secret.
    #[must_use]
    pub fn masked(mut self, secrets: &Secrets) -> Self {
        let texts = self.notes.iter_mut().chain(self.help.as_mut());
        for text in texts.chain(std::iter::once(&mut self.message)) {
            if let Some(masked) = secrets.mask(text) {
                *text = masked;
            }
        }
        for Label { place, .. } in &mut self.labels {
            if let Some(covered) = secrets.cover(&place.file.text) {
                let file = SourceFile::new(place.file.path.clone(), covered);
                *place = Place::new(file, place.range());
            }
        }
        self
    }

    /// Whether this stops the thing it is about.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `error[SF101]: message (file:line:column)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity, self.code, self.message)?;
        match self.labels.first() {
            Some(label) => write!(f, " ({})", label.place),
            None => Ok(()),
        }
    }
}

/// Whether any of `diagnostics` is an error.
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}
