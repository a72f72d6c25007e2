//! `sqlflow.yml`, or `dbt_project.yml` with dbt's meaning where there is none.

use super::fields::{Fields, Text, wrong_kind};
use super::settings::{Setting, setting};
use super::yaml::{self, Node, Yaml};
use crate::diagnostic::{Code, Diagnostic, SourceFile};
use std::sync::Arc;

/// The names a project file may have; the first that exists counts.
pub(super) const NAMES: [&str; 2] = ["sqlflow.yml", "dbt_project.yml"];

/// What a project file says.
#[derive(Debug, Clone)]
pub struct ProjectFile {
    /// The file itself.
    pub file: Arc<SourceFile>,
    /// The project's name: letters, digits, underscores.
    pub name: Text,
    /// The project's version, as written; empty where it has none.
    pub version: String,
    /// The profile it uses; default: its name.
    pub profile: Text,
    /// Where things lie.
    pub paths: ProjectPaths,
    /// Variables; values may hold Jinja.
    pub vars: Vec<Setting>,
    /// Defaults of models by folder.
    pub models: Vec<FolderSetting>,
    /// Defaults of seeds by folder.
    pub seeds: Vec<FolderSetting>,
    /// Defaults of sources by folder.
    pub sources: Vec<FolderSetting>,
    /// Defaults of tests by folder.
    pub tests: Vec<FolderSetting>,
    /// Defaults of snapshots by folder.
    pub snapshots: Vec<FolderSetting>,
    /// Defaults of exports by folder.
    pub exports: Vec<FolderSetting>,
    /// Defaults of loads by path of the YAML file, source, table.
    pub loads: Vec<FolderSetting>,
    /// SQL to run before everything else.
    pub on_run_start: Vec<Text>,
    /// SQL to run after everything else.
    pub on_run_end: Vec<Text>,
    /// Where `adapter.dispatch` looks: namespace to packages, in order.
    pub dispatch: Vec<(String, Vec<String>)>,
}

/// Directories, relative to the project's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectPaths {
    /// Models.
    pub models: Vec<String>,
    /// Sources (YAML only).
    pub sources: Vec<String>,
    /// Seeds.
    pub seeds: Vec<String>,
    /// Macros.
    pub macros: Vec<String>,
    /// Singular tests; generic ones in `generic/` below.
    pub tests: Vec<String>,
    /// Snapshots.
    pub snapshots: Vec<String>,
    /// Analyses.
    pub analyses: Vec<String>,
    /// Exports (YAML only).
    pub exports: Vec<String>,
    /// Docs blocks, besides those beside everything else.
    pub docs: Vec<String>,
    /// Everything generated.
    pub target: String,
    /// Accepted schemas.
    pub schemas: String,
    /// Installed packages.
    pub packages: String,
}

/// A default that holds for a folder and what is below it.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderSetting {
    /// Project name, then folders; empty means everything.
    pub folder: Vec<String>,
    /// The default.
    pub setting: Setting,
}

/// Keys of dbt's that change nothing that sqlflow does.
const DBT_ONLY: &[&str] = &[
    "config-version",
    "asset-paths",
    "log-path",
    "clean-targets",
    "query-comment",
    "require-dbt-version",
    "quoting",
    "flags",
    "restrict-access",
    "dbt-cloud",
    "exposures",
    "metrics",
    "semantic-models",
    "saved-queries",
    "unit-tests",
    "unit_tests",
    "anchors",
];

/// Reads a project file.
pub(super) fn read(file: &Arc<SourceFile>, problems: &mut Vec<Diagnostic>) -> Option<ProjectFile> {
    let node = match yaml::parse(file) {
        Ok(node) => node,
        Err(problem) => {
            problems.push(*problem);
            return None;
        }
    };
    let mut fields = Fields::of(&node, file, "the project file", problems)?;
    let name = fields.required("name", problems)?;
    check_name(&name, problems);
    let project = ProjectFile {
        file: file.clone(),
        version: fields.text("version", problems).map_or_else(String::new, |text| text.text),
        profile: fields.text("profile", problems).unwrap_or_else(|| name.clone()),
        name,
        paths: read_paths(&mut fields, problems),
        vars: read_vars(&mut fields, problems),
        models: folder_settings(&mut fields, "models", problems),
        seeds: folder_settings(&mut fields, "seeds", problems),
        sources: folder_settings(&mut fields, "sources", problems),
        tests: {
            let mut tests = folder_settings(&mut fields, "tests", problems);
            tests.extend(folder_settings(&mut fields, "data_tests", problems));
            tests
        },
        snapshots: folder_settings(&mut fields, "snapshots", problems),
        exports: folder_settings(&mut fields, "exports", problems),
        loads: folder_settings(&mut fields, "loads", problems),
        on_run_start: fields.texts("on-run-start", problems),
        on_run_end: fields.texts("on-run-end", problems),
        dispatch: read_dispatch(&mut fields, problems),
    };
    fields.ignore(DBT_ONLY);
    fields.finish(problems);
    Some(project)
}

fn check_name(name: &Text, problems: &mut Vec<Diagnostic>) {
    let valid = name.text.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.text.starts_with(|c: char| c.is_ascii_digit());
    if !valid || name.text.is_empty() {
        let message = format!("`{}` is not a project name", name.text);
        problems.push(
            Diagnostic::error(Code::INVALID_VALUE, message)
                .at(name.place.clone())
                .with_help("use letters, digits and underscores, with no digit first"),
        );
    }
}

