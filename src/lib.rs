//! Exports a Sent account: every row exactly once, into files that load on the first try, with a report on their contents
//! and a clear answer to "is it all there?".
//!
//! ```text
//!  cli ─► config ─► commands ─► export         flags, checked settings, one file per command, one run
//!                                 │
//!        ┌────────────────────────┴─────────────────────────┐
//!        │ listing    windows of a list, until it is proven that no row is missing
//!        │ lookup     rows by id, in the order of the ids
//!        │   ├─► journal    saved responses, from which an interrupted run resumes
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
//!                                 └─► publish     concurrent outputs, gates, lock, manifest
//!                                       ├─► transform columns to write, phone numbers masked or hashed
//!                                       ├─► format    record batches ─► Parquet, Arrow, CSV, NDJSON, Excel
//!                                       └─► store     bytes ─► files and objects (staged, hashed, published), stdout
//!
//!        input ─► report          record batches again, from exported files and objects, and whether these are still as
//!              │                  published
//!              └► changes         two snapshots, of which a run may be the newer ─► what is new, changed and gone ─► publish
//!        resources ─► sql         schemas ─► statements for databases that load the files
//!        telemetry                log lines as JSON; metrics, a run log, notifications about a run and lineage
//! ```
//!
//! Imports point down this picture and never back: `api` does not depend on Arrow; `format`, `store` and `publish` do not
//! depend on HTTP; `report` depends on neither HTTP nor files; `changes` on neither HTTP nor formats, only on temporary
//! files; `telemetry` on neither the API nor formats. `base`, `time` and `verdict` are below all of them. The [`simulator`]
//! shares no code with the rest, so that a misunderstanding of the API would show.
//!
//! Where to change what:
//!
//! | change | files |
//! |---|---|
//! | a new endpoint | a constant in `api/endpoints.rs`; for the simulator, `simulator/request.rs` and `simulator/endpoints/` |
//! | a new resource | a folder in `resources/` with its schema and decoder, and a row of `resources/table.rs`; its counts in `report/counts/`; its columns in `input/content.rs`; its flags in `cli/`, and a file in `commands/` |
//! | a new format | a file in `format/` and a row of `format/table.rs`; its reader in `input/`, called by `input/read.rs` |
//! | a new store | its scheme in `store/object/address.rs`, and its client in `store/object/connect.rs`; a kind of target other than files and objects in `store/open.rs` |
//! | runs over profiles | the choice in `config/profiles.rs`, reading in `export/profiles.rs`, outputs in `commands/profiles.rs`; whose rows one request reads in `api/scope.rs` |
//! | a comparison of exports | comparing in `changes/`, its columns in `changes/layout.rs`; the two sides in `commands/compare/`; `diff` in `commands/diff.rs`, and comparing during a run in `commands/with_changes.rs` |
//! | a flag | `cli/`, and what it means in `config/` |
//! | a form of the report | `report/form.rs` and `report/render/` |
//! | an SQL engine | a file in `sql/`, and a row of `sql/engine.rs` |
//! | files of jobs | `config/jobs/`, and running them in `commands/run/` |
//! | monitoring | `telemetry/`, with the facts from `commands/monitor.rs` |

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

#[cfg(test)]
mod tests;
