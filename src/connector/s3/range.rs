//! Which bytes are asked for at once.

use std::ops::Range;

/// How an object is cut into requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The most bytes of one request.
    pub part: u64,
    /// The bytes of one part that is written; stores take none under 5 MiB.
    pub upload: usize,
    /// A Parquet object up to this size is read whole.
    pub whole: u64,
    /// How much of the end of a Parquet object is read for its footer at first.
    pub tail: u64,
    /// Bytes that are not needed but cost less than another request.
    pub gap: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { part: 8 << 20, upload: 16 << 20, whole: 1 << 20, tail: 64 << 10, gap: 256 << 10 }
    }
}

/// A single range.
pub(super) fn one(range: Range<u64>) -> Vec<Range<u64>> {
    std::iter::once(range).collect()
}

/// `range` in parts of at most `part` bytes.
pub(super) fn parts(range: Range<u64>, part: u64) -> impl Iterator<Item = Range<u64>> {
    let part = part.max(1);
    let starts = (range.start..range.end).step_by(usize::try_from(part).unwrap_or(usize::MAX));
    starts.map(move |start| start..start.saturating_add(part).min(range.end))
}

/// The fewest ranges that hold all of `ranges`, where `gap` bytes between two may be read for
/// nothing. Sorted, without overlap, none beyond `end`.
pub(super) fn joined(mut ranges: Vec<Range<u64>>, gap: u64, end: u64) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        let range = range.start.min(end)..range.end.min(end);
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(gap) => {
                last.end = last.end.max(range.end);
            }
            _ if range.is_empty() => {}
            _ => joined.push(range),
        }
    }
    joined
}

/// `ranges` without `known`; both sorted and without overlap.
pub(super) fn without(ranges: Vec<Range<u64>>, known: &[Range<u64>]) -> Vec<Range<u64>> {
    let cut = |ranges: Vec<Range<u64>>, hole: &Range<u64>| {
        let pieces = |range: Range<u64>| {
            let before = range.start..range.end.min(hole.start);
            let after = range.start.max(hole.end)..range.end;
            [before, after]
        };
        ranges.into_iter().flat_map(pieces).filter(|piece| !piece.is_empty()).collect()
    };
    known.iter().fold(ranges, cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_range_once() {
        let all = |range, part| parts(range, part).collect::<Vec<_>>();
        assert_eq!(all(3..10, 3), [3..6, 6..9, 9..10]);
        assert_eq!(all(0..6, 3), [0..3, 3..6]);
        assert_eq!(all(0..6, 100), one(0..6));
        assert_eq!(all(5..5, 3), []);
    }

    #[test]
    fn near_ranges_are_one() {
        let ranges = vec![50..60, 0..10, 15..20, 18..30, 95..200, 300..400];
        assert_eq!(joined(ranges.clone(), 0, 100), [0..10, 15..30, 50..60, 95..100]);
        assert_eq!(joined(ranges, 5, 100), [0..30, 50..60, 95..100]);
    }

    #[test]
    fn what_is_there_is_not_asked_for() {
        assert_eq!(without(vec![0..30, 50..60], &[0..4, 20..55]), [4..20, 55..60]);
        assert_eq!(without(one(0..30), &one(0..40)), []);
    }
}
