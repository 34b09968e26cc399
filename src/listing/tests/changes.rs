//! What may happen to a list in memory while it is read, and how its rows are counted.

/// What happens to the list.
#[derive(Debug, Clone, Copy)]
pub(super) enum ListChange {
    Create,
    /// A transaction that began seconds ago commits.
    CommitLate,
    Delete,
    Update,
    /// A transaction that changed a row up to a minute ago commits.
    UpdateLate,
    /// A row moves by something that is not in its fields.
    Touch,
    /// One row is deleted and another created at the same time.
    Replace,
    /// The same row is updated once more.
    UpdateAgain,
    /// A row that was just created is updated.
    Enrich,
    /// A row leaves the filter, or one that left enters it again. No date changes.
    Leave,
    Enter,
    Import(usize),
    /// Deletes each row with a probability, in percent.
    DeleteShare(u32),
    DeleteRange(usize),
    UpdateShare(u32),
}

/// How the service computes `total_count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Exact,
    /// `COUNT` and `SELECT` are two statements, with changes in between. `COUNT` is run before `SELECT`, or after it.
    Before,
    After,
    /// Cached for this many microseconds.
    Cached(u64),
    Missing,
}
