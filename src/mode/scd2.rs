//! Versions of rows, one set of rules for snapshots and for loads of `mode: scd2`: what is a change,
//! what dates a version, and how a batch fits the table that keeps the versions.
//!
//! | the key's current version | the batch | becomes |
//! | --- | --- | --- |
//! | none | a row | a version that begins at the row's date, or now where that lies before the key's last version ended |
//! | there | a row that differs | the version ends, another begins where it ended |
//! | there | a row that does not differ | nothing |
//! | there | no row | by [`HardDeletes`]: nothing; the version ends; it ends and one follows that says so |
//!
//! Intervals are half-open and never negative, and a key has one current version at most. Values
//! are compared column by column, NULL equals NULL. A column that the table lacks is a change only
//! where the batch has a value in it. Under [`Change::Timestamp`] a later date is a change, and
//! nothing else is.

use super::Key;
use crate::relation::{Column, DataType};

/// How the versions of rows are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scd2 {
    /// What identifies a row through all its versions.
    pub key: Key,
    /// What makes a new version.
    pub change: Change,
    /// The columns that are added to those of the batch.
    pub names: Names,
    /// What happens to versions whose key is not in the batch.
    pub deletes: HardDeletes,
    /// The SQL that stands in the end of a current version; `None` means NULL.
    pub open_end: Option<String>,
}

/// What makes a new version of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another value in one of the columns.
    Columns {
        /// The columns that are compared; empty means all that are not key.
        tracked: Vec<String>,
        /// The column that says when the row changed; `None` means the time of the run.
        dated_by: Option<String>,
    },
    /// A later time in this column.
    Timestamp(String),
}

/// The names of the columns that are added to those of the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// When a version begins.
    pub valid_from: String,
    /// When it ends; the end itself lies outside.
    pub valid_to: String,
    /// The others.
    pub marks: Marks,
}

/// What else tells versions apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marks {
    /// Those of a load.
    Load {
        /// Whether the version is the current one: a boolean.
        is_current: String,
    },
    /// Those of a dbt snapshot.
    Snapshot {
        /// A hash of key and begin.
        scd_id: String,
        /// When the row changed.
        updated_at: String,
        /// `True` or `False`, under [`HardDeletes::NewRecord`].
        is_deleted: String,
    },
}

/// What happens to versions whose key is not in the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HardDeletes {
    /// They stay current.
    Ignore,
    /// They end at the time of the run.
    Invalidate,
    /// They end at the time of the run, and a version follows that is marked as deleted.
    NewRecord,
}

impl HardDeletes {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Ignore, Self::Invalidate, Self::NewRecord];

    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Invalidate => "invalidate",
            Self::NewRecord => "new_record",
        }
    }
}

impl Names {
    /// The names in the tables of loads.
    pub fn of_load() -> Self {
        Self {
            valid_from: "valid_from".to_owned(),
            valid_to: "valid_to".to_owned(),
            marks: Marks::Load { is_current: "is_current".to_owned() },
        }
    }

    /// The names in the tables of dbt's snapshots.
    pub fn of_snapshot() -> Self {
        Self {
            valid_from: "dbt_valid_from".to_owned(),
            valid_to: "dbt_valid_to".to_owned(),
            marks: Marks::Snapshot {
                scd_id: "dbt_scd_id".to_owned(),
                updated_at: "dbt_updated_at".to_owned(),
                is_deleted: "dbt_is_deleted".to_owned(),
            },
        }
    }
}

impl Scd2 {
    /// The column of the batch that dates versions; `None` means the time of the run.
    pub fn dated_by(&self) -> Option<&str> {
        match &self.change {
            Change::Columns { dated_by, .. } => dated_by.as_deref(),
            Change::Timestamp(column) => Some(column),
        }
    }

    /// The names of the columns that are added to those of the batch, in order.
    pub fn added_columns(&self) -> Vec<&str> {
        let Names { valid_from, valid_to, marks } = &self.names;
        match marks {
            Marks::Load { is_current } => vec![valid_from, valid_to, is_current],
            Marks::Snapshot { scd_id, updated_at, is_deleted } => {
                let mut all: Vec<&str> = vec![scd_id, updated_at, valid_from, valid_to];
                if self.deletes == HardDeletes::NewRecord {
                    all.push(is_deleted);
                }
                all
            }
        }
    }

