//! Accepting what is new about single columns, and nothing else.

use super::compare::compare;
use crate::relation::Column;
use std::collections::HashSet;

/// `accepted` with the columns called `names` as they are in `seen`: added, removed, of another type
/// or at another place. Of all other columns nothing changes.
pub fn single(accepted: &[Column], seen: &[Column], names: &[String]) -> Vec<Column> {
    let moved: HashSet<String> = compare(accepted, seen).moved.into_iter().collect();
    let wanted = |column: &Column| names.contains(&column.name);
    let stays = |column: &Column| !(wanted(column) && moved.contains(&column.name));
    let now = |column: &Column| seen.iter().find(|now| now.name == column.name).cloned();
    let kept = accepted.iter().filter(|column| stays(column));
    let mut columns: Vec<Column> = kept
        .filter_map(|column| if wanted(column) { now(column) } else { Some(column.clone()) })
        .collect();
    for (index, column) in seen.iter().enumerate() {
        if !wanted(column) || columns.iter().any(|known| known.name == column.name) {
            continue;
        }
        // Behind the nearest one that stands before it in the source.
        let before = seen[..index].iter().rev();
        let at = before.filter_map(|b| columns.iter().position(|known| known.name == b.name));
        let at = at.map(|at| at + 1).next().unwrap_or(0);
        columns.insert(at, column.clone());
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::DataType;
    use proptest::prelude::*;

    fn columns(text: &str) -> Vec<Column> {
        let column = |part: &str| {
            let (name, data_type) = part.split_once(':').unwrap_or((part, "date"));
            Column { name: name.into(), data_type: DataType::new(data_type), nullable: true }
        };
        text.split_whitespace().map(column).collect()
    }

    #[test]
    fn only_what_is_named_changes() {
        for (accepted, seen, names, expected) in [
            ("a b", "a b x y", "x", "a b x"),
            ("a b", "x a y b", "y", "a y b"),
            ("a b", "x a b", "x", "x a b"),
            ("a b c", "a x", "b", "a c"),
            ("a b c", "a:int b:int", "a", "a:int b c"),
            ("a b c", "c a b:int", "c", "c a b"),
            ("a b c", "c a b:int", "b", "a b:int c"),
            ("a b", "a", "a", "a b"),
        ] {
            let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
            let found = single(&columns(accepted), &columns(seen), &names);
            assert_eq!(found, columns(expected), "{accepted} / {seen} / {names:?}");
        }
    }

    fn names() -> impl Strategy<Value = Vec<u8>> {
        let picked = proptest::sample::subsequence((0..8).collect::<Vec<u8>>(), 0..8);
        picked.prop_shuffle()
    }

    proptest! {
        #[test]
        fn every_column_together_is_the_source(old in names(), new in names()) {
            let list = |names: &[u8]| {
                let names: Vec<_> = names.iter().map(|number| format!("c{number}")).collect();
                columns(&names.join(" "))
            };
            let (old, new) = (list(&old), list(&new));
            let all: Vec<String> = old.iter().chain(&new).map(|c| c.name.clone()).collect();
            prop_assert_eq!(single(&old, &new, &all), new);
        }
    }
}
