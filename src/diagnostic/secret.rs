//! Secrets: values that are never written anywhere.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What stands in place of a secret.
const MASK: &str = "*****";

/// Shorter values hide nothing.
const SHORTEST: usize = 6;

/// Values of this length are masked inside words too; shorter ones only where they stand alone.
const UNMISTAKABLE: usize = 12;

/// Parts of the names of fields that hold secrets.
pub const SECRET_FIELDS: [&str; 6] = ["password", "pass", "token", "secret", "key", "credential"];

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

    /// Remembers what stands behind the names of secret fields in `yaml`, line by line: also where it
    /// is no YAML, and an error will show one of its lines.
    pub fn add_fields(&self, yaml: &str) {
        for (at, _) in yaml.match_indices(':') {
            let (before, behind) = (&yaml[..at], &yaml[at + 1..]);
            let name = before.trim_end_matches(['"', '\'', ' ']);
            let name = name.rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').next();
            let name = name.unwrap_or_default().to_lowercase();
            if SECRET_FIELDS.iter().any(|field| name.contains(field)) {
                self.add(value(behind));
            }
        }
    }

    /// `text` with a star in place of each byte of a secret, so that every place in it stays where it
    /// is; `None` where it holds none.
    pub fn cover(&self, text: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<&String> =
            known.iter().filter(|secret| text.contains(secret.as_str())).collect();
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let covered = found.into_iter().fold(text.to_owned(), |text, secret| {
            replace(&text, secret, &"*".repeat(secret.len()))
        });
        (covered != text).then_some(covered)
    }

    /// `text` with every secret replaced by `*****`; `None` where it holds none.
    pub fn mask(&self, text: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<&String> =
            known.iter().filter(|secret| text.contains(secret.as_str())).collect();
        // Longer ones first, in case one holds another.
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let masked =
            found.into_iter().fold(text.to_owned(), |text, secret| replace(&text, secret, MASK));
        (masked != text).then_some(masked)
    }
}

/// The value that `text` begins with, as YAML writes one in a line.
fn value(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default().trim();
    let quoted = |quote| Some(line.strip_prefix(quote)?.split(quote).next().unwrap_or_default());
    let plain = || {
        let plain = line.split([',', '}']).next().unwrap_or_default();
        let plain = plain.split(" #").next().unwrap_or_default();
        plain.trim_matches(['[', ']', '{', ' ', '"', '\''])
    };
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or_else(plain);
    // What Jinja makes of it is not known here.
    if value.contains("{{") { "" } else { value }
}

fn replace(text: &str, secret: &str, mask: &str) -> String {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for (at, _) in text.match_indices(secret) {
        let behind = at + secret.len();
        let alone = !text[..at].chars().next_back().is_some_and(part_of_word)
            && !text[behind..].chars().next().is_some_and(part_of_word);
        if alone || secret.len() >= UNMISTAKABLE {
            masked.push_str(&text[end..at]);
            masked.push_str(mask);
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
    fn values_of_secret_fields_are_found_in_text_that_is_no_yaml() {
        for (yaml, shown) in [
            ("password: hunter22", "password: ********"),
            ("{user: u, pass: hunter22, port: 1}", "{user: u, pass: ********, port: 1}"),
            ("\"api_token\" : 'hunter 22' # x", "\"api_token\" : '*********' # x"),
            ("passwort: [hunter22]", "passwort: [********]"),
            ("secret: hunter22 # why\n  : {", "secret: ******** # why\n  : {"),
        ] {
            let secrets = Secrets::default();
            secrets.add_fields(yaml);
            assert_eq!(secrets.cover(yaml).as_deref(), Some(shown));
        }
        let secrets = Secrets::default();
        secrets.add_fields(
            "user: somebody\nkeepalives_idle: 1000000\npassword: \"{{ env_var('PW') }}\"",
        );
        assert_eq!(secrets.mask("somebody 1000000 env_var('PW')"), None);
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
