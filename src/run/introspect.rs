//! Answers templates that ask the database, from a session of the engine.

use crate::engine::{EngineError, Session};
use crate::relation::{RelationKind, RelationName};
use crate::template::{self, HostError, Introspection, from_serde};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A session that templates may ask.
pub struct SessionIntrospection {
    session: Mutex<Box<dyn Session>>,
}

impl SessionIntrospection {
    /// Asks through `session`.
    pub fn new(session: Box<dyn Session>) -> Self {
        Self { session: Mutex::new(session) }
    }

    fn session(&self) -> MutexGuard<'_, Box<dyn Session>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn host_error(error: EngineError) -> HostError {
    HostError::from(error)
}

fn kind(kind: RelationKind) -> template::RelationKind {
    match kind {
        RelationKind::Table => template::RelationKind::Table,
        RelationKind::View => template::RelationKind::View,
    }
}

impl Introspection for SessionIntrospection {
    fn query(&self, sql: &str) -> Result<template::Table, HostError> {
        let table = self.session().query(sql, None).map_err(host_error)?;
        let columns = table.columns.into_iter().map(|(name, data_type)| template::Column {
            name,
            data_type: data_type.as_str().to_uppercase(),
        });
        let rows = table.rows.iter().map(|row| row.iter().map(from_serde).collect());
        Ok(template::Table { columns: columns.collect(), rows: rows.collect() })
    }

    fn execute(&self, sql: &str) -> Result<(), HostError> {
        self.session().execute(sql).map(drop).map_err(host_error)
    }

    fn columns(&self, relation: &RelationName) -> Result<Option<Vec<template::Column>>, HostError> {
        let columns = self.session().columns(relation).map_err(host_error)?;
        Ok(columns.map(|columns| {
            columns
                .into_iter()
                .map(|column| template::Column {
                    name: column.name,
                    data_type: column.data_type.as_str().to_uppercase(),
                })
                .collect()
        }))
    }

    fn relation_kind(
        &self,
        relation: &RelationName,
    ) -> Result<Option<template::RelationKind>, HostError> {
        let found = self.session().relation_kind(relation).map_err(host_error)?;
        Ok(found.map(kind))
    }

    fn relations_in(
        &self,
        database: Option<&str>,
        schema: &str,
    ) -> Result<Vec<(RelationName, template::RelationKind)>, HostError> {
        let schema = RelationName {
            database: database.map(str::to_owned),
            schema: Some(schema.to_owned()),
            identifier: String::new(),
        };
        let found = self.session().relations(&[schema]).map_err(host_error)?;
        Ok(found.into_iter().map(|(name, found)| (name, kind(found))).collect())
    }

    fn schema_exists(&self, database: Option<&str>, schema: &str) -> Result<bool, HostError> {
        self.session().schema_exists(database, schema).map_err(host_error)
    }
}
