//! The document on messages. Its JSON form (`schema/delivery.schema.json`) has the fields in this order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::action::Action;
use super::super::findings::RejectedSample;
use super::super::origin::Origin;
use super::super::trend::TrendPoint;
use super::super::values::TimeRange;
use super::activities::FromActivities;
use super::comparison::DeliveryComparison;
use super::group::{Group, Groups};
use crate::report::table::Table;

/// Version of the JSON form; see [`ResourceDocument::SCHEMA_VERSION`](crate::report::ResourceDocument::SCHEMA_VERSION).
pub const DELIVERY_SCHEMA_VERSION: u32 = 1;

/// The resource of a document, so that a summary of another resource is rejected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentResource {
    /// Messages.
    #[default]
    Messages,
}

/// The report on the messages of a run or of files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeliverySummary {
    /// [`DELIVERY_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// `messages`.
    pub resource: DocumentResource,
    /// Time of the report, RFC 3339, UTC.
    pub as_of: String,
    /// Limit of `--min-cell`: smaller groups are merged, and counts are suppressed if they or their complements are
    /// smaller.
    pub min_cell: Option<u64>,
    /// Messages.
    pub messages: u64,
    /// The activities that the messages were counted from; absent if the messages themselves were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_activities: Option<FromActivities>,
    /// All messages as one group.
    pub total: Group,
    /// Messages by `direction`.
    pub directions: Table,
    /// Messages by `status`, in both directions.
    pub statuses: Table,
    /// How far outbound messages got; `None` if files lack a column for it.
    pub funnel: Option<Funnel>,
    /// Outbound messages that reached the carrier of the contact; `None` if files lack a column for it.
    pub deliverability: Option<Deliverability>,
    /// By `channel`.
    pub channels: Groups,
    /// By `region_code`.
    pub regions: Groups,
    /// English names of these regions, as far as ISO 3166-1 has them.
    pub region_names: BTreeMap<String, String>,
    /// By `template_name`; messages without a template count as `none`.
    pub templates: Groups,
    /// Messages by `template_category`; messages without a template count as `none`.
    pub template_categories: Table,
    /// By the day of `created_at`, UTC, as `2026-03-01`.
    pub days: Groups,
    /// Messages by the hour of `created_at`, UTC, from `00` to `23`.
    pub hours: Table,
    /// Messages by weekday and hour of `created_at`, UTC; empty if `--min-cell` suppresses any cell.
    pub hours_by_weekday: Vec<Weekday>,
    /// The earliest and the latest `created_at`.
    pub created_range: TimeRange,
    /// Why messages failed, were filtered or blocked, most frequent first.
    pub failures: Vec<Failure>,
    /// How long outbound messages took, for all channels together.
    pub times: DeliveryTimes,
    /// The same by channel. Channels beyond the first few are counted together.
    pub times_by_channel: BTreeMap<String, DeliveryTimes>,
    /// Contacts that were messaged and that replied; `None` if files lack a column for it.
    pub contacts: Option<ContactReach>,
    /// Possible errors in the data.
    pub quality: DeliveryQuality,
    /// Items that could not be converted to messages, by reason.
    pub rejected: Table,
    /// Examples of these items.
    pub rejected_samples: Vec<RejectedSample>,
    /// Where the numbers come from.
    #[serde(flatten)]
    pub origin: Origin,
    /// The same counts at several times, the oldest first; empty unless it is compared with more than one older state.
    #[serde(skip_deserializing)]
    pub trend: Vec<TrendPoint>,
    /// What to do; filled only in the JSON form.
    #[serde(skip_deserializing)]
    pub actions: Vec<Action>,
    /// What changed since an older summary.
    #[serde(skip_deserializing)]
    pub comparison: Option<DeliveryComparison>,
}

/// How far outbound messages got, by their status and events. Each count includes the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// All outbound messages.
    pub queued: u64,
    /// Were `SENT`, `DELIVERED` or `READ` at any time.
    pub sent: u64,
    /// Were `DELIVERED` or `READ` at any time.
    pub delivered: u64,
    /// Were `READ` at any time; only `WhatsApp` and RCS report this.
    pub read: u64,
}

