//! What a misfit is to people: what is wrong, and what to do.

use super::{Misfit, Role};
use crate::diagnostic::did_you_mean;
use crate::relation::Column;

/// Who asks for versions, in the words of messages.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whose versions they are: ``snapshot `history` ``.
    pub owner: &'a str,
    /// What gives the rows: ``the query of `history` ``.
    pub giver: &'a str,
    /// The table that keeps the versions.
    pub table: &'a str,
    /// The setting that names columns of a role: `unique_key`.
    pub setting: fn(Role) -> &'static str,
    /// What to do where the giver's column bears the name of an added one.
    pub rename: &'a str,
    /// What to do where the table is of no use.
    pub elsewhere: &'a str,
    /// The columns that are given.
    pub given: &'a [Column],
}

impl Misfit {
    /// The role of the column that is wrong, where the settings name it.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Missing { role, .. } => Some(*role),
            Self::Key(_) | Self::KeyNotInTable(_) => Some(Role::Key),
            Self::NotATime(_) => Some(Role::Date),
            Self::Reserved(_) | Self::NotVersioned(_) | Self::Type { .. } => None,
        }
    }

    /// What is wrong.
    pub fn message(&self, asked: &Asked<'_>) -> String {
        let Asked { owner, giver, table: kept, setting, .. } = asked;
        match self {
            Self::Missing { role, column } => {
                let setting = setting(*role);
                format!("`{setting}` names column `{column}`, which {giver} does not give")
            }
            Self::Reserved(column) => {
                format!("{giver} gives column `{column}`, which {owner} adds")
            }
            Self::Key(Column { name, data_type, .. }) => {
                format!("key column `{name}` is of type {data_type}, which identifies no row")
            }
            Self::NotATime(Column { name, data_type, .. }) => {
                format!("`{name}` is of type {data_type}, expected a date or a timestamp")
            }
            Self::NotVersioned(lacks) => {
                let word = if lacks.len() == 1 { "column" } else { "columns" };
                let names: Vec<String> = lacks.iter().map(|name| format!("`{name}`")).collect();
                format!("table `{kept}` keeps no versions: it lacks {word} {}", names.join(", "))
            }
            Self::KeyNotInTable(column) => {
                format!("table `{kept}` lacks the key column `{column}`")
            }
            Self::Type { column, table, batch } => {
                format!(
                    "{giver} gives column `{column}` as {batch}, table `{kept}` has it as {table}"
                )
            }
        }
    }

    /// What to do.
    pub fn help(&self, asked: &Asked<'_>) -> String {
        match self {
            Self::Missing { column, .. } => {
                let names: Vec<&str> = asked.given.iter().map(|c| c.name.as_str()).collect();
                let near = did_you_mean(column, names.iter().copied());
                near.unwrap_or_else(|| format!("it gives {}", names.join(", ")))
            }
            Self::Reserved(_) => asked.rename.to_owned(),
            Self::Key(_) => "cast it: to decimal, or to varchar".to_owned(),
            Self::NotATime(Column { name, .. }) => {
                format!("cast it: `cast({name} as timestamp)`")
            }
            Self::NotVersioned(_) => format!("drop or rename the table, or {}", asked.elsewhere),
            Self::KeyNotInTable(_) => {
                format!("the key of a table cannot change: {}", asked.elsewhere)
            }
            Self::Type { table, batch, .. } => format!(
                "{batch} does not hold all of {table}, nor the other way round: cast one to the other"
            ),
        }
    }
}
