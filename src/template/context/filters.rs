//! The filters that minijinja has not or has otherwise, and those that the rewriter puts in.

use minijinja::value::{Kwargs, Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, filters};

use crate::template::error::{Kind, fail};
use crate::template::signature::bind;
use crate::template::value::{
    Dict, List, check_nesting, display, items_of, number, own, pairs_of, python_literal, repr,
    settled, to_json,
};

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("__list", literal_list);
    environment.add_filter("__dict", literal_dict);
    environment.add_filter("__own", settle);
    environment.add_filter("__mod", percent);
    environment.add_filter("as_text", |value: &Value| display(value));
    environment.add_filter("as_native", as_native);
    environment.add_filter("as_bool", as_bool);
    environment.add_filter("as_number", as_number);
    environment.add_filter("string", |value: &Value| display(value));
    environment.add_filter("tojson", html_safe_json);
    environment.add_filter("list", |state: &State, value: Value| own(filters::list(state, value)?));
    environment.add_filter("int", int);
    environment.add_filter("float", to_float);
    for name in ["default", "d"] {
        environment.add_filter(name, default);
    }
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("sort", |state: &State, value: Value, args: Rest<ValueOrKwargs>| {
        let kwargs = named("sort", ["reverse", "case_sensitive", "attribute"], args)?;
        own(filters::sort(state, value, kwargs)?)
    });
    environment.add_filter("batch", |s: &State, v: Value, count: usize, fill: Option<Value>| {
        own(filters::batch(s, v, count, fill)?)
    });
    environment.add_filter("slice", |s: &State, v: Value, count: usize, fill: Option<Value>| {
        own(filters::slice(s, v, count, fill)?)
    });
    environment.add_filter("dictsort", |value: &Value, args: Rest<ValueOrKwargs>| {
        let kwargs = named("dictsort", ["case_sensitive", "by", "reverse"], args)?;
        own(filters::dictsort(value, kwargs)?)
    });
    environment.add_filter(
        "truncate",
        |s: &mut State, value: &Value, args: Rest<ValueOrKwargs>| {
            let kwargs = named("truncate", ["length", "killwords", "end", "leeway"], args)?;
            minijinja_contrib::filters::truncate(s, value, kwargs)
        },
    );
    environment.add_filter("map", |s: &mut State, v: Value, args: Rest<ValueOrKwargs>| {
        Ok::<_, Error>(List::value(filters::map(s, v, args)?))
    });
    environment.add_filter("wordcount", |text: String| text.split_whitespace().count());
    environment.add_filter("center", |state: &mut State, text: Value, width: Option<usize>| {
        let text = Value::from(display(&text));
        text.call_method(state, "center", &[Value::from(width.unwrap_or(80))])
    });
    environment.add_filter("striptags", minijinja_contrib::filters::striptags);
    environment.add_filter("filesizeformat", minijinja_contrib::filters::filesizeformat);
    environment.add_filter("random", |value: &Value| {
        // a compiler gives the same text each time: the first stands for any
        let items = items_of(value)?;
        Ok::<_, Error>(items.into_iter().next().unwrap_or_default())
    });
}

fn literal_list(value: &Value) -> Result<Value, Error> {
    let items: Vec<Value> = items_of(value)?.into_iter().map(settled).collect::<Result<_, _>>()?;
    for item in items.iter().filter(|item| item.as_object().is_some()) {
        check_nesting(None, item)?;
    }
    Ok(List::value(items))
}

fn literal_dict(value: &Value) -> Result<Value, Error> {
    let mut pairs = pairs_of(value)?;
    for (_, value) in &mut pairs {
        *value = settled(std::mem::take(value))?;
    }
    for (_, value) in pairs.iter().filter(|(_, value)| value.as_object().is_some()) {
        check_nesting(None, value)?;
    }
    Ok(Dict::value(pairs))
}

/// What `{% set %}` assigns: a sum of lists or a slice becomes a list now, not each time it is read.
fn settle(state: &State, value: Value) -> Result<Value, Error> {
    if value.kind() == ValueKind::Iterable {
        state.consume_fuel(value.len().unwrap_or(0) as u64)?;
        return own(value);
    }
    Ok(value)
}

/// `x | default('y', boolean=true)`
fn default(value: Value, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let [other, boolean] = bind("default", ["default_value", "boolean"], &args.into_values())?.0;
    let replaced = value.is_undefined()
        || boolean.is_some_and(|boolean| boolean.is_true()) && !value.is_true();
    Ok(if replaced { other.unwrap_or_else(|| Value::from("")) } else { value })
}

