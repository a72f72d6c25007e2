//! The tests that YAML declares, as nodes; and how a generic test becomes SQL.

use super::config::{Config, Merged, TestConfig, settings_at};
use super::host::{ParseHost, has_jinja, no_model};
use super::node::{GenericTest, Node, NodeId, NodeKind, Reference, TemplateTraits, TestNode};
use super::problem::diagnose;
use super::resolve::{Context, Made};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::project::{DeclaredTest, Package, Properties, PropertiesKind, Setting};
use crate::template::{
    BlockKind, Host, HostError, Limits, MacroId, MacroLibrary, Relation, Rendered, Renderer,
    TemplateError, TemplateSource, from_serde,
};
use md5::{Digest, Md5};
use minijinja::Value;
use rayon::prelude::*;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// dbt's limit for a test's name: databases cut longer ones.
const LONGEST_NAME: usize = 64;

/// The kind of a singular test: its file is its query.
pub(super) fn singular(merged: &Merged, problems: &mut Vec<Diagnostic>) -> NodeKind {
    let judgement = TestConfig::read(merged, problems);
    NodeKind::Test(Box::new(TestNode { generic: None, judgement }))
}

/// What a declared test is about.
struct Subject<'p> {
    package: &'p Package,
    properties: &'p Properties,
    node: &'p Node,
    column: Option<(&'p str, bool)>,
    declared: &'p DeclaredTest,
}

/// Every generic test of the project as a node. `nodes` are sorted by id.
pub(super) fn make(context: &Context<'_>, nodes: &[Node]) -> Made {
    let by_id: HashMap<&str, &Node> = nodes.iter().map(|node| (node.id.0.as_str(), node)).collect();
    let subjects = subjects(context, &by_id);
    let nodes: Vec<Made> = subjects
        .into_par_iter()
        .map_init(
            || Renderer::new(context.library.clone(), Limits::default()),
            |renderer, subject| make_test(context, renderer, &subject),
        )
        .collect();
    let mut made = Made::default();
    let mut seen = HashSet::new();
    for one in nodes {
        made.problems.extend(one.problems);
        for node in one.nodes {
            // The same test with the same arguments twice is one test.
            if seen.insert(node.id.clone()) {
                made.nodes.push(node);
            }
        }
    }
    made
}

fn subjects<'p>(context: &Context<'p>, nodes: &HashMap<&str, &'p Node>) -> Vec<Subject<'p>> {
    let mut subjects = Vec::new();
    for package in &context.project.packages {
        for properties in &package.properties {
            for entry in &properties.nodes {
                let kinds: &[&str] = match entry.kind {
                    PropertiesKind::Model => &["model"],
                    PropertiesKind::Seed => &["seed"],
                    PropertiesKind::Snapshot => &["snapshot"],
                    PropertiesKind::Analysis | PropertiesKind::Test => &[],
                };
                let id = |kind: &&str| format!("{kind}.{}.{}", package.name, entry.name.text);
                let Some(node) = kinds.iter().find_map(|kind| nodes.get(id(kind).as_str())) else {
                    continue;
                };
                let columns = entry.columns.iter().map(|c| (&c.name.text, c.quote, &c.tests));
                add(&mut subjects, package, properties, node, &entry.tests, columns);
            }
            for source in &properties.sources {
                for table in &source.tables {
                    let id =
                        format!("source.{}.{}.{}", package.name, source.name.text, table.name.text);
                    let Some(node) = nodes.get(id.as_str()) else { continue };
                    let columns = table.columns.iter().map(|c| (&c.name.text, c.quote, &c.tests));
                    add(&mut subjects, package, properties, node, &table.tests, columns);
                }
            }
        }
    }
    subjects
}

fn add<'p>(
    subjects: &mut Vec<Subject<'p>>,
    package: &'p Package,
    properties: &'p Properties,
    node: &'p Node,
    tests: &'p [DeclaredTest],
    columns: impl Iterator<Item = (&'p String, bool, &'p Vec<DeclaredTest>)>,
) {
    let whole = tests.iter().map(|declared| (None, declared));
    let columns = columns.flat_map(|(name, quote, tests)| {
        tests.iter().map(move |declared| (Some((name.as_str(), quote)), declared))
    });
    subjects.extend(whole.chain(columns).map(|(column, declared)| Subject {
        package,
        properties,
        node,
        column,
        declared,
    }));
}

