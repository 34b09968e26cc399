//! x
pub mod api;
pub mod contacts;
pub mod fetch;
pub mod sink;
pub mod summary;
pub mod verdict;
