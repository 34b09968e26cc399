//! Reports on the rows of an account: counted once, then rendered in every form.
//!
//! ```text
//!  record batches ──► counts ──► document ──► view ──► render    text, Markdown, HTML
//!                                    │ ▲
//!                                    │ └── compare, min_cell
//!                                    └──────────────────────►    JSON
//! ```
//!
//! `counts` is filled from record batches and keeps no row. It makes a document, such as a [`Summary`], to which the facts
//! of the run are added. `view` lays the document out in sentences, tables and charts, and `render` writes those in one
//! form. Each of these modules imports only those to its left. None uses HTTP or reads a file; what a report says about
//! files is passed in as data.
//!
//! *Easy to get wrong:* the keys of counts come from the server. Their number is limited, and control characters are
//! removed before they are shown.

mod counts;
mod document;
mod files;
mod form;
mod format;
mod min_cell;
mod render;
mod run;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub use counts::{ActivityCounts, ContactCounts, DeliveryCounts, activity_schema, delivery_schema};
pub use document::{
    Action, ActionCode, ComparedMessage, Comparison, ConsistencyFacts, ContactReach, CountChange, CountChanges,
    DELIVERY_SCHEMA_VERSION, Deliverability, DeliveryComparison, DeliveryQuality, DeliverySummary, DeliveryTimes,
    Failure, Filters, Findings, FromActivities, Funnel, Gross, GrossChanges, Group, Groups, GroupsOfContact,
    InputEvidence, InputExport, InputProfile, InputReport, MessageChanges, Money, MoneyChange, Notice, NoticeCode,
    OptOut, OptOutChange, Origin, Percentiles, PriceChanges, ProfileFacts, ProfileFailure, Quality, RateChange,
    RegionDetail, RejectedSample, Repeated, ResourceDocument, RunChanges, RunFacts, SUMMARY_SCHEMA_VERSION, Spending,
    StatusGross, Summary, TimeRange, TrendPoint, UpdatedCounts, Weekday, compare, compare_deliveries, noun_of_json,
    verdict_of_json,
};
pub use files::{FileCounts, FileDocument, FilesFacts};
pub use form::ReportForm;
pub use render::TableStyle;
pub use run::{ExportFacts, Report, RowCounts, RunDocument};
pub use table::{MAX_KEYS, OTHER_KEY, Table};
