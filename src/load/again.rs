//! A load that starts again, because the system that it reads broke. It does so from its very
//! beginning: what is recorded and what is accepted are read anew, and the stage is filled anew.
//! Nothing is published by then: what breaks later is the engine, not the source.

use super::table::{Failure, Loaded, Result, Work, Writer};
use crate::connector::{Connector, ConnectorError, Tries};
use crate::diagnostic::{Code, Diagnostic};
use std::cell::RefCell;

/// The last error of the source that another try may heal, and how many it grants.
#[derive(Debug, Default)]
pub(super) struct Broken(RefCell<Option<(ConnectorError, u32)>>);

impl Broken {
    /// Remembers what the source said.
    pub(super) fn remember(&self, error: &ConnectorError, connector: &dyn Connector) {
        self.0.replace(Some((error.clone(), connector.retries())));
    }
}

impl Work<'_> {
    /// One attempt, and others while the source breaks in a way that heals.
    pub(super) fn attempt_again(&mut self, write: &mut Writer<'_>) -> Result<Option<Loaded>> {
        let mut tries = Tries::default();
        loop {
            self.broken.0.take();
            match self.attempt(write) {
                Ok(loaded) => return Ok(loaded.map(|loaded| self.noted(loaded, &tries))),
                Err(problems) => {
                    let broken = self.broken.0.take();
                    let again = broken.is_some_and(|(error, retries)| tries.again(&error, retries));
                    if !again {
                        return Err(with_tries(problems, &tries));
                    }
                    self.notes.clear();
                    self.drop_stage()?;
                }
            }
        }
    }

    /// The same with a note of the tries before it.
    fn noted(&self, mut loaded: Loaded, tries: &Tries) -> Loaded {
        if let Some(told) = tries.told() {
            let message = format!("`{}` was {told}", self.request.load.object);
            let note = Diagnostic::note(Code::TRIED_AGAIN, message);
            loaded.notes.insert(0, note.at(self.request.load.place.clone()));
            loaded.retries = tries.failed();
        }
        loaded
    }
}

fn with_tries(problems: Failure, tries: &Tries) -> Failure {
    let Some(told) = tries.told() else { return problems };
    problems.into_iter().map(|problem| problem.with_note(told.clone())).collect()
}
