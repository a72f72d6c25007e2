//! A project in memory for the tests of `template`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sqlflow::relation::RelationName;
use sqlflow::template::*;

/// A host whose answers are in its fields.
pub struct Project {
    pub execute: bool,
    pub incremental: bool,
    pub vars: BTreeMap<String, Value>,
    pub env: BTreeMap<String, String>,
    pub config: BTreeMap<String, Value>,
    pub package: String,
    pub facts: Arc<Facts>,
    pub database: Option<Arc<dyn Introspection>>,
    pub refs: Mutex<Vec<String>>,
    pub settings: Mutex<Vec<(String, Value)>>,
    pub messages: Mutex<Vec<(Level, String)>>,
}

pub fn facts(adapter: &str) -> Arc<Facts> {
    let target = [("name", "dev"), ("schema", "main"), ("database", "db"), ("type", adapter)];
    let prefixes: &[&str] = match adapter {
        "redshift" => &["redshift", "postgres"],
        _ => &[adapter],
    };
    Arc::new(Facts {
        target: Value::from_pairs(target),
        graph: from_json(r#"{"nodes": {}, "sources": {}}"#).unwrap(),
        flags: Value::from_pairs([("FULL_REFRESH", false), ("STORE_FAILURES", false)]),
        invocation_id: "0000".to_string(),
        run_started_at: "2024-02-29T12:34:56.789Z".parse().unwrap(),
        now: "2024-03-01T00:00:00Z".parse().unwrap(),
        project_name: "shop".to_string(),
        dbt_version: "1.10.0".to_string(),
        adapter: adapter.to_string(),
        dispatch_prefixes: prefixes.iter().map(ToString::to_string).collect(),
        metadata_environment: from_json("{}").unwrap(),
        selected_resources: from_json("[]").unwrap(),
        invocation_args: from_json("{}").unwrap(),
    })
}

impl Default for Project {
    fn default() -> Self {
        Project {
            execute: true,
            incremental: false,
            vars: [("n".to_string(), Value::from(3))].into(),
            env: [("HOME_TOWN".to_string(), "Bonn".to_string())].into(),
            config: BTreeMap::new(),
            package: "shop".to_string(),
            facts: facts("duckdb"),
            database: None,
            refs: Mutex::default(),
            settings: Mutex::default(),
            messages: Mutex::default(),
        }
    }
}

#[derive(Debug)]
pub struct NoSuchNode(pub String);

impl std::fmt::Display for NoSuchNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no model `{}`", self.0)
    }
}
impl std::error::Error for NoSuchNode {}

pub fn quote(part: &str) -> String {
    format!("\"{}\"", part.replace('"', "\"\""))
}

pub fn relation(schema: &str, identifier: &str) -> Relation {
    let name = RelationName {
        database: Some("db".to_string()),
        schema: Some(schema.to_string()),
        identifier: identifier.to_string(),
    };
    Relation::new(name, Some(RelationKind::Table), quote)
}

impl Host for Project {
    fn execute(&self) -> bool {
        self.execute
    }
    fn reference(
        &self,
        _: Option<&str>,
        name: &str,
        version: Option<&str>,
    ) -> Result<Relation, HostError> {
        if name == "missing" {
            return Err(HostError::from(NoSuchNode(name.to_string())));
        }
        self.refs.lock().unwrap().push(name.to_string());
        let version = version.map(|v| format!("_v{v}")).unwrap_or_default();
        Ok(relation("main", &format!("{name}{version}")))
    }
    fn source(&self, source: &str, table: &str) -> Result<Relation, HostError> {
        Ok(relation(source, table))
    }
    fn this(&self) -> Option<Relation> {
        Some(relation("main", "me"))
    }
    fn configure(&self, settings: Vec<(String, Value)>) {
        self.settings.lock().unwrap().extend(settings);
    }
    fn config(&self, key: &str) -> Option<Value> {
        let set = self.settings.lock().unwrap();
        let set = set.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.clone());
        set.or_else(|| self.config.get(key).cloned())
    }
    fn var(&self, name: &str) -> Option<Value> {
        self.vars.get(name).cloned()
    }
    fn env_var(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }
    fn is_incremental(&self) -> bool {
        self.incremental
    }
    fn quote(&self, identifier: &str) -> String {
        quote(identifier)
    }
    fn message(&self, level: Level, text: &str) {
        self.messages.lock().unwrap().push((level, text.to_string()));
    }
    fn introspection(&self) -> Option<Arc<dyn Introspection>> {
        self.database.clone()
    }
    fn model(&self) -> Value {
        from_json(r#"{"name": "me", "config": {"tags": ["a"], "materialized": "view"}}"#).unwrap()
    }
    fn package(&self) -> &str {
        &self.package
    }
    fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }
}

/// A renderer with macros from `(package, path, text)`.
pub fn renderer(files: &[(&str, &str, &str)]) -> Renderer {
    let mut builder = MacroLibrary::builder("shop");
    for (package, path, text) in files {
        builder.file(package, path, text);
    }
    let (library, problems) = builder.build();
    assert!(problems.is_empty(), "{problems:?}");
    Renderer::new(Arc::new(library), Limits::default())
}

pub fn render(files: &[(&str, &str, &str)], text: &str) -> Result<String, TemplateError> {
    render_with(files, text, Project::default())
}

pub fn render_with(
    files: &[(&str, &str, &str)],
    text: &str,
    project: Project,
) -> Result<String, TemplateError> {
    let source = TemplateSource::new("models/m.sql", text);
    renderer(files).render(&source, Arc::new(project)).map(|rendered| rendered.text)
}
