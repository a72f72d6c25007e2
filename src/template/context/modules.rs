//! `modules.*`: the parts of Python's library that dbt gives to templates.

use jiff::Timestamp;
use minijinja::value::Value;

use super::datetime;
use super::expressions::Expressions;
use super::itertools::Itertools;

/// The value of `modules`.
pub(crate) fn modules(now: Timestamp) -> Value {
    Value::from_pairs([
        ("datetime", datetime::module(now)),
        ("pytz", Value::from_object(datetime::Pytz)),
        ("re", Value::from_object(Expressions)),
        ("itertools", Value::from_object(Itertools)),
    ])
}
