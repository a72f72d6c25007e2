//! Two lists of columns as one list of lines, as `git diff` shows two texts.

use super::compare::{Change, Difference};
use crate::relation::Column;
use std::collections::{HashMap, HashSet};

/// Lines without a change that stand on either side of one with a change.
const CONTEXT: usize = 3;

/// One line: a column as it was and as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine<'d> {
    /// As accepted; `None` where it was added.
    pub was: Option<&'d Column>,
    /// As seen; `None` where it was removed.
    pub is: Option<&'d Column>,
    /// What is different; empty where nothing is.
    pub changes: Vec<Change<'d>>,
}

/// Lines that are shown, or how many are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hunk<'d> {
    /// A line.
    Line(DiffLine<'d>),
    /// So many lines without a change.
    Gap(usize),
}

/// Every column of both, in the order of `seen`; what was removed stands where it was.
pub fn diff<'d>(
    accepted: &'d [Column],
    seen: &'d [Column],
    difference: &'d Difference,
) -> Vec<DiffLine<'d>> {
    let mut changes: HashMap<&str, Vec<Change<'_>>> = HashMap::new();
    for change in difference.changes() {
        changes.entry(change.column()).or_default().push(change);
    }
    let moved: HashSet<&str> = difference.moved.iter().map(String::as_str).collect();
    let old: HashMap<&str, &Column> =
        accepted.iter().map(|column| (column.name.as_str(), column)).collect();
    let new: HashSet<&str> = seen.iter().map(|column| column.name.as_str()).collect();
    let line = |was: Option<&'d Column>, is: Option<&'d Column>| {
        let name = was.or(is).map(|column| column.name.as_str()).unwrap_or_default();
        DiffLine { was, is, changes: changes.get(name).cloned().unwrap_or_default() }
    };
    let mut lines = Vec::new();
    let mut before = accepted.iter().filter(|column| !moved.contains(column.name.as_str()));
    for column in seen {
        let name = column.name.as_str();
        let was = old.get(name).copied();
        if was.is_some() && !moved.contains(name) {
            // Up to itself, only removed columns are left.
            let gone = before.by_ref().take_while(|gone| gone.name != name);
            lines.extend(gone.map(|gone| line(Some(gone), None)));
        } else {
            // A column that came in place of others follows them, as in a text.
            let gone = before.clone().take_while(|gone| !new.contains(gone.name.as_str())).count();
            lines.extend(before.by_ref().take(gone).map(|gone| line(Some(gone), None)));
        }
        lines.push(line(was, Some(column)));
    }
    lines.extend(before.map(|gone| line(Some(gone), None)));
    lines
}

/// The lines near a change; what is far from one is only counted.
pub fn hunks(lines: Vec<DiffLine<'_>>) -> Vec<Hunk<'_>> {
    let changed: Vec<usize> =
        (0..).zip(&lines).filter(|(_, line)| !line.changes.is_empty()).map(|(at, _)| at).collect();
    let mut near = vec![false; lines.len()];
    for at in changed {
        let end = (at + CONTEXT + 1).min(near.len());
        near[at.saturating_sub(CONTEXT)..end].fill(true);
    }
    let mut hunks: Vec<Hunk<'_>> = Vec::new();
    for (line, near) in lines.into_iter().zip(near) {
        match hunks.last_mut() {
            _ if near => hunks.push(Hunk::Line(line)),
            Some(Hunk::Gap(count)) => *count += 1,
            Some(Hunk::Line(_)) | None => hunks.push(Hunk::Gap(1)),
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::super::compare::compare;
    use super::*;
    use crate::relation::DataType;
    use proptest::prelude::*;

    fn columns(names: &str) -> Vec<Column> {
        let column = |name: &str| Column {
            name: name.trim_end_matches('!').into(),
            data_type: DataType::new(if name.ends_with('!') { "date" } else { "bigint" }),
            nullable: true,
        };
        names.split_whitespace().map(column).collect()
    }

    /// `a -b +c ~d`.
    fn shown(accepted: &str, seen: &str) -> String {
        let (accepted, seen) = (columns(accepted), columns(seen));
        let difference = compare(&accepted, &seen);
        let lines = diff(&accepted, &seen, &difference);
        let show = |hunk: Hunk<'_>| match hunk {
            Hunk::Gap(count) => format!("({count})"),
            Hunk::Line(line) => match (line.was, line.is) {
                (Some(was), None) => format!("-{}", was.name),
                (None, Some(is)) => format!("+{}", is.name),
                (_, Some(is)) if line.changes.is_empty() => is.name.clone(),
                (_, Some(is)) => format!("~{}", is.name),
                (None, None) => "?".to_owned(),
            },
        };
        hunks(lines).into_iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn columns_stand_where_they_are_and_where_they_were() {
        for (accepted, seen, expected) in [
            ("", "", ""),
            ("a b", "a b", "(2)"),
            ("a b c", "a c", "a -b c"),
            ("a b c", "a x c", "a -b +x c"),
            ("a b", "x a b", "+x a b"),
            ("a b", "a b x", "a b +x"),
            ("a b", "", "-a -b"),
            ("a b c", "c a b!", "~c a ~b"),
            ("a b", "a! b", "~a b"),
            ("a b c d e f g", "a b c d e f g x", "(4) e f g +x"),
            ("x a b c d e f g h y", "a b c d e f g h", "-x a b c (2) f g h -y"),
        ] {
            assert_eq!(shown(accepted, seen), expected, "{accepted} / {seen}");
        }
    }

    fn names() -> impl Strategy<Value = Vec<u8>> {
        let picked = proptest::sample::subsequence((0..8).collect::<Vec<u8>>(), 0..8);
        picked.prop_shuffle()
    }

    proptest! {
        #[test]
        fn every_column_stands_in_it_once(old in names(), new in names()) {
            let list = |names: &[u8]| {
                let names: Vec<_> = names.iter().map(|number| format!("c{number}")).collect();
                columns(&names.join(" "))
            };
            let (old, new) = (list(&old), list(&new));
            let difference = compare(&old, &new);
            let lines = diff(&old, &new, &difference);
            let seen: Vec<_> = lines.iter().filter_map(|line| line.is.cloned()).collect();
            prop_assert_eq!(&seen, &new);
            let mut gone: Vec<_> = lines.iter().filter(|line| line.is.is_none()).filter_map(|line| line.was.cloned()).collect();
            gone.sort_by(|a, b| a.name.cmp(&b.name));
            let mut removed = difference.removed.clone();
            removed.sort_by(|a, b| a.name.cmp(&b.name));
            prop_assert_eq!(gone, removed);
            let told: usize = lines.iter().map(|line| line.changes.len()).sum();
            prop_assert_eq!(told, difference.changes().count());
        }
    }
}
