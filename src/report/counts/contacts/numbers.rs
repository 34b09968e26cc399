//! Phone numbers: whether they are in E.164 form, match their region and calling code, and are shared by several contacts.
//!
//! Only the form is checked: a plus sign, 7 to 15 digits, and an assigned calling code. The numbering plans of countries are
//! not checked. The `phonenumber` crate does that, but takes 4.8 µs to parse a number and 1.2 ms to validate it, while the
//! whole export takes 1.7 µs for each contact (measured).
//!
//! *Easy to get wrong:* a shared calling code (+1, +7, +44) fits all of its regions, so a number of Canada also
//! matches the region US.

use super::super::names::{Names, TextColumn, UNKNOWN};
use super::super::repeats::{Repeats, hash};
use super::owners::Owners;
use crate::base::hash::hash_number;
use crate::base::places;

const MIN_DIGITS: usize = 7;
const MAX_DIGITS: usize = 15;

/// Counters for phone numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct NumberChecks {
    pub(super) invalid: u64,
    pub(super) other_region: u64,
    pub(super) other_calling_code: u64,
    pub(super) shared: Repeats,
    /// Calling code by number of the region, 0 if unknown.
    region_codes: Vec<u16>,
    /// Calling code by number of the text, 0 for null.
    calling_codes: Vec<u16>,
}

/// The columns that belong to a phone number.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumberColumns<'a> {
    pub(super) e164: TextColumn<'a>,
    /// Used if there is no E.164 form.
    pub(super) as_given: TextColumn<'a>,
    /// Numbers of the regions.
    pub(super) regions: &'a [u16],
    /// Numbers of the calling codes.
    pub(super) calling_codes: &'a [u16],
}

impl NumberChecks {
    pub(super) fn add(
        &mut self,
        columns: NumberColumns<'_>,
        mut owners: Owners<'_>,
        regions: &Names,
        calling_codes: &Names,
    ) {
        for number in self.region_codes.len()..regions.len() {
            self.region_codes.push(places::find(regions.name(number)).map_or(0, |place| place.calling_code));
        }
        for number in self.calling_codes.len()..calling_codes.len() {
            let code = if number == usize::from(UNKNOWN) { 0 } else { calling_code(calling_codes.name(number)) };
            self.calling_codes.push(code);
        }
        let table = places::calling_codes();
        for row in 0..columns.e164.len() {
            let text = columns.e164.bytes(row);
            let owner = owners.hash(row);
            if text.is_empty() {
                self.add_other_form(columns.as_given.bytes(row), owner, table);
                continue;
            }
            let Some(number) = Number::read(text, table) else {
                self.add_unreadable(text, owner);
                continue;
            };
            let fits = |expected: u16| expected == 0 || expected == number.calling_code;
            let region = self.region_codes[usize::from(columns.regions[row])];
            self.other_region += u64::from(!fits(region));
            let column = self.calling_codes[usize::from(columns.calling_codes[row])];
            self.other_calling_code += u64::from(!fits(column));
            self.shared.add(hash_number(number.digits) ^ owner);
        }
    }

    /// A number that an export has masked or hashed is not invalid. Equal hashes are of the same number, but different
    /// numbers can look the same when masked.
    #[cold]
    fn add_unreadable(&mut self, text: &[u8], owner: u64) {
        self.invalid += u64::from(!is_masked(text) && !is_hashed(text));
        if !is_masked(text) {
            self.shared.add(hash(text) ^ owner);
        }
    }

    /// Counts a number without an E.164 form, which can be shared, too.
    #[cold]
    fn add_other_form(&mut self, text: &[u8], owner: u64, calling_codes: &[u16; 1000]) {
        if !text.is_empty() && !is_masked(text) {
            let number = Number::read(text, calling_codes);
            self.shared.add(number.map_or_else(|| hash(text), |number| hash_number(number.digits)) ^ owner);
        }
    }
}

/// The calling code in a text of the column `country_code`; an unassigned one if the text has none.
fn calling_code(text: &str) -> u16 {
    text.strip_prefix('+').unwrap_or(text).parse().ok().filter(|&code| code != 0).unwrap_or(u16::MAX)
}

/// Whether a number was masked by an export with `--mask-phones`.
fn is_masked(text: &[u8]) -> bool {
    let masked = text.split(|&byte| byte == b'*').count() - 1;
    // A masked number, or the replacement of a malformed one.
    masked >= 4 && text.len() > masked && !text.iter().any(u8::is_ascii_alphabetic) || text == b"***"
}