    /// The columns that a table of versions has and `table` lacks.
    pub fn lacking(&self, table: &[Column], fold: &dyn Fn(&str) -> String) -> Vec<String> {
        let has = |name: &str| {
            let found = table.iter().find(|column| fold(&column.name) == fold(name));
            let begins = name == self.names.valid_from;
            found.is_some_and(|column| !begins || is_time(&column.data_type))
        };
        let names = self.added_columns().into_iter();
        names.filter(|name| !has(name)).map(str::to_owned).collect()
    }

    /// The type of begin and end where the run's own time dates versions of a new table.
    fn clock_type(&self) -> DataType {
        DataType::new(match self.names.marks {
            Marks::Load { .. } => "timestamp with time zone",
            Marks::Snapshot { .. } => "timestamp",
        })
    }

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
                Some(there) if widens(&column.data_type, &there.data_type) => {}
                Some(there) if widens(&there.data_type, &column.data_type) => {
                    widened.push(Column { name: there.name.clone(), ..column.clone() });
                }
                Some(there) => self.misfits.push(mistyped(&column.name, there, column)),
            }
        }
        let begin = self.find(table, &self.scd2.names.valid_from);
        if let (Some(date), Some(begin)) = (self.date(), begin)
            && is_time(&date.data_type)
            && !widens(&date.data_type, &begin.data_type)
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

fn is_time(data_type: &DataType) -> bool {
    let name = data_type.as_str();
    name == "date" || name.starts_with("timestamp")
}

/// Whether each value of `from` is one of `to`. Only what is certain: everything else is refused.
fn widens(from: &DataType, to: &DataType) -> bool {
    const SIGNED: [&str; 5] = ["tinyint", "smallint", "integer", "bigint", "hugeint"];
    const UNSIGNED: [&str; 4] = ["utinyint", "usmallint", "uinteger", "ubigint"];
    let (from, to) = (from.as_str(), to.as_str());
    let rank = |list: &[&str], name: &str| list.iter().position(|known| *known == name);
    if from == to {
        return true;
    }
    match (rank(&SIGNED, from), rank(&UNSIGNED, from), rank(&SIGNED, to), rank(&UNSIGNED, to)) {
        (Some(from), _, Some(to), _) | (_, Some(from), Some(to), _) if from < to => true,
        (_, Some(from), _, Some(to)) if from < to => true,
        _ => match (decimal(from), decimal(to)) {
            (Some((p, s)), Some((wider, scale))) => scale >= s && wider - scale >= p - s,
            _ => matches!((from, to), ("float", "double") | ("date", "timestamp")),
        },
    }
}

/// Precision and scale.
fn decimal(name: &str) -> Option<(i16, i16)> {
    let (precision, scale) = name.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let found = fit(&scd2, "id double; a varchar; at varchar; valid_to date", Some(TABLE));
        let missing = Misfit::Missing { role: Role::Tracked, column: "b".to_owned() };
        let mistyped = |column: &str, table: &str, batch: &str| Misfit::Type {
            column: column.to_owned(),
            table: DataType::new(table),
            batch: DataType::new(batch),
        };
        let expected = [
            Misfit::Key(columns("id double").remove(0)),
            missing,
            Misfit::NotATime(columns("at varchar").remove(0)),
            Misfit::Reserved("valid_to".to_owned()),
            mistyped("id", "integer", "double"),
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
            ("usmallint", "ubigint", true),
            ("integer", "ubigint", false),
            ("float", "double", true),
            ("bigint", "double", false),
            ("decimal(10,2)", "decimal(12,4)", true),
            ("decimal(10,2)", "decimal(11,4)", false),
            ("date", "timestamp", true),
            ("timestamp", "timestamp with time zone", false),
            ("integer", "varchar", false),
        ] {
            let widened = widens(&DataType::new(from), &DataType::new(to));
            assert_eq!(widened, expected, "{from} to {to}");
        }
    }
}
