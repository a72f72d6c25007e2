//! Configuration as written: keys with values, each with its place.

use super::fields::Fields;
use super::yaml::{Key, Node, Yaml};
use crate::diagnostic::{Diagnostic, Place, SourceFile};
use serde_json::Value;
use std::sync::Arc;

/// One configuration key with its value; Jinja inside strings is not rendered yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key without `+`.
    pub key: String,
    /// The value as written.
    pub value: Value,
    /// Where the value stands.
    pub place: Place,
    /// Where the key stands.
    pub key_place: Place,
}

/// The settings of one place, in the order they were written.
pub type Settings = Vec<Setting>;

/// The settings in the mapping `node`; a leading `+` of a key is dropped.
pub(super) fn read(
    node: &Node,
    file: &Arc<SourceFile>,
    what: &str,
    problems: &mut Vec<Diagnostic>,
) -> Settings {
    let Some(fields) = Fields::of(node, file, what, problems) else { return Settings::new() };
    fields.rest().map(|(key, value)| setting(key, value, file)).collect()
}

/// The setting `key: node`.
pub(super) fn setting(key: &Key, node: &Node, file: &Arc<SourceFile>) -> Setting {
    Setting {
        key: key.text.trim_start_matches('+').to_owned(),
        value: node.to_json(),
        place: node.place(file),
        key_place: key.place(file),
    }
}

/// The settings that dbt also takes outside `config:` (`tags`, `meta`, ...), then those inside it.
pub(super) fn beside_config(
    fields: &mut Fields<'_>,
    outside: &[&'static str],
    problems: &mut Vec<Diagnostic>,
) -> Settings {
    let mut settings = Settings::new();
    for name in outside {
        if let Some((key, node)) = fields.entry(name)
            && node.yaml != Yaml::Null
        {
            settings.push(setting(key, node, fields.file));
        }
    }
    if let Some(node) = fields.node("config") {
        settings.extend(read(node, fields.file, "config", problems));
    }
    settings
}
