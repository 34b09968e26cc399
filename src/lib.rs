//! Gets every contact of a Sent account out: each exactly once, into files that load at the first try, with a summary
//! of what is in them and a straight answer to "is it all there?".
//!
//! ```text
//!  cli, config ─► commands ─► export
//!                               │
//!       listing ──────────────────┤  which rows, in what order; gaps closed; answers kept in a journal
//!         │  └► api             │  one request: pace, attempts, retry
//!         └───► resources       │  JSON ─► rows of a page, checked
//!                               ▼
//!                     bounded channel of pages
//!                               │
//!                               ├─► resources rows that are kept ─► Arrow record batches, cleaned
//!                               ├─► report    counts ─► table, JSON, HTML, Markdown
//!                               ▼
//!                    bounded channels of batches
//!                               │
//!                               └─► publish   outputs side by side, gate, lock, manifest
//!                                       │  └► format   record batches ─► Parquet, CSV
//!                                       └───► store    bytes ─► files, staged, hashed and renamed; stdout
//!
//!       input ─► report                       record batches again, from files that are there already
//! ```
//!
//! Imports never turn back: `api` knows nothing of Arrow, `format`, `store` and `publish` nothing of HTTP, `report` nothing of either. The
//! [`simulator`] stands apart and knows nothing of the rest, so that a shared misunderstanding of the API would show.

pub mod api;
pub mod base;
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
pub mod store;
pub mod time;
pub mod verdict;
