//! What a load does where its source is not as accepted. The table of what becomes of each change is
//! in [`crate::schema`].

use std::fmt;

/// What a load does where its source is not as accepted: `on_drift`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnDrift {
    /// Stops at any change but of position.
    #[default]
    Alert,
    /// Accepts what loses nothing.
    Permissive,
    /// Leaves new columns out.
    Ignore,
}

impl OnDrift {
    /// The names that users may write.
    pub const NAMES: [&'static str; 3] = ["alert", "permissive", "ignore"];

    /// The policy that users call `name`.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Alert, Self::Permissive, Self::Ignore];
        all.into_iter().find(|policy| policy.name() == name)
    }

    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Permissive => "permissive",
            Self::Ignore => "ignore",
        }
    }
}

impl fmt::Display for OnDrift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
