//! `modules.re`: Python's regular expressions. Those with look-around give up after a million steps back.

use std::sync::Arc;

use fancy_regex::{Captures, Regex};
use minijinja::value::{Object, ObjectRepr, Tuple, Value};
use minijinja::{Error, ErrorKind, State};

use crate::template::error::{Kind, fail};
use crate::template::signature::{Arguments, bind};
use crate::template::value::{Dict, List, display};

/// `modules.re`. Look-around and references back, which need another engine, are refused.
#[derive(Debug)]
pub(crate) struct Expressions;

impl Object for Expressions {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(Value::from(match key.as_str()? {
            "IGNORECASE" | "I" => 2,
            "MULTILINE" | "M" => 8,
            "DOTALL" | "S" => 16,
            "VERBOSE" | "X" => 64,
            _ => return None,
        }))
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if method == "escape" {
            let [text] = bind(method, ["pattern"], args)?.required(method)?;
            return Ok(Value::from(fancy_regex::escape(&display(&text)).into_owned()));
        }
        let arguments = Arguments::new(args)?;
        let Some((pattern, rest)) = arguments.positional.split_first() else {
            return Err(fail(Kind::Arguments, format!("`re.{method}` takes a pattern")));
        };
        let named =
            |name: &str| arguments.named.iter().find(|(key, _)| key == name).map(|(_, v)| v);
        let flags = named("flags").or(match method {
            "compile" => rest.first(),
            "sub" | "subn" => rest.get(3),
            "split" => rest.get(2),
            _ => rest.get(1),
        });
        let pattern = match pattern.downcast_object_ref::<Pattern>() {
            Some(pattern) => pattern.0.clone(),
            None => compiled(&display(pattern), flags.and_then(Value::as_i64).unwrap_or(0))?,
        };
        if method == "compile" {
            return Ok(Value::from_object(Pattern(pattern)));
        }
        let mut texts = rest.to_vec();
        texts.extend(
            arguments.named.iter().filter(|(key, _)| key != "flags").map(|(_, v)| v.clone()),
        );
        search(&pattern, state, method, &texts)
    }
}

fn compiled(pattern: &str, flags: i64) -> Result<Regex, Error> {
    let letters = [(2, 'i'), (8, 'm'), (16, 's'), (64, 'x')];
    let set: String =
        letters.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, letter)| letter).collect();
    let prefix = if set.is_empty() { set } else { format!("(?{set})") };
    Regex::new(&format!("{prefix}{}", pattern.replace("\\Z", "\\z"))).map_err(|error| {
        fail(Kind::Value, format!("the pattern `{pattern}` cannot be used: {error}"))
    })
}

fn gave_up(error: fancy_regex::Error) -> Error {
    fail(Kind::Limit, format!("the pattern takes too long: {error}"))
}

fn all<'t>(regex: &Regex, text: &'t str) -> Result<Vec<Captures<'t>>, Error> {
    regex.captures_iter(text).collect::<Result<_, _>>().map_err(gave_up)
}

/// A compiled pattern.
#[derive(Debug)]
struct Pattern(Regex);

impl Object for Pattern {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        search(&self.0, state, method, args)
    }
}

