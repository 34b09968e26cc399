//! What is in an account: counted once, shown by one renderer for each form.
//!
//! [`Counts`] is filled from the record batches as they pass and holds no contact. [`Counts::summary`] makes a
//! [`Summary`] of it, which the facts of the run are added to; [`Summary::to_json`] and [`render_table`] show the same
//! numbers. Nothing here knows of HTTP, and of files only their reports.
//!
//! *Easy to get wrong:* the keys that are counted come from the server. They are bounded in number, and a terminal only
//! sees them without control characters.

mod absent;
mod activities;
mod compare;
mod consistency;
mod contacts_run;
mod counts;
mod document;
mod form;
mod format;
mod input;
mod message_counts;
mod min_cell;
mod notice;
mod places;
mod render;
mod run;
#[cfg(test)]
mod tests;
mod view;

pub use activities::{ActivityCounts, ActivitySummary};
pub use compare::{Change, Changes, Comparison};
pub use consistency::ConsistencyFacts;
pub use counts::{Columns, Counts, MAX_KEYS, OTHER_KEY, Repeated, Table, UpdatedCounts};
pub use document::{
    Filters, Findings, OptOut, Quality, RegionDetail, RejectedSample, RunFacts, SUMMARY_SCHEMA_VERSION, Summary,
    TimeRange,
};
pub use form::ReportForm;
pub use input::{InputEvidence, InputExport, InputReport};
pub use message_counts::{MessageCounts, MessageReport};
pub use notice::{Notice, verdict_of_json};
pub use render::{TableStyle, render_html, render_markdown, render_table};
pub use run::{ExportFacts, RowCounts, RunDocument};
