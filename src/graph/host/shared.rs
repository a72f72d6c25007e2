//! What all renderings of a run share.

use super::yaml::YamlHost;
use super::{Invocation, Surroundings, lock};
use crate::diagnostic::{Diagnostic, Place, Secrets, SourceFile};
use crate::dialect::Dialect;
use crate::mode::EventTimeWindow;
use crate::project::{Node as YamlNode, Setting, Yaml};
use crate::relation::RelationName;
use crate::template::{
    Facts, Level, Limits, MacroLibrary, Relation, Renderer, TemplateSource, from_serde, to_serde,
};
use minijinja::Value;
use serde_json::Map;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// What all renderings of a run share.
pub struct Shared {
    pub(in crate::graph) facts: Arc<Facts>,
    pub(in crate::graph) dialect: Option<&'static dyn Dialect>,
    pub(in crate::graph) environment: Arc<BTreeMap<String, String>>,
    /// Variables by package; the empty name holds for all.
    pub(in crate::graph) vars: HashMap<String, BTreeMap<String, serde_json::Value>>,
    /// `--vars`.
    pub(in crate::graph) cli_vars: Map<String, serde_json::Value>,
    pub(in crate::graph) docs: HashMap<(String, String), String>,
    /// `--event-time-start` and `--event-time-end`.
    event_time: Option<EventTimeWindow>,
    /// Renders strings of YAML files: they are few, so that one serves all threads.
    renderer: Mutex<Renderer>,
    secrets: Secrets,
    /// What templates said: level, package or node, text.
    pub(super) messages: Mutex<Vec<(Level, String, String)>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// The scope of what a package's own project file says about its variables.
pub(in crate::graph) fn own_scope(package: &str) -> String {
    format!("{package} itself")
}

/// A string in YAML that may hold Jinja.
#[derive(Clone, Copy)]
pub(in crate::graph) struct YamlText<'a> {
    pub(in crate::graph) text: &'a str,
    pub(in crate::graph) place: &'a Place,
}

impl Shared {
    pub(in crate::graph) fn new(
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
            event_time: invocation.event_time,
            secrets: surroundings.secrets.clone(),
            messages: Mutex::default(),
        }
    }

    /// The same with other variables.
    pub(in crate::graph) fn with_vars(
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
            event_time: other.event_time,
            renderer: Mutex::new(Renderer::new(library, Limits::default())),
            secrets: other.secrets.clone(),
            messages: Mutex::default(),
        }
    }

    /// What is the same for every rendering of the run.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The window of time that microbatch models are built in, where the user names one.
    pub fn event_time(&self) -> Option<EventTimeWindow> {
        self.event_time
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
    pub(super) fn var(&self, package: &str, name: &str) -> Option<Value> {
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

    pub(super) fn env_var(&self, name: &str) -> Option<String> {
        let value = self.environment.get(name)?;
        if Secrets::is_secret_name(name) {
            self.secrets.add(value);
        }
        Some(value.clone())
    }

    pub(super) fn quote(&self, identifier: &str) -> String {
        match self.dialect {
            Some(dialect) => dialect.quote(identifier),
            None => identifier.to_owned(),
        }
    }

    /// A relation as templates see it.
    pub(in crate::graph) fn relation(&self, name: RelationName) -> Relation {
        Relation::new(name, None, |identifier| self.quote(identifier))
    }

    /// Renders a string of a YAML file; text without Jinja is itself.
    pub(in crate::graph) fn render_text(
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
    pub(in crate::graph) fn render_value(
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
                let problem = crate::graph::problem::explain(&error).at(text.place.clone());
                problems.push(problem);
                None
            }
        }
    }

    /// Renders every string in `node`.
    pub(in crate::graph) fn render_yaml(
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
    pub(in crate::graph) fn render_setting(
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
pub(in crate::graph) fn has_jinja(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}
