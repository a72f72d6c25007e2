//! The statements of templates/postgres/, rendered.

use crate::dialect::{Dialect, POSTGRES};
use crate::system::{ConnectorError, Kind};
use minijinja::Value;

/// The statements of a template, one after the other.
pub(crate) fn sql(name: &str, context: &Value) -> Result<String, ConnectorError> {
    let script = POSTGRES.templates().render(name, context).map_err(|error| {
        ConnectorError::new(Kind::Data, format!("the SQL template `{name}` fails: {error}"))
    })?;
    let statements: Vec<String> =
        script.into_iter().flat_map(|section| section.statements).collect();
    Ok(statements.join(";\n"))
}
