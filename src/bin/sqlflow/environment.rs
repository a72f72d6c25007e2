//! The one place that reads environment, clock and randomness, and hands them to the library.

#![allow(
    clippy::disallowed_methods,
    reason = "this is the home that the rule sends everybody else to"
)]

use jiff::Timestamp;
use sqlflow::diagnostic::Secrets;
use sqlflow::graph::Surroundings;
use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that the library is told about the process, with the `.env` beside the project.
pub(crate) fn surroundings(project: &Path, secrets: &Secrets) -> Surroundings {
    let mut environment = dot_env(&project.join(".env"));
    // Names and values that are not text cannot be asked for by a template.
    let process = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    environment.extend(process);
    Surroundings {
        environment: Arc::new(environment),
        secrets: secrets.clone(),
        now: now(),
        invocation_id: invocation_id(),
        process_id: std::process::id(),
        host_name: host_name(),
    }
}

/// The time.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// dbt's variable for the directory of profiles.yml, for those who have it set.
pub(crate) fn dbt_profiles_dir() -> Option<PathBuf> {
    std::env::var_os("DBT_PROFILES_DIR").map(PathBuf::from)
}

/// The user's home directory.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::home_dir()
}

/// Whether the terminal can do nothing but show text, or the user wants none of it.
pub(crate) fn is_dumb() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// The file by which tests stop a run and let it go on.
#[cfg(debug_assertions)]
pub(crate) fn stall_marker() -> Option<PathBuf> {
    std::env::var_os("SQLFLOW_STALL").map(PathBuf::from)
}

/// Who works on the project in `directory`, as git knows them; nobody where there is no git.
pub(crate) fn git_user(directory: &Path) -> Option<String> {
    let mut git = std::process::Command::new("git");
    let asked = git.arg("-C").arg(directory).args(["config", "user.name"]).output().ok()?;
    let name = String::from_utf8(asked.stdout).ok()?.trim().to_owned();
    (asked.status.success() && !name.is_empty()).then_some(name)
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("HOSTNAME").ok());
    name.map_or_else(|| "localhost".to_owned(), |name| name.trim().to_owned())
}

/// A random UUID (version 4), as dbt writes it.
fn invocation_id() -> String {
    let random = || RandomState::new().build_hasher().finish();
    let mut bytes = [0_u8; 16];
    bytes[..8].copy_from_slice(&random().to_be_bytes());
    bytes[8..].copy_from_slice(&random().to_be_bytes());
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    parts.join("-")
}

/// `NAME=value` lines; blank lines and `#` comments are passed over, quotes around a value dropped.
/// A file that does not exist is empty.
fn dot_env(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
            let value = value.trim();
            let unquoted = ['"', '\''].into_iter().find_map(|quote| {
                value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote))
            });
            Some((name.trim().to_owned(), unquoted.unwrap_or(value).to_owned()))
        })
        .collect()
}
