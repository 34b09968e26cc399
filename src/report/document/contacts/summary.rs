//! The summary as one document; its JSON form (schema version 1, `schema/summary.schema.json`) has its fields in order.
//!
//! *Easy to get wrong:* an older summary is read back to be compared with, so a field that is added later must have a
//! default, or older files are no longer read. What a run says of itself is not read back.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::super::findings::RejectedSample;
use super::super::origin::Origin;
use super::super::values::{Repeated, TimeRange};
use super::comparison::Comparison;
use crate::report::table::Table;

/// Version of the JSON form; grows when a field changes its name or meaning. New fields do not change it.
pub const SUMMARY_SCHEMA_VERSION: u32 = 1;

/// Everything that a run, or a report over files, has to tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SUMMARY_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The moment that ages are counted from, RFC 3339, UTC.
    pub as_of: String,
    /// Groups of fewer contacts than this were merged and smaller numbers or rests left out, if that was asked for. A
    /// channel that is not in a table then need not be 0.
    pub min_cell: Option<u64>,
    /// Contacts.
    pub contacts: u64,
    /// Contacts that did not opt out and have at least one channel; nothing when not all files tell.
    pub reachable: Option<u64>,
    /// Contacts without any channel; nothing when not all files tell.
    pub without_channel: Option<u64>,
    /// Items that were no contacts, by reason.
    pub rejected: Table,
    /// Some of them.
    pub rejected_samples: Vec<RejectedSample>,
    /// Contacts by available channel; `none` has those without any.
    pub channels: Table,
    /// Contacts by all of their channels, as `sms+whatsapp`.
    pub channel_combinations: Table,
    /// Contacts by default channel.
    pub default_channels: Table,
    /// Contacts whose default channel is not among their channels.
    pub default_channel_not_available: u64,
    /// Contacts by region.
    pub regions: Table,
    /// More about each region.
    pub region_details: BTreeMap<String, RegionDetail>,
    /// Contacts by the continent of their region.
    pub continents: Table,
    /// Contacts by calling code.
    pub country_codes: Table,
    /// Contacts by opt-out.
    pub opt_out: OptOut,
    /// Contacts by region and available channel.
    pub channels_by_region: BTreeMap<String, Table>,
    /// Contacts by the month of `created_at`, UTC, as `2026-03`.
    pub created_by_month: Table,
    /// Contacts created up to the end of each month.
    pub created_cumulative: Table,
    /// The first and the last `created_at`.
    pub created_range: TimeRange,
    /// Contacts by the age of `updated_at`.
    pub updated: UpdatedCounts,
    /// What looks wrong.
    pub quality: Quality,
    /// Where the numbers come from.
    #[serde(flatten)]
    pub origin: Origin,
    /// What changed since an older summary.
    #[serde(skip_deserializing)]
    pub comparison: Option<Comparison>,
}

/// Contacts by `opt_out`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOut {
    /// Opted out.
    pub yes: u64,
    /// Did not opt out.
    pub no: u64,
    /// Null.
    pub unknown: u64,
}

impl AddAssign for OptOut {
    fn add_assign(&mut self, other: Self) {
        self.yes += other.yes;
        self.no += other.no;
        self.unknown += other.unknown;
    }
}

/// Contacts by how long ago they were changed; each is counted in one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatedCounts {
    /// `updated_at` is null.
    pub never: u64,
    /// Later than the moment that ages are counted from, by more than clocks differ; older summaries have it among the
    /// last 7 days.
    #[serde(default)]
    pub in_future: u64,
    /// Within 7 days before the moment that ages are counted from, or during the run.
    pub last_7_days: u64,
    /// 8 to 30 days.
    pub last_30_days: u64,
    /// 31 to 90 days.
    pub last_90_days: u64,
    /// 91 to 365 days.
    pub last_365_days: u64,
    /// Longer ago.
    pub older: u64,
}

/// One region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionDetail {
    /// English name; nothing for what ISO 3166-1 does not know.
    pub name: Option<String>,
    /// English name of its continent.
    pub continent: Option<String>,
    /// Contacts.
    pub contacts: u64,
    /// Contacts that can be reached; nothing when `--min-cell` hides it.
    pub reachable: Option<u64>,
    /// Contacts that opted out; nothing when `--min-cell` hides it.
    pub opted_out: Option<u64>,
}

/// What looks wrong with the contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Ids that occur more than once. An export writes each once; in files that were put together they can be.
    pub repeated_ids: Repeated,
    /// Phone numbers (E.164, or as given where that is missing) that several contacts have.
    pub shared_phone_numbers: Repeated,
    /// `format_e164` is there and is no E.164 number by its form and calling code.
    pub invalid_e164: u64,
    /// `format_e164` has another calling code than its region.
    pub e164_not_of_region: u64,
    /// `format_e164` has another calling code than `country_code` says.
    pub e164_not_of_country_code: u64,
    /// `region_code` is none of ISO 3166-1.
    pub regions_not_in_iso_3166: u64,
    /// `created_at` is in the year 1: it was never set. An export writes null then, so that a report on its files can
    /// only count other people's.
    pub year_one_created_at: u64,
    /// `created_at` is later than the moment that ages are counted from, by more than clocks differ.
    #[serde(default)]
    pub created_in_future: u64,
    /// Nulls and empty values by column.
    pub missing: Table,
}