/// Whether a number was replaced by an export with `--hash-phones`: 64 hexadecimal digits.
fn is_hashed(text: &[u8]) -> bool {
    text.len() == 64 && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A number in E.164 form.
struct Number {
    digits: u64,
    calling_code: u16,
}

impl Number {
    #[expect(clippy::inline_always, reason = "called for each contact in the loop of `NumberChecks::add`")]
    #[inline(always)]
    fn read(text: &[u8], calling_codes: &[u16; 1000]) -> Option<Self> {
        let [b'+', digits @ ..] = text else { return None };
        if digits.len() < MIN_DIGITS || digits.len() > MAX_DIGITS {
            return None;
        }
        let number = read_digits(digits)?;
        let first_three = digits[..3].iter().fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
        let calling_code = calling_codes[first_three];
        (calling_code != 0).then_some(Self { digits: number, calling_code })
    }
}

/// The value of 7 to 15 digits.
#[inline]
fn read_digits(digits: &[u8]) -> Option<u64> {
    let (Some(first), Some(last)) = (digits.first_chunk(), digits.last_chunk()) else {
        let add = |number: u64, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'));
        return digits.iter().try_fold(0, add);
    };
    let (first, last) = (eight_digits(*first)?, eight_digits(*last)?);
    // Shift out those of the first eight digits that are also among the last eight; zeros are shifted in before the rest.
    let surplus = u32::try_from(8 * (16 - digits.len())).ok()?;
    let before = first.checked_shl(surplus).unwrap_or(0);
    Some(eight_digit_number(before) * 100_000_000 + eight_digit_number(last))
}

/// The values of eight digits, one in each byte of a word, the first digit in the lowest byte; `None` if a byte is not a
/// digit.
fn eight_digits(digits: [u8; 8]) -> Option<u64> {
    let values = u64::from_le_bytes(digits) ^ u64::from_ne_bytes([b'0'; 8]);
    // Adding 0x76 sets the highest bit of a byte from 10 to 0x7f; bytes above that already have it.
    let others = (values.wrapping_add(u64::from_ne_bytes([0x76; 8])) | values) & u64::from_ne_bytes([0x80; 8]);
    (others == 0).then_some(values)
}

/// The number that consists of eight digits: neighbors are combined into pairs, then into fours, then into all eight.
fn eight_digit_number(values: u64) -> u64 {
    let pairs = (values * 10 + (values >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_with_its_calling_code_or_not_at_all() {
        let table = [
            ("+12025550123", Some(1)),
            ("+447400123456", Some(44)),
            ("+3531234567", Some(353)),
            ("+8812345678", Some(881)),
            ("+123456", None),
            ("+1234567890123456", None),
            ("+0123456789", None),
            ("+2101234567", None),
            ("12025550123", None),
            ("+1 202 555 0123", None),
            ("+１２０２５５５", None),
            ("+", None),
        ];
        for (text, wanted) in table {
            let number = Number::read(text.as_bytes(), places::calling_codes());
            assert_eq!(number.map(|number| number.calling_code), wanted, "{text}");
        }
    }

    #[test]
    fn digits_of_every_length_are_read_and_other_bytes_rejected_at_every_index() {
        for length in MIN_DIGITS..=MAX_DIGITS {
            let digits: Vec<u8> = (0..length).map(|at| b'0' + u8::try_from((at * 7 + 9) % 10).unwrap()).collect();
            let wanted = std::str::from_utf8(&digits).unwrap().parse().ok();
            assert_eq!(read_digits(&digits), wanted);
            for place in 0..length {
                for other in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
                    let mut broken = digits.clone();
                    broken[place] = other;
                    assert_eq!(read_digits(&broken), None, "{broken:?}");
                }
            }
        }
        assert_eq!(read_digits(b"999999999999999"), Some(999_999_999_999_999));
    }

    #[test]
    fn masked_and_hashed_numbers_are_distinguished_from_malformed_ones() {
        for text in ["+1********23", "*********23", "(***) ***-**23", "***"] {
            assert!(is_masked(text.as_bytes()), "{text}");
        }
        for text in ["", "*", "****", "+1202*", "call ****23", "+12025550123"] {
            assert!(!is_masked(text.as_bytes()), "{text}");
        }
        assert!(is_hashed("0f".repeat(32).as_bytes()) && !is_hashed("0F".repeat(32).as_bytes()) && !is_hashed(b"0f"));
    }

    #[test]
    fn the_column_of_calling_codes_may_have_a_plus() {
        assert_eq!(["44", "+44", "0", "x", "70000"].map(calling_code), [44, 44, u16::MAX, u16::MAX, u16::MAX]);
    }
}
