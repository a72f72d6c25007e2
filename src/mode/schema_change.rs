//! What becomes of a table when a batch has other columns.
//!
//! | `on_schema_change` | added | removed | retyped |
//! | --- | --- | --- | --- |
//! | `ignore` | left out, told | refused | cast to the table's type |
//! | `fail` | refused | refused | refused |
//! | `append_new_columns` | added, old rows NULL | new rows NULL | refused unless the table's type holds it |
//! | `sync_all_columns` | added, old rows NULL | dropped | the column takes the new type |
//!
//! Columns are told apart by name as the dialect folds it, and by type.

use crate::relation::{Column, DataType};

/// What becomes of a table when a batch has other columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnSchemaChange {
    /// New columns are left out.
    #[default]
    Ignore,
    /// Any change is refused.
    Fail,
    /// New columns are added; none is dropped.
    AppendNewColumns,
    /// The table takes the batch's columns.
    SyncAllColumns,
}

impl OnSchemaChange {
    /// The names that users may write.
    pub const NAMES: [&'static str; 4] =
        ["ignore", "fail", "append_new_columns", "sync_all_columns"];

    /// The rule called `name`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "ignore" => Some(Self::Ignore),
            "fail" => Some(Self::Fail),
            "append_new_columns" => Some(Self::AppendNewColumns),
            "sync_all_columns" => Some(Self::SyncAllColumns),
            _ => None,
        }
    }
}

/// A column whose type in the batch is another one than in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retyped {
    /// Its name in the table.
    pub name: String,
    /// Its type in the table.
    pub before: DataType,
    /// Its type in the batch.
    pub after: DataType,
}

/// How a batch's columns differ from its table's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemaChange {
    /// Columns of the batch that the table lacks, in the batch's order.
    pub added: Vec<Column>,
    /// Columns of the table that the batch lacks, in the table's order.
    pub removed: Vec<String>,
    /// Columns of both whose types differ, in the table's order.
    pub retyped: Vec<Retyped>,
    /// Columns of both, in the table's order and spelling.
    pub common: Vec<String>,
}

/// A change of a table's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alteration {
    /// A column is added, NULL in the rows that are there.
    Add(Column),
    /// A column is dropped.
    Drop(String),
    /// A column takes another type.
    Retype(Retyped),
}

/// What is done before a batch is applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// The columns that are written, in the table's order.
    pub columns: Vec<String>,
    /// What the table needs for that, in order.
    pub alterations: Vec<Alteration>,
    /// Columns of the batch that are left out.
    pub left_out: Vec<String>,
}

impl SchemaChange {
    /// How `batch` differs from `table`; `fold` makes names alike that the database takes as one.
    pub fn between(batch: &[Column], table: &[Column], fold: impl Fn(&str) -> String) -> Self {
        let find = |all: &[Column], name: &str| {
            let name = fold(name);
            all.iter().find(|column| fold(&column.name) == name).cloned()
        };
        let mut change = Self::default();
        for column in table {
            let Some(found) = find(batch, &column.name) else {
                change.removed.push(column.name.clone());
                continue;
            };
            change.common.push(column.name.clone());
            if found.data_type != column.data_type {
                change.retyped.push(Retyped {
                    name: column.name.clone(),
                    before: column.data_type.clone(),
                    after: found.data_type,
                });
            }
        }
        let new = batch.iter().filter(|column| find(table, &column.name).is_none());
        change.added = new.cloned().collect();
        change
    }

    /// Whether the batch has the table's columns, name by name and type by type.
    pub fn is_none(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.retyped.is_empty()
    }

