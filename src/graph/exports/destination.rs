//! Where an export goes: the file, the folder or the table that it names.

use super::{Context, ExportFormat, ExportNode, ExportTarget, FileTarget, options};
use crate::diagnostic::{Code, Diagnostic, Place, did_you_mean};
use crate::graph::host::YamlText;
use crate::graph::sources::connection;
use crate::mode::load::OnEmpty;
use crate::mode::{ExportMode, Key};
use crate::project::{DeclaredExport, Package, Setting, Settings, Text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// What is said about the destination, with the defaults of the project file beneath it.
pub(super) struct Said<'s> {
    pub(super) package: &'s Package,
    pub(super) declared: &'s DeclaredExport,
    pub(super) rules: &'s Settings,
    pub(super) options: &'s Settings,
}

type Problems<'p> = &'p mut Vec<Diagnostic>;

/// Where the export goes, as far as that can be told without opening anything.
pub(super) fn read(
    context: &Context<'_>,
    said: &Said<'_>,
    query: super::ExportQuery,
    problems: Problems<'_>,
) -> Option<ExportNode> {
    let before = problems.len();
    let declared = said.declared;
    let connection = match &declared.connection {
        Some(name) => Some(Box::new(connection(context, name, problems)?)),
        None => None,
    };
    let mut places: BTreeMap<String, Place> =
        said.rules.iter().map(|rule| (rule.key.clone(), rule.place.clone())).collect();
    let render = |text: &Text, problems: Problems<'_>| {
        context.shared.render_text(YamlText { text: &text.text, place: &text.place }, problems)
    };
    let (target, place) = match (&declared.path, &declared.table) {
        (Some(path), None) => {
            let text = render(path, problems)?;
            let format = format(declared, &text, problems)?;
            let files = options::read(format, &text, said.options, &mut places, problems);
            let from = connection.as_deref().map_or(&context.project.root, |c| &c.directory);
            let base = from.clone();
            let mut file =
                FileTarget { base, path: text, format, options: files, not_on_disk: Vec::new() };
            check_path(&file, path, problems);
            file.not_on_disk = refused_on_disk(context, said, &file, path).into_iter().collect();
            (ExportTarget::Files(Box::new(file)), path.place.clone())
        }
        (None, Some(table)) => {
            let text = render(table, problems)?;
            files_only(said, problems);
            if connection.is_none() {
                let message = "`table` is of another system, and there is no `connection`";
                problems.push(
                    Diagnostic::error(Code::MISSING_KEY, message)
                        .at(table.place.clone())
                        .with_help("name the connection, or write files with `path`"),
                );
            }
            (self::table(&text, &table.place, problems)?, table.place.clone())
        }
        (Some(_), Some(table)) => {
            let message = "`path` and `table` do not go together";
            problems.push(Diagnostic::error(Code::INVALID_VALUE, message).at(table.place.clone()));
            return None;
        }
        (None, None) => {
            let message = format!("export `{}` does not say where it goes", declared.name.text);
            problems.push(
                Diagnostic::error(Code::MISSING_KEY, message).at(declared.place.clone()).with_help(
                    "`path:` names a file or a folder, `table:` a table of a connection",
                ),
            );
            return None;
        }
    };
    let mode = mode(said, &target, problems)?;
    (problems.len() == before || !problems[before..].iter().any(Diagnostic::is_error))
        .then_some(ExportNode { query, connection, target, place, mode, places })
}

fn format(declared: &DeclaredExport, path: &str, problems: Problems<'_>) -> Option<ExportFormat> {
    let Some(text) = &declared.format else {
        let guessed = ExportFormat::of_path(path);
        if guessed.is_none() {
            let message = format!("`{path}` does not tell its format");
            let place = declared.path.as_ref().map(|path| path.place.clone());
            problems.push(
                Diagnostic::error(Code::MISSING_KEY, message)
                    .at_maybe(place)
                    .with_help(format!("write `format:` {}", ExportFormat::NAMES.join(", "))),
            );
        }
        return guessed;
    };
    let found = ExportFormat::ALL.into_iter().find(|format| format.as_str() == text.text);
    if found.is_none() {
        let help = did_you_mean(&text.text, ExportFormat::NAMES)
            .unwrap_or_else(|| format!("known are {}", ExportFormat::NAMES.join(", ")));
        problems.push(
            Diagnostic::error(Code::INVALID_VALUE, format!("unknown format `{}`", text.text))
                .at(text.place.clone())
                .with_help(help),
        );
    }
    found
}

