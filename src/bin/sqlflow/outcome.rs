//! Exit statuses.

use sqlflow::diagnostic::{Code, Diagnostic};
use std::process::ExitCode;

/// How the command ended; the greatest counts where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All well.
    Success,
    /// Something in the project or its data failed.
    Failed,
    /// Wrong usage, or a project that does not parse.
    Usage,
    /// The surroundings failed: a server, a lock, the disk.
    Surroundings,
    /// The user stopped it.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Surroundings => 3,
            Exit::Interrupted => 130,
        })
    }
}

impl Exit {
    /// The status for a project that could not be parsed because of `problems`.
    pub(crate) fn of_parsing(problems: &[Diagnostic]) -> Self {
        Self::of(problems, Self::Usage)
    }

    /// The status for a run in which `problems` came up.
    pub(crate) fn of_running(problems: &[Diagnostic]) -> Self {
        Self::of(problems, Self::Failed)
    }

    fn of(problems: &[Diagnostic], other: Self) -> Self {
        let errors = problems.iter().filter(|problem| problem.is_error());
        let exits = errors.map(|problem| match &problem.code.as_str()[2..3] {
            _ if problem.code == Code::CANCELLED => Self::Interrupted,
            _ if [Code::SELECTION_SYNTAX, Code::EMPTY_SELECTION].contains(&problem.code) => {
                Self::Usage
            }
            "6" | "9" => Self::Surroundings,
            _ => other,
        });
        exits.max().unwrap_or(Self::Success)
    }
}
