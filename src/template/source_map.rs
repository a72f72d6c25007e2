//! Which byte of the user's text a byte of the rewritten text came from.

use std::borrow::Cow;
use std::ops::Range;

/// A change of the user's text: `remove` bytes at `at` give way to `insert`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub at: usize,
    pub remove: usize,
    pub insert: Cow<'static, str>,
}

impl Edit {
    pub(crate) fn insert(at: usize, insert: impl Into<Cow<'static, str>>) -> Self {
        Edit { at, remove: 0, insert: insert.into() }
    }

    pub(crate) fn replace(range: &Range<usize>, insert: impl Into<Cow<'static, str>>) -> Self {
        Edit { at: range.start, remove: range.len(), insert: insert.into() }
    }
}

/// Maps ranges of rewritten text to ranges of the text it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceMap {
    /// Where a stretch begins in the output and in the source, in order; `true` if it was copied and
    /// not inserted.
    stretches: Vec<(usize, usize, bool)>,
    start: usize,
}

impl SourceMap {
    /// The map of a region that was copied unchanged.
    pub(crate) fn identity(start: usize) -> Self {
        SourceMap { stretches: Vec::new(), start }
    }

    /// The source range of a range of the output. What was inserted maps to the place of its insertion.
    #[must_use]
    pub fn source_range(&self, output: Range<usize>) -> Range<usize> {
        let start = self.position(output.start);
        let end = if output.end > output.start {
            let (last, copied) = self.locate(output.end - 1);
            last + usize::from(copied)
        } else {
            start
        };
        start..end.max(start)
    }

    fn position(&self, output: usize) -> usize {
        self.locate(output).0
    }

    fn locate(&self, output: usize) -> (usize, bool) {
        let index = self.stretches.partition_point(|stretch| stretch.0 <= output);
        match index.checked_sub(1).map(|index| self.stretches[index]) {
            None => (self.start + output, true),
            Some((_, source, false)) => (source, false),
            Some((begin, source, true)) => (source + output - begin, true),
        }
    }
}

/// Applies edits to a region of `source`. An edit inside a stretch that an earlier one removed is dropped.
pub(crate) fn apply(
    source: &str,
    region: Range<usize>,
    mut edits: Vec<Edit>,
) -> (Cow<'_, str>, SourceMap) {
    let mut map = SourceMap::identity(region.start);
    if edits.is_empty() {
        return (Cow::Borrowed(&source[region]), map);
    }
    edits.sort_by_key(|edit| edit.at);
    let mut output = String::with_capacity(region.len() + edits.len() * 12);
    let mut copied = region.start;
    for edit in edits {
        if edit.at < copied {
            continue;
        }
        output.push_str(&source[copied..edit.at]);
        if !edit.insert.is_empty() {
            map.stretches.push((output.len(), edit.at, false));
            output.push_str(&edit.insert);
        }
        copied = edit.at + edit.remove;
        map.stretches.push((output.len(), copied, true));
    }
    output.push_str(&source[copied..region.end.max(copied)]);
    (Cow::Owned(output), map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_the_output_finds_its_way_home() {
        let edits = vec![Edit::insert(3, "((("), Edit::replace(&(5..7), "x")];
        let (text, map) = apply("012345678", 1..9, edits);
        assert_eq!(text, "12(((34x78");
        assert_eq!(map.source_range(0..2), 1..3);
        assert_eq!(map.source_range(2..5), 3..3);
        assert_eq!(map.source_range(5..7), 3..5);
        assert_eq!(map.source_range(8..10), 7..9);
    }
}
