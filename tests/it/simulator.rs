//! The simulator over real sockets: responses, faults, changes of the list, statistics.
//!
//! The client here is a few lines on a plain socket, so that no code of the exporter or of an HTTP library
//! affects what a test sees.

mod api;
pub(crate) mod client;
mod faults;
mod limits;
mod messages;
mod movement;
mod service;
