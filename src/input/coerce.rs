//! Converts the values of a file to the columns of the schema, in the same way for every format.
//!
//! A CSV file has texts. A Parquet file that another tool wrote can have other types: channels as one text, dates as text
//! or as days, codes as numbers, flags as 0 and 1. Values become text first, unless they have the right type already, and
//! [`ColumnBuilder`] parses that text, so that the same table gives the same counts in every format.
//!
//! *Easy to get wrong:* an empty cell of a CSV file may be null or an empty text. Both are null here, in every format.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanBuilder, Decimal128Builder, ListArray, ListBuilder,
    PrimitiveArray, StringArray, StringBuilder, TimestampMicrosecondBuilder, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Float64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;
use uuid::Uuid;

use super::events::{EventsBuilder, can_read_events, coerce_events};
use super::text::{amount_of, flag_of, names_of};
use crate::format::array_items;
use crate::time::Timestamp;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Start of the year 10000; reports have no later times.
const YEAR_10000: i64 = 253_402_300_800_000_000;

/// Builds a column from texts.
pub(super) struct ColumnBuilder {
    builder: Builder,
    /// Texts that could not be read and became null.
    malformed: u64,
}

enum Builder {
    Text(StringBuilder),
    Flag(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    List(ListBuilder<StringBuilder>),
    Amount(Decimal128Builder),
    Events(Box<EventsBuilder>),
}

impl ColumnBuilder {
    pub(super) fn new(wanted: &DataType) -> Self {
        let builder = match wanted {
            DataType::Boolean => Builder::Flag(BooleanBuilder::new()),
            DataType::Timestamp(..) => Builder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            DataType::Decimal128(..) => Builder::Amount(Decimal128Builder::new().with_data_type(wanted.clone())),
            DataType::List(item) if item.data_type().is_nested() => Builder::Events(Box::new(EventsBuilder::new(item))),
            DataType::List(item) => Builder::List(ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(item))),
            _ => Builder::Text(StringBuilder::new()),
        };
        Self { builder, malformed: 0 }
    }

    /// Adds a cell; an empty text is null.
    pub(super) fn push(&mut self, text: Option<&str>) {
        let text = text.filter(|text| !text.is_empty());
        let is_read = match &mut self.builder {
            Builder::Text(texts) => {
                texts.append_option(text);
                true
            }
            Builder::Flag(flags) => {
                let flag = text.and_then(flag_of);
                flags.append_option(flag);
                flag.is_some()
            }
            Builder::Time(times) => {
                let micros = text.and_then(Timestamp::parse_in_table).map(Timestamp::micros);
                times.append_option(micros);
                micros.is_some()
            }
            Builder::List(lists) => {
                match text.and_then(array_items) {
                    Some(items) => {
                        let names = items.iter().flat_map(|item| names_of(item));
                        names.for_each(|name| lists.values().append_value(name));
                    }
                    None => text.into_iter().flat_map(names_of).for_each(|name| lists.values().append_value(name)),
                }
                lists.append(true);
                true
            }
            Builder::Amount(amounts) => {
                let amount = text.and_then(amount_of);
                amounts.append_option(amount);
                amount.is_some()
            }
            Builder::Events(events) => events.push(text),
        };
        self.malformed += u64::from(text.is_some() && !is_read);
    }

    /// Returns the column and starts over.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match &mut self.builder {
            Builder::Text(texts) => Arc::new(texts.finish()),
            Builder::Flag(flags) => Arc::new(flags.finish()),
            Builder::Time(times) => Arc::new(times.finish()),
            Builder::List(lists) => Arc::new(lists.finish()),
            Builder::Amount(amounts) => Arc::new(amounts.finish()),
            Builder::Events(events) => events.finish(),
        }
    }

    /// Texts that could not be read, in all columns returned so far.
    pub(super) fn malformed(&self) -> u64 {
        self.malformed
    }
}

/// Whether values of a type can be read as those of a column.
pub(super) fn can_read(wanted: &DataType, found: &DataType) -> bool {
    match (wanted, found) {
        (_, DataType::Null)
        | (DataType::Timestamp(..), DataType::Timestamp(..) | DataType::Date32 | DataType::Date64) => true,
        (_, DataType::Dictionary(_, values)) => can_read(wanted, values),
        (DataType::List(item), found) if item.data_type().is_nested() => {
            is_text(found) || item_type(found).is_some_and(|found| can_read_events(item.data_type(), found, can_read))
        }
        (DataType::Decimal128(..), found) => is_word(found) && *found != DataType::Boolean,
        (DataType::List(_), found) => item_type(found).map_or_else(|| is_text(found), is_item),
        (DataType::Timestamp(..), found) => is_text(found),
        (DataType::Boolean, found) => is_word(found),
        (_, found) => is_word(found) || *found == DataType::FixedSizeBinary(16),
    }
}

