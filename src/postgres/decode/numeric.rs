//! Numeric: digits to the base of 10,000.
//!
//! Count of digits, weight of the first, sign, and how many decimal digits are shown after the
//! point, each in two bytes; then the digits, two bytes each.

use super::{Decoder, Nulls, Wrong};
use crate::postgres::spec::NumericSpecial;
use arrow::array::{ArrayRef, Decimal128Array};
use arrow::buffer::ScalarBuffer;
use std::io::Write as _;
use std::sync::Arc;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
const INFINITY: u16 = 0xd000;
const MINUS_INFINITY: u16 = 0xf000;

/// Decimal digits in a digit.
const GROUP: i32 = 4;

const WRONG: Wrong = Wrong::Form("numeric");

/// A number, taken apart.
struct Parts<'a> {
    weight: i32,
    is_negative: bool,
    shown: usize,
    digits: &'a [u8],
}

impl<'a> Parts<'a> {
    #[inline]
    fn of(value: &'a [u8]) -> Result<Self, Wrong> {
        let Some((head, digits)) = value.split_first_chunk::<8>() else { return Err(WRONG) };
        let [c0, c1, w0, w1, s0, s1, d0, d1] = *head;
        let sign = u16::from_be_bytes([s0, s1]);
        match sign {
            POSITIVE | NEGATIVE => {}
            NAN => return Err(Wrong::Special("NaN")),
            INFINITY => return Err(Wrong::Special("Infinity")),
            MINUS_INFINITY => return Err(Wrong::Special("-Infinity")),
            _ => return Err(WRONG),
        }
        if digits.len() != 2 * usize::from(u16::from_be_bytes([c0, c1])) {
            return Err(WRONG);
        }
        Ok(Self {
            weight: i32::from(i16::from_be_bytes([w0, w1])),
            is_negative: sign == NEGATIVE,
            shown: usize::from(u16::from_be_bytes([d0, d1])),
            digits,
        })
    }

    /// The number times ten to the `scale`.
    #[inline]
    fn scaled(&self, scale: i32) -> Result<i128, Wrong> {
        let count = self.digits.len() / 2;
        let last = self.weight + 1 - i32::try_from(count).map_err(|_| WRONG)?;
        let exponent = GROUP * last + scale;
        let (whole, exponent) = if exponent < 0 {
            (self.cut(exponent)?, 0)
        } else if count <= 4 {
            // Sixteen decimal digits at most.
            let whole = self.digits().fold(0_u64, |all, digit| all * 10_000 + u64::from(digit));
            (i128::from(whole), exponent)
        } else {
            (self.digits().try_fold(0, |all, digit| push(all, 10_000, digit))?, exponent)
        };
        let scaled = match exponent {
            0 => whole,
            _ if whole == 0 => 0,
            _ => power(exponent).and_then(|power| whole.checked_mul(power)).ok_or(Wrong::Digits)?,
        };
        Ok(if self.is_negative { -scaled } else { scaled })
    }

    /// The number without its last decimal digits, as many as `exponent` is below zero: all zeros.
    fn cut(&self, exponent: i32) -> Result<i128, Wrong> {
        let count = self.digits.len() / 2;
        let mut all = 0;
        for (digit, left) in self.digits().zip((0..count).rev()) {
            let below = exponent + GROUP * i32::try_from(left).map_err(|_| WRONG)?;
            if below >= 0 {
                all = push(all, 10_000, digit)?;
                continue;
            }
            let zeros = power(-below).unwrap_or(i128::MAX);
            if i128::from(digit) % zeros != 0 {
                return Err(Wrong::Digits);
            }
            if below > -GROUP {
                let more = i128::from(digit) / zeros;
                let room = power(GROUP + below).ok_or(Wrong::Digits)?;
                all = push(all, room, u16::try_from(more).map_err(|_| WRONG)?)?;
            }
        }
        Ok(all)
    }

    fn digits(&self) -> impl Iterator<Item = u16> {
        self.digits.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }
}

#[inline]
fn push(all: i128, room: i128, digit: u16) -> Result<i128, Wrong> {
    let more = all.checked_mul(room).and_then(|all| all.checked_add(digit.into()));
    more.ok_or(Wrong::Digits)
}

fn power(exponent: i32) -> Option<i128> {
    u32::try_from(exponent).ok().and_then(|exponent| 10_i128.checked_pow(exponent))
}

/// Numbers with at most so many digits.
pub(crate) struct Decimals {
    values: Vec<i128>,
    nulls: Nulls,
    precision: u8,
    scale: i8,
    limit: i128,
    special: NumericSpecial,
}

impl Decimals {
    pub(crate) fn new(precision: u8, scale: i8, special: NumericSpecial) -> Self {
        let limit = 10_i128.checked_pow(u32::from(precision)).unwrap_or(i128::MAX);
        let (values, nulls) = (Vec::new(), Nulls::default());
        Self { values, nulls, precision, scale, limit, special }
    }

    #[inline]
    fn read(&self, value: &[u8]) -> Result<i128, Wrong> {
        let number = Parts::of(value)?.scaled(i32::from(self.scale))?;
        if -self.limit < number && number < self.limit { Ok(number) } else { Err(Wrong::Digits) }
    }
}

impl Decoder for Decimals {
    #[inline]
    fn value(&mut self, value: Option<&[u8]>) -> Result<(), Wrong> {
        let read = match value.map(|value| self.read(value)) {
            None => None,
            Some(Err(Wrong::Special(_))) if self.special == NumericSpecial::Null => None,
            Some(read) => Some(read?),
        };
        self.values.push(read.unwrap_or_default());
        self.nulls.add(read.is_some());
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, Wrong> {
        let values = ScalarBuffer::from(std::mem::take(&mut self.values));
        Decimal128Array::try_new(values, self.nulls.finish())
            .and_then(|array| array.with_precision_and_scale(self.precision, self.scale))
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|error| Wrong::Arrow(error.to_string()))
    }
}

/// The number as PostgreSQL writes it.
pub(crate) fn write(value: &[u8], text: &mut Vec<u8>) -> Result<(), Wrong> {
    let parts = match Parts::of(value) {
        Err(Wrong::Special(name)) => {
            text.extend_from_slice(name.as_bytes());
            return Ok(());
        }
        parts => parts?,
    };
    if parts.is_negative {
        text.push(b'-');
    }
    let digit = |place: i32| {
        let at = usize::try_from(parts.weight - place).ok().map(|at| 2 * at);
        let pair = at.and_then(|at| parts.digits.get(at..at + 2));
        pair.map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
    };
    let first = parts.weight.max(0);
    write!(text, "{}", digit(first)).map_err(|_| WRONG)?;
    for place in (0..first).rev() {
        write!(text, "{:04}", digit(place)).map_err(|_| WRONG)?;
    }
    if parts.shown > 0 {
        text.push(b'.');
        let end = text.len() + parts.shown;
        let mut place = -1;
        while text.len() < end {
            write!(text, "{:04}", digit(place)).map_err(|_| WRONG)?;
            place -= 1;
        }
        text.truncate(end);
    }
    Ok(())
}