fn search(regex: &Regex, state: &mut State, method: &str, args: &[Value]) -> Result<Value, Error> {
    let first = args.first().cloned().unwrap_or_default();
    let text = display(&first);
    let found = |captures: Option<Captures>| {
        captures
            .map_or(Value::from(()), |captures| Value::from_object(Match::new(regex, &captures)))
    };
    Ok(match method {
        "search" => found(regex.captures(&text).map_err(gave_up)?),
        "match" => {
            let first = regex.captures(&text).map_err(gave_up)?;
            found(first.filter(|captures| starts(captures) == 0))
        }
        "fullmatch" => {
            let whole = format!("^(?:{})$", regex.as_str());
            found(compiled(&whole, 0)?.captures(&text).map_err(gave_up)?)
        }
        "findall" => List::value(all(regex, &text)?.iter().map(listed).collect()),
        "finditer" => {
            let matches = all(regex, &text)?;
            let found = |captures| Value::from_object(Match::new(regex, captures));
            List::value(matches.iter().map(found).collect())
        }
        "split" => {
            let limit = args.get(1).and_then(Value::as_usize).filter(|limit| *limit > 0);
            List::value(split(regex, &text, limit.unwrap_or(usize::MAX))?)
        }
        "sub" => {
            let text = args.get(1).map(display).unwrap_or_default();
            let count = args.get(2).and_then(Value::as_usize).unwrap_or(0);
            Value::from(replace(regex, state, &first, &text, count)?)
        }
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

/// The parts between the matches, and what the groups of the matches hold.
fn split(regex: &Regex, text: &str, limit: usize) -> Result<Vec<Value>, Error> {
    let mut parts = Vec::new();
    let mut last = 0;
    for captures in all(regex, text)?.iter().take(limit) {
        let Some(whole) = captures.get(0) else { continue };
        parts.push(Value::from(&text[last..whole.start()]));
        last = whole.end();
        let group = |group: Option<fancy_regex::Match>| {
            group.map_or(Value::from(()), |group| Value::from(group.as_str()))
        };
        parts.extend(captures.iter().skip(1).map(group));
    }
    parts.push(Value::from(&text[last..]));
    Ok(parts)
}

fn starts(captures: &Captures) -> usize {
    captures.get(0).map_or(0, |whole| whole.start())
}

/// What `findall` gives for a match: the match, its only group, or a tuple of its groups.
fn listed(captures: &Captures) -> Value {
    let group = |index| captures.get(index).map_or("", |group| group.as_str());
    match captures.len() {
        1 | 2 => Value::from(group(captures.len() - 1)),
        len => {
            Value::from(Tuple::from((1..len).map(|i| Value::from(group(i))).collect::<Vec<_>>()))
        }
    }
}

fn replace(
    regex: &Regex,
    state: &mut State,
    by: &Value,
    text: &str,
    count: usize,
) -> Result<String, Error> {
    let mut result = String::new();
    let mut last = 0;
    for (index, captures) in all(regex, text)?.into_iter().enumerate() {
        if count > 0 && index >= count {
            break;
        }
        let Some(whole) = captures.get(0) else { continue };
        result.push_str(&text[last..whole.start()]);
        last = whole.end();
        match by.as_str() {
            Some(template) => expand(template, &captures, &mut result),
            None => {
                let given = Value::from_object(Match::new(regex, &captures));
                result.push_str(&display(&by.call(state, &[given])?));
            }
        }
    }
    result.push_str(&text[last..]);
    Ok(result)
}

/// `\1` and `\g<name>` in a replacement.
fn expand(template: &str, captures: &Captures, result: &mut String) {
    let mut rest = template;
    while let Some(at) = rest.find('\\') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.chars().take_while(char::is_ascii_digit).take(2).count();
        if digits > 0 {
            let group = rest[..digits].parse().ok().and_then(|index| captures.get(index));
            result.push_str(group.map_or("", |group| group.as_str()));
            rest = &rest[digits..];
        } else if let Some((name, after)) =
            rest.strip_prefix("g<").and_then(|rest| rest.split_once('>'))
        {
            let group = match name.parse() {
                Ok(index) => captures.get(index),
                Err(_) => captures.name(name),
            };
            result.push_str(group.map_or("", |group| group.as_str()));
            rest = after;
        } else if let Some(char) = rest.chars().next() {
            match char {
                'n' => result.push('\n'),
                't' => result.push('\t'),
                '\\' => result.push('\\'),
                other => result.extend(['\\', other]),
            }
            rest = &rest[char.len_utf8()..];
        } else {
            result.push('\\');
        }
    }
    result.push_str(rest);
}

/// A match with its groups.
#[derive(Debug)]
struct Match {
    groups: Vec<Option<(usize, usize, String)>>,
    names: Vec<Option<String>>,
}

impl Match {
    fn new(regex: &Regex, captures: &Captures) -> Self {
        let group =
            |group: fancy_regex::Match| (group.start(), group.end(), group.as_str().to_string());
        Match {
            groups: captures.iter().map(|found| found.map(group)).collect(),
            names: regex.capture_names().map(|name| name.map(str::to_string)).collect(),
        }
    }

    fn group(&self, key: &Value) -> Value {
        let index = key.as_usize().or_else(|| {
            let name = key.as_str()?;
            self.names.iter().position(|known| known.as_deref() == Some(name))
        });
        let found = index.and_then(|index| self.groups.get(index)).and_then(Option::as_ref);
        found.map_or(Value::from(()), |(_, _, text)| Value::from(text.as_str()))
    }
}

impl Object for Match {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        key.as_usize().map(|_| self.group(key))
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let whole = self.groups.first().and_then(Option::as_ref);
        Ok(match method {
            "group" if args.len() > 1 => {
                Value::from(Tuple::from(args.iter().map(|key| self.group(key)).collect::<Vec<_>>()))
            }
            "group" => self.group(args.first().unwrap_or(&Value::from(0))),
            "groups" => {
                let groups = (1..self.groups.len()).map(|index| self.group(&Value::from(index)));
                Value::from(Tuple::from(groups.collect::<Vec<_>>()))
            }
            "groupdict" => {
                let pair = |name: &String| {
                    let name = Value::from(name.as_str());
                    (name.clone(), self.group(&name))
                };
                Dict::value(self.names.iter().flatten().map(pair).collect())
            }
            "start" => Value::from(whole.map_or(0, |group| group.0)),
            "end" => Value::from(whole.map_or(0, |group| group.1)),
            "span" => {
                let (start, end) = whole.map_or((0, 0), |group| (group.0, group.1));
                Value::from(Tuple::from([Value::from(start), Value::from(end)]))
            }
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }
}
