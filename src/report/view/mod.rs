//! The contents of a report in reading order, the same for every renderer.
//!
//! The modules of a resource decide what is shown and how it is worded, using [`parts`] and [`cell`]. A renderer decides
//! only how it looks, and how many rows of a long table fit ([`limits`]). So every form shows the same numbers. What
//! resources have in common is in [`report`], [`totals`], [`changes`], [`quality`] and [`run`].
//!
//! *Easy to get wrong:* texts from the server are passed through [`shown`](super::format::shown) here, but a renderer must
//! still escape them for its own form. A table that is truncated or collapsed must still add up: see [`ranked`].

mod about;
pub(super) mod action;
pub(super) mod cell;
mod changes;
pub(super) mod contacts;
mod counted;
pub(super) mod delivery;
mod digest;
mod distinct;
pub(super) mod layout;
pub(super) mod limits;
mod names;
pub(super) mod parts;
mod profiles;
mod quality;
mod ranked;
mod report;
mod run;
mod totals;
mod trend;
mod warnings;
