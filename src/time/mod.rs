//! Moments and dates.

pub(crate) mod calendar;
