//! Python's `set`. It keeps the order in which its items came, so that a template renders the same each time.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexSet;
use minijinja::value::{DynObject, Enumerator, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::{check_nesting, items_of, repr};
use crate::template::error::{Kind, fail};
use crate::template::signature::bind;

/// A set that changes in place.
pub(crate) struct Set {
    items: Mutex<IndexSet<Value>>,
}

impl Set {
    pub(crate) fn value(items: impl IntoIterator<Item = Value>) -> Value {
        Value::from_object(Set { items: Mutex::new(items.into_iter().collect()) })
    }

    /// The items as they are now.
    pub(crate) fn items(&self) -> IndexSet<Value> {
        self.locked().clone()
    }

    /// `self - other`
    pub(crate) fn without(&self, other: &Set) -> Value {
        let other = other.items();
        Set::value(self.items().into_iter().filter(|item| !other.contains(item)))
    }

    /// The items that may hold others.
    pub(crate) fn containers(&self) -> Vec<Value> {
        self.locked().iter().filter(|item| item.as_object().is_some()).cloned().collect()
    }

    fn locked(&self) -> MutexGuard<'_, IndexSet<Value>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(self: &Arc<Self>, item: Value) -> Result<Value, Error> {
        if item.as_object().is_some() {
            check_nesting(Some(Arc::as_ptr(self).cast()), &item)?;
        }
        self.locked().insert(item);
        Ok(Value::from(()))
    }

    fn remove(&self, item: &Value) -> Result<Value, Error> {
        if self.locked().shift_remove(item) {
            return Ok(Value::from(()));
        }
        Err(fail(Kind::Value, format!("{} is not in the set", repr(item))))
    }

    /// What is left of the items when each of the others had its say.
    fn combined(&self, method: &str, others: &[IndexSet<Value>]) -> IndexSet<Value> {
        let mut items = self.items();
        for other in others {
            match method {
                "union" => items.extend(other.iter().cloned()),
                "difference" => items.retain(|item| !other.contains(item)),
                "intersection" => items.retain(|item| other.contains(item)),
                _ => items = items.symmetric_difference(other).cloned().collect(),
            }
        }
        items
    }
}

fn sets_of(state: &State, args: &[Value]) -> Result<Vec<IndexSet<Value>>, Error> {
    let set = |arg: &Value| {
        let items = items_of(arg)?;
        state.consume_fuel(items.len() as u64)?;
        Ok(items.into_iter().collect())
    };
    args.iter().map(set).collect()
}

impl Object for Set {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.locked().iter().cloned().collect())
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
        let one = || bind(method, ["item"], args)?.required(method).map(|[item]| item);
        match method {
            "add" => self.add(one()?),
            "remove" => self.remove(&one()?),
            "discard" => Ok(self.remove(&one()?).unwrap_or_else(|_| Value::from(()))),
            "pop" => {
                let first = self.locked().shift_remove_index(0);
                first.ok_or_else(|| fail(Kind::Value, "pop from an empty set"))
            }
            "clear" => {
                self.locked().clear();
                Ok(Value::from(()))
            }
            "copy" => Ok(Set::value(self.items())),
            "issubset" | "issuperset" | "isdisjoint" => {
                let mine = self.items();
                let others: IndexSet<Value> = items_of(&one()?)?.into_iter().collect();
                Ok(Value::from(match method {
                    "issubset" => mine.is_subset(&others),
                    "issuperset" => mine.is_superset(&others),
                    _ => mine.is_disjoint(&others),
                }))
            }
            "union" | "difference" | "intersection" | "symmetric_difference" => {
                Ok(Set::value(self.combined(method, &sets_of(state, args)?)))
            }
            "update"
            | "difference_update"
            | "intersection_update"
            | "symmetric_difference_update" => {
                let method = method.strip_suffix("_update").unwrap_or("union");
                let others = sets_of(state, args)?;
                for item in others.iter().flatten().filter(|item| item.as_object().is_some()) {
                    check_nesting(Some(Arc::as_ptr(self).cast()), item)?;
                }
                let items = self.combined(method, &others);
                *self.locked() = items;
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let (mut one, mut other) = (self.items(), other.downcast_ref::<Set>()?.items());
        if one == other {
            return Some(Ordering::Equal);
        }
        one.sort();
        other.sort();
        Some(one.iter().cmp(other.iter()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = self.items();
        if items.is_empty() {
            return f.write_str("set()");
        }
        let items: Vec<String> = items.iter().map(repr).collect();
        write!(f, "{{{}}}", items.join(", "))
    }
}
