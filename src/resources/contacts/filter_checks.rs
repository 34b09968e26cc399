//! Whether contacts match the filters that the API was asked to apply.

use arrow::array::{Array, AsArray, RecordBatch};

use super::schema::column;
use crate::resources::FilterCheck;

/// The forms of a contact's number.
pub(super) const NUMBER_COLUMNS: std::ops::RangeInclusive<usize> = column::PHONE_NUMBER..=column::FORMAT_RFC;

/// Number of last digits that are compared. The digits before them depend on the form: with or without the calling code,
/// with a trunk prefix, with the extra digit of mobile numbers in Brazil or Argentina.
const COMPARED_DIGITS: usize = 7;

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
    last_digits: Vec<u8>,
}

impl RequestedNumber {
    pub(super) fn new(number: &str) -> Self {
        Self { last_digits: last_digits(number) }
    }

    /// Whether a contact with these forms has another number. A contact without any number contradicts nothing.
    pub(super) fn contradicts<'a>(&self, forms: impl Iterator<Item = &'a str>) -> bool {
        let mut has_number = false;
        for form in forms {
            let digits = last_digits(form);
            if !digits.is_empty() && digits == self.last_digits {
                return false;
            }
            has_number |= !digits.is_empty();
        }
        has_number
    }
}

/// The last digits, the last one first.
fn last_digits(number: &str) -> Vec<u8> {
    number.bytes().rev().filter(u8::is_ascii_digit).take(COMPARED_DIGITS).collect()
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
}
