//! The contents of a report in reading order, the same for every renderer.
//!
//! The modules of a resource decide what is shown and in which words, made of [`parts`] and [`cell`]; a renderer decides
//! only how it looks, and how many rows of a long table fit ([`limits`]). So every form shows the same numbers. What
//! resources have in common is in [`report`], [`totals`], [`changes`], [`quality`] and [`run`].
//!
//! *Easy to get wrong:* texts from the server pass [`shown`](super::format::shown) here, and a renderer still has to escape
//! them for its own form. And a table that is cut or folded must still add up: see [`ranked`].

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
