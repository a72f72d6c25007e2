//! Reads a YAML mapping key by key: wrong kinds are errors, keys that nobody asked for warnings.

use super::yaml::{Key, Node, Yaml};
use crate::diagnostic::{Code, Diagnostic, Place, SourceFile, did_you_mean};
use std::sync::Arc;

/// A piece of text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// The entries of one mapping that are still to be read.
///
/// Ask for each key that means something, then call [`Fields::finish`].
pub struct Fields<'a> {
    /// The file that the mapping stands in.
    pub file: &'a Arc<SourceFile>,
    /// The mapping's own place.
    pub place: Place,
    what: &'a str,
    entries: &'a [(Key, Node)],
    known: Vec<&'static str>,
    ignored: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of `node`, which should be a mapping; `what` names it in messages.
    pub fn of(
        node: &'a Node,
        file: &'a Arc<SourceFile>,
        what: &'a str,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let entries = match &node.yaml {
            Yaml::Map(entries) => entries.as_slice(),
            Yaml::Null => &[],
            _ => {
                problems.push(wrong_kind(node, file, what, "a mapping"));
                return None;
            }
        };
        let place = node.place(file);
        Some(Self { file, place, what, entries, known: Vec::new(), ignored: Vec::new() })
    }

    /// The value of `key`, if it is there.
    pub fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The key with its value, if it is there.
    pub fn entry(&mut self, key: &'static str) -> Option<&'a (Key, Node)> {
        self.known.push(key);
        self.entries.iter().find(|(known, _)| known.text == key)
    }

    /// The first of `keys` that is there, with its value: one thing under an old and a new name.
    pub fn either(&mut self, keys: [&'static str; 2]) -> Option<&'a Node> {
        let [first, second] = keys.map(|key| self.node(key));
        first.or(second)
    }

    /// Text; numbers and booleans as they are written.
    pub fn text(&mut self, key: &'static str, problems: &mut Vec<Diagnostic>) -> Option<Text> {
        let node = self.node(key)?;
        match as_text(node, self.file) {
            Some(text) => Some(text),
            None if node.yaml == Yaml::Null => None,
            None => {
                problems.push(wrong_kind(node, self.file, key, "text"));
                None
            }
        }
    }

    /// Text that must be there.
    pub fn required(&mut self, key: &'static str, problems: &mut Vec<Diagnostic>) -> Option<Text> {
        let before = problems.len();
        let text = self.text(key, problems);
        if text.is_none() && problems.len() == before {
            problems.push(
                Diagnostic::error(Code::MISSING_KEY, format!("{} has no `{key}`", self.what))
                    .at(self.place.clone()),
            );
        }
        text
    }

    /// A boolean.
    pub fn boolean(&mut self, key: &'static str, problems: &mut Vec<Diagnostic>) -> Option<bool> {
        let node = self.node(key)?;
        match node.yaml {
            Yaml::Bool(value) => Some(value),
            Yaml::Null => None,
            _ => {
                problems.push(wrong_kind(node, self.file, key, "true or false"));
                None
            }
        }
    }

    /// The items of a list; a missing key is an empty one.
    pub fn list(&mut self, key: &'static str, problems: &mut Vec<Diagnostic>) -> &'a [Node] {
        self.node(key).map_or(&[], |node| as_list(node, self.file, key, problems))
    }

    /// A list of texts, or one text that stands for a list of one.
    pub fn texts(&mut self, key: &'static str, problems: &mut Vec<Diagnostic>) -> Vec<Text> {
        let Some(node) = self.node(key) else { return Vec::new() };
        if let Some(text) = as_text(node, self.file) {
            return vec![text];
        }
        let items = as_list(node, self.file, key, problems);
        items
            .iter()
            .filter_map(|item| {
                let text = as_text(item, self.file);
                if text.is_none() {
                    problems.push(wrong_kind(item, self.file, key, "text"));
                }
                text
            })
            .collect()
    }

    /// Says that these keys mean something to other tools and are passed over here.
    pub fn ignore(&mut self, keys: &'static [&'static str]) {
        self.ignored.extend_from_slice(keys);
    }

    /// Every entry that no call asked for, without a word about it.
    pub fn rest(&self) -> impl Iterator<Item = &'a (Key, Node)> + use<'a, '_> {
        self.entries.iter().filter(|(key, _)| {
            !self.known.contains(&key.text.as_str()) && !self.ignored.contains(&key.text.as_str())
        })
    }

    /// Warns of every entry that no call asked for.
    pub fn finish(self, problems: &mut Vec<Diagnostic>) {
        for (key, _) in self.rest() {
            let message = format!("unknown key `{}` in {}", key.text, self.what);
            let known = self.known.iter().copied();
            problems.push(
                Diagnostic::warning(Code::UNKNOWN_KEY, message)
                    .at(key.place(self.file))
                    .with_help_maybe(did_you_mean(&key.text, known)),
            );
        }
    }
}

/// The list that `node` should be, in place of `what`.
pub(super) fn as_list<'a>(
    node: &'a Node,
    file: &Arc<SourceFile>,
    what: &str,
    problems: &mut Vec<Diagnostic>,
) -> &'a [Node] {
    match &node.yaml {
        Yaml::List(items) => items,
        Yaml::Null => &[],
        _ => {
            problems.push(wrong_kind(node, file, what, "a list"));
            &[]
        }
    }
}

/// The text of a scalar, as it is written; `None` for lists, mappings and nothing.
pub(super) fn as_text(node: &Node, file: &Arc<SourceFile>) -> Option<Text> {
    let place = node.place(file);
    let text = match &node.yaml {
        Yaml::String(text) => text.clone(),
        Yaml::Bool(_) | Yaml::Number(_) => place.text().to_owned(),
        Yaml::Null | Yaml::List(_) | Yaml::Map(_) => return None,
    };
    Some(Text { text, place })
}

pub(super) fn wrong_kind(
    node: &Node,
    file: &Arc<SourceFile>,
    what: &str,
    expected: &str,
) -> Diagnostic {
    let message = format!("`{what}` is {}, expected {expected}", node.kind());
    Diagnostic::error(Code::INVALID_VALUE, message).at(node.place(file))
}
