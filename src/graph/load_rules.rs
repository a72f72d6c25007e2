//! What `load:` says, read into [`LoadRules`] with every mistake at its place.
//!
//! Options come from three levels: defaults of the project file, the source, the table. An option
//! that the mode does not take is a mistake where it stands as near to the table as the mode does,
//! or nearer; a default from farther away is meant for other tables.

use super::config::Merged;
use crate::diagnostic::{Code, Diagnostic, Place, did_you_mean};
use crate::mode::load::{
    Cell, Cursor, DeleteKind, Deletes, LOAD_OPTIONS, Lag, LoadMode, LoadRules, OnDrift, OnEmpty,
    OnNullCursor, OnNullKey, Order, Update, load_option,
};
use crate::mode::{Key, Selection};
use crate::project::Setting;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Deletes of more than this part of a table stop a load, in percent.
const MAX_DELETE_PERCENT: f64 = 20.0;

/// Where options stand, by name.
pub type OptionPlaces = BTreeMap<String, Place>;

/// Reads the rules of a load from `levels`, farthest first. `table` is where to point when no
/// option is to blame.
pub(super) fn read(
    levels: &[Merged; 3],
    table: &Place,
    problems: &mut Vec<Diagnostic>,
) -> (LoadRules, OptionPlaces) {
    let mut merged = Merged::default();
    let mut level_of = BTreeMap::new();
    for (level, settings) in levels.iter().enumerate() {
        for setting in settings.iter().filter(|setting| !setting.value.is_null()) {
            merged.lay(std::slice::from_ref(setting));
            level_of.insert(setting.key.clone(), level);
        }
    }
    let mut reader = Reader { merged: &merged, level_of, table, problems };
    reader.unknown();
    let rules = reader.rules();
    let places =
        merged.iter().map(|setting| (setting.key.clone(), setting.place.clone())).collect();
    (rules, places)
}

