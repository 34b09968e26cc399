//! One side of a comparison: its files, and facts from them and their manifests.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use crate::base::plural::{count_of, grouped};
use crate::base::printable::printable;
use crate::changes::SnapshotSorter;
use crate::config::ConfigError;
use crate::error::Error;
use crate::input::{
    Chosen, ColumnSet, Content, FileFacts, FoundFiles, Piece, SourceError, SourceFile, add_customers, choose_snapshots,
    detect_contents, read_file,
};
use crate::progress::FileProgress;
use crate::report::{Filters, InputProfile};
use crate::resources::PROFILE_ID;
use crate::time::Timestamp;
use crate::verdict::Verdict;

use super::super::printer::{note, warn_text};
use crate::transform::{Privacy, Protected};

/// Maximum number of reasons for a verdict that are shown.
const MAX_EVIDENCE: usize = 3;

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Which {
    Old,
    New,
}

/// Facts about the rows of a side.
#[derive(Debug, Default)]
pub(in crate::commands) struct SideFacts {
    /// Addresses of the API.
    pub(in crate::commands) apis: BTreeSet<String>,
    /// Profiles; `none` for the account itself.
    pub(in crate::commands) profiles: BTreeSet<String>,
    /// The other filters, as JSON.
    pub(in crate::commands) filters: BTreeSet<String>,
    /// How phone numbers were protected.
    pub(in crate::commands) privacy: BTreeSet<String>,
    /// Ids of the profiles that a run with `--profiles` read or tried to read.
    pub(in crate::commands) profile_ids: BTreeSet<String>,
    /// Customer ids of the rows; known after reading them.
    pub(in crate::commands) customers: BTreeSet<String>,
    /// Columns that the side lacks, by position; `None` if it has no rows, or if they have not been read yet.
    pub(in crate::commands) absent: Option<BTreeSet<usize>>,
    /// Why rows may be missing.
    pub(in crate::commands) doubts: Vec<String>,
}

impl SideFacts {
    /// Adds the facts in the manifest of an export. `is_part` says whether the export is a part of a dataset.
    pub(in crate::commands) fn add_export(
        &mut self,
        api: Option<&str>,
        filters: &Filters,
        privacy: &Privacy,
        is_part: bool,
    ) {
        self.apis.extend(api.map(|api| api.trim_end_matches('/').to_owned()));
        self.privacy.insert(shown_privacy(privacy));
        self.add_filters(filters, is_part);
    }

    fn add_filters(&mut self, filters: &Filters, is_part: bool) {
        // A dataset has the rows of many runs, but its manifest only the span of the last one.
        let since = filters.since.clone().filter(|_| !is_part);
        let without_profile = Filters { profile_id: None, profiles: Vec::new(), since, ..filters.clone() };
        let shown = serde_json::to_string(&without_profile).expect("filters are texts and a flag");
        self.filters.insert(if shown == "{}" { "none".to_owned() } else { shown });
        let profiles = match filters.profiles.as_slice() {
            [] => filters.profile_id.clone().unwrap_or_else(|| "none".to_owned()),
            several => several.join(", "),
        };
        self.profiles.insert(profiles);
    }
}

/// One side of a comparison.
#[derive(Debug)]
pub(in crate::commands) struct Side {
    which: Which,
    /// The path as given.
    pub(in crate::commands) shown: String,
    pub(in crate::commands) content: Content,
    /// The files, oldest first.
    files: Vec<SourceFile>,
    pub(in crate::commands) facts: SideFacts,
}

impl Side {
    /// Detects the contents of the files and chooses the newest export.
    ///
    /// # Errors
    /// When they mix contacts and messages, or a file cannot be read.
    pub(in crate::commands) fn new(which: Which, path: &Path, found: &mut FoundFiles) -> Result<Self, SourceError> {
        let content = detect_contents(found)?;
        if let (Content::Activities, Some(file)) = (content, found.files.first()) {
            return Err(SourceError::Activities { path: file.path.clone() });
        }
        let Chosen { files, snapshots } = choose_snapshots(std::mem::take(&mut found.files))?;
        let shown = printable(&path.to_string_lossy());
        for snapshots in snapshots {
            let (newest, older) = (snapshots.newest.to_string_lossy().into_owned(), snapshots.older.len() as u64);
            let are = count_of(older, "older export of the same account is", "older exports of the same account are");
            warn_text(&format!("{are} left out of {shown}; only the newest, {newest}, is compared"));
        }
        Ok(Self::of(which, &path.to_string_lossy(), content, files))
    }

