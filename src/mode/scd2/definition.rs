//! What a snapshot was when it wrote its versions, as it is recorded beside them.

use super::{Change, Scd2};
use serde_json::{Value, json};

/// What must stay the same while versions are kept, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    /// The columns of the key.
    pub key: Vec<String>,
    /// The SQL that stood in the end of current versions; `None` means NULL.
    pub open_end: Option<String>,
}

impl Defined {
    /// Reads what [`Scd2::definition`] wrote; `None` where it is the text of something else.
    pub fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let snapshot = value.get("snapshot")?;
        let key = snapshot.get("unique_key")?.as_array()?.iter();
        let open_end = snapshot.get("dbt_valid_to_current")?.as_str();
        Some(Self {
            key: key.filter_map(|column| column.as_str().map(str::to_owned)).collect(),
            open_end: open_end.map(str::to_owned),
        })
    }

    /// Whether a row is identified by the same columns, whatever their order.
    pub fn has_key_of(&self, scd2: &Scd2, fold: &dyn Fn(&str) -> String) -> bool {
        let sorted = |columns: &[String]| {
            let mut names: Vec<String> = columns.iter().map(|column| fold(column)).collect();
            names.sort();
            names
        };
        sorted(&self.key) == sorted(scd2.key.columns())
    }
}

impl Scd2 {
    /// The text that is recorded of a snapshot, under dbt's names of the settings.
    pub fn definition(&self) -> String {
        let (strategy, tracked) = match &self.change {
            Change::Columns { tracked, .. } if tracked.is_empty() => ("check", json!("all")),
            Change::Columns { tracked, .. } => ("check", json!(tracked)),
            Change::Timestamp(_) => ("timestamp", Value::Null),
        };
        json!({"snapshot": {
            "unique_key": self.key.columns(),
            "strategy": strategy,
            "updated_at": self.dated_by(),
            "check_cols": tracked,
            "dbt_valid_to_current": self.open_end,
        }})
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HardDeletes, Names};
    use super::*;
    use crate::mode::Key;

    fn snapshot(key: &[&str], change: Change, open_end: Option<&str>) -> Scd2 {
        Scd2 {
            key: Key::new(key.iter().map(|&column| column.to_owned()).collect()).unwrap(),
            change,
            names: Names::of_snapshot(),
            deletes: HardDeletes::Ignore,
            open_end: open_end.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_recorded_is_read_again() {
        let change = Change::Timestamp("changed".to_owned());
        for open_end in [None, Some("timestamp '9999-12-31'")] {
            let scd2 = snapshot(&["id", "country"], change.clone(), open_end);
            let defined = Defined::read(&scd2.definition()).unwrap();
            assert_eq!(defined.key, ["id", "country"]);
            assert_eq!(defined.open_end.as_deref(), open_end);
        }
        assert_eq!(Defined::read("merge on id"), None);
        assert_eq!(Defined::read("{}"), None);
    }

    #[test]
    fn the_order_and_the_case_of_a_key_are_nothing() {
        let tracked = Change::Columns { tracked: Vec::new(), dated_by: None };
        let text = snapshot(&["id", "Country"], tracked.clone(), None).definition();
        let defined = Defined::read(&text).unwrap();
        let fold = |name: &str| name.to_lowercase();
        assert!(defined.has_key_of(&snapshot(&["country", "ID"], tracked.clone(), None), &fold));
        assert!(!defined.has_key_of(&snapshot(&["id"], tracked, None), &fold));
    }
}