/// An array of a type that [`can_read`] allows as a column of the wanted type, and how many of its values could not be
/// read.
///
/// # Errors
/// When Arrow cannot convert it.
pub(super) fn coerce(wanted: &DataType, array: &ArrayRef) -> Result<(ArrayRef, u64), ArrowError> {
    match (wanted, array.data_type()) {
        (DataType::Decimal128(..), found) if found == wanted => Ok((Arc::clone(array), 0)),
        (DataType::List(item), found) if item.data_type().is_nested() => match item_type(found) {
            Some(found) => coerce_events(item, array, found, coerce),
            None => from_texts(wanted, array),
        },
        (DataType::List(_), DataType::Null) => from_texts(wanted, array),
        (_, DataType::Null) => Ok((new_null_array(wanted, array.len()), 0)),
        (_, DataType::Dictionary(_, values)) => coerce(wanted, &cast(array, values)?),
        (DataType::Boolean, DataType::Boolean) => Ok((Arc::clone(array), 0)),
        (DataType::Utf8, DataType::Utf8) if !has_empty(array.as_string()) => Ok((Arc::clone(array), 0)),
        (DataType::Timestamp(..), found) => match to_micros(array, found) {
            Some(times) => Ok(times),
            None => from_texts(wanted, array),
        },
        (DataType::List(_), found) if item_type(found).is_some() => lists(wanted, array),
        _ => from_texts(wanted, array),
    }
}

fn is_text(found: &DataType) -> bool {
    use DataType::{Binary, BinaryView, LargeBinary, LargeUtf8, Utf8, Utf8View};
    // Some tools do not mark their bytes as UTF-8.
    matches!(found, Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView)
}

/// Whether every value of a type has a plain text form.
fn is_word(found: &DataType) -> bool {
    let is_decimal = matches!(found, DataType::Decimal32(..) | DataType::Decimal64(..))
        || matches!(found, DataType::Decimal128(..) | DataType::Decimal256(..));
    is_text(found) || found.is_integer() || found.is_floating() || is_decimal || *found == DataType::Boolean
}

fn item_type(found: &DataType) -> Option<&DataType> {
    use DataType::{FixedSizeList, LargeList, LargeListView, List, ListView};
    match found {
        List(item) | LargeList(item) | ListView(item) | LargeListView(item) | FixedSizeList(item, _) => {
            Some(item.data_type())
        }
        _ => None,
    }
}

fn is_item(found: &DataType) -> bool {
    match found {
        DataType::Dictionary(_, values) => is_item(values),
        found => is_text(found) || *found == DataType::Null,
    }
}

/// The values of an array as texts, and how many of them have no text form and are null.
pub(super) fn texts(array: &ArrayRef) -> Result<(StringArray, u64), ArrowError> {
    let texts: StringArray = match array.data_type() {
        DataType::FixedSizeBinary(16) => {
            let uuids = array.as_fixed_size_binary();
            let text = |value: Option<&[u8]>| value.and_then(|value| Uuid::from_slice(value).ok());
            uuids.iter().map(|value| text(value).map(|uuid| uuid.to_string())).collect()
        }
        // Some tools write integers as floats if any is null: "1.0" means "1", and NaN means null.
        found if found.is_floating() => {
            let numbers = cast(array, &DataType::Float64)?;
            let numbers = numbers.as_primitive::<Float64Type>();
            numbers.iter().map(|number| number.filter(|number| !number.is_nan()).map(|n| n.to_string())).collect()
        }
        _ => cast(array, &DataType::Utf8)?.as_string::<i32>().clone(),
    };
    let lost = if array.data_type().is_floating() { 0 } else { texts.null_count() - array.logical_null_count() };
    Ok((texts, lost as u64))
}

fn from_texts(wanted: &DataType, array: &ArrayRef) -> Result<(ArrayRef, u64), ArrowError> {
    let (texts, lost) = texts(array)?;
    let mut builder = ColumnBuilder::new(wanted);
    texts.iter().for_each(|text| builder.push(text));
    Ok((builder.finish(), builder.malformed() + lost))
}

fn has_empty(texts: &StringArray) -> bool {
    let is_empty = |(row, ends): (usize, &[i32])| ends[0] == ends[1] && texts.is_valid(row);
    texts.value_offsets().windows(2).enumerate().any(is_empty)
}

