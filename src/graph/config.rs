//! The configuration of a node: settings of all places merged, then read as types.
//!
//! Nearest wins: defaults by folder in the project file, then properties in YAML, then `config()`
//! in the file itself. `tags` and hooks add up, `meta` merges key by key.

use super::incremental;
use super::table_options::{self, TableOptions};
use crate::diagnostic::{Code, Diagnostic, Place, did_you_mean};
use crate::mode::{BatchChecks, Materialization};
use crate::project::{Setting, Settings};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// All settings of a node, merged; later ones have won.
#[derive(Debug, Clone, Default)]
pub struct Merged(Vec<Setting>);

impl Merged {
    /// Lays `settings` over what is there.
    pub fn lay(&mut self, settings: &[Setting]) {
        for setting in settings {
            self.set(setting.clone());
        }
    }

    fn set(&mut self, mut setting: Setting) {
        if setting.key.contains('-') {
            setting.key = setting.key.replace('-', "_");
        }
        let Some(old) = self.0.iter_mut().find(|old| old.key == setting.key) else {
            self.0.push(setting);
            return;
        };
        match setting.key.as_str() {
            "tags" | "pre_hook" | "post_hook" => {
                let mut all = as_items(&old.value);
                all.extend(as_items(&setting.value));
                setting.value = Value::Array(all);
            }
            "meta" => {
                if let (Value::Object(old), Value::Object(new)) = (&old.value, &mut setting.value) {
                    let mut all = old.clone();
                    all.extend(std::mem::take(new));
                    *new = all;
                }
            }
            _ => {}
        }
        *old = setting;
    }

    /// Takes the settings called `keys` out.
    pub(super) fn take(&mut self, keys: &[&str]) -> Settings {
        let (taken, kept) =
            std::mem::take(&mut self.0).into_iter().partition(|s| keys.contains(&s.key.as_str()));
        self.0 = kept;
        taken
    }

    /// The setting called `key`.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.0.iter().find(|setting| setting.key == key)
    }

    /// Every setting, in the order first written.
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }

    /// Mutable access, for rendering Jinja in values.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Setting> {
        self.0.iter_mut()
    }

    /// Keys and values without places.
    pub fn to_map(&self) -> Map<String, Value> {
        self.0.iter().map(|setting| (setting.key.clone(), setting.value.clone())).collect()
    }
}

fn as_items(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

/// A node's configuration, read.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether it takes part at all.
    pub enabled: bool,
    /// Labels for selecting, sorted, each once.
    pub tags: Vec<String>,
    /// The schema asked for, before `generate_schema_name`.
    pub schema: Option<String>,
    /// The database asked for.
    pub database: Option<String>,
    /// The relation's name where it is not the node's.
    pub alias: Option<String>,
    /// `true` rebuilds always, `false` never, whatever `--full-refresh` says.
    pub full_refresh: Option<bool>,
    /// SQL before the node's own statements.
    pub pre_hooks: Vec<String>,
    /// SQL after the node's own statements.
    pub post_hooks: Vec<String>,
    /// Those of them that say `transaction: false`: carried out after the commit.
    pub late_hooks: Vec<String>,
    /// Everything, as merged.
    pub all: Map<String, Value>,
    /// What a batch that is empty, or whose key is not one, does.
    pub checks: BatchChecks,
    /// How its table is stored.
    pub table: TableOptions,
    /// Where hooks, and what names columns, are set.
    pub places: BTreeMap<&'static str, Place>,
}

/// How a test's failures are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestConfig {
    /// Whether failures are errors or warnings.
    pub severity: TestSeverity,
    /// Condition on the number of failures for a warning: `!= 0`.
    pub warn_if: String,
    /// Condition on the number of failures for an error: `!= 0`.
    pub error_if: String,
    /// Only these rows are tested.
    pub filter: Option<String>,
    /// At most this many failures are counted.
    pub limit: Option<u64>,
    /// The expression that counts failures.
    pub fail_calc: String,
    /// Whether failing rows are kept in a table.
    pub store_failures: bool,
}

/// What a failed test means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestSeverity {
    /// The node has failed.
    Error,
    /// It is reported, and the run goes on.
    Warn,
}

