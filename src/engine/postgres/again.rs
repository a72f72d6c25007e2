//! Transactions that the server took back: for another's sake, which is tried again, or because a
//! statement did not change the rows that it had to.

use crate::engine::{EngineError, ErrorKind};
use std::time::Duration;
use tokio_postgres::error::SqlState;

/// How often a transaction is carried out that others are in the way of.
const TRIES: u32 = 8;

/// How long after the first try comes the second; each further one waits twice as long.
const PAUSE: Duration = Duration::from_millis(20);

/// Whether the server took a transaction back so that another could go on: it changed nothing, and
/// may be carried out again.
pub(super) fn gave_way(code: Option<&SqlState>) -> bool {
    code.is_some_and(|code| {
        [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(code)
    })
}

/// How long to wait before try number `tried` + 1; `None` where it was tried often enough. `turn`
/// lets those that met each other not meet again.
pub(super) fn pause(tried: u32, turn: u32) -> Option<Duration> {
    (tried < TRIES).then(|| PAUSE * 2_u32.pow(tried - 1) + PAUSE * (turn % 8) / 4)
}

/// Each statement changed as many rows as it had to.
///
/// # Errors
/// One did not, and which.
pub(super) fn reconcile(
    changed: &[Option<u64>],
    expected: &[Option<u64>],
) -> Result<(), (usize, EngineError)> {
    for (index, (changed, expected)) in changed.iter().zip(expected).enumerate() {
        let (Some(changed), Some(expected)) = (changed, expected) else { continue };
        if changed != expected {
            let message = format!(
                "a statement wrote {changed} rows, expected {expected}\na trigger, a rule or row \
                 security of the table keeps rows from being written or adds some: drop it, or let it \
                 write every row"
            );
            return Err((index, EngineError::new(ErrorKind::Data, message)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_counts_that_are_known_are_compared() {
        assert_eq!(reconcile(&[None, Some(1), Some(2)], &[Some(1), None, Some(2)]), Ok(()));
        assert_eq!(reconcile(&[Some(1)], &[]), Ok(()));
        let (index, error) = reconcile(&[Some(1), Some(2)], &[Some(1), Some(3)]).unwrap_err();
        assert_eq!(index, 1);
        assert!(error.message.starts_with("a statement wrote 2 rows, expected 3\n"));
    }

    #[test]
    fn tries_end() {
        assert_eq!(pause(1, 0), Some(PAUSE));
        assert_eq!(pause(3, 4), Some(5 * PAUSE));
        assert_eq!(pause(TRIES, 0), None);
    }
}
