//! Warnings at the top of every form.

use super::super::document::notice::Notice;
use super::super::format::sentence;
use crate::base::plural::grouped;

/// Notices as sentences, limited in number.
pub(super) fn warnings(notices: &[Notice]) -> Vec<String> {
    // A folder can hold exports of thousands of accounts.
    const MAX: usize = 10;
    let mut texts: Vec<String> = notices.iter().take(MAX).map(|notice| sentence(&notice.text)).collect();
    if let Some(rest) = notices.len().checked_sub(MAX).filter(|&rest| rest > 0) {
        texts.push(format!("{} more; the JSON form has all of them.", grouped(rest as u64)));
    }
    texts
}
