//! Which files are counted, when they were exported, and facts from their manifests.

use crate::input::{Chosen, Content, PublicationFacts, SourceError, SourceFile, choose_snapshots};
use crate::report::{Filters, InputExport, InputReport, Notice};
use crate::time::Timestamp;

/// The newest export of each account, or all exports if they are to be added up, and a summary of the choice.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn choose(files: Vec<SourceFile>, is_sum: bool) -> Result<(Vec<SourceFile>, Vec<Notice>), SourceError> {
    if is_sum {
        let noun = files.first().map_or(Content::Contacts, |file| file.content).noun();
        let snapshots = choose_snapshots(files.clone())?.snapshots;
        let notices =
            snapshots.iter().map(|snapshots| Notice::summed_snapshots(1 + snapshots.older.len() as u64, noun));
        return Ok((files, notices.collect()));
    }
    let Chosen { files, snapshots } = choose_snapshots(files)?;
    let notices = snapshots.iter().map(|snapshots| {
        let older: Vec<String> = snapshots.older.iter().map(|path| path.display().to_string()).collect();
        Notice::older_snapshots(&snapshots.newest.to_string_lossy(), older.iter().map(String::as_str))
    });
    Ok((files, notices.collect()))
}

/// The start of the newest export; `None` unless all files have a manifest.
pub(super) fn exported_at(files: &[SourceFile]) -> Option<Timestamp> {
    let moments = files.iter().map(|file| file.published.as_ref().map(|published| published.run.earliest));
    moments.reduce(|one, other| Some(one?.max(other?))).flatten()
}

/// The filters that all files share, according to their manifests; unknown for a file without one.
pub(super) fn filters(files: &[SourceFile]) -> Option<Filters> {
    let mut all = files.iter().map(|file| file.published.as_ref().map(|of| of.filters.clone()).unwrap_or_default());
    let first = all.next().unwrap_or_default();
    all.all(|filters| filters == first).then_some(first)
}

/// The entry of a file in the report.
pub(super) fn report(file: &SourceFile, rows: u64) -> InputReport {
    let export = file.published.as_ref().map(export);
    InputReport { path: file.path.display().to_string(), format: file.format, rows, bytes: file.bytes, export }
}

fn export(published: &PublicationFacts) -> InputExport {
    InputExport {
        started_at: published.run.earliest.to_millis(),
        finished_at: published.run.latest.to_millis(),
        api: published.api.clone(),
        filters: published.filters.clone(),
        verdict: published.verdict,
        evidence: published.evidence.clone(),
        items_rejected: published.items_rejected,
    }
}

/// A warning about files that their manifest does not list.
pub(super) fn unlisted(files: &[SourceFile]) -> Option<Notice> {
    let unlisted = files.iter().filter(|file| file.unlisted_in.is_some());
    let paths: Vec<String> = unlisted.map(|file| file.path.display().to_string()).collect();
    Notice::unlisted_files(paths.iter().map(String::as_str))
}

/// A warning about a manifest that cannot be read.
pub(super) fn unread_manifest(file: &SourceFile) -> Option<Notice> {
    let manifest = file.unread_manifest.as_ref()?;
    Some(Notice::unreadable_manifest(&manifest.to_string_lossy(), &file.path.to_string_lossy()))
}
