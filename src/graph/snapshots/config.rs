//! How a snapshot keeps versions, as dbt's configuration says it.

use super::super::config::Merged;
use crate::diagnostic::{Code, Diagnostic, Place, did_you_mean};
use crate::mode::Key;
use crate::mode::scd2::{Change, HardDeletes, Marks, Names, Scd2};
use crate::project::Setting;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the configuration of a snapshot says.
pub(super) struct Read {
    pub(super) scd2: Scd2,
    pub(super) max_delete_percent: Option<f64>,
    pub(super) places: BTreeMap<&'static str, Place>,
    pub(super) target_schema: Option<String>,
    pub(super) target_database: Option<String>,
}

/// The settings that messages of a run point at.
const PLACES: [&str; 6] = [
    "unique_key",
    "updated_at",
    "check_cols",
    "snapshot_meta_column_names",
    "dbt_valid_to_current",
    "max_delete_percent",
];

const STRATEGIES: [&str; 2] = ["timestamp", "check"];

/// Reads how the snapshot `name` keeps versions; `None` where that cannot be told.
pub(super) fn read(
    name: &str,
    merged: &Merged,
    place: &Place,
    problems: &mut Vec<Diagnostic>,
) -> Option<Read> {
    let before = problems.iter().filter(|problem| problem.is_error()).count();
    let mut reader = Reader { name, merged, place, problems };
    reader.check_materialized();
    let key = reader.key();
    let change = reader.change();
    let deletes = reader.deletes();
    let max_delete_percent = reader.max_delete_percent(deletes);
    let names = reader.names();
    let open_end = reader.text("dbt_valid_to_current");
    let target_schema = reader.text("target_schema");
    let target_database = reader.text("target_database");
    let after = problems.iter().filter(|problem| problem.is_error()).count();
    let (Some(key), Some(change), true) = (key, change, before == after) else { return None };
    let places = PLACES.into_iter();
    let places = places.filter_map(|key| Some((key, merged.get(key)?.place.clone()))).collect();
    let scd2 = Scd2 { key, change, names, deletes, open_end };
    Some(Read { scd2, max_delete_percent, places, target_schema, target_database })
}

