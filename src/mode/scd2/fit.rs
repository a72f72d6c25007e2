//! Whether a batch can be applied to the table that keeps the versions, and what has to be done
//! to the table before.

use super::{Change, Scd2};
use crate::relation::{Column, DataType};

impl Scd2 {
    /// How a batch of the columns `batch` fits the table of the columns `table`, `None` where that
    /// is still to be made. `fold` makes names alike that are one to the database.
    ///
    /// # Errors
    /// Everything that keeps the batch from being applied.
    pub fn fit(
        &self,
        batch: &[Column],
        table: Option<&[Column]>,
        fold: &dyn Fn(&str) -> String,
    ) -> Result<Fit, Vec<Misfit>> {
        let mut fitting = Fitting { scd2: self, batch, fold, misfits: Vec::new() };
        fitting.check_batch();
        let fit = match table {
            None => Fit {
                compared: fitting.tracked(),
                fresh: Vec::new(),
                added: Vec::new(),
                widened: Vec::new(),
                time: fitting.date().map_or_else(|| self.clock_type(), |c| c.data_type.clone()),
            },
            Some(table) => fitting.against(table),
        };
        if fitting.misfits.is_empty() { Ok(fit) } else { Err(fitting.misfits) }
    }
}

/// What is to be done so that a batch can be applied to the table that keeps the versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// Tracked columns that both have.
    pub compared: Vec<String>,
    /// Tracked columns that the table lacks.
    pub fresh: Vec<String>,
    /// Columns that the table lacks, with their types.
    pub added: Vec<Column>,
    /// Columns of the table that need a wider type, with that type.
    pub widened: Vec<Column>,
    /// The type of begin and end.
    pub time: DataType,
}

/// Why a batch cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// The batch lacks a column that the configuration names.
    Missing {
        /// What the configuration names it as.
        role: Role,
        /// The column.
        column: String,
    },
    /// The batch gives a column that bears the name of an added one.
    Reserved(String),
    /// A key of floating-point or nested type: its values cannot be found again for certain.
    Key(Column),
    /// What shall date versions is no time.
    NotATime(Column),
    /// The table lacks columns that every table of versions has.
    NotVersioned(Vec<String>),
    /// The table lacks a column of the key.
    KeyNotInTable(String),
    /// The batch's type does not widen losslessly into the table's, nor the other way round.
    Type {
        /// The column.
        column: String,
        /// Its type in the table.
        table: DataType,
        /// Its type in the batch.
        batch: DataType,
    },
}

/// What a column is to the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Part of the key.
    Key,
    /// It is compared.
    Tracked,
    /// It dates versions.
    Date,
}

struct Fitting<'f> {
    scd2: &'f Scd2,
    batch: &'f [Column],
    fold: &'f dyn Fn(&str) -> String,
    misfits: Vec<Misfit>,
}

