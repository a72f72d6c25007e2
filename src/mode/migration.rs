//! What a table gets so that a batch fits it whose schema was accepted since the last one.
//!
//! | since the last batch | the table |
//! | --- | --- |
//! | a column came | gets it: NULL in the rows that are there |
//! | a type was widened | its column takes the wider type |
//! | a column may hold NULL now, or is gone | its column may hold NULL |
//!
//! Where the table differs from a batch otherwise, somebody else changed it: that is left to
//! [`super::ColumnPlan`] to tell. Nothing is ever dropped.

use super::TargetColumn;
use crate::relation::Column;

/// The changes of a table, in the order in which they are made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migration {
    /// Columns that it gets; they may hold NULL.
    pub added: Vec<Column>,
    /// Columns of it under their new types.
    pub widened: Vec<Column>,
    /// Columns of it that may hold NULL from now on.
    pub relaxed: Vec<String>,
}

impl Migration {
    /// What `target` needs for a batch of the columns `stage`, where the last one had the columns
    /// `recorded`. `fold` makes names alike that are one to the database.
    pub fn new(
        recorded: &[Column],
        stage: &[Column],
        target: &[TargetColumn],
        fold: &dyn Fn(&str) -> String,
    ) -> Self {
        let find = |all: &[Column], name: &str| {
            all.iter().find(|column| fold(&column.name) == fold(name)).cloned()
        };
        let mut migration = Self::default();
        for column in stage {
            let there = target.iter().find(|t| fold(&t.column.name) == fold(&column.name));
            match (there, find(recorded, &column.name)) {
                (None, None) => {
                    migration.added.push(Column { nullable: true, ..column.clone() });
                }
                (Some(there), Some(was)) => migration.follow(&there.column, &was, column),
                (None, Some(_)) | (Some(_), None) => {}
            }
        }
        let gone = target.iter().filter(|there| {
            let name = &there.column.name;
            let needs = !there.column.nullable && !there.has_default;
            needs && find(stage, name).is_none() && find(recorded, name).is_some()
        });
        migration.relaxed.extend(gone.map(|there| there.column.name.clone()));
        migration
    }

    fn follow(&mut self, there: &Column, was: &Column, now: &Column) {
        let (before, after) = (&was.data_type, &now.data_type);
        let is_new = before.canonical() != after.canonical();
        let holds = after.widens_to(&there.data_type);
        if is_new && !holds && there.data_type.widens_to(after) {
            let (name, nullable) = (there.name.clone(), there.nullable);
            self.widened.push(Column { name, data_type: after.clone(), nullable });
        }
        if !was.nullable && now.nullable && !there.nullable {
            self.relaxed.push(there.name.clone());
        }
    }

    /// Whether the table stays as it is.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.widened.is_empty() && self.relaxed.is_empty()
    }

    /// The columns of `target` after it.
    pub fn applied(&self, target: &[TargetColumn]) -> Vec<TargetColumn> {
        let changed = target.iter().map(|there| {
            let mut there = there.clone();
            let name = &there.column.name;
            if let Some(widened) = self.widened.iter().find(|widened| widened.name == *name) {
                there.column.data_type = widened.data_type.clone();
            }
            there.column.nullable |= self.relaxed.contains(&there.column.name);
            there
        });
        let added = self.added.iter();
        let added = added.map(|column| TargetColumn { column: column.clone(), has_default: false });
        changed.chain(added).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::DataType;

    /// `a integer, b varchar!`: an exclamation mark stands for NOT NULL.
    fn columns(text: &str) -> Vec<Column> {
        let parts = text.split(", ").filter(|part| !part.is_empty());
        let column = |part: &str| {
            let (name, data_type) = part.split_once(' ').unwrap();
            let nullable = !data_type.ends_with('!');
            let data_type = DataType::new(data_type.trim_end_matches('!'));
            Column { name: name.to_owned(), data_type, nullable }
        };
        parts.map(column).collect()
    }

    #[test]
    fn the_table_follows_what_was_accepted_and_nothing_else() {
        for (recorded, stage, target, expected) in [
            ("a date", "a date", "a date", "+ / ~ / ?"),
            ("a date", "a date, b integer!", "a date", "+b integer / ~ / ?"),
            ("a date, b integer", "a date, b integer", "a date", "+ / ~ / ?"),
            ("a integer", "a bigint", "A integer", "+ / ~A bigint / ?"),
            ("a integer", "a bigint", "a bigint", "+ / ~ / ?"),
            ("a integer", "a bigint", "a smallint", "+ / ~a bigint / ?"),
            ("a bigint", "a bigint", "a integer", "+ / ~ / ?"),
            ("a integer", "a varchar", "a integer", "+ / ~ / ?"),
            ("a date!", "a date", "a date!", "+ / ~ / ?a"),
            ("a date", "a date", "a date!", "+ / ~ / ?"),
            ("a date, b date!", "a date", "a date, b date!", "+ / ~ / ?b"),
            ("a date", "a date", "a date, b date!", "+ / ~ / ?"),
        ] {
            let target: Vec<TargetColumn> = columns(target)
                .into_iter()
                .map(|column| TargetColumn { column, has_default: false })
                .collect();
            let fold = |name: &str| name.to_lowercase();
            let found = Migration::new(&columns(recorded), &columns(stage), &target, &fold);
            let list = |columns: &[Column]| -> String {
                let each = columns.iter().map(|c| format!("{} {}", c.name, c.data_type));
                each.collect::<Vec<_>>().join(", ")
            };
            let told = format!(
                "+{} / ~{} / ?{}",
                list(&found.added),
                list(&found.widened),
                found.relaxed.join(", ")
            );
            assert_eq!(told, expected, "{recorded} / {stage}");
            let after = found.applied(&target);
            assert_eq!(after.len(), target.len() + found.added.len());
        }
    }
}
