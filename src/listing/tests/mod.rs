//! Runs the real driver on lists in memory: no row may be lost unless the verdict is `unverified`.
//!
//! [`histories`] reads lists that change, [`pages`] lists that do not, from services with faults.

mod answers;
mod changes;
mod histories;
mod kinds;
mod model;
mod orders;
mod pages;
mod service;
mod world;
