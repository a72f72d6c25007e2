//! The name that a misspelt one probably means.

/// The nearest of the known names, if one is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let tolerated = (name.chars().count() / 3).clamp(1, 3);
    known
        .filter(|candidate| *candidate != name && !candidate.starts_with("__"))
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= tolerated)
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= tolerated)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.to_lowercase().chars().collect();
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=other.len()).collect();
    for i in 1..=one.len() {
        let mut current = vec![i];
        for j in 1..=other.len() {
            let change = previous[j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut best = change.min(previous[j] + 1).min(current[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_distant_ones_are_not() {
        let known = ["customers", "orders", "ref"];
        assert_eq!(nearest("custmers", known.into_iter()), Some("customers"));
        assert_eq!(nearest("rfe", known.into_iter()), Some("ref"));
        assert_eq!(nearest("payments", known.into_iter()), None);
    }
}