/// Keys that configure a node; others are the user's own.
const KNOWN: &[&str] = &[
    "enabled",
    "materialized",
    "tags",
    "meta",
    "schema",
    "database",
    "alias",
    "full_refresh",
    "pre_hook",
    "post_hook",
    "unique_key",
    "incremental_strategy",
    "incremental_predicates",
    "on_schema_change",
    "merge_update_columns",
    "merge_exclude_columns",
    "merge_update_condition",
    "merge_insert_condition",
    "partition_by",
    "event_time",
    "begin",
    "batch_size",
    "lookback",
    "concurrent_batches",
    "on_empty",
    "on_duplicate",
    "on_null_key",
    "column_types",
    "strategy",
    "updated_at",
    "check_cols",
    "hard_deletes",
    "max_delete_percent",
    "invalidate_hard_deletes",
    "target_schema",
    "target_database",
    "dbt_valid_to_current",
    "snapshot_meta_column_names",
    "delimiter",
    "quote_columns",
    "severity",
    "warn_if",
    "error_if",
    "where",
    "limit",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "contract",
    "grants",
    "indexes",
    "unlogged",
    "fillfactor",
    "persist_docs",
    "group",
    "access",
    "docs",
];

/// Keys that would change the result, and that this version does not carry out.
const NOT_YET: &[&str] = &[
    "merge_update_set_expressions",
    "merge_on_using_columns",
    "merge_returning_columns",
    "merge_clauses",
    "sql_header",
];

/// Settings that messages of a run point at.
const PLACES: &[&str] = &[
    "pre_hook",
    "post_hook",
    "unique_key",
    "merge_update_columns",
    "merge_exclude_columns",
    "partition_by",
    "event_time",
    "batch_size",
    "on_schema_change",
    "on_empty",
    "on_duplicate",
    "on_null_key",
    "materialized",
    "incremental_strategy",
    "alias",
    "schema",
    "database",
    "indexes",
    "unlogged",
    "fillfactor",
];

/// Settings that would act on the database elsewhere; without them the rows are the same.
const UNAPPLIED: &[&str] = &["grants", "persist_docs", "on_configuration_change"];

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(entries) => entries.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Null | Value::Bool(false) => true,
        _ => false,
    }
}

impl Config {
    /// Reads what all kinds of nodes have in common.
    pub fn read(merged: &Merged, problems: &mut Vec<Diagnostic>) -> Self {
        let mut reader = Reader { merged, problems };
        let mut tags = reader.texts("tags");
        tags.sort();
        tags.dedup();
        let config = Self {
            enabled: reader.boolean("enabled").unwrap_or(true),
            tags,
            schema: reader.text("schema"),
            database: reader.text("database"),
            alias: reader.text("alias"),
            full_refresh: reader.boolean("full_refresh"),
            pre_hooks: reader.hooks("pre_hook", |_| true),
            post_hooks: reader.hooks("post_hook", |in_transaction| in_transaction),
            late_hooks: reader.hooks("post_hook", |in_transaction| !in_transaction),
            all: merged.to_map(),
            checks: incremental::checks(&mut reader),
            table: table_options::read(&mut reader),
            places: PLACES
                .iter()
                .copied()
                .filter_map(|key| Some((key, merged.get(key)?.place.clone())))
                .collect(),
        };
        reader.suspect_misspellings();
        reader.tell_unapplied();
        config
    }

    /// The value of a setting that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.all.get(key).and_then(Value::as_str)
    }
}

/// Reads how a model is materialized.
pub(super) fn materialization(merged: &Merged, problems: &mut Vec<Diagnostic>) -> Materialization {
    let mut reader = Reader { merged, problems };
    for key in NOT_YET {
        reader.refuse(key);
    }
    let name = reader.text("materialized").unwrap_or_else(|| "view".to_owned());
    match name.as_str() {
        "view" => Materialization::View,
        "materialized_view" => Materialization::MaterializedView,
        "table" => Materialization::Table,
        "ephemeral" => Materialization::Ephemeral,
        "incremental" => Materialization::Incremental(Box::new(incremental::read(&mut reader))),
        _ => {
            reader.unknown("materialized", "materialization", &name, &Materialization::NAMES);
            Materialization::View
        }
    }
}