/// A text, or the pairs of a query, as they stand in a URL.
fn urlencode(value: &Value) -> Result<String, Error> {
    if matches!(value.kind(), ValueKind::Map | ValueKind::Seq | ValueKind::Iterable) {
        let pair = |(key, value): &(Value, Value)| {
            let part = |value| quoted_for_url(&display(value), "").replace("%20", "+");
            format!("{}={}", part(key), part(value))
        };
        let pairs: Vec<String> = pairs_of(value)?.iter().map(pair).collect();
        return Ok(pairs.join("&"));
    }
    Ok(quoted_for_url(&display(value), "/"))
}

fn quoted_for_url(text: &str, safe: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        let char = char::from(byte);
        if char.is_ascii_alphanumeric() || "-._~".contains(char) || safe.contains(char) {
            quoted.push(char);
        } else {
            quoted.push_str(&format!("%{byte:02X}"));
        }
    }
    quoted
}

/// `'%s' % x`
fn percent(text: &Value, arguments: Value) -> Result<String, Error> {
    let mut arguments = if arguments.is_tuple() { items_of(&arguments)? } else { vec![arguments] };
    let text = without_repr(text.as_str().unwrap_or_default(), &mut arguments);
    minijinja::formatting::format(minijinja::formatting::FormatStyle::Printf, &text, &arguments)
}

/// `%r` of a value as `%s` of what Python calls its representation.
fn without_repr(text: &str, arguments: &mut [Value]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut arguments = arguments.iter_mut();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        let flags = |char: char| "#0- +.123456789".contains(char);
        let length = 1 + from[1..].chars().take_while(|char| flags(*char)).count();
        result.push_str(before);
        result.push_str(&from[..length]);
        rest = &from[length..];
        let Some(conversion) = rest.chars().next() else { break };
        rest = &rest[conversion.len_utf8()..];
        result.push(if conversion == 'r' { 's' } else { conversion });
        match conversion {
            'r' => {
                if let Some(argument) = arguments.next() {
                    *argument = Value::from(repr(argument));
                }
            }
            '%' | '(' => {}
            _ => drop(arguments.next()),
        }
    }
    result.push_str(rest);
    result
}

/// The arguments of a filter, by name: minijinja takes some by name only that Jinja2 takes by position too.
fn named<const N: usize>(
    filter: &str,
    names: [&str; N],
    args: Rest<ValueOrKwargs>,
) -> Result<Kwargs, Error> {
    let bound = bind(filter, names, &args.into_values())?.0;
    let given = names.into_iter().zip(bound).filter_map(|(name, value)| Some((name, value?)));
    Ok(given.collect())
}

fn int(state: &State, value: &Value, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let [default, base] = bind("int", ["default", "base"], &args.into_values())?.0;
    let base = base.and_then(|base| u32::try_from(base).ok());
    let read =
        filters::int(state, value, None, base, Kwargs::from_iter([("", Value::UNDEFINED); 0]));
    Ok(read.ok().or(default).unwrap_or_else(|| Value::from(0)))
}

fn to_float(state: &State, value: &Value, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let [default] = bind("float", ["default"], &args.into_values())?.0;
    let read = filters::float(state, value, None, Kwargs::from_iter([("", Value::UNDEFINED); 0]));
    Ok(read.ok().or(default).unwrap_or_else(|| Value::from(0.0)))
}

fn as_native(value: Value) -> Value {
    value.as_str().and_then(python_literal).unwrap_or(value)
}

fn as_bool(value: Value) -> Result<Value, Error> {
    let read = as_native(value.clone());
    let wrong = || fail(Kind::Value, format!("`as_bool`: `{}` is no boolean", display(&value)));
    let text = value.as_str().map(str::to_lowercase);
    match text.as_deref() {
        Some("true") => Ok(Value::from(true)),
        Some("false") => Ok(Value::from(false)),
        _ if read.kind() == ValueKind::Bool => Ok(read),
        _ => Err(wrong()),
    }
}

fn as_number(value: Value) -> Result<Value, Error> {
    if value.is_number() {
        return Ok(value);
    }
    let wrong = || fail(Kind::Value, format!("`as_number`: `{}` is no number", display(&value)));
    value.as_str().and_then(number).ok_or_else(wrong)
}

/// Jinja2's own `tojson` is meant for HTML: sorted keys and no character that HTML knows.
fn html_safe_json(value: &Value, indent: Option<usize>, kwargs: Kwargs) -> Result<Value, Error> {
    let indent = indent.or(kwargs.get::<Option<usize>>("indent")?);
    let json = to_json(value, true, indent)?;
    let escapes = [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\'', "\\u0027")];
    let escape = |char| escapes.iter().find(|(escaped, _)| *escaped == char);
    let mut safe = String::with_capacity(json.len());
    for char in json.chars() {
        match escape(char) {
            Some((_, escaped)) => safe.push_str(escaped),
            None => safe.push(char),
        }
    }
    Ok(Value::from(safe))
}