fn make_test(context: &Context<'_>, renderer: &mut Renderer, subject: &Subject<'_>) -> Made {
    let mut made = Made::default();
    let Subject { package, declared, node: about, .. } = subject;
    let (namespace, test) = match declared.test.text.split_once('.') {
        Some((namespace, test)) => (Some(namespace), test),
        None => (None, declared.test.text.as_str()),
    };
    let Some(id) = find_macro(&context.library, &package.name, namespace, test) else {
        made.problems.push(unknown_test(context, subject));
        return made;
    };
    let arguments = arguments(subject);
    let (short_name, full_name) = names(subject, namespace, test, &arguments);
    let (name, file_name) = match &declared.name {
        Some(own) => (own.clone(), own.clone()),
        None => (full_name, short_name),
    };
    // The folder of the YAML file, below the first of its path: dbt's rule.
    let below =
        subject.properties.file.path.strip_prefix(&package_prefix(subject)).map(str::to_owned);
    let path = below.unwrap_or_else(|| subject.properties.file.path.to_string());
    let mut fqn: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
    fqn.pop();
    fqn.insert(0, package.name.clone());
    fqn.push(name.clone());
    let mut merged =
        context.defaults(package, |package| &package.file.tests, &fqn, &mut made.problems);
    merged.lay(&declared.settings);
    context.render_settings(&mut merged, &mut made.problems);
    let judgement = TestConfig::read(&merged, &mut made.problems);
    let generic = GenericTest {
        namespace: namespace.map(str::to_owned),
        test: test.to_owned(),
        subject: about.id.clone(),
        column: subject.column.map(|(name, _)| name.to_owned()),
        arguments,
        file_name,
    };
    let host = Arc::new(ParseHost::new(
        context.shared.clone(),
        &package.name,
        None,
        merged.clone(),
        no_model(),
    ));
    let macros = match render(renderer, id, &generic, about, &judgement, host.clone()) {
        Ok(rendered) => rendered.macros_called.iter().map(ToString::to_string).collect(),
        Err(error) => {
            made.problems.push(diagnose(&error, &context.files).at(declared.place().clone()));
            return made;
        }
    };
    let record = host.take_record();
    // What the test's own macro says about itself wins over the entry in YAML: dbt's order.
    merged.lay(&settings_at(record.configured, &|_| declared.place().clone()));
    let config = Config::read(&merged, &mut made.problems);
    let judgement = TestConfig::read(&merged, &mut made.problems);
    if !config.enabled {
        return made;
    }
    let unique = unique_id(&package.name, &name, &generic, about);
    made.nodes.push(Node {
        id: NodeId(unique),
        name,
        package: package.name.clone(),
        kind: NodeKind::Test(Box::new(TestNode { generic: Some(generic), judgement })),
        file: subject.properties.file.clone(),
        relative: subject.properties.file.path.to_string(),
        fqn,
        place: declared.place().clone(),
        relation: None,
        config,
        description: context.text(&declared.description, declared.place(), &mut made.problems),
        columns: Vec::new(),
        references: record.references,
        macros,
        parents: Vec::new(),
        traits: TemplateTraits::default(),
        refusals: Vec::new(),
    });
    made
}

/// What stands before the paths of a package's files: `dbt_packages/x/`.
fn package_prefix(subject: &Subject<'_>) -> String {
    let file = &subject.package.file.file.path;
    file.rsplit_once('/').map_or_else(String::new, |(prefix, _)| format!("{prefix}/"))
}

/// The macro of a generic test: `test_<name>`.
pub fn find_macro(
    library: &MacroLibrary,
    package: &str,
    namespace: Option<&str>,
    test: &str,
) -> Option<MacroId> {
    let name = format!("test_{test}");
    match namespace {
        Some(namespace) => library.find(package, &format!("{namespace}.{name}")),
        None => library.find(package, &name),
    }
}

