//! Counts of a lookup, and the verdict that follows from them.

use crate::base::plural::{count_of, grouped, word_for};
use crate::verdict::{Evidence, EvidenceCode as Code, Verdict};

/// Maximum number of ids listed one by one in evidence.
const MAX_NAMED: usize = 20;

/// Counts of a lookup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookupReport {
    /// Requested ids.
    pub ids: usize,
    /// Ids with a row.
    pub found: usize,
    /// Ids without a row.
    pub not_found: usize,
    /// Ids that could not be read, in order, in a form that may be shown.
    pub unread: Vec<String>,
    /// Answers that state that they are incomplete.
    pub cut: usize,
    /// Answers taken from the journal of an earlier run.
    pub resumed: usize,
    /// `meta.request_id` of the first and the last answer.
    pub request_ids: [Option<String>; 2],
}

impl LookupReport {
    /// Whether every id was answered, and the evidence.
    pub fn verdict(&self) -> (Verdict, Vec<Evidence>) {
        let answered = (self.found + self.not_found) as u64;
        let mut evidence = vec![Evidence::new(
            Code::IdsAnswered,
            Some(answered),
            format!("{} of {} answered", grouped(answered), count_of(self.ids as u64, "id was", "ids were")),
        )];
        if self.not_found > 0 {
            let count = self.not_found as u64;
            let text = format!("{} not known to the API", count_of(count, "id is", "ids are"));
            evidence.push(Evidence::new(Code::IdsNotFound, Some(count), text));
        }
        if self.cut > 0 {
            let count = self.cut as u64;
            let text = format!("{} not hold everything about the id", count_of(count, "answer does", "answers do"));
            evidence.push(Evidence::new(Code::AnswersCut, Some(count), text));
        }
        if !self.unread.is_empty() {
            evidence.push(self.unread_evidence());
        }
        let is_complete = self.unread.is_empty() && self.cut == 0 && answered == self.ids as u64;
        (if is_complete { Verdict::Complete } else { Verdict::Unverified }, evidence)
    }

    fn unread_evidence(&self) -> Evidence {
        let count = self.unread.len() as u64;
        let mut named: Vec<String> = self.unread.iter().take(MAX_NAMED).cloned().collect();
        if let Some(more) = self.unread.len().checked_sub(MAX_NAMED).filter(|&more| more > 0) {
            named.push(format!("and {more} more"));
        }
        let text = format!("{} {} not be read: {}", count, word_for(count, "id could", "ids could"), named.join(", "));
        Evidence::new(Code::IdsNotRead, Some(count), text)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn codes(report: &LookupReport) -> (Verdict, Vec<(Code, Option<u64>)>) {
        let (verdict, evidence) = report.verdict();
        (verdict, evidence.iter().map(|evidence| (evidence.code, evidence.count)).collect())
    }

    #[test]
    fn an_unknown_id_is_answered_and_one_that_was_not_read_is_not() {
        let answered = LookupReport { ids: 3, found: 2, not_found: 1, ..LookupReport::default() };
        let wanted = vec![(Code::IdsAnswered, Some(3)), (Code::IdsNotFound, Some(1))];
        assert_eq!(codes(&answered), (Verdict::Complete, wanted));
        let unread =
            LookupReport { ids: 3, found: 2, unread: vec![Uuid::nil().to_string()], ..LookupReport::default() };
        let wanted = vec![(Code::IdsAnswered, Some(2)), (Code::IdsNotRead, Some(1))];
        assert_eq!(codes(&unread), (Verdict::Unverified, wanted));
        let cut = LookupReport { ids: 2, found: 2, cut: 1, ..LookupReport::default() };
        let wanted = vec![(Code::IdsAnswered, Some(2)), (Code::AnswersCut, Some(1))];
        assert_eq!(codes(&cut), (Verdict::Unverified, wanted));
        assert_eq!(codes(&LookupReport::default()).0, Verdict::Complete, "nothing was requested");
    }

    #[test]
    fn evidence_names_only_the_first_ids_that_could_not_be_read() {
        let unread = (0..22).map(|id| Uuid::from_u128(id).to_string()).collect();
        let (_, evidence) = LookupReport { ids: 22, unread, ..LookupReport::default() }.verdict();
        let text = &evidence[1].text;
        assert!(text.starts_with("22 ids could not be read: 00000000-"), "{text}");
        assert!(text.ends_with("-000000000013, and 2 more"), "{text}");
    }
}
