//! Secrets: values that are never written anywhere.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What stands in place of a secret.
const MASK: &str = "*****";

/// The secret values that a run has come across. All clones share one set.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    /// Whether the variable `name` holds a secret, by its name.
    pub fn is_secret_name(name: &str) -> bool {
        let upper = name.to_uppercase();
        upper.starts_with("DBT_ENV_SECRET_")
            || ["PASSWORD", "SECRET", "TOKEN", "KEY"].iter().any(|word| upper.contains(word))
    }

    /// Remembers `value`. Empty text hides nothing.
    pub fn add(&self, value: &str) {
        if !value.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(value.to_owned());
        }
    }

    /// `text` with every secret replaced by `*****`; `None` where it holds none.
    pub fn mask(&self, text: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<&String> =
            known.iter().filter(|secret| text.contains(secret.as_str())).collect();
        if found.is_empty() {
            return None;
        }
        // Longer ones first, in case one holds another.
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Some(found.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret, MASK)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_within_a_longer_one_leaves_no_rest() {
        let secrets = Secrets::default();
        secrets.add("abc");
        secrets.add("abcdef");
        secrets.add("");
        assert_eq!(secrets.mask("x abcdef y abc").as_deref(), Some("x ***** y *****"));
        assert_eq!(secrets.mask("nothing"), None);
    }
}
