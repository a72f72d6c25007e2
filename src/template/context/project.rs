//! `ref`, `source`, `config`, `var`, `env_var`, `doc`, `is_incremental`, `return`, `log` and `print`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Environment, Error, ErrorKind, State};

use crate::template::call::return_value;
use crate::template::error::{Kind, fail, fail_with_help, in_call};
use crate::template::host::Level;
use crate::template::renderer::LOAD;
use crate::template::rewrite::rewrite;
use crate::template::scope::{host, scope};
use crate::template::signature::{Arguments, bind, function};
use crate::template::value::{display, own_deep};

pub(crate) fn register(environment: &mut Environment<'static>) {
    let builtins = [
        ("ref", function(reference)),
        ("source", function(source)),
        ("config", Value::from_object(Config)),
        ("var", Value::from_object(Variables)),
        ("env_var", function(env_var)),
    ];
    for (name, value) in &builtins {
        environment.add_global(*name, value.clone());
    }
    environment.add_global("builtins", Value::from_pairs(builtins));
    environment.add_global("doc", function(doc));
    environment.add_global("log", function(log));
    environment.add_function("is_incremental", is_incremental);
    environment.add_global("render", function(render));
    environment.add_global(
        "return",
        function(|_, args| {
            let [value] = bind("return", ["data"], args)?.0;
            return_value(value)
        }),
    );
    environment.add_global(
        "print",
        function(|state, args| {
            let [message] = bind("print", ["msg"], args)?.required("print")?;
            host(state)?.message(Level::Info, &display(&message));
            Ok(Value::from(""))
        }),
    );
}

fn text(value: &Value, function: &str, what: &str) -> Result<String, Error> {
    if value.is_undefined() || value.is_none() {
        let given = if value.is_none() { "none" } else { "undefined" };
        return Err(fail(Kind::Arguments, format!("`{function}`: the {what} is {given}")));
    }
    Ok(display(value))
}

fn reference(state: &mut State, args: &[Value]) -> Result<Value, Error> {
    let arguments = Arguments::new(args)?;
    let wrong = |message: String| {
        let help = "write `ref('model')`, `ref('package', 'model')` or `ref('model', v=2)`";
        fail_with_help(Kind::Arguments, message, help)
    };
    let mut version = None;
    for (name, value) in &arguments.named {
        match name.as_str() {
            "v" | "version" if value.is_none() => {}
            "v" | "version" => version = Some(text(value, "ref", "version")?),
            _ => return Err(wrong(format!("`ref` has no argument `{name}`"))),
        }
    }
    let (package, name) = match arguments.positional {
        [name] => (None, text(name, "ref", "model")?),
        [package, name] => (Some(text(package, "ref", "package")?), text(name, "ref", "model")?),
        [] => return Err(wrong("`ref` needs the name of a model".to_string())),
        more => return Err(wrong(format!("`ref` takes 1 or 2 names, got {}", more.len()))),
    };
    let relation = host(state)?.reference(package.as_deref(), &name, version.as_deref())?;
    Ok(Value::from_object(relation))
}

fn source(state: &mut State, args: &[Value]) -> Result<Value, Error> {
    let given = bind("source", ["source_name", "table_name"], args)?.0;
    let [Some(source), Some(table)] = given else {
        let message = "`source` needs the name of a source and of its table";
        return Err(fail_with_help(Kind::Arguments, message, "write `source('source', 'table')`"));
    };
    let (source, table) = (text(&source, "source", "source")?, text(&table, "source", "table")?);
    Ok(Value::from_object(host(state)?.source(&source, &table)?))
}

fn env_var(state: &mut State, args: &[Value]) -> Result<Value, Error> {
    let [name, default] = bind("env_var", ["var", "default"], args)?.0;
    let name = text(&name.unwrap_or_default(), "env_var", "name")?;
    if let Some(value) = host(state)?.env_var(&name) {
        return Ok(Value::from(value));
    }
    default.ok_or_else(|| {
        let message = format!("the environment variable `{name}` is not set");
        let help = format!("set it, or give a default: `env_var('{name}', '...')`");
        fail_with_help(Kind::MissingEnvVar, message, help)
    })
}

fn doc(state: &mut State, args: &[Value]) -> Result<Value, Error> {
    let names = Arguments::new(args)?.positional.iter().map(display).collect::<Vec<_>>();
    let host = host(state)?;
    let found = match names.as_slice() {
        [name] => host.doc(None, name),
        [package, name] => host.doc(Some(package), name),
        _ => return Err(fail(Kind::Arguments, "`doc` takes the name of a docs block")),
    };
    let missing = || fail(Kind::Undefined, format!("there is no docs block `{}`", names.join(".")));
    found.map(Value::from).ok_or_else(missing)
}

/// How deep `render` may stand in `render`: each level has its own stack and fuel.
const DEEPEST_RENDER: usize = 20;

