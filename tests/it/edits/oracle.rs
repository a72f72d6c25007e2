//! What an edit does, by loading and building, and whether that was said before.

use crate::project::Project;
use serde_json::Value;
use sqlflow::engine::duckdb::{DuckDb, Location, Options};
use sqlflow::engine::{Engine, Session};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Breaks,
    MayBreak,
    DoesNotBreak,
}

pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    /// What was said and is not so.
    pub(super) wrong: Vec<String>,
}

/// The columns that each node gives, as the database describes them; `None` where it refuses.
pub(super) struct Bindings(BTreeMap<String, Option<Value>>);

impl Bindings {
    pub(super) fn of(project: &Project) -> Self {
        let options = Options::new(Location::File(project.root().join("shop.duckdb")));
        let mut session = DuckDb::open(&options).unwrap().session().unwrap();
        let manifest = project.json("target/manifest.json");
        let nodes = manifest["nodes"].as_object().unwrap().iter();
        let exports = manifest["exports"].as_object().into_iter().flatten();
        let described = nodes.chain(exports).map(|(id, node)| {
            let columns = queried(&manifest, node);
            let columns = columns.and_then(|what| describe(&mut *session, &what));
            (id.clone(), columns)
        });
        Self(described.collect())
    }
}

/// A node's relation, else its query.
fn queried(manifest: &Value, node: &Value) -> Option<String> {
    if node["config"]["materialized"] == "ephemeral" {
        return Some(inlined(manifest, node));
    }
    let is_table = ["model", "snapshot", "seed"].contains(&node["resource_type"].as_str()?);
    let what = if is_table { &node["relation_name"] } else { &node["compiled_code"] };
    Some(what.as_str()?.trim_end().trim_end_matches(';').to_owned())
}

/// The query of an ephemeral model, with those of others that it reads: without a reader it is not
/// compiled.
fn inlined(manifest: &Value, node: &Value) -> String {
    let nodes = || manifest["nodes"].as_object().unwrap().values();
    let sources = manifest["sources"].as_object().unwrap().values();
    let text = node["raw_code"].as_str().unwrap();
    let mut text = text.split_once("}}\n").unwrap().1.to_owned();
    for other in sources.chain(nodes()) {
        let name = other["name"].as_str().unwrap();
        for reference in
            [format!("{{{{ ref('{name}') }}}}"), format!("{{{{ source('s', '{name}') }}}}")]
        {
            if text.contains(&reference) {
                let is_ephemeral = other["config"]["materialized"] == "ephemeral";
                let what = if is_ephemeral {
                    format!("({})", inlined(manifest, other))
                } else {
                    other["relation_name"].as_str().unwrap().to_owned()
                };
                text = text.replace(&reference, &what);
            }
        }
    }
    text
}

/// The columns of a query or relation, as the database has them.
fn describe(session: &mut dyn Session, what: &str) -> Option<Value> {
    let rows = session.query(&format!("describe {what}"), None).ok()?.rows;
    let columns = rows.into_iter().map(|row| Value::from_iter([row[0].clone(), row[1].clone()]));
    Some(columns.collect())
}

/// What was said of each node, and what it said.
struct Said(BTreeMap<String, (String, String)>);

impl Said {
    fn is(&self, id: &str, consequence: &str) -> bool {
        self.0.get(id).is_some_and(|(said, _)| said.starts_with(consequence))
    }

    fn any(&self, consequence: &str) -> bool {
        self.0.keys().any(|id| self.is(id, consequence))
    }
}

