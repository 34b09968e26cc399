//! `--confirm-removed`: asks the API for each contact that the list does not have anymore.
//!
//! A contact that was in the last export existed before this run began. If the API still knows it after the list was read,
//! it existed during the whole run, and a read of the whole list must have found it: what is missing contradicts a verdict of
//! `complete` or `healed`, which becomes `unverified`. With a filter it may have ceased to match, so there the verdict stays.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::ControlFlow;

use uuid::Uuid;

use crate::api::{Account, ApiKey};
use crate::base::plural::{count_of, word_for};
use crate::cli::VerbosityArgs;
use crate::config::ExportConfig;
use crate::error::Error;
use crate::export::{LookupReading, ReadReport, Reading, lookup_progress};
use crate::journal::{Engage, JournalSlot};
use crate::lookup::{Answer, Looked, LookupError, LookupSettings, look_up};
use crate::progress::ProgressDisplay;
use crate::report::Filters;
use crate::resources::LookupSource;
use crate::resources::contacts::{ContactKey, ContactLookup};
use crate::time::Timestamp;
use crate::verdict::{Evidence, EvidenceCode as Code, Verdict};

use super::super::printer::note;
use super::super::read::{draw, is_progress_silent};
use super::super::resume::open_journal;
use super::super::with_activities::budget;

/// What asking needs.
pub(in crate::commands) struct Confirming<'a> {
    /// The account, whose limiter is shared.
    pub(in crate::commands) account: &'a Account,
    pub(in crate::commands) key: &'a ApiKey,
    pub(in crate::commands) verbosity: &'a VerbosityArgs,
    /// Where the answers are kept, so that a run which resumes this one does not ask again.
    pub(in crate::commands) journal: &'a mut JournalSlot,
    /// When this run began.
    pub(in crate::commands) now: Timestamp,
}

/// What the API has answered.
#[derive(Debug, Default)]
pub(super) struct Confirmed {
    /// Ids that it does not know anymore.
    removed: u64,
    /// Ids that it still knows.
    existing: u64,
    /// Ids that it could not be asked for.
    unread: u64,
    /// The ids of both.
    pub(super) not_gone: HashSet<String>,
}

impl Confirming<'_> {
    /// Asks for each id.
    ///
    /// # Errors
    /// When the API is unavailable, or the run is stopped.
    pub(super) async fn ask(
        self,
        ids: &[String],
        config: &ExportConfig,
        stop: impl Future<Output = Error>,
    ) -> Result<Confirmed, Error> {
        let Confirming { account, key, verbosity, journal, now } = self;
        let mut confirmed = Confirmed::default();
        let mut keys = Vec::new();
        for id in ids {
            match Uuid::try_parse(id) {
                Ok(uuid) if uuid.to_string() == *id => keys.push(ContactKey::Id(uuid)),
                // The API takes no others.
                _ => confirmed.add(id.clone(), false),
            }
        }
        if keys.is_empty() {
            return Ok(confirmed);
        }
        let concurrency = config.pace.concurrency();
        let reading = LookupReading {
            resource: ContactLookup::default(),
            keys,
            settings: LookupSettings { concurrency, allow_unread: true },
        };
        let journal_key = config.journal_key(reading.journal_key(), key);
        *journal = open_journal(&config.resume_removed, &journal_key, (now, Engage::WhenItLasts), verbosity.quiet)?;
        let requests = reading.keys.len() as u64;
        if !verbosity.quiet {
            let span = config.pace.span_of(requests);
            note(
                "removals_planned",
                &budget(("confirming removals", "contact"), requests, span, journal.past.is_some()),
            );
        }
        let is_silent = is_progress_silent(verbosity);
        let noun = LookupReading::<ContactLookup>::COUNTED;
        let display = RefCell::new(ProgressDisplay::new(is_silent, config.pace.rate(), noun));
        let observe = |progress| display.borrow_mut().observe(lookup_progress(progress));
        let source = LookupSource::<ContactLookup>::new(account, config.account.scope);
        let deliver = async |looked: Looked<'_, ContactKey, _>| {
            match looked.answer {
                Answer::NotFound => confirmed.removed += 1,
                Answer::Found(_) => confirmed.add(looked.key.to_string(), true),
                Answer::Unread => confirmed.add(looked.key.to_string(), false),
            }
            ControlFlow::Continue(())
        };
        let asking = Box::pin(look_up(&source, &reading.keys, reading.settings, journal, deliver, observe));
        let asked = tokio::select! {
            asked = asking => asked,
            error = stop => return Err(error),
            never = draw(&display, account, is_silent) => match never {},
        };
        display.borrow().finish();
        match asked {
            Ok(_) => Ok(confirmed),
            Err(LookupError::Source(refusal)) => Err(Error::Api(refusal.error)),
            Err(LookupError::Journal(error)) => Err(Error::Journal(error)),
            Err(LookupError::ReceiverGone) => Err(Error::WriterDied),
        }
    }
}

