//! x
pub mod api;
pub mod contacts;
pub mod sink;
pub mod summary;
