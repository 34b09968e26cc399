//! The document on contacts. Its JSON form (`schema/summary.schema.json`) has the fields in this order.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::super::action::Action;
use super::super::findings::RejectedSample;
use super::super::origin::Origin;
use super::super::trend::TrendPoint;
use super::super::values::{Repeated, TimeRange};
use super::comparison::Comparison;
use crate::report::table::Table;

/// Version of the JSON form; see [`ResourceDocument::SCHEMA_VERSION`](crate::report::ResourceDocument::SCHEMA_VERSION).
pub const SUMMARY_SCHEMA_VERSION: u32 = 1;

/// The report on the contacts of a run or of files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SUMMARY_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Time from which ages are measured, RFC 3339, UTC.
    pub as_of: String,
    /// Limit of `--min-cell`: smaller groups are merged, and counts are suppressed if they or their complements are
    /// smaller. A channel that is not in a table then is not necessarily 0.
    pub min_cell: Option<u64>,
    /// Contacts.
    pub contacts: u64,
    /// Contacts that did not opt out and have at least one channel; `None` if files lack a column for it.
    pub reachable: Option<u64>,
    /// Contacts without any channel; `None` if files lack the column for it.
    pub without_channel: Option<u64>,
    /// Items that could not be converted to contacts, by reason.
    pub rejected: Table,
    /// Examples of these items.
    pub rejected_samples: Vec<RejectedSample>,
    /// Contacts by available channel; those without any count as `none`.
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
    /// Contacts that did not opt out, by available channel: how many each channel reaches. Empty with `--min-cell`, which
    /// would otherwise reveal who opted out.
    #[serde(default)]
    pub reachable_channels: Table,
    /// Contacts that did not opt out, by region and available channel.
    #[serde(default)]
    pub reachable_by_region: BTreeMap<String, Table>,
    /// Contacts by the month of `created_at`, UTC, as `2026-03`.
    pub created_by_month: Table,
    /// Contacts created up to the end of each month.
    pub created_cumulative: Table,
    /// The earliest and the latest `created_at`.
    pub created_range: TimeRange,
    /// Contacts by the age of `updated_at`.
    pub updated: UpdatedCounts,
    /// Possible errors in the data.
    pub quality: Quality,
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

/// Contacts by the time since their last change; each contact counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatedCounts {
    /// `updated_at` is null.
    pub never: u64,
    /// In the future by more than the difference between clocks; older summaries count these in the last 7 days.
    #[serde(default)]
    pub in_future: u64,
    /// Within 7 days before [`as_of`](Summary::as_of), or during the run.
    pub last_7_days: u64,
    /// 8 to 30 days.
    pub last_30_days: u64,
    /// 31 to 90 days.
    pub last_90_days: u64,
    /// 91 to 365 days.
    pub last_365_days: u64,
    /// More than 365 days.
    pub older: u64,
}

/// The contacts of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionDetail {
    /// English name; `None` if the code is not in ISO 3166-1.
    pub name: Option<String>,
    /// English name of its continent.
    pub continent: Option<String>,
    /// Contacts.
    pub contacts: u64,
    /// Contacts that can be reached; `None` if suppressed by `--min-cell`.
    pub reachable: Option<u64>,
    /// Contacts that opted out; `None` if suppressed by `--min-cell`.
    pub opted_out: Option<u64>,
}

/// Possible errors in the contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Ids that occur more than once. An export writes each id once, but combined files can repeat them.
    pub repeated_ids: Repeated,
    /// Phone numbers (E.164, or as given if that form is missing) that several contacts have.
    pub shared_phone_numbers: Repeated,
    /// Contacts whose `format_e164` is not a valid E.164 number: wrong form or unknown calling code.
    pub invalid_e164: u64,
    /// Contacts whose `format_e164` has another calling code than their region.
    pub e164_not_of_region: u64,
    /// Contacts whose `format_e164` has another calling code than their `country_code`.
    pub e164_not_of_country_code: u64,
    /// Contacts whose `region_code` is not in ISO 3166-1.
    pub regions_not_in_iso_3166: u64,
    /// Contacts whose `created_at` is in the year 1, which means that it was never set. An export writes null instead, so
    /// only files of other programs contain such dates.
    pub year_one_created_at: u64,
    /// Contacts whose `created_at` is in the future by more than the difference between clocks.
    #[serde(default)]
    pub created_in_future: u64,
    /// Nulls and empty values by column.
    pub missing: Table,
}
