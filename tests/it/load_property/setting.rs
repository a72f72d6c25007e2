//! What a random load is: its columns, its options, its batches, and how files and YAML say so.
//!
//! A cell is the position of its value among the values of its type, which stand in ascending order
//! and equally far apart: so the model compares and subtracts plain numbers.

use serde_json::{Map, Value, json};
use sqlflow::mode::load::LoadMode;

pub(super) type Cell = Option<u8>;
pub(super) type Row = Vec<Cell>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Bigint,
    Double,
    Decimal,
    Varchar,
    Date,
    Timestamp,
    Boolean,
}

impl Type {
    pub(super) const ALL: [Self; 7] = [
        Self::Bigint,
        Self::Double,
        Self::Decimal,
        Self::Varchar,
        Self::Date,
        Self::Timestamp,
        Self::Boolean,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Bigint => "bigint",
            Self::Double => "double",
            Self::Decimal => "decimal(12, 2)",
            Self::Varchar => "varchar",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Boolean => "boolean",
        }
    }

    /// How many values there are.
    pub(super) fn len(self) -> u8 {
        match self {
            Self::Boolean => 2,
            Self::Varchar | Self::Double => 6,
            _ => 8,
        }
    }

    /// The value at `position`, as the database prints it.
    fn text(self, position: u8) -> String {
        let at = usize::from(position);
        match self {
            // Past what a double can tell apart.
            Self::Bigint => (9_007_199_254_740_990 + u64::from(position)).to_string(),
            Self::Double => ["-1.5", "0.0", "0.1", "2.5", "100.0", "1e+20"][at].to_owned(),
            Self::Decimal => format!("{position}.25"),
            Self::Varchar => ["", " ", "NULL", "a,\"b\"", "line\nbreak", "ä"][at].to_owned(),
            Self::Date => {
                format!("{}", jiff::civil::date(2024, 2, 26).saturating_add(days(position)))
            }
            Self::Timestamp => format!("2024-02-28 {:02}:00:00.25", 8 + position),
            Self::Boolean => (position == 1).to_string(),
        }
    }

    /// Whether `text` is the value at `position`. Doubles are printed in more than one way.
    fn is(self, position: u8, text: &str) -> bool {
        let value = self.text(position);
        value == text || self == Self::Double && value.parse::<f64>() == text.parse::<f64>()
    }

    /// The value at `position` as a time, in milliseconds.
    pub(super) fn moment(self, position: u8) -> Option<i64> {
        let position = i64::from(position);
        match self {
            Self::Date => Some(MIDNIGHT + (position - 2) * DAY),
            Self::Timestamp => Some(MIDNIGHT + (8 + position) * HOUR + 250),
            _ => None,
        }
    }
}

fn days(count: u8) -> jiff::Span {
    jiff::Span::new().days(count)
}

