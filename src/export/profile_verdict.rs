//! Combines the reports on several profiles: sums, and the worst verdict.
//!
//! *Easy to get wrong:* the evidence must name the unverified profiles with their reasons. The evidence of the others is
//! left out.

use super::read_report::ReadReport;
use crate::base::plural::{count_of, word_for};
use crate::base::printable::printable;
use crate::report::{ConsistencyFacts, ProfileFacts};
use crate::verdict::{Evidence, EvidenceCode as Code, Verdict};

/// Maximum number of profiles listed in evidence.
const MAX_NAMED: usize = 10;

/// Adds the report on another profile.
pub(super) fn add_up(whole: Option<ReadReport>, read: ReadReport) -> ReadReport {
    let Some(whole) = whole else { return read };
    let sum = |one: Option<u64>, other: Option<u64>| one.zip(other).map(|(one, other)| one + other);
    let (a, b) = (whole.consistency, read.consistency);
    ReadReport {
        verdict: whole.verdict.weaker(read.verdict),
        evidence: Vec::new(),
        pages: whole.pages + read.pages,
        rejected: whole.rejected + read.rejected,
        duplicates: whole.duplicates + read.duplicates,
        total_first: sum(whole.total_first, read.total_first),
        total_last: sum(whole.total_last, read.total_last),
        consistency: ConsistencyFacts {
            mode: a.mode,
            total_count_min: sum(a.total_count_min, b.total_count_min),
            total_count_max: sum(a.total_count_max, b.total_count_max),
            changes_seen: a.changes_seen + b.changes_seen,
            created_during_run: a.created_during_run + b.created_during_run,
            updated_during_run: a.updated_during_run + b.updated_during_run,
            deleted_during_run_at_least: a.deleted_during_run_at_least + b.deleted_during_run_at_least,
            boundaries_verified: a.boundaries_verified + b.boundaries_verified,
            boundaries_searched: a.boundaries_searched + b.boundaries_searched,
            rescans: a.rescans + b.rescans,
            missing_rows: a.missing_rows.into_iter().chain(b.missing_rows).collect(),
            pages_resumed: a.pages_resumed + b.pages_resumed,
            first_request_id: a.first_request_id,
            last_request_id: b.last_request_id,
        },
        not_found: Vec::new(),
        profiles: Vec::new(),
    }
}

/// The worst verdict of all profiles.
pub(super) fn conclude(whole: ReadReport, profiles: Vec<ProfileFacts>) -> ReadReport {
    let failed: Vec<&ProfileFacts> = profiles.iter().filter(|profile| profile.failure.is_some()).collect();
    let read = (profiles.len() - failed.len()) as u64;
    let counts = [Verdict::Complete, Verdict::Healed, Verdict::Unverified].map(|verdict| {
        let is_counted = |profile: &&ProfileFacts| profile.failure.is_none() && profile.verdict == verdict;
        (profiles.iter().filter(is_counted).count(), verdict.name())
    });
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    let mut text = format!(
        "{} read one after another: {}",
        count_of(read, "profile was", "profiles were"),
        counts.collect::<Vec<_>>().join(", ")
    );
    let unverified: Vec<_> = profiles.iter().filter(|profile| is_doubtful(profile)).collect();
    if !unverified.is_empty() {
        text += &format!(": {}", named(unverified.iter().map(|profile| (*profile, evidence_of(profile)))));
    }
    let mut evidence = vec![Evidence::new(Code::ProfilesRead, Some(read), text)];
    let mut verdict = whole.verdict;
    if !failed.is_empty() {
        verdict = Verdict::Unverified;
        let count = failed.len() as u64;
        let why = |profile: &ProfileFacts| profile.failure.as_ref().map(|failure| failure.text.clone());
        let named = named(failed.iter().map(|profile| (*profile, why(profile))));
        let text = format!(
            "{} not read to {} end: {}",
            count_of(count, "profile was", "profiles were"),
            word_for(count, "its", "their"),
            named
        );
        // Reports show the first evidence as the reason for the verdict.
        evidence.insert(0, Evidence::new(Code::ProfilesFailed, Some(count), text));
    }
    evidence.extend(parts_read(&profiles));
    ReadReport { verdict, evidence, profiles, ..whole }
}

/// The evidence for profiles that were only partly read, as requested.
fn parts_read(profiles: &[ProfileFacts]) -> Option<Evidence> {
    let parts = profiles.iter().flat_map(|profile| &profile.evidence);
    let parts: Vec<_> = parts.filter(|line| [Code::LimitReached, Code::Sampled].contains(&line.code)).collect();
    let first = parts.first()?;
    let flag = if first.code == Code::Sampled { "--sample" } else { "--limit" };
    let of = count_of(parts.len() as u64, "profile", "profiles");
    let rows = parts.iter().filter_map(|line| line.count).sum();
    Some(Evidence::new(first.code, Some(rows), format!("only a part of the list of {of} was read ({flag})")))
}

/// Whether a profile was completely read but is unverified.
fn is_doubtful(profile: &ProfileFacts) -> bool {
    let is_part = profile.evidence.iter().any(|line| [Code::LimitReached, Code::Sampled].contains(&line.code));
    profile.failure.is_none() && profile.verdict == Verdict::Unverified && !is_part
}

/// The evidence for the verdict on a profile, as one text.
fn evidence_of(profile: &ProfileFacts) -> Option<String> {
    let lines: Vec<&str> = profile.evidence.iter().map(|line| line.text.as_str()).collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// The first profiles, each with the reason for its verdict.
fn named<'a>(profiles: impl ExactSizeIterator<Item = (&'a ProfileFacts, Option<String>)>) -> String {
    let more = profiles.len().saturating_sub(MAX_NAMED);
    let one = |(profile, why): (&ProfileFacts, Option<String>)| match why {
        Some(why) => format!("{} ({why})", printable(profile.label())),
        None => printable(profile.label()),
    };
    let mut named: Vec<String> = profiles.take(MAX_NAMED).map(one).collect();
    if more > 0 {
        named.push(count_of(more as u64, "other", "others"));
    }
    named.join(", ")
}
