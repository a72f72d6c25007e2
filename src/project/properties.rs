//! Property files: what YAML says about models, seeds, tests, macros, and the sources it declares.

use super::export::{self, DeclaredExport};
use super::fields::{Fields, Text, as_list, as_text, wrong_kind};
use super::settings::{Settings, beside_config, read as read_settings, setting};
use super::source::{self, DeclaredSource, description};
use super::yaml::{self, Node, Yaml};
use crate::diagnostic::{Code, Diagnostic, Place, SourceFile};
use std::sync::Arc;

/// Everything that one YAML file declares.
#[derive(Debug, Clone)]
pub struct Properties {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Properties of models, seeds, snapshots, analyses and singular tests.
    pub nodes: Vec<NodeProperties>,
    /// Sources.
    pub sources: Vec<DeclaredSource>,
    /// Exports.
    pub exports: Vec<DeclaredExport>,
    /// Properties of macros.
    pub macros: Vec<MacroProperties>,
}

/// What kind of node the properties are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PropertiesKind {
    /// `models:`
    Model,
    /// `seeds:`
    Seed,
    /// `snapshots:`
    Snapshot,
    /// `analyses:`
    Analysis,
    /// `data_tests:` or `tests:` at the top of a file: singular tests.
    Test,
}

/// The properties of one node.
#[derive(Debug, Clone)]
pub struct NodeProperties {
    /// What they are about.
    pub kind: PropertiesKind,
    /// The node's name.
    pub name: Text,
    /// What it is; Jinja not rendered.
    pub description: String,
    /// What a snapshot of YAML takes its rows from: `ref('x')`.
    pub relation: Option<Text>,
    /// Configuration.
    pub settings: Settings,
    /// Declared columns.
    pub columns: Vec<DeclaredColumn>,
    /// Tests of the relation.
    pub tests: Vec<DeclaredTest>,
}

/// A declared column.
#[derive(Debug, Clone)]
pub struct DeclaredColumn {
    /// The column's name.
    pub name: Text,
    /// What it is; Jinja not rendered.
    pub description: String,
    /// Its type, where declared.
    pub data_type: Option<Text>,
    /// Whether its name is quoted in tests.
    pub quote: bool,
    /// Tags, meta and other configuration.
    pub settings: Settings,
    /// Tests of the column.
    pub tests: Vec<DeclaredTest>,
    /// What `constraints:` says of it.
    pub constraints: Vec<Text>,
}

/// A generic test as written under `data_tests:`.
#[derive(Debug, Clone)]
pub struct DeclaredTest {
    /// The test's macro, perhaps with its package: `not_null`, `dbt_utils.equal_rowcount`.
    pub test: Text,
    /// A name of its own.
    pub name: Option<String>,
    /// What it is for.
    pub description: String,
    /// Arguments by name; strings may hold Jinja.
    pub arguments: Settings,
    /// Configuration: severity, where, limit, ...
    pub settings: Settings,
}

/// What YAML says about a macro.
#[derive(Debug, Clone)]
pub struct MacroProperties {
    /// The macro's name.
    pub name: Text,
    /// What it does.
    pub description: String,
}

/// Kinds of resources that dbt has and sqlflow reads past.
const OTHER_RESOURCES: &[&str] = &[
    "version",
    "exposures",
    "metrics",
    "groups",
    "semantic_models",
    "saved_queries",
    "anchors",
    "functions",
    "docs",
];

/// Keys of a test entry that configure it where they stand outside `config:`.
const TEST_SETTINGS: &[&str] = &[
    "severity",
    "warn_if",
    "error_if",
    "where",
    "limit",
    "store_failures",
    "store_failures_as",
    "fail_calc",
    "tags",
    "enabled",
    "meta",
    "alias",
    "schema",
    "database",
];

/// Reads one property file.
pub(super) fn read(file: &Arc<SourceFile>, problems: &mut Vec<Diagnostic>) -> Option<Properties> {
    let node = match yaml::parse(file) {
        Ok(node) => node,
        Err(problem) => {
            problems.push(*problem);
            return None;
        }
    };
    let mut fields = Fields::of(&node, file, "this file", problems)?;
    let mut nodes = Vec::new();
    for (key, kind) in [
        ("models", PropertiesKind::Model),
        ("seeds", PropertiesKind::Seed),
        ("snapshots", PropertiesKind::Snapshot),
        ("analyses", PropertiesKind::Analysis),
        ("tests", PropertiesKind::Test),
        ("data_tests", PropertiesKind::Test),
    ] {
        for node in fields.list(key, problems) {
            nodes.extend(read_node(kind, node, file, problems));
        }
    }
    let sources = fields.node("sources");
    let sources = sources.map(|node| source::read_all(node, file, problems)).unwrap_or_default();
    let macros = fields.list("macros", problems);
    let macros = macros.iter().filter_map(|node| read_macro(node, file, problems)).collect();
    let exports = fields.node("exports");
    let exports = exports.map(|node| export::read_all(node, file, problems)).unwrap_or_default();
    if let Some((key, _)) = fields.entry("unit_tests") {
        let message = "unit tests are not run by this version";
        problems.push(Diagnostic::warning(Code::NOT_SUPPORTED, message).at(key.place(file)));
    }
    fields.ignore(OTHER_RESOURCES);
    fields.finish(problems);
    Some(Properties { file: file.clone(), nodes, sources, exports, macros })
}