impl Confirmed {
    fn add(&mut self, id: String, exists: bool) {
        *if exists { &mut self.existing } else { &mut self.unread } += 1;
        self.not_gone.insert(id);
    }

    /// Adds what the answers say to the evidence for a verdict, which they may contradict.
    pub(super) fn judge(&self, read: &mut ReadReport, filters: &Filters) {
        let mut add = |code, count, text| read.evidence.push(Evidence::new(code, Some(count), text));
        if self.removed > 0 {
            let contacts = count_of(self.removed, "removed contact is", "removed contacts are");
            add(Code::RemovalsConfirmed, self.removed, format!("{contacts} not known to the API anymore"));
        }
        if self.unread > 0 {
            let contacts = count_of(self.unread, "contact", "contacts");
            let text = format!("the API could not be asked for {contacts} that the list does not have anymore");
            add(Code::RemovalsNotConfirmed, self.unread, text);
        }
        if self.existing == 0 {
            return;
        }
        let contacts = count_of(self.existing, "contact", "contacts");
        let exist = word_for(self.existing, "exists", "exist");
        let all = Filters { profile_id: filters.profile_id.clone(), ..Filters::default() };
        let text = if *filters == all {
            read.verdict = Verdict::Unverified;
            format!("{contacts} of the last export still {exist}, but the list does not have them")
        } else {
            format!("{contacts} of the last export still {exist}, and may not match the filters anymore")
        };
        add(Code::RemovedStillExist, self.existing, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ConsistencyFacts;

    fn report() -> ReadReport {
        ReadReport {
            verdict: Verdict::Complete,
            evidence: Vec::new(),
            pages: 0,
            rejected: 0,
            duplicates: 0,
            total_first: None,
            total_last: None,
            consistency: ConsistencyFacts::default(),
            not_found: Vec::new(),
            profiles: Vec::new(),
        }
    }

    #[test]
    fn what_still_exists_contradicts_a_verdict_on_the_whole_list_only() {
        let mut confirmed = Confirmed { removed: 2, ..Confirmed::default() };
        let channel = Filters { channel: Some("sms".to_owned()), ..Filters::default() };
        let profile = Filters { profile_id: Some("6f96".to_owned()), ..Filters::default() };
        let judged = |confirmed: &Confirmed, filters: &Filters| {
            let mut read = report();
            confirmed.judge(&mut read, filters);
            (read.verdict, read.evidence.iter().map(|line| (line.code, line.count)).collect::<Vec<_>>())
        };
        let removed = (Code::RemovalsConfirmed, Some(2));
        assert_eq!(judged(&confirmed, &profile), (Verdict::Complete, vec![removed]));
        confirmed.add("a".to_owned(), true);
        let existing = (Code::RemovedStillExist, Some(1));
        assert_eq!(judged(&confirmed, &profile), (Verdict::Unverified, vec![removed, existing]));
        assert_eq!(judged(&confirmed, &channel), (Verdict::Complete, vec![removed, existing]));
        confirmed.add("b".to_owned(), false);
        assert_eq!(judged(&confirmed, &channel).1[1], (Code::RemovalsNotConfirmed, Some(1)));
        assert_eq!(confirmed.not_gone.len(), 2);
    }
}
