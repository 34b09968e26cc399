//! How a list in memory is sorted, and so where a row that changes moves.

/// How the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelOrder {
    CreatedAscending,
    CreatedDescending,
    RandomKey,
    UpdatedAscending,
    UpdatedDescending,
    /// By `updated_at` with nulls last, as `PostgreSQL` sorts: a changed row moves to the middle.
    NullableAscending,
    /// The same, nulls first.
    NullableDescending,
    /// The same two orders, and by creation among nulls, in a list whose older half was changed by a migration: before
    /// anything changes, it is sorted by creation, too.
    MigratedAscending,
    MigratedDescending,
    /// By a value that changes with the row and that few rows share, such as whether a contact opted out, then by creation.
    Grouped,
    /// By creation, where many rows share a time, and by position on disk among those.
    TiedAscending,
    TiedDescending,
    /// By the last activity, which no date shows: a row that is touched moves to the end, or to the start, unchanged.
    ActivityAscending,
    ActivityDescending,
    /// By position on disk, which changes whenever the row changes.
    Heap,
    /// Another order for each answer, among 250 neighbors.
    Unstable,
}

pub(super) const STABLE_ORDERS: [ModelOrder; 5] = [
    ModelOrder::CreatedAscending,
    ModelOrder::CreatedDescending,
    ModelOrder::RandomKey,
    ModelOrder::UpdatedAscending,
    ModelOrder::UpdatedDescending,
];
