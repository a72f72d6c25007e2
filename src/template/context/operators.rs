//! `a + b` and `a - b` where an operand may be an object: dates, lengths of time, sets.
//!
//! The engine's operators know numbers, texts and lists only, so the rewriter makes filters of them in templates
//! that may need more. What is not ours is left to the engine.

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, State, context};

use super::datetime;
use crate::template::value::Set;

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("__add", add);
    environment.add_filter("__sub", subtract);
}

fn add(state: &State, one: Value, other: Value) -> Result<Value, Error> {
    if let Some(sum) = datetime::plus(&one, &other) {
        return sum;
    }
    if let (Some(one), Some(other)) = (integer(&one), integer(&other))
        && let Some(sum) = one.checked_add(other)
    {
        return Ok(Value::from(sum));
    }
    if one.kind() == ValueKind::String {
        let length = one.len().unwrap_or(0) + other.len().unwrap_or(0);
        state.consume_fuel(length as u64 / 64)?;
    }
    engine(state, "a + b", one, other)
}

fn subtract(state: &State, one: Value, other: Value) -> Result<Value, Error> {
    if let Some(difference) = datetime::minus(&one, &other) {
        return difference;
    }
    if let (Some(one), Some(other)) =
        (one.downcast_object_ref::<Set>(), other.downcast_object_ref::<Set>())
    {
        return Ok(one.without(other));
    }
    if let (Some(one), Some(other)) = (integer(&one), integer(&other))
        && let Some(difference) = one.checked_sub(other)
    {
        return Ok(Value::from(difference));
    }
    engine(state, "a - b", one, other)
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().filter(|_| value.is_integer() && value.kind() == ValueKind::Number)
}

/// The engine's own answer.
fn engine(state: &State, operation: &str, a: Value, b: Value) -> Result<Value, Error> {
    let result = state.env().compile_expression(operation)?.eval(context! { a, b });
    // the place is that of the filter, not of this expression
    result.map_err(|error| match error.detail() {
        Some(detail) => Error::new(error.kind(), detail.to_string()),
        None => Error::from(error.kind()),
    })
}
