//! From an error of the engine to the place in the user's text and a message in the user's words.

use std::error::Error as _;
use std::ops::Range;
use std::sync::Arc;

use minijinja::ErrorKind;

use super::error::{Cause, Frame, Kind, Missing, TemplateError};
use super::misfit::{Misfit, misfit};
use super::renderer::Limits;
use super::source_map::SourceMap;
use super::suggest::nearest;

/// The original of a template the engine knows by an internal name.
pub(crate) struct Origin<'a> {
    pub path: &'a Arc<str>,
    pub text: &'a str,
    pub map: &'a SourceMap,
    /// The part of the text that is the template.
    pub region: Range<usize>,
    pub macro_name: Option<&'a str>,
}

/// What is known about names when an error is explained.
pub(crate) trait Names {
    /// The original of a template.
    fn origin(&self, template: &str) -> Option<Origin<'_>>;
    /// Every name that a template can use.
    fn known(&self) -> Vec<String>;
    /// When a rendering is stopped.
    fn limits(&self) -> Limits;
    /// Packages that have a macro of this name.
    fn packages_with(&self, name: &str) -> Vec<String>;
}

/// Explains an error of the engine.
pub(crate) fn locate(error: &minijinja::Error, names: &dyn Names) -> TemplateError {
    let mut chain = vec![error];
    let mut cause = None;
    let mut source = error.source();
    while let Some(next) = source {
        if let Some(inner) = next.downcast_ref::<minijinja::Error>() {
            chain.push(inner);
        } else if let Some(found) = next.downcast_ref::<Cause>() {
            cause = Some(found);
        } else if let Some(found) = next.downcast_ref::<TemplateError>() {
            return found.clone();
        }
        source = next.source();
    }
    chain.reverse();
    let frames: Vec<Frame> = chain.iter().filter_map(|error| frame(error, names)).collect();
    let failing =
        frames.first().and_then(|frame| text_at(&chain, frame, names)).unwrap_or_default();
    if let Some(located) = structure(chain[0], &frames, names) {
        return located;
    }
    let (kind, message, help) = explain(chain[0], cause, &failing, names);
    TemplateError { message, kind, frames, help }
}

/// Explains an error about blocks by the tag that does not fit.
fn structure(
    error: &minijinja::Error,
    frames: &[Frame],
    names: &dyn Names,
) -> Option<TemplateError> {
    let detail = error.detail().filter(|_| error.kind() == ErrorKind::SyntaxError)?;
    let unknown = detail.strip_prefix("unknown statement ");
    if unknown.is_none()
        && !["unexpected end of input, expected end of block", "unexpected end of raw block"]
            .contains(&detail)
    {
        return None;
    }
    let origin = names.origin(error.name()?)?;
    let mut frames = frames.to_vec();
    let found = misfit(origin.text, origin.region.clone(), origin.macro_name.is_some());
    let (message, span, help) = match (found, unknown) {
        (Some(Misfit::Unclosed(keyword, span)), _) => {
            let message = format!("`{keyword}` is not closed, expected `{{% end{keyword} %}}`");
            (message, Some(span), None)
        }
        (Some(Misfit::Stray(keyword, span)), _) => {
            (format!("`{{% {keyword} %}}` stands outside of its block"), Some(span), None)
        }
        (Some(Misfit::Elsewhere(keyword, span)), _) => {
            let place = if origin.macro_name.is_some() { "macro" } else { "model" };
            let message = format!("`{{% {keyword} %}}` blocks are not supported in a {place}");
            (message, Some(span), Some(home(keyword).to_string()))
        }
        (None, Some(statement)) => {
            let near = nearest(statement, STATEMENTS.into_iter());
            let help = near.map(|near| format!("did you mean `{{% {near} %}}`?"));
            (format!("there is no tag `{{% {statement} %}}`"), None, help)
        }
        (None, None) => return None,
    };
    if let (Some(span), Some(first)) = (span, frames.first_mut()) {
        *first = frame_at(&origin, span);
    }
    Some(TemplateError { message, kind: Kind::Syntax, frames, help })
}

const STATEMENTS: [&str; 16] = [
    "if", "elif", "else", "endif", "for", "endfor", "set", "endset", "macro", "endmacro", "call",
    "endcall", "do", "filter", "raw", "include",
];

/// Where a block of dbt's belongs.
fn home(keyword: &str) -> &'static str {
    match keyword {
        "snapshot" => "put it into a file of its own under `snapshots/`",
        "docs" => "put it into a `.md` file",
        "materialization" => "put it into a file under `macros/`",
        _ => "put it into a file under `tests/generic/` or `macros/`",
    }
}

fn frame(error: &minijinja::Error, names: &dyn Names) -> Option<Frame> {
    let origin = names.origin(error.name()?)?;
    let span = match error.range() {
        Some(range) => origin.map.source_range(range),
        None => line_range(&origin, error.line()?),
    };
    let mut start = widened(origin.text, floor(origin.text, span.start));
    if span.is_empty() {
        // what the rewriter put behind a name is about the name
        let before = &origin.text[..start];
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
        start = before.trim_end_matches(is_name).len();
    }
    let end = floor(origin.text, span.end).max(start);
    Some(frame_at(&origin, start..end))
}