    /// What `rule` makes of the change, or the part of it that `rule` refuses.
    ///
    /// # Errors
    /// The refused part; the table is to be left as it is.
    pub fn reconcile(&self, rule: OnSchemaChange) -> Result<Reconciled, Self> {
        let added = || self.added.iter().cloned().map(Alteration::Add);
        let names = || self.added.iter().map(|column| column.name.clone());
        let mut columns = self.common.clone();
        match rule {
            OnSchemaChange::Ignore if self.removed.is_empty() => {
                Ok(Reconciled { columns, alterations: Vec::new(), left_out: names().collect() })
            }
            OnSchemaChange::Ignore => {
                Err(Self { removed: self.removed.clone(), ..Self::default() })
            }
            OnSchemaChange::Fail if self.is_none() => {
                Ok(Reconciled { columns, ..Reconciled::default() })
            }
            OnSchemaChange::Fail => Err(self.clone()),
            OnSchemaChange::AppendNewColumns => {
                let lossy: Vec<_> = self.retyped.iter().filter(|column| !column.fits()).collect();
                if !lossy.is_empty() {
                    let retyped = lossy.into_iter().cloned().collect();
                    return Err(Self { retyped, ..Self::default() });
                }
                columns.extend(names());
                Ok(Reconciled { columns, alterations: added().collect(), left_out: Vec::new() })
            }
            OnSchemaChange::SyncAllColumns => {
                columns.extend(names());
                let retyped = self.retyped.iter().cloned().map(Alteration::Retype);
                let dropped = self.removed.iter().cloned().map(Alteration::Drop);
                // Additions come first: a table cannot lose its last column.
                let alterations = added().chain(retyped).chain(dropped).collect();
                Ok(Reconciled { columns, alterations, left_out: Vec::new() })
            }
        }
    }
}

impl Retyped {
    /// Whether every value of the batch's type is one of the table's type.
    pub fn fits(&self) -> bool {
        self.after.widens_to(&self.before)
    }

    /// Whether every value of the table's type is one of the batch's type.
    pub fn widens(&self) -> bool {
        self.before.widens_to(&self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(of: &[(&str, &str)]) -> Vec<Column> {
        let column = |(name, data_type): &(&str, &str)| Column {
            name: (*name).to_owned(),
            data_type: DataType::new(data_type),
            nullable: true,
        };
        of.iter().map(column).collect()
    }

    fn change(batch: &[(&str, &str)], table: &[(&str, &str)]) -> SchemaChange {
        SchemaChange::between(&columns(batch), &columns(table), str::to_lowercase)
    }

    #[test]
    fn names_are_compared_as_they_fold_and_keep_the_tables_spelling() {
        let change =
            change(&[("ID", "integer"), ("new", "date")], &[("Id", "integer"), ("old", "date")]);
        assert_eq!(change.common, ["Id"]);
        assert_eq!(change.removed, ["old"]);
        assert_eq!(change.added, columns(&[("new", "date")]));
        assert!(change.retyped.is_empty());
    }

    #[test]
    fn each_rule_takes_what_its_row_of_the_table_says() {
        use OnSchemaChange::{AppendNewColumns, Fail, Ignore, SyncAllColumns};
        let table: &[(&str, &str)] = &[("a", "bigint"), ("b", "varchar")];
        let same = change(table, table);
        let added = change(&[("a", "bigint"), ("b", "varchar"), ("c", "date")], table);
        let removed = change(&[("a", "bigint")], table);
        let narrower = change(&[("a", "integer"), ("b", "varchar")], table);
        let other = change(&[("a", "double"), ("b", "varchar")], table);
        for (rule, takes) in [
            (Ignore, [true, true, false, true, true]),
            (Fail, [true, false, false, false, false]),
            (AppendNewColumns, [true, true, true, true, false]),
            (SyncAllColumns, [true, true, true, true, true]),
        ] {
            let taken = [&same, &added, &removed, &narrower, &other]
                .map(|change| change.reconcile(rule).is_ok());
            assert_eq!(taken, takes, "{rule:?}");
        }
        assert_eq!(added.reconcile(Ignore).unwrap().left_out, ["c"]);
        assert_eq!(added.reconcile(AppendNewColumns).unwrap().columns, ["a", "b", "c"]);
        assert_eq!(
            removed.reconcile(SyncAllColumns).unwrap().alterations,
            [Alteration::Drop("b".to_owned())]
        );
    }
}
