//! Pure SQL text for one database: quoting, literals, capabilities, and its templates.
//!
//! A dialect knows no project and opens no connection. What differs between databases is a method
//! or a template file here, so that no other module asks which database it writes for.

mod duckdb;
mod feature;
mod interval;
mod postgres;
mod scan;
mod template;

pub use duckdb::DuckDb;
pub use feature::{Feature, Support};
pub use interval::{around_interval, event_time_sql};
pub use postgres::{POSTGRES, Postgres};
pub use scan::{Statements, after_with, statements};
pub use template::{Condition, Section, SqlTemplates, Stage};

use crate::relation::{DataType, RelationName};
use std::fmt::Debug;
use std::path::Path;

/// What sets one database's SQL apart.
pub trait Dialect: Send + Sync + Debug {
    /// The name that profiles use for it: `duckdb`.
    fn name(&self) -> &'static str;

    /// Quotes one identifier, whatever characters it holds; as the SQL standard has it, unless the
    /// database has it otherwise.
    fn quote(&self, identifier: &str) -> String {
        enclosed(identifier, '"')
    }

    /// A string literal with the value `text`; a backslash is a character like any other.
    fn string_literal(&self, text: &str) -> String {
        enclosed(text, '\'')
    }

    /// What the database calls `data_type`, where statements make columns of it or cast to it.
    fn type_name(&self, data_type: &DataType) -> String {
        data_type.as_str().to_owned()
    }

    /// The type that the database calls `name`: what [`Dialect::type_name`] takes back.
    fn data_type(&self, name: &str) -> DataType {
        DataType::new(name)
    }

    /// The bytes that a name may have at most; `None` where it may be of any length.
    fn longest_name(&self) -> Option<usize> {
        None
    }

    /// The temporary table called `name`, of the session that made it.
    fn temporary(&self, name: &str) -> RelationName;

    /// Whether the database is a file of this machine, or its memory, and not a server.
    fn is_embedded(&self) -> bool;

    /// The options of a table that a project may set: see `crate::graph::TableOptions`.
    fn table_options(&self) -> &'static [&'static str] {
        &[]
    }

    /// How it carries `feature` out, or why it cannot.
    fn support(&self, feature: Feature) -> Support;

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

/// `text` between two `quote`s, those inside doubled.
fn enclosed(text: &str, quote: char) -> String {
    let mut enclosed = String::with_capacity(text.len() + 2);
    enclosed.push(quote);
    for character in text.chars() {
        if character == quote {
            enclosed.push(quote);
        }
        enclosed.push(character);
    }
    enclosed.push(quote);
    enclosed
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
pub static ALL: &[&dyn Dialect] = &[&duckdb::DUCKDB, &postgres::POSTGRES];
