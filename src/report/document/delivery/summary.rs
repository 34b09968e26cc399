//! The summary of messages as one document; its JSON form (schema version 1, `schema/delivery.schema.json`) has its fields in
//! order.
//!
//! *Easy to get wrong:* an older summary is read back to be compared with, so a field that is added later must have a
//! default, or older files are no longer read. What a run says of itself is not read back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::findings::RejectedSample;
use super::super::origin::Origin;
use super::super::values::TimeRange;
use super::comparison::DeliveryComparison;
use super::group::{Group, Groups};
use crate::report::table::Table;

/// Version of the JSON form; grows when a field changes its name or meaning. New fields do not change it.
pub const DELIVERY_SCHEMA_VERSION: u32 = 1;

/// What the rows of a document are, so that no summary is taken for one of another resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentResource {
    /// Messages.
    #[default]
    Messages,
}

/// Everything that a run, or a report over files, has to tell of messages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeliverySummary {
    /// [`DELIVERY_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// `messages`.
    pub resource: DocumentResource,
    /// The moment of the report, RFC 3339, UTC.
    pub as_of: String,
    /// Groups of fewer messages than this were merged and smaller numbers or rests left out, if that was asked for.
    pub min_cell: Option<u64>,
    /// Messages.
    pub messages: u64,
    /// All messages as one group.
    pub total: Group,
    /// Messages by `direction`.
    pub directions: Table,
    /// Messages by `status`, in both directions.
    pub statuses: Table,
    /// How far outbound messages came; nothing where a column that this rests on is missing.
    pub funnel: Option<Funnel>,
    /// The part of outbound messages that reached their contact's carrier; nothing where a column is missing.
    pub deliverability: Option<Deliverability>,
    /// By `channel`.
    pub channels: Groups,
    /// By `region_code`.
    pub regions: Groups,
    /// English names of these regions, for what ISO 3166-1 knows.
    pub region_names: BTreeMap<String, String>,
    /// By `template_name`; `none` has messages without a template.
    pub templates: Groups,
    /// Messages by `template_category`; `none` has messages without a template.
    pub template_categories: Table,
    /// By the day of `created_at`, UTC, as `2026-03-01`.
    pub days: Groups,
    /// Messages by the hour of `created_at`, UTC, from `00` to `23`.
    pub hours: Table,
    /// Messages by weekday and hour of `created_at`, UTC; nothing where a cell must not be told.
    pub hours_by_weekday: Vec<Weekday>,
    /// The first and the last `created_at`.
    pub created_range: TimeRange,
    /// Why messages failed, were filtered or blocked, most frequent first.
    pub failures: Vec<Failure>,
    /// How long outbound messages took, over all channels.
    pub times: DeliveryTimes,
    /// The same by channel; of channels beyond the first few only the sum is known.
    pub times_by_channel: BTreeMap<String, DeliveryTimes>,
    /// Who was messaged, and who replied; nothing where a column that this rests on is missing.
    pub contacts: Option<ContactReach>,
    /// What looks wrong.
    pub quality: DeliveryQuality,
    /// Items that were no messages, by reason.
    pub rejected: Table,
    /// Some of them.
    pub rejected_samples: Vec<RejectedSample>,
    /// Where the numbers come from.
    #[serde(flatten)]
    pub origin: Origin,
    /// What changed since an older summary.
    #[serde(skip_deserializing)]
    pub comparison: Option<DeliveryComparison>,
}

/// How far outbound messages came, by their status and their events. Each number contains the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// All outbound messages.
    pub queued: u64,
    /// Were `SENT`, `DELIVERED` or `READ` at any time.
    pub sent: u64,
    /// Were `DELIVERED` or `READ` at any time.
    pub delivered: u64,
    /// Were `READ` at any time; `WhatsApp` and RCS alone tell.
    pub read: u64,
}

/// The part of outbound messages that succeeded, by two definitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliverability {
    /// Outbound messages whose status is `SENT`, `DELIVERED` or `READ`: the part in both definitions.
    pub successful: u64,
    /// Outbound messages but those `FILTERED` or `BLOCKED`: the whole in the definition of the dashboard.
    pub attempted: u64,
    /// All outbound messages, those `FILTERED` or `BLOCKED` too: the whole in the stricter definition.
    pub outbound: u64,
}

/// The messages of one weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekday {
    /// From 1 for Monday to 7 for Sunday, as ISO 8601 counts.
    pub iso_weekday: u8,
    /// Messages by hour, from 0 to 23.
    pub hours: Vec<u64>,
}

/// Messages that failed, were filtered or blocked for the same reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// `reason_code`; `unknown` where it is null.
    pub reason_code: String,
    /// The first `reason` that was met, unless it might be personal.
    pub reason: Option<String>,
    /// Messages with it.
    pub messages: u64,
    /// Of these, `FAILED`; nothing when `--min-cell` hides it.
    pub failed: Option<u64>,
    /// Of these, `FILTERED`; nothing when `--min-cell` hides it.
    pub filtered: Option<u64>,
    /// Of these, `BLOCKED`; nothing when `--min-cell` hides it.
    pub blocked: Option<u64>,
    /// The day of the oldest of them, UTC, as `2026-03-01`.
    pub began_on: Option<String>,
    /// The day of the newest of them, UTC.
    pub last_seen_on: Option<String>,
}

/// How long outbound messages took from being queued, by their events. That is the first `QUEUED` event, or `created_at`
/// where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryTimes {
    /// To the first `DELIVERED` event; nothing when no message tells.
    pub to_delivered: Option<Percentiles>,
    /// To the first `READ` event; nothing when no message tells.
    pub to_read: Option<Percentiles>,
}

/// Percentiles of durations by nearest rank, in whole milliseconds, rounded down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Messages that tell.
    pub messages: u64,
    /// The shortest; nothing when `--min-cell` hides it.
    pub min_ms: Option<u64>,
    /// Half of them took no longer.
    pub p50_ms: u64,
    /// 75 of 100 took no longer.
    pub p75_ms: u64,
    /// 90 of 100 took no longer.
    pub p90_ms: u64,
    /// 95 of 100 took no longer.
    pub p95_ms: u64,
    /// 99 of 100 took no longer.
    pub p99_ms: u64,
    /// The longest; nothing when `--min-cell` hides it.
    pub max_ms: Option<u64>,
    /// Whether the percentiles are up to 1 % off, since there were too many durations to hold.
    pub approximate: bool,
}

/// Who was messaged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactReach {
    /// Contacts that outbound messages went to.
    pub messaged: u64,
    /// Those with an inbound message later than the first outbound one here.
    pub replied: u64,
    /// Whether both are estimates from a sample, since there were too many contacts to hold.
    pub approximate: bool,
}

/// What looks wrong with the messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryQuality {
    /// Messages whose id occurs more than once. An export writes each once; in files that were put together they can be.
    pub repeated_ids: u64,
    /// Whether that is an estimate from a sample.
    pub repeated_ids_approximate: bool,
    /// `created_at` is in the year 1: it was never set.
    pub year_one_created_at: u64,
    /// `created_at` is later than the moment of the report, by more than clocks differ.
    pub created_in_future: u64,
    /// `region_code` is none of ISO 3166-1.
    pub regions_not_in_iso_3166: u64,
    /// Messages with a status that no documentation names; it is counted under its own name.
    pub undocumented_statuses: u64,
    /// Outbound messages without a price.
    pub outbound_without_price: u64,
    /// Outbound messages with an event that is earlier than the one they were queued by.
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
