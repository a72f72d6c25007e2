//! The words that all stages share: names of relations, columns, data types.

mod data_type;
mod replace;
mod shape;
mod widen;

pub use data_type::DataType;

use std::fmt;

/// The name of a table or view: database, schema, identifier, unquoted, as the user spells them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationName {
    /// The database (catalog); `None` means the connection's own.
    pub database: Option<String>,
    /// The schema; `None` means the connection's own.
    pub schema: Option<String>,
    /// The table's or view's own name.
    pub identifier: String,
}

impl RelationName {
    /// A name of three parts.
    pub fn new(
        database: impl Into<String>,
        schema: impl Into<String>,
        identifier: impl Into<String>,
    ) -> Self {
        Self {
            database: Some(database.into()),
            schema: Some(schema.into()),
            identifier: identifier.into(),
        }
    }

    /// The relation called `identifier` in the same schema.
    #[must_use]
    pub fn sibling(&self, identifier: impl Into<String>) -> Self {
        Self { identifier: identifier.into(), ..self.clone() }
    }

    /// The schema, or nothing.
    pub fn schema(&self) -> &str {
        self.schema.as_deref().unwrap_or("")
    }
}

impl fmt::Display for RelationName {
    /// For people, unquoted and without the database: `schema.identifier`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.identifier),
            None => f.write_str(&self.identifier),
        }
    }
}

/// What kind of thing a relation is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationKind {
    /// Rows are stored.
    Table,
    /// A stored query.
    View,
}

impl fmt::Display for RelationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::View => "view",
        })
    }
}

/// A column of a relation or of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name as the engine spells it.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Whether it may hold NULL.
    pub nullable: bool,
}
