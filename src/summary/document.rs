//! The summary as one document, and its JSON form (schema version 1, `schema/summary.schema.json`).

use std::collections::BTreeMap;

use serde::Serialize;

use super::consistency::ConsistencyFacts;
use super::count::{Counts, Table, UpdatedCounts, add};
use crate::sink::OutputReport;
use crate::verdict::Verdict;

/// Version of the JSON form; grows when a field changes its name or meaning. New fields do not change it.
pub const SUMMARY_SCHEMA_VERSION: u32 = 1;

/// Rejected items that are described one by one.
const MAX_REJECTED_SAMPLES: usize = 20;

/// What the run asked the server to leave out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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
}

/// How the run went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunFacts {
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// From the first request to the last file.
    pub elapsed_seconds: f64,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Attempts that followed a failure in passing.
    pub retries: u64,
    /// Answers that said the account is over its rate.
    pub rate_limited: u64,
    /// Time that requests waited for the pace or for a pause, summed over all requests.
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
    pub evidence: Vec<String>,
    /// The same in numbers.
    pub consistency: ConsistencyFacts,
}

/// One item that could not be a contact, without any of its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectedSample {
    /// Page and place, in words.
    pub at: String,
    /// Why.
    pub reason: String,
    /// Names of the fields that it carried.
    pub fields: Vec<String>,
}

/// Everything that a run reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Counted over the contacts written.
    pub counts: Counts,
    /// What the pages held beside contacts.
    pub findings: Findings,
    /// What was left out on request.
    pub filters: Filters,
    /// How the run went.
    pub run: RunFacts,
    /// What was written.
    pub outputs: Vec<OutputReport>,
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
    /// Values of an undocumented type or form, by column; they were written as null.
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
    pub fn add_unknown_field(&mut self, name: &str, contacts: u64) {
        add(&mut self.unknown_fields, name, contacts);
    }

    /// Notes values that became null.
    pub fn add_malformed(&mut self, column: &str, values: u64) {
        add(&mut self.malformed_fields, column, values);
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    contacts: u64,
    rejected: &'a Table,
    rejected_samples: &'a [RejectedSample],
    channels: &'a Table,
    default_channels: &'a Table,
    regions: &'a Table,
    country_codes: &'a Table,
    opt_out: OptOut,
    channels_by_region: &'a BTreeMap<String, Table>,
    created_by_month: &'a Table,
    updated: UpdatedCounts,
    unknown_fields: &'a Table,
    malformed_fields: &'a Table,
    filters: &'a Filters,
    run: &'a RunFacts,
    outputs: &'a [OutputReport],
}

#[derive(Serialize)]
struct OptOut {
    yes: u64,
    no: u64,
    unknown: u64,
}

impl Summary {
    /// The JSON form with a line end, keys in a fixed order.
    pub fn to_json(&self) -> String {
        let counts = &self.counts;
        let document = Document {
            schema_version: SUMMARY_SCHEMA_VERSION,
            contacts: counts.contacts,
            rejected: &self.findings.rejected,
            rejected_samples: &self.findings.rejected_samples,
            channels: &counts.channels,
            default_channels: &counts.default_channels,
            regions: &counts.regions,
            country_codes: &counts.country_codes,
            opt_out: OptOut { yes: counts.opted_out, no: counts.opted_in, unknown: counts.opt_out_unknown() },
            channels_by_region: &counts.channels_by_region,
            created_by_month: &counts.created_by_month,
            updated: counts.updated,
            unknown_fields: &self.findings.unknown_fields,
            malformed_fields: &self.findings.malformed_fields,
            filters: &self.filters,
            run: &self.run,
            outputs: &self.outputs,
        };
        let mut json = serde_json::to_string_pretty(&document).expect("texts, numbers and maps with text keys");
        json.push('\n');
        json
    }
}