fn unknown_test(context: &Context<'_>, subject: &Subject<'_>) -> Diagnostic {
    let declared = subject.declared;
    let known = context.library.macros().filter(|(_, info)| info.kind == BlockKind::Test);
    let known: Vec<String> =
        known.map(|(_, info)| info.name.trim_start_matches("test_").to_owned()).collect();
    let name = &declared.test.text;
    Diagnostic::error(Code::UNKNOWN_TEST, format!("no generic test `{name}`"))
        .at(declared.place().clone())
        .with_help(did_you_mean(name, known.iter().map(String::as_str)).unwrap_or_else(|| {
            let head = format!("{{% test {name}(model, column_name) %}}");
            format!("define it in macros/ or tests/generic/: `{head} … {{% endtest %}}`")
        }))
}

fn arguments(subject: &Subject<'_>) -> Vec<(String, Json)> {
    let declared = subject.declared.arguments.iter();
    let mut arguments: Vec<(String, Json)> =
        declared.map(|Setting { key, value, .. }| (key.clone(), value.clone())).collect();
    if let Some((name, quote)) = subject.column {
        // A quoted column keeps its mark until the dialect is known: the template quotes it.
        let name = if quote {
            format!("{{{{ adapter.quote('{}') }}}}", name.replace('\'', "\\'"))
        } else {
            name.to_owned()
        };
        arguments.push(("column_name".to_owned(), Json::String(name)));
    }
    arguments
}

/// The short name, at most [`LONGEST_NAME`] characters, and the full one: dbt's rule
/// (`synthesize_generic_test_names`), so that selections and tools find the same names.
fn names(
    subject: &Subject<'_>,
    namespace: Option<&str>,
    test: &str,
    arguments: &[(String, Json)],
) -> (String, String) {
    let (mut kind, about) = match &subject.node.kind {
        NodeKind::Source(source) => {
            (format!("source_{test}"), format!("{}_{}", source.source, subject.node.name))
        }
        _ => (test.to_owned(), subject.node.name.clone()),
    };
    if let Some(namespace) = namespace {
        kind = format!("{namespace}_{kind}");
    }
    let mut sorted: Vec<&(String, Json)> = arguments.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let column = subject.column.map(|(name, _)| name);
    let values = sorted.into_iter().flat_map(|(key, value)| match (key.as_str(), column) {
        ("column_name", Some(column)) => vec![column.to_owned()],
        _ => flat(value),
    });
    let clean: Vec<String> = values.map(|text| clean(&text)).collect();
    let identifier = format!("{kind}_{about}");
    let full = format!("{identifier}_{}", clean.join("__"));
    if full.len() < LONGEST_NAME {
        return (full.clone(), full);
    }
    let beginning: String = identifier.chars().take(30).collect();
    (format!("{beginning}_{:x}", Md5::digest(full.as_bytes())), full)
}

fn flat(value: &Json) -> Vec<String> {
    match value {
        Json::Array(items) => items.iter().map(python_text).collect(),
        Json::Object(entries) => entries.values().map(python_text).collect(),
        one => vec![python_text(one)],
    }
}

/// As Python's `str` prints it.
fn python_text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Null => "None".to_owned(),
        other => other.to_string(),
    }
}

/// Runs of characters that are no letters, digits or underscores become one underscore.
fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut gap = false;
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || character == '_' {
            clean.push(character);
            gap = false;
        } else if !gap {
            clean.push('_');
            gap = true;
        }
    }
    clean
}

/// `test.<package>.<name>.<hash>`: dbt's id, so that tools which join by it find the same tests.
/// The hash is over the name and Python's `repr` of the test's metadata, with sorted keys.
fn unique_id(package: &str, name: &str, generic: &GenericTest, about: &Node) -> String {
    let model = format!("{{{{ get_where_subquery({}) }}}}", plain_reference(about));
    let mut kwargs: BTreeMap<&str, String> =
        generic.arguments.iter().map(|(key, value)| (key.as_str(), repr(value))).collect();
    kwargs.insert("model", repr(&Json::String(model)));
    if let Some(column) = &generic.column {
        kwargs.insert("column_name", repr(&Json::String(column.clone())));
    }
    let kwargs: Vec<String> =
        kwargs.iter().map(|(key, value)| format!("{}: {value}", quoted(key))).collect();
    let namespace = generic.namespace.as_deref().unwrap_or("None");
    let metadata = format!(
        "{{'kwargs': {{{}}}, 'name': {}, 'namespace': {}}}",
        kwargs.join(", "),
        quoted(&generic.test),
        quoted(namespace),
    );
    let hash = format!("{:x}", Md5::digest(format!("{name}{metadata}").as_bytes()));
    format!("test.{package}.{name}.{}", &hash[hash.len() - 10..])
}

