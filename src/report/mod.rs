//! What is in an account: counted once, shown by one renderer for each form.
//!
//! ```text
//!  record batches ──► counts ──► document ──► view ──► render    text, Markdown, HTML
//!                                    │ ▲
//!                                    │ └── compare, min_cell
//!                                    └──────────────────────►    JSON
//! ```
//!
//! `counts` is filled from the record batches as they pass and holds no row. It makes a document, for instance a
//! [`Summary`], which the facts of the run are added to. The view lays it out in words, tables and pictures, and a renderer
//! draws those. Each of these rooms imports only those to its left. Nothing here knows of HTTP, and of files only their
//! reports.
//!
//! *Easy to get wrong:* the keys that are counted come from the server. They are bounded in number, and a terminal only
//! sees them without control characters.

mod activities;
mod counts;
mod document;
mod files;
mod form;
mod format;
mod min_cell;
mod places;
mod render;
mod run;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub use activities::{ActivityCounts, ActivitySummary};
pub use counts::{Counts, DeliveryCounts, delivery_schema};
pub use document::{
    Change, Changes, Comparison, ConsistencyFacts, ContactReach, DELIVERY_SCHEMA_VERSION, Deliverability,
    DeliveryComparison, DeliveryQuality, DeliverySummary, DeliveryTimes, Failure, Filters, Findings, Funnel, Group,
    Groups, InputEvidence, InputExport, InputReport, Money, MoneyChange, Notice, NoticeCode, OptOut, Origin,
    Percentiles, Quality, RateChange, RegionDetail, RejectedSample, Repeated, ResourceDocument, RunFacts,
    SUMMARY_SCHEMA_VERSION, Spending, Summary, TimeRange, UpdatedCounts, Weekday, compare, compare_deliveries,
    verdict_of_json,
};
pub use files::{FileCounts, FileDocument, FilesFacts};
pub use form::ReportForm;
pub use render::TableStyle;
pub use run::{ExportFacts, Report, RowCounts, RunDocument};
pub use table::{MAX_KEYS, OTHER_KEY, Table};
