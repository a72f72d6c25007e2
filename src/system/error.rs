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
    /// The system or this machine has no more of something: connections, disk, memory, time.
    Resource,
}

/// What another try may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outlook {
    /// The same request may succeed a little later, and nothing came of this one.
    Heals,
    /// It will fail again, and nothing came of this one.
    Final,
    /// Whether it was carried out is not known: another try may do it twice.
    Unknown,
}

/// Something that went wrong with another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorError {
    /// What is to blame.
    pub kind: Kind,
    /// What another try may bring.
    pub outlook: Outlook,
    /// What is wrong, in one line, without secrets.
    pub message: String,
    /// What to change, where there is something.
    pub help: Option<String>,
    /// How often it was tried again before it was given up.
    pub tried_again: u32,
}

impl ConnectorError {
    /// An error without help. Those of the network heal, the others do not.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let outlook = if kind == Kind::Network { Outlook::Heals } else { Outlook::Final };
        Self { kind, outlook, message: message.into(), help: None, tried_again: 0 }
    }

    /// The same with what to change.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with what another try may bring.
    #[must_use]
    pub fn with_outlook(mut self, outlook: Outlook) -> Self {
        self.outlook = outlook;
        self
    }

    /// `tried again 8 times`; `None` where it was not.
    pub fn told_again(&self) -> Option<String> {
        match self.tried_again {
            0 => None,
            1 => Some("tried again once".to_owned()),
            times => Some(format!("tried again {times} times")),
        }
    }

    /// Whether the same request may succeed a little later.
    pub fn heals(&self) -> bool {
        self.outlook == Outlook::Heals
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConnectorError {}
