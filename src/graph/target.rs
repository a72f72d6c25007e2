//! Which database the run is for: the profile's output, rendered.

use super::connection::{self, Connection};
use super::host::Shared;
use crate::diagnostic::{Code, Diagnostic, Place, SECRET_FIELDS, SourceFile, did_you_mean};
use crate::dialect::{self, Dialect, OutputNames};
use crate::project::{Fields, Node, ProfilesFile, ProjectFile, Text, Yaml};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which target a command asks for.
#[derive(Debug, Clone, Default)]
pub struct TargetRequest {
    /// A profile in place of the project's.
    pub profile: Option<String>,
    /// An output in place of the profile's default.
    pub target: Option<String>,
    /// Nodes at a time, in place of the output's.
    pub threads: Option<usize>,
    /// An engine whose SQL is written in place of the output's; nothing is opened then.
    pub engine: Option<&'static dyn Dialect>,
}

/// The database that a project is compiled for.
#[derive(Debug, Clone)]
pub struct Target {
    /// The profile's name.
    pub profile: String,
    /// The output's name: `dev`.
    pub name: String,
    /// How its SQL is written.
    pub dialect: &'static dyn Dialect,
    /// The database that relations are in.
    pub database: String,
    /// The schema that relations are in.
    pub schema: String,
    /// The schema of the tables that remember loads.
    pub state_schema: String,
    /// Nodes at a time; at least one.
    pub threads: usize,
    /// The database file, absolute; `None` for a database in memory.
    pub path: Option<PathBuf>,
    /// How its server is reached; `None` for a database that is embedded.
    pub server: Option<Connection>,
    /// Where profiles.yml says so.
    pub path_place: Option<Place>,
    /// Where profiles.yml has the settings.
    pub settings_place: Option<Place>,
    /// Settings of the database itself, in order.
    pub settings: Vec<(String, String)>,
    /// Extensions to load into the database.
    pub extensions: Vec<String>,
    /// The connections of the profile.
    pub connections: Vec<Connection>,
    /// The fields as `target` shows them to templates; no secrets.
    pub fields: Map<String, Value>,
}

/// Where loads are remembered, unless the output says otherwise.
const STATE_SCHEMA: &str = "_sqlflow";

/// dbt's default.
const DEFAULT_THREADS: usize = 4;

/// More threads than this are a mistake; each holds a connection.
const MOST_THREADS: usize = 256;

