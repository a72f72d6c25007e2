//! `modules.*`: the parts of Python's library that dbt gives to templates.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use minijinja::value::{Object, ObjectRepr, Tuple, Value};
use minijinja::{Error, ErrorKind, State};
use regex::{Captures, Regex, RegexBuilder};

use super::datetime;
use crate::template::error::{Kind, fail};
use crate::template::signature::{Arguments, bind};
use crate::template::value::{Dict, List, display, items_of};

/// The value of `modules`.
pub(crate) fn modules(now: Timestamp) -> Value {
    Value::from_pairs([
        ("datetime", datetime::module(now)),
        ("pytz", Value::from_object(Pytz)),
        ("re", Value::from_object(Expressions)),
        ("itertools", Value::from_object(Itertools)),
    ])
}

/// The time zone UTC.
pub(crate) fn utc() -> Value {
    Value::from_object(Utc)
}

#[derive(Debug)]
struct Utc;

impl Object for Utc {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "localize" => {
                let moment = args.first().cloned().unwrap_or_default();
                moment.call_method(state, "astimezone", &[])
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UTC")
    }
}

/// `modules.pytz`, with the one time zone that needs no data.
#[derive(Debug)]
struct Pytz;

impl Object for Pytz {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        matches!(key.as_str()?, "utc" | "UTC").then(utc)
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let zone = args.first().map(display).unwrap_or_default();
        match method {
            "timezone" if zone.eq_ignore_ascii_case("utc") || zone == "Etc/UTC" => Ok(utc()),
            "timezone" => {
                Err(fail(Kind::Value, format!("the time zone `{zone}` is not supported, only UTC")))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// `modules.re`. Look-around and references back, which need another engine, are refused.
#[derive(Debug)]
struct Expressions;

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
            return Ok(Value::from(regex::escape(&display(&text))));
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
    let named = pattern.replace("(?P<", "(?<").replace("\\Z", "\\z");
    RegexBuilder::new(&named)
        .case_insensitive(flags & 2 != 0)
        .multi_line(flags & 8 != 0)
        .dot_matches_new_line(flags & 16 != 0)
        .ignore_whitespace(flags & 64 != 0)
        .build()
        .map_err(|error| {
            fail(Kind::Value, format!("the pattern `{pattern}` cannot be used: {error}"))
        })
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
        "search" => found(regex.captures(&text)),
        "match" => found(regex.captures(&text).filter(|captures| starts(captures) == 0)),
        "fullmatch" => {
            let whole = format!("^(?:{})$", regex.as_str());
            found(compiled(&whole, 0)?.captures(&text))
        }
        "findall" => {
            List::value(regex.captures_iter(&text).map(|captures| listed(&captures)).collect())
        }
        "finditer" => {
            let matches = regex.captures_iter(&text);
            List::value(matches.map(|c| Value::from_object(Match::new(regex, &c))).collect())
        }
        "split" => {
            let limit = args.get(1).and_then(Value::as_usize).filter(|limit| *limit > 0);
            let parts: Vec<&str> = match limit {
                Some(limit) => regex.splitn(&text, limit + 1).collect(),
                None => regex.split(&text).collect(),
            };
            List::value(parts.into_iter().map(Value::from).collect())
        }
        "sub" => {
            let text = args.get(1).map(display).unwrap_or_default();
            let count = args.get(2).and_then(Value::as_usize).unwrap_or(0);
            Value::from(replace(regex, state, &first, &text, count)?)
        }
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
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
    for (index, captures) in regex.captures_iter(text).enumerate() {
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
        let group = |group: regex::Match| (group.start(), group.end(), group.as_str().to_string());
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

/// `modules.itertools`
#[derive(Debug)]
struct Itertools;

/// Combinations grow without warning.
const MOST: usize = 1_000_000;

impl Object for Itertools {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let arguments = Arguments::new(args)?;
        let positional = arguments.positional;
        let lists = |values: &[Value]| values.iter().map(items_of).collect::<Result<Vec<_>, _>>();
        let size = || positional.get(1).and_then(Value::as_usize);
        let rows = match method {
            "chain" => return Ok(List::value(lists(positional)?.concat())),
            "product" => {
                let repeat = arguments.named.iter().find(|(name, _)| name == "repeat");
                let repeat = repeat.and_then(|(_, times)| times.as_usize()).unwrap_or(1);
                let lists = lists(positional)?;
                let all: Vec<_> = (0..repeat.min(20)).flat_map(|_| lists.iter().cloned()).collect();
                product(&all)?
            }
            "combinations" | "permutations" => {
                let items = lists(positional.get(..1).unwrap_or_default())?.concat();
                arrangements(&items, size().unwrap_or(items.len()), method == "combinations")?
            }
            "zip_longest" => {
                let columns = lists(positional)?;
                let length = columns.iter().map(Vec::len).max().unwrap_or(0);
                let cell = |column: &Vec<Value>, row: usize| {
                    column.get(row).cloned().unwrap_or_else(|| Value::from(()))
                };
                (0..length).map(|row| columns.iter().map(|c| cell(c, row)).collect()).collect()
            }
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        };
        Ok(List::value(rows.into_iter().map(|row| Value::from(Tuple::from(row))).collect()))
    }
}

fn too_many() -> Error {
    fail(Kind::Limit, format!("`itertools` would make more than {MOST} items"))
}

fn product(lists: &[Vec<Value>]) -> Result<Vec<Vec<Value>>, Error> {
    let mut rows = vec![Vec::new()];
    for list in lists {
        if rows.len().saturating_mul(list.len()) > MOST {
            return Err(too_many());
        }
        let extended = |row: &Vec<Value>| {
            let row = row.clone();
            list.iter().map(move |item| [row.as_slice(), std::slice::from_ref(item)].concat())
        };
        rows = rows.iter().flat_map(|row| extended(row).collect::<Vec<_>>()).collect();
    }
    Ok(rows)
}

/// The ways to pick `size` items, in order if they are combinations.
fn arrangements(items: &[Value], size: usize, ordered: bool) -> Result<Vec<Vec<Value>>, Error> {
    let mut picks: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..size {
        let mut longer = Vec::new();
        for pick in &picks {
            let first = if ordered { pick.last().map_or(0, |last| last + 1) } else { 0 };
            let free = (first..items.len()).filter(|index| !pick.contains(index));
            longer.extend(free.map(|index| [pick.as_slice(), &[index]].concat()));
            if longer.len() > MOST {
                return Err(too_many());
            }
        }
        picks = longer;
    }
    let row = |pick: Vec<usize>| pick.into_iter().map(|index| items[index].clone()).collect();
    Ok(picks.into_iter().map(row).collect())
}
