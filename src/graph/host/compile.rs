//! The host of the second pass: references are bound, SQL comes out.

use super::{LateReference, Shared, default_setting, ephemeral_name, find_doc, lock, parse_yaml};
use crate::diagnostic::Code;
use crate::dialect::around_interval;
use crate::graph::bind::{Bound, Names};
use crate::graph::node::{Node, NodeId, NodeIndex, Reference};
use crate::mode::Batch;
use crate::template::{Facts, Host, HostError, Introspection, Level, Relation, from_serde};
use minijinja::Value;
use std::sync::{Arc, Mutex};

/// The host of the second pass: references are bound, SQL comes out.
pub struct CompileHost {
    shared: Arc<Shared>,
    names: Arc<Names>,
    /// The node among all; `None` for a text that is no node, which may refer to everything.
    node: Option<(Arc<Vec<Node>>, NodeIndex)>,
    package: String,
    this: Option<Relation>,
    incremental: bool,
    /// The interval of time that inputs are narrowed to.
    batch: Option<Batch>,
    introspection: Option<Arc<dyn Introspection>>,
    /// Ephemeral models that the rendering named, in order.
    ephemeral: Mutex<Vec<NodeId>>,
}

impl CompileHost {
    /// The host for the node at `index` of `nodes`.
    pub fn new(
        shared: Arc<Shared>,
        names: Arc<Names>,
        nodes: &Arc<Vec<Node>>,
        index: NodeIndex,
    ) -> Self {
        let node = &nodes[index.get()];
        Self {
            this: node.relation.clone().map(|name| shared.relation(name)),
            package: node.package.clone(),
            node: Some((nodes.clone(), index)),
            ..Self::inline(shared, names, "")
        }
    }

    /// The host for a text of `package` that is no node.
    pub fn inline(shared: Arc<Shared>, names: Arc<Names>, package: &str) -> Self {
        Self {
            this: None,
            shared,
            names,
            node: None,
            package: package.to_owned(),
            incremental: false,
            batch: None,
            introspection: None,
            ephemeral: Mutex::default(),
        }
    }

    fn node(&self) -> Option<&Node> {
        self.node.as_ref().map(|(nodes, index)| &nodes[index.get()])
    }

    /// The same host for a run over rows that stay.
    #[must_use]
    pub fn incremental(mut self, incremental: bool) -> Self {
        self.incremental = incremental;
        self
    }

    /// The same host for one interval of a microbatch model: its inputs show that interval alone.
    #[must_use]
    pub fn batch(mut self, batch: Option<Batch>) -> Self {
        self.batch = batch;
        self
    }

    /// The same host with a database to ask.
    #[must_use]
    pub fn asking(mut self, introspection: Option<Arc<dyn Introspection>>) -> Self {
        self.introspection = introspection;
        self
    }

    /// The ephemeral models that the rendering named, in order of first use.
    pub fn ephemeral(&self) -> Vec<NodeId> {
        lock(&self.ephemeral).clone()
    }

    fn relation(&self, reference: &Reference) -> Result<Relation, HostError> {
        let bound = self
            .names
            .resolve(reference, &self.package)
            .map_err(|unbound| HostError::from(unbound.late()))?;
        if self.node().is_some_and(|node| !node.references.contains(reference)) {
            let help =
                format!("write `-- depends_on: {{{{ {reference} }}}}` at the top of the file");
            return Err(HostError::from(LateReference {
                code: Code::UNKNOWN_REF,
                message: format!("{reference} was not seen when the project was parsed"),
                help: Some(help),
            }));
        }
        if bound.ephemeral {
            let mut seen = lock(&self.ephemeral);
            if !seen.contains(&bound.id) {
                seen.push(bound.id.clone());
            }
            return Ok(self.narrowed(Relation::cte(&ephemeral_name(&bound.name)), bound));
        }
        if let Some(text) = &bound.external {
            return Ok(self.narrowed(Relation::cte(text), bound));
        }
        match &bound.relation {
            Some(name) => Ok(self.narrowed(self.shared.relation(name.clone()), bound)),
            None => Err(HostError::from(format!("`{}` is not a relation", bound.id))),
        }
    }

    /// The relation as a microbatch reads it, where it says which column tells the time.
    fn narrowed(&self, relation: Relation, bound: &Bound) -> Relation {
        let around = self.batch.zip(bound.event_time.as_deref()).and_then(|(batch, event_time)| {
            around_interval(self.shared.dialect?, &bound.id.to_string(), event_time, &batch)
        });
        match around {
            Some((before, after)) => relation.between(&before, &after),
            None => relation,
        }
    }
}

impl Host for CompileHost {
    fn execute(&self) -> bool {
        true
    }

    fn reference(
        &self,
        package: Option<&str>,
        name: &str,
        _: Option<&str>,
    ) -> Result<Relation, HostError> {
        self.relation(&Reference::Node {
            package: package.map(str::to_owned),
            name: name.to_owned(),
        })
    }

    fn source(&self, source: &str, table: &str) -> Result<Relation, HostError> {
        self.relation(&Reference::Source { source: source.to_owned(), table: table.to_owned() })
    }

    fn this(&self) -> Option<Relation> {
        self.this.clone()
    }

    /// Configuration was read in the first pass.
    fn configure(&self, _: Vec<(String, Value)>) {}

    fn config(&self, key: &str) -> Option<Value> {
        let own = self.node().and_then(|node| node.config.all.get(key));
        own.map(from_serde).or_else(|| default_setting(key))
    }

    fn var(&self, name: &str) -> Option<Value> {
        self.shared.var(&self.package, name)
    }

    fn env_var(&self, name: &str) -> Option<String> {
        self.shared.env_var(name)
    }

    fn is_incremental(&self) -> bool {
        self.incremental
    }

    fn quote(&self, identifier: &str) -> String {
        self.shared.quote(identifier)
    }

    fn message(&self, level: Level, text: &str) {
        let mut messages = lock(&self.shared.messages);
        let who = self.node().map_or_else(|| "--inline".to_owned(), |node| node.id.to_string());
        messages.push((level, who, text.to_owned()));
    }

    fn doc(&self, package: Option<&str>, name: &str) -> Option<String> {
        find_doc(&self.shared.docs, package, &self.package, name)
    }

    fn yaml(&self, text: &str) -> Result<Value, HostError> {
        parse_yaml(text)
    }

    fn introspection(&self) -> Option<Arc<dyn Introspection>> {
        self.introspection.clone()
    }

    fn model(&self) -> Value {
        self.node().map_or(Value::UNDEFINED, |node| {
            crate::graph::shown::show_model(node, self.batch.as_ref())
        })
    }

    fn package(&self) -> &str {
        &self.package
    }

    fn facts(&self) -> &Arc<Facts> {
        &self.shared.facts
    }
}
