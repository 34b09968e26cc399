//! The document on messages and their delivery: [`DeliverySummary`], and how it compares with an older one.

mod absent;
pub(in crate::report) mod actions;
pub(in crate::report) mod activities;
mod compare;
pub(in crate::report) mod comparison;
pub(in crate::report) mod gross;
pub(in crate::report) mod group;
pub(in crate::report) mod money;
mod resource;
pub(in crate::report) mod summary;

pub use self::activities::FromActivities;
pub use self::compare::compare_deliveries;
pub use self::comparison::{DeliveryComparison, MoneyChange, RateChange};
pub use self::gross::{ComparedMessage, MessageChanges, PriceChanges, StatusGross};
pub use self::group::{Group, Groups};
pub use self::money::{Money, Spending};
pub use self::summary::{
    ContactReach, DELIVERY_SCHEMA_VERSION, Deliverability, DeliveryQuality, DeliverySummary, DeliveryTimes, Failure,
    Funnel, Percentiles, Weekday,
};
