//! "Did you mean": which known name is nearest to one that is not known.

/// The candidates nearest to `name`, best first, at most `count`; empty where none is near.
///
/// Near is an edit distance of at most a third of the length (at least one), case ignored, or the
/// one name beginning with the other.
pub fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    count: usize,
) -> Vec<&'a str> {
    let lowered = name.to_lowercase();
    let limit = (lowered.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            if other.len().abs_diff(lowered.len()) > limit && !is_prefix(&lowered, &other) {
                return None;
            }
            let distance = strsim::damerau_levenshtein(&lowered, &other);
            (distance <= limit || is_prefix(&lowered, &other)).then_some((distance, candidate))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(count).map(|(_, candidate)| candidate).collect()
}

fn is_prefix(one: &str, other: &str) -> bool {
    one.len().min(other.len()) >= 3 && (one.starts_with(other) || other.starts_with(one))
}

/// ``did you mean `x`?``, or nothing where no candidate is near.
pub fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let near = nearest(name, candidates, 3);
    let (last, rest) = near.split_last()?;
    let quoted = |name: &&str| format!("`{name}`");
    Some(if rest.is_empty() {
        format!("did you mean {}?", quoted(last))
    } else {
        let rest = rest.iter().map(quoted).collect::<Vec<_>>().join(", ");
        format!("did you mean {rest} or {}?", quoted(last))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["stg_flights", "stg_planes", "carrier_delays"];
        assert_eq!(nearest("stg_flihgts", known, 3), ["stg_flights"]);
        assert_eq!(nearest("STG_PLANES", known, 3), ["stg_planes"]);
        assert_eq!(nearest("weather", known, 3), Vec::<&str>::new());
        assert_eq!(
            did_you_mean("carrier_delay", known).as_deref(),
            Some("did you mean `carrier_delays`?")
        );
    }
}