/// Lists of texts. Null lists become empty, and nulls in lists are skipped.
fn lists(wanted: &DataType, array: &ArrayRef) -> Result<(ArrayRef, u64), ArrowError> {
    let DataType::List(field) = wanted else { return Ok((Arc::clone(array), 0)) };
    if let Some(lists) = array.as_list_opt::<i32>().filter(|lists| are_plain(lists)) {
        // Other tools give the items another name, and allow nulls among them.
        let (offsets, names) = (lists.offsets().clone(), Arc::clone(lists.values()));
        return Ok((Arc::new(ListArray::try_new(Arc::clone(field), offsets, names, None)?), 0));
    }
    let item = |data_type| Arc::new(arrow::datatypes::Field::new("element", data_type, true));
    let lists = cast(array, &DataType::List(item(DataType::Utf8)))?;
    let lists = lists.as_list::<i32>();
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(field));
    for list in lists {
        if let Some(list) = list {
            let names = list.as_string::<i32>().iter().flatten().flat_map(names_of);
            names.for_each(|name| builder.values().append_value(name));
        }
        builder.append(true);
    }
    Ok((Arc::new(builder.finish()), 0))
}

/// Whether lists need no conversion: no nulls, and every name as it would be parsed from text.
fn are_plain(lists: &ListArray) -> bool {
    let Some(names) = lists.values().as_string_opt::<i32>() else { return false };
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let has_nulls = lists.null_count() > 0 || names.null_count() > 0;
    !has_nulls && !has_empty(names) && names.value_data().iter().all(is_plain)
}

/// Times of any unit as microseconds, and how many are out of range; `None` for other types.
fn to_micros(array: &ArrayRef, found: &DataType) -> Option<(ArrayRef, u64)> {
    Some(match found {
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let times = array.as_primitive::<TimestampMicrosecondType>();
            if times.values().iter().all(|&micros| micros < YEAR_10000) {
                let is_utc = zone.as_deref() == Some("UTC");
                let times = if is_utc { Arc::clone(array) } else { Arc::new(times.clone().with_timezone("UTC")) };
                return Some((times, 0));
            }
            times_of(times, Some)
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            times_of(array.as_primitive::<TimestampSecondType>(), |seconds| seconds.checked_mul(1_000_000))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            times_of(array.as_primitive::<TimestampMillisecondType>(), |millis| millis.checked_mul(1000))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            times_of(array.as_primitive::<TimestampNanosecondType>(), |nanos| Some(nanos.div_euclid(1000)))
        }
        DataType::Date32 => {
            times_of(array.as_primitive::<Date32Type>(), |days| i64::from(days).checked_mul(MICROS_PER_DAY))
        }
        DataType::Date64 => times_of(array.as_primitive::<Date64Type>(), |millis| millis.checked_mul(1000)),
        _ => return None,
    })
}

fn times_of<T: ArrowPrimitiveType>(
    times: &PrimitiveArray<T>,
    to_micros: impl Fn(T::Native) -> Option<i64>,
) -> (ArrayRef, u64) {
    let micros = |time| to_micros(time).filter(|&micros| micros < YEAR_10000);
    let converted: PrimitiveArray<TimestampMicrosecondType> = times.iter().map(|time| time.and_then(micros)).collect();
    let lost = converted.null_count() - times.null_count();
    (Arc::new(converted.with_timezone("UTC")), lost as u64)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;
    use crate::input::Content;

    /// Arrays as other tools write them.
    fn foreign_arrays() -> Vec<ArrayRef> {
        let list = |name: &str, is_nullable: bool| {
            let item = Arc::new(Field::new(name, DataType::Utf8, is_nullable));
            let mut lists = ListBuilder::new(StringBuilder::new()).with_field(item);
            lists.values().append_value("sms");
            lists.append(true);
            Arc::new(lists.finish()) as ArrayRef
        };
        let times = |zone: Option<&str>| {
            let times = PrimitiveArray::<TimestampMicrosecondType>::from(vec![7]);
            Arc::new(times.with_timezone_opt(zone.map(str::to_owned))) as ArrayRef
        };
        let text: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
        let types = [
            DataType::LargeUtf8,
            DataType::Utf8View,
            DataType::Int32,
            DataType::Float64,
            DataType::Decimal128(10, 2),
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        ];
        let cast_texts = types.iter().map(|data_type| cast(&text, data_type).unwrap());
        let others = [
            list("item", true),
            list("element", false),
            times(None),
            times(Some("+00:00")),
            times(Some("UTC")),
            new_null_array(&DataType::Null, 1),
        ];
        cast_texts.chain(others).chain([Arc::clone(&text)]).collect()
    }

    #[test]
    fn what_can_be_read_has_the_type_of_its_column() {
        for content in [Content::Contacts, Content::Messages] {
            for wanted in [content.schema(), content.full_schema()] {
                for field in wanted.fields() {
                    for array in foreign_arrays() {
                        if can_read(field.data_type(), array.data_type()) {
                            let (read, _) = coerce(field.data_type(), &array).unwrap();
                            assert_eq!(read.data_type(), field.data_type(), "{field} from {}", array.data_type());
                        }
                    }
                }
            }
        }
    }
}