    /// A side made of files that belong to one export with this content.
    pub(in crate::commands) fn of(which: Which, name: &str, content: Content, mut files: Vec<SourceFile>) -> Self {
        let shown = printable(name);
        files.sort_by_key(|file| (file.moment(), file.path.clone()));
        let mut facts = SideFacts::default();
        let (is_single, mut manifests) = (files.len() == 1, BTreeSet::new());
        for file in &mut files {
            file.columns = ColumnSet::All;
            if let Some(manifest) = &file.unread_manifest {
                let doubt = format!("cannot read {}: whether {shown} is complete is unknown", manifest.display());
                facts.doubts.push(doubt);
            }
            let Some(published) = &file.published else { continue };
            facts.add_export(published.api.as_deref(), &published.filters, &published.privacy, file.is_part());
            // All parts of a dataset share one manifest.
            if !manifests.insert(published.manifest.clone()) {
                continue;
            }
            facts.profile_ids.extend(published.profiles.iter().map(|profile| profile.id.clone()));
            let name = if is_single { file.path.display().to_string() } else { name.to_owned() };
            if published.verdict == Some(Verdict::Unverified) {
                let evidence: Vec<&str> =
                    published.evidence.iter().take(MAX_EVIDENCE).map(|line| line.text.as_str()).collect();
                facts.doubts.push(format!("{name} is unverified ({})", evidence.join("; ")));
            }
            if published.items_rejected > 0 {
                let items = count_of(published.items_rejected, "item", "items");
                facts.doubts.push(format!("{items} of the list could not be exported to {name}"));
            }
        }
        Self { which, shown, content, files, facts }
    }

    /// Whether the rows of all files state the profile that they were read for.
    pub(in crate::commands) fn has_profiles(&self) -> bool {
        !self.files.is_empty() && self.files.iter().all(|file| file.has_profiles)
    }

    /// Also matches rows by their profiles, which all files must state.
    pub(in crate::commands) fn match_profiles(&mut self) {
        self.files.iter_mut().for_each(|file| file.columns = ColumnSet::Checked);
    }

    /// The profiles of which the side has every row, according to its manifests.
    pub(in crate::commands) fn complete_profiles(&self) -> HashSet<String> {
        let exports = self.files.iter().filter_map(|file| file.published.as_ref());
        let complete = exports.flat_map(|export| {
            let is_complete = |profile: &&InputProfile| {
                let rejected = profile.items_rejected.unwrap_or(export.items_rejected);
                rejected == 0 && profile.verdict.is_some_and(|verdict| verdict != Verdict::Unverified)
            };
            export.profiles.iter().filter(is_complete)
        });
        complete.map(|profile| profile.id.clone()).collect()
    }

    /// Drops the files that need not be read.
    pub(in crate::commands) fn retain_files(&mut self, is_read: impl FnMut(&SourceFile) -> bool) {
        let mut is_read = is_read;
        self.files.retain(|file| is_read(file));
    }

    /// The id and the start of the run that published the side, if its manifest has them.
    pub(in crate::commands) fn run(&self) -> Option<(&str, Timestamp)> {
        let published = self.files.first()?.published.as_ref()?;
        Some((published.run_id.as_deref()?, published.run.earliest))
    }

