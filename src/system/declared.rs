//! The parameters of a connection as a profile declares it.

use super::{ConnectorSpec, ParameterError, Parameters, Takes};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::Connection;

impl ConnectorSpec {
    /// The parameters that `connection` gives.
    ///
    /// # Errors
    /// Each thing that is wrong with them, at its place.
    pub fn declared(&self, connection: &Connection) -> Result<Parameters, Vec<Diagnostic>> {
        let given = connection.settings.iter();
        let given: Vec<(&str, String)> = given
            .map(|(key, value)| {
                (key.text.as_str(), self.placed(&key.text, &value.text, connection))
            })
            .collect();
        self.read(given.iter().map(|(key, value)| (*key, value.as_str()))).map_err(|errors| {
            errors.into_iter().map(|error| told(connection, error)).collect::<Vec<_>>()
        })
    }

    /// `value`, absolute where it is a relative path: one that lies in the project's directory.
    fn placed(&self, key: &str, value: &str, connection: &Connection) -> String {
        let takes = self.parameters.iter().find(|known| known.name == key).map(|known| known.takes);
        // A word such as `system` is no file of the project's.
        let path = connection.directory.join(value);
        if takes == Some(Takes::File) && !value.is_empty() && path.exists() {
            return path.to_string_lossy().into_owned();
        }
        value.to_owned()
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