struct Reader<'r> {
    name: &'r str,
    merged: &'r Merged,
    place: &'r Place,
    problems: &'r mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn setting(&self, key: &str) -> Option<&Setting> {
        self.merged.get(key).filter(|setting| !setting.value.is_null())
    }

    fn missing(&mut self, key: &str, because: &str, help: &str) {
        let message = format!("snapshot `{}` has no `{key}`{because}", self.name);
        self.problems.push(
            Diagnostic::error(Code::MISSING_KEY, message).at(self.place.clone()).with_help(help),
        );
    }

    fn wrong(&mut self, key: &str, message: String, help: Option<String>) {
        let place = self.setting(key).map_or(self.place, |setting| &setting.place).clone();
        self.problems
            .push(Diagnostic::error(Code::INVALID_VALUE, message).at(place).with_help_maybe(help));
    }

    fn unknown(&mut self, key: &str, what: &str, found: &str, known: &[&str]) {
        let help = did_you_mean(found, known.iter().copied())
            .unwrap_or_else(|| format!("known are {}", known.join(", ")));
        self.wrong(key, format!("unknown {what} `{found}`"), Some(help));
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match &self.setting(key)?.value {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::String(_) => None,
            other => {
                let message = format!("`{key}` is `{other}`, expected text");
                self.wrong(key, message, None);
                None
            }
        }
    }

    /// A text or a list of texts; empty where there is none, or where it is something else.
    fn texts(&mut self, key: &str) -> Vec<String> {
        let items = match self.setting(key).map(|setting| &setting.value) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items.clone(),
            Some(one) => vec![one.clone()],
        };
        let texts: Option<Vec<String>> =
            items.iter().map(|item| item.as_str().map(|text| text.trim().to_owned())).collect();
        let Some(texts) = texts else {
            let message = format!("`{key}` is not a column's name or a list of such");
            self.wrong(key, message, None);
            return Vec::new();
        };
        for (position, text) in texts.iter().enumerate() {
            if texts[..position].iter().any(|other| other.eq_ignore_ascii_case(text)) {
                self.wrong(key, format!("`{key}` lists column `{text}` twice"), None);
                break;
            }
        }
        texts.into_iter().filter(|text| !text.is_empty()).collect()
    }

    fn check_materialized(&mut self) {
        if let Some(found) = self.text("materialized")
            && found != "snapshot"
        {
            let message = format!("a snapshot is materialized as `{found}`, expected `snapshot`");
            self.wrong("materialized", message, Some("remove `materialized`".to_owned()));
        }
    }

    fn key(&mut self) -> Option<Key> {
        let before = self.problems.len();
        let key = Key::new(self.texts("unique_key"));
        if key.is_none() && self.problems.len() == before {
            let help = "name the column that identifies a row, or several as a list";
            self.missing("unique_key", "", help);
        }
        key
    }

    fn change(&mut self) -> Option<Change> {
        let Some(strategy) = self.text("strategy") else {
            let help = "write `strategy: timestamp` with `updated_at`, or `strategy: check` with \
                        `check_cols`";
            self.missing("strategy", "", help);
            return None;
        };
        let dated_by = self.text("updated_at");
        match (strategy.as_str(), dated_by) {
            ("timestamp", dated_by) => self.by_timestamp(dated_by),
            ("check", dated_by) => Some(Change::Columns { tracked: self.tracked()?, dated_by }),
            (unknown, _) => {
                let unknown = unknown.to_owned();
                self.unknown("strategy", "snapshot strategy", &unknown, &STRATEGIES);
                None
            }
        }
    }

    fn by_timestamp(&mut self, dated_by: Option<String>) -> Option<Change> {
        if self.setting("check_cols").is_some() {
            let message = "`check_cols` under the strategy `timestamp`, which compares no columns";
            let help = "remove it, or write `strategy: check`".to_owned();
            self.wrong("check_cols", message.to_owned(), Some(help));
        }
        if dated_by.is_none() {
            let because = ", which the strategy `timestamp` needs";
            self.missing("updated_at", because, "name the column that says when a row changed");
        }
        dated_by.map(Change::Timestamp)
    }

    /// The columns that are compared; empty means all.
    fn tracked(&mut self) -> Option<Vec<String>> {
        if let Some(Value::String(text)) = self.setting("check_cols").map(|s| &s.value) {
            if text.trim() == "all" {
                return Some(Vec::new());
            }
            let message = format!("`check_cols` is `{text}`, expected `all` or a list of columns");
            self.wrong("check_cols", message, Some(format!("write `check_cols: [{text}]`")));
            return None;
        }
        let before = self.problems.len();
        let tracked = self.texts("check_cols");
        if tracked.is_empty() && self.problems.len() == before {
            let because = ", which the strategy `check` needs";
            self.missing("check_cols", because, "list the columns to compare, or write `all`");
        }
        (!tracked.is_empty()).then_some(tracked)
    }

    fn deletes(&mut self) -> HardDeletes {
        let legacy = self.setting("invalidate_hard_deletes").map(|setting| setting.value.clone());
        let Some(found) = self.text("hard_deletes") else { return self.legacy_deletes(legacy) };
        if legacy.is_some() {
            let message = "`invalidate_hard_deletes` beside `hard_deletes`".to_owned();
            let help = "remove it: `hard_deletes` says the same and more".to_owned();
            self.wrong("invalidate_hard_deletes", message, Some(help));
        }
        let known = HardDeletes::ALL.into_iter().find(|choice| choice.name() == found);
        known.unwrap_or_else(|| {
            let names = HardDeletes::ALL.map(HardDeletes::name);
            self.unknown("hard_deletes", "way to treat hard deletes", &found, &names);
            HardDeletes::Ignore
        })
    }

    fn legacy_deletes(&mut self, legacy: Option<Value>) -> HardDeletes {
        match legacy {
            None | Some(Value::Bool(false)) => HardDeletes::Ignore,
            Some(Value::Bool(true)) => HardDeletes::Invalidate,
            Some(other) => {
                let message =
                    format!("`invalidate_hard_deletes` is `{other}`, expected true or false");
                self.wrong("invalidate_hard_deletes", message, None);
                HardDeletes::Ignore
            }
        }
    }

    fn max_delete_percent(&mut self, deletes: HardDeletes) -> Option<f64> {
        const KEY: &str = "max_delete_percent";
        let value = &self.setting(KEY)?.value;
        let percent = value.as_f64().filter(|percent| (0.0..=100.0).contains(percent));
        if percent.is_none() {
            let message = format!("`{KEY}` is `{value}`, expected a number from 0 to 100");
            self.wrong(KEY, message, None);
        } else if deletes == HardDeletes::Ignore {
            let message = format!("`{KEY}` means nothing under `hard_deletes: ignore`");
            let help = "write `hard_deletes: invalidate` or `new_record`, or remove it".to_owned();
            self.wrong(KEY, message, Some(help));
        }
        percent
    }

    fn names(&mut self) -> Names {
        let mut names = Names::of_snapshot();
        let Some(setting) = self.setting("snapshot_meta_column_names").cloned() else {
            return names;
        };
        let Value::Object(entries) = &setting.value else {
            let message = "`snapshot_meta_column_names` is not a mapping of dbt's names to yours";
            self.wrong("snapshot_meta_column_names", message.to_owned(), None);
            return names;
        };
        for (known, own) in entries {
            self.rename(&mut names, known, own);
        }
        self.check_distinct(&names);
        names
    }

    fn rename(&mut self, names: &mut Names, known: &str, own: &Value) {
        const KEY: &str = "snapshot_meta_column_names";
        let own = match own {
            Value::Null => return,
            Value::String(own) if !own.trim().is_empty() => own.trim().to_owned(),
            other => {
                self.wrong(KEY, format!("`{known}` is `{other}`, expected a column's name"), None);
                return;
            }
        };
        let Marks::Snapshot { scd_id, updated_at, is_deleted } = &mut names.marks else { return };
        match known {
            "dbt_valid_from" => names.valid_from = own,
            "dbt_valid_to" => names.valid_to = own,
            "dbt_scd_id" => *scd_id = own,
            "dbt_updated_at" => *updated_at = own,
            "dbt_is_deleted" => *is_deleted = own,
            unknown => {
                let known = [
                    "dbt_valid_from",
                    "dbt_valid_to",
                    "dbt_scd_id",
                    "dbt_updated_at",
                    "dbt_is_deleted",
                ];
                self.unknown(KEY, "column of snapshots", unknown, &known);
            }
        }
    }

    fn check_distinct(&mut self, names: &Names) {
        let Marks::Snapshot { scd_id, updated_at, is_deleted } = &names.marks else { return };
        let all = [&names.valid_from, &names.valid_to, scd_id, updated_at, is_deleted];
        for (position, name) in all.iter().enumerate() {
            if all[..position].iter().any(|other| other.eq_ignore_ascii_case(name)) {
                let message = format!("two columns of this snapshot are called `{name}`");
                self.wrong("snapshot_meta_column_names", message, None);
            }
        }
    }
}
