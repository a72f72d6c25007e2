//! `run_query`, `statement` and `load_result`: what a template asks the database.

use std::sync::Arc;

use minijinja::value::{Kwargs, Tuple, Value};
use minijinja::{Environment, Error, State};

use super::table::table_value;
use crate::template::error::{Kind, fail, fail_with_help};
use crate::template::host::{Introspection, Table};
use crate::template::scope::{Session, host};
use crate::template::signature::{bind, function};
use crate::template::value::{Dict, List, display};

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_global("run_query", function(run_query));
    environment.add_function("statement", statement);
    environment.add_function("load_result", load_result);
    environment.add_function("fetch_result", load_result);
    environment.add_function("store_result", store_result);
    environment.add_function("store_raw_result", store_result);
}

/// The database, or the error that says that there is none.
pub(crate) fn database(state: &State, what: &str) -> Result<Arc<dyn Introspection>, Error> {
    host(state)?.introspection().ok_or_else(|| {
        let message = format!("`{what}` needs a connection to the database");
        fail_with_help(
            Kind::NeedsConnection,
            message,
            "the node is compiled when it is built, with the database at hand",
        )
    })
}

fn run_query(state: &mut State, args: &[Value]) -> Result<Value, Error> {
    let [sql] = bind("run_query", ["sql"], args)?.required("run_query")?;
    if !host(state)?.execute() {
        return Ok(Value::from(()));
    }
    let table = database(state, "run_query")?.query(&display(&sql))?;
    Ok(table_value(table))
}

/// `{% call statement('name', fetch_result=true) %} sql {% endcall %}`
fn statement(
    state: &mut State,
    name: Option<Value>,
    kwargs: Kwargs,
) -> Result<&'static str, Error> {
    if !host(state)?.execute() {
        return Ok("");
    }
    let Ok(caller) = kwargs.get::<Value>("caller") else {
        return Err(fail(
            Kind::Arguments,
            "`statement` is called with `{% call statement(...) %}`",
        ));
    };
    let name = name.or_else(|| kwargs.get::<Value>("name").ok()).filter(|name| !name.is_none());
    let fetch = kwargs.get::<Option<Value>>("fetch_result")?.is_some_and(|fetch| fetch.is_true());
    let sql = display(&caller.call(state, &[])?);
    let database = database(state, "statement")?;
    let table = if fetch {
        database.query(&sql)?
    } else {
        database.execute(&sql)?;
        Table::default()
    };
    if let Some(name) = name {
        keep(state, &display(&name), table);
    }
    Ok("")
}

fn keep(state: &mut State, name: &str, table: Table) {
    let rows = table.rows.iter().map(|row| Value::from(Tuple::from(row.clone())));
    let data = List::value(rows.collect());
    let result = Dict::value(vec![
        (Value::from("response"), Value::from("OK")),
        (Value::from("data"), data),
        (Value::from("table"), table_value(table)),
    ]);
    if let Some(session) = state.get_extension_mut::<Session>() {
        session.results.insert(name.to_string(), result);
    }
}

fn store_result(state: &mut State, name: String, kwargs: Kwargs) -> Result<&'static str, Error> {
    let get = |key| kwargs.get::<Option<Value>>(key).map(Option::unwrap_or_default);
    let entries = vec![
        (Value::from("response"), get("response")?),
        (Value::from("table"), get("agate_table")?),
        (Value::from("data"), List::value(Vec::new())),
    ];
    if let Some(session) = state.get_extension_mut::<Session>() {
        session.results.insert(name, Dict::value(entries));
    }
    Ok("")
}

fn load_result(state: &State, name: String) -> Value {
    let session = state.get_extension::<Session>();
    let found = session.and_then(|session| session.results.get(&name)).cloned();
    found.unwrap_or_else(|| Value::from(()))
}
