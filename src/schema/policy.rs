//! What a load does about a drift of its source.
//!
//! | change in the source | alert | permissive | ignore |
//! | --- | --- | --- | --- |
//! | new nullable column | halt | accept | leave out |
//! | new non-nullable column | halt | halt | leave out |
//! | removed column | halt | halt | halt |
//! | type widened losslessly | halt | accept | accept |
//! | type changed otherwise | halt | halt | halt |
//! | nullable -> not null | halt | halt | halt |
//! | not null -> nullable | halt | accept | halt |
//! | position only | note | note | note |

use super::compare::{Change, Difference};
use crate::mode::load::OnDrift as Policy;

/// What becomes of one change. The last is the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It changes nothing; it is said.
    Note,
    /// The column is not loaded, which is said.
    LeaveOut,
    /// The target follows, and the snapshot.
    Accept,
    /// The load stops, and what depends on it.
    Halt,
}

/// What becomes of `change` under `policy`.
pub fn verdict(policy: Policy, change: Change<'_>) -> Verdict {
    match (change, policy) {
        (Change::Moved(_), _) => Verdict::Note,
        (_, Policy::Alert) => Verdict::Halt,
        (Change::Added(_), Policy::Ignore) => Verdict::LeaveOut,
        (Change::Added(column), Policy::Permissive) if column.nullable => Verdict::Accept,
        (Change::Widened(..), _) | (Change::NowNullable(_), Policy::Permissive) => Verdict::Accept,
        (
            Change::Added(_)
            | Change::Removed(_)
            | Change::Retyped(..)
            | Change::NowRequired(_)
            | Change::NowNullable(_),
            Policy::Permissive | Policy::Ignore,
        ) => Verdict::Halt,
    }
}

/// Every change of `difference` with what becomes of it; empty where there is none. The load stops
/// where any halts.
pub fn verdicts(policy: Policy, difference: &Difference) -> Vec<(Change<'_>, Verdict)> {
    difference.changes().map(|change| (change, verdict(policy, change))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::compare::compare;
    use super::*;
    use crate::relation::{Column, DataType};

    fn column(name: &str, data_type: &str, nullable: bool) -> Column {
        Column { name: name.into(), data_type: DataType::new(data_type), nullable }
    }

    /// A difference of the kind that the table calls `change`.
    fn example(change: &str) -> Difference {
        let (a, b) = (column("a", "integer", true), column("b", "date", false));
        let base = [a.clone(), b.clone()];
        let seen = match change {
            "new nullable column" => vec![a, b, column("c", "date", true)],
            "new non-nullable column" => vec![a, b, column("c", "date", false)],
            "removed column" => vec![a],
            "type widened losslessly" => vec![column("a", "bigint", true), b],
            "type changed otherwise" => vec![column("a", "varchar", true), b],
            "nullable -> not null" => vec![column("a", "integer", false), b],
            "not null -> nullable" => vec![a, column("b", "date", true)],
            "position only" => vec![b, a],
            other => panic!("no example of `{other}`"),
        };
        compare(&base, &seen)
    }

    #[test]
    fn the_table_holds() {
        let rows = include_str!("policy.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
        let mut rows = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
        let policies = rows.next().unwrap();
        let rows: Vec<_> = rows.skip(1).collect();
        assert_eq!(rows.len(), 8);
        for row in rows {
            let difference = example(row[0]);
            for (name, expected) in policies[1..4].iter().zip(&row[1..4]) {
                let policy = Policy::named(name).unwrap();
                let found: Vec<_> =
                    verdicts(policy, &difference).into_iter().map(|(_, verdict)| verdict).collect();
                let expected = match *expected {
                    "halt" => Verdict::Halt,
                    "accept" => Verdict::Accept,
                    "leave out" => Verdict::LeaveOut,
                    _ => Verdict::Note,
                };
                assert_eq!(found, [expected], "{} under {name}", row[0]);
            }
        }
        assert_eq!(Policy::NAMES.map(|name| Policy::named(name).unwrap().name()), Policy::NAMES);
        assert_eq!(Policy::named("Alert"), None);
    }
}