fn read_paths(fields: &mut Fields<'_>, problems: &mut Vec<Diagnostic>) -> ProjectPaths {
    let mut list = |key, default: &str| {
        let paths = fields.texts(key, problems);
        if paths.is_empty() {
            return vec![default.to_owned()];
        }
        paths.into_iter().map(|text| clean(&text.text)).collect()
    };
    let models = list("model-paths", "models");
    let sources = list("source-paths", "sources");
    let seeds = list("seed-paths", "seeds");
    let macros = list("macro-paths", "macros");
    let tests = list("test-paths", "tests");
    let snapshots = list("snapshot-paths", "snapshots");
    let analyses = list("analysis-paths", "analyses");
    let exports = list("export-paths", "exports");
    let docs = list("docs-paths", "docs");
    let mut one = |key, default: &str| {
        let text = fields.text(key, problems);
        text.map_or_else(|| default.to_owned(), |text| clean(&text.text))
    };
    ProjectPaths {
        models,
        sources,
        seeds,
        macros,
        tests,
        snapshots,
        analyses,
        exports,
        docs,
        target: one("target-path", "target"),
        schemas: one("schema-path", "schemas"),
        packages: one("packages-install-path", "dbt_packages"),
    }
}

fn clean(path: &str) -> String {
    path.trim_start_matches("./").trim_end_matches('/').to_owned()
}

fn read_vars(fields: &mut Fields<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Setting> {
    match fields.node("vars") {
        Some(node) => super::settings::read(node, fields.file, "vars", problems),
        None => Vec::new(),
    }
}

fn read_dispatch(
    fields: &mut Fields<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(String, Vec<String>)> {
    let mut dispatch = Vec::new();
    for node in fields.list("dispatch", problems) {
        let Some(mut entry) = Fields::of(node, fields.file, "dispatch", problems) else { continue };
        let namespace = entry.required("macro_namespace", problems);
        let order = entry.texts("search_order", problems);
        entry.finish(problems);
        if let Some(namespace) = namespace {
            dispatch.push((namespace.text, order.into_iter().map(|text| text.text).collect()));
        }
    }
    dispatch
}

/// Flattens a tree of folders: `+key` and every value that is no mapping is a setting.
fn folder_settings(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Vec<Diagnostic>,
) -> Vec<FolderSetting> {
    let mut settings = Vec::new();
    if let Some(node) = fields.node(key) {
        flatten(node, fields.file, key, &mut Vec::new(), &mut settings, problems);
    }
    settings
}

fn flatten(
    node: &Node,
    file: &Arc<SourceFile>,
    what: &str,
    folder: &mut Vec<String>,
    settings: &mut Vec<FolderSetting>,
    problems: &mut Vec<Diagnostic>,
) {
    let entries = match &node.yaml {
        Yaml::Map(entries) => entries.as_slice(),
        Yaml::Null => &[],
        _ => {
            problems.push(wrong_kind(node, file, what, "a mapping"));
            return;
        }
    };
    for (key, value) in entries {
        match key.text.strip_prefix('+') {
            None if matches!(value.yaml, Yaml::Map(_)) => {
                folder.push(key.text.clone());
                flatten(value, file, what, folder, settings, problems);
                folder.pop();
            }
            None if value.yaml == Yaml::Null => {}
            _ => settings
                .push(FolderSetting { folder: folder.clone(), setting: setting(key, value, file) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(text: &str) -> (Option<ProjectFile>, Vec<String>) {
        let mut problems = Vec::new();
        let project = read(&SourceFile::new("sqlflow.yml", text), &mut problems);
        (project, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn folders_flatten_and_a_plus_marks_a_setting() {
        let (project, problems) = project(
            "name: flights\nmodels:\n  +materialized: view\n  flights:\n    marts:\n      \
             materialized: table\n      +meta: {owner: ada}\n",
        );
        let settings: Vec<_> = project
            .unwrap()
            .models
            .into_iter()
            .map(|s| (s.folder.join("/"), s.setting.key, s.setting.value.to_string()))
            .collect();
        let expected = [
            ("", "materialized", "\"view\""),
            ("flights/marts", "materialized", "\"table\""),
            ("flights/marts", "meta", "{\"owner\":\"ada\"}"),
        ];
        assert_eq!(settings, expected.map(|(a, b, c)| (a.into(), b.into(), c.into())));
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn an_unknown_key_is_a_warning_with_the_nearest_name() {
        let mut problems = Vec::new();
        read(&SourceFile::new("sqlflow.yml", "name: x\nmodel-path: [m]\n"), &mut problems);
        assert_eq!(
            problems[0].to_string(),
            "warning[SF104]: unknown key `model-path` in the project file (sqlflow.yml:2:1)"
        );
        assert_eq!(problems[0].help.as_deref(), Some("did you mean `model-paths`?"));
    }

    #[test]
    fn a_name_is_needed_and_must_be_a_word() {
        assert_eq!(
            project("version: 1\n").1,
            ["error[SF106]: the project file has no `name` (sqlflow.yml:1:1)"]
        );
        assert_eq!(
            project("name: my-project\n").1,
            ["error[SF105]: `my-project` is not a project name (sqlflow.yml:1:7)"]
        );
    }
}
