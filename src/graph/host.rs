//! What a template is told: one host while references are collected, one when it is compiled.

use super::bind::Names;
use super::config::Merged;
use super::node::{Node, NodeId, NodeIndex, Reference, TemplateTraits};
use crate::diagnostic::{Code, Diagnostic, Place, Secrets, SourceFile};
use crate::dialect::Dialect;
use crate::project::{Node as YamlNode, Setting, Yaml};
use crate::relation::RelationName;
use crate::template::{
    Facts, Host, HostError, Introspection, Level, Limits, MacroLibrary, Relation, Renderer,
    TemplateSource, from_serde, to_serde,
};
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
}

/// What all renderings of a run share.
pub struct Shared {
    pub(super) facts: Arc<Facts>,
    pub(super) dialect: Option<&'static dyn Dialect>,
    pub(super) environment: Arc<BTreeMap<String, String>>,
    /// Variables by package; the empty name holds for all.
    pub(super) vars: HashMap<String, BTreeMap<String, serde_json::Value>>,
    /// `--vars`.
    pub(super) cli_vars: Map<String, serde_json::Value>,
    pub(super) docs: HashMap<(String, String), String>,
    /// Renders strings of YAML files: they are few, so that one serves all threads.
    renderer: Mutex<Renderer>,
    secrets: Secrets,
    /// What templates said: level, package or node, text.
    messages: Mutex<Vec<(Level, String, String)>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// A poisoned lock only means that another thread failed; what it guards is a list.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The scope of what a package's own project file says about its variables.
pub(super) fn own_scope(package: &str) -> String {
    format!("{package} itself")
}

/// A string in YAML that may hold Jinja.
#[derive(Clone, Copy)]
pub(super) struct YamlText<'a> {
    pub(super) text: &'a str,
    pub(super) place: &'a Place,
}

impl Shared {
    pub(super) fn new(
        facts: Facts,
        surroundings: &Surroundings,
        library: Arc<MacroLibrary>,
        invocation: &Invocation,
    ) -> Self {
        Self {
            facts: Arc::new(facts),
            dialect: None,
            environment: surroundings.environment.clone(),
            renderer: Mutex::new(Renderer::new(library, Limits::default())),
            vars: HashMap::new(),
            cli_vars: invocation.vars.clone(),
            docs: HashMap::new(),
            secrets: surroundings.secrets.clone(),
            messages: Mutex::default(),
        }
    }

    /// The same with other variables.
    pub(super) fn with_vars(
        other: &Arc<Self>,
        vars: HashMap<String, BTreeMap<String, serde_json::Value>>,
    ) -> Self {
        let library = lock(&other.renderer).library().clone();
        Self {
            facts: other.facts.clone(),
            dialect: other.dialect,
            environment: other.environment.clone(),
            vars,
            cli_vars: other.cli_vars.clone(),
            docs: other.docs.clone(),
            renderer: Mutex::new(Renderer::new(library, Limits::default())),
            secrets: other.secrets.clone(),
            messages: Mutex::default(),
        }
    }

    /// What is the same for every rendering of the run.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What templates said since the last call.
    pub fn take_messages(&self) -> Vec<(Level, String, String)> {
        std::mem::take(&mut *lock(&self.messages))
    }

    /// The values of secret variables that templates have read so far.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// A variable as `package` sees it.
    fn var(&self, package: &str, name: &str) -> Option<Value> {
        let scoped = |package: &str| self.vars.get(package).and_then(|vars| vars.get(name));
        // What the project says counts more than what a package says about itself.
        let value = self
            .cli_vars
            .get(name)
            .or_else(|| scoped(package))
            .or_else(|| scoped(""))
            .or_else(|| scoped(&own_scope(package)))?;
        Some(from_serde(value))
    }

    fn env_var(&self, name: &str) -> Option<String> {
        let value = self.environment.get(name)?;
        if Secrets::is_secret_name(name) {
            self.secrets.add(value);
        }
        Some(value.clone())
    }

    fn quote(&self, identifier: &str) -> String {
        match self.dialect {
            Some(dialect) => dialect.quote(identifier),
            None => identifier.to_owned(),
        }
    }

    /// A relation as templates see it.
    pub(super) fn relation(&self, name: RelationName) -> Relation {
        Relation::new(name, None, |identifier| self.quote(identifier))
    }

    /// Renders a string of a YAML file; text without Jinja is itself.
    pub(super) fn render_text(
        self: &Arc<Self>,
        text: YamlText<'_>,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<String> {
        match self.render_value(text, problems)? {
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Null => Some(String::new()),
            value => Some(value.to_string()),
        }
    }

    /// Renders a string of a YAML file to a value: `"{{ var('n') }}"` may be a number.
    pub(super) fn render_value(
        self: &Arc<Self>,
        text: YamlText<'_>,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<serde_json::Value> {
        if !has_jinja(text.text) {
            return Some(serde_json::Value::String(text.text.to_owned()));
        }
        let source = TemplateSource::new(&text.place.file.path, text.text);
        let host = Arc::new(YamlHost { shared: self.clone() });
        let rendered = lock(&self.renderer).native(&source, host);
        match rendered {
            Ok(value) => Some(to_serde(&value)),
            Err(error) => {
                let problem = super::problem::explain(&error).at(text.place.clone());
                problems.push(problem);
                None
            }
        }
    }

