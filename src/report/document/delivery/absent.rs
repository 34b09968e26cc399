//! What rests on columns that not all files have, and therefore is not told.
//!
//! A message without a direction is neither outbound nor inbound, and that is true where there is no such column, too. But
//! "no message was delivered" would be wrong: such numbers are left out, so that no form takes a missing column for an answer.

use super::summary::DeliverySummary;

impl DeliverySummary {
    /// Leaves out what rests on [`columns_not_in_inputs`](super::super::origin::Origin::columns_not_in_inputs).
    pub fn leave_out_absent(&mut self) {
        let has_direction = self.has(&["direction"]);
        let has_status = has_direction && self.has(&["status"]);
        let groups = [&mut self.channels, &mut self.regions, &mut self.templates, &mut self.days];
        let groups = groups.into_iter().flat_map(|groups| groups.values_mut()).chain([&mut self.total]);
        for group in groups {
            if !has_direction {
                (group.outbound, group.inbound) = (None, None);
            }
            if !has_status {
                (group.successful, group.failed, group.withheld) = (None, None, None);
            }
        }
        if !has_status {
            (self.funnel, self.deliverability) = (None, None);
            self.failures.clear();
        }
        if !has_direction || !self.has(&["contact_id", "created_at"]) {
            self.contacts = None;
        }
        if !has_direction || !self.has(&["price"]) {
            self.quality.outbound_without_price = 0;
        }
    }
}