    /// Size of all files.
    pub(in crate::commands) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Warns that rows may be missing, and says what that means for the result.
    pub(in crate::commands) fn warn_of_doubts(&self, is_quiet: bool) {
        for doubt in &self.facts.doubts {
            warn_text(doubt);
        }
        if !self.facts.doubts.is_empty() {
            warn_text(&match self.which {
                Which::Old => format!("{} may lack rows, so rows reported as added may be old", self.shown),
                Which::New => {
                    format!("{} may lack rows, so rows that it lacks are reported as missing, not removed", self.shown)
                }
            });
        }
        for (file, manifest) in self.files.iter().filter_map(|file| Some((file, file.unlisted_in.as_ref()?))) {
            let [path, manifest] = [&file.path, manifest].map(|path| printable(&path.to_string_lossy()));
            warn_text(&format!("{manifest} does not list {path}, whose rows may be of an earlier export"));
        }
        let is_unknown = |file: &&SourceFile| {
            file.published.is_none() && file.unlisted_in.is_none() && file.unread_manifest.is_none()
        };
        let unknown: Vec<&PathBuf> = self.files.iter().filter(is_unknown).map(|file| &file.path).collect();
        if let (Some(first), false) = (unknown.first(), is_quiet) {
            let path = printable(&first.to_string_lossy());
            let others = if unknown.len() > 1 {
                format!(" and {} more", grouped(unknown.len() as u64 - 1))
            } else {
                String::new()
            };
            note("no_manifest", &format!("{path}{others}: no manifest, assumed to be complete"));
        }
    }

    /// Reads all files.
    ///
    /// # Errors
    /// When a file cannot be read or has no ids, or a temporary file cannot be written.
    pub(in crate::commands) fn read(
        &mut self,
        sorter: &mut SnapshotSorter,
        progress: &mut FileProgress,
    ) -> Result<(), Error> {
        let mut rows = 0;
        for (rank, file) in self.files.iter().enumerate() {
            let rank = u32::try_from(rank).unwrap_or(u32::MAX);
            let mut added = Ok(());
            let mut take = |piece: Piece| {
                rows += piece.batch.num_rows() as u64;
                progress.observe(rows, piece.bytes_read);
                add_customers(&mut self.facts.customers, &piece.batch);
                if added.is_ok() {
                    added = sorter.add(&piece.batch, rank);
                }
            };
            let FileFacts { rows: in_file, absent, malformed, filters, .. } = read_file(file, &mut take)?;
            added?;
            progress.end_file(file.bytes);
            let schema = file.schema();
            for &(column, values) in &malformed {
                let values = count_of(values, "value", "values");
                let name = schema.field(column).name();
                warn_text(&format!("{values} of {name} in {} cannot be read and count as null", file.path.display()));
            }
            let is_absent = |name: &&str| absent.iter().any(|&column| schema.field(column).name() == name);
            if let Some(column) = ["id", PROFILE_ID].into_iter().find(is_absent) {
                return Err(ConfigError::NoIds { path: file.path.display().to_string(), column }.into());
            }
            if in_file > 0 {
                self.facts.absent.get_or_insert_default().extend(absent);
            }
            if let Some(filters) = filters {
                self.facts.add_filters(&filters, file.is_part());
            }
        }
        if sorter.without_id() > 0 {
            let rows = count_of(sorter.without_id(), "row has no id and is", "rows have no id and are");
            warn_text(&format!("{rows} left out of {}", self.shown));
        }
        Ok(())
    }

    /// Warns that ids had several rows.
    pub(in crate::commands) fn warn_of_repeated(&self, repeated: u64) {
        if repeated > 0 {
            let rows = count_of(repeated, "row repeats", "rows repeat");
            warn_text(&format!("{rows} the id of another in {}; the row of the newest file is used", self.shown));
        }
    }
}

/// How phone numbers were protected, as a text that is compared and shown.
pub(in crate::commands) fn shown_privacy(privacy: &Privacy) -> String {
    match (privacy.phones, &privacy.key_fingerprint) {
        (None, _) => "as sent".to_owned(),
        (Some(Protected::Hashed), Some(key)) => format!("hashed with key {key}"),
        (Some(Protected::Hashed), None) => "hashed".to_owned(),
        (Some(_), _) => "masked".to_owned(),
    }
}
