//! What became of the rows of a load, so that each of them is accounted for.

/// Rows by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows that the source gave.
    pub read: u64,
    /// Rows that are new in the table.
    pub inserted: u64,
    /// Rows of the table that have other values now; in scd2, keys that have a new version.
    pub updated: u64,
    /// Rows that the table has already.
    pub unchanged: u64,
    /// Rows that repeat another one, of the batch or of the last load's overlap.
    pub deduplicated: u64,
    /// Rows put aside in `_sqlflow.rejects`.
    pub rejected: u64,
    /// Rows left out because an option says so.
    pub skipped: u64,
    /// Rows that the source marks as deleted and the table had.
    pub deleted: u64,
    /// Rows of the table that a complete source no longer has; not among those read.
    pub deleted_by_absence: u64,
    /// Versions that ended, in scd2; not among the rows read.
    pub closed: u64,
}

impl Counts {
    /// Whether every row that was read became exactly one thing.
    pub fn reconcile(&self) -> bool {
        self.read
            == self.inserted
                + self.updated
                + self.unchanged
                + self.deduplicated
                + self.rejected
                + self.skipped
                + self.deleted
    }

    /// Name and number of each, in the order of the reference.
    pub fn entries(&self) -> [(&'static str, u64); 10] {
        [
            ("rows_read", self.read),
            ("rows_inserted", self.inserted),
            ("rows_updated", self.updated),
            ("rows_unchanged", self.unchanged),
            ("rows_deduplicated", self.deduplicated),
            ("rows_rejected", self.rejected),
            ("rows_skipped", self.skipped),
            ("rows_deleted", self.deleted),
            ("rows_deleted_by_absence", self.deleted_by_absence),
            ("versions_closed", self.closed),
        ]
    }

    /// Rows of the table that are other than before.
    pub fn affected(&self) -> u64 {
        self.inserted + self.updated + self.deleted + self.deleted_by_absence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_read_is_one_thing() {
        let good = Counts { read: 6, inserted: 1, updated: 2, skipped: 3, ..Counts::default() };
        assert!(good.reconcile());
        assert!(Counts { closed: 4, deleted_by_absence: 7, ..good }.reconcile());
        assert!(!Counts { rejected: 1, ..good }.reconcile());
    }
}