/// Successful outbound messages, by two definitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliverability {
    /// Outbound messages whose status is `SENT`, `DELIVERED` or `READ`: the numerator of both definitions.
    pub successful: u64,
    /// Outbound messages except those `FILTERED` or `BLOCKED`: the denominator of the dashboard's definition.
    pub attempted: u64,
    /// All outbound messages, including those `FILTERED` or `BLOCKED`: the denominator of the stricter definition.
    pub outbound: u64,
}

/// The messages of one weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekday {
    /// From 1 for Monday to 7 for Sunday, as in ISO 8601.
    pub iso_weekday: u8,
    /// Messages by hour, from 0 to 23.
    pub hours: Vec<u64>,
}

/// Messages that failed, were filtered or blocked for the same reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// `reason_code`; `unknown` if it is null.
    pub reason_code: String,
    /// The first `reason` that was seen, unless it might be personal.
    pub reason: Option<String>,
    /// Messages with this reason code.
    pub messages: u64,
    /// Of these, `FAILED`; `None` if suppressed by `--min-cell`.
    pub failed: Option<u64>,
    /// Of these, `FILTERED`; `None` if suppressed by `--min-cell`.
    pub filtered: Option<u64>,
    /// Of these, `BLOCKED`; `None` if suppressed by `--min-cell`.
    pub blocked: Option<u64>,
    /// The day of the oldest of them, UTC, as `2026-03-01`.
    pub began_on: Option<String>,
    /// The day of the newest of them, UTC.
    pub last_seen_on: Option<String>,
}

/// How long outbound messages took after they were queued, measured from the first `QUEUED` event, or from `created_at` if
/// there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryTimes {
    /// Until the first `DELIVERED` event; `None` if no message has one.
    pub to_delivered: Option<Percentiles>,
    /// Until the first `READ` event; `None` if no message has one.
    pub to_read: Option<Percentiles>,
}

/// Percentiles of durations by nearest rank, in whole milliseconds, rounded down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Messages with such a duration.
    pub messages: u64,
    /// The shortest; `None` if suppressed by `--min-cell`.
    pub min_ms: Option<u64>,
    /// 50% of the messages took no longer.
    pub p50_ms: u64,
    /// 75% took no longer.
    pub p75_ms: u64,
    /// 90% took no longer.
    pub p90_ms: u64,
    /// 95% took no longer.
    pub p95_ms: u64,
    /// 99% took no longer.
    pub p99_ms: u64,
    /// The longest; `None` if suppressed by `--min-cell`.
    pub max_ms: Option<u64>,
    /// Whether the percentiles may be off by up to 1%, because there were too many durations to keep.
    pub approximate: bool,
}

/// Contacts that were messaged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactReach {
    /// Contacts with an outbound message.
    pub messaged: u64,
    /// Those of them with an inbound message after their first outbound one.
    pub replied: u64,
    /// Whether both are estimates from a sample, because there were too many contacts to keep.
    pub approximate: bool,
}

/// Possible errors in the messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryQuality {
    /// Messages whose id occurs more than once. An export writes each id once, but combined files can repeat them.
    pub repeated_ids: u64,
    /// Whether [`repeated_ids`](Self::repeated_ids) is an estimate from a sample.
    pub repeated_ids_approximate: bool,
    /// Messages whose `created_at` is in the year 1, which means that it was never set.
    pub year_one_created_at: u64,
    /// Messages whose `created_at` is in the future by more than the difference between clocks.
    pub created_in_future: u64,
    /// Messages whose `region_code` is not in ISO 3166-1.
    pub regions_not_in_iso_3166: u64,
    /// Messages with an undocumented status, which counts under its own name.
    pub undocumented_statuses: u64,
    /// Outbound messages without a price.
    pub outbound_without_price: u64,
    /// Outbound messages with an event that is earlier than when they were queued.
    pub events_before_queued: u64,
    /// Nulls and empty values by column.
    pub missing: Table,
}

impl DeliverySummary {
    /// Whether all files have these columns.
    pub(in crate::report) fn has(&self, columns: &[&str]) -> bool {
        self.origin.has(columns)
    }
}
