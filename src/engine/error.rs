//! What a database answers when it refuses.

use crate::diagnostic::Code;

/// Sorts of database errors, by who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The SQL is wrong: syntax, unknown names, types.
    Sql,
    /// The data does not fit: conversions, constraints, division.
    Data,
    /// A file that the SQL reads is missing, unreadable or not what its format says.
    File,
    /// Another transaction stood in the way; trying again can help.
    Conflict,
    /// The statement was interrupted.
    Interrupted,
    /// Another process holds the database; its pid where known.
    Held {
        /// Process id of the holder.
        pid: Option<u32>,
    },
    /// The database cannot be opened or reached.
    Unavailable,
    /// The system does not let this user open the database.
    Denied,
    /// This user may not do it.
    Forbidden,
    /// The connection broke, or the server ended it.
    Lost,
    /// The locks of this run were lost, so that nothing was published.
    Unlocked,
    /// A commit was not answered, and whether it took place cannot be found out.
    Undecided,
    /// The server has no connection, memory, disk or time left for it.
    Exhausted,
    /// Memory, disk or another resource of this machine ran out.
    Resource,
    /// A defect in the database or in how it is called.
    Internal,
}

impl ErrorKind {
    /// The code under which users read about it.
    pub fn code(self) -> Code {
        match self {
            Self::Sql | Self::Internal => Code::SQL_FAILED,
            Self::Data | Self::File | Self::Conflict => Code::DATA_FAILED,
            Self::Interrupted => Code::CANCELLED,
            Self::Held { .. } => Code::DATABASE_HELD,
            Self::Unavailable | Self::Denied => Code::CANNOT_OPEN,
            Self::Forbidden => Code::CONNECTION_FORBIDDEN,
            Self::Lost => Code::CONNECTION_FAILED,
            Self::Unlocked => Code::LOCK_LOST,
            Self::Undecided => Code::OUTCOME_UNKNOWN,
            Self::Exhausted => Code::CONNECTION_EXHAUSTED,
            Self::Resource => Code::INPUT_OUTPUT,
        }
    }
}

/// An error of the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    /// Whose turn it is.
    pub kind: ErrorKind,
    /// The database's own words, cleaned of decoration, of echoed SQL and of lists of names, without
    /// full stops at the ends of its lines; may have several.
    pub message: String,
    /// Byte offset in the statement that was executed.
    pub position: Option<usize>,
    /// Names that the database thinks were meant, best first where it knows; none of its own catalogue.
    pub candidates: Vec<String>,
    /// The name that the database did not find: of a column, relation, schema, function, type or
    /// setting, without quotes and without what it is qualified with.
    pub missing: Option<String>,
}

impl EngineError {
    /// An error without a position.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, message, position: None, candidates: Vec::new(), missing: None }
    }
}
