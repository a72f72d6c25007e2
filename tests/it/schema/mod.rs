//! `sqlflow schema`: show, history, compare, accept.

mod accept;
mod compare;
mod files;
mod git;
mod named;
#[cfg(all(feature = "postgres", feature = "s3"))]
mod servers;
mod show;

use crate::project::{Project, Ran};
use fancy_regex::Regex;
use serde_json::Value;
use std::ffi::OsStr;

pub(super) const SOURCES: &str = "\
sources:
  - name: crm
    tables:
      - {name: customers, path: data/customers.csv}
      - {name: orders, path: data/orders.csv}
  - name: web
    tables:
      - {name: visits, path: data/visits.csv}
";

/// Three tables in files, loaded once.
pub(super) fn shop() -> Project {
    let project = unloaded();
    project.run(["load"]).succeeds();
    project
}

/// The same before anything was loaded.
pub(super) fn unloaded() -> Project {
    Project::new()
        .file("sources/crm.yml", SOURCES)
        .file("data/customers.csv", "id,email\n1,a@b.c\n")
        .file("data/orders.csv", "id,total\n1,2\n")
        .file("data/visits.csv", "at,page\n2026-01-01,/home\n")
}

/// `sqlflow schema` with `args`.
pub(super) fn schema<A: AsRef<OsStr>>(project: &Project, args: impl IntoIterator<Item = A>) -> Ran {
    let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
    project.run(std::iter::once("schema".into()).chain(args))
}

/// The one object that a verb wrote.
#[track_caller]
pub(super) fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"))
}

/// The words of `key` of each table.
#[track_caller]
pub(super) fn words(ran: &Ran, key: &str) -> Vec<String> {
    let value = json(ran);
    let tables = value["tables"].as_array().unwrap().iter();
    tables
        .map(|table| format!("{} {}", table["table"].as_str().unwrap(), plain(&table[key])))
        .collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Text without its times.
pub(super) fn timeless(text: &str) -> String {
    let time = Regex::new(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?Z?").unwrap();
    time.replace_all(text, "[AT]").into_owned()
}
