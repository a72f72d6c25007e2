//! Python's `list`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::{check_nesting, items_of, repr, settled};
use crate::template::error::{Kind, fail};
use crate::template::signature::bind;

/// A list that changes in place; everyone who holds it sees the change.
pub(crate) struct List {
    items: Mutex<Vec<Value>>,
}

impl List {
    pub(crate) fn value(items: Vec<Value>) -> Value {
        Value::from_object(List { items: Mutex::new(items) })
    }

    /// The items as they are now.
    pub(crate) fn items(&self) -> Vec<Value> {
        self.locked().clone()
    }

    /// The items that may hold others.
    pub(crate) fn containers(&self) -> Vec<Value> {
        self.locked().iter().filter(|item| item.as_object().is_some()).cloned().collect()
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Value>> {
        // a panic elsewhere cannot leave a half-changed Vec behind
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(self: &Arc<Self>, at: usize, item: Value) -> Result<Value, Error> {
        let item = settled(item)?;
        if item.as_object().is_some() {
            check_nesting(Some(Arc::as_ptr(self).cast()), &item)?;
        }
        let mut items = self.locked();
        let at = at.min(items.len());
        items.insert(at, item);
        Ok(Value::from(()))
    }

    fn extend(self: &Arc<Self>, state: &State, more: &Value) -> Result<Value, Error> {
        let more = items_of(more)?;
        state.consume_fuel(more.len() as u64)?;
        for item in more.iter().filter(|item| item.as_object().is_some()) {
            check_nesting(Some(Arc::as_ptr(self).cast()), item)?;
        }
        self.locked().extend(more);
        Ok(Value::from(()))
    }

    fn pop(&self, index: Option<&Value>) -> Result<Value, Error> {
        let mut items = self.locked();
        let at = index.map_or(Some(-1), Value::as_i64);
        match at.and_then(|at| position(at, items.len())) {
            Some(at) if at < items.len() => Ok(items.remove(at)),
            _ if items.is_empty() => Err(fail(Kind::Value, "pop from an empty list")),
            _ => Err(fail(Kind::Value, "pop index out of range")),
        }
    }

    fn find(&self, item: &Value) -> Option<usize> {
        self.items().iter().position(|other| other == item)
    }

    fn remove(&self, item: &Value) -> Result<Value, Error> {
        match self.find(item) {
            Some(at) => {
                self.locked().remove(at);
                Ok(Value::from(()))
            }
            None => Err(fail(Kind::Value, format!("{} is not in the list", repr(item)))),
        }
    }

    fn sort(&self, state: &State, reverse: bool) -> Result<Value, Error> {
        let mut items = self.items();
        state.consume_fuel(items.len() as u64)?;
        items.sort();
        if reverse {
            items.reverse();
        }
        *self.locked() = items;
        Ok(Value::from(()))
    }
}

/// The place that an index of Python means.
fn position(index: i64, len: usize) -> Option<usize> {
    if index < 0 {
        len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.locked().get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Iter(Box::new(Live { list: Arc::clone(self), at: 0 }))
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
            "append" => {
                let [item] = bind("append", ["item"], args)?.required("append")?;
                self.insert(usize::MAX, item)
            }
            "extend" => {
                let [items] = bind("extend", ["items"], args)?.required("extend")?;
                self.extend(state, &items)
            }
            "insert" => {
                let [at, item] = bind("insert", ["index", "item"], args)?.required("insert")?;
                let len = self.locked().len();
                let at = at.as_i64().and_then(|at| position(at, len)).unwrap_or(0);
                self.insert(at, item)
            }
            "pop" => {
                let [index] = bind("pop", ["index"], args)?.0;
                self.pop(index.as_ref())
            }
            "remove" => {
                let [item] = bind("remove", ["item"], args)?.required("remove")?;
                self.remove(&item)
            }
            "index" => {
                let [item] = bind("index", ["item"], args)?.required("index")?;
                let missing = || fail(Kind::Value, format!("{} is not in the list", repr(&item)));
                self.find(&item).map(Value::from).ok_or_else(missing)
            }
            "count" => {
                let [item] = bind("count", ["item"], args)?.required("count")?;
                Ok(Value::from(self.items().iter().filter(|other| **other == item).count()))
            }
            "sort" => {
                let [reverse] = bind("sort", ["reverse"], args)?.0;
                self.sort(state, reverse.is_some_and(|reverse| reverse.is_true()))
            }
            "reverse" => {
                self.locked().reverse();
                Ok(Value::from(()))
            }
            "copy" => Ok(List::value(self.items())),
            "clear" => {
                self.locked().clear();
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, item) in self.items().iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(&repr(item))?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

/// Iterates as Python does: over the list as it is at each step, not as it was at the start.
struct Live {
    list: Arc<List>,
    at: usize,
}

impl Iterator for Live {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let item = self.list.locked().get(self.at).cloned();
        self.at += 1;
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.list.locked().len().saturating_sub(self.at);
        (left, Some(left))
    }
}
