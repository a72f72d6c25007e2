//! Calling macros that other files declare.
//!
//! The engine binds a macro to the rendering that declared it. So a macro is declared in each rendering that calls
//! it: a tiny macro of the boot template includes the macro's own template, in this very state, and the value is kept
//! for the next call. Compiling happens once a thread, declaring costs about a microsecond.

use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, PoisonError};

use minijinja::value::{Enumerator, Kwargs, Object, ObjectRepr, Tuple, Value};
use minijinja::{Error, State};

use super::error::{Kind, fail, fail_with_help, in_call};
use super::library::{BUILTIN_PACKAGE, Entry, MacroId, MacroLibrary};
use super::scope::{Session, scope};
use super::signature::{Arguments, arguments, unknown_argument};
use super::suggest::nearest;
use super::value::{Dict, own, settled};

/// A macro as templates hold it.
pub(crate) struct MacroRef {
    library: Arc<MacroLibrary>,
    id: MacroId,
}

impl MacroRef {
    pub(crate) fn value(library: &Arc<MacroLibrary>, id: MacroId) -> Value {
        Value::from_object(MacroRef { library: Arc::clone(library), id })
    }

    fn entry(&self) -> Result<&Entry, Error> {
        self.library.entry(self.id).ok_or_else(|| fail(Kind::Value, "the macro is gone"))
    }

    fn invoke(&self, state: &mut State, args: &[Value]) -> Result<Value, Error> {
        let entry = self.entry()?;
        let session = state.get_extension::<Session>();
        let loaded = session.and_then(|session| session.loaded.get(&self.id)).cloned();
        let declared = match loaded {
            Some(declared) => declared,
            None => load(state, entry, self.id).map_err(in_call)?,
        };
        let values = bind_macro(entry, args)?;
        match declared.call(state, &values) {
            Ok(value) => Ok(value),
            Err(error) => match error.source().and_then(|source| source.downcast_ref::<Return>()) {
                Some(Return(value)) => Ok(value.clone()),
                None => Err(in_call(error)),
            },
        }
    }
}

/// Declares a macro in the running rendering.
fn load(state: &mut State, entry: &Entry, id: MacroId) -> Result<Value, Error> {
    let scope = scope(state)?;
    scope.record.called.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    let loader = state.get_extension::<Session>().map(|session| session.loader.clone());
    let before = scope.enter(entry.package);
    let result = loader.unwrap_or_default().call(state, &[Value::from(template_name(id))]);
    scope.enter(before);
    result?;
    let session = state.get_extension_mut::<Session>();
    let kept = session.and_then(|session| {
        let kept = session.kept.take()?;
        session.loaded.insert(id, kept.clone());
        Some(kept)
    });
    kept.ok_or_else(|| fail(Kind::Value, format!("`{}` declares no macro", entry.info.name)))
}

/// The engine's name for the template of a macro.
pub(crate) fn template_name(id: MacroId) -> String {
    format!("macro {}", id.0)
}

/// The macro of a template name.
pub(crate) fn template_id(name: &str) -> Option<MacroId> {
    name.strip_prefix("macro ")?.parse().ok().map(MacroId)
}

