//! `adapter.*` and `api.*`: the macros of the target's database, and what it says about itself.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Environment, Error, ErrorKind, State};

use super::columns::{ColumnClass, ColumnObject, column_value};
use super::query::database;
use super::table::table_value;
use crate::relation::RelationName;
use crate::template::call::{MacroRef, template_id};
use crate::template::error::{Kind, fail, fail_with_help};
use crate::template::host::Table;
use crate::template::relation_object::{Relation, create};
use crate::template::scope::{host, scope};
use crate::template::signature::bind;
use crate::template::value::{Dict, List, display};

pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_global("adapter", Value::from_object(Adapter));
    let api = [
        ("Relation", Value::from_object(RelationClass)),
        ("Column", Value::from_object(ColumnClass)),
    ];
    environment.add_global("api", Value::from_pairs(api));
}

/// `api.Relation`
#[derive(Debug)]
struct RelationClass;

impl Object for RelationClass {
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
            "create" => create(state, args),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let kind = key.as_str()?;
        let known = ["Table", "View", "MaterializedView", "External", "CTE"].contains(&kind);
        known.then(|| Value::from(kind.to_lowercase()))
    }
}

struct Adapter;

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<adapter>")
    }
}

impl Object for Adapter {
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
            "dispatch" => dispatch(state, args),
            "quote" => {
                let [name] = bind(method, ["identifier"], args)?.required(method)?;
                Ok(Value::from(host(state)?.quote(&display(&name))))
            }
            "quote_as_configured" => {
                let [name, _key] = bind(method, ["identifier", "quote_key"], args)?.0;
                Ok(Value::from(host(state)?.quote(&display(&name.unwrap_or_default()))))
            }
            "type" => Ok(Value::from(scope(state)?.facts.adapter.as_str())),
            "is_motherduck" => Ok(Value::from(false)),
            // they change or cache nothing here: the engine keeps schemas and caches itself
            "cache_added"
            | "cache_dropped"
            | "cache_renamed"
            | "commit"
            | "valid_incremental_strategies"
            | "add_query"
            | "expand_target_column_types"
            | "clear_transaction" => Ok(Value::from("")),
            _ if !host(state)?.execute() => without_execute(method),
            _ => introspect(state, method, args),
        }
    }
}

