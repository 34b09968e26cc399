//! Whether contacts match the filters that the API was asked to apply.

use arrow::array::{Array, AsArray, RecordBatch};

use super::schema::column;
use crate::resources::FilterCheck;

/// The forms of a contact's number.
pub(super) const NUMBER_COLUMNS: std::ops::RangeInclusive<usize> = column::PHONE_NUMBER..=column::FORMAT_RFC;

/// Number of last digits that always have to be the same. The digits before them depend on the form: with or without the
/// calling code, with a trunk prefix, with the extra digit of mobile numbers in Brazil or Argentina.
const LAST_DIGITS: usize = 7;

/// A check for `channel`: a contact that lists channels must list this one.
pub(super) fn channel_check(channel: &str) -> FilterCheck {
    let channel = channel.trim().to_lowercase();
    FilterCheck::new("--channel", move |batch, row| {
        let channels = batch.column(column::AVAILABLE_CHANNELS).as_list::<i32>().value(row);
        let mut listed = channels.as_string::<i32>().iter().flatten();
        !channels.is_empty() && !listed.any(|listed| listed.eq_ignore_ascii_case(&channel))
    })
}

/// A check for `phone`: a contact must have the number in one of its forms.
pub(super) fn number_check(number: &str) -> FilterCheck {
    let requested = RequestedNumber::new(number);
    FilterCheck::new("--phone", move |batch, row| {
        let forms = NUMBER_COLUMNS.filter_map(|column| number_in(batch, column, row));
        requested.contradicts(forms)
    })
}

fn number_in(batch: &RecordBatch, column: usize, row: usize) -> Option<&str> {
    let numbers = batch.column(column).as_string::<i32>();
    numbers.is_valid(row).then(|| numbers.value(row))
}

/// A requested number, to be compared with the forms of a contact's number.
pub(super) struct RequestedNumber {
    /// `None` if it has letters or digits of other scripts, which only the API understands.
    number: Option<ComparedNumber>,
}

impl RequestedNumber {
    pub(super) fn new(number: &str) -> Self {
        let is_plain = without_extension(number).chars().all(|char| char.is_ascii_digit() || !char.is_alphanumeric());
        Self { number: is_plain.then(|| ComparedNumber::new(number)) }
    }

    /// Whether a contact with these forms has another number. A contact without any number contradicts nothing. If both
    /// numbers have a calling code, forms without it are not compared.
    pub(super) fn contradicts<'a>(&self, forms: impl Iterator<Item = &'a str>) -> bool {
        let Some(number) = &self.number else { return false };
        let forms: Vec<ComparedNumber> =
            forms.map(ComparedNumber::new).filter(|form| !form.digits.is_empty()).collect();
        let has_code = number.has_code && forms.iter().any(|form| form.has_code);
        let mut compared = forms.iter().filter(|form| form.has_code || !has_code).peekable();
        compared.peek().is_some() && !compared.any(|form| number.may_equal(form))
    }
}

/// One form of a number.
struct ComparedNumber {
    digits: Vec<u8>,
    /// Whether the digits start with a calling code.
    has_code: bool,
}

impl ComparedNumber {
    fn new(text: &str) -> Self {
        let text = without_extension(text);
        let has_code = text.starts_with('+');
        let digits = text.bytes().take_while(|byte| !byte.is_ascii_alphabetic()).filter(u8::is_ascii_digit);
        // No calling code starts with 0, but +00 is written at times.
        Self { digits: digits.skip_while(|&digit| has_code && digit == b'0').collect(), has_code }
    }

    /// Whether two forms may be of the same number. With calling codes, no two numbers have equally many digits and differ
    /// in some. With more or fewer digits, only the calling code and the last digits tell, because prefixes and extra
    /// digits differ from country to country.
    fn may_equal(&self, other: &Self) -> bool {
        let last = |digits: &[u8]| digits[digits.len().saturating_sub(LAST_DIGITS)..].to_vec();
        let are_comparable = self.has_code && other.has_code;
        let has_other_code = are_comparable && self.digits.first() != other.digits.first();
        let differs = are_comparable && self.digits.len() == other.digits.len() && self.digits != other.digits;
        last(&self.digits) == last(&other.digits) && !has_other_code && !differs
    }
}

/// A number without the scheme and the parameters of RFC 3966.
fn without_extension(number: &str) -> &str {
    let number = number.trim();
    let number = number.strip_prefix("tel:").unwrap_or(number);
    number.split_once(';').map_or(number, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_recognized_in_any_of_its_forms() {
        let contradicts =
            |requested: &str, forms: &[&str]| RequestedNumber::new(requested).contradicts(forms.iter().copied());
        assert!(!contradicts("+12025550123", &["+12025550123"]));
        assert!(!contradicts("+1 (202) 555-0123", &["(none)", "tel:+1-202-555-0123"]));
        assert!(!contradicts("+44 020 7946 0018", &["+442079460018"]), "a trunk prefix");
        assert!(!contradicts("+551187654321", &["+5511987654321"]), "an extra digit of mobile numbers");
        assert!(!contradicts("+999123", &["999123"]), "shorter than what is compared");
        assert!(!contradicts("+12025550123", &[]), "without a number");
        assert!(!contradicts("+12025550123", &["", "(none)"]), "without digits");
        assert!(contradicts("+12025550123", &["+12025550124", "(202) 555-0124"]));
        assert!(contradicts("+12025550123", &["123"]), "a short number is not the end of a long one");
    }

    #[test]
    fn numbers_with_calling_codes_are_compared_in_all_digits() {
        let contradicts =
            |requested: &str, forms: &[&str]| RequestedNumber::new(requested).contradicts(forms.iter().copied());
        let neighbor = ["+19175557183", "+1 917-555-7183", "(917) 555-7183", "tel:+1-917-555-7183"];
        assert!(contradicts("+12025557183", &neighbor), "the area code differs");
        assert!(contradicts("+12025557183", &["+442025557183"]), "the calling code differs");
        assert!(contradicts("+12025557183", &["tel:+1-917-555-7183"]));
        assert!(!contradicts("+12025557183", &["(917) 555-7183"]), "without a calling code, only the last digits tell");
        assert!(!contradicts("2025557183", &["+12025557183"]));
        assert!(!contradicts("+12025557183", &["+19175557183", "tel:+1-202-555-7183"]), "one form is enough");
        assert!(!contradicts("+1 202 555 7183", &["+12025557183;ext=5"]));
        assert!(!contradicts("+12025557183;ext=5", &["+12025557183 ext 5"]));
        assert!(!contradicts("tel:+12025557183", &["+12025557183"]));
        // Forms that differ in their number of digits are those of other countries.
        assert!(!contradicts("+440207946 0018", &["+442079460018"]), "a trunk prefix");
        assert!(!contradicts("+36 06 30 123 4567", &["+36301234567"]), "a longer one");
        assert!(
            !contradicts("+541123456789", &["+5491123456789"]) && !contradicts("+5211234567890", &["+521234567890"])
        );
        assert!(!contradicts("+0044 20 7946 0018", &["+442079460018"]), "an international prefix");
        // Only the API knows what these are.
        assert!(!contradicts("+1 800 FLOWERS", &["+18003569377"]));
        assert!(!contradicts("+120255571\u{668}\u{663}", &["+12025557183"]));
    }
}
