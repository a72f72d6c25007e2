//! Why a value cannot be read.

use std::fmt;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Its bytes are not what its type has: the server sends another type, or a stream is broken.
    Form(&'static str),
    /// NaN or an infinity where a decimal is expected.
    Special(&'static str),
    /// More digits than its type says.
    Digits,
    /// An interval whose time part is too long.
    Interval,
    /// A timestamp too far in the future.
    Timestamp,
    /// An array with several dimensions.
    Dimensions(i32),
    /// Text that is not UTF-8.
    Encoding,
    /// More bytes than a batch can hold.
    Size,
    /// What Arrow says.
    Arrow(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(what) => write!(f, "has bytes that are no {what}"),
            Self::Special(what) => write!(f, "is {what}, which no decimal can be"),
            Self::Digits => f.write_str("has more digits than its type says"),
            Self::Interval => {
                f.write_str("is an interval whose time part is longer than 292 years")
            }
            Self::Timestamp => f.write_str("is a timestamp after 294246-12-31"),
            Self::Dimensions(count) => {
                write!(f, "is an array with {count} dimensions, and a list has one")
            }
            Self::Encoding => f.write_str("is text that is not UTF-8"),
            Self::Size => f.write_str("has more bytes than a batch can hold"),
            Self::Arrow(text) => f.write_str(text),
        }
    }
}

impl Wrong {
    /// What to do about it.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Special(_) => "set `numeric_special: null` to read such values as NULL",
            Self::Dimensions(_) => {
                "declare a `query:` that casts the column, with `to_jsonb(...)` for instance"
            }
            Self::Interval | Self::Timestamp | Self::Digits | Self::Size => {
                "declare a `query:` that casts the column to text, or leaves such rows out"
            }
            Self::Form(_) | Self::Encoding | Self::Arrow(_) => {
                "the stream is broken, or the table was changed while it was read: run again"
            }
        }
    }
}