/// `render('{{ ... }}')`: a text as a template of its own, with the same context.
fn render(state: &mut State, args: &[Value]) -> Result<Value, Error> {
    let [text] = bind("render", ["string"], args)?.required("render")?;
    let text = display(&text);
    let template = format!("{LOAD}{}", rewrite(&text, 0..text.len(), Vec::new()).0);
    let scope = scope(state)?;
    if scope.record.nested.fetch_add(1, Ordering::Relaxed) >= DEEPEST_RENDER {
        return Err(fail(Kind::Limit, "`render` is nested too deep"));
    }
    let context = Value::from_dyn_object(Arc::clone(&scope));
    let captured = state
        .env()
        .template_from_named_str("render", &template)
        .and_then(|template| template.render_captured(context));
    scope.record.nested.fetch_sub(1, Ordering::Relaxed);
    let captured = captured.map_err(in_call)?;
    // it ran on fuel of its own
    let used = captured.state().fuel_levels().map_or(0, |(used, _)| used);
    state.consume_fuel(used)?;
    Ok(Value::from(captured.output()))
}

fn is_incremental(state: &State) -> Result<bool, Error> {
    Ok(host(state)?.is_incremental())
}

fn log(state: &mut State, args: &[Value]) -> Result<Value, Error> {
    let [message, info] = bind("log", ["msg", "info"], args)?.0;
    let level = if info.is_some_and(|info| info.is_true()) { Level::Info } else { Level::Debug };
    host(state)?.message(level, &display(&message.unwrap_or_default()));
    Ok(Value::from(""))
}

/// `config(...)`, `config.get(...)`, ...
#[derive(Debug)]
struct Config;

impl Config {
    fn setting(state: &State, key: &Value, default: Option<Value>) -> Result<Option<Value>, Error> {
        let found = host(state)?.config(key.as_str().unwrap_or_default());
        match found.filter(|value| !value.is_undefined()) {
            // a setting of none means that nobody set it
            Some(value) if !value.is_none() || default.is_none() => own_deep(&value).map(Some),
            _ => Ok(default),
        }
    }

    fn meta(state: &State, key: &Value) -> Result<Option<Value>, Error> {
        let meta = Config::setting(state, &Value::from("meta"), None)?;
        let found = meta.and_then(|meta| meta.get_item(key).ok());
        Ok(found.filter(|value| !value.is_undefined()))
    }

    fn validate(state: &mut State, value: &Value, validator: Option<Value>) -> Result<(), Error> {
        match validator.filter(|validator| !validator.is_none()) {
            Some(validator) => validator.call(state, std::slice::from_ref(value)).map(|_| ()),
            None => Ok(()),
        }
    }
}

impl Object for Config {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let arguments = Arguments::new(args)?;
        let mut settings = arguments.named;
        for map in arguments.positional {
            for (key, value) in crate::template::value::pairs_of(map)? {
                settings.push((display(&key), value));
            }
        }
        host(state)?.configure(settings);
        Ok(Value::from(""))
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "get" | "meta_get" => {
                let [key, default, validator] =
                    bind("config.get", ["name", "default", "validator"], args)?.0;
                let key = key.unwrap_or_default();
                let value = if method == "get" {
                    Config::setting(state, &key, default.clone())?
                } else {
                    Config::meta(state, &key)?.or(default.clone())
                };
                let value = value.unwrap_or_else(|| Value::from(()));
                Config::validate(state, &value, validator)?;
                Ok(value)
            }
            "require" | "meta_require" => {
                let [key, validator] = bind("config.require", ["name", "validator"], args)?.0;
                let key = key.unwrap_or_default();
                let set = if method == "require" {
                    Config::setting(state, &key, None)?
                } else {
                    Config::meta(state, &key)?
                };
                if set.is_none() && !host(state)?.execute() {
                    // the settings are still being collected
                    return Ok(Value::from(""));
                }
                let value = set.ok_or_else(|| {
                    let message = format!("the setting `{}` is required", display(&key));
                    fail(Kind::Raised, message)
                })?;
                Config::validate(state, &value, validator)?;
                Ok(value)
            }
            "set" => {
                let [key, value] = bind("config.set", ["name", "value"], args)?.required("set")?;
                host(state)?.configure(vec![(display(&key), value)]);
                Ok(Value::from(""))
            }
            "persist_relation_docs" | "persist_column_docs" => {
                let part = if method == "persist_relation_docs" { "relation" } else { "columns" };
                let docs = Config::setting(state, &Value::from("persist_docs"), None)?;
                let wanted = docs.and_then(|docs| docs.get_attr(part).ok());
                Ok(Value::from(wanted.is_some_and(|wanted| wanted.is_true())))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<config>")
    }
}

/// `var('name', default)` and `var.has_var('name')`.
#[derive(Debug)]
struct Variables;

impl Object for Variables {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let [name, default] = bind("var", ["name", "default"], args)?.0;
        let name = text(&name.unwrap_or_default(), "var", "name")?;
        if let Some(value) = host(state)?.var(&name) {
            return own_deep(&value);
        }
        default.ok_or_else(|| {
            let message = format!("the variable `{name}` is not set");
            let help = format!(
                "set it under `vars:` or with `--vars`, or give a default: `var('{name}', ...)`"
            );
            fail_with_help(Kind::MissingVar, message, help)
        })
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if method != "has_var" {
            return Err(Error::from(ErrorKind::UnknownMethod));
        }
        let [name] = bind("var.has_var", ["name"], args)?.required("var.has_var")?;
        Ok(Value::from(host(state)?.var(&display(&name)).is_some()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<var>")
    }
}