impl<'f> Fitting<'f> {
    fn find<'c>(&self, columns: &'c [Column], name: &str) -> Option<&'c Column> {
        let name = (self.fold)(name);
        columns.iter().find(|column| (self.fold)(&column.name) == name)
    }

    fn date(&self) -> Option<&'f Column> {
        self.find(self.batch, self.scd2.dated_by()?)
    }

    /// The columns of the batch that are compared, in its spelling.
    fn tracked(&self) -> Vec<String> {
        let Change::Columns { tracked, .. } = &self.scd2.change else { return Vec::new() };
        let key: Vec<String> = self.scd2.key.columns().iter().map(|c| (self.fold)(c)).collect();
        let named: Vec<String> = tracked.iter().map(|column| (self.fold)(column)).collect();
        let names = self.batch.iter().map(|column| &column.name);
        names
            .filter(|name| {
                let name = (self.fold)(name);
                !key.contains(&name) && (named.is_empty() || named.contains(&name))
            })
            .cloned()
            .collect()
    }

    /// What can be said without a table.
    fn check_batch(&mut self) {
        let tracked = match &self.scd2.change {
            Change::Columns { tracked, .. } => tracked.as_slice(),
            Change::Timestamp(_) => &[],
        };
        let keys = self.scd2.key.columns().iter().map(|column| (Role::Key, column.as_str()));
        let named = keys
            .chain(tracked.iter().map(|column| (Role::Tracked, column.as_str())))
            .chain(self.scd2.dated_by().map(|column| (Role::Date, column)));
        for (role, name) in named {
            let misfit = match (role, self.find(self.batch, name)) {
                (_, None) => Misfit::Missing { role, column: name.to_owned() },
                (Role::Key, Some(column)) if !identifies(&column.data_type) => {
                    Misfit::Key(column.clone())
                }
                (Role::Date, Some(column)) if !is_time(&column.data_type) => {
                    Misfit::NotATime(column.clone())
                }
                (_, Some(_)) => continue,
            };
            self.misfits.push(misfit);
        }
        for name in self.scd2.added_columns() {
            if let Some(column) = self.find(self.batch, name) {
                self.misfits.push(Misfit::Reserved(column.name.clone()));
            }
        }
    }

    fn against(&mut self, table: &[Column]) -> Fit {
        let lacks = self.scd2.lacking(table, self.fold);
        if !lacks.is_empty() {
            self.misfits.push(Misfit::NotVersioned(lacks));
        }
        for name in self.scd2.key.columns() {
            if self.find(table, name).is_none() && self.find(self.batch, name).is_some() {
                self.misfits.push(Misfit::KeyNotInTable(name.clone()));
            }
        }
        let (mut added, mut widened) = (Vec::new(), Vec::new());
        for column in self.batch {
            match self.find(table, &column.name) {
                None => added.push(column.clone()),
                Some(there) if column.data_type.widens_to(&there.data_type) => {}
                Some(there) if there.data_type.widens_to(&column.data_type) => {
                    widened.push(Column { name: there.name.clone(), ..column.clone() });
                }
                Some(there) => self.misfits.push(mistyped(&column.name, there, column)),
            }
        }
        let begin = self.find(table, &self.scd2.names.valid_from);
        if let (Some(date), Some(begin)) = (self.date(), begin)
            && is_time(&date.data_type)
            && !date.data_type.widens_to(&begin.data_type)
        {
            self.misfits.push(mistyped(&self.scd2.names.valid_from, begin, date));
        }
        let (compared, fresh) =
            self.tracked().into_iter().partition(|name| self.find(table, name).is_some());
        let time = begin.map_or_else(|| self.scd2.clock_type(), |begin| begin.data_type.clone());
        Fit { compared, fresh, added, widened, time }
    }
}

fn mistyped(column: &str, table: &Column, batch: &Column) -> Misfit {
    Misfit::Type {
        column: column.to_owned(),
        table: table.data_type.clone(),
        batch: batch.data_type.clone(),
    }
}

/// Whether values of the type can be found again: not where NaN, rounding or nesting come in.
fn identifies(data_type: &DataType) -> bool {
    let name = data_type.as_str();
    let nested = name.ends_with(']')
        || ["struct(", "map(", "union("].iter().any(|start| name.starts_with(start));
    !nested && !matches!(name, "float" | "double")
}

pub(super) fn is_time(data_type: &DataType) -> bool {
    let name = data_type.as_str();
    name == "date" || name.starts_with("timestamp")
}

#[cfg(test)]
mod tests {
    use super::super::{HardDeletes, Names};
    use super::*;
    use crate::mode::Key;

    fn columns(text: &str) -> Vec<Column> {
        let column = |text: &str| {
            let (name, data_type) = text.trim().split_once(' ').unwrap();
            let data_type = DataType::new(data_type);
            Column { name: name.to_owned(), data_type, nullable: true }
        };
        text.split(';').map(column).collect()
    }

    fn scd2(change: Change) -> Scd2 {
        Scd2 {
            key: Key::new(vec!["id".to_owned()]).unwrap(),
            change,
            names: Names::of_load(),
            deletes: HardDeletes::Ignore,
            open_end: None,
        }
    }

    fn tracking(tracked: &[&str], dated_by: Option<&str>) -> Scd2 {
        let tracked = tracked.iter().map(|&name| name.to_owned()).collect();
        scd2(Change::Columns { tracked, dated_by: dated_by.map(str::to_owned) })
    }

