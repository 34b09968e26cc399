//! The contents of a report as plain data: one document for each resource, made of the same parts.
//!
//! [`counts`](super::counts) fills a document, and [`view`](super::view) lays it out. It serializes to its JSON form.

pub(super) mod action;
pub(super) mod any_summary;
pub(super) mod change;
pub(super) mod consistency;
pub(super) mod contacts;
pub(super) mod delivery;
pub(super) mod filters;
pub(super) mod findings;
pub(super) mod input;
pub(super) mod notice;
pub(super) mod origin;
pub(super) mod profile;
pub(super) mod resource;
pub(super) mod run;
pub(super) mod run_changes;
pub(super) mod trend;
pub(super) mod values;

pub use self::action::{Action, ActionCode};
pub use self::any_summary::noun_of_json;
pub use self::change::{CountChange, CountChanges};
pub use self::consistency::ConsistencyFacts;
pub use self::contacts::{
    Comparison, Gross, GrossChanges, GroupsOfContact, OptOut, OptOutChange, Quality, RegionDetail,
    SUMMARY_SCHEMA_VERSION, Summary, UpdatedCounts, compare,
};
pub use self::delivery::{
    ComparedMessage, ContactReach, DELIVERY_SCHEMA_VERSION, Deliverability, DeliveryComparison, DeliveryQuality,
    DeliverySummary, DeliveryTimes, Failure, FromActivities, Funnel, Group, Groups, MessageChanges, Money, MoneyChange,
    Percentiles, PriceChanges, RateChange, Spending, StatusGross, Weekday, compare_deliveries,
};
pub use self::filters::Filters;
pub use self::findings::{Findings, RejectedSample};
pub use self::input::{InputEvidence, InputExport, InputReport};
pub use self::notice::{Notice, NoticeCode, verdict_of_json};
pub use self::origin::Origin;
pub use self::profile::{InputProfile, ProfileFacts, ProfileFailure};
pub use self::resource::ResourceDocument;
pub use self::run::RunFacts;
pub use self::run_changes::RunChanges;
pub use self::trend::TrendPoint;
pub use self::values::{Repeated, TimeRange};
