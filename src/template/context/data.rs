//! Functions on plain data: JSON, YAML, sets, zips, ranges and hashes.

use std::fmt;
use std::sync::Arc;

use md5::{Digest, Md5};
use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Tuple, Value, ValueKind};
use minijinja::{Environment, Error, State};

use super::cycler::cycler;
use crate::template::error::{Kind, fail};
use crate::template::scope::host;
use crate::template::signature::{bind, function};
use crate::template::value::{
    List, Set, dict, display, from_json, items_of, own_deep, to_json, to_yaml,
};

/// The longest `range`. Longer ones are mistakes, and their items cost fuel anyway.
const LONGEST_RANGE: u64 = 10_000_000;

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_global(
        "tojson",
        function(|_, args| {
            let [value, default, sort] = bind("tojson", ["value", "default", "sort_keys"], args)?.0;
            let sort = sort.is_some_and(|sort| sort.is_true());
            match (to_json(&value.unwrap_or_default(), sort, None), default) {
                (Ok(json), _) => Ok(Value::from(json)),
                (Err(_), Some(default)) => Ok(default),
                (Err(error), None) => Err(error),
            }
        }),
    );
    environment.add_global(
        "fromjson",
        function(|_, args| {
            let [text, default] = bind("fromjson", ["string", "default"], args)?.0;
            match (from_json(&display(&text.unwrap_or_default())), default) {
                (Ok(value), _) => Ok(value),
                (Err(_), Some(default)) => Ok(default),
                (Err(error), None) => Err(fail(Kind::Value, format!("`fromjson`: {error}"))),
            }
        }),
    );
    environment.add_global(
        "toyaml",
        function(|_, args| {
            let [value, _default, sort] =
                bind("toyaml", ["value", "default", "sort_keys"], args)?.0;
            to_yaml(&value.unwrap_or_default(), sort.is_some_and(|sort| sort.is_true()))
                .map(Value::from)
        }),
    );
    environment.add_global(
        "fromyaml",
        function(|state, args| {
            let [text, default] = bind("fromyaml", ["value", "default"], args)?.0;
            match (host(state)?.yaml(&display(&text.unwrap_or_default())), default) {
                (Ok(value), _) => own_deep(&value),
                (Err(_), Some(default)) => Ok(default),
                (Err(error), None) => Err(error.into()),
            }
        }),
    );
    environment.add_global("set", function(|_, args| set("set", args)));
    environment.add_global("set_strict", function(|_, args| set("set_strict", args)));
    environment.add_global("zip", function(|_, args| zip(args, false)));
    environment.add_global("zip_strict", function(|_, args| zip(args, true)));
    environment.add_function("local_md5", |text: String| {
        let digest = Md5::digest(text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    environment.add_global("range", function(range));
    environment.add_function("dict", |from: Option<&Value>, more: Kwargs| dict(from, &more));
    environment.add_global("cycler", function(cycler));
    environment.add_function("joiner", minijinja_contrib::globals::joiner);
}

/// A set of the items; `none` for what cannot be iterated, as in dbt.
fn set(name: &str, args: &[Value]) -> Result<Value, Error> {
    let [value, default] = bind(name, ["value", "default"], args)?.0;
    let value = value.unwrap_or_default();
    let items = match (items_of(&value), default) {
        (Ok(items), _) => items,
        (Err(_), Some(default)) => return Ok(default),
        (Err(_), None) if name == "set" => return Ok(Value::from(())),
        (Err(error), None) => return Err(error),
    };
    Ok(Set::value(items))
}

fn zip(args: &[Value], strict: bool) -> Result<Value, Error> {
    let mut columns = Vec::new();
    for arg in args.iter().filter(|arg| !arg.is_kwargs()) {
        match items_of(arg) {
            Ok(items) if arg.kind() != ValueKind::None => columns.push(items),
            _ if strict => {
                return Err(fail(Kind::Value, format!("`zip_strict`: {} is no list", arg.kind())));
            }
            _ => return Ok(Value::from(())),
        }
    }
    let length = columns.iter().map(Vec::len).min().unwrap_or(0);
    let row = |index: usize| {
        let cells: Vec<Value> = columns.iter().map(|column| column[index].clone()).collect();
        Value::from(Tuple::from(cells))
    };
    Ok(List::value((0..length).map(row).collect()))
}

fn range(_: &mut State, args: &[Value]) -> Result<Value, Error> {
    let [first, second, step] = bind("range", ["start", "stop", "step"], args)?.0;
    let integer = |value: Option<Value>, default: i64| match value {
        None => Ok(default),
        Some(value) => value.as_i64().ok_or_else(|| {
            fail(Kind::Arguments, format!("`range` takes integers, got {}", display(&value)))
        }),
    };
    let (start, stop) = match second {
        Some(second) => (integer(first, 0)?, integer(Some(second), 0)?),
        None => (0, integer(first, 0)?),
    };
    let step = integer(step, 1)?;
    if step == 0 {
        return Err(fail(Kind::Arguments, "the step of `range` is 0"));
    }
    let distance = if step > 0 { stop.saturating_sub(start) } else { start.saturating_sub(stop) };
    let length = u64::try_from(distance).unwrap_or(0).div_ceil(step.unsigned_abs());
    if length > LONGEST_RANGE {
        let message = format!("`range` of {length} items is longer than {LONGEST_RANGE}");
        return Err(fail(Kind::Limit, message));
    }
    let length = usize::try_from(length).unwrap_or(0);
    Ok(Value::from_object(Range { start, stop, step, length }))
}

/// Python's `range`, whose items are computed when they are asked for.
#[derive(Debug)]
struct Range {
    start: i64,
    stop: i64,
    step: i64,
    length: usize,
}

impl Object for Range {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key.as_usize().filter(|index| *index < self.length)?;
        let distance = self.step.checked_mul(i64::try_from(index).ok()?)?;
        Some(Value::from(self.start.checked_add(distance)?))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.length)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "range({}, {}", self.start, self.stop)?;
        if self.step != 1 {
            write!(f, ", {}", self.step)?;
        }
        f.write_str(")")
    }
}