fn read_node(
    kind: PropertiesKind,
    node: &Node,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> Option<NodeProperties> {
    let what = match kind {
        PropertiesKind::Model => "this model",
        PropertiesKind::Seed => "this seed",
        PropertiesKind::Snapshot => "this snapshot",
        PropertiesKind::Analysis => "this analysis",
        PropertiesKind::Test => "this test",
    };
    let mut fields = Fields::of(node, file, what, problems)?;
    let name = fields.required("name", problems)?;
    let properties = NodeProperties {
        kind,
        description: description(&mut fields, problems),
        relation: match kind {
            PropertiesKind::Snapshot => fields.text("relation", problems),
            _ => None,
        },
        columns: read_columns(&mut fields, &[], problems),
        tests: read_tests(&mut fields, problems),
        settings: beside_config(
            &mut fields,
            &["tags", "meta", "group", "access", "docs"],
            problems,
        ),
        name,
    };
    if let Some(node) = fields.node("versions") {
        problems.push(
            Diagnostic::error(
                Code::NOT_SUPPORTED,
                "model versions are not supported by this version",
            )
            .at(node.place(file)),
        );
    }
    unapplied_constraints(&mut fields, problems);
    fields.ignore(&["latest_version", "deprecation_date", "time_spine", "primary_key", "relation"]);
    fields.finish(problems);
    Some(properties)
}

pub(super) fn read_columns(
    fields: &mut Fields<'_>,
    applied: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Vec<DeclaredColumn> {
    let file = fields.file;
    let nodes = fields.list("columns", problems);
    nodes.iter().filter_map(|node| read_column(node, file, applied, problems)).collect()
}

/// Constraints would be part of the table in other tools.
fn unapplied_constraints(fields: &mut Fields<'_>, problems: &mut Vec<Diagnostic>) {
    if let Some((key, _)) = fields.entry("constraints") {
        let message = "`constraints` are not applied by this version";
        problems.push(
            Diagnostic::warning(Code::NOT_SUPPORTED, message)
                .at(key.place(fields.file))
                .with_help("test them: `data_tests: [not_null, unique]`"),
        );
    }
}

/// The types of the column's constraints: `[{type: not_null}]`.
fn read_constraints(
    fields: &mut Fields<'_>,
    applied: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Vec<Text> {
    let file = fields.file;
    let nodes = fields.list("constraints", problems);
    let found: Vec<Text> = nodes
        .iter()
        .filter_map(|node| {
            let mut fields = Fields::of(node, file, "this constraint", problems)?;
            fields.text("type", problems)
        })
        .collect();
    if found.len() < nodes.len() || !found.iter().all(|text| applied.contains(&text.text.as_str()))
    {
        unapplied_constraints(fields, problems);
    }
    found
}

/// A column, of whose constraints those of the types `applied` are kept; of the others it is said
/// that they are not.
fn read_column(
    node: &Node,
    file: &Arc<SourceFile>,
    applied: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Option<DeclaredColumn> {
    let mut fields = Fields::of(node, file, "this column", problems)?;
    let name = fields.required("name", problems)?;
    let column = DeclaredColumn {
        description: description(&mut fields, problems),
        data_type: fields.text("data_type", problems),
        quote: fields.boolean("quote", problems).unwrap_or(false),
        tests: read_tests(&mut fields, problems),
        settings: beside_config(&mut fields, &["tags", "meta"], problems),
        constraints: read_constraints(&mut fields, applied, problems),
        name,
    };
    fields.ignore(&["policy_tags", "granularity", "entity", "dimension"]);
    fields.finish(problems);
    Some(column)
}

pub(super) fn read_tests(
    fields: &mut Fields<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<DeclaredTest> {
    let file = fields.file;
    let Some(node) = fields.either(["data_tests", "tests"]) else { return Vec::new() };
    let items = as_list(node, file, "data_tests", problems);
    items.iter().filter_map(|item| read_test(item, file, problems)).collect()
}

/// A test is a name (`- unique`), a mapping of its name to its arguments
/// (`- accepted_values: {values: [...]}`), or a mapping with `test_name`.
fn read_test(
    node: &Node,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> Option<DeclaredTest> {
    if let Some(test) = as_text(node, file) {
        return Some(plain_test(test));
    }
    let Yaml::Map(entries) = &node.yaml else {
        problems.push(wrong_kind(node, file, "a test", "a name or a mapping"));
        return None;
    };
    if let Some(test) = node.entry("test_name") {
        let test = as_text(test, file)?;
        return Some(read_arguments(test, &[node], file, problems));
    }
    let Some((key, body)) = entries.first() else {
        problems.push(wrong_kind(node, file, "a test", "a name or a mapping"));
        return None;
    };
    let test = Text { text: key.text.clone(), place: key.place(file) };
    // dbt also takes `config:` and `name:` beside the test's own key.
    let beside = Node { range: node.range.clone(), yaml: Yaml::Map(entries[1..].to_vec()) };
    Some(read_arguments(test, &[body, &beside], file, problems))
}

fn plain_test(test: Text) -> DeclaredTest {
    DeclaredTest {
        test,
        name: None,
        description: String::new(),
        arguments: Settings::new(),
        settings: Settings::new(),
    }
}

fn read_arguments(
    test: Text,
    bodies: &[&Node],
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> DeclaredTest {
    let mut declared = plain_test(test);
    for body in bodies {
        let Some(mut fields) = Fields::of(body, file, "this test", problems) else { continue };
        declared.name = fields.text("name", problems).map(|text| text.text).or(declared.name);
        let about = description(&mut fields, problems);
        if !about.is_empty() {
            declared.description = about;
        }
        declared.settings.extend(beside_config(&mut fields, TEST_SETTINGS, problems));
        fields.ignore(&["test_name"]);
        if let Some(node) = fields.node("arguments") {
            declared.arguments.extend(read_settings(node, file, "arguments", problems));
        }
        let rest = fields.rest().map(|(key, value)| setting(key, value, file));
        declared.arguments.extend(rest.collect::<Vec<_>>());
    }
    declared
}

fn read_macro(
    node: &Node,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) -> Option<MacroProperties> {
    let mut fields = Fields::of(node, file, "this macro", problems)?;
    let name = fields.required("name", problems)?;
    let properties = MacroProperties { description: description(&mut fields, problems), name };
    fields.ignore(&["arguments", "docs", "meta", "config"]);
    fields.finish(problems);
    Some(properties)
}

impl DeclaredTest {
    /// Where it stands.
    pub fn place(&self) -> &Place {
        &self.test.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(text: &str) -> (Properties, Vec<String>) {
        let mut problems = Vec::new();
        let file = SourceFile::new("models/m.yml", text);
        let properties = read(&file, &mut problems).unwrap();
        (properties, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn tests_are_read_in_every_form_dbt_takes() {
        let (properties, problems) = properties(
            "models:\n  - name: m\n    columns:\n      - name: c\n        data_tests:\n          \
             - unique\n          - accepted_values:\n              values: [a, b]\n              \
             severity: warn\n          - relationships:\n              arguments: {to: ref('x'), \
             field: id}\n              config: {where: a > 1}\n          - test_name: not_null\n            \
             name: own\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        let tests: Vec<_> = properties.nodes[0].columns[0]
            .tests
            .iter()
            .map(|test| {
                let keys =
                    |s: &Settings| s.iter().map(|s| s.key.clone()).collect::<Vec<_>>().join(",");
                (test.test.text.clone(), keys(&test.arguments), keys(&test.settings))
            })
            .collect();
        let expected = [
            ("unique", "", ""),
            ("accepted_values", "values", "severity"),
            ("relationships", "to,field", "where"),
            ("not_null", "", ""),
        ];
        assert_eq!(tests, expected.map(|(a, b, c)| (a.into(), b.into(), c.into())));
    }

    #[test]
    fn unknown_keys_are_found_at_every_level() {
        let (_, problems) = properties(
            "model:\n  - name: x\nmodels:\n  - name: m\n    colums: []\n    columns:\n      - name: c\n        data_typ: int\n",
        );
        assert_eq!(
            problems,
            [
                "warning[SF104]: unknown key `data_typ` in this column (models/m.yml:8:9)",
                "warning[SF104]: unknown key `colums` in this model (models/m.yml:5:5)",
                "warning[SF104]: unknown key `model` in this file (models/m.yml:1:1)",
            ]
        );
    }
}
