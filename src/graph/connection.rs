//! The systems that sources are read from and exports go to, as the profile declares them.

use super::host::Shared;
use super::target::{conceal, text_of};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::project::{Node, Profile, Text, Yaml};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A system that sources are read from or exports go to.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The name that sources use.
    pub name: String,
    /// Its kind: `file`, `postgres`, ...
    pub kind: Text,
    /// Everything else that is said of it, rendered: name and value.
    pub settings: Vec<(Text, Text)>,
    /// The directory that a relative path starts at, absolute.
    pub directory: PathBuf,
    /// Where its name stands.
    pub place: Place,
    /// What is wrong with its templates; told where it is used.
    pub problems: Vec<Diagnostic>,
}

impl Connection {
    /// What is said under `name`.
    pub fn setting(&self, name: &str) -> Option<&Text> {
        self.settings.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
    }
}

/// The profile's connections, each overlaid by what the output says about it.
pub(super) fn read(
    profile: &Profile<'_>,
    output: &Node,
    root: &Path,
    shared: &Arc<Shared>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Connection> {
    let overlays = output.entry("connections");
    let mut connections = Vec::new();
    for name in profile.connections() {
        let Ok(node) = profile.connection(name) else { continue };
        let overlay = overlays.and_then(|overlays| overlays.entry(name));
        connections.extend(connection(profile, name, node, overlay, root, shared, problems));
    }
    connections
}

fn connection(
    profile: &Profile<'_>,
    name: &str,
    node: &Node,
    overlay: Option<&Node>,
    root: &Path,
    shared: &Arc<Shared>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Connection> {
    let place = node.place(profile.file());
    let mut own = Vec::new();
    let mut settings: Vec<(Text, Text)> = Vec::new();
    for node in std::iter::once(node).chain(overlay) {
        let node = shared.render_yaml(node, profile.file(), &mut own);
        conceal(&node, shared);
        let Yaml::Map(entries) = &node.yaml else { continue };
        for (key, value) in entries {
            let place = value.place(profile.file());
            let Some(text) = text_of(value) else {
                let message = format!("`{}` of connection `{name}` is no text or number", key.text);
                own.push(Diagnostic::error(Code::INVALID_VALUE, message).at(place));
                continue;
            };
            settings.retain(|(known, _)| known.text != key.text);
            let key = Text { text: key.text.clone(), place: key.place(profile.file()) };
            settings.push((key, Text { text, place }));
        }
    }
    let Some(kind) = settings.iter().position(|(key, _)| key.text == "type") else {
        let message = format!("connection `{name}` has no `type`");
        problems.push(Diagnostic::error(Code::MISSING_KEY, message).at(place));
        return None;
    };
    let (_, kind) = settings.remove(kind);
    let path = settings.iter().find(|(key, _)| key.text == "path");
    let directory = root.join(path.map_or("", |(_, path)| path.text.as_str()));
    Some(Connection { name: name.to_owned(), kind, settings, directory, place, problems: own })
}
