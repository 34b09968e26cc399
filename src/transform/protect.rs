//! Masks or hashes the phone numbers of a batch, according to the marks in its schema.
//!
//! *Easy to get wrong:* a number without a calling code means nothing by itself, so the hash of the row's number is used.
//! The API derives each form from those before it, so that number is the last form with a calling code.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder, new_null_array};
use arrow::error::ArrowError;

use super::key::PhoneKey;
use super::phone::{PhoneNumber, is_sender_name, write_masked};
use super::quoted::without_numbers;
use crate::resources::Personal;

/// How phone numbers are protected.
#[derive(Debug, Clone)]
pub enum PhoneProtection {
    /// The calling code and the last two digits are kept.
    Mask,
    /// HMAC-SHA-256 with this key.
    Hash(PhoneKey),
}

/// How a column is protected, with the name in manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protected {
    /// Numbers are masked.
    Masked,
    /// Numbers are hashed.
    Hashed,
    /// Numbers quoted in texts are replaced.
    NumbersRemoved,
}

impl PhoneProtection {
    /// How a column with a mark is protected; `None` for free text, which cannot be protected and becomes null.
    pub fn of(&self, mark: Personal) -> Option<Protected> {
        match (mark, self) {
            (Personal::Number | Personal::Sender, Self::Mask) => Some(Protected::Masked),
            (Personal::Number | Personal::Sender, Self::Hash(_)) => Some(Protected::Hashed),
            (Personal::Quotes, _) => Some(Protected::NumbersRemoved),
            (Personal::FreeText, _) => None,
        }
    }

    /// The columns of a batch without readable phone numbers. Columns for which `is_needed` is false, by position, become
    /// null.
    ///
    /// # Errors
    /// When Arrow cannot rebuild a column, which is a bug.
    pub(super) fn protect(
        &self,
        batch: &RecordBatch,
        is_needed: impl Fn(usize) -> bool,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let schema = batch.schema();
        let marks: Vec<_> = schema.fields().iter().map(|field| Personal::of(field)).collect();
        let is_number = |mark: Option<Personal>| matches!(mark, Some(Personal::Number | Personal::Sender));
        let numbers: Vec<usize> = (0..marks.len()).filter(|&column| is_number(marks[column])).collect();
        let mut hashed = match self {
            Self::Hash(key) if numbers.iter().any(|&column| is_needed(column)) => {
                let columns = numbers.iter().map(|&column| (batch.column(column).as_string(), marks[column]));
                hash_columns(key, &columns.collect::<Vec<_>>())
            }
            _ => Vec::new(),
        }
        .into_iter();
        let protect = |(column, mark): (usize, &Option<Personal>)| {
            let values = batch.column(column);
            // Taken for each column with numbers, needed or not.
            let hashed = if is_number(*mark) { hashed.next() } else { None };
            Ok(match mark {
                None => Arc::clone(values),
                Some(_) if !is_needed(column) => new_null_array(values.data_type(), values.len()),
                Some(Personal::FreeText) => new_null_array(values.data_type(), values.len()),
                Some(Personal::Quotes) => without_numbers(values)?,
                Some(mark @ (Personal::Number | Personal::Sender)) => match hashed {
                    Some(hashed) => Arc::new(hashed),
                    None => Arc::new(mask_column(values.as_string(), *mark)),
                },
            })
        };
        marks.iter().enumerate().map(protect).collect()
    }
}

fn stays(text: &str, mark: Personal) -> bool {
    mark == Personal::Sender && is_sender_name(text)
}

fn mask_column(texts: &StringArray, mark: Personal) -> StringArray {
    let mut masked = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
    for text in texts {
        match text {
            Some(text) if stays(text, mark) => masked.append_value(text),
            Some(text) => {
                write_masked(text, &mut masked).expect("a builder takes every text");
                masked.append_value("");
            }
            None => masked.append_null(),
        }
    }
    masked.finish()
}

