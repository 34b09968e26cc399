//! The values of a column as cells of a workbook.
//!
//! Texts are always text cells: no phone number becomes a number, and no text a formula. Times are Excel dates, flags
//! booleans. A number is a number if Excel keeps all of its digits, and a text otherwise. Lists of texts are joined with
//! commas, other nested values are JSON.

use arrow::array::{Array, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, TimestampMicrosecondType};

use super::json::JsonValues;
use super::scalars::Scalars;
use super::texts::position;
use crate::time::MICROS_PER_DAY;

/// Significant digits of a number that Excel keeps.
const MAX_DIGITS: usize = 15;
/// 1970-01-01 as an Excel date, which counts days.
const DAY_1970: i64 = 25_569;
/// 1900-03-01: Excel takes 1900 for a leap year, so earlier dates have other numbers in other programs.
const FIRST_MICROS: i64 = -25_508 * MICROS_PER_DAY;
/// 10000-01-01, after which Excel has no dates.
const END_MICROS: i64 = (END_DAY - DAY_1970) * MICROS_PER_DAY;
const END_DAY: i64 = 2_958_466;

/// The value of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CellValue<'a> {
    Flag(bool),
    Number(f64),
    /// Days since the start of Excel's calendar.
    Time(f64),
    Text(&'a str),
}

/// A column of a batch as cells.
pub(super) struct CellColumn<'a> {
    nulls: Option<&'a NullBuffer>,
    values: CellValues<'a>,
}

enum CellValues<'a> {
    Text(&'a arrow::array::StringArray),
    Time(&'a PrimitiveArray<TimestampMicrosecondType>),
    Scalar(Scalars<'a>),
    /// Lists of texts, by their offsets.
    Joined(&'a [i32], &'a arrow::array::StringArray),
    /// As JSON.
    Nested(JsonValues<'a>),
}

impl<'a> CellColumn<'a> {
    pub(super) fn new(array: &'a dyn Array) -> Self {
        let values = match array.data_type() {
            DataType::List(item) if *item.data_type() == DataType::Utf8 => {
                let lists = array.as_list::<i32>();
                CellValues::Joined(lists.value_offsets(), lists.values().as_string())
            }
            DataType::List(_) | DataType::Struct(_) => CellValues::Nested(JsonValues::new(array)),
            DataType::Timestamp(..) => CellValues::Time(array.as_primitive()),
            _ => match Scalars::new(array) {
                Some(scalars) => CellValues::Scalar(scalars),
                None => CellValues::Text(array.as_string()),
            },
        };
        Self { nulls: array.nulls(), values }
    }

    /// The cell of a row; `None` for a null or an empty text. `text` is a buffer for converted values.
    pub(super) fn cell<'b>(&'b self, row: usize, text: &'b mut Vec<u8>) -> Option<CellValue<'b>> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        text.clear();
        let cell = match &self.values {
            CellValues::Text(values) => CellValue::Text(values.value(row)),
            CellValues::Time(values) => match excel_days(values.value(row)) {
                Some(days) => CellValue::Time(days),
                None => made(text, |text| Scalars::Time(values).push(row, text)),
            },
            CellValues::Scalar(Scalars::Flag(values)) => CellValue::Flag(values.value(row)),
            CellValues::Scalar(Scalars::Float(values)) if values.value(row).is_finite() => {
                CellValue::Number(values.value(row))
            }
            CellValues::Scalar(scalars) => {
                let digits = made(text, |text| scalars.push(row, text));
                number(digits)
            }
            CellValues::Joined(offsets, items) => made(text, |text| {
                for (at, item) in (position(offsets[row])..position(offsets[row + 1])).enumerate() {
                    if at > 0 {
                        text.push(b',');
                    }
                    text.extend_from_slice(items.value(item).as_bytes());
                }
            }),
            CellValues::Nested(values) => made(text, |text| values.push(row, text)),
        };
        (cell != CellValue::Text("")).then_some(cell)
    }
}

fn made(text: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) -> CellValue<'_> {
    push(text);
    CellValue::Text(std::str::from_utf8(text).expect("only texts and digits are pushed"))
}

/// A number if Excel keeps all of its digits.
fn number(cell: CellValue<'_>) -> CellValue<'_> {
    let CellValue::Text(text) = cell else { return cell };
    let digits = text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let value = if digits <= MAX_DIGITS { text.parse().ok().filter(|value: &f64| value.is_finite()) } else { None };
    value.map_or(cell, CellValue::Number)
}

/// A time as an Excel date, if there is one: exact to the microsecond until 2079.
fn excel_days(micros: i64) -> Option<f64> {
    let [day, rest] = [micros.div_euclid(MICROS_PER_DAY) + DAY_1970, micros.rem_euclid(MICROS_PER_DAY)];
    let days = || exact(day) + exact(rest) / exact(MICROS_PER_DAY);
    // The last microseconds of the year 9999 would be rounded up to the year 10000.
    (FIRST_MICROS..END_MICROS).contains(&micros).then(days).filter(|&days| days < exact(END_DAY))
}

/// A number of fewer than 53 bits.
#[expect(clippy::cast_precision_loss, reason = "days and microseconds of a day are far below 2^53")]
fn exact(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Decimal128Array, Int64Array};

    use super::*;
    use crate::time::Timestamp;

    fn cell_of(array: &ArrayRef) -> String {
        let column = CellColumn::new(array.as_ref());
        format!("{:?}", column.cell(0, &mut Vec::new()))
    }

    #[test]
    fn a_number_with_more_digits_than_excel_keeps_is_a_text() {
        let decimal = |value: i128| -> ArrayRef {
            Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(38, 6).unwrap())
        };
        let integer = |value: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
        for (array, wanted) in [
            (decimal(15_000), "Number(0.015)"),
            (decimal(0), "Number(0.0)"),
            (decimal(-1_000_000), "Number(-1.0)"),
            (decimal(999_999_999_999_999), "Number(999999999.999999)"),
            (decimal(1_000_000_000_000_001), "Text(\"1000000000.000001\")"),
            (integer(999_999_999_999_999), "Number(999999999999999.0)"),
            (integer(-1_234_567_890_123_456), "Text(\"-1234567890123456\")"),
        ] {
            assert_eq!(cell_of(&array), format!("Some({wanted})"));
        }
    }

    #[test]
    fn times_are_dates_of_excel_where_it_has_them() {
        let days = |text: &str| excel_days(Timestamp::parse_in_table(text).unwrap().micros());
        assert_eq!(days("1970-01-01T00:00:00Z"), Some(25_569.0));
        assert_eq!(days("1900-03-01T00:00:00Z"), Some(61.0));
        assert_eq!(days("2025-10-13T12:00:00Z"), Some(45_943.5));
        assert_eq!(days("9999-12-31T00:00:00Z"), Some(2_958_465.0));
        assert_eq!(days("1900-02-28T23:59:59Z"), None);
        assert_eq!([END_MICROS - 1, END_MICROS].map(excel_days), [None, None]);
        assert!(days("9999-12-31T23:59:59.999Z").is_some());
    }
}