fn frame_at(origin: &Origin, span: Range<usize>) -> Frame {
    let before = &origin.text[..span.start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Frame {
        path: Arc::clone(origin.path),
        macro_name: origin.macro_name.map(str::to_string),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        span,
    }
}

/// The start of the whole chain `a.b[c].d()`: the engine's span of a link begins at the link before it.
fn widened(text: &str, mut start: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        let is_link = matches!(bytes.get(start), Some(b'.' | b'[' | b'('));
        let Some(before) = start.checked_sub(1).filter(|_| is_link) else { return start };
        start = match bytes[before] {
            b')' | b']' => opening(bytes, before),
            quote @ (b'"' | b'\'') => {
                bytes[..before].iter().rposition(|byte| *byte == quote).unwrap_or(before)
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'_' => before,
            _ => return start,
        };
        while start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b'_') {
            start -= 1;
        }
        if start > 0 && bytes[start - 1] == b'.' {
            start -= 1;
        }
    }
}

/// The bracket that the one at `close` belongs to.
fn opening(bytes: &[u8], close: usize) -> usize {
    let mut depth = 0usize;
    for at in (0..=close).rev() {
        match bytes[at] {
            b')' | b']' => depth += 1,
            b'(' | b'[' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    close
}

/// The start of the character that a byte is part of.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The range of a line of the rewritten text, which has the line breaks of the original.
fn line_range(origin: &Origin, line: usize) -> Range<usize> {
    let first = origin.map.source_range(0..0).start;
    let rest = origin.text.get(first..).unwrap_or_default();
    let mut start = first;
    for text in rest.split_inclusive('\n').take(line.saturating_sub(1)) {
        start += text.len();
    }
    let length = origin.text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    start..start + length
}

fn text_at(chain: &[&minijinja::Error], frame: &Frame, names: &dyn Names) -> Option<String> {
    let template =
        chain.iter().find_map(|error| error.name().filter(|n| names.origin(n).is_some()))?;
    let origin = names.origin(template)?;
    origin.text.get(frame.span.clone()).map(|text| text.trim().to_string())
}

fn explain(
    error: &minijinja::Error,
    cause: Option<&Cause>,
    failing: &str,
    names: &dyn Names,
) -> (Kind, String, Option<String>) {
    if let Some(cause) = cause {
        return match cause.undefined {
            Missing::Named => (cause.kind.clone(), cause.message.clone(), cause.help.clone()),
            Missing::Whole => undefined(failing, names),
            Missing::Receiver => undefined(receiver(callee(failing)), names),
        };
    }
    let detail = error.detail().unwrap_or_default();
    let plain = || {
        if detail.is_empty() { error.kind().to_string() } else { detail.to_string() }
    };
    match error.kind() {
        ErrorKind::OutOfFuel => {
            let message = format!("the template took more than {} steps", names.limits().fuel);
            let help = "look for a loop that does not end or that builds too much";
            (Kind::Limit, message, Some(help.to_string()))
        }
        ErrorKind::SyntaxError if detail.contains("recursion limit") => {
            let message = "brackets and blocks are nested too deep to be read".to_string();
            (Kind::Limit, message, None)
        }
        _ if detail.contains("recursion limit") => {
            let most = names.limits().recursion;
            let message = format!("macro calls are nested more than {most} levels deep");
            let help = "a call takes six levels or more; look for a macro that calls itself";
            (Kind::Limit, message, Some(help.to_string()))
        }
        ErrorKind::SyntaxError | ErrorKind::BadEscape => (Kind::Syntax, plain(), None),
        ErrorKind::UnknownFunction => undefined(callee(failing), names),
        ErrorKind::UndefinedError => undefined(receiver(failing), names),
        _ if detail.starts_with("value of type undefined is not callable") => {
            undefined(callee(failing), names)
        }
        ErrorKind::UnknownFilter => {
            (Kind::Undefined, plain().replacen("filter ", "the filter ", 1), None)
        }
        ErrorKind::UnknownTest => {
            (Kind::Undefined, plain().replacen("test ", "the test ", 1), None)
        }
        ErrorKind::TooManyArguments | ErrorKind::MissingArgument => {
            let message = format!("wrong arguments in `{}`: {}", shortened(failing), plain());
            (Kind::Arguments, message, None)
        }
        _ => (Kind::Value, plain(), None),
    }
}

fn undefined(expression: &str, names: &dyn Names) -> (Kind, String, Option<String>) {
    let message = format!("`{}` is undefined", shortened(expression));
    let packages = names.packages_with(expression);
    let help = if let Some(package) = packages.first() {
        Some(format!("package `{package}` has it: write `{package}.{expression}`"))
    } else {
        let known = names.known();
        nearest(expression, known.iter().map(String::as_str))
            .map(|near| format!("did you mean `{near}`?"))
    };
    (Kind::Undefined, message, help)
}

/// `a.b` of `a.b(c)`.
fn callee(expression: &str) -> &str {
    // the last balanced bracket is the call's own
    let bytes = expression.as_bytes();
    if bytes.last() != Some(&b')') {
        return expression;
    }
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return expression[..at].trim_end();
        }
    }
    expression
}

/// `a` of `a.b` and of `a[b]`.
fn receiver(expression: &str) -> &str {
    match expression.rfind(['.', '[']) {
        Some(at) if at > 0 => expression[..at].trim_end(),
        _ => expression,
    }
}

fn shortened(expression: &str) -> String {
    const LONGEST: usize = 60;
    let mut words = expression.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = words.char_indices().nth(LONGEST) {
        words.truncate(at);
        words.push('…');
    }
    words
}