fn bind_macro(entry: &Entry, args: &[Value]) -> Result<Vec<Value>, Error> {
    let info = &entry.info;
    let given = Arguments::new(args)?;
    let wrong = |message: String| {
        let help = format!("its signature is `{}`", info.signature());
        fail_with_help(Kind::Arguments, message, help)
    };
    let count = info.arguments.len();
    if given.positional.len() > count && !info.varargs {
        let (most, got) = (arguments(count), given.positional.len());
        return Err(wrong(format!("macro `{}` takes at most {most}, got {got}", info.name)));
    }
    let mut values: Vec<Option<Value>> = vec![None; count];
    for (slot, value) in values.iter_mut().zip(given.positional) {
        *slot = Some(settled(value.clone())?);
    }
    let mut kwargs = Vec::new();
    let mut caller = None;
    for (name, value) in given.named {
        match info.arguments.iter().position(|argument| argument.name == name) {
            Some(index) if values[index].is_some() => {
                return Err(wrong(format!("macro `{}` got `{name}` twice", info.name)));
            }
            Some(index) => values[index] = Some(settled(value)?),
            None if name == "caller" && info.caller => caller = Some(value),
            None if info.kwargs => kwargs.push((Value::from(name), settled(value)?)),
            None if name == "caller" => {
                return Err(wrong(format!("macro `{}` does not use `caller()`", info.name)));
            }
            None => {
                let known: Vec<_> = info.arguments.iter().map(|arg| arg.name.as_str()).collect();
                let error = unknown_argument(&info.name, &name, &known);
                let message = error.source().map(ToString::to_string).unwrap_or_default();
                return Err(wrong(format!("macro {message}")));
            }
        }
    }
    let mut all = Vec::with_capacity(count + 3);
    all.extend(values.into_iter().map(Option::unwrap_or_default));
    if info.varargs {
        let rest = given.positional.get(count..).unwrap_or_default();
        let rest = rest.iter().cloned().map(settled).collect::<Result<Vec<_>, _>>()?;
        all.push(Value::from(Tuple::from(rest)));
    }
    if info.kwargs {
        all.push(Dict::value(kwargs));
    }
    if let Some(caller) = caller {
        all.push(Value::from(Kwargs::from_iter([("caller", caller)])));
    }
    Ok(all)
}

impl Object for MacroRef {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let info = &self.entry().ok()?.info;
        match key.as_str()? {
            "name" | "__name__" => Some(Value::from(info.name.as_str())),
            "package_name" => Some(Value::from(&*info.package)),
            _ => None,
        }
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.invoke(state, args)
    }
}

impl fmt::Debug for MacroRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<macro {}>", self.entry().map_or("?", |entry| entry.info.name.as_str()))
    }
}

/// What dbt has as macros of its own package and we have as functions.
const FUNCTIONS: [&str; 3] = ["run_query", "statement", "is_incremental"];

/// The macros of a package: `dbt_utils` in `dbt_utils.star(...)`.
pub(crate) struct Package {
    library: Arc<MacroLibrary>,
    name: String,
}

impl Package {
    pub(crate) fn value(library: &Arc<MacroLibrary>, name: &str) -> Option<Value> {
        library.packages().any(|package| package == name).then(|| {
            Value::from_object(Package { library: Arc::clone(library), name: name.to_string() })
        })
    }
}

impl Object for Package {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let id = self.library.in_package(&self.name, key.as_str()?)?;
        Some(MacroRef::value(&self.library, id))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut names: Vec<_> = self.library.names_in(&self.name).map(Value::from).collect();
        names.sort();
        Enumerator::Values(names)
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let Some(id) = self.library.in_package(&self.name, method) else {
            if self.name == BUILTIN_PACKAGE && FUNCTIONS.contains(&method) {
                let function = state.lookup(method).unwrap_or_default();
                return function.call(state, args);
            }
            let message = format!("package `{}` has no macro `{method}`", self.name);
            return Err(match nearest(method, self.library.names_in(&self.name)) {
                Some(near) => fail_with_help(
                    Kind::Undefined,
                    message,
                    format!("did you mean `{}.{near}`?", self.name),
                ),
                None => fail(Kind::Undefined, message),
            });
        };
        MacroRef { library: Arc::clone(&self.library), id }.invoke(state, args)
    }
}

impl fmt::Debug for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<package {}>", self.name)
    }
}

/// What `return(value)` throws: the call of the macro around it catches it.
#[derive(Debug)]
pub(crate) struct Return(Value);

impl fmt::Display for Return {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`return` stands outside of a macro")
    }
}

impl std::error::Error for Return {}

/// `return(value)`
pub(crate) fn return_value(value: Option<Value>) -> Result<Value, Error> {
    let value = own(value.unwrap_or_else(|| Value::from(())))?;
    let detail = "`return` stands outside of a macro";
    Err(Error::new(minijinja::ErrorKind::InvalidOperation, detail).with_source(Return(value)))
}
