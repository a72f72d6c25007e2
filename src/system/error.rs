//! What can go wrong with another system, by what can be done about it.

use std::fmt;

/// What is to blame, and so what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Wrong or missing credentials.
    Auth,
    /// The system cannot be reached, or the connection broke. May heal.
    Network,
    /// A database, table, column, bucket or object that is not there.
    NotFound,
    /// It is there, and this user may not.
    Permission,
    /// A value or type that cannot be carried.
    Data,
    /// The system or this machine has no more of something: connections, disk, memory. May heal.
    Resource,
}

impl Kind {
    /// Whether the same request may succeed a little later.
    pub fn heals(self) -> bool {
        matches!(self, Self::Network | Self::Resource)
    }
}

/// Something that went wrong with another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorError {
    /// What is to blame.
    pub kind: Kind,
    /// What is wrong, in one line, without secrets.
    pub message: String,
    /// What to change, where there is something.
    pub help: Option<String>,
}

impl ConnectorError {
    /// An error without help.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: None }
    }

    /// The same with what to change.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConnectorError {}
