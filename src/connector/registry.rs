//! Every kind of connection, and opening one.

use super::file::{FileStore, Folder};
use super::{Connector, ConnectorError, ConnectorSpec, Parameters, Report, file};

/// An open connection, by what it has.
pub enum System {
    /// A place that has files.
    Files(Box<dyn FileStore>),
    /// A database.
    Tables(Box<dyn Connector>),
}

/// Every kind of connection that this program was built with.
pub fn specs() -> Vec<&'static ConnectorSpec> {
    vec![
        &file::SPEC,
        #[cfg(feature = "postgres")]
        &super::postgres::SPEC,
        #[cfg(feature = "s3")]
        &super::s3::SPEC,
    ]
}

/// Whether `name` is a kind that exists, but that this program was built without: the feature of
/// that name was left out.
pub fn is_left_out(name: &str) -> bool {
    let optional = [("postgres", cfg!(feature = "postgres")), ("s3", cfg!(feature = "s3"))];
    optional.contains(&(name, false))
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
pub fn open(spec: &ConnectorSpec, parameters: &Parameters) -> Result<System, ConnectorError> {
    Ok(match spec.name {
        #[cfg(feature = "postgres")]
        "postgres" => System::Tables(Box::new(super::postgres::Postgres::new(parameters.clone())?)),
        #[cfg(feature = "s3")]
        "s3" => System::Files(Box::new(super::s3::S3::new(parameters)?)),
        _ => System::Files(Box::new(Folder::new(parameters))),
    })
}

/// A connection of kind `spec`, by what every connector does. Files are read without the engine.
///
/// # Errors
/// As those of [`open`].
pub fn connector(
    spec: &ConnectorSpec,
    parameters: &Parameters,
) -> Result<Box<dyn Connector>, ConnectorError> {
    Ok(match spec.name {
        #[cfg(feature = "postgres")]
        "postgres" => Box::new(super::postgres::Postgres::new(parameters.clone())?),
        #[cfg(feature = "s3")]
        "s3" => Box::new(super::s3::S3::new(parameters)?),
        _ => Box::new(Folder::new(parameters)),
    })
}

impl System {
    /// Reaches the system and says what it finds; `None` where there is nothing to reach.
    pub fn test_connection(&self) -> Option<Report> {
        match self {
            Self::Files(store) => store.test_connection(),
            Self::Tables(connector) => Some(connector.test_connection()),
        }
    }
}
