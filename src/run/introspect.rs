//! Answers templates that ask the database, from a session of the engine.

use crate::dialect::Dialect;
use crate::engine::{EngineError, Session};
use crate::relation::{DataType, RelationKind, RelationName};
use crate::template::{self, HostError, Introspection, Value, from_serde};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A session that templates may ask.
pub struct SessionIntrospection {
    session: Mutex<Box<dyn Session>>,
    dialect: &'static dyn Dialect,
}

impl SessionIntrospection {
    /// Asks through `session`, which speaks `dialect`.
    pub fn new(session: Box<dyn Session>, dialect: &'static dyn Dialect) -> Self {
        Self { session: Mutex::new(session), dialect }
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

/// As the database takes it in a cast. DuckDB's are in capitals, as dbt's users compare them; the names
/// of a nested type's fields stay as they are.
fn type_name(dialect: &dyn Dialect, data_type: &DataType) -> String {
    if !dialect.is_embedded() {
        return dialect.type_name(data_type);
    }
    let name = data_type.as_str();
    let nested = ["struct(", "map(", "union(", "enum("].iter().any(|word| name.contains(word));
    if nested { name.to_owned() } else { name.to_uppercase() }
}

fn is_numeric(data_type: &DataType) -> bool {
    let name = data_type.as_str();
    let number = ["decimal", "numeric"].iter().any(|word| name.starts_with(word))
        || name.ends_with("hugeint");
    number && !name.ends_with(']')
}

/// A template computes with numbers: a decimal is one, though JSON cannot hold it exactly.
fn shown(value: &serde_json::Value, numeric: bool) -> Value {
    match value.as_str().filter(|_| numeric) {
        Some(text) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Value::from(whole),
            (_, Ok(decimal)) => Value::from(decimal),
            _ => Value::from(text),
        },
        None => from_serde(value),
    }
}

impl Introspection for SessionIntrospection {
    fn query(&self, sql: &str) -> Result<template::Table, HostError> {
        let table = self.session().query(sql, None).map_err(host_error)?;
        let numeric: Vec<bool> =
            table.columns.iter().map(|(_, data_type)| is_numeric(data_type)).collect();
        let rows = table.rows.iter().map(|row| {
            row.iter().zip(&numeric).map(|(value, numeric)| shown(value, *numeric)).collect()
        });
        let rows = rows.collect();
        let columns = table.columns.into_iter().map(|(name, data_type)| template::Column {
            name,
            data_type: type_name(self.dialect, &data_type),
        });
        Ok(template::Table { columns: columns.collect(), rows })
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
                    data_type: type_name(self.dialect, &column.data_type),
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
