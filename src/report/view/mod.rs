//! A document in the order in which people read it, the same for every renderer.
//!
//! A module here decides what is shown of a resource and in which words ([`parts`] and [`cell`] have what it can use); a renderer decides
//! only how it looks, and how many rows of a long table it has room for ([`limits`]). So every form shows the same numbers.
//!
//! *Easy to get wrong:* words that came from the server pass [`shown`](super::format::shown) here, and a renderer still has
//! to escape them for its own form. And a table that is cut or folded has to add up all the same: see [`ranked`].

pub(super) mod cell;
mod changes;
pub(super) mod contacts;
mod counted;
pub(super) mod delivery;
pub(super) mod layout;
pub(super) mod limits;
mod names;
pub(super) mod parts;
mod quality;
mod ranked;
mod report;
mod run;
mod totals;
mod warnings;
