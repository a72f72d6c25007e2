//! What a template is told: one host while references are collected, one when it is compiled, one
//! for strings in YAML.

mod compile;
mod parse;
mod shared;
mod yaml;

pub use compile::CompileHost;
pub(in crate::graph) use parse::ParseHost;
pub use shared::Shared;
pub(in crate::graph) use shared::{YamlText, has_jinja, own_scope};

use crate::diagnostic::{Code, Secrets, SourceFile};
use crate::mode::EventTimeWindow;
use crate::template::{HostError, from_serde};
use jiff::Timestamp;
use minijinja::Value;
use serde_json::Map;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the process stands in. It comes in as a value, so that a run can be replayed.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Environment variables.
    pub environment: Arc<BTreeMap<String, String>>,
    /// Secrets that come up, for whoever writes anything.
    pub secrets: Secrets,
    /// The time.
    pub now: Timestamp,
    /// An id of this run that no other has.
    pub invocation_id: String,
    /// This process.
    pub process_id: u32,
    /// This machine.
    pub host_name: String,
}

/// What the user asked of this run, as far as templates can see it.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The verb: `build`.
    pub verb: String,
    /// `--vars`.
    pub vars: Map<String, serde_json::Value>,
    /// `--full-refresh`.
    pub full_refresh: bool,
    /// `--event-time-start` and `--event-time-end`.
    pub event_time: Option<EventTimeWindow>,
}

/// A poisoned lock only means that another thread failed; what it guards is a list.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn find_doc(
    docs: &HashMap<(String, String), String>,
    package: Option<&str>,
    own: &str,
    name: &str,
) -> Option<String> {
    let find = |package: &str| docs.get(&(package.to_owned(), name.to_owned())).cloned();
    match package {
        Some(package) => find(package),
        None => find(own)
            .or_else(|| docs.iter().find(|((_, n), _)| n == name).map(|(_, text)| text.clone())),
    }
}

/// Makes what `model` is to a template. Few ask, so that it is made only then.
pub(in crate::graph) type ShowModel = Arc<dyn Fn() -> Value + Send + Sync>;

/// For templates that belong to no model.
pub(in crate::graph) fn no_model() -> ShowModel {
    Arc::new(|| Value::UNDEFINED)
}

/// What a setting is where nobody says so, as far as templates ask: dbt's defaults.
pub(super) fn default_setting(key: &str) -> Option<Value> {
    let value = match key {
        "materialized" => serde_json::json!("view"),
        "enabled" => serde_json::json!(true),
        "tags" | "pre_hook" | "post_hook" => serde_json::json!([]),
        "meta" => serde_json::json!({}),
        _ => return None,
    };
    Some(from_serde(&value))
}

pub(super) fn parse_yaml(text: &str) -> Result<Value, HostError> {
    match crate::project::parse(&SourceFile::new("fromyaml", text)) {
        Ok(node) => Ok(from_serde(&node.to_json())),
        Err(problem) => Err(HostError::from(problem.message)),
    }
}

/// A reference that compiling met and parsing did not, or that leads nowhere.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(in crate::graph) struct LateReference {
    pub(in crate::graph) code: Code,
    pub(in crate::graph) message: String,
    pub(in crate::graph) help: Option<String>,
}

/// The common table expression that an ephemeral model becomes: dbt's name for it.
pub fn ephemeral_name(model: &str) -> String {
    format!("__dbt__cte__{model}")
}
