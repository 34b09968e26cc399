//! `--confirm-removed`: looks up each contact that is no longer in the list.
//!
//! A contact in the last export existed before this run began. If the API still has it after the list was read, it existed
//! during the whole run, and reading the whole list should have found it. That contradicts a verdict of `complete` or
//! `healed`, which becomes `unverified`. With a filter, the contact may no longer match, so the verdict stays.

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
use crate::lookup::{Looked, LookupAnswer, LookupError, LookupSettings, look_up};
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

/// What the lookup needs.
pub(in crate::commands) struct Confirming<'a> {
    /// The account, whose limiter is shared with the reading of the list.
    pub(in crate::commands) account: &'a Account,
    pub(in crate::commands) key: &'a ApiKey,
    pub(in crate::commands) verbosity: &'a VerbosityArgs,
    /// Saves the responses, so that a run that resumes this one does not request them again.
    pub(in crate::commands) journal: &'a mut JournalSlot,
    /// When this run began.
    pub(in crate::commands) now: Timestamp,
}

/// The results of the lookup.
#[derive(Debug, Default)]
pub(super) struct Confirmed {
    /// Ids that no longer exist.
    removed: u64,
    /// Ids that still exist.
    existing: u64,
    /// Ids that could not be looked up.
    unread: u64,
    /// The ids of both kinds.
    pub(super) not_gone: HashSet<String>,
}

impl Confirming<'_> {
    /// Looks up each id.
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
                // The API accepts no other ids.
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
                LookupAnswer::NotFound => confirmed.removed += 1,
                LookupAnswer::Found(_) => confirmed.add(looked.key.to_string(), true),
                LookupAnswer::Unread => confirmed.add(looked.key.to_string(), false),
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

    /// Adds the results to the evidence, which may contradict the verdict.
    pub(super) fn judge(&self, read: &mut ReadReport, filters: &Filters) {
        let mut add = |code, count, text| read.evidence.push(Evidence::new(code, Some(count), text));
        if self.removed > 0 {
            let contacts =
                count_of(self.removed, "removed contact no longer exists", "removed contacts no longer exist");
            add(Code::RemovalsConfirmed, self.removed, contacts);
        }
        if self.unread > 0 {
            let contacts = count_of(self.unread, "contact", "contacts");
            let text = format!("{contacts} that the list no longer contains could not be looked up");
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
            format!("{contacts} of the last export still {exist}, but the list does not contain them")
        } else {
            format!("{contacts} of the last export still {exist}, and may no longer match the filters")
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
    fn contacts_that_still_exist_contradict_only_a_verdict_on_the_whole_list() {
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
