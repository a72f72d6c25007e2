//! How far an incremental read got, so that rows which commit late are read next time.
//!
//! A row's cursor is set when its transaction begins, or while it runs; the row is seen when it
//! commits. What was still open while we read may hold cursors before the greatest that we saw.
//!
//! | cursor | relation | the role sees when transactions began | recorded |
//! | --- | --- | --- | --- |
//! | date, timestamp | any | yes | the cursor, but not beyond the start of the oldest open one |
//! | date, timestamp | table | no | the cursor, and the oldest open transaction's number |
//! | number | table | any | the cursor, and the oldest open transaction's number |
//! | any | view, query | no, or a number | the cursor, with a warning |

use crate::connector::Mark;
use crate::postgres::types::Kind as Read;

/// What a mark is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    /// The start of the oldest open transaction, as the cursor's type writes it.
    pub(super) ceiling: Option<&'a str>,
    /// Whether the role sees when others' transactions began.
    pub(super) sees_starts: bool,
    /// The oldest transaction that the snapshot does not see the end of.
    pub(super) xmin: Option<u64>,
    /// Whether rows carry the number of the transaction that wrote them.
    pub(super) is_table: bool,
    /// The cursor is a date or a timestamp.
    pub(super) is_moment: bool,
}

/// What is recorded.
pub(super) fn mark(facts: &Facts<'_>, user: &str) -> Mark {
    if facts.is_moment && facts.sees_starts && facts.ceiling.is_some() {
        return Mark { ceiling: facts.ceiling.map(str::to_owned), ..Mark::default() };
    }
    if facts.is_table && facts.xmin.is_some() {
        return Mark { xmin: facts.xmin, ..Mark::default() };
    }
    let warning = if facts.is_moment {
        format!(
            "rows that commit late may be missed: `{user}` does not see when transactions began; \
             `GRANT pg_read_all_stats TO \"{user}\"`, or set `lag`"
        )
    } else {
        "rows that commit late may be missed: the cursor is no time, and a view or query does not \
         say which transaction wrote a row; read the table, or set `lag`"
            .to_owned()
    };
    Mark { warning: Some(warning), ..Mark::default() }
}

/// Which rows are read beside those that the cursor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// None.
    Never,
    /// Those of this transaction and of all that came after it.
    Since(u32),
    /// All: too much happened since, or the numbers began anew.
    All,
}

/// The first transaction number that a row can have.
const FIRST: u32 = 3;

/// Rows carry 32 bits of a transaction's number. `age()` tells old from new as long as fewer than
/// 2³¹ transactions lie between.
pub(super) fn late(recorded: Option<u64>, next: u64) -> Late {
    let Some(recorded) = recorded else { return Late::Never };
    match next.checked_sub(recorded) {
        // The database was restored from a dump, or another one has its name now.
        None => Late::All,
        Some(since) if since >= 1 << 31 => Late::All,
        #[expect(clippy::cast_possible_truncation, reason = "the number of a row is cut so too")]
        Some(_) => Late::Since((recorded as u32).max(FIRST)),
    }
}

/// Whether cursors of this type are dates or timestamps.
pub(super) fn is_moment(read: &Read) -> bool {
    matches!(read, Read::Date | Read::Timestamp | Read::TimestampTz)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_rows_are_told_by_the_age_of_their_transaction() {
        const ROUND: u64 = 1 << 32;
        for (recorded, next, expected) in [
            (None, 900, Late::Never),
            (Some(800), 900, Late::Since(800)),
            (Some(900), 900, Late::Since(900)),
            (Some(901), 900, Late::All),
            (Some(800), 800 + (1 << 31), Late::All),
            (Some(800), 799 + (1 << 31), Late::Since(800)),
            (Some(ROUND - 5), ROUND + 10, Late::Since(u32::MAX - 4)),
            (Some(ROUND + 1), ROUND + 10, Late::Since(3)),
            (Some(7 * ROUND + 40), 7 * ROUND + 50, Late::Since(40)),
        ] {
            assert_eq!(late(recorded, next), expected, "{recorded:?} {next}");
        }
    }

    #[test]
    fn what_is_recorded_depends_on_what_is_seen() {
        let facts = |is_moment, is_table, sees_starts| Facts {
            ceiling: Some("2024-01-01"),
            sees_starts,
            xmin: Some(7),
            is_table,
            is_moment,
        };
        let of = |is_moment, is_table, sees_starts| {
            let mark = mark(&facts(is_moment, is_table, sees_starts), "me");
            (mark.ceiling.is_some(), mark.xmin.is_some(), mark.warning.is_some())
        };
        assert_eq!(of(true, true, true), (true, false, false));
        assert_eq!(of(true, false, true), (true, false, false));
        assert_eq!(of(true, true, false), (false, true, false));
        assert_eq!(of(false, true, true), (false, true, false));
        assert_eq!(of(true, false, false), (false, false, true));
        assert_eq!(of(false, false, true), (false, false, true));
    }
}