    fn fit(scd2: &Scd2, batch: &str, table: Option<&str>) -> Result<Fit, Vec<Misfit>> {
        let table = table.map(columns);
        scd2.fit(&columns(batch), table.as_deref(), &str::to_lowercase)
    }

    const TABLE: &str =
        "id integer; a integer; gone varchar; valid_from date; valid_to date; is_current boolean";

    #[test]
    fn every_column_that_is_not_key_is_compared_where_none_is_named() {
        let fitted = fit(&tracking(&[], None), "ID integer; A integer; b varchar", None).unwrap();
        assert_eq!(fitted.compared, ["A", "b"]);
        assert_eq!(fitted.time.as_str(), "timestamp with time zone");
        let fitted = fit(&tracking(&["B"], Some("at")), "id integer; at date; b varchar", None);
        let fitted = fitted.unwrap();
        assert_eq!((fitted.compared, fitted.time.as_str()), (vec!["b".to_owned()], "date"));
    }

    #[test]
    fn columns_are_added_and_widened() {
        let fitted = fit(&tracking(&[], None), "id integer; A bigint; c date", Some(TABLE));
        let fitted = fitted.unwrap();
        assert_eq!((fitted.compared, fitted.fresh), (vec!["A".to_owned()], vec!["c".to_owned()]));
        assert_eq!(fitted.added, columns("c date"));
        assert_eq!(fitted.widened, columns("a bigint"));
        let narrower = fit(&tracking(&[], None), "id integer; a tinyint", Some(TABLE)).unwrap();
        assert_eq!(narrower.widened, []);
    }

    #[test]
    fn everything_that_does_not_fit_is_told_at_once() {
        let scd2 = tracking(&["a", "b"], Some("at"));
        let found = fit(&scd2, "id float; a varchar; at varchar; valid_to date", Some(TABLE));
        let missing = Misfit::Missing { role: Role::Tracked, column: "b".to_owned() };
        let mistyped = |column: &str, table: &str, batch: &str| Misfit::Type {
            column: column.to_owned(),
            table: DataType::new(table),
            batch: DataType::new(batch),
        };
        let expected = [
            Misfit::Key(columns("id float").remove(0)),
            missing,
            Misfit::NotATime(columns("at varchar").remove(0)),
            Misfit::Reserved("valid_to".to_owned()),
            mistyped("id", "integer", "float"),
            mistyped("a", "integer", "varchar"),
        ];
        assert_eq!(found.unwrap_err(), expected);
        let found = fit(&tracking(&[], None), "id integer", Some("x integer; valid_to date"));
        let lacks = vec!["valid_from".to_owned(), "is_current".to_owned()];
        let expected = [Misfit::NotVersioned(lacks), Misfit::KeyNotInTable("id".to_owned())];
        assert_eq!(found.unwrap_err(), expected);
    }

    #[test]
    fn a_date_of_another_type_than_the_tables_is_refused() {
        let scd2 = scd2(Change::Timestamp("at".to_owned()));
        let found = fit(&scd2, "id integer; at timestamp", Some(TABLE)).unwrap_err();
        assert!(matches!(&found[..], [Misfit::Type { column, .. }] if column == "valid_from"));
    }

    #[test]
    fn only_certain_widenings_are_taken() {
        for (from, to, expected) in [
            ("tinyint", "hugeint", true),
            ("bigint", "integer", false),
            ("uinteger", "bigint", true),
            ("uinteger", "integer", false),
            ("usmallint", "ubigint", false),
            ("integer", "ubigint", false),
            ("float", "double", true),
            ("bigint", "double", false),
            ("decimal(10,2)", "decimal(12,4)", true),
            ("decimal(10,2)", "decimal(11,4)", false),
            ("date", "timestamp", true),
            ("timestamp", "timestamp with time zone", false),
            ("integer", "varchar", false),
        ] {
            let widened = DataType::new(from).widens_to(&DataType::new(to));
            assert_eq!(widened, expected, "{from} to {to}");
        }
    }
}
