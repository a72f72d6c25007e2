//! What a rendering may ask of the project around it, and what a database answers to a template.

use std::sync::Arc;

use jiff::Timestamp;
use minijinja::value::Value;

use super::error::HostError;
use super::relation_object::{Relation, RelationKind};
use crate::relation::RelationName;

/// How loud a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `log('...')`: for the log file.
    Debug,
    /// `log('...', info=true)` and `print('...')`.
    Info,
    /// `exceptions.warn('...')`.
    Warning,
}

/// The project as one rendering sees it. One value per rendering: the caller reads out of it what the template did.
pub trait Host: Send + Sync + 'static {
    /// Whether this is the pass that makes SQL; `false` while references are being collected.
    fn execute(&self) -> bool;

    /// The relation of `ref('name')`.
    ///
    /// # Errors
    /// If the node is unknown, disabled, private or depends on this one.
    fn reference(
        &self,
        package: Option<&str>,
        name: &str,
        version: Option<&str>,
    ) -> Result<Relation, HostError>;

    /// The relation of `source('source', 'table')`.
    ///
    /// # Errors
    /// If there is no such table.
    fn source(&self, source: &str, table: &str) -> Result<Relation, HostError>;

    /// The relation that this node makes, if it makes one.
    fn this(&self) -> Option<Relation>;

    /// `config(materialized='table')` was called.
    fn configure(&self, settings: Vec<(String, Value)>);

    /// A setting of this node.
    fn config(&self, key: &str) -> Option<Value>;

    /// A variable of the project, as this node's package sees it.
    fn var(&self, name: &str) -> Option<Value>;

    /// An environment variable.
    fn env_var(&self, name: &str) -> Option<String>;

    /// Whether the rows already there stay.
    fn is_incremental(&self) -> bool;

    /// The identifier as the target quotes it.
    fn quote(&self, identifier: &str) -> String;

    /// A message of the template to its user.
    fn message(&self, level: Level, text: &str);

    /// The text of a docs block.
    fn doc(&self, package: Option<&str>, name: &str) -> Option<String> {
        let _ = (package, name);
        None
    }

    /// Reads YAML for `fromyaml`.
    ///
    /// # Errors
    /// If the text is not YAML.
    fn yaml(&self, text: &str) -> Result<Value, HostError> {
        let _ = text;
        Err(HostError::from("`fromyaml` is not available here"))
    }

    /// The database to ask; `None` offline.
    fn introspection(&self) -> Option<Arc<dyn Introspection>>;

    /// The node as `model` shows it.
    fn model(&self) -> Value;

    /// The package that the rendered template belongs to.
    fn package(&self) -> &str;

    /// What is the same for every rendering of a run.
    fn facts(&self) -> &Arc<Facts>;
}

/// What is the same for every rendering of a run. Built once and shared.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The connection that is built into: `target.name`, `target.schema`, ...
    pub target: Value,
    /// The whole project as `graph` shows it; empty while it is being collected.
    pub graph: Value,
    /// The command's flags.
    pub flags: Value,
    /// The id of this run.
    pub invocation_id: String,
    /// When the run started.
    pub run_started_at: Timestamp,
    /// What `modules.datetime.datetime.now()` gives.
    pub now: Timestamp,
    /// The name of the root project.
    pub project_name: String,
    /// The version of dbt whose language this is.
    pub dbt_version: String,
    /// The target's database, such as `duckdb`.
    pub adapter: String,
    /// The prefixes that `adapter.dispatch` tries before `default`, such as `redshift`, `postgres`.
    pub dispatch_prefixes: Vec<String>,
    /// The environment variables with the prefix `DBT_ENV_CUSTOM_ENV_`, without it.
    pub metadata_environment: Value,
    /// The unique ids of the nodes that this run builds.
    pub selected_resources: Value,
    /// `invocation_args_dict`.
    pub invocation_args: Value,
}

/// What a database answers to a template.
pub trait Introspection: Send + Sync {
    /// The rows of a query.
    ///
    /// # Errors
    /// The database's own.
    fn query(&self, sql: &str) -> Result<Table, HostError>;

    /// Runs a statement for its effect.
    ///
    /// # Errors
    /// The database's own.
    fn execute(&self, sql: &str) -> Result<(), HostError>;

    /// The columns of a relation in their order; `None` if there is no such relation.
    ///
    /// # Errors
    /// The database's own.
    fn columns(&self, relation: &RelationName) -> Result<Option<Vec<Column>>, HostError>;

    /// What a relation is; `None` if there is none of this name.
    ///
    /// # Errors
    /// The database's own.
    fn relation_kind(&self, relation: &RelationName) -> Result<Option<RelationKind>, HostError>;

    /// The relations of a schema; empty if there is no such schema.
    ///
    /// # Errors
    /// The database's own.
    fn relations_in(
        &self,
        database: Option<&str>,
        schema: &str,
    ) -> Result<Vec<(RelationName, RelationKind)>, HostError>;

    /// Whether a schema exists.
    ///
    /// # Errors
    /// The database's own.
    fn schema_exists(&self, database: Option<&str>, schema: &str) -> Result<bool, HostError>;
}

/// The result of a query.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The columns in their order.
    pub columns: Vec<Column>,
    /// The rows, each with a value for each column.
    pub rows: Vec<Vec<Value>>,
}

/// A column of a relation or a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name as the database has it.
    pub name: String,
    /// The type as the database writes it, such as `DECIMAL(18,3)`.
    pub data_type: String,
}
