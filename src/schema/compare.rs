//! What is different between the accepted columns of a source and those it has now. Pure.
//!
//! Columns are the same where their names are, to the letter: a name in another case is another
//! column, and shows as a possible rename.

use crate::relation::Column;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// What is different between two lists of columns. Empty where they are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Columns that only the source has now, in its order.
    pub added: Vec<Column>,
    /// Columns that only the accepted schema has, in its order.
    pub removed: Vec<Column>,
    /// Columns of another type: as accepted, as seen.
    pub retyped: Vec<(Column, Column)>,
    /// Columns that may hold NULL where they might not, or the other way: as accepted, as seen.
    pub nullability: Vec<(Column, Column)>,
    /// The fewest columns that have to move to give the new order of those that are in both.
    pub moved: Vec<String>,
    /// A removed and an added column of one type at one place: perhaps one column with a new name.
    /// Both are among `removed` and `added` too.
    pub renames: Vec<(Column, Column)>,
}

/// One thing that is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'d> {
    /// A column that was not there.
    Added(&'d Column),
    /// A column that is gone.
    Removed(&'d Column),
    /// A column whose new type holds every value of the old one.
    Widened(&'d Column, &'d Column),
    /// A column of any other new type.
    Retyped(&'d Column, &'d Column),
    /// A column that might hold NULL and may not any more.
    NowRequired(&'d Column),
    /// A column that may hold NULL now.
    NowNullable(&'d Column),
    /// A column that stands elsewhere.
    Moved(&'d str),
}

/// What is different between `accepted` and `seen`.
pub fn compare(accepted: &[Column], seen: &[Column]) -> Difference {
    let in_accepted = by_name(accepted);
    let in_seen = by_name(seen);
    let absent = |from: &[Column], known: &HashMap<&str, usize>| -> Vec<Column> {
        from.iter().filter(|column| !known.contains_key(column.name.as_str())).cloned().collect()
    };
    let shared: Vec<(usize, usize)> = accepted
        .iter()
        .enumerate()
        .filter_map(|(index, column)| Some((index, *in_seen.get(column.name.as_str())?)))
        .collect();
    let pairs = || shared.iter().map(|&(old, new)| (accepted[old].clone(), seen[new].clone()));
    let kept = longest_rise(&shared.iter().map(|&(_, new)| new).collect::<Vec<_>>());
    let moved: HashSet<usize> = (0..shared.len()).filter(|index| !kept.contains(index)).collect();
    let stays: Vec<(usize, usize)> = kept.iter().map(|&index| shared[index]).collect();
    Difference {
        added: absent(seen, &in_accepted),
        removed: absent(accepted, &in_seen),
        retyped: pairs().filter(|(old, new)| !same_type(old, new)).collect(),
        nullability: pairs().filter(|(old, new)| old.nullable != new.nullable).collect(),
        moved: shared
            .iter()
            .enumerate()
            .filter(|(index, _)| moved.contains(index))
            .map(|(_, &(old, _))| accepted[old].name.clone())
            .collect(),
        renames: renames(
            &Gaps {
                columns: accepted,
                known: &in_seen,
                stays: stays.iter().map(|s| s.0).collect(),
            },
            &Gaps {
                columns: seen,
                known: &in_accepted,
                stays: stays.iter().map(|s| s.1).collect(),
            },
        ),
    }
}

fn by_name(columns: &[Column]) -> HashMap<&str, usize> {
    columns.iter().enumerate().map(|(index, column)| (column.name.as_str(), index)).collect()
}

fn same_type(old: &Column, new: &Column) -> bool {
    old.data_type.canonical() == new.data_type.canonical()
}

/// The indexes of a longest rising subsequence of `values`, which are all different.
fn longest_rise(values: &[usize]) -> Vec<usize> {
    // `ends[length - 1]` is the index of the smallest value that ends a rise of that length.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; values.len()];
    for (index, value) in values.iter().enumerate() {
        let length = ends.partition_point(|&end| values[end] < *value);
        before[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut rise: Vec<usize> =
        std::iter::successors(ends.last().copied(), |&index| before[index]).collect();
    rise.reverse();
    rise
}

/// One list of columns, cut at those that are in both lists and did not move.
struct Gaps<'c> {
    columns: &'c [Column],
    known: &'c HashMap<&'c str, usize>,
    stays: Vec<usize>,
}

impl<'c> Gaps<'c> {
    /// The columns that the other list lacks, each with the number of its gap.
    fn alone(&self) -> impl Iterator<Item = (usize, &'c Column)> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, column)| !self.known.contains_key(column.name.as_str()))
            .map(|(index, column)| (self.stays.partition_point(|&stays| stays < index), column))
    }
}

fn renames(accepted: &Gaps<'_>, seen: &Gaps<'_>) -> Vec<(Column, Column)> {
    let mut added: Vec<Option<(usize, &Column)>> = seen.alone().map(Some).collect();
    let mut renames = Vec::new();
    for (gap, old) in accepted.alone() {
        let fits = |(in_gap, new): &(usize, &Column)| *in_gap == gap && same_type(old, new);
        let found = added.iter_mut().find(|new| new.as_ref().is_some_and(fits));
        if let Some((_, new)) = found.and_then(Option::take) {
            renames.push((old.clone(), new.clone()));
        }
    }
    renames
}

impl Difference {
    /// Whether the two are the same.
    pub fn is_empty(&self) -> bool {
        self.changes().next().is_none()
    }

    /// Everything that is different, one thing at a time.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let retyped = self.retyped.iter().map(|(old, new)| {
            if old.data_type.widens_to(&new.data_type) {
                Change::Widened(old, new)
            } else {
                Change::Retyped(old, new)
            }
        });
        let nullability = self.nullability.iter().map(|(_, new)| {
            if new.nullable { Change::NowNullable(new) } else { Change::NowRequired(new) }
        });
        (self.added.iter().map(Change::Added))
            .chain(self.removed.iter().map(Change::Removed))
            .chain(retyped)
            .chain(nullability)
            .chain(self.moved.iter().map(|name| Change::Moved(name)))
    }

    /// What is different, a line each, for people. Possible renames come last.
    pub fn describe(&self) -> Vec<String> {
        let renames = self.renames.iter().map(|(old, new)| {
            format!("? column {} is perhaps {} under a new name", new.name, old.name)
        });
        self.changes().map(|change| change.to_string()).chain(renames).collect()
    }
}

impl<'d> Change<'d> {
    /// The column that it is about.
    pub fn column(&self) -> &'d str {
        match *self {
            Self::Added(column)
            | Self::Removed(column)
            | Self::Widened(column, _)
            | Self::Retyped(column, _)
            | Self::NowRequired(column)
            | Self::NowNullable(column) => &column.name,
            Self::Moved(name) => name,
        }
    }
}

impl fmt::Display for Change<'_> {
    /// One line: `+ column email varchar`, `~ total: bigint -> varchar`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let required = |column: &Column| if column.nullable { "" } else { " not null" };
        let name = self.column();
        match self {
            Self::Added(column) => {
                write!(f, "+ column {name} {}{}", column.data_type, required(column))
            }
            Self::Removed(column) => {
                write!(f, "- column {name} {}{}", column.data_type, required(column))
            }
            Self::Widened(old, new) | Self::Retyped(old, new) => {
                write!(f, "~ {name}: {} -> {}", old.data_type, new.data_type)
            }
            Self::NowRequired(_) => write!(f, "~ {name}: nullable -> not null"),
            Self::NowNullable(_) => write!(f, "~ {name}: not null -> nullable"),
            Self::Moved(_) => write!(f, "~ {name}: another position"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::DataType;
    use proptest::prelude::*;

    /// `a integer, b varchar!`: an exclamation mark stands for NOT NULL.
    fn columns(text: &str) -> Vec<Column> {
        let parts = text.split(", ").filter(|part| !part.is_empty());
        parts
            .map(|part| {
                let (name, data_type) = part.split_once(' ').unwrap();
                let nullable = !data_type.ends_with('!');
                let data_type = DataType::new(data_type.trim_end_matches('!'));
                Column { name: name.into(), data_type, nullable }
            })
            .collect()
    }

    #[test]
    fn each_difference_is_a_line() {
        for (accepted, seen, expected) in [
            ("", "", ""),
            ("a date, b date", "a date, b date", ""),
            (
                "a date",
                "a date, b varchar, c date!",
                "+ column b varchar; + column c date not null",
            ),
            ("a date, b varchar!", "a date", "- column b varchar not null"),
            ("a bigint", "a varchar", "~ a: bigint -> varchar"),
            ("a integer", "a bigint!", "~ a: integer -> bigint; ~ a: nullable -> not null"),
            ("a date!", "a date", "~ a: not null -> nullable"),
            ("a date, b date, c date", "c date, a date, b date", "~ c: another position"),
            ("a date, b date, c date", "a date, x int, c date, b date, y int", {
                "+ column x int; + column y int; ~ b: another position"
            }),
            (
                "a date, b int, c date",
                "a date, e int, c date",
                "+ column e int; - column b int; ? column e is perhaps b under a new name",
            ),
            (
                "a date, b int",
                "n int, a date, m varchar, B int",
                "+ column n int; + column m varchar; + column B int; - column b int; \
                 ? column B is perhaps b under a new name",
            ),
            ("a date, b int", "e int, a date", "+ column e int; - column b int"),
            ("a date, b int", "a date, e bigint", "+ column e bigint; - column b int"),
        ] {
            let difference = compare(&columns(accepted), &columns(seen));
            assert_eq!(difference.describe().join("; "), expected, "{accepted} / {seen}");
            assert_eq!(difference.is_empty(), expected.is_empty());
        }
    }

    #[test]
    fn a_widened_type_is_told_from_any_other() {
        let change = |old, new| match compare(&columns(old), &columns(new)).changes().next() {
            Some(Change::Widened(..)) => "widened",
            Some(Change::Retyped(..)) => "retyped",
            _ => "",
        };
        assert_eq!(change("a integer", "a bigint"), "widened");
        assert_eq!(change("a bigint", "a integer"), "retyped");
        assert_eq!(change("a struct(x date)", "a struct(\"x\" date)"), "");
    }

    /// Some columns in two orders.
    fn orders() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let picked = proptest::sample::subsequence((0..9).collect::<Vec<u8>>(), 0..9);
        picked.prop_flat_map(|picked| (Just(picked.clone()), Just(picked).prop_shuffle()))
    }

    proptest! {
        #[test]
        fn without_those_that_moved_the_order_is_the_same((old, new) in orders()) {
            let list = |order: &[u8]| {
                let parts: Vec<_> = order.iter().map(|number| format!("c{number} date")).collect();
                columns(&parts.join(", "))
            };
            let (old, new) = (list(&old), list(&new));
            let difference = compare(&old, &new);
            let stays = |columns: &[Column]| -> Vec<String> {
                let names = columns.iter().map(|column| column.name.clone());
                names.filter(|name| !difference.moved.contains(name)).collect()
            };
            prop_assert_eq!(stays(&old), stays(&new));
            prop_assert_eq!(difference.is_empty(), old == new);
        }
    }
}
