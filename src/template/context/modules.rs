//! `modules.*`: the parts of Python's library that dbt gives to templates.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::datetime;
use super::expressions::Expressions;
use super::itertools::Itertools;
use crate::template::error::{Kind, fail};
use crate::template::value::display;

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