impl TestConfig {
    /// Reads how a test is judged.
    pub fn read(merged: &Merged, problems: &mut Vec<Diagnostic>) -> Self {
        let mut reader = Reader { merged, problems };
        let severity = match reader.text("severity") {
            None => TestSeverity::Error,
            Some(text) if text.eq_ignore_ascii_case("error") => TestSeverity::Error,
            Some(text) if text.eq_ignore_ascii_case("warn") => TestSeverity::Warn,
            Some(text) => {
                reader.unknown("severity", "severity", &text, &["error", "warn"]);
                TestSeverity::Error
            }
        };
        let not_zero = || "!= 0".to_owned();
        Self {
            severity,
            warn_if: reader.text("warn_if").unwrap_or_else(not_zero),
            error_if: reader.text("error_if").unwrap_or_else(not_zero),
            filter: reader.text("where"),
            limit: reader.count("limit"),
            fail_calc: reader.text("fail_calc").unwrap_or_else(|| "count(*)".to_owned()),
            store_failures: reader.stores_failures(),
        }
    }
}

/// Reads single settings and reports those of the wrong kind at their place.
pub(super) struct Reader<'a> {
    merged: &'a Merged,
    problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// How many problems there are so far.
    pub(super) fn problem_count(&self) -> usize {
        self.problems.len()
    }

    /// Whether `key` is set.
    pub(super) fn names(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    pub(super) fn report(&mut self, code: Code, key: &str, message: String, help: Option<String>) {
        let place: Option<Place> = self
            .merged
            .get(key)
            .or_else(|| self.merged.get("materialized"))
            .map(|setting| setting.place.clone());
        self.problems.push(Diagnostic::error(code, message).at_maybe(place).with_help_maybe(help));
    }

    pub(super) fn warn(&mut self, key: &str, message: String, note: &str, help: &str) {
        let place = self.merged.get(key).map(|setting| setting.place.clone());
        let warning = Diagnostic::warning(Code::INVALID_VALUE, message).at_maybe(place);
        self.problems.push(warning.with_note(note).with_help(help));
    }

    pub(super) fn unknown(&mut self, key: &str, what: &str, name: &str, known: &[&str]) {
        let help = did_you_mean(name, known.iter().copied())
            .unwrap_or_else(|| format!("known are {}", known.join(", ")));
        self.report(Code::INVALID_VALUE, key, format!("unknown {what} `{name}`"), Some(help));
    }

    fn refuse(&mut self, key: &str) {
        if let Some(setting) = self.merged.get(key)
            && setting.value != Value::Null
        {
            let value = plain(&setting.value);
            let message = format!("`{key}: {value}` is not supported by this version");
            self.report(Code::NOT_SUPPORTED, key, message, None);
        }
    }

    pub(super) fn wrong(&mut self, key: &str, expected: &str) {
        let found = self.merged.get(key).map(|setting| plain(&setting.value)).unwrap_or_default();
        let message = format!("`{key}` is `{found}`, expected {expected}");
        self.report(Code::INVALID_VALUE, key, message, None);
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.merged.get(key).map(|setting| &setting.value).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text.clone()),
            value @ (Value::Number(_) | Value::Bool(_)) => Some(plain(value)),
            _ => {
                self.wrong(key, "text");
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, key: &str) -> Option<bool> {
        match self.value(key)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => {
                self.wrong(key, "true or false");
                None
            }
        }
    }

    pub(super) fn count(&mut self, key: &str) -> Option<u64> {
        let value = self.value(key)?;
        let count = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        if count.is_none() {
            self.wrong(key, "a whole number");
        }
        count
    }

    pub(super) fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let items = as_items(value);
        if items.iter().any(|item| item.is_object() || item.is_array()) {
            self.wrong(key, "text or a list of texts");
        }
        items.iter().filter(|item| !item.is_null()).map(plain).collect()
    }

    /// The columns that `key` names, each once; empty texts name none.
    pub(super) fn columns(&mut self, key: &str) -> Vec<String> {
        let mut columns = self.texts(key);
        columns.retain(|column| !column.trim().is_empty());
        let twice = columns.iter().enumerate().find(|(at, column)| {
            columns[..*at].iter().any(|before| before.eq_ignore_ascii_case(column))
        });
        if let Some((_, column)) = twice {
            let message = format!("`{key}` names `{column}` twice");
            self.report(Code::INVALID_VALUE, key, message, None);
        }
        columns
    }

    /// `store_failures_as` wins over `store_failures`, as in dbt.
    fn stores_failures(&mut self) -> bool {
        let plain = self.boolean("store_failures").unwrap_or(false);
        match self.text("store_failures_as").as_deref() {
            None => plain,
            Some("table") => true,
            Some("ephemeral") => false,
            Some("view") => {
                self.refuse("store_failures_as");
                false
            }
            Some(other) => {
                let known = ["table", "ephemeral"];
                self.unknown("store_failures_as", "way to store failures", other, &known);
                false
            }
        }
    }

    /// Hooks are text, or `{sql: ..., transaction: ...}`, of which `wanted` says which are meant.
    fn hooks(&mut self, key: &str, wanted: impl Fn(bool) -> bool) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        as_items(value)
            .iter()
            .filter(|item| wanted(item.get("transaction") != Some(&Value::Bool(false))))
            .map(|item| plain(item.get("sql").unwrap_or(item)))
            .filter(|sql| !sql.trim().is_empty())
            .collect()
    }

    /// Settings that other tools act on and this version does not.
    fn tell_unapplied(&mut self) {
        let enforced = self.value("contract").and_then(|contract| contract.get("enforced"));
        let contract = enforced == Some(&Value::Bool(true));
        let named = |key: &&str| self.value(key).is_some_and(|value| !is_empty(value));
        let unapplied: Vec<&str> = UNAPPLIED.iter().copied().filter(named).collect();
        for key in unapplied.into_iter().chain(contract.then_some("contract")) {
            if let Some(setting) = self.merged.get(key) {
                self.problems.push(
                    Diagnostic::warning(
                        Code::NOT_SUPPORTED,
                        format!("`{key}` is not applied by this version"),
                    )
                    .at(setting.key_place.clone()),
                );
            }
        }
    }

    /// Own keys are allowed; one that is nearly a known key is probably that key.
    fn suspect_misspellings(&mut self) {
        for setting in self.merged.iter() {
            if KNOWN.contains(&setting.key.as_str()) {
                continue;
            }
            let near = crate::diagnostic::nearest(&setting.key, KNOWN.iter().copied(), 1);
            if let Some(known) = near.first()
                && strsim::damerau_levenshtein(&setting.key, known) <= 2
            {
                self.problems.push(
                    Diagnostic::warning(
                        Code::UNKNOWN_KEY,
                        format!("unknown configuration `{}`", setting.key),
                    )
                    .at(setting.key_place.clone())
                    .with_help(format!("did you mean `{known}`?")),
                );
            }
        }
    }
}

/// A value as a user would write it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The defaults for a node at `fqn`, from the project files that speak about it, farthest first.
pub(super) fn folder_defaults<'a>(
    settings: &'a [crate::project::FolderSetting],
    package: &str,
    fqn: &[String],
) -> impl Iterator<Item = &'a Setting> {
    let mut matching: Vec<_> = settings
        .iter()
        .filter(|setting| is_prefix(&setting.folder, package, fqn))
        .map(|setting| (setting.folder.len(), &setting.setting))
        .collect();
    matching.sort_by_key(|(depth, _)| *depth);
    matching.into_iter().map(|(_, setting)| setting)
}

/// dbt also lets folders stand without the package's name before them.
fn is_prefix(folder: &[String], package: &str, fqn: &[String]) -> bool {
    fqn.starts_with(folder) || (fqn[0] == package && fqn[1..].starts_with(folder))
}

/// Settings as they come from templates: without places of their own.
pub(super) fn settings_at(values: Vec<(String, Value)>, place: &dyn Fn(&str) -> Place) -> Settings {
    let setting = |(key, value): (String, Value)| {
        let place = place(&key);
        Setting { key_place: place.clone(), place, key, value }
    };
    values.into_iter().map(setting).collect()
}
