//! Pure SQL text for one database: quoting, literals, capabilities, and its templates.
//!
//! A dialect knows no project and opens no connection. What differs between databases is a method
//! or a template file here, so that no other module asks which database it writes for.

mod duckdb;
mod interval;
mod postgres;
mod scan;
mod template;

pub use duckdb::DuckDb;
pub use interval::{around_interval, event_time_sql};
pub use postgres::{POSTGRES, Postgres};
pub use scan::{Statements, after_with, statements};
pub use template::{Condition, Section, SqlTemplates, Stage};

use crate::relation::RelationName;
use std::fmt::Debug;
use std::path::Path;

/// What sets one database's SQL apart.
pub trait Dialect: Send + Sync + Debug {
    /// The name that profiles use for it: `duckdb`.
    fn name(&self) -> &'static str;

    /// Quotes one identifier, whatever characters it holds.
    fn quote(&self, identifier: &str) -> String;

    /// A string literal with the value `text`.
    fn string_literal(&self, text: &str) -> String;

    /// The name as the database compares it: two names that fold alike are one relation.
    fn fold(&self, identifier: &str) -> String;

    /// The database's own templates, by file name.
    fn templates(&self) -> &SqlTemplates;

    /// Database and schema that an output means, where its profile does not say.
    fn defaults(&self, output: &OutputNames<'_>) -> (String, String);

    /// The relation in quotes, with all the parts that it has.
    fn render(&self, relation: &RelationName) -> String {
        let parts = [relation.database.as_deref(), relation.schema.as_deref()];
        let mut text = String::new();
        for part in parts.into_iter().flatten() {
            text.push_str(&self.quote(part));
            text.push('.');
        }
        text.push_str(&self.quote(&relation.identifier));
        text
    }
}

/// What a profile's output says about names.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutputNames<'a> {
    /// `database:` or `dbname:`.
    pub database: Option<&'a str>,
    /// `schema:`.
    pub schema: Option<&'a str>,
    /// `path:` of a file database.
    pub path: Option<&'a Path>,
}

/// The dialect that profiles call `name`.
pub fn named(name: &str) -> Option<&'static dyn Dialect> {
    ALL.iter().copied().find(|dialect| dialect.name() == name)
}

/// Every dialect that this build writes.
pub static ALL: &[&dyn Dialect] = &[&duckdb::DUCKDB];
