//! Money as exact decimals: converts the digits of a JSON number or text to an integer of millionths, without a float.

/// Total number of digits of a decimal. Every price column is a Decimal128(18, 6).
pub const DECIMAL_PRECISION: u8 = 18;
/// See [`DECIMAL_PRECISION`].
pub const DECIMAL_SCALE: i8 = 6;

/// Larger exponents move every digit out of range.
const MAX_EXPONENT: i64 = 40;

/// A number in millionths; `None` if it is not a number or does not fit exactly.
pub(super) fn millionths(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = whole.bytes().chain(fraction.bytes());
    if whole.is_empty() && fraction.is_empty() || !all.clone().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut value: i128 = 0;
    // Number of places to shift the digits left, increased by removed trailing zeros.
    let mut shift =
        i64::from(DECIMAL_SCALE).saturating_add(exponent).saturating_sub(i64::try_from(fraction.len()).ok()?);
    let mut zeros: u32 = 0;
    for digit in all {
        if digit == b'0' {
            zeros += 1;
            continue;
        }
        let places = if value == 0 { 1 } else { zeros + 1 };
        zeros = 0;
        value = value.checked_mul(10_i128.checked_pow(places)?)?.checked_add(i128::from(digit - b'0'))?;
    }
    if value == 0 {
        return Some(0);
    }
    shift = shift.saturating_add(i64::from(zeros));
    if !(0..=MAX_EXPONENT).contains(&shift) {
        return None;
    }
    let value = value.checked_mul(10_i128.checked_pow(u32::try_from(shift).ok()?)?)?;
    let value = i64::try_from(if is_negative { -value } else { value }).ok()?;
    (value.unsigned_abs() < 10_u64.pow(DECIMAL_PRECISION.into())).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_numbers_that_fit_exactly_are_accepted() {
        let table = [
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("0.0079", Some(7_900)),
            ("-0.0050", Some(-5_000)),
            ("12.5", Some(12_500_000)),
            ("1E+2", Some(100_000_000)),
            ("1e-6", Some(1)),
            ("10e-7", Some(1)),
            ("1e-7", None),
            ("0.1234567", None),
            ("0.12345600000", Some(123_456)),
            ("0.30000000000000004", None),
            ("999999999999.999999", Some(999_999_999_999_999_999)),
            ("1000000000000", None),
            ("79228162514264337593543950335", None),
            ("1e999999999999", None),
            ("0e999", Some(0)),
            ("free", None),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("--1", None),
            ("+1", None),
            (" 1", None),
        ];
        for (text, wanted) in table {
            assert_eq!(millionths(text), wanted, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_decimal_round_trips(value in -999_999_999_999_999_999_i64..=999_999_999_999_999_999, zeros in 0..5_usize) {
            let sign = if value < 0 { "-" } else { "" };
            let size = value.unsigned_abs();
            let text = format!("{sign}{}.{:06}{}", size / 1_000_000, size % 1_000_000, "0".repeat(zeros));
            prop_assert_eq!(millionths(&text), Some(value));
        }
    }
}
