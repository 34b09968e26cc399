//! Exports a Sent account: every row exactly once, into files that load at the first try, with a report on what is in them
//! and a straight answer to "is it all there?".
//!
//! ```text
//!  cli ─► config ─► commands ─► export         flags, checked settings, one file a command, one run
//!                                 │
//!        ┌────────────────────────┴─────────────────────────┐
//!        │ listing    which windows of a list, until it is proven that no row is missing
//!        │ lookup     which ids, answers in their order
//!        │   ├─► journal    answers on disk, from which a stopped run resumes
//!        │   ├─► api        one request: pace, attempts, retry; one limiter for all
//!        │   └─► resources  JSON ─► rows of a page, checked
//!        └────────────────────────┬─────────────────────────┘
//!                   bounded channel of pages, in order
//!                                 │
//!                                 ├─► resources   rows to keep ─► Arrow record batches, normalized
//!                                 ├─► report      counts ─► table, JSON, HTML, Markdown
//!                                 │
//!                   bounded channels of batches
//!                                 │
//!                                 └─► publish     outputs side by side, gate, lock, manifest
//!                                       ├─► transform columns to write, phone numbers masked or hashed
//!                                       ├─► format    record batches ─► Parquet, Arrow, CSV, NDJSON, Excel
//!                                       └─► store     bytes ─► files and objects (staged, hashed, published), stdout
//!
//!        input ─► report          record batches again, from files and objects that were exported earlier, and whether
//!              │                  these are still as published
//!              └► changes         two snapshots, of which a run may be the newer ─► what is new, changed and gone ─► publish
//!        resources ─► sql         schemas ─► statements for databases that load the files
//!        telemetry                log lines as JSON; what a run leaves for metrics, a run log, a webhook and lineage
//! ```
//!
//! Imports point down this picture and never back: `api` does not know Arrow; `format`, `store` and `publish` do not know
//! HTTP; `report` knows neither HTTP nor files; `changes` knows neither HTTP nor formats, only temporary files; `telemetry` knows
//! neither the API nor formats. `base`, `time` and `verdict` are below all of them. The [`simulator`] shares no code with the rest, so that a misunderstanding of the API
//! would show.
//!
//! Where to change what: an endpoint in `api::endpoints`; a resource in `resources`, with its endpoint, a command, and its
//! counts in `report`; a format in `format` (a row of its table), with its reader in `input`; a place for files in `store`,
//! with the form of its addresses; whose rows a run reads in `api::scope` and `config::account`, in what order in
//! `commands::export`, and for several profiles in `export::profiles` and `commands::profiles`; a comparison of exports in
//! `changes`, its columns in `changes::layout`; an engine that loads files in `sql`; a flag in `cli` and `config`; what a
//! file of jobs may hold in `config::jobs`, and how jobs are run in `commands::run`; what a run tells programs that watch it
//! in `telemetry`, filled in by `commands::monitor`; a form of the report in `report`.

pub mod api;
pub mod base;
pub mod changes;
pub mod cli;
pub mod commands;
pub mod config;
pub mod error;
pub mod export;
pub mod format;
pub mod input;
pub mod journal;
pub mod listing;
pub mod lookup;
pub mod progress;
pub mod publish;
pub mod report;
pub mod resources;
pub mod simulator;
pub mod sql;
pub mod store;
pub mod telemetry;
pub mod time;
pub mod transform;
pub mod verdict;
