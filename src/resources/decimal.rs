//! Money as the API writes it: decimal numbers, as JSON numbers in one place and as texts in another.
//!
//! *Easy to get wrong:* no float on the way. `0.0075` has no exact double, and a sum over a million messages would show it.
//! A value that does not fit exactly is refused, never rounded.

/// Digits of a `Decimal128` of this program.
pub const DECIMAL_PRECISION: u8 = 18;
/// Digits of them behind the point; the API writes four.
pub const DECIMAL_SCALE: i8 = 6;

const SCALE: usize = DECIMAL_SCALE.unsigned_abs() as usize;
/// The first number with too many digits.
const TOO_LARGE: i128 = 10_i128.pow(DECIMAL_PRECISION as u32);

/// The text is no decimal number, or not one that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADecimal;

/// A decimal number in millionths, from the digits that JSON allows, exponents included.
///
/// # Errors
/// When the text is no number, or has more digits than fit exactly: twelve before the point and six behind it.
pub fn decimal(text: &str) -> Result<i128, NotADecimal> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i16>().map_err(|_| NotADecimal)?),
        None => (digits, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !are_digits(whole) || !are_digits(fraction) {
        return Err(NotADecimal);
    }
    // Zeros at either end are no digits of the number.
    let all = [whole, fraction].concat();
    let significant = all.trim_end_matches('0');
    let cut = all.len() - significant.len();
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    // The place of the last digit, counted in millionths.
    let place = i32::from(exponent) + cut_of(cut)? - cut_of(fraction.len())? + cut_of(SCALE)?;
    let place = u32::try_from(place).map_err(|_| NotADecimal)?;
    let number: i128 = if significant.len() <= DECIMAL_PRECISION.into() {
        significant.parse().map_err(|_| NotADecimal)?
    } else {
        return Err(NotADecimal);
    };
    let scaled = 10_i128.checked_pow(place).and_then(|factor| number.checked_mul(factor));
    scaled.filter(|&scaled| scaled < TOO_LARGE).map(|scaled| sign * scaled).ok_or(NotADecimal)
}

fn cut_of(length: usize) -> Result<i32, NotADecimal> {
    i32::try_from(length).map_err(|_| NotADecimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        let table = [
            ("0.0075", Ok(7_500)),
            ("0.0080", Ok(8_000)),
            ("0", Ok(0)),
            ("-0.0000", Ok(0)),
            ("12", Ok(12_000_000)),
            ("-1.5", Ok(-1_500_000)),
            (" 1.5 ", Ok(1_500_000)),
            ("0.000001", Ok(1)),
            ("0.0000010", Ok(1)),
            ("0.0000001", Err(NotADecimal)),
            ("1e-6", Ok(1)),
            ("1.50E2", Ok(150_000_000)),
            ("100e-8", Ok(1)),
            ("1e-7", Err(NotADecimal)),
            ("0e99", Ok(0)),
            ("999999999999.999999", Ok(999_999_999_999_999_999)),
            ("1000000000000", Err(NotADecimal)),
            ("1e30000", Err(NotADecimal)),
            ("1e99999", Err(NotADecimal)),
            ("00000000000000000000000000000000000001.0", Ok(1_000_000)),
            ("", Err(NotADecimal)),
            (".", Err(NotADecimal)),
            ("-", Err(NotADecimal)),
            ("1,5", Err(NotADecimal)),
            ("0x10", Err(NotADecimal)),
            ("NaN", Err(NotADecimal)),
            ("1.5.0", Err(NotADecimal)),
            ("$1.50", Err(NotADecimal)),
        ];
        for (text, wanted) in table {
            assert_eq!(decimal(text), wanted, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_with_six_places_comes_back(millionths in -999_999_999_999_999_999_i64..=999_999_999_999_999_999) {
            let (sign, size) = (if millionths < 0 { "-" } else { "" }, millionths.unsigned_abs());
            let text = format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000);
            proptest::prop_assert_eq!(decimal(&text), Ok(i128::from(millionths)));
        }
    }
}
