//! What an account holds, one folder a resource: its Arrow schema, the decoder of its pages, the rules that clean its
//! fields, and its record batches.
//!
//! Nothing here knows of files or of how a list is walked.

pub mod contacts;