/// Hashes the columns with numbers. Anything that is not a number becomes null, so that joins do not match it.
fn hash_columns(key: &PhoneKey, columns: &[(&StringArray, Option<Personal>)]) -> Vec<StringArray> {
    const HASH_LENGTH: usize = 64;
    let rows = columns.first().map_or(0, |(texts, _)| texts.len());
    let mut builders: Vec<_> = columns.iter().map(|_| StringBuilder::with_capacity(rows, rows * HASH_LENGTH)).collect();
    let (mut canonical, mut hashed, mut hash) = (String::new(), String::new(), String::new());
    for row in 0..rows {
        let texts = columns.iter().map(|&(texts, _)| texts.is_valid(row).then(|| texts.value(row)));
        let values: Vec<_> = texts.map(|text| (text, text.and_then(PhoneNumber::read))).collect();
        let of_row = values.iter().rev().find_map(|(_, number)| number.filter(PhoneNumber::is_international));
        for (((text, number), (_, mark)), builder) in values.iter().zip(columns).zip(&mut builders) {
            let is_name = text.zip(*mark).is_some_and(|(text, mark)| stays(text, mark));
            let number = match number {
                _ if is_name => {
                    builder.append_option(*text);
                    continue;
                }
                Some(number) if number.is_international() => *number,
                Some(number) => of_row.unwrap_or(*number),
                None => {
                    builder.append_null();
                    continue;
                }
            };
            canonical.clear();
            number.write_canonical(&mut canonical);
            // The forms in a row are mostly those of one number.
            if canonical != hashed {
                hash.clear();
                key.push_hash(&canonical, &mut hash);
                hashed.clone_from(&canonical);
            }
            builder.append_value(&hash);
        }
    }
    builders.iter_mut().map(StringBuilder::finish).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::BuildBatches;
    use crate::resources::activities::activities_schema;
    use crate::resources::contacts::{BatchBuilder, column, decode_page};

    fn batch(contacts: &serde_json::Value) -> RecordBatch {
        let body = serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string();
        let page = decode_page(&body.into()).unwrap().data.unwrap().items.unwrap();
        let mut batches = BatchBuilder::default();
        batches.append(&page, &vec![true; contacts.as_array().unwrap().len()]);
        batches.finish().unwrap()
    }

    fn key() -> PhoneKey {
        PhoneKey::new(b"0123456789abcdef").unwrap()
    }

    fn hash(canonical: &str) -> String {
        let mut hash = String::new();
        key().push_hash(canonical, &mut hash);
        hash
    }

    fn texts(columns: &[ArrayRef], column: usize) -> Vec<Option<&str>> {
        columns[column].as_string::<i32>().iter().collect()
    }

    #[test]
    fn one_number_has_one_hash_in_all_forms_and_in_all_rows() {
        let contacts = serde_json::json!([
            {
                "id": "1", "phone_number": "202 555 0123", "format_e164": "+12025550123",
                "format_international": "+1 202-555-0123", "format_national": "(202) 555-0123",
                "format_rfc": "tel:+1-202-555-0123", "country_code": "1",
            },
            {"id": "2", "phone_number": "+1 (202) 555-0123", "country_code": "12025550123"},
            {"id": "3", "phone_number": "2025550123", "format_national": "=cmd|' /C calc'!A0"},
            {"id": "4"},
        ]);
        let columns = PhoneProtection::Hash(key()).protect(&batch(&contacts), |_| true).unwrap();
        let (number, local) = (hash("+12025550123"), hash("2025550123"));
        let [number, local] = [Some(number.as_str()), Some(local.as_str())];
        assert_eq!(texts(&columns, column::PHONE_NUMBER), [number, number, local, None]);
        assert_eq!(texts(&columns, column::FORMAT_NATIONAL), [number, None, None, None], "not a number is null");
        for column in [column::FORMAT_E164, column::FORMAT_INTERNATIONAL, column::FORMAT_RFC] {
            assert_eq!(texts(&columns, column), [number, None, None, None]);
        }
        assert_eq!(texts(&columns, column::COUNTRY_CODE), [Some("1"), Some("***"), None, None]);
        assert_eq!(texts(&columns, column::ID), ["1", "2", "3", "4"].map(Some));
    }

    #[test]
    fn masked_columns_keep_their_nulls_and_columns_that_are_not_needed_are_null() {
        let contacts = serde_json::json!([
            {"id": "1", "phone_number": "+12025550123", "format_e164": "+12025550123"},
            {"id": "2", "phone_number": "secret"},
            {"id": "3"},
        ]);
        let batch = batch(&contacts);
        let columns = PhoneProtection::Mask.protect(&batch, |at| at != column::FORMAT_E164).unwrap();
        assert_eq!(texts(&columns, column::PHONE_NUMBER), [Some("+1********23"), Some("***"), None]);
        assert_eq!(texts(&columns, column::FORMAT_E164), [None; 3]);
        RecordBatch::try_new(batch.schema(), columns).unwrap();
    }

    #[test]
    fn names_of_senders_stay_and_numbers_in_descriptions_do_not() {
        let schema = activities_schema();
        let text = |values: [Option<&str>; 3]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
        let column = |field: &Arc<arrow::datatypes::Field>| match field.name().as_str() {
            "from" => text([Some("ACME"), Some("+12025550123"), Some("28849")]),
            "description" => text([Some("to 2025550123"), None, Some("sent")]),
            _ => new_null_array(field.data_type(), 3),
        };
        let fields: Vec<_> = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
        let columns = schema.fields().iter().map(column).collect();
        let batch = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap();
        let [from, description] = ["from", "description"].map(|name| schema.index_of(name).unwrap());
        let masked = PhoneProtection::Mask.protect(&batch, |_| true).unwrap();
        assert_eq!(texts(&masked, from), [Some("ACME"), Some("+1********23"), Some("***")]);
        assert_eq!(texts(&masked, description), [Some("to ***"), None, Some("sent")]);
        let hashed = PhoneProtection::Hash(key()).protect(&batch, |_| true).unwrap();
        let [number, code] = [hash("+12025550123"), hash("28849")];
        assert_eq!(texts(&hashed, from), [Some("ACME"), Some(number.as_str()), Some(code.as_str())]);
    }
}
