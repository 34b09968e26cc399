//! What every renderer needs of a document.

use super::super::document::contacts::summary::Summary;
use super::super::document::delivery::summary::DeliverySummary;
use super::super::document::resource::ResourceDocument;
use super::limits::ViewLimits;
use super::parts::ReportView;
use super::{contacts, delivery};

/// A document that can be rendered.
pub(in crate::report) trait Layout {
    /// The contents of the report, in reading order.
    fn layout(&self, limits: ViewLimits) -> ReportView;

    /// Its JSON form.
    fn json(&self) -> String;
}

impl Layout for Summary {
    fn layout(&self, limits: ViewLimits) -> ReportView {
        contacts::report(self, limits)
    }

    fn json(&self) -> String {
        self.to_json()
    }
}

impl Layout for DeliverySummary {
    fn layout(&self, limits: ViewLimits) -> ReportView {
        delivery::report(self, limits)
    }

    fn json(&self) -> String {
        self.to_json()
    }
}