struct Reader<'a> {
    merged: &'a Merged,
    /// How near to the table each option stands.
    level_of: BTreeMap<String, usize>,
    table: &'a Place,
    problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn rules(&mut self) -> LoadRules {
        let mode = self.mode();
        let Some(mode) = mode else { return LoadRules::default() };
        let taken = self.taken(mode);
        let has = |name: &str| taken.contains(name);
        let mut rules = LoadRules { mode, ..LoadRules::default() };
        rules.adopt = self.flag("adopt");
        rules.max_rejects = self.count("max_rejects").unwrap_or(0);
        let policies = OnDrift::NAMES.map(|name| (name, OnDrift::named(name).unwrap_or_default()));
        rules.on_drift = self.choice("on_drift", &policies).unwrap_or_default();
        if has("on_empty") {
            let choices =
                [("error", OnEmpty::Error), ("replace", OnEmpty::Replace), ("keep", OnEmpty::Keep)];
            rules.on_empty = self.choice("on_empty", &choices).unwrap_or_default();
        }
        if has("key") {
            rules.key = Key::new(self.columns("key"));
        }
        rules.selection = self.selection();
        if has("cursor") {
            rules.cursor = self.cursor(&taken);
        }
        if has("on_null_key") {
            let choices = [
                ("error", OnNullKey::Error),
                ("reject", OnNullKey::Reject),
                ("match", OnNullKey::Match),
            ];
            rules.on_null_key = self.choice("on_null_key", &choices).unwrap_or_default();
            if mode == LoadMode::Scd2 && rules.on_null_key == OnNullKey::Match {
                let message = "`on_null_key: match` in mode `scd2`, whose versions need a key";
                self.report(Code::INVALID_VALUE, "on_null_key", message.to_owned(), None);
            }
        }
        if has("on_duplicate") {
            self.choice("on_duplicate", &[("error", ())]);
        }
        if has("dedup_by") {
            rules.dedup_by = self.orders();
        }
        rules.deletes = self.deletes(mode, &taken);
        if mode == LoadMode::Merge {
            rules.update = self.update();
            rules.matched_condition = self.text("matched_condition");
            self.key_is_not_updated(&rules);
        }
        if has("track") {
            rules.track = self.columns("track");
        }
        self.together(&rules);
        rules
    }

    fn mode(&mut self) -> Option<LoadMode> {
        let Some(setting) = self.merged.get("mode") else { return Some(LoadMode::Replace) };
        let name = setting.value.as_str().unwrap_or_default();
        let mode = LoadMode::named(name);
        if mode.is_none() {
            let known = LoadMode::ALL.map(LoadMode::name);
            let help = did_you_mean(name, known)
                .unwrap_or_else(|| format!("known are {}", known.join(", ")));
            let message = format!("unknown load mode `{}`", plain(&setting.value));
            self.report(Code::INVALID_VALUE, "mode", message, Some(help));
        }
        mode
    }

    /// The options that count in `mode`; tells those that it does not take, and those that it lacks.
    fn taken(&mut self, mode: LoadMode) -> BTreeSet<&'static str> {
        let given = |name: &str| self.merged.get(name).is_some();
        let mode_level = self.level_of.get("mode").copied().unwrap_or(0);
        let mut taken = BTreeSet::new();
        let mut wrong = Vec::new();
        for option in LOAD_OPTIONS {
            let level = self.level_of.get(option.name).copied();
            let near = level.is_some_and(|level| level >= mode_level.max(1));
            match (option.cell(mode), level) {
                (Cell::Takes | Cell::Needs, Some(_)) => {
                    taken.insert(option.name);
                }
                (Cell::With(other), Some(_)) if given(other) => {
                    taken.insert(option.name);
                }
                (Cell::With(other), Some(_)) if near => {
                    wrong.push((option.name, format!("needs `{other}` in mode `{mode}`")));
                }
                (Cell::Refused(reason), Some(_)) if near => {
                    wrong.push((option.name, format!("means nothing in mode `{mode}`: {reason}")));
                }
                (Cell::Needs, None) => {
                    let message = format!("mode `{mode}` needs a `{}`", option.name);
                    let help = format!(
                        "name the columns that identify a row: `load: {{mode: {mode}, {}: [id]}}`",
                        option.name
                    );
                    self.problems.push(
                        Diagnostic::error(Code::MISSING_KEY, message)
                            .at(self.place("mode"))
                            .with_help(help),
                    );
                }
                _ => {}
            }
        }
        for (name, what) in wrong {
            let takers: Vec<&str> = LoadMode::ALL
                .into_iter()
                .filter(|mode| {
                    load_option(name)
                        .is_some_and(|option| !matches!(option.cell(*mode), Cell::Refused(_)))
                })
                .map(LoadMode::name)
                .collect();
            let help = format!("`{name}` is for {}", takers.join(", "));
            self.report(Code::OPTION_NOT_FOR_MODE, name, format!("`{name}` {what}"), Some(help));
        }
        taken
    }

    fn selection(&mut self) -> Selection {
        match (self.columns("include_columns"), self.columns("exclude_columns")) {
            (only, except) if only.is_empty() && except.is_empty() => Selection::All,
            (only, except) if except.is_empty() => Selection::Only(only),
            (only, except) if only.is_empty() => Selection::Except(except),
            _ => {
                let message = "`include_columns` and `exclude_columns` exclude each other";
                self.report(Code::INVALID_VALUE, "exclude_columns", message.to_owned(), None);
                Selection::All
            }
        }
    }

    fn cursor(&mut self, taken: &BTreeSet<&str>) -> Option<Cursor> {
        let has = |name: &str| taken.contains(name);
        let column = self.text("cursor")?;
        let lag = if has("lag") { self.lag() } else { None };
        let choices = [
            ("error", OnNullCursor::Error),
            ("include", OnNullCursor::Include),
            ("skip", OnNullCursor::Skip),
        ];
        let on_null =
            if has("on_null_cursor") { self.choice("on_null_cursor", &choices) } else { None };
        let time_zone = if has("cursor_time_zone") { self.time_zone() } else { None };
        Some(Cursor { column, lag, on_null: on_null.unwrap_or_default(), time_zone })
    }

    fn time_zone(&mut self) -> Option<String> {
        let name = self.text("cursor_time_zone")?;
        let zones = jiff::tz::db();
        if zones.get(&name).is_err() && !zones.is_definitively_empty() {
            self.wrong("cursor_time_zone");
        }
        Some(name)
    }

    fn lag(&mut self) -> Option<Lag> {
        let text = self.text("lag")?;
        let lag = Lag::parse(&text);
        if lag.is_none() {
            let help = "write `2 hours` (minutes, hours, days, weeks), or a number for a cursor \
                        that is one";
            let message = format!("`lag` is `{text}`, expected a duration or a number");
            self.report(Code::INVALID_VALUE, "lag", message, Some(help.to_owned()));
        }
        lag
    }

    fn orders(&mut self) -> Vec<Order> {
        let texts = self.columns("dedup_by");
        let orders: Vec<Order> = texts.iter().filter_map(|text| Order::parse(text)).collect();
        if orders.len() != texts.len() {
            let message = "`dedup_by` holds an empty text, expected `column` or `column desc`";
            self.report(Code::INVALID_VALUE, "dedup_by", message.to_owned(), None);
        }
        let twice = orders.iter().enumerate().find(|(at, order)| {
            orders.iter().take(*at).any(|one| one.column.eq_ignore_ascii_case(&order.column))
        });
        if let Some((_, order)) = twice {
            let message = format!("`dedup_by` names `{}` twice", order.column);
            self.report(Code::INVALID_VALUE, "dedup_by", message, None);
        }
        orders
    }

    fn deletes(&mut self, mode: LoadMode, taken: &BTreeSet<&str>) -> Deletes {
        let has = |name: &str| taken.contains(name);
        let kind = if has("deletes") { self.delete_kind() } else { DeleteKind::None };
        let deletes = Deletes {
            kind,
            flag: if has("delete_when") { self.text("delete_when") } else { None },
            complete: has("complete") && self.flag("complete"),
            max_percent: if has("max_delete_percent") { self.percent() } else { None }
                .unwrap_or(MAX_DELETE_PERCENT),
        };
        if mode == LoadMode::Merge
            && deletes.kind != DeleteKind::None
            && deletes.flag.is_none()
            && !deletes.complete
        {
            let help = "mark deleted rows with `delete_when: \"deleted_at is not null\"`, or say \
                        `complete: true` where the source is whole each time";
            let message = "`deletes` does not say which rows are deleted";
            self.report(Code::MISSING_KEY, "deletes", message.to_owned(), Some(help.to_owned()));
        }
        deletes
    }

    fn delete_kind(&mut self) -> DeleteKind {
        let Some(setting) = self.merged.get("deletes") else { return DeleteKind::None };
        let soft = setting.value.get("soft").and_then(Value::as_str);
        let single = setting.value.as_object().is_some_and(|entries| entries.len() == 1);
        match (&setting.value, soft) {
            (Value::String(text), _) if text == "hard" => return DeleteKind::Hard,
            (_, Some(column)) if single && !column.is_empty() => {
                return DeleteKind::Soft(column.to_owned());
            }
            _ => {}
        }
        self.wrong("deletes");
        DeleteKind::None
    }

    fn percent(&mut self) -> Option<f64> {
        let setting = self.merged.get("max_delete_percent")?;
        let number = setting.value.as_f64().filter(|number| (0.0..=100.0).contains(number));
        if number.is_none() {
            self.wrong("max_delete_percent");
        }
        number
    }

    fn update(&mut self) -> Update {
        let only = self.columns("merge_update_columns");
        let except = self.columns("merge_exclude_columns");
        match (only.is_empty(), except.is_empty()) {
            (true, true) => Update::All,
            (false, true) => Update::Only(only),
            (true, false) => Update::Except(except),
            (false, false) => {
                let message =
                    "`merge_update_columns` and `merge_exclude_columns` exclude each other";
                self.report(Code::INVALID_VALUE, "merge_exclude_columns", message.to_owned(), None);
                Update::All
            }
        }
    }

    fn key_is_not_updated(&mut self, rules: &LoadRules) {
        let (option, named) = match &rules.update {
            Update::All => return,
            Update::Only(update) => ("merge_update_columns", update),
            Update::Except(except) => ("merge_exclude_columns", except),
        };
        let Some(key) = &rules.key else { return };
        if let Some(column) = named.iter().find(|column| key.columns().contains(column)) {
            let message = format!("`{option}` names `{column}`, which is part of the key");
            self.report(Code::INVALID_VALUE, option, message, None);
        }
    }

    /// What options name is loaded.
    fn named_is_loaded(&mut self, rules: &LoadRules) {
        let Some(option) = rules.selection.option() else { return };
        let key = rules.key.iter().flat_map(|key| key.columns()).map(|name| ("key", name));
        let cursor = rules.cursor.iter().map(|cursor| ("cursor", &cursor.column));
        let order = rules.dedup_by.iter().map(|order| ("dedup_by", &order.column));
        let track = rules.track.iter().map(|name| ("track", name));
        let update: Vec<_> = match &rules.update {
            Update::All => Vec::new(),
            Update::Only(names) => {
                names.iter().map(|name| ("merge_update_columns", name)).collect()
            }
            Update::Except(names) => {
                names.iter().map(|name| ("merge_exclude_columns", name)).collect()
            }
        };
        for (name, column) in key.chain(cursor).chain(order).chain(track).chain(update) {
            if !rules.selection.takes(column, &[column.as_str()]) {
                let message = format!("`{name}` names `{column}`, which is not loaded");
                let help = match &rules.selection {
                    Selection::Only(_) => format!("add it to `{option}`"),
                    Selection::All | Selection::Except(_) => format!("take it out of `{option}`"),
                };
                self.report(Code::INVALID_VALUE, name, message, Some(help));
            }
        }
    }

    /// What options say together.
    fn together(&mut self, rules: &LoadRules) {
        self.named_is_loaded(rules);
        if rules.deletes.complete && rules.cursor.is_some() {
            let message = "`complete: true` does not go with `cursor`: rows that are not new would \
                           count as deleted";
            self.report(Code::OPTION_NOT_FOR_MODE, "complete", message.to_owned(), None);
        }
        let rejects = rules.max_rejects > 0 || rules.on_null_key == OnNullKey::Reject;
        if rules.deletes.complete && rejects {
            let name = if rules.max_rejects > 0 { "max_rejects" } else { "on_null_key" };
            let message = "`complete: true` does not go with rows that are rejected: they would count \
                           as deleted";
            self.report(Code::OPTION_NOT_FOR_MODE, name, message.to_owned(), None);
        }
        let key = rules.key.as_ref().map(|key| key.columns().to_vec()).unwrap_or_default();
        if let Some(column) = rules.track.iter().find(|name| key.contains(name)) {
            let message = format!("`track` names `{column}`, which is part of the key");
            self.report(Code::INVALID_VALUE, "track", message, None);
        }
    }

    fn unknown(&mut self) {
        let known: Vec<&str> = LOAD_OPTIONS.iter().map(|option| option.name).collect();
        for setting in self.merged.iter().filter(|setting| !known.contains(&setting.key.as_str())) {
            let message = format!("unknown load option `{}`", setting.key);
            self.problems.push(
                Diagnostic::error(Code::INVALID_VALUE, message)
                    .at(setting.key_place.clone())
                    .with_help_maybe(did_you_mean(&setting.key, known.iter().copied())),
            );
        }
    }

    fn place(&self, name: &str) -> Place {
        self.merged.get(name).map_or_else(|| self.table.clone(), |setting| setting.place.clone())
    }

    fn report(&mut self, code: Code, name: &str, message: String, help: Option<String>) {
        let place = self.place(name);
        self.problems.push(Diagnostic::error(code, message).at(place).with_help_maybe(help));
    }

    fn wrong(&mut self, name: &str) {
        let found = self.merged.get(name).map(|setting| plain(&setting.value)).unwrap_or_default();
        let takes = load_option(name).map_or("something else", |option| option.takes);
        let message = format!("`{name}` is `{found}`, expected {takes}");
        self.report(Code::INVALID_VALUE, name, message, None);
    }

    fn setting(&self, name: &str) -> Option<&Setting> {
        self.merged.get(name)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match &self.setting(name)?.value {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => {
                self.wrong(name);
                None
            }
        }
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.setting(name).map(|setting| &setting.value) {
            None => false,
            Some(Value::Bool(value)) => *value,
            Some(_) => {
                self.wrong(name);
                false
            }
        }
    }

    fn count(&mut self, name: &str) -> Option<u64> {
        let count = self.setting(name)?.value.as_u64();
        if count.is_none() {
            self.wrong(name);
        }
        count
    }

    fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.setting(name)?.value.as_str().unwrap_or_default();
        let found = choices.iter().find(|(known, _)| *known == value).map(|(_, choice)| *choice);
        if found.is_none() {
            self.wrong(name);
        }
        found
    }

    /// A column or a list of columns, each once.
    fn columns(&mut self, name: &str) -> Vec<String> {
        let Some(setting) = self.setting(name) else { return Vec::new() };
        let items = match &setting.value {
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        };
        let texts: Vec<String> =
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        if texts.len() != items.len() || texts.iter().any(String::is_empty) || texts.is_empty() {
            self.wrong(name);
            return Vec::new();
        }
        let twice = texts.iter().enumerate().find(|(at, text)| {
            texts.iter().take(*at).any(|before| before.eq_ignore_ascii_case(text))
        });
        if let Some((_, column)) = twice {
            let message = format!("`{name}` names `{column}` twice");
            self.report(Code::INVALID_VALUE, name, message, None);
        }
        texts
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
