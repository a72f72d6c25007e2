//! The parameters of a connection as a profile declares it.

use super::{ConnectorSpec, ParameterError, Parameters};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::Connection;

impl ConnectorSpec {
    /// The parameters that `connection` gives.
    ///
    /// # Errors
    /// Each thing that is wrong with them, at its place.
    pub fn declared(&self, connection: &Connection) -> Result<Parameters, Vec<Diagnostic>> {
        let given = connection.settings.iter();
        let given = given.map(|(key, value)| (key.text.as_str(), value.text.as_str()));
        self.read(given).map_err(|errors| {
            errors.into_iter().map(|error| told(connection, error)).collect::<Vec<_>>()
        })
    }
}

fn told(connection: &Connection, error: ParameterError) -> Diagnostic {
    let key = connection
        .settings
        .iter()
        .find(|(key, _)| Some(&key.text) == error.written.as_ref())
        .map_or(&connection.place, |(key, _)| &key.place);
    let code = if error.written.is_some() { Code::INVALID_VALUE } else { Code::MISSING_KEY };
    Diagnostic::error(code, error.message).at(key.clone()).with_help(error.help)
}