/// `table`, or `schema.table`; either may be in double quotes.
fn table(text: &str, place: &Place, problems: Problems<'_>) -> Option<ExportTarget> {
    match parts(text).as_deref() {
        Some([name]) => Some(ExportTarget::Table { schema: None, name: name.clone() }),
        Some([schema, name]) => {
            Some(ExportTarget::Table { schema: Some(schema.clone()), name: name.clone() })
        }
        _ => {
            let message = format!("`table` is `{text}`, expected `table` or `schema.table`");
            problems.push(Diagnostic::error(Code::INVALID_VALUE, message).at(place.clone()));
            None
        }
    }
}

/// The parts between dots; in double quotes a dot is a letter and two quotes are one.
fn parts(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let part = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut name = String::new();
                let mut left = quoted;
                loop {
                    let end = left.find('"')?;
                    name.push_str(&left[..end]);
                    left = &left[end + 1..];
                    match left.strip_prefix('"') {
                        Some(after) => {
                            name.push('"');
                            left = after;
                        }
                        None => break,
                    }
                }
                rest = left;
                name
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                let name = rest[..end].to_owned();
                rest = &rest[end..];
                name
            }
        };
        if part.is_empty() {
            return None;
        }
        parts.push(part);
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None => return rest.is_empty().then_some(parts),
        }
    }
}

/// What means something for files alone.
fn files_only(said: &Said<'_>, problems: Problems<'_>) {
    let format = said.declared.format.as_ref().map(|text| ("format", text.place.clone()));
    let options = said.declared.options.iter().map(|o| (o.key.as_str(), o.key_place.clone()));
    for (name, place) in format.into_iter().chain(options) {
        let message = format!("`{name}` means nothing for a table");
        problems.push(
            Diagnostic::error(Code::INVALID_VALUE, message)
                .at(place)
                .with_help("it is for files: leave it out"),
        );
    }
}

fn mode(said: &Said<'_>, target: &ExportTarget, problems: Problems<'_>) -> Option<ExportMode> {
    let rule = |name: &str| said.rules.iter().rev().find(|rule| rule.key == name);
    let name = match rule("mode").map(|rule| (rule, rule.value.as_str())) {
        None => "replace",
        Some((_, Some(name))) if ExportMode::NAMES.contains(&name) => name,
        Some((rule, name)) => {
            let found = name.map_or_else(|| rule.value.to_string(), str::to_owned);
            let help = did_you_mean(&found, ExportMode::NAMES)
                .unwrap_or_else(|| format!("known are {}", ExportMode::NAMES.join(", ")));
            problems.push(
                Diagnostic::error(Code::INVALID_VALUE, format!("unknown mode `{found}`"))
                    .at(rule.place.clone())
                    .with_help(help),
            );
            return None;
        }
    };
    let refused = match name {
        "replace" => [("key", "every row is replaced")].as_slice(),
        "append" => &[("key", "rows are only added"), ("on_empty", "nothing is replaced")],
        _ => &[("on_empty", "nothing is replaced")],
    };
    for (option, why) in refused {
        // A default of the project file is meant for other exports.
        let own = |rule: &&Setting| rule.key_place.file.path == said.declared.place.file.path;
        if let Some(rule) = rule(option).filter(own) {
            let message = format!("`{option}` means nothing in mode `{name}`: {why}");
            problems.push(
                Diagnostic::error(Code::OPTION_NOT_FOR_MODE, message).at(rule.key_place.clone()),
            );
        }
    }
    let at = rule("mode").map_or(&said.declared.place, |rule| &rule.place);
    not_into_files(name, target, at, problems);
    match name {
        "replace" => Some(ExportMode::Replace { on_empty: on_empty(rule("on_empty"), problems) }),
        "append" => Some(ExportMode::Append),
        _ => Some(ExportMode::Merge { key: key(rule("key"), at, problems)? }),
    }
}