pub(super) const HOUR: i64 = 60 * 60 * 1000;
pub(super) const DAY: i64 = 24 * HOUR;
/// 2024-02-28.
pub(super) const MIDNIGHT: i64 = 1_709_078_400_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    Error,
    Replace,
    Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NullKey {
    Error,
    Reject,
    Match,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NullCursor {
    Error,
    Include,
    Skip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) column: usize,
    /// In steps from value to value.
    pub(super) lag: Option<u8>,
    pub(super) on_null: NullCursor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletes {
    None,
    Hard,
    Soft,
}

/// Columns are named by their positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) mode: LoadMode,
    pub(super) columns: Vec<(&'static str, Type)>,
    pub(super) key: Vec<usize>,
    pub(super) cursor: Option<Cursor>,
    /// Columns to sort by, and whether the greatest comes first.
    pub(super) dedup_by: Vec<(usize, bool)>,
    pub(super) on_null_key: NullKey,
    pub(super) on_empty: Empty,
    pub(super) deletes: Deletes,
    pub(super) flag: Option<usize>,
    pub(super) complete: bool,
    pub(super) max_delete_percent: Option<u8>,
    pub(super) update: Vec<usize>,
    pub(super) exclude: Vec<usize>,
    /// The column that must be greater for a matched row to be updated.
    pub(super) condition: Option<usize>,
    pub(super) track: Vec<usize>,
    pub(super) max_rejects: u64,
    /// Whether each file is read once.
    pub(super) files: bool,
    /// Whether the last column comes later than the others.
    pub(super) late: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    /// Lines with too many fields.
    pub(super) bad: u8,
    /// By how much the columns of the file are turned round.
    pub(super) turn: usize,
}

impl Setting {
    pub(super) fn soft(&self) -> bool {
        self.deletes == Deletes::Soft
    }

    /// What `load:` says.
    pub(super) fn options(&self) -> Map<String, Value> {
        let name = |column: &usize| Value::from(self.columns[*column].0);
        let names = |columns: &[usize]| Value::from_iter(columns.iter().map(name));
        let mut all = Map::new();
        let mut say = |option: &str, value: Value, said: bool| {
            if said {
                all.insert(option.to_owned(), value);
            }
        };
        say("mode", json!(self.mode.name()), true);
        say("key", names(&self.key), !self.key.is_empty());
        if let Some(cursor) = self.cursor {
            say("cursor", name(&cursor.column), true);
            let unit = match self.columns[cursor.column].1 {
                Type::Date => " days",
                Type::Timestamp => " hours",
                _ => "",
            };
            let lag = cursor.lag.map(|lag| format!("{lag}{unit}"));
            say("lag", json!(lag), lag.is_some());
            let on_null = match cursor.on_null {
                NullCursor::Error => "error",
                NullCursor::Include => "include",
                NullCursor::Skip => "skip",
            };
            say("on_null_cursor", json!(on_null), cursor.on_null != NullCursor::Error);
        }
        let order = |(column, descending): &(usize, bool)| {
            let direction = if *descending { " desc" } else { "" };
            Value::from(format!("{}{direction}", self.columns[*column].0))
        };
        let orders = Value::from_iter(self.dedup_by.iter().map(order));
        say("dedup_by", orders, !self.dedup_by.is_empty());
        let on_null_key = match self.on_null_key {
            NullKey::Error => "error",
            NullKey::Reject => "reject",
            NullKey::Match => "match",
        };
        say("on_null_key", json!(on_null_key), self.on_null_key != NullKey::Error);
        let on_empty = match self.on_empty {
            Empty::Error => "error",
            Empty::Replace => "replace",
            Empty::Keep => "keep",
        };
        say("on_empty", json!(on_empty), self.on_empty != Empty::Error);
        match self.deletes {
            Deletes::None => {}
            Deletes::Hard => say("deletes", json!("hard"), true),
            Deletes::Soft => say("deletes", json!({"soft": "deleted_at"}), true),
        }
        if let Some(flag) = self.flag {
            say("delete_when", json!(quoted(self.columns[flag].0)), true);
        }
        say("complete", json!(true), self.complete);
        say(
            "max_delete_percent",
            json!(self.max_delete_percent),
            self.max_delete_percent.is_some(),
        );
        say("merge_update_columns", names(&self.update), !self.update.is_empty());
        say("merge_exclude_columns", names(&self.exclude), !self.exclude.is_empty());
        if let Some(column) = self.condition {
            let column = quoted(self.columns[column].0);
            let text = format!("DBT_INTERNAL_SOURCE.{column} > DBT_INTERNAL_DEST.{column}");
            say("matched_condition", json!(text), true);
        }
        say("track", names(&self.track), !self.track.is_empty());
        say("max_rejects", json!(self.max_rejects), self.max_rejects > 0);
        all
    }

    pub(super) fn yaml(&self, columns: usize) -> String {
        let declared = self.columns[..columns].iter();
        let declared: Vec<Value> = declared
            .map(|(name, data_type)| json!({"name": name, "data_type": data_type.name()}))
            .collect();
        let path = if self.files { "in/*.csv" } else { "t.csv" };
        let table = json!({"name": "t", "path": path, "load": self.options(), "columns": declared});
        json!({"sources": [{"name": "raw", "tables": [table]}]}).to_string()
    }

    pub(super) fn csv(&self, columns: usize, batch: &Batch) -> String {
        let mut order: Vec<usize> = (0..columns).collect();
        order.rotate_left(batch.turn % columns);
        let line = |cells: Vec<String>| cells.join(",") + "\n";
        let field = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut text = line(order.iter().map(|&at| field(self.columns[at].0)).collect());
        for (index, row) in batch.rows.iter().enumerate() {
            if index < usize::from(batch.bad) {
                text += &",".repeat(columns);
                text += "\n";
            }
            let cell = |&at: &usize| match (self.columns[at].1, row[at]) {
                (_, None) => String::new(),
                (Type::Varchar, Some(cell)) => field(&Type::Varchar.text(cell)),
                (data_type, Some(cell)) => data_type.text(cell),
            };
            text += &line(order.iter().map(cell).collect());
        }
        for _ in batch.rows.len()..usize::from(batch.bad) {
            text += &",".repeat(columns);
            text += "\n";
        }
        text
    }

    /// The table's columns, as text.
    pub(super) fn select(&self, columns: usize) -> String {
        let column = |(name, _): &(&str, Type)| format!("{}::varchar", quoted(name));
        self.columns[..columns].iter().map(column).collect::<Vec<_>>().join(", ")
    }

    /// A row that was read from the table.
    pub(super) fn row(&self, cells: &[Value]) -> Row {
        let cell = |(value, (_, data_type)): (&Value, &(&str, Type))| {
            let text = value.as_str()?;
            let found = (0..data_type.len()).find(|position| data_type.is(*position, text));
            Some(found.unwrap_or_else(|| panic!("`{text}` was never loaded")))
        };
        let mut row: Row = cells.iter().zip(&self.columns).map(cell).collect();
        row.resize(self.columns.len(), None);
        row
    }

    /// The text that the state holds of a cursor.
    pub(super) fn cursor_text(&self, recorded: Option<u8>) -> Option<String> {
        let cursor = self.cursor?;
        Some(self.columns[cursor.column].1.text(recorded?))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
