//! What a project may ask of a database, and how each database answers: the table of docs/engines.md.

/// Something that a project may ask of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    /// `materialized: view`.
    View,
    /// `materialized: materialized_view`.
    MaterializedView,
    /// `materialized: table`.
    Table,
    /// `materialized: incremental`, `incremental_strategy: append`.
    Append,
    /// `incremental_strategy: delete+insert`.
    DeleteInsert,
    /// `incremental_strategy: merge`.
    Merge,
    /// `incremental_strategy: insert_overwrite`.
    InsertOverwrite,
    /// `incremental_strategy: microbatch`.
    Microbatch,
    /// A snapshot.
    Snapshot,
    /// A seed.
    Seed,
    /// A source loaded with `mode: replace`.
    LoadReplace,
    /// A source loaded with `mode: append`.
    LoadAppend,
    /// A source loaded with `mode: merge`.
    LoadMerge,
    /// A source loaded with `mode: scd2`.
    LoadScd2,
    /// A test.
    Test,
    /// A test with `store_failures: true`.
    StoredTest,
}

/// How a database carries a [`Feature`] out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// By the template of this name.
    Template(&'static str),
    /// Not at all, for this reason.
    Lacking(&'static str),
}

impl Feature {
    /// Every feature, in the order of the reference.
    pub const ALL: [Self; 16] = [
        Self::View,
        Self::MaterializedView,
        Self::Table,
        Self::Append,
        Self::DeleteInsert,
        Self::Merge,
        Self::InsertOverwrite,
        Self::Microbatch,
        Self::Snapshot,
        Self::Seed,
        Self::LoadReplace,
        Self::LoadAppend,
        Self::LoadMerge,
        Self::LoadScd2,
        Self::Test,
        Self::StoredTest,
    ];

    /// What users call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Table => "table",
            Self::Append => "incremental, append",
            Self::DeleteInsert => "incremental, delete+insert",
            Self::Merge => "incremental, merge",
            Self::InsertOverwrite => "incremental, insert_overwrite",
            Self::Microbatch => "incremental, microbatch",
            Self::Snapshot => "snapshot",
            Self::Seed => "seed",
            Self::LoadReplace => "load, replace",
            Self::LoadAppend => "load, append",
            Self::LoadMerge => "load, merge",
            Self::LoadScd2 => "load, scd2",
            Self::Test => "test",
            Self::StoredTest => "test with stored failures",
        }
    }
}
