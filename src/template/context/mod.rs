//! The names of dbt's context: functions and objects that are the same for all renderings, and values that are not.

mod adapter;
mod columns;
mod cycler;
mod data;
mod datetime;
mod exceptions;
mod expressions;
mod filters;
mod itertools;
mod modules;
mod operators;
mod project;
mod query;
mod table;
mod tests;

pub(super) use datetime::value as moment;

use std::sync::Arc;

use minijinja::Environment;
use minijinja::value::Value;

use super::scope::{Scope, boot, give, keep, run};
use super::value::unknown_method;

/// The names that [`per_render`] knows.
pub(crate) const PER_RENDER: [&str; 18] = [
    "this",
    "model",
    "target",
    "graph",
    "flags",
    "execute",
    "invocation_id",
    "run_started_at",
    "project_name",
    "dbt_version",
    "database",
    "schema",
    "context",
    "dbt_metadata_envs",
    "selected_resources",
    "invocation_args_dict",
    "modules",
    "thread_id",
];

/// The value of a name that belongs to this rendering or run.
pub(crate) fn per_render(scope: &Arc<Scope>, key: &str) -> Option<Value> {
    let facts = &scope.facts;
    let this = || scope.host.this();
    let part = |part: Option<String>| part.map_or(Value::from(()), Value::from);
    Some(match key {
        "this" => this().map_or(Value::from(()), Value::from_object),
        "model" | "node" => match scope.host.model() {
            model if model.is_undefined() => return None,
            model => model,
        },
        "target" => facts.target.clone(),
        "graph" => facts.graph.clone(),
        "flags" => facts.flags.clone(),
        "invocation_id" => Value::from(facts.invocation_id.as_str()),
        "run_started_at" => datetime::value(facts.run_started_at),
        "project_name" => Value::from(facts.project_name.as_str()),
        "dbt_version" => Value::from(facts.dbt_version.as_str()),
        "database" => part(this()?.name().database.clone()),
        "schema" => part(this()?.name().schema.clone()),
        "dbt_metadata_envs" => facts.metadata_environment.clone(),
        "selected_resources" => facts.selected_resources.clone(),
        "invocation_args_dict" => facts.invocation_args.clone(),
        "thread_id" => Value::from("main"),
        "modules" => modules::modules(facts.now),
        "context" => Value::from_dyn_object(Arc::clone(scope)),
        _ => return None,
    })
}

/// Adds what is the same for all renderings.
pub(crate) fn register(environment: &mut Environment<'static>) {
    environment.add_function("__boot", boot);
    environment.add_function("__keep", keep);
    environment.add_function("__run", run);
    environment.add_function("__give", give);
    environment.set_unknown_method_callback(unknown_method);
    project::register(environment);
    query::register(environment);
    exceptions::register(environment);
    data::register(environment);
    adapter::register(environment);
    filters::register(environment);
    operators::register(environment);
    tests::register(environment);
}