/// What the methods give while references are being collected.
fn without_execute(method: &str) -> Result<Value, Error> {
    Ok(match method {
        "get_columns_in_relation"
        | "get_missing_columns"
        | "list_relations"
        | "list_relations_without_caching"
        | "list_schemas"
        | "get_column_schema_from_query" => List::value(Vec::new()),
        "check_schema_exists" | "already_exists" => Value::from(false),
        "get_relation" | "load_relation" | "execute" | "create_schema" | "drop_schema"
        | "drop_relation" | "rename_relation" | "truncate_relation" => Value::from(()),
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

fn dispatch(state: &State, args: &[Value]) -> Result<Value, Error> {
    let [name, namespace, _packages] =
        bind("adapter.dispatch", ["macro_name", "macro_namespace", "packages"], args)?.0;
    let name = display(&name.unwrap_or_default());
    let namespace = namespace.filter(|namespace| !namespace.is_none()).map(|ns| display(&ns));
    let scope = scope(state)?;
    let prefixes = &scope.facts.dispatch_prefixes;
    let find =
        |package: &str| scope.library.dispatch(package, &name, namespace.as_deref(), prefixes);
    // as in dbt the package of the node counts; that of the running macro comes to its help
    let running = template_id(state.name()).and_then(|id| scope.library.info(id));
    let found = find(scope.host.package()).or_else(|| find(&running?.package));
    found.map(|id| MacroRef::value(&scope.library, id)).ok_or_else(|| {
        let tried: Vec<_> = prefixes
            .iter()
            .map(String::as_str)
            .chain(["default"])
            .map(|prefix| format!("`{prefix}__{name}`"))
            .collect();
        let place = namespace.map_or(String::new(), |namespace| format!(" of `{namespace}`"));
        let message = format!("there is no macro `{name}`{place} for `{}`", scope.facts.adapter);
        fail_with_help(Kind::Undefined, message, format!("looked for {}", tried.join(", ")))
    })
}

fn relation_of(value: &Value, method: &str) -> Result<RelationName, Error> {
    let relation = value.downcast_object_ref::<Relation>();
    let wrong = || fail(Kind::Arguments, format!("`adapter.{method}` takes a relation"));
    relation.map(|relation| relation.name().clone()).ok_or_else(wrong)
}

fn introspect(state: &mut State, method: &str, args: &[Value]) -> Result<Value, Error> {
    let what = format!("adapter.{method}");
    let optional =
        |value: Option<Value>| value.filter(|value| value.is_true()).map(|v| display(&v));
    match method {
        "get_columns_in_relation" => {
            let [relation] = bind(method, ["relation"], args)?.required(method)?;
            columns(state, &what, &relation_of(&relation, method)?).map(List::value)
        }
        "get_missing_columns" => missing_columns(state, args),
        "get_relation" => {
            let [database_name, schema, identifier] =
                bind(method, ["database", "schema", "identifier"], args)?.0;
            let name = RelationName {
                database: optional(database_name),
                schema: optional(schema),
                identifier: optional(identifier).unwrap_or_default(),
            };
            existing(state, &what, name)
        }
        "load_relation" => {
            let [relation] = bind(method, ["relation"], args)?.required(method)?;
            existing(state, &what, relation_of(&relation, method)?)
        }
        "check_schema_exists" => {
            let [database_name, schema] = bind(method, ["database", "schema"], args)?.0;
            let database_name = optional(database_name);
            let schema = optional(schema).unwrap_or_default();
            let exists =
                database(state, &what)?.schema_exists(database_name.as_deref(), &schema)?;
            Ok(Value::from(exists))
        }
        "already_exists" => {
            let [schema, identifier] = bind(method, ["schema", "name"], args)?.0;
            let name = RelationName {
                database: None,
                schema: optional(schema),
                identifier: optional(identifier).unwrap_or_default(),
            };
            Ok(Value::from(database(state, &what)?.relation_kind(&name)?.is_some()))
        }
        "drop_relation" | "truncate_relation" => {
            let [relation] = bind(method, ["relation"], args)?.required(method)?;
            relation_of(&relation, method)?;
            run_macro(state, method, &[relation])
        }
        "rename_relation" => {
            let [from, to] =
                bind(method, ["from_relation", "to_relation"], args)?.required(method)?;
            relation_of(&from, method)?;
            relation_of(&to, method)?;
            run_macro(state, method, &[from, to])
        }
        "create_schema" | "drop_schema" => {
            let schema = schema_relation(state, method, args)?;
            run_macro(state, method, &[schema])
        }
        "list_relations" | "list_relations_without_caching" => relations(state, &what, args),
        "execute" => execute(state, &what, args),
        "get_column_schema_from_query" => {
            let [sql] = bind(method, ["sql"], args)?.required(method)?;
            let sql = include_str!("../../../templates/duckdb/no_rows_of.sql")
                .trim_end()
                .replace("{{query}}", &display(&sql));
            let table = database(state, &what)?.query(&sql)?;
            let columns = table.columns.into_iter().map(|column| column_value(state, column));
            columns.collect::<Result<_, _>>().map(List::value)
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

/// Runs the macro that has the statement of a method.
fn run_macro(state: &mut State, name: &str, args: &[Value]) -> Result<Value, Error> {
    database(state, &format!("adapter.{name}"))?;
    let scope = scope(state)?;
    let id = scope.library.find(scope.host.package(), name);
    let missing = || fail(Kind::Undefined, format!("there is no macro `{name}`"));
    MacroRef::value(&scope.library, id.ok_or_else(missing)?).call(state, args)?;
    Ok(Value::from(()))
}

/// The schema that a relation stands in, or that is given as a database and a schema.
fn schema_relation(state: &State, method: &str, args: &[Value]) -> Result<Value, Error> {
    let [first, schema] = bind(method, ["relation", "schema"], args)?.0;
    let first = first.unwrap_or_default();
    let name = match (first.downcast_object_ref::<Relation>(), schema) {
        (Some(relation), _) => relation.name().clone(),
        (None, Some(schema)) => RelationName {
            database: Some(display(&first)).filter(|_| first.is_true()),
            schema: Some(display(&schema)),
            identifier: String::new(),
        },
        (None, None) => {
            return Err(fail(Kind::Arguments, format!("`adapter.{method}` takes a relation")));
        }
    };
    let host = host(state)?;
    let name = RelationName { identifier: String::new(), ..name };
    Ok(Value::from_object(Relation::new(name, None, |part| host.quote(part))))
}

fn columns(state: &State, what: &str, relation: &RelationName) -> Result<Vec<Value>, Error> {
    let columns = database(state, what)?.columns(relation)?.unwrap_or_default();
    columns.into_iter().map(|column| column_value(state, column)).collect()
}

/// The columns of one relation that another has not.
fn missing_columns(state: &State, args: &[Value]) -> Result<Value, Error> {
    let method = "get_missing_columns";
    let [from, to] = bind(method, ["from_relation", "to_relation"], args)?.required(method)?;
    let there = columns(state, method, &relation_of(&to, method)?)?;
    let name = |value: &Value| {
        value.downcast_object_ref::<ColumnObject>().map(|column| column.column.name.to_lowercase())
    };
    let there: Vec<_> = there.iter().map(name).collect();
    let mut missing = columns(state, method, &relation_of(&from, method)?)?;
    missing.retain(|column| !there.contains(&name(column)));
    Ok(List::value(missing))
}

fn existing(state: &State, what: &str, name: RelationName) -> Result<Value, Error> {
    let kind = database(state, what)?.relation_kind(&name)?;
    let host = host(state)?;
    Ok(kind.map_or(Value::from(()), |kind| {
        Value::from_object(Relation::new(name, Some(kind), |part| host.quote(part)))
    }))
}

fn relations(state: &State, what: &str, args: &[Value]) -> Result<Value, Error> {
    let [first, schema] = bind(what, ["database", "schema"], args)?.0;
    let first = first.unwrap_or_default();
    let (database_name, schema) = match first.downcast_object_ref::<Relation>() {
        Some(relation) => (relation.name().database.clone(), relation.name().schema.clone()),
        None => {
            let database_name = Some(display(&first)).filter(|_| first.is_true());
            (database_name, schema.map(|schema| display(&schema)))
        }
    };
    let schema = schema.unwrap_or_default();
    let found = database(state, what)?.relations_in(database_name.as_deref(), &schema)?;
    let host = host(state)?;
    let relation =
        |(name, kind)| Value::from_object(Relation::new(name, Some(kind), |part| host.quote(part)));
    Ok(List::value(found.into_iter().map(relation).collect()))
}

fn execute(state: &State, what: &str, args: &[Value]) -> Result<Value, Error> {
    let [sql, _begin, fetch, _limit] = bind(what, ["sql", "auto_begin", "fetch", "limit"], args)?.0;
    let sql = display(&sql.unwrap_or_default());
    let database = database(state, what)?;
    let table = if fetch.is_some_and(|fetch| fetch.is_true()) {
        database.query(&sql)?
    } else {
        database.execute(&sql)?;
        Table::default()
    };
    let response = Dict::value(vec![(Value::from("_message"), Value::from("OK"))]);
    let pair = minijinja::value::Tuple::from([response, table_value(table)]);
    Ok(Value::from(pair))
}
