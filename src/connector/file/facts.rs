//! What is known of a column of text: the forms its values have, and their extent.

use super::scan::judge::Formats;

/// Forms of values, one bit each, as `scan/value.rs` tells them.
pub(super) mod kind {
    pub(in super::super) const INTEGER: u32 = 1;
    pub(in super::super) const DECIMAL: u32 = 2;
    pub(in super::super) const EXPONENT: u32 = 4;
    pub(in super::super) const BOOLEAN: u32 = 8;
    pub(in super::super) const DATE: u32 = 16;
    pub(in super::super) const TIMESTAMP: u32 = 32;
    pub(in super::super) const TIMESTAMP_TZ: u32 = 64;
    /// Digits after a zero or a plus: a number only to who says so.
    pub(in super::super) const PADDED: u32 = 128;
    pub(in super::super) const OTHER: u32 = 256;
}

/// The facts of one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// All forms that occur.
    pub(super) kinds: u32,
    /// Integers that 64 bits do not hold.
    pub(super) over_64_bits: u64,
    /// Integers that 128 bits do not hold.
    pub(super) over_128_bits: u64,
    /// The most digits before the point.
    pub(super) integer_digits: u64,
    /// The most digits after it.
    pub(super) scale: u64,
    /// The most digits that count, of a number without exponent.
    pub(super) significant_digits: u64,
}

impl Facts {
    /// Adds what is known of other values.
    pub(super) fn merge(&mut self, other: &Self) {
        self.kinds |= other.kinds;
        self.over_64_bits += other.over_64_bits;
        self.over_128_bits += other.over_128_bits;
        self.integer_digits = self.integer_digits.max(other.integer_digits);
        self.scale = self.scale.max(other.scale);
        self.significant_digits = self.significant_digits.max(other.significant_digits);
    }

    /// The facts where dates and timestamps are written in `formats`: DuckDB does not read the one
    /// for the other then.
    pub(super) fn in_formats(mut self, formats: &Formats) -> Self {
        let both = kind::DATE | kind::TIMESTAMP;
        if self.kinds & both == both && (formats.date.is_some() || formats.timestamp.is_some()) {
            self.kinds |= kind::OTHER;
        }
        self
    }

    /// Whether no form occurs but those in `kinds`.
    pub(super) fn only(&self, kinds: u32) -> bool {
        self.kinds & !kinds == 0
    }
}
