//! The host of strings in YAML: variables and the environment, no nodes.

use super::{Shared, find_doc};
use crate::template::{Facts, Host, HostError, Introspection, Level, Relation};
use minijinja::Value;
use std::sync::Arc;

/// The answer where something has no meaning in the place that a template is rendered for.
fn not_here(what: &str) -> HostError {
    HostError::from(format!("`{what}` means nothing in a YAML value"))
}

/// The host of strings in YAML: variables and the environment, no nodes.
pub(super) struct YamlHost {
    pub(super) shared: Arc<Shared>,
}

impl Host for YamlHost {
    fn execute(&self) -> bool {
        false
    }

    fn reference(&self, _: Option<&str>, _: &str, _: Option<&str>) -> Result<Relation, HostError> {
        Err(not_here("ref"))
    }

    fn source(&self, _: &str, _: &str) -> Result<Relation, HostError> {
        Err(not_here("source"))
    }

    fn this(&self) -> Option<Relation> {
        None
    }

    fn configure(&self, _: Vec<(String, Value)>) {}

    fn config(&self, _: &str) -> Option<Value> {
        None
    }

    fn var(&self, name: &str) -> Option<Value> {
        self.shared.var(&self.shared.facts.project_name, name)
    }

    fn env_var(&self, name: &str) -> Option<String> {
        self.shared.env_var(name)
    }

    fn is_incremental(&self) -> bool {
        false
    }

    fn quote(&self, identifier: &str) -> String {
        identifier.to_owned()
    }

    fn message(&self, _: Level, _: &str) {}

    fn doc(&self, package: Option<&str>, name: &str) -> Option<String> {
        find_doc(&self.shared.docs, package, &self.shared.facts.project_name, name)
    }

    fn introspection(&self) -> Option<Arc<dyn Introspection>> {
        None
    }

    fn model(&self) -> Value {
        Value::UNDEFINED
    }

    fn package(&self) -> &str {
        &self.shared.facts.project_name
    }

    fn facts(&self) -> &Arc<Facts> {
        &self.shared.facts
    }
}
