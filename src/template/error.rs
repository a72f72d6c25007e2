//! What went wrong in a template: the kind, the message, and the place in the user's own text with every macro
//! call on the way out.
//!
//! Inside a rendering an error travels as a [`minijinja::Error`]; what it is about travels as its source. A macro
//! call wraps the error of its body, so that the chain of sources is the chain of calls. [`super::locate`] turns
//! the chain into a [`TemplateError`].

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What kind of mistake or limit ended a rendering.
#[derive(Debug, Clone)]
pub enum Kind {
    /// The template cannot be read.
    Syntax,
    /// A name means nothing.
    Undefined,
    /// A macro or function was called with the wrong arguments.
    Arguments,
    /// An operation does not fit its values.
    Value,
    /// The template raised it: `exceptions.raise_compiler_error`.
    Raised,
    /// The rendering took too long or too much: fuel, recursion, nesting.
    Limit,
    /// `var('x')` without a value and a default.
    MissingVar,
    /// `env_var('X')` that is not set, without a default.
    MissingEnvVar,
    /// The template asks the database and there is none.
    NeedsConnection,
    /// The project or the database refused; the payload is theirs.
    Host(HostError),
}

/// An error of the project or the database, kept as it is.
#[derive(Clone)]
pub struct HostError(pub Arc<dyn std::error::Error + Send + Sync>);

impl HostError {
    /// The error as the type it was made from.
    #[must_use]
    pub fn downcast_ref<T: std::error::Error + 'static>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostError({:?})", self.0)
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for HostError {
    fn from(error: E) -> Self {
        HostError(Arc::from(error.into()))
    }
}

impl From<HostError> for minijinja::Error {
    fn from(error: HostError) -> Self {
        let message = error.0.to_string();
        fail(Kind::Host(error), message)
    }
}

/// One place on the way from what failed out to the template that was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The file, as it was given to the library or the renderer.
    pub path: Arc<str>,
    /// The macro whose body this place is in; `None` in the rendered template itself.
    pub macro_name: Option<String>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The bytes of the file.
    pub span: Range<usize>,
}

/// A template that could not be compiled or rendered.
#[derive(Debug, Clone)]
pub struct TemplateError {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What kind of problem it is.
    pub kind: Kind,
    /// Where it happened, innermost first. Empty only if the place is not in a file.
    pub frames: Vec<Frame>,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.frames.first() {
            Some(frame) => write!(f, " ({}:{}:{})", frame.path, frame.line, frame.column),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TemplateError {}

/// The source of a [`minijinja::Error`] that we made.
#[derive(Debug)]
pub(crate) struct Cause {
    pub kind: Kind,
    pub message: String,
    pub help: Option<String>,
    pub undefined: Missing,
}

/// For an undefined name: which part of the failing expression is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The message says it.
    Named,
    /// The whole expression.
    Whole,
    /// What a method was called on.
    Receiver,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Cause {}

/// Makes an error that ends the rendering, to be located on its way out.
pub(crate) fn fail(kind: Kind, message: impl Into<String>) -> minijinja::Error {
    let message = message.into();
    let undefined = if message.is_empty() { Missing::Receiver } else { Missing::Named };
    raise(Cause { kind, message, help: None, undefined })
}

/// As [`fail`], with advice.
pub(crate) fn fail_with_help(
    kind: Kind,
    message: impl Into<String>,
    help: impl Into<String>,
) -> minijinja::Error {
    let message = message.into();
    raise(Cause { kind, message, help: Some(help.into()), undefined: Missing::Named })
}

/// The error of printing an undefined value.
pub(crate) fn printed_undefined() -> minijinja::Error {
    let message = String::new();
    raise(Cause { kind: Kind::Undefined, message, help: None, undefined: Missing::Whole })
}

fn raise(cause: Cause) -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "raised").with_source(cause)
}

/// Wraps the error of a macro's body; the engine then adds the place of the call.
pub(crate) fn in_call(error: minijinja::Error) -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "in a call").with_source(error)
}