/// Files are written whole: no row of one is changed, and nothing is added to one.
fn not_into_files(name: &str, target: &ExportTarget, at: &Place, problems: Problems<'_>) {
    let ExportTarget::Files(file) = target else { return };
    let (message, help) = match name {
        "merge" => (
            "mode `merge` is for tables: no row of a file can be changed".to_owned(),
            "write `mode: replace`, or `append` into a folder".to_owned(),
        ),
        "append" if !file.is_folder() => (
            format!("mode `append` adds files to a folder, and `{}` is one file", file.path),
            "end the path of a folder with `/`".to_owned(),
        ),
        _ => return,
    };
    problems
        .push(Diagnostic::error(Code::OPTION_NOT_FOR_MODE, message).at(at.clone()).with_help(help));
}

fn on_empty(rule: Option<&Setting>, problems: Problems<'_>) -> OnEmpty {
    let Some(rule) = rule else { return OnEmpty::default() };
    match rule.value.as_str() {
        Some("error") => OnEmpty::Error,
        Some("replace") => OnEmpty::Replace,
        Some("keep") => OnEmpty::Keep,
        _ => {
            let found = rule.value.as_str().map_or_else(|| rule.value.to_string(), str::to_owned);
            let message = format!("`on_empty` is `{found}`, expected error, replace or keep");
            problems.push(Diagnostic::error(Code::INVALID_VALUE, message).at(rule.place.clone()));
            OnEmpty::default()
        }
    }
}

fn key(rule: Option<&Setting>, mode: &Place, problems: Problems<'_>) -> Option<Key> {
    let Some(rule) = rule else {
        problems.push(
            Diagnostic::error(Code::MISSING_KEY, "mode `merge` has no `key`")
                .at(mode.clone())
                .with_help("name the columns that identify a row: `key: [id]`"),
        );
        return None;
    };
    let items = match &rule.value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    let columns: Option<Vec<String>> =
        items.iter().map(|item| Some(item.as_str()?.trim().to_owned())).collect();
    let columns = columns.filter(|columns| columns.iter().all(|column| !column.is_empty()));
    let twice = columns.iter().flatten().enumerate().find(|(position, column)| {
        columns.iter().flatten().take(*position).any(|other| other.eq_ignore_ascii_case(column))
    });
    let message = match twice {
        Some((_, column)) => format!("`key` lists column `{column}` twice"),
        None => "`key` is not a column or a list of columns".to_owned(),
    };
    match columns.as_ref().filter(|_| twice.is_none()).cloned().and_then(Key::new) {
        Some(key) => Some(key),
        None => {
            problems.push(Diagnostic::error(Code::INVALID_VALUE, message).at(rule.place.clone()));
            None
        }
    }
}

/// A path names one thing, and what it is fits the options.
fn check_path(file: &FileTarget, text: &Text, problems: Problems<'_>) {
    let path = &file.path;
    let (message, help) = if path.trim_matches('/').is_empty() || path.contains('\0') {
        (format!("`{path}` is no path of a file or folder"), "name one")
    } else if ["*", "?", "[", "{"].iter().any(|mark| path.contains(mark)) {
        let help = "name one file, or a folder that ends with `/`";
        (format!("`{path}` stands for several files"), help)
    } else if file.is_folder() && !path.ends_with('/') && ExportFormat::of_path(path).is_some() {
        let help = "name a folder: end the path with `/`";
        (format!("`{path}` names a file, but the options make several"), help)
    } else {
        return;
    };
    let problem = Diagnostic::error(Code::EXPORT_PATH, message).at(text.place.clone());
    problems.push(problem.with_help(help));
}

