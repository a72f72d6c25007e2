//! Every kind of connection, and opening one.

use super::{Connector, ConnectorError, ConnectorSpec, Kind, Parameters, file};

/// Every kind of connection that this program was built with.
pub fn specs() -> Vec<&'static ConnectorSpec> {
    vec![&file::SPEC]
}

/// The kind that profiles call `name`.
pub fn spec(name: &str) -> Option<&'static ConnectorSpec> {
    specs().into_iter().find(|spec| spec.name == name)
}

/// Whether files of that kind are on this machine's disk.
pub fn on_disk(spec: &ConnectorSpec) -> bool {
    spec.name == file::SPEC.name
}

/// The system that `parameters` of a connection of kind `spec` mean.
///
/// # Errors
/// The parameters do not go together, or a file that they name cannot be read.
pub fn open(
    spec: &ConnectorSpec,
    _parameters: &Parameters,
) -> Result<Box<dyn Connector>, ConnectorError> {
    match spec.name {
        name => Err(ConnectorError::new(Kind::NotFound, format!("nothing is known of `{name}`"))),
    }
}