/// Asks what an edit of `source` breaks, then loads and builds.
pub(super) fn judge(project: &Project, source: &str, before: &Bindings) -> Outcome {
    let source = format!("s.{source}");
    let ran = project.run(["schema", "compare", &source, "--output", "json"]);
    let compared: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"));
    let impact = &compared["tables"][0]["impact"];
    let affected = impact["affected"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = Said(
        affected
            .map(|one| {
                let more = format!("{} {}", text(&one["message"]), one["columns"]);
                (text(&one["unique_id"]), (text(&one["consequence"]), more))
            })
            .collect(),
    );
    let mut wrong: Vec<String> = impact["unknown"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| format!("unknown: {}", one["name"]))
        .collect();
    let accepted = project.run(["schema", "accept", &source]);
    project.remove("target");
    let built = project.run(["build", "--no-check"]);
    if !project.has("target/run_results.json") {
        wrong.push(format!("not built at all: {ran}\n{accepted}\n{built}"));
        return Outcome { verdict: Verdict::DoesNotBreak, wrong };
    }
    let verdict = match (said.any("breaks"), said.any("may break")) {
        (true, _) => Verdict::Breaks,
        (_, true) => Verdict::MayBreak,
        _ => Verdict::DoesNotBreak,
    };
    wrong.extend(compare(project, &said, before));
    match (verdict, built.is_success()) {
        (Verdict::DoesNotBreak, false) => {
            wrong.push(format!("said not to break: {accepted}\n{built}"));
        }
        (Verdict::Breaks, true) => wrong.push("said to break, and builds".to_owned()),
        _ => {}
    }
    Outcome { verdict, wrong }
}

/// Node by node: what was said and is not so.
fn compare(project: &Project, said: &Said, before: &Bindings) -> Vec<String> {
    let results = project.json("target/run_results.json");
    let manifest = project.json("target/manifest.json");
    let after = Bindings::of(project);
    let mut broken = BTreeMap::new();
    for one in results["results"].as_array().unwrap() {
        let id = one["unique_id"].as_str().unwrap();
        let is_broken = ["error", "skipped"].contains(&one["status"].as_str().unwrap());
        broken.insert(id.to_owned(), is_broken.then(|| one["message"].to_string()));
    }
    let graph = Graph { manifest: &manifest };
    // Ephemeral models have no results.
    for (id, columns) in &after.0 {
        if !broken.contains_key(id) {
            let parents = graph.parents(id);
            let through = parents.iter().any(|parent| graph.is_broken(parent, &broken, &after));
            let message = if through { "a parent" } else { "it does not bind" };
            broken.insert(id.clone(), (through || columns.is_none()).then(|| message.to_owned()));
        }
    }
    let mut wrong = Vec::new();
    for (id, message) in &broken {
        let told = said.0.get(id).map(|(said, more)| format!("{said}: {more}"));
        let told = told.unwrap_or_else(|| "nothing".to_owned());
        let may =
            said.is(id, "may break") || graph.above(id).iter().any(|one| said.is(one, "may break"));
        match message {
            Some(message) => {
                // It binds as before, and waits for the test of something that it is made of.
                let waits = message == "null" && graph.is_tested_above(id, &broken);
                if !may && !waits && !said.is(id, "breaks") {
                    wrong.push(format!("{id} fails, said {told}: {message}"));
                }
            }
            None if said.is(id, "breaks") => wrong.push(format!("{id} is built, said {told}")),
            None if said.is(id, "may break") => {}
            None => {
                let (Some(was), Some(is)) = (before.0.get(id), after.0.get(id)) else { continue };
                if (was != is) != said.is(id, "changes") {
                    let shown =
                        |columns: &Option<Value>| columns.clone().unwrap_or_default().to_string();
                    wrong.push(format!(
                        "{id} said {told}\n    was {}\n    is  {}",
                        shown(was),
                        shown(is)
                    ));
                }
            }
        }
    }
    wrong.extend(
        said.0
            .keys()
            .filter(|id| !broken.contains_key(*id))
            .map(|id| format!("no such node: {id}")),
    );
    wrong
}

struct Graph<'m> {
    manifest: &'m Value,
}

impl Graph<'_> {
    fn parents(&self, id: &str) -> Vec<String> {
        let export = &self.manifest["exports"][id]["depends_on"]["nodes"];
        let parents = self.manifest["parent_map"][id].as_array().or(export.as_array());
        let parents = parents.into_iter().flatten();
        parents.map(|parent| parent.as_str().unwrap().to_owned()).collect()
    }

    /// All that `id` is made of.
    fn above(&self, id: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut edge = self.parents(id);
        while let Some(one) = edge.pop() {
            if found.insert(one.clone()) {
                edge.extend(self.parents(&one));
            }
        }
        found
    }

    /// Whether a test of something that `id` is made of could not be executed.
    fn is_tested_above(&self, id: &str, broken: &BTreeMap<String, Option<String>>) -> bool {
        let above = self.above(id);
        let failed = |(test, message): (&String, &Option<String>)| {
            test.starts_with("test.")
                && message.is_some()
                && self.parents(test).iter().any(|parent| above.contains(parent))
        };
        broken.iter().any(failed)
    }

    fn is_broken(
        &self,
        id: &str,
        broken: &BTreeMap<String, Option<String>>,
        after: &Bindings,
    ) -> bool {
        match broken.get(id) {
            Some(message) => message.is_some(),
            None => {
                after.0.get(id).is_some_and(Option::is_none)
                    || self.parents(id).iter().any(|parent| self.is_broken(parent, broken, after))
            }
        }
    }
}

/// A copy of a project as it is, with its database.
pub(super) fn copy(project: &Project) -> Project {
    let copy = Project::empty();
    copy_files(project.root(), copy.root());
    copy
}

pub(super) fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_files(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
