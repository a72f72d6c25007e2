//! `profiles.yml`: outputs and connections, still unrendered.

use super::fields::{Fields, as_text};
use super::yaml::{self, Node, Yaml};
use crate::diagnostic::{Code, Diagnostic, Secrets, SourceFile, did_you_mean};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A profiles.yml as read.
#[derive(Debug, Clone)]
pub struct ProfilesFile {
    /// The file itself.
    pub file: Arc<SourceFile>,
    /// The directory it lies in.
    pub directory: PathBuf,
    root: Node,
}

/// One profile of a profiles.yml.
#[derive(Debug, Clone, Copy)]
pub struct Profile<'a> {
    file: &'a Arc<SourceFile>,
    name: &'a str,
    node: &'a Node,
}

/// Reads `profiles.yml` from the first of `directories` that holds one; what looks like a secret in
/// it goes to `secrets`, before anything is said about the file.
pub fn read_profiles(
    directories: &[PathBuf],
    project: &Path,
    secrets: &Secrets,
    problems: &mut Vec<Diagnostic>,
) -> Option<ProfilesFile> {
    let directory = directories.iter().find(|directory| directory.join("profiles.yml").is_file());
    let Some(directory) = directory else {
        let searched = directories.iter().map(|path| format!("`{}`", path.display()));
        problems.push(
            Diagnostic::error(Code::NO_PROFILES, "no profiles.yml found")
                .with_note(format!("searched {}", searched.collect::<Vec<_>>().join(", ")))
                .with_help(
                    "write one beside the project file, or name its directory with --profiles-dir",
                ),
        );
        return None;
    };
    let path = directory.join("profiles.yml");
    let shown = path.strip_prefix(project).unwrap_or(&path).to_path_buf();
    let file = super::files::read_text(&path, &shown, problems)?;
    secrets.add_fields(&file.text);
    match yaml::parse(&file) {
        Ok(root) => Some(ProfilesFile { file, directory: directory.clone(), root }),
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

impl ProfilesFile {
    /// The profile called `name`.
    ///
    /// # Errors
    /// It does not exist; the nearest names are in the help.
    pub fn profile<'a>(&'a self, name: &'a str) -> Result<Profile<'a>, Box<Diagnostic>> {
        if let Some(node) = self.root.entry(name) {
            return Ok(Profile { file: &self.file, name, node });
        }
        let known = keys(&self.root).filter(|key| *key != "config").collect::<Vec<_>>();
        Err(Box::new(
            Diagnostic::error(Code::UNKNOWN_PROFILE, format!("no profile `{name}`"))
                .with_note(format!("{} has {}", self.file.path, listed(&known)))
                .with_help_maybe(did_you_mean(name, known.iter().copied())),
        ))
    }
}

impl<'a> Profile<'a> {
    /// The output called `target`, or the profile's default one: its name and its fields.
    ///
    /// # Errors
    /// It does not exist.
    pub fn output(&self, target: Option<&str>) -> Result<(String, &'a Node), Box<Diagnostic>> {
        let default = self.node.entry("target").and_then(|node| as_text(node, self.file));
        let place = match target {
            Some(_) => None,
            None => default.as_ref().map(|text| text.place.clone()),
        };
        let name = target
            .map(str::to_owned)
            .or(default.map(|text| text.text))
            .unwrap_or_else(|| "default".to_owned());
        let outputs = self.node.entry("outputs");
        if let Some(node) = outputs.and_then(|outputs| outputs.entry(&name)) {
            return Ok((name, node));
        }
        let known = outputs.map(|node| keys(node).collect::<Vec<_>>()).unwrap_or_default();
        let message = format!("profile `{}` has no target `{name}`", self.name);
        Err(Box::new(
            Diagnostic::error(Code::UNKNOWN_TARGET, message)
                .at_maybe(place)
                .with_note(format!("{} has {}", self.file.path, listed(&known)))
                .with_help_maybe(did_you_mean(&name, known.iter().copied())),
        ))
    }

    /// The fields of the connection called `name`.
    ///
    /// # Errors
    /// It does not exist.
    pub fn connection(&self, name: &str) -> Result<&'a Node, Box<Diagnostic>> {
        let connections = self.node.entry("connections");
        if let Some(node) = connections.and_then(|connections| connections.entry(name)) {
            return Ok(node);
        }
        let known = connections.map(|node| keys(node).collect::<Vec<_>>()).unwrap_or_default();
        let message = format!("profile `{}` has no connection `{name}`", self.name);
        Err(Box::new(
            Diagnostic::error(Code::UNKNOWN_CONNECTION, message)
                .with_note(format!("{} has {}", self.file.path, listed(&known)))
                .with_help_maybe(did_you_mean(name, known.iter().copied())),
        ))
    }

    /// The names of all connections.
    pub fn connections(&self) -> Vec<&'a str> {
        self.node.entry("connections").map(|node| keys(node).collect()).unwrap_or_default()
    }

    /// The file it stands in.
    pub fn file(&self) -> &'a Arc<SourceFile> {
        self.file
    }

    /// Reads `node` of this profile's file.
    pub fn fields(
        &self,
        node: &'a Node,
        what: &'a str,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Fields<'a>> {
        Fields::of(node, self.file, what, problems)
    }
}

fn keys(node: &Node) -> impl Iterator<Item = &str> {
    let entries = match &node.yaml {
        Yaml::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(|(key, _)| key.text.as_str())
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}
