//! The document on contacts: [`Summary`], and how it compares with an older one.

mod absent;
pub(in crate::report) mod actions;
mod compare;
pub(in crate::report) mod comparison;
pub(in crate::report) mod gross;
mod resource;
pub(in crate::report) mod summary;

pub use self::compare::compare;
pub use self::comparison::Comparison;
pub use self::gross::{Gross, GrossChanges, GroupsOfContact, OptOutChange};
pub use self::summary::{OptOut, Quality, RegionDetail, SUMMARY_SCHEMA_VERSION, Summary, UpdatedCounts};
