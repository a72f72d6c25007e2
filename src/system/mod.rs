//! Other systems, whoever speaks to them: what they are called, what they take, and what goes wrong.

mod declared;
mod error;
mod retry;
mod spec;

pub use error::{ConnectorError, Kind, Outlook};
pub use retry::Tries;
pub use spec::{ConnectorSpec, Parameter, ParameterError, Parameters, Reads, Takes};
