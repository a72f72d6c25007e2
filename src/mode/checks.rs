//! What a batch that is empty, or whose key is not one, does to a model.

/// How loud something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It is told, and dbt's result follows.
    Warn,
    /// The model fails, and its table stays as it was.
    Error,
}

impl Reaction {
    /// The names that users may write.
    pub const NAMES: [&'static str; 2] = ["warn", "error"];

    /// The reaction called `name`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "warn" => Some(Self::Warn),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}

/// What was asked for; `None` means the default of the strategy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchChecks {
    /// `on_empty`: the query gives no rows. By default nothing is said.
    pub on_empty: Option<Reaction>,
    /// `on_duplicate`: several rows of the batch have one key. A warning by default in `merge`.
    pub on_duplicate: Option<Reaction>,
    /// `on_null_key`: a key of the batch holds NULL. A warning by default.
    pub on_null_key: Option<Reaction>,
}

impl BatchChecks {
    /// Whether rows must be looked at before they are published, also those of a table that is made
    /// anew.
    pub fn may_refuse(&self) -> bool {
        [self.on_empty, self.on_duplicate, self.on_null_key].contains(&Some(Reaction::Error))
    }
}
