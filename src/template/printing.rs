//! What `{{ value }}` prints.

use std::sync::atomic::Ordering;

use minijinja::value::Value;
use minijinja::{Environment, Error, Output, State};

use super::error::printed_undefined;
use super::scope::Session;
use super::value::float;

/// Prints values as Python does.
pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.set_formatter(|output: &mut Output, _: &mut State, value: &Value| {
        if let Some(text) = value.as_str() {
            return Ok(output.write_str(text)?);
        }
        if value.is_number() && !value.is_integer() {
            let number = f64::try_from(value.clone())?;
            return Ok(output.write_str(&float(number))?);
        }
        Ok(write!(output, "{value}")?)
    });
    environment.add_filter("__printed", printed);
}

/// The filter on a name that nothing in its template gives a value: once SQL is being made, it must have one.
fn printed(state: &State, value: &Value) -> Result<Value, Error> {
    if value.is_undefined() {
        match state.get_extension::<Session>() {
            Some(session) if !session.scope.host.execute() => {
                session.scope.record.undefined_printed.store(true, Ordering::Relaxed);
            }
            _ => return Err(printed_undefined()),
        }
    }
    Ok(value.clone())
}
