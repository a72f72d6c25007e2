//! `modules.datetime` and `modules.pytz`: Python's dates and times as far as templates use them.
//!
//! The engine has no operators for objects: the rewriter makes `a + b` and `a - b` filters, which end in [`plus`]
//! and [`minus`].

mod class;
mod delta;
mod moment;
mod zone;

use jiff::Timestamp;
use minijinja::Error;
use minijinja::value::Value;

use class::Class;
use delta::{Delta, DeltaClass};
use moment::{Moment, Part};
pub(crate) use zone::Pytz;
use zone::Zone;

use crate::template::error::{Kind, fail};

/// A timestamp as an aware datetime in UTC.
pub(crate) fn value(timestamp: Timestamp) -> Value {
    Value::from_object(Zone::utc().moment(timestamp))
}

/// The module `datetime`.
pub(crate) fn module(now: Timestamp) -> Value {
    let class = |part| Value::from_object(Class { part, now });
    let utc = || Value::from_object(Zone::utc());
    Value::from_pairs([
        ("datetime", class(Part::DateTime)),
        ("date", class(Part::Date)),
        ("time", class(Part::Time)),
        ("timedelta", Value::from_object(DeltaClass)),
        ("timezone", Value::from_pairs([("utc", utc())])),
        ("UTC", utc()),
    ])
}

/// `one + other`, if these are dates, times or lengths of time.
pub(crate) fn plus(one: &Value, other: &Value) -> Option<Result<Value, Error>> {
    let (moment, delta) = (one.downcast_object_ref::<Moment>(), other.downcast_object_ref());
    if let (Some(moment), Some(Delta(delta))) = (moment, delta) {
        return Some(moment.moved(*delta));
    }
    let first = one.downcast_object_ref::<Delta>()?;
    if let Some(moment) = other.downcast_object_ref::<Moment>() {
        return Some(moment.moved(first.0));
    }
    let second = other.downcast_object_ref::<Delta>()?;
    Some(Delta::value(first.0.checked_add(second.0)))
}

/// `one - other`, if these are dates, times or lengths of time.
pub(crate) fn minus(one: &Value, other: &Value) -> Option<Result<Value, Error>> {
    if let Some(moment) = one.downcast_object_ref::<Moment>() {
        if let Some(delta) = other.downcast_object_ref::<Delta>() {
            return Some(moment.moved(-delta.0));
        }
        return Some(moment.since(other.downcast_object_ref::<Moment>()?));
    }
    let (first, second) = (one.downcast_object_ref::<Delta>()?, other.downcast_object_ref());
    let Delta(second) = second?;
    Some(Delta::value(first.0.checked_sub(*second)))
}

fn wrong(error: impl std::fmt::Display) -> Error {
    fail(Kind::Value, error.to_string())
}