    /// Renders every string in `node`.
    pub(super) fn render_yaml(
        self: &Arc<Self>,
        node: &YamlNode,
        file: &Arc<SourceFile>,
        problems: &mut Vec<Diagnostic>,
    ) -> YamlNode {
        let yaml = match &node.yaml {
            Yaml::String(text) if has_jinja(text) => {
                let place = node.place(file);
                let rendered = self.render_value(YamlText { text, place: &place }, problems);
                match rendered {
                    Some(serde_json::Value::Bool(value)) => Yaml::Bool(value),
                    Some(serde_json::Value::Number(number)) => Yaml::Number(number),
                    Some(serde_json::Value::String(text)) => Yaml::String(text),
                    Some(serde_json::Value::Null) | None => Yaml::Null,
                    Some(other) => Yaml::String(other.to_string()),
                }
            }
            Yaml::List(items) => Yaml::List(
                items.iter().map(|item| self.render_yaml(item, file, problems)).collect(),
            ),
            Yaml::Map(entries) => Yaml::Map(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), self.render_yaml(value, file, problems)))
                    .collect(),
            ),
            other => other.clone(),
        };
        YamlNode { range: node.range.clone(), yaml }
    }

    /// Renders the strings inside the value of a setting.
    pub(super) fn render_setting(
        self: &Arc<Self>,
        setting: &mut Setting,
        problems: &mut Vec<Diagnostic>,
    ) {
        self.render_json(&mut setting.value, &setting.place, problems);
    }

    fn render_json(
        self: &Arc<Self>,
        value: &mut serde_json::Value,
        place: &Place,
        problems: &mut Vec<Diagnostic>,
    ) {
        match value {
            serde_json::Value::String(text) if has_jinja(text) => {
                if let Some(rendered) = self.render_value(YamlText { text, place }, problems) {
                    *value = rendered;
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    self.render_json(item, place, problems);
                }
            }
            serde_json::Value::Object(entries) => {
                for item in entries.values_mut() {
                    self.render_json(item, place, problems);
                }
            }
            _ => {}
        }
    }
}

/// Whether `text` holds anything that Jinja would act on.
pub(super) fn has_jinja(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// The answer where something has no meaning in the place that a template is rendered for.
fn not_here(what: &str) -> HostError {
    HostError::from(format!("`{what}` means nothing in a YAML value"))
}

/// The host of strings in YAML: variables and the environment, no nodes.
struct YamlHost {
    shared: Arc<Shared>,
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

fn find_doc(
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
pub(super) type ShowModel = Arc<dyn Fn() -> Value + Send + Sync>;

/// For templates that belong to no model.
pub(super) fn no_model() -> ShowModel {
    Arc::new(|| Value::UNDEFINED)
}

/// What a template referred to and configured while it was parsed.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) references: Vec<Reference>,
    pub(super) configured: Vec<(String, serde_json::Value)>,
    pub(super) traits: TemplateTraits,
}

/// The host of the first pass: `execute` is false, references are written down.
pub(super) struct ParseHost {
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
    pub(super) fn new(
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
    pub(super) fn failing_at(mut self, culprit: Reference) -> Self {
        self.culprit = Some(culprit);
        self
    }

    /// What was written down.
    pub(super) fn take_record(&self) -> Record {
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

/// What a setting is where nobody says so, as far as templates ask: dbt's defaults.
fn default_setting(key: &str) -> Option<Value> {
    let value = match key {
        "materialized" => serde_json::json!("view"),
        "enabled" => serde_json::json!(true),
        "tags" | "pre_hook" | "post_hook" => serde_json::json!([]),
        "meta" => serde_json::json!({}),
        _ => return None,
    };
    Some(from_serde(&value))
}

fn parse_yaml(text: &str) -> Result<Value, HostError> {
    match crate::project::parse(&SourceFile::new("fromyaml", text)) {
        Ok(node) => Ok(from_serde(&node.to_json())),
        Err(problem) => Err(HostError::from(problem.message)),
    }
}

/// A reference that compiling met and parsing did not, or that leads nowhere.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(super) struct LateReference {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// The host of the second pass: references are bound, SQL comes out.
pub struct CompileHost {
    shared: Arc<Shared>,
    names: Arc<Names>,
    /// The node among all; `None` for a text that is no node, which may refer to everything.
    node: Option<(Arc<Vec<Node>>, NodeIndex)>,
    package: String,
    this: Option<Relation>,
    incremental: bool,
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
            return Ok(Relation::cte(&ephemeral_name(&bound.name)));
        }
        if let Some(text) = &bound.external {
            return Ok(Relation::cte(text));
        }
        match &bound.relation {
            Some(name) => Ok(self.shared.relation(name.clone())),
            None => Err(HostError::from(format!("`{}` is not a relation", bound.id))),
        }
    }
}

/// The common table expression that an ephemeral model becomes: dbt's name for it.
pub fn ephemeral_name(model: &str) -> String {
    format!("__dbt__cte__{model}")
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
        self.node().map_or(Value::UNDEFINED, super::shown::show_model)
    }

    fn package(&self) -> &str {
        &self.package
    }

    fn facts(&self) -> &Arc<Facts> {
        &self.shared.facts
    }
}
