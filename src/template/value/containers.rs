//! Turning the engine's immutable sequences and maps into lists and dicts that a template may change.

use minijinja::value::{Tuple, Value, ValueKind};

use super::{Dict, List, Set};
use crate::template::error::{Kind, fail};

/// How deep lists and dicts may stand in each other. Printing, comparing and dropping them recurse.
const DEEPEST: usize = 200;

/// Makes a sequence or map of the engine's own, and everything that is merely computed lazily, a list or a
/// dict; other values stay as they are.
pub(crate) fn own(value: Value) -> Result<Value, minijinja::Error> {
    if value.as_object().is_none() || value.is_tuple() || is_ours(&value) {
        return Ok(value);
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => Ok(List::value(items_of(&value)?)),
        ValueKind::Map if is_plain_map(&value) => Ok(Dict::value(pairs_of(&value)?)),
        _ => Ok(value),
    }
}

/// A lazily computed sequence is computed once, as a list.
pub(crate) fn settled(value: Value) -> Result<Value, minijinja::Error> {
    match value.kind() {
        ValueKind::Iterable => own(value),
        _ => Ok(value),
    }
}

/// As [`own`], for everything inside the value too, and what is ours is copied: for what comes from outside,
/// such as JSON, a variable or the arguments of a test.
pub(crate) fn own_deep(value: &Value) -> Result<Value, minijinja::Error> {
    match value.kind() {
        ValueKind::Seq if !value.is_tuple() => {
            let items = items_of(value)?.iter().map(own_deep).collect::<Result<_, _>>()?;
            Ok(List::value(items))
        }
        ValueKind::Seq => {
            let items = items_of(value)?.iter().map(own_deep).collect::<Result<Vec<_>, _>>()?;
            Ok(Value::from(Tuple::from(items)))
        }
        ValueKind::Iterable => match value.downcast_object_ref::<Set>() {
            Some(set) => Ok(Set::value(set.items())),
            None => Ok(value.clone()),
        },
        ValueKind::Map if is_plain_map(value) || is_ours(value) => {
            let pairs = pairs_of(value)?
                .into_iter()
                .map(|(key, value)| Ok((key, own_deep(&value)?)))
                .collect::<Result<_, minijinja::Error>>()?;
            Ok(Dict::value(pairs))
        }
        _ => Ok(value.clone()),
    }
}

/// The items that iterating over a value gives.
pub(crate) fn items_of(value: &Value) -> Result<Vec<Value>, minijinja::Error> {
    value.try_iter()?.checked().collect()
}

/// The pairs of a map, or of a sequence of pairs.
pub(crate) fn pairs_of(value: &Value) -> Result<Vec<(Value, Value)>, minijinja::Error> {
    let is_map = value.kind() == ValueKind::Map;
    if let (true, Some(object)) = (is_map, value.as_object()) {
        return Ok(object.try_iter_pairs().into_iter().flatten().collect());
    }
    items_of(value)?
        .iter()
        .map(|pair| match <[Value; 2]>::try_from(items_of(pair)?) {
            Ok([key, value]) => Ok((key, value)),
            Err(_) => Err(fail(Kind::Value, format!("expected a pair, got {}", pair.kind()))),
        })
        .collect()
}

/// Refuses a value that would make a container hold itself or stand too deep.
///
/// # Errors
/// [`Kind::Limit`] beyond 200 levels, [`Kind::Value`] for a container within itself.
pub(crate) fn check_nesting(
    container: Option<*const ()>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    // an explicit stack, since the value may be as deep as the stack is not
    let mut open = vec![(value.clone(), 1)];
    while let Some((value, depth)) = open.pop() {
        let children = if let Some(list) = value.downcast_object::<List>() {
            if container == Some(std::sync::Arc::as_ptr(&list).cast()) {
                return Err(fail(Kind::Value, "a list cannot hold itself"));
            }
            list.containers()
        } else if let Some(dict) = value.downcast_object::<Dict>() {
            if container == Some(std::sync::Arc::as_ptr(&dict).cast()) {
                return Err(fail(Kind::Value, "a dict cannot hold itself"));
            }
            dict.containers()
        } else if let Some(set) = value.downcast_object::<Set>() {
            if container == Some(std::sync::Arc::as_ptr(&set).cast()) {
                return Err(fail(Kind::Value, "a set cannot hold itself"));
            }
            set.containers()
        } else if let Some(tuple) = value.downcast_object_ref::<Tuple>() {
            tuple.iter().filter(|item| item.as_object().is_some()).cloned().collect()
        } else {
            continue;
        };
        if depth > DEEPEST {
            let message = format!("lists and dicts are nested more than {DEEPEST} levels deep");
            return Err(fail(Kind::Limit, message));
        }
        open.extend(children.into_iter().map(|child| (child, depth + 1)));
    }
    Ok(())
}

fn is_ours(value: &Value) -> bool {
    value.downcast_object_ref::<List>().is_some()
        || value.downcast_object_ref::<Dict>().is_some()
        || value.downcast_object_ref::<Set>().is_some()
}

/// A map that is data and not one of the context's objects or a `namespace`.
fn is_plain_map(value: &Value) -> bool {
    type Data = indexmap::IndexMap<Value, Value>;
    value.downcast_object_ref::<Data>().is_some() || value.is_kwargs()
}
