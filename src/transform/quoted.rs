//! Phone numbers that the service or a carrier quotes in a text: `message to +12025550123 was rejected`.
//!
//! A number is a sequence of seven or more digits, with single separators such as spaces, dots and brackets between them.
//! Dates with times have that form, too, and are also replaced: a text for people loses little by that.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray, StringBuilder, StructArray};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::phone::{HIDDEN, is_separator};

/// Minimum number of digits of a number; error codes and short codes have fewer.
const MIN_DIGITS: usize = 7;
/// Maximum number of consecutive separators between two digits, as in `) ` or ` (`.
const MAX_SIGNS: usize = 2;

/// Appends a text with each number replaced.
pub(super) fn write_without_numbers(text: &str, clean: &mut impl Write) -> std::fmt::Result {
    let mut rest = text;
    while let Some(start) = rest.find(char::is_numeric) {
        let (digits, length) = run_of_digits(&rest[start..]);
        clean.write_str(&rest[..start])?;
        clean.write_str(if digits < MIN_DIGITS { &rest[start..start + length] } else { HIDDEN })?;
        rest = &rest[start + length..];
    }
    clean.write_str(rest)
}

/// The number of digits in the sequence at the start of a text, and its length in bytes up to the last digit.
fn run_of_digits(text: &str) -> (usize, usize) {
    let (mut digits, mut length, mut signs) = (0, 0, 0);
    for (at, character) in text.char_indices() {
        if character.is_numeric() {
            (digits, length, signs) = (digits + 1, at + character.len_utf8(), 0);
        } else if signs < MAX_SIGNS && is_separator(character) {
            signs += 1;
        } else {
            break;
        }
    }
    (digits, length)
}

/// The same column with each number in its texts replaced; lists and structs keep their shape, other types their values.
///
/// # Errors
/// When Arrow cannot rebuild the column, which is a bug.
pub(super) fn without_numbers(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match column.data_type() {
        DataType::Utf8 => Arc::new(clean_texts(column.as_string())),
        DataType::List(item) => {
            let lists = column.as_list::<i32>();
            let items = without_numbers(lists.values())?;
            Arc::new(ListArray::try_new(Arc::clone(item), lists.offsets().clone(), items, lists.nulls().cloned())?)
        }
        DataType::Struct(fields) => {
            let structs = column.as_struct();
            let members = structs.columns().iter().map(without_numbers).collect::<Result<Vec<_>, _>>()?;
            let nulls = structs.nulls().cloned();
            Arc::new(StructArray::try_new_with_length(fields.clone(), members, nulls, structs.len())?)
        }
        _ => Arc::clone(column),
    })
}

fn clean_texts(texts: &StringArray) -> StringArray {
    let mut clean = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
    for text in texts {
        match text {
            Some(text) => {
                write_without_numbers(text, &mut clean).expect("a builder takes every text");
                clean.append_value("");
            }
            None => clean.append_null(),
        }
    }
    clean.finish()
}

#[cfg(test)]
mod tests {
    use arrow::array::Int32Array;
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::Field;

    use super::*;

    fn clean(text: &str) -> String {
        let mut clean = String::new();
        write_without_numbers(text, &mut clean).unwrap();
        clean
    }

    #[test]
    fn numbers_are_replaced_and_codes_stay() {
        for (text, wanted) in [
            ("to +12025550123 rejected", "to +*** rejected"),
            ("(202) 555-0123: unreachable", "(***: unreachable"),
            ("error 30007, code 1-2-3", "error 30007, code 1-2-3"),
            ("2025550123", "***"),
            ("a2025550123b 17", "a***b 17"),
            ("20 25 55 01 23 and 4", "*** and 4"),
            ("٢٠٢٥٥٥٠١٢٣", "***"),
            ("1   2   3   4   5   6   7", "1   2   3   4   5   6   7"),
            ("", ""),
            ("no digits", "no digits"),
        ] {
            assert_eq!(clean(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn texts_inside_of_lists_and_structs_are_replaced_too() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("call 2025550123"), None, Some("30007")]));
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 2_025_550_123]));
        let fields = vec![Field::new("reason", DataType::Utf8, true), Field::new("at", DataType::Int32, false)].into();
        let structs = StructArray::try_new(fields, vec![texts, Arc::clone(&numbers)], None).unwrap();
        let item = Arc::new(Field::new("element", structs.data_type().clone(), false));
        let offsets = OffsetBuffer::from_lengths([2, 0, 1]);
        let lists: ArrayRef = Arc::new(ListArray::try_new(item, offsets, Arc::new(structs), None).unwrap());
        let clean = without_numbers(&lists).unwrap();
        assert_eq!(clean.data_type(), lists.data_type());
        let inside = clean.as_list::<i32>().values().as_struct().clone();
        let reasons: Vec<_> = inside.column(0).as_string::<i32>().iter().collect();
        assert_eq!(reasons, [Some("call ***"), None, Some("30007")]);
        assert_eq!(inside.column(1), &numbers);
    }
}
