//! The summary as one document; its JSON form (schema version 1, `schema/summary.schema.json`) has its fields in order.
//!
//! *Easy to get wrong:* an older summary is read back to be compared with, so a field that is added later must have a
//! default, or older files are no longer read. What a run says of itself is not read back.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::compare::Comparison;
use super::consistency::ConsistencyFacts;
use super::counts::{OTHER_KEY, Repeated, Table, UpdatedCounts, add, is_countable};
use super::input::InputReport;
use super::notice::Notice;
use crate::base::printable::printable_json;
use crate::publish::OutputReport;
use crate::verdict::{Evidence, Verdict};

/// Version of the JSON form; grows when a field changes its name or meaning. New fields do not change it.
pub const SUMMARY_SCHEMA_VERSION: u32 = 1;

/// Rejected items that are described one by one.
const MAX_REJECTED_SAMPLES: usize = 20;

/// What the run asked the server to leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// `--search`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// `--channel`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Whether `--phone` was given; the number itself is personal and stays out of every report.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub phone: bool,
    /// `--profile-id`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<String>,
    /// `--since`, as it was given
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

impl Filters {
    /// Stands for a text that was left out.
    const NOT_TOLD: &str = "(not told)";

    /// What a report may say of `--search`: not what could be somebody's number or address.
    pub fn search_told(text: &str) -> String {
        if is_countable(text) { text } else { Self::NOT_TOLD }.to_owned()
    }

    /// Leaves out what was searched for.
    pub fn hide_search(&mut self) {
        self.search = self.search.take().map(|_| Self::NOT_TOLD.to_owned());
    }
}

/// How the run went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunFacts {
    /// When the reading began, RFC 3339, UTC: with the first run, where this one went on with others.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// Of this run, until all outputs are whole; giving them their names is not in it.
    pub elapsed_seconds: f64,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Attempts that followed a failure in passing.
    pub retries: u64,
    /// Answers that said the account is over its rate.
    pub rate_limited: u64,
    /// Time that requests spent waiting for the rate limit and before retries, all requests together.
    pub waited_seconds: f64,
    /// Pages whose contacts were taken.
    pub pages: u64,
    /// Contacts in the list by the first page.
    pub total_count_first: Option<u64>,
    /// Contacts in the list by the last page that arrived.
    pub total_count_last: Option<u64>,
    /// Contacts that came more than once and were written once.
    pub duplicates_removed: u64,
    /// Whether the output holds every contact.
    pub verdict: Verdict,
    /// What the verdict rests on, one sentence each.
    pub evidence: Vec<Evidence>,
    /// The same in numbers.
    pub consistency: ConsistencyFacts,
}

/// One item that could not be a contact, without any of its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedSample {
    /// Page and place, in words.
    pub at: String,
    /// Why.
    pub reason: String,
    /// Names of the fields that it carried.
    pub fields: Vec<String>,
}

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
    /// Fields that no documentation names, with the contacts that carried them.
    pub unknown_fields: Table,
    /// Values of an undocumented type or form, by column; they became null where they could not be used.
    pub malformed_fields: Table,
    /// What was left out on request.
    pub filters: Filters,
    /// Whether the files were exported with different filters, so that [`filters`](Self::filters) holds none, as far as
    /// they tell.
    #[serde(default)]
    pub filters_differ: bool,
    /// How the run went; nothing when the report is made from files.
    #[serde(skip_deserializing)]
    pub run: Option<RunFacts>,
    /// What was written.
    #[serde(skip_deserializing)]
    pub outputs: Vec<OutputReport>,
    /// What was read, when the report is made from files.
    #[serde(skip_deserializing)]
    pub inputs: Vec<InputReport>,
    /// Columns that some of these files do not have; what rests on them is counted as unknown or left out.
    #[serde(default)]
    pub columns_not_in_inputs: Vec<String>,
    /// What is to be told before the numbers; see [`Summary::all_notices`] for all of it.
    #[serde(skip_deserializing)]
    pub notices: Vec<Notice>,
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

/// The first and the last of some times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// RFC 3339, UTC; nothing when there is no time.
    pub oldest: Option<String>,
    /// RFC 3339, UTC; nothing when there is no time.
    pub newest: Option<String>,
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

impl Summary {
    /// Adds what the pages held beside contacts.
    #[must_use]
    pub fn with_findings(mut self, findings: Findings) -> Self {
        self.rejected = findings.rejected;
        self.rejected_samples = findings.rejected_samples;
        self.unknown_fields = findings.unknown_fields;
        self.malformed_fields = findings.malformed_fields;
        self.quality.year_one_created_at += findings.never_created;
        self
    }

    /// The JSON form with a line end, keys in a fixed order.
    pub fn to_json(&self) -> String {
        let whole = Self { notices: self.all_notices(), ..self.clone() };
        let mut json = serde_json::to_string_pretty(&whole).expect("texts, numbers and maps with text keys");
        json.push('\n');
        printable_json(&json)
    }

    /// Reads the JSON form back, but for what a run says of itself.
    ///
    /// # Errors
    /// When the text is no summary of schema version 1 with everything that this version counts.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let mut summary: Self = serde_json::from_str(json)?;
        if summary.schema_version != SUMMARY_SCHEMA_VERSION {
            let text = format!("schema version {}, not {SUMMARY_SCHEMA_VERSION}", summary.schema_version);
            return Err(serde::de::Error::custom(text));
        }
        summary.leave_out_absent();
        Ok(summary)
    }
}

/// What pages brought beside contacts: the parts of a [`Summary`] that are noted while pages pass.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// Items that were no contacts, by reason.
    pub rejected: Table,
    /// Some of them.
    pub rejected_samples: Vec<RejectedSample>,
    /// Fields that no documentation names, with the contacts that carried them.
    pub unknown_fields: Table,
    /// Contacts whose `created_at` was the year 1; it was written as null.
    pub never_created: u64,
    /// Values of an undocumented type or form, by column; they became null where they could not be used.
    pub malformed_fields: Table,
}

impl Findings {
    /// Notes an item that is no contact; `at` says where it was, without a value of it.
    pub fn add_rejected(&mut self, at: impl FnOnce() -> String, reason: &str, fields: &[&str]) {
        add(&mut self.rejected, reason, 1);
        if self.rejected_samples.len() < MAX_REJECTED_SAMPLES {
            let fields = fields.iter().map(|&field| field.to_owned()).collect();
            self.rejected_samples.push(RejectedSample { at: at(), reason: reason.to_owned(), fields });
        }
    }

    /// Notes contacts that carried an undocumented field.
    /// Beyond a few hundred names, which a server must have invented, the rest counts under [`OTHER_KEY`].
    pub fn add_unknown_field(&mut self, name: &str, contacts: u64) {
        const MAX_NAMES: usize = 256;
        let is_new = self.unknown_fields.len() >= MAX_NAMES && !self.unknown_fields.contains_key(name);
        add(&mut self.unknown_fields, if is_new { OTHER_KEY } else { name }, contacts);
    }

    /// Counts the fields under another name whose own must not be shown.
    pub fn hide_unknown_fields(&mut self, is_hidden: impl Fn(&str) -> bool) {
        for (name, contacts) in std::mem::take(&mut self.unknown_fields) {
            add(&mut self.unknown_fields, if is_hidden(&name) { OTHER_KEY } else { &name }, contacts);
        }
    }

    /// Notes values of an undocumented type or form, whether or not they could be used.
    pub fn add_malformed(&mut self, column: &str, values: u64) {
        add(&mut self.malformed_fields, column, values);
    }
}
