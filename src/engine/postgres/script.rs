//! The statements of a transaction as one message to the server: one way there and back for all of
//! them, and none is carried out where one cannot be read.

use crate::dialect::statements;
use crate::engine::{EngineError, ErrorKind};
use std::ops::Range;

/// What comes before the statements.
const BEGIN: &str = "begin;\n";

/// What ends each of them, whatever comment its last line has.
const END: &str = "\n;\n";

/// A message, and where each statement stands in it.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) text: String,
    places: Vec<Range<usize>>,
    before: usize,
}

impl Script {
    /// A transaction of `first`, which is ours, of `sql`, and of `last`, which is ours too; it is
    /// still to be committed.
    ///
    /// # Errors
    /// One of them is not one statement, and which.
    pub(super) fn of(
        first: Option<&str>,
        sql: &[&str],
        last: &str,
    ) -> Result<Self, (usize, EngineError)> {
        let mut script = Self { text: BEGIN.to_owned(), places: Vec::new(), before: 1 };
        if let Some(first) = first {
            script.text.push_str(first);
            script.text.push_str(END);
            script.before += 1;
        }
        for (index, sql) in sql.iter().enumerate() {
            only(sql).map_err(|error| (index, error))?;
            let start = script.text.len();
            script.text.push_str(sql);
            script.places.push(start..script.text.len());
            script.text.push_str(END);
        }
        script.text.push_str(last);
        Ok(script)
    }

    /// How many commands are completed before the first statement.
    pub(super) fn before(&self) -> usize {
        self.before
    }

    /// Which statement `error` belongs to, told when `completed` commands were; its place becomes one
    /// in that statement.
    pub(super) fn owner(&self, mut error: EngineError, completed: usize) -> (usize, EngineError) {
        let last = self.places.len().saturating_sub(1);
        let told = error.position.take().and_then(|at| {
            let stands = |place: &Range<usize>| (place.start..place.end + END.len()).contains(&at);
            let index = self.places.iter().position(stands)?;
            Some((index, at - self.places[index].start))
        });
        // A message is read whole before its first statement is carried out; where no place is told,
        // the first command that is completed is the beginning of the transaction.
        let Some((index, at)) = told else {
            return (completed.saturating_sub(self.before).min(last), error);
        };
        let length = self.places[index].len();
        if at >= length {
            // What is there is ours.
            error.message = error.message.replace("at or near \";\"", "at end of input");
        }
        (index, EngineError { position: Some(at.min(length)), ..error })
    }
}

/// Where the only statement of `sql` stands.
///
/// # Errors
/// There is none, or another after it.
pub(super) fn only(sql: &str) -> Result<Range<usize>, EngineError> {
    let found = statements(sql);
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [_, second, ..] => {
            let message = "expected one statement, found another after it";
            let error = EngineError::new(ErrorKind::Sql, message);
            Err(EngineError { position: Some(second.start), ..error })
        }
        [] => Err(EngineError::new(ErrorKind::Sql, "there is no statement")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_of_the_statement_in_which_it_stands() {
        let script = Script::of(None, &["a é -- x", "b c"], "last").unwrap();
        assert_eq!(script.text, "begin;\na é -- x\n;\nb c\n;\nlast");
        let error = |position| EngineError { position, ..EngineError::new(ErrorKind::Sql, "no") };
        let owner = |position, completed| {
            let (index, error) = script.owner(error(position), completed);
            (index, error.position)
        };
        assert_eq!(owner(script.text.find('c'), 0), (1, Some(2)));
        assert_eq!(owner(script.text.find('é'), 1), (0, Some(2)));
        assert_eq!(owner(script.text.find(";\nb"), 0), (0, Some("a é -- x".len())));
        assert_eq!(owner(None, 0), (0, None));
        assert_eq!(owner(None, 1), (0, None));
        assert_eq!(owner(None, 2), (1, None));
        assert_eq!(owner(script.text.find("last"), 3), (1, None));
        let script = Script::of(Some("ours"), &["a", "b"], "last").unwrap();
        assert_eq!(script.text, "begin;\nours\n;\na\n;\nb\n;\nlast");
        assert_eq!(script.owner(error(None), 3).0, 1);
        assert_eq!(script.owner(error(script.text.find("b\n")), 0), (1, error(Some(0))));
    }

    #[test]
    fn each_is_one_statement() {
        let (index, error) = Script::of(None, &["a", "b; c"], "").unwrap_err();
        assert_eq!((index, error.position), (1, Some(3)));
        assert_eq!(Script::of(None, &["-- nothing"], "").unwrap_err().0, 0);
    }
}
