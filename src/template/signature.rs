//! Binding the arguments of a call to parameters, as Python does, with messages that name the function.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Kwargs, Object, ObjectRepr, Value};
use minijinja::{Error, State};

use super::error::{Kind, fail};
use super::suggest::nearest;

/// The arguments of a call: those by position and those by name.
pub(crate) struct Arguments<'a> {
    pub positional: &'a [Value],
    pub named: Vec<(String, Value)>,
}

impl<'a> Arguments<'a> {
    pub(crate) fn new(args: &'a [Value]) -> Result<Self, Error> {
        let Some((last, positional)) = args.split_last().filter(|(last, _)| last.is_kwargs())
        else {
            return Ok(Arguments { positional: args, named: Vec::new() });
        };
        let kwargs = Kwargs::try_from(last.clone())?;
        let named = kwargs
            .args()
            .map(|name| Ok((name.to_string(), kwargs.peek::<Value>(name)?)))
            .collect::<Result<_, Error>>()?;
        Ok(Arguments { positional, named })
    }
}

/// What each parameter got.
pub(crate) struct Bound<const N: usize>(pub [Option<Value>; N]);

impl<const N: usize> Bound<N> {
    /// All parameters, none of which may be missing.
    pub(crate) fn required(self, function: &str) -> Result<[Value; N], Error> {
        let mut values = [const { Value::UNDEFINED }; N];
        for (value, bound) in values.iter_mut().zip(self.0) {
            *value = bound.ok_or_else(|| {
                let message = format!("`{function}` takes {}", arguments(N));
                fail(Kind::Arguments, message)
            })?;
        }
        Ok(values)
    }
}

/// Binds the arguments of a built-in function.
pub(crate) fn bind<const N: usize>(
    function: &str,
    parameters: [&str; N],
    args: &[Value],
) -> Result<Bound<N>, Error> {
    let arguments_given = Arguments::new(args)?;
    let mut bound = [const { None }; N];
    if arguments_given.positional.len() > N {
        let given = arguments_given.positional.len();
        let message = format!("`{function}` takes at most {}, got {given}", arguments(N));
        return Err(fail(Kind::Arguments, message));
    }
    for (slot, value) in bound.iter_mut().zip(arguments_given.positional) {
        *slot = Some(value.clone());
    }
    for (name, value) in arguments_given.named {
        let Some(index) = parameters.iter().position(|parameter| *parameter == name) else {
            return Err(unknown_argument(function, &name, &parameters));
        };
        if bound[index].is_some() {
            let message = format!("`{function}` got `{name}` twice");
            return Err(fail(Kind::Arguments, message));
        }
        bound[index] = Some(value);
    }
    Ok(Bound(bound))
}

/// The error of an argument that the function does not know.
pub(crate) fn unknown_argument(function: &str, name: &str, known: &[&str]) -> Error {
    let hint = nearest(name, known.iter().copied())
        .map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
    fail(Kind::Arguments, format!("`{function}` has no argument `{name}`{hint}"))
}

type Implementation = fn(&mut State, &[Value]) -> Result<Value, Error>;

/// A function that gets its arguments as they are given, to bind them itself.
pub(crate) fn function(implementation: Implementation) -> Value {
    Value::from_object(Function(implementation))
}

struct Function(Implementation);

impl Object for Function {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        (self.0)(state, args)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<function>")
    }
}

pub(crate) fn arguments(count: usize) -> String {
    if count == 1 { "1 argument".to_string() } else { format!("{count} arguments") }
}
