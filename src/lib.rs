//! x
pub mod api;
pub mod contacts;
