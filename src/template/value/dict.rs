//! Python's `dict`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Kwargs, Object, Tuple, Value};
use minijinja::{Error, ErrorKind, State};

use super::{List, check_nesting, pairs_of, repr, settled};
use crate::template::error::{Kind, fail};
use crate::template::signature::bind;

/// A dict that changes in place and keeps the order of its keys.
pub(crate) struct Dict {
    entries: Mutex<IndexMap<Value, Value>>,
}

impl Dict {
    pub(crate) fn value(pairs: Vec<(Value, Value)>) -> Value {
        Value::from_object(Dict { entries: Mutex::new(pairs.into_iter().collect()) })
    }

    /// The pairs as they are now.
    pub(crate) fn pairs(&self) -> Vec<(Value, Value)> {
        self.locked().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The values that may hold others.
    pub(crate) fn containers(&self) -> Vec<Value> {
        self.locked().values().filter(|value| value.as_object().is_some()).cloned().collect()
    }

    fn locked(&self) -> MutexGuard<'_, IndexMap<Value, Value>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(self: &Arc<Self>, key: Value, value: Value) -> Result<(), Error> {
        let value = settled(value)?;
        if value.as_object().is_some() {
            check_nesting(Some(Arc::as_ptr(self).cast()), &value)?;
        }
        self.locked().insert(key, value);
        Ok(())
    }

    fn update(self: &Arc<Self>, state: &State, args: &[Value]) -> Result<Value, Error> {
        for more in args {
            let pairs = pairs_of(more)?;
            state.consume_fuel(pairs.len() as u64)?;
            for (key, value) in pairs {
                self.insert(key, value)?;
            }
        }
        Ok(Value::from(()))
    }

    fn pop(&self, key: &Value, default: Option<Value>) -> Result<Value, Error> {
        let missing = || fail(Kind::Value, format!("the dict has no key {}", repr(key)));
        self.locked().shift_remove(key).or(default).ok_or_else(missing)
    }
}

impl Object for Dict {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.locked().get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.locked().keys().cloned().collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.locked().len())
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "get" => {
                let [key, default] = bind("get", ["key", "default"], args)?.0;
                let key = key.unwrap_or_default();
                let found = self.locked().get(&key).cloned();
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            "items" => {
                let pair = |(key, value)| Value::from(Tuple::from([key, value]));
                Ok(List::value(self.pairs().into_iter().map(pair).collect()))
            }
            "keys" => Ok(List::value(self.locked().keys().cloned().collect())),
            "values" => Ok(List::value(self.locked().values().cloned().collect())),
            "update" => self.update(state, args),
            "pop" => {
                let [key, default] = bind("pop", ["key", "default"], args)?.0;
                self.pop(&key.unwrap_or_default(), default)
            }
            "popitem" => {
                let last = self.locked().pop();
                last.map(|(key, value)| Value::from(Tuple::from([key, value])))
                    .ok_or_else(|| fail(Kind::Value, "the dict is empty"))
            }
            "setdefault" => {
                let [key, default] = bind("setdefault", ["key", "default"], args)?.0;
                let key = key.unwrap_or_default();
                if let Some(value) = self.get_value(&key) {
                    return Ok(value);
                }
                let value = default.unwrap_or_else(|| Value::from(()));
                self.insert(key, value.clone())?;
                Ok(value)
            }
            "copy" => Ok(Dict::value(self.pairs())),
            "clear" => {
                self.locked().clear();
                Ok(Value::from(()))
            }
            _ => match self.get_value_by_str(method) {
                Some(entry) => entry.call(state, args),
                None => Err(Error::from(ErrorKind::UnknownMethod)),
            },
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (key, value)) in self.pairs().iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{}: {}", repr(key), repr(value))?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.pairs()).finish()
    }
}

/// `dict(mapping, key=value)`.
pub(crate) fn dict(from: Option<&Value>, more: &Kwargs) -> Result<Value, Error> {
    let mut pairs = match from {
        Some(from) => pairs_of(from)?,
        None => Vec::new(),
    };
    for key in more.args() {
        pairs.push((Value::from(key), more.peek::<Value>(key)?));
    }
    Ok(Dict::value(pairs))
}