/// As dbt writes the reference to a tested node.
fn plain_reference(node: &Node) -> String {
    match &node.kind {
        NodeKind::Source(source) => format!("source('{}', '{}')", source.source, node.name),
        _ => format!("ref('{}')", node.name),
    }
}

/// Python's `repr`, every scalar as text first.
fn repr(value: &Json) -> String {
    match value {
        Json::Array(items) => {
            format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", "))
        }
        Json::Object(entries) => {
            let sorted: BTreeMap<&String, &Json> = entries.iter().collect();
            let pairs =
                sorted.iter().map(|(key, value)| format!("{}: {}", quoted(key), repr(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        scalar => quoted(&python_text(scalar)),
    }
}

/// Python's quotes: single ones, unless the text holds single and no double ones.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
    if text.contains('\'') && !text.contains('"') {
        format!("\"{escaped}\"")
    } else {
        format!("'{}'", escaped.replace('\'', "\\'"))
    }
}

/// The SQL of a generic test about `node`: rows that fail.
///
/// # Errors
/// The template's.
pub fn render(
    renderer: &mut Renderer,
    id: MacroId,
    generic: &GenericTest,
    node: &Node,
    judgement: &TestConfig,
    host: Arc<dyn Host>,
) -> Result<Rendered, TemplateError> {
    let mut arguments = Vec::with_capacity(generic.arguments.len() + 1);
    for (key, value) in &generic.arguments {
        arguments.push((key.as_str(), argument(renderer, node, value, &host)?));
    }
    let relation = match subject_reference(node) {
        Reference::Node { package, name } => host.reference(package.as_deref(), &name, None),
        Reference::Source { source, table } => host.source(&source, &table),
    };
    let relation = relation.map_err(|error| host_error(&error))?;
    arguments.push(("model", filtered(relation, judgement)));
    renderer.call(id, &[], &arguments, host).map(|(_, rendered)| rendered)
}

fn subject_reference(node: &Node) -> Reference {
    match &node.kind {
        NodeKind::Source(source) => {
            Reference::Source { source: source.source.clone(), table: node.name.clone() }
        }
        _ => Reference::Node { package: Some(node.package.clone()), name: node.name.clone() },
    }
}

/// dbt's `get_where_subquery`.
fn filtered(relation: Relation, judgement: &TestConfig) -> Value {
    let relation = Value::from_object(relation);
    match &judgement.filter {
        Some(filter) => {
            Value::from(format!("(select * from {relation} where {filter}) dbt_subquery"))
        }
        None => relation,
    }
}

/// Strings that hold Jinja, or are a call such as `ref('x')`, are rendered: dbt's rule.
fn argument(
    renderer: &mut Renderer,
    node: &Node,
    value: &Json,
    host: &Arc<dyn Host>,
) -> Result<Value, TemplateError> {
    match value {
        Json::String(text) if has_jinja(text) || is_call(text) => {
            let text = if has_jinja(text) { text.clone() } else { format!("{{{{ {text} }}}}") };
            renderer.native(&TemplateSource::new(&node.file.path, &text), host.clone())
        }
        Json::Array(items) => {
            let items: Result<Vec<Value>, _> =
                items.iter().map(|item| argument(renderer, node, item, host)).collect();
            items.map(Value::from)
        }
        other => Ok(from_serde(other)),
    }
}

fn is_call(text: &str) -> bool {
    let text = text.trim();
    let called = ["ref", "source", "var", "env_var", "doc"]
        .iter()
        .any(|name| text.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('(')));
    called && text.ends_with(')')
}

fn host_error(error: &HostError) -> TemplateError {
    TemplateError {
        message: error.0.to_string(),
        kind: crate::template::Kind::Host(error.clone()),
        frames: Vec::new(),
        help: None,
    }
}
