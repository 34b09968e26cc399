//! The answer to "is it all there?", determined by the walk and shown in the summary.

use serde::{Deserialize, Serialize};

/// Whether the output holds every contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The list did not change, and every contact is there.
    Complete,
    /// The list changed, and every gap was closed.
    Healed,
    /// Contacts may be missing.
    Unverified,
}

impl Verdict {
    /// Its name in the JSON form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Healed => "healed",
            Self::Unverified => "unverified",
        }
    }

    /// The weaker of two verdicts, which is the verdict on both together.
    #[must_use]
    pub fn weaker(self, other: Self) -> Self {
        if self.is_at_least(other) { other } else { self }
    }

    /// Whether it is at least as strong as another one.
    pub fn is_at_least(self, other: Self) -> bool {
        let rank = |verdict| match verdict {
            Self::Complete => 2,
            Self::Healed => 1,
            Self::Unverified => 0,
        };
        rank(self) >= rank(other)
    }
}

/// One reason for a verdict, or one observation about the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The kind of evidence. Codes are documented in `docs/completeness.md` and do not change.
    pub code: EvidenceCode,
    /// How often, or how many rows; `null` if nothing is counted.
    pub count: Option<u64>,
    /// A sentence for people, which may change from version to version.
    pub text: String,
}

impl Evidence {
    /// Evidence with its code, count and text.
    pub fn new(code: EvidenceCode, count: Option<u64>, text: String) -> Self {
        Self { code, count, text }
    }
}

/// Every code of [`Evidence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceCode {
    /// The whole list came in one answer.
    SingleAnswer,
    /// Boundaries between windows that were verified on unchanged rows, seen on both sides.
    BoundariesVerified,
    /// Older rows at which reading stopped, in a list sorted by creation time.
    SpanEndProven,
    /// Rows at which reading stopped, because no more were requested.
    LimitReached,
    /// Rows of a sample; no others were read.
    Sampled,
    /// Rows that are older than requested; they were read and not written.
    OlderRowsLeftOut,
    /// A row was newer than the one before it, so the whole list was read.
    NotSortedByCreation,
    /// Boundaries whose rows had moved and were searched for.
    BoundariesSearched,
    /// Boundaries at which the list had moved, and rows found only by the last read of its start and end.
    BoundariesMoved,
    /// The list changed and is not sorted by a key that keeps rows in place, so it was read again.
    OrderUnknown,
    /// The number of rows in the list varied.
    ListChanged,
    /// Rows created during the run that are in the output.
    RowsCreated,
    /// Minimum number of rows deleted during the run.
    RowsDeleted,
    /// Rows updated during the run.
    RowsUpdated,
    /// Rows that were received repeatedly and written once.
    DuplicatesRemoved,
    /// Rows that were created in parts of the list that had already been read.
    RowsCreatedBehind,
    /// A second read of the whole list found nothing new.
    RescanFoundNothing,
    /// Pages were read once and do not overlap.
    PagesReadOnce,
    /// The list holds more rows than were read.
    FewerReadThanListed,
    /// The API counts a different number of rows than it lists.
    CountDisagrees,
    /// Unchanged rows were in a different order.
    OrderChanges,
    /// The API did not honor the requested page sizes.
    SizesNotHonored,
    /// Pages are too small to overlap.
    PagesTooSmall,
    /// Several answers had nothing new although more rows were reported.
    NoProgress,
    /// The list changed faster than it could be read.
    TooRestless,
    /// Further reads of the whole list.
    Rescans,
    /// Rows that were only found by a further read of the list.
    FoundByRescan,
    /// Answers shorter than a page in the middle of the list.
    ShortPages,
    /// Rows that could not be fetched.
    MissingRows,
    /// Rows that could not be fetched a second time.
    NotRescanned,
    /// Ids that were answered, including those with "not found".
    IdsAnswered,
    /// Ids that do not exist.
    IdsNotFound,
    /// Ids that could not be read.
    IdsNotRead,
    /// Rows of the last export that no longer exist.
    RemovalsConfirmed,
    /// Rows of the last export that still exist, although the list does not contain them.
    RemovedStillExist,
    /// Rows of the last export that could not be looked up.
    RemovalsNotConfirmed,
    /// Answers that state that they do not have everything about their id.
    AnswersCut,
    /// Profiles whose lists were read, each with its own verdict.
    ProfilesRead,
    /// Profiles whose lists could not be read completely.
    ProfilesFailed,
}
