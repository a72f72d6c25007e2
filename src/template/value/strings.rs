//! Methods of Python's strings, tuples and numbers that minijinja's `pycompat` leaves out, and lists in place
//! of the sequences it gives.

use minijinja::value::{Tuple, Value, ValueKind};
use minijinja::{Error, ErrorKind, State};

use super::{List, Set, own, repr};
use crate::template::error::{Kind, fail};
use crate::template::signature::bind;

/// What is called when a value does not know a method.
pub(crate) fn unknown_method(
    state: &mut State,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    let unknown = Error::from(ErrorKind::UnknownMethod);
    let result = match value.kind() {
        ValueKind::Undefined => return Err(fail(Kind::Undefined, "")),
        ValueKind::String => string(value.as_str().unwrap_or_default(), method, args)?,
        ValueKind::Seq | ValueKind::Iterable if value.is_tuple() => None,
        ValueKind::Seq | ValueKind::Iterable
            if value.downcast_object_ref::<List>().is_some()
                || value.downcast_object_ref::<Set>().is_some() =>
        {
            return Err(no_method(value, method));
        }
        ValueKind::Seq | ValueKind::Iterable => {
            // `(a + b).append(c)` would change nothing anyone sees; the reading methods are meant
            return own(value.clone())?.call_method(state, method, args);
        }
        ValueKind::Number if method == "is_integer" => {
            let number = f64::try_from(value.clone()).unwrap_or(0.5);
            Some(Value::from(number.fract() == 0.0))
        }
        ValueKind::Plain if is_text_method(method) => {
            let text = Value::from(value.to_string());
            return text.call_method(state, method, args);
        }
        _ => None,
    };
    if let Some(result) = result {
        return Ok(result);
    }
    if value.is_tuple() && method == "index" {
        let items = super::items_of(value)?;
        let [item] = bind("index", ["item"], args)?.required("index")?;
        let found = items.iter().position(|other| *other == item).map(Value::from);
        return found.ok_or_else(|| fail(Kind::Value, "the value is not in the tuple"));
    }
    match minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args) {
        Ok(result) => own(result),
        Err(error) if error.kind() == ErrorKind::UnknownMethod => match value.get_attr(method) {
            Ok(entry) if !entry.is_undefined() => entry.call(state, args),
            _ => Err(no_method(value, method)),
        },
        Err(error) if error.detail().is_none() => Err(unknown.with_source(error)),
        Err(error) => Err(error),
    }
}

fn no_method(value: &Value, method: &str) -> Error {
    let kind = match value.kind() {
        ValueKind::None => "None".to_string(),
        ValueKind::Plain => repr(value),
        ValueKind::Iterable if value.downcast_object_ref::<Set>().is_some() => "a set".to_string(),
        kind => format!("a {kind}"),
    };
    fail(Kind::Value, format!("{kind} has no method `{method}`"))
}

fn is_text_method(method: &str) -> bool {
    const METHODS: [&str; 14] = [
        "upper",
        "lower",
        "replace",
        "split",
        "strip",
        "lstrip",
        "rstrip",
        "startswith",
        "endswith",
        "find",
        "format",
        "title",
        "join",
        "count",
    ];
    METHODS.contains(&method)
}

fn string(text: &str, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(match method {
        "zfill" => {
            let (width, _) = width_and_fill(method, args)?;
            let (sign, digits) = match text.strip_prefix(['-', '+']) {
                Some(digits) => (&text[..1], digits),
                None => ("", text),
            };
            let missing = width.saturating_sub(text.chars().count());
            Value::from(format!("{sign}{}{digits}", "0".repeat(missing)))
        }
        "ljust" | "rjust" | "center" => Value::from(justified(text, method, args)?),
        "swapcase" => Value::from(text.chars().flat_map(swapped).collect::<String>()),
        "casefold" => Value::from(text.to_lowercase()),
        "removeprefix" | "removesuffix" => {
            let [affix] = bind(method, ["affix"], args)?.required(method)?;
            let affix = affix.as_str().unwrap_or_default();
            let cut = if method == "removeprefix" {
                text.strip_prefix(affix)
            } else {
                text.strip_suffix(affix)
            };
            Value::from(cut.unwrap_or(text))
        }
        "partition" | "rpartition" => partition(text, method, args)?,
        "rsplit" => rsplit(text, args)?,
        "index" | "rindex" => {
            let [needle] = bind(method, ["text"], args)?.required(method)?;
            let needle = needle.as_str().unwrap_or_default();
            let at = if method == "index" { text.find(needle) } else { text.rfind(needle) };
            let at = at.ok_or_else(|| fail(Kind::Value, "substring not found"))?;
            Value::from(text[..at].chars().count())
        }
        "isidentifier" => {
            let mut chars = text.chars();
            let first = chars.next().is_some_and(|char| char.is_alphabetic() || char == '_');
            Value::from(first && chars.all(|char| char.is_alphanumeric() || char == '_'))
        }
        "isdecimal" => Value::from(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())),
        "istitle" => {
            Value::from(!text.is_empty() && minijinja::filters::title(text.into()) == text)
        }
        "encode" | "decode" => Value::from(text),
        _ => return Ok(None),
    }))
}

/// Wider padding is a mistake, not a wish.
const WIDEST: usize = 1_000_000;

fn width_and_fill(method: &str, args: &[Value]) -> Result<(usize, String), Error> {
    let [width, fill] = bind(method, ["width", "fill"], args)?.0;
    let width = width.and_then(|width| width.as_usize()).unwrap_or(0);
    if width > WIDEST {
        return Err(fail(Kind::Limit, format!("`{method}` to a width of more than {WIDEST}")));
    }
    Ok((width, fill.map_or_else(|| " ".to_string(), |fill| fill.to_string())))
}

fn justified(text: &str, method: &str, args: &[Value]) -> Result<String, Error> {
    let (width, fill) = width_and_fill(method, args)?;
    let missing = width.saturating_sub(text.chars().count());
    let left = match method {
        "ljust" => 0,
        "rjust" => missing,
        // Python puts the odd blank to the left only if the width is odd too
        _ => missing / 2 + (missing & width & 1),
    };
    Ok(format!("{}{text}{}", fill.repeat(left), fill.repeat(missing - left)))
}

fn swapped(char: char) -> Vec<char> {
    if char.is_uppercase() { char.to_lowercase().collect() } else { char.to_uppercase().collect() }
}

fn partition(text: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let [separator] = bind(method, ["separator"], args)?.required(method)?;
    let separator = separator.as_str().unwrap_or_default();
    let parts = if method == "partition" {
        text.split_once(separator).map_or([text, "", ""], |(a, b)| [a, separator, b])
    } else {
        text.rsplit_once(separator).map_or(["", "", text], |(a, b)| [a, separator, b])
    };
    Ok(Value::from(Tuple::from(parts.map(Value::from))))
}

fn rsplit(text: &str, args: &[Value]) -> Result<Value, Error> {
    let [separator, limit] = bind("rsplit", ["sep", "maxsplit"], args)?.0;
    let pieces = limit.and_then(|limit| limit.as_usize()).map_or(usize::MAX, |limit| limit + 1);
    let mut parts: Vec<&str> = match separator.as_ref().and_then(Value::as_str) {
        Some(separator) => text.rsplitn(pieces, separator).collect(),
        None => text.rsplitn(pieces, char::is_whitespace).filter(|part| !part.is_empty()).collect(),
    };
    parts.reverse();
    Ok(List::value(parts.into_iter().map(Value::from).collect()))
}
