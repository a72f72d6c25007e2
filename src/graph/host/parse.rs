//! The host of the first pass: `execute` is false, references are written down.

use super::{Shared, ShowModel, default_setting, find_doc, lock, parse_yaml};
use crate::graph::config::Merged;
use crate::graph::node::{Reference, TemplateTraits};
use crate::relation::RelationName;
use crate::template::{
    Facts, Host, HostError, Introspection, Level, Relation, from_serde, to_serde,
};
use minijinja::Value;
use std::sync::{Arc, Mutex};

/// What a template referred to and configured while it was parsed.
#[derive(Debug, Default)]
pub(in crate::graph) struct Record {
    pub(in crate::graph) references: Vec<Reference>,
    pub(in crate::graph) configured: Vec<(String, serde_json::Value)>,
    pub(in crate::graph) traits: TemplateTraits,
}

/// The host of the first pass: `execute` is false, references are written down.
pub(in crate::graph) struct ParseHost {
    shared: Arc<Shared>,
    package: String,
    this: Option<Relation>,
    settings: Merged,
    record: Mutex<Record>,
    /// The reference that fails, so that the template's error points at it.
    culprit: Option<Reference>,
    model: ShowModel,
}

impl ParseHost {
    pub(in crate::graph) fn new(
        shared: Arc<Shared>,
        package: &str,
        this: Option<RelationName>,
        settings: Merged,
        model: ShowModel,
    ) -> Self {
        let this = this.map(|name| shared.relation(name));
        Self {
            shared,
            package: package.to_owned(),
            this,
            settings,
            record: Mutex::default(),
            culprit: None,
            model,
        }
    }

    /// The same host, which fails at `culprit`.
    pub(in crate::graph) fn failing_at(mut self, culprit: Reference) -> Self {
        self.culprit = Some(culprit);
        self
    }

    /// What was written down.
    pub(in crate::graph) fn take_record(&self) -> Record {
        std::mem::take(&mut *lock(&self.record))
    }

    fn note(&self, reference: Reference) -> Result<Relation, HostError> {
        if self.culprit.as_ref() == Some(&reference) {
            return Err(HostError::from(format!("{reference}")));
        }
        // Until names are bound, any relation serves: dbt gives the model's own.
        let relation = match (&self.this, &reference) {
            (Some(this), _) => this.clone(),
            (None, Reference::Node { name, .. } | Reference::Source { table: name, .. }) => self
                .shared
                .relation(RelationName { database: None, schema: None, identifier: name.clone() }),
        };
        let mut record = lock(&self.record);
        if !record.references.contains(&reference) {
            record.references.push(reference);
        }
        Ok(relation)
    }
}

impl Host for ParseHost {
    fn execute(&self) -> bool {
        false
    }

    fn reference(
        &self,
        package: Option<&str>,
        name: &str,
        version: Option<&str>,
    ) -> Result<Relation, HostError> {
        if version.is_some() {
            return Err(HostError::from("model versions are not supported by this version"));
        }
        self.note(Reference::Node { package: package.map(str::to_owned), name: name.to_owned() })
    }

    fn source(&self, source: &str, table: &str) -> Result<Relation, HostError> {
        self.note(Reference::Source { source: source.to_owned(), table: table.to_owned() })
    }

    fn this(&self) -> Option<Relation> {
        self.this.clone()
    }

    fn configure(&self, settings: Vec<(String, Value)>) {
        let settings = settings.into_iter().map(|(key, value)| (key, to_serde(&value)));
        lock(&self.record).configured.extend(settings);
    }

    fn config(&self, key: &str) -> Option<Value> {
        let record = lock(&self.record);
        let own = record.configured.iter().rev().find(|(known, _)| known == key);
        let value = own.map(|(_, value)| value);
        value
            .or_else(|| Some(&self.settings.get(key)?.value))
            .map(from_serde)
            .or_else(|| default_setting(key))
    }

    fn var(&self, name: &str) -> Option<Value> {
        self.shared.var(&self.package, name)
    }

    fn env_var(&self, name: &str) -> Option<String> {
        self.shared.env_var(name)
    }

    fn is_incremental(&self) -> bool {
        lock(&self.record).traits.asks_incremental = true;
        false
    }

    fn quote(&self, identifier: &str) -> String {
        self.shared.quote(identifier)
    }

    /// Messages are given once, by the second pass; a warning may never come again.
    fn message(&self, _: Level, _: &str) {}

    fn doc(&self, package: Option<&str>, name: &str) -> Option<String> {
        find_doc(&self.shared.docs, package, &self.package, name)
    }

    fn yaml(&self, text: &str) -> Result<Value, HostError> {
        parse_yaml(text)
    }

    fn introspection(&self) -> Option<Arc<dyn Introspection>> {
        None
    }

    fn model(&self) -> Value {
        (self.model)()
    }

    fn package(&self) -> &str {
        &self.package
    }

    fn facts(&self) -> &Arc<Facts> {
        &self.shared.facts
    }
}
