//! Other systems, whoever speaks to them: what they are called, what they take, and what goes wrong.

mod declared;
mod error;
mod spec;

pub use error::{ConnectorError, Kind};
pub use spec::{ConnectorSpec, Parameter, ParameterError, Parameters, Reads, Takes};
