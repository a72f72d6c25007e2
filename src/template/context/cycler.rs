//! `cycler('a', 'b')`: gives its items by turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use crate::template::error::{Kind, fail};

/// `cycler(...)`
pub(crate) fn cycler(_: &mut State, items: &[Value]) -> Result<Value, Error> {
    if items.is_empty() {
        return Err(fail(Kind::Arguments, "`cycler` needs items to give"));
    }
    Ok(Value::from_object(Cycler { items: items.to_vec(), given: AtomicUsize::new(0) }))
}

#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    given: AtomicUsize,
}

impl Cycler {
    fn current(&self) -> Value {
        self.items[self.given.load(Ordering::Relaxed) % self.items.len()].clone()
    }
}

impl Object for Cycler {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "current").then(|| self.current())
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "next" => {
                let item = self.current();
                self.given.fetch_add(1, Ordering::Relaxed);
                Ok(item)
            }
            "reset" => {
                self.given.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
