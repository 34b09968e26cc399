//! Dates of the Gregorian calendar, computed as .NET does: from the number of days since January 1 of year 1.
//!
//! The simulator does not use the exporter's calendar, because the code under test must not check itself.
//!
//! *Easy to get wrong:* without a limit, the last day of four years would count as part of a fifth year, and the last day of
//! 400 years as part of a fifth century. The unit tests check every day from year 1 to 9999.

/// Days from January 1 of year 1 to January 1 of 1970.
const DAYS_TO_1970: i64 = 719_162;
/// Days in 400 years, after which the calendar repeats.
const DAYS_OF_400_YEARS: u32 = 146_097;
/// Days in 100 years, except for the last 100 of 400.
const DAYS_OF_100_YEARS: u32 = 36_524;
/// Days in 4 years that end with a leap year.
const DAYS_OF_4_YEARS: u32 = 1_461;
/// Days before each month of a year that is not a leap year.
const DAYS_BEFORE_MONTH: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
/// Names of the days of the week, starting with that of January 1 of year 1.
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    /// From 1.
    pub(super) year: u32,
    /// From 1 to 12.
    pub(super) month: u32,
    /// The day of the month, from 1.
    pub(super) day: u32,
    days_since_year_one: u32,
}

impl Date {
    /// The date of a day counted from January 1 of 1970. Like .NET, it has no dates before year 1.
    pub(super) fn of_day(day: i64) -> Self {
        let days_since_year_one = u32::try_from(day.saturating_add(DAYS_TO_1970).max(0)).unwrap_or(u32::MAX);
        let (four_hundreds, rest) = (days_since_year_one / DAYS_OF_400_YEARS, days_since_year_one % DAYS_OF_400_YEARS);
        let hundreds = (rest / DAYS_OF_100_YEARS).min(3);
        let rest = rest - hundreds * DAYS_OF_100_YEARS;
        let (fours, rest) = (rest / DAYS_OF_4_YEARS, rest % DAYS_OF_4_YEARS);
        let ones = (rest / 365).min(3);
        let day_of_year = rest - ones * 365;
        let is_leap_year = ones == 3 && (fours != 24 || hundreds == 3);
        let days_before = |month: u32| DAYS_BEFORE_MONTH[month as usize] + u32::from(is_leap_year && month > 1);
        let month = (1..12).rev().find(|&month| days_before(month) <= day_of_year).unwrap_or(0);
        Self {
            year: four_hundreds * 400 + hundreds * 100 + fours * 4 + ones + 1,
            month: month + 1,
            day: day_of_year - days_before(month) + 1,
            days_since_year_one,
        }
    }

    /// The day of the week, as in HTTP headers.
    pub(super) fn weekday(self) -> &'static str {
        WEEKDAYS[self.days_since_year_one as usize % WEEKDAYS.len()]
    }

    /// The name of the month, as in HTTP headers.
    pub(super) fn month_name(self) -> &'static str {
        MONTHS[self.month as usize - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days_in(year: u32, month: u32) -> u32 {
        match month {
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    #[test]
    fn every_day_follows_the_one_before_it() {
        let mut expected = (1, 1, 1);
        for day in -DAYS_TO_1970.. {
            let date = Date::of_day(day);
            assert_eq!((date.year, date.month, date.day), expected);
            let (year, month, of_month) = expected;
            expected = match (month, of_month == days_in(year, month)) {
                (_, false) => (year, month, of_month + 1),
                (12, true) => (year + 1, 1, 1),
                (_, true) => (year, month + 1, 1),
            };
            if expected.0 > 9_999 {
                assert_eq!(day, 2_932_896);
                break;
            }
        }
    }

    #[test]
    fn days_have_their_names() {
        for (day, name) in [(0, "Thu"), (-1, "Wed"), (20_454, "Thu"), (20_455, "Fri")] {
            assert_eq!(Date::of_day(day).weekday(), name, "{day}");
        }
        assert_eq!(Date::of_day(20_454).month_name(), "Jan");
    }

    #[test]
    fn no_date_is_before_year_one() {
        let date = Date::of_day(i64::MIN);
        assert_eq!((date.year, date.month, date.day), (1, 1, 1));
    }
}