/// Renders and reads the output that `request` means.
pub(super) fn resolve(
    project: &ProjectFile,
    root: &Path,
    profiles: &ProfilesFile,
    request: &TargetRequest,
    shared: &Arc<Shared>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Target> {
    let profile_name = request.profile.as_deref().unwrap_or(&project.profile.text);
    let profile = match profiles.profile(profile_name) {
        Ok(profile) => profile,
        Err(problem) => {
            let place = request.profile.is_none().then(|| project.profile.place.clone());
            problems.push(problem.at_maybe(place));
            return None;
        }
    };
    let (name, node) = match profile.output(request.target.as_deref()) {
        Ok(output) => output,
        Err(problem) => {
            problems.push(*problem);
            return None;
        }
    };
    let node = shared.render_yaml(node, profile.file(), problems);
    conceal(&node, shared);
    let what = format!("target `{name}`");
    let mut fields = Fields::of(&node, profile.file(), &what, problems)?;
    let own = read_type(&mut fields, problems)?;
    let dialect = request.engine.unwrap_or(own);
    let is_own = dialect.name() == own.name();
    let (path, path_place) = read_path(&mut fields, root, problems).unzip();
    let path = path.flatten().filter(|_| is_own);
    let database = fields.either(["database", "dbname"]).filter(|_| is_own).and_then(text_of);
    let schema = fields.text("schema", problems).map(|text| text.text);
    let (database, schema) = dialect.defaults(&OutputNames {
        database: database.as_deref(),
        schema: schema.as_deref(),
        path: path.as_deref(),
    });
    let state_schema = fields.text("state_schema", problems).map(|text| text.text);
    let threads = read_threads(&mut fields, request, problems);
    let settings_place = node.entry("settings").map(|node| node.place(profile.file()));
    let settings = read_settings(&mut fields, problems);
    let extensions = fields.texts("extensions", problems);
    refuse_attach(&mut fields, problems);
    fields.ignore(&["connections", "is_ducklake", "retries", "keep_open"]);
    let server = (is_own && !own.is_embedded())
        .then(|| server(&name, &node, root, profile.file(), problems));
    let mut shown = shown_fields(&node);
    shown.insert("type".to_owned(), Value::from(dialect.name()));
    if own.is_embedded() {
        fields.finish(problems);
    }
    Some(Target {
        profile: profile_name.to_owned(),
        dialect,
        database,
        schema,
        state_schema: state_schema.unwrap_or_else(|| STATE_SCHEMA.to_owned()),
        threads,
        path,
        server,
        path_place,
        settings,
        settings_place,
        extensions: extensions.into_iter().map(|text| text.text).collect(),
        connections: connection::read(&profile, &node, root, shared, problems),
        fields: shown,
        name,
    })
}

/// What `node`, the output called `name`, says of its server.
fn server(
    name: &str,
    node: &Node,
    root: &Path,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> Connection {
    /// What is not the server's matter.
    const OURS: [&str; 4] = ["type", "threads", "state_schema", "connections"];
    let mut settings = Vec::new();
    let mut kind = Text { text: String::new(), place: node.place(file) };
    let entries = match &node.yaml {
        Yaml::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    for (key, value) in entries {
        let is_ours = OURS.contains(&key.text.as_str());
        let Some(text) = text_of(value) else {
            if !is_ours && value.yaml != Yaml::Null {
                let message = format!("`{}` of target `{name}` is no text or number", key.text);
                let problem = Diagnostic::error(Code::INVALID_VALUE, message);
                problems.push(problem.at(value.place(file)));
            }
            continue;
        };
        let text = Text { text, place: value.place(file) };
        if key.text == "type" {
            kind = text;
        } else if !is_ours {
            settings.push((Text { text: key.text.clone(), place: key.place(file) }, text));
        }
    }
    Connection {
        name: name.to_owned(),
        kind,
        settings,
        directory: root.to_owned(),
        place: node.place(file),
        problems: Vec::new(),
    }
}

fn read_type(
    fields: &mut Fields<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<&'static dyn Dialect> {
    let kind = fields.required("type", problems)?;
    let dialect = dialect::named(&kind.text);
    if dialect.is_none() {
        let known = dialect::ALL.iter().map(|dialect| dialect.name());
        let help = did_you_mean(&kind.text, known.clone()).unwrap_or_else(|| {
            format!("this version builds on {}", known.collect::<Vec<_>>().join(", "))
        });
        problems.push(
            Diagnostic::error(Code::NOT_SUPPORTED, format!("unknown target type `{}`", kind.text))
                .at(kind.place)
                .with_help(help),
        );
    }
    dialect
}

/// The database file, absolute: relative paths start at the project's directory.
fn read_path(
    fields: &mut Fields<'_>,
    root: &Path,
    problems: &mut Vec<Diagnostic>,
) -> Option<(Option<PathBuf>, Place)> {
    let Text { text, place } = fields.text("path", problems)?;
    Some(((text != ":memory:").then(|| root.join(text)), place))
}

fn read_threads(
    fields: &mut Fields<'_>,
    request: &TargetRequest,
    problems: &mut Vec<Diagnostic>,
) -> usize {
    let written = fields.text("threads", problems);
    if let Some(threads) = request.threads {
        return threads.clamp(1, MOST_THREADS);
    }
    let Some(written) = written else { return DEFAULT_THREADS };
    match written.text.trim().parse() {
        Ok(threads @ 1..=MOST_THREADS) => threads,
        _ => {
            let message = format!("`threads` is `{}`, expected 1 to {MOST_THREADS}", written.text);
            problems.push(Diagnostic::error(Code::INVALID_VALUE, message).at(written.place));
            DEFAULT_THREADS
        }
    }
}

fn read_settings(fields: &mut Fields<'_>, problems: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    let Some(node) = fields.node("settings") else { return Vec::new() };
    let Some(settings) = Fields::of(node, fields.file, "settings", problems) else {
        return Vec::new();
    };
    let entries = settings.rest().map(|(key, value)| {
        let value = text_of(value).unwrap_or_default();
        (key.text.clone(), value)
    });
    entries.collect()
}

fn refuse_attach(fields: &mut Fields<'_>, problems: &mut Vec<Diagnostic>) {
    for key in ["attach", "plugins", "filesystems", "secrets", "module_paths"] {
        if let Some(node) = fields.node(key) {
            let message = format!("`{key}` of a DuckDB target is not supported by this version");
            problems
                .push(Diagnostic::error(Code::NOT_SUPPORTED, message).at(node.place(fields.file)));
        }
    }
}

pub(super) fn text_of(node: &Node) -> Option<String> {
    match &node.yaml {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Bool(value) => Some(value.to_string()),
        Yaml::Number(number) => Some(number.to_string()),
        Yaml::Null | Yaml::List(_) | Yaml::Map(_) => None,
    }
}

/// Remembers what stands in fields for secrets, so that no message shows it.
pub(super) fn conceal(node: &Node, shared: &Shared) {
    match &node.yaml {
        Yaml::Map(entries) => {
            for (key, value) in entries {
                let name = key.text.to_lowercase();
                let secret = SECRET_FIELDS.iter().any(|field| name.contains(field));
                match (secret, text_of(value)) {
                    (true, Some(text)) => shared.secrets().add(&text),
                    (false, Some(text)) => {
                        let words = in_address(&name, &text).into_iter().flatten();
                        words.for_each(|word| shared.secrets().add(word));
                    }
                    _ => conceal(value, shared),
                }
            }
        }
        Yaml::List(items) => items.iter().for_each(|item| conceal(item, shared)),
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_) => {}
    }
}

/// The user and password of an address, together and the password alone. An endpoint is one also
/// without a scheme.
fn in_address<'t>(name: &str, text: &'t str) -> Option<[&'t str; 2]> {
    let rest = match text.split_once("://") {
        Some((_, rest)) => rest,
        None => Some(text).filter(|_| name.contains("endpoint"))?,
    };
    let (user, _) = rest.rsplit_once('@')?;
    Some([user, user.split_once(':').map_or("", |(_, password)| password)])
}

fn shown_fields(node: &Node) -> Map<String, Value> {
    let Value::Object(mut fields) = node.to_json() else { return Map::new() };
    fields.retain(|key, _| {
        let key = key.to_lowercase();
        !SECRET_FIELDS.iter().any(|secret| key.contains(secret)) && key != "connections"
    });
    fields
}
