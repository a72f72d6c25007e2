//! An empty DuckDB in memory, in which queries are bound and none is executed.

use super::session::DuckDbSession;
use super::{DuckDb, Location, Options};
use crate::dialect::{self, Dialect};
use crate::engine::{EngineError, ErrorKind, Session};
use crate::relation::{Column, DataType, RelationName};
use minijinja::{Value, context};
use std::collections::BTreeSet;

/// Tables without rows, and what queries over them would give.
///
/// It reads no file, and loads no extension beside those that it was made with: a query that needs
/// either is refused.
pub struct Binder {
    session: DuckDbSession,
    /// Databases and schemas that were made.
    made: BTreeSet<RelationName>,
}

impl Binder {
    /// One with DuckDB's `settings` and `extensions`, which are installed already; names that say no
    /// database lead to `database`.
    ///
    /// # Errors
    /// A setting that DuckDB does not take, or an extension that is not there.
    pub fn new(
        settings: &[(String, String)],
        extensions: &[String],
        database: &str,
    ) -> Result<Self, EngineError> {
        let mut options = Options::new(Location::Memory);
        options.settings = settings.to_vec();
        let mut session = DuckDb::open(&options)?.connect()?;
        for extension in extensions {
            super::load_extension(extension, &mut session)?;
        }
        let mut binder = Self { session, made: BTreeSet::new() };
        binder.attach(database)?;
        let name = dialect::DuckDb.quote(database);
        binder.run("bind_setup", &context! { database => name })?;
        Ok(binder)
    }

    fn attach(&mut self, database: &str) -> Result<(), EngineError> {
        let made =
            RelationName { database: None, schema: None, identifier: database.to_lowercase() };
        if self.made.insert(made) {
            let name = dialect::DuckDb.quote(database);
            self.run("bind_database", &context! { database => name })?;
        }
        Ok(())
    }

    fn run(&mut self, template: &str, context: &Value) -> Result<(), EngineError> {
        let sections = dialect::DuckDb.templates().render(template, context);
        let sections = sections
            .map_err(|error| EngineError::new(ErrorKind::Internal, format!("{error:#}")))?;
        for statement in sections.iter().flat_map(|section| &section.statements) {
            self.session.execute(statement)?;
        }
        Ok(())
    }

    /// Makes the table `relation`, in place of one that is there under its name.
    ///
    /// # Errors
    /// A type that DuckDB does not know, or a name that it does not take.
    pub fn create(
        &mut self,
        relation: &RelationName,
        columns: &[Column],
    ) -> Result<(), EngineError> {
        let schema = relation.sibling("");
        if !self.made.contains(&schema) {
            if let Some(database) = &relation.database {
                self.attach(database)?;
            }
            let named = RelationName {
                database: relation.database.clone(),
                schema: None,
                identifier: relation.schema().to_owned(),
            };
            let name = dialect::DuckDb.render(&named);
            self.run("schema", &context! { schema => name })?;
            self.made.insert(schema);
        }
        let columns: Vec<Value> = columns
            .iter()
            .map(|column| {
                context! { name => column.name.as_str(), data_type => column.data_type.as_str() }
            })
            .collect();
        let relation = dialect::DuckDb.render(relation);
        self.run("bind_table", &context! { relation => relation, columns => columns })
    }

    /// The columns that the query `sql` would give; `None` where they come from values in its tables
    /// (`pivot`). Whether one may be NULL is not known: all may.
    ///
    /// # Errors
    /// What is wrong with the query, with its position.
    pub fn bind(&mut self, sql: &str) -> Result<Option<Vec<Column>>, EngineError> {
        self.session.bind(sql, |prepared| {
            let columns = (0..prepared.column_count()).map(|index| Column {
                name: prepared.column_name(index),
                data_type: DataType::new(&prepared.column_type(index).name()),
                nullable: true,
            });
            columns.collect()
        })
    }

    /// The type that users call `text`; `None` where there is none.
    pub fn data_type(&mut self, text: &str) -> Option<DataType> {
        let sections = dialect::DuckDb
            .templates()
            .render("bind_type", &context! { data_type => text })
            .ok()?;
        let sql = sections.first()?.statements.first()?;
        let column = self.bind(sql).ok()??.into_iter().next()?;
        Some(column.data_type)
    }

    /// Whether `text` is a value of `data_type`; true where that cannot be said.
    pub fn holds(&mut self, text: &str, data_type: &DataType) -> bool {
        let context = context! { text => text, data_type => data_type.as_str() };
        let sections = dialect::DuckDb.templates().render("bind_value", &context);
        let sections = sections.unwrap_or_default();
        let Some(sql) = sections.first().and_then(|section| section.statements.first()) else {
            return true;
        };
        let answer = self.session.query(sql, Some(1)).ok();
        let held = answer.and_then(|table| table.rows.first()?.first()?.as_bool());
        held.unwrap_or(true)
    }

    /// The connection, for what only parses.
    pub fn session(&mut self) -> &mut dyn Session {
        &mut self.session
    }
}
