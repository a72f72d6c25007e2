//! What all templates of a run are told: target, variables, docs blocks.

use super::host::{Invocation, Shared, Surroundings, YamlText, has_jinja, own_scope};
use super::shown::ShownGraph;
use super::target::Target;
use crate::diagnostic::{Diagnostic, Place, SourceFile};
use crate::project::{Project, Setting};
use crate::template::{BlockKind, Facts, blocks, from_serde};
use minijinja::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(super) fn facts(
    project: &Project,
    invocation: &Invocation,
    surroundings: &Surroundings,
    target: Option<&Target>,
    shown: &Arc<ShownGraph>,
) -> Facts {
    let json = |value: serde_json::Value| from_serde(&value);
    let target_value = target.map_or(Value::UNDEFINED, |target| {
        let mut fields = target.fields.clone();
        for (key, value) in [
            ("name", serde_json::Value::from(target.name.clone())),
            ("target_name", target.name.clone().into()),
            ("profile_name", target.profile.clone().into()),
            ("type", target.dialect.name().into()),
            ("database", target.database.clone().into()),
            ("dbname", target.database.clone().into()),
            ("schema", target.schema.clone().into()),
            ("threads", target.threads.into()),
        ] {
            fields.insert(key.to_owned(), value);
        }
        json(serde_json::Value::Object(fields))
    });
    Facts {
        target: target_value,
        graph: Value::from_dyn_object(shown.clone()),
        flags: json(serde_json::json!({
            "FULL_REFRESH": invocation.full_refresh,
            "WHICH": invocation.verb,
        })),
        invocation_id: surroundings.invocation_id.clone(),
        run_started_at: surroundings.now,
        now: surroundings.now,
        project_name: project.main().name.clone(),
        dbt_version: DBT_VERSION.to_owned(),
        adapter: target.map_or_else(String::new, |target| target.dialect.name().to_owned()),
        dispatch_prefixes: target
            .map(|target| vec![target.dialect.name().to_owned()])
            .unwrap_or_default(),
        metadata_environment: json(serde_json::json!({})),
        selected_resources: json(serde_json::json!([])),
        invocation_args: json(serde_json::json!({"which": invocation.verb})),
    }
}

/// The version of dbt whose language this is, for templates that ask.
pub(super) const DBT_VERSION: &str = "1.11.0";

/// Variables by package. A mapping under a package's name holds for that package alone.
pub(super) fn vars(project: &Project) -> HashMap<String, BTreeMap<String, serde_json::Value>> {
    let mut scopes: HashMap<String, BTreeMap<String, serde_json::Value>> = HashMap::new();
    let names: Vec<&str> = project.packages.iter().map(|package| package.name.as_str()).collect();
    // Packages first: what the project itself says about them wins.
    for (index, package) in project.packages.iter().enumerate().rev() {
        for Setting { key, value, .. } in &package.file.vars {
            match value {
                serde_json::Value::Object(scope) if names.contains(&key.as_str()) => {
                    scopes.entry(key.clone()).or_default().extend(scope.clone());
                }
                value => {
                    let scope = if index == 0 { String::new() } else { own_scope(&package.name) };
                    scopes.entry(scope).or_default().insert(key.clone(), value.clone());
                }
            }
        }
    }
    scopes
}

/// Variables that are text may hold Jinja: dbt renders these, and nothing inside lists.
pub(super) fn render_vars(shared: Shared, problems: &mut Vec<Diagnostic>) -> Arc<Shared> {
    let holds_jinja = |value: &serde_json::Value| value.as_str().is_some_and(has_jinja);
    if !shared.vars.values().flat_map(BTreeMap::values).any(holds_jinja) {
        return Arc::new(shared);
    }
    let raw = Arc::new(shared);
    let mut rendered = raw.vars.clone();
    for value in rendered.values_mut().flat_map(BTreeMap::values_mut) {
        if let serde_json::Value::String(text) = value
            && has_jinja(text)
        {
            let file = SourceFile::new("vars", text.as_str());
            let place = Place::start_of(file);
            if let Some(new) = raw.render_value(YamlText { text, place: &place }, problems) {
                *value = new;
            }
        }
    }
    Arc::new(Shared::with_vars(&raw, rendered))
}

pub(super) fn docs(project: &Project) -> HashMap<(String, String), String> {
    let mut docs = HashMap::new();
    for package in &project.packages {
        for file in &package.docs {
            for block in blocks(&file.text).into_iter().filter(|b| b.kind == BlockKind::Docs) {
                let text = file.text[block.body].trim().to_owned();
                docs.insert((package.name.clone(), block.name), text);
            }
        }
    }
    docs
}
