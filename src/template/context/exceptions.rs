//! `exceptions.*`: how a template stops its own rendering, or warns.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Environment, Error, ErrorKind, State};

use crate::template::error::{Kind, fail};
use crate::template::host::Level;
use crate::template::scope::host;
use crate::template::signature::Arguments;
use crate::template::value::display;

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_global("exceptions", Value::from_object(Exceptions));
    environment.add_function("warn", |state: &State, text: String| -> Result<&str, Error> {
        host(state)?.message(Level::Warning, &text);
        Ok("")
    });
}

struct Exceptions;

impl Object for Exceptions {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let method = key.as_str()?.to_string();
        let known = method == "warn" || method.starts_with("raise_") || is_known(&method);
        known.then(|| Value::from_object(Raise(method)))
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        call(state, method, args)
    }
}

fn is_known(method: &str) -> bool {
    ["relation_wrong_type", "column_type_missing", "missing_config", "missing_relation"]
        .contains(&method)
}

fn call(state: &State, method: &str, args: &[Value]) -> Result<Value, Error> {
    let arguments = Arguments::new(args)?;
    let mut said: Vec<String> = arguments.positional.iter().map(display).collect();
    said.extend(arguments.named.iter().map(|(_, value)| display(value)));
    let first = said.first().cloned().unwrap_or_default();
    let message = match method {
        "warn" => {
            host(state)?.message(Level::Warning, &first);
            return Ok(Value::from(""));
        }
        "raise_compiler_error"
        | "raise_parsing_error"
        | "raise_database_error"
        | "raise_dbt_error"
        | "raise_fail_fast_error" => first,
        "raise_not_implemented" => format!("not implemented: {first}"),
        "missing_config" => {
            format!("the setting `{}` is missing", said.get(1).unwrap_or(&first))
        }
        "missing_materialization" => format!("there is no materialization for `{first}`"),
        "relation_wrong_type" => {
            let wanted = said.get(1).map_or("", String::as_str);
            format!("{first} is not a {wanted}")
        }
        _ if method.starts_with("raise_") || is_known(method) => said.join(": "),
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    };
    let message = if message.is_empty() { format!("`{method}` was called") } else { message };
    Err(fail(Kind::Raised, message))
}

impl fmt::Debug for Exceptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<exceptions>")
    }
}

/// `exceptions.raise_compiler_error` as a value.
struct Raise(String);

impl Object for Raise {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        call(state, &self.0, args)
    }
}

impl fmt::Debug for Raise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<exceptions.{}>", self.0)
    }
}
