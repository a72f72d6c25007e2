//! Secrets: values that are never written anywhere.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What stands in place of a secret.
const MASK: &str = "*****";

/// Shorter values hide nothing.
const SHORTEST: usize = 6;

/// Values of this length are masked inside words too; shorter ones only where they stand alone.
const UNMISTAKABLE: usize = 12;

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

    /// Remembers `value`, unless it is too short to be a secret: `id` or `1` would be found everywhere.
    pub fn add(&self, value: &str) {
        if value.len() >= SHORTEST {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(value.to_owned());
        }
    }

    /// `text` with every secret replaced by `*****`; `None` where it holds none.
    pub fn mask(&self, text: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<&String> =
            known.iter().filter(|secret| text.contains(secret.as_str())).collect();
        // Longer ones first, in case one holds another.
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let masked = found.into_iter().fold(text.to_owned(), |text, secret| replace(&text, secret));
        (masked != text).then_some(masked)
    }
}

fn replace(text: &str, secret: &str) -> String {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for (at, _) in text.match_indices(secret) {
        let behind = at + secret.len();
        let alone = !text[..at].chars().next_back().is_some_and(part_of_word)
            && !text[behind..].chars().next().is_some_and(part_of_word);
        if alone || secret.len() >= UNMISTAKABLE {
            masked.push_str(&text[end..at]);
            masked.push_str(MASK);
            end = behind;
        }
    }
    masked.push_str(&text[end..]);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_within_a_longer_one_leaves_no_rest() {
        let secrets = Secrets::default();
        secrets.add("hunter22");
        secrets.add("hunter22-of-the-north");
        assert_eq!(
            secrets.mask("x hunter22-of-the-north y hunter22").as_deref(),
            Some("x ***** y *****")
        );
        assert_eq!(secrets.mask("nothing"), None);
    }

    #[test]
    fn short_and_common_values_do_not_hide_what_is_no_secret() {
        let secrets = Secrets::default();
        secrets.add("id");
        secrets.add("");
        secrets.add("target");
        assert_eq!(secrets.mask("select 1 as id"), None);
        assert_eq!(secrets.mask("targets of target_path"), None);
        assert_eq!(secrets.mask("to:target@host").as_deref(), Some("to:*****@host"));
    }
}
