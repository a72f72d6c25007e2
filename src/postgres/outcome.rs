//! A commit whose answer was lost: whether it took place.
//!
//! The server knows the end of each transaction by its number, and so it is asked:
//!
//! | it says | so |
//! | --- | --- |
//! | committed | the rows are there |
//! | aborted, or that it never gave out the number | none of them is, and another try is safe |
//! | in progress | its process is ended, and the server asked again |
//! | nothing that helps, or does not answer at all | it is not known, and there is no other try |

use super::session::{Session, Uncommitted};
use super::spec::Settings;
use super::sql::sql;
use crate::system::Tries;
use crate::system::{ConnectorError, Kind, Outlook};
use minijinja::context;
use std::sync::Arc;

/// The server is asked at least so often, whatever `retries` says: to ask changes nothing.
const LEAST_QUESTIONS: u32 = 3;

/// The transaction that a session is in.
pub(crate) struct Transaction {
    /// 64 bits, so that it never comes again.
    number: String,
}

/// What the server says about it.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Committed,
    Aborted,
    Open,
    Forgotten,
}

impl Transaction {
    /// Gives the session's transaction its number.
    pub(crate) fn number(session: &mut Session) -> Result<Self, ConnectorError> {
        let row = session.row(&sql("write_number", &context! {})?)?;
        Ok(Self::numbered(row.get(0).unwrap_or_default()))
    }

    /// The transaction that has this number.
    pub(crate) fn numbered(number: &str) -> Self {
        Self { number: number.to_owned() }
    }

    /// Commits what `session` wrote into `table`. Where the answer is lost, the server is asked by
    /// another connection.
    ///
    /// # Errors
    /// Nothing was written, unless the error says that this is not known.
    pub(crate) fn commit(
        &self,
        mut session: Session,
        settings: &Arc<Settings>,
        table: &str,
    ) -> Result<(), ConnectorError> {
        match session.commit() {
            Ok(()) => Ok(()),
            Err(Uncommitted::Refused(error)) => Err(error),
            Err(Uncommitted::Lost(error)) => {
                drop(session);
                let unknown = format!("the rows are in {table}");
                self.settle(error, settings, settings.retries.max(LEAST_QUESTIONS), &unknown)
            }
        }
    }

    /// What became of it, after the answer to its commit was `lost`; `what` is not known where the
    /// server does not say after so many `questions`.
    ///
    /// # Errors
    /// Nothing was written, unless the error says that this is not known.
    pub(crate) fn settle(
        &self,
        lost: ConnectorError,
        settings: &Arc<Settings>,
        questions: u32,
        what: &str,
    ) -> Result<(), ConnectorError> {
        let mut tries = Tries::default();
        loop {
            let unanswered = match self.ask(settings) {
                Ok(End::Committed) => return Ok(()),
                Ok(End::Aborted) => return Err(lost.with_outlook(Outlook::Heals)),
                Ok(End::Open) => {
                    let message = "the server has not ended the transaction yet";
                    ConnectorError::new(Kind::Network, message)
                }
                Ok(End::Forgotten) => {
                    let message = "the server no longer knows the transaction";
                    return Err(self.unknown(&ConnectorError::new(Kind::Data, message), what));
                }
                Err(error) => error,
            };
            if !tries.again(&unanswered, questions) {
                return Err(self.unknown(&unanswered, what));
            }
        }
    }

    fn ask(&self, settings: &Arc<Settings>) -> Result<End, ConnectorError> {
        let mut session = Session::connect(settings)?;
        let number = &self.number;
        match session.row(&sql("write_outcome", &context! { number })?) {
            Ok(row) => Ok(end(row.get(0))),
            // After a crash the server may not have given out the number at all.
            Err(error) if error.message.contains("[22023]") => Ok(End::Aborted),
            Err(error) => Err(error),
        }
    }

    fn unknown(&self, reason: &ConnectorError, what: &str) -> ConnectorError {
        let number = &self.number;
        let message = format!(
            "the connection broke at the commit, and whether {what} is not known: {}",
            reason.message
        );
        let help = format!(
            "ask the server `select txid_status({number})`: run again if it says aborted; if it says \
             committed, the rows are there"
        );
        ConnectorError::new(Kind::Network, message).with_help(help).with_outlook(Outlook::Unknown)
    }
}

fn end(status: Option<&str>) -> End {
    match status {
        Some("committed") => End::Committed,
        Some("aborted") => End::Aborted,
        Some(_) => End::Open,
        None => End::Forgotten,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_knows_how_a_transaction_ended() {
        for (said, expected) in [
            (Some("committed"), End::Committed),
            (Some("aborted"), End::Aborted),
            (Some("in progress"), End::Open),
            (None, End::Forgotten),
        ] {
            assert_eq!(end(said), expected);
        }
    }
}
