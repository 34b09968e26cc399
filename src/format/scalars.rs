//! Flags, numbers and times as text, the same in every text format.
//!
//! Decimals are plain digits without superfluous zeros (`0.015`, `1`, `-0.5`), so that equal amounts are equal texts
//! whatever the scale of their column. Floats have the fewest digits that read back as the same number. Times are RFC 3339
//! with `Z`.

use std::io::Write;

use arrow::array::{Array, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};

use crate::time::push_timestamp;

/// A column of values that are neither text nor nested.
pub(super) enum Scalars<'a> {
    Flag(&'a BooleanArray),
    Int32(&'a PrimitiveArray<Int32Type>),
    Int64(&'a PrimitiveArray<Int64Type>),
    Float(&'a PrimitiveArray<Float64Type>),
    Time(&'a PrimitiveArray<TimestampMicrosecondType>),
    /// With the number of digits after the point.
    Decimal(&'a PrimitiveArray<Decimal128Type>, usize),
}

impl<'a> Scalars<'a> {
    /// The values of a column, if it is of this kind.
    pub(super) fn new(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Boolean => Self::Flag(array.as_boolean()),
            DataType::Int32 => Self::Int32(array.as_primitive()),
            DataType::Int64 => Self::Int64(array.as_primitive()),
            DataType::Float64 => Self::Float(array.as_primitive()),
            DataType::Timestamp(..) => Self::Time(array.as_primitive()),
            DataType::Decimal128(_, scale) => Self::Decimal(array.as_primitive(), usize::try_from(*scale).ok()?),
            _ => return None,
        })
    }

    /// Appends a value, which must not be null.
    #[inline]
    pub(super) fn push(&self, row: usize, line: &mut Vec<u8>) {
        match self {
            // Two calls, because the length of each text is known at compile time.
            Self::Flag(values) if values.value(row) => line.extend_from_slice(b"true"),
            Self::Flag(_) => line.extend_from_slice(b"false"),
            Self::Int32(values) => push_integer(values.value(row).into(), line),
            Self::Int64(values) => push_integer(values.value(row), line),
            Self::Float(values) => push_float(values.value(row), line),
            Self::Time(values) => push_timestamp(values.value(row), line),
            Self::Decimal(values, scale) => push_decimal(values.value(row), *scale, line),
        }
    }
}

fn push_integer(value: i64, line: &mut Vec<u8>) {
    if value < 0 {
        line.push(b'-');
    }
    push_padded(value.unsigned_abs().into(), 1, line);
}

fn push_float(value: f64, line: &mut Vec<u8>) {
    // The `Debug` form uses an exponent instead of hundreds of digits.
    write!(line, "{value:?}").expect("memory takes all bytes");
}

/// Appends `value / 10^scale` exactly.
fn push_decimal(value: i128, scale: usize, line: &mut Vec<u8>) {
    if value < 0 {
        line.push(b'-');
    }
    let start = line.len();
    push_padded(value.unsigned_abs(), scale + 1, line);
    let point = line.len() - scale;
    let zeros = line[point..].iter().rev().take_while(|&&digit| digit == b'0').count();
    line.truncate(line.len() - zeros);
    if point < line.len() {
        line.insert(point, b'.');
    }
    debug_assert!(line.len() > start, "the digits before the point stay");
}

/// Appends a number with at least this many digits.
fn push_padded(value: u128, least_digits: usize, line: &mut Vec<u8>) {
    // The number of digits of 2^128.
    let mut digits = [b'0'; 39];
    let mut start = digits.len();
    let mut rest = value;
    // Division of 128 bits is slow, and rarely needed.
    while rest > u64::MAX.into() {
        start -= 1;
        digits[start] += (rest % 10) as u8;
        rest /= 10;
    }
    let mut rest = u64::try_from(rest).expect("the loop ends when it fits");
    while rest > 0 {
        start -= 1;
        digits[start] += (rest % 10) as u8;
        rest /= 10;
    }
    let missing = least_digits.saturating_sub(digits.len() - start);
    line.resize(line.len() + missing, b'0');
    line.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(value: i128, scale: usize) -> String {
        let mut line = Vec::new();
        push_decimal(value, scale, &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn decimals_are_plain_digits_without_superfluous_zeros() {
        for (value, scale, text) in [
            (0, 6, "0"),
            (15_000, 6, "0.015"),
            (1_000_000, 6, "1"),
            (-500_000, 6, "-0.5"),
            (1, 6, "0.000001"),
            (-1, 0, "-1"),
            (120, 0, "120"),
            (999_999_999_999_999_999, 6, "999999999999.999999"),
            (i128::MAX, 6, "170141183460469231731687303715884.105727"),
            (i128::MIN, 38, "-1.70141183460469231731687303715884105728"),
        ] {
            assert_eq!(decimal(value, scale), text);
        }
    }

    #[test]
    fn floats_read_back_as_the_same_number() {
        for value in [0.0, -0.0, 0.1, 1.0, 1e300, 5e-324, -12.5, f64::MAX] {
            let mut line = Vec::new();
            push_float(value, &mut line);
            let text = String::from_utf8(line).unwrap();
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
            assert!(text.len() < 30 && serde_json::from_str::<f64>(&text).is_ok(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_are_written_as_the_standard_library_writes_them(value in any::<i128>(), small in any::<i64>()) {
            prop_assert_eq!(decimal(value, 0), value.to_string());
            let mut line = Vec::new();
            push_integer(small, &mut line);
            prop_assert_eq!(String::from_utf8(line).unwrap(), small.to_string());
        }
    }
}