/// Why nothing can be written to `file` where it is one of the disk: the path leads out of the
/// directory that it starts from, or to something of the project.
fn refused_on_disk(
    context: &Context<'_>,
    said: &Said<'_>,
    file: &FileTarget,
    text: &Text,
) -> Option<Diagnostic> {
    let refuse = |message: String, help: &str| {
        let problem = Diagnostic::error(Code::EXPORT_PATH, message).at(text.place.clone());
        Some(problem.with_help(help))
    };
    let Some(path) = plain(&file.base, &file.path) else {
        return refuse(format!("`{}` leads nowhere", file.path), "name a file or a folder");
    };
    let relative = !Path::new(&file.path).is_absolute();
    if relative && plain(&file.base, "").is_some_and(|base| !path.starts_with(base)) {
        return refuse(
            format!("`{}` leads out of the directory that it starts from", file.path),
            "name the place in full, beginning with `/`",
        );
    }
    let root = plain(&context.project.root, "")?;
    let what = taken(context, said.package, &root, &path)?;
    refuse(
        format!("`{}` is where {what}", file.path),
        "write to a folder of its own, such as `out/`",
    )
}

/// What of the project is at `path`, or in it.
fn taken(
    context: &Context<'_>,
    package: &Package,
    root: &Path,
    path: &Path,
) -> Option<&'static str> {
    let paths = &package.file.paths;
    let own = |names: &[String], what: &'static str| {
        names.iter().map(|name| (root.join(name), what)).collect::<Vec<_>>()
    };
    let folders = [
        own(&paths.models, "models are read from"),
        own(&paths.sources, "sources are declared"),
        own(&paths.seeds, "seeds are read from"),
        own(&paths.macros, "macros are read from"),
        own(&paths.tests, "tests are read from"),
        own(&paths.snapshots, "snapshots are declared"),
        own(&paths.analyses, "analyses are read from"),
        own(std::slice::from_ref(&paths.schemas), "accepted schemas are kept"),
        own(std::slice::from_ref(&paths.packages), "packages are read from"),
        own(&[format!("{}/compiled", paths.target)], "compiled SQL is written"),
        own(&[format!("{}/run", paths.target)], "compiled SQL is written"),
        own(&[format!("{}/scratch", paths.target)], "loads keep files while they run"),
        own(&[".git".to_owned()], "git keeps its own files"),
    ];
    let below = folders.iter().flatten().find(|(folder, _)| path.starts_with(folder));
    let files = ["sqlflow.yml", "dbt_project.yml", "profiles.yml", "packages.yml", ".env"];
    let project_file = files.iter().any(|name| root.join(name).starts_with(path));
    let database = context.target.path.as_deref().is_some_and(|database| {
        let log = PathBuf::from(format!("{}.wal", database.display()));
        path == database || path == log
    });
    match below {
        Some((_, what)) => Some(what),
        None if database => Some("the database is"),
        None if project_file => Some("the project's own files are"),
        None => None,
    }
}

/// `base/path` without `.` and `..`; `None` where these lead above the root.
fn plain(base: &Path, path: &str) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            other => plain.push(other),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tables_may_be_quoted() {
        for (text, expected) in [
            ("t", Some(vec!["t"])),
            ("s.t", Some(vec!["s", "t"])),
            ("\"a.b\".\"c\"\"d\"", Some(vec!["a.b", "c\"d"])),
            ("a.b.c", Some(vec!["a", "b", "c"])),
            ("", None),
            ("a.", None),
            ("\"a", None),
            ("\"a\"b", None),
        ] {
            let expected: Option<Vec<String>> =
                expected.map(|parts| parts.into_iter().map(str::to_owned).collect());
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn dots_of_paths_are_followed() {
        let base = Path::new("/a/b");
        assert_eq!(plain(base, "c/../d/./e"), Some(PathBuf::from("/a/b/d/e")));
        assert_eq!(plain(base, "../x"), Some(PathBuf::from("/a/x")));
        assert_eq!(plain(base, "/x"), Some(PathBuf::from("/x")));
        assert_eq!(plain(base, "../../../.."), None);
    }
}
