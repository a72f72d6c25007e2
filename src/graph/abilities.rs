//! What a project asks of the engine that it is compiled for, held against what that engine does.

use super::Target;
use super::node::{Node, NodeKind};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::dialect::{Dialect, Feature, Support};
use crate::mode::load::{LoadMode, LoadRules};
use crate::mode::{Materialization, Mode};

/// Refuses the nodes that `target` cannot build, and tells what it leaves out.
pub(super) fn check(target: &Target, nodes: &mut [Node], problems: &mut Vec<Diagnostic>) {
    let dialect = target.dialect;
    for node in nodes {
        if let Some(feature) = feature(&node.kind)
            && let Support::Lacking(reason) = dialect.support(feature)
        {
            let message = format!("`{}` cannot be built: {reason}", node.label());
            let setting = ["materialized", "incremental_strategy"];
            let place = setting.iter().find_map(|key| node.config.places.get(key));
            let refusal = Diagnostic::error(Code::NOT_SUPPORTED, message);
            node.refusals.push(refusal.at(place.unwrap_or(&node.place).clone()));
        }
        node.refusals.extend(long_names(dialect, node));
        node.refusals.extend(elsewhere(target, node));
        problems.extend(left_out(dialect, node));
    }
}

/// What `kind` asks of the engine; `None` for what is only text, or is done elsewhere.
fn feature(kind: &NodeKind) -> Option<Feature> {
    Some(match kind {
        NodeKind::Model(materialization) => match materialization {
            Materialization::View => Feature::View,
            Materialization::MaterializedView => Feature::MaterializedView,
            Materialization::Table => Feature::Table,
            Materialization::Ephemeral => return None,
            Materialization::Incremental(incremental) => match incremental.mode {
                Mode::Replace => Feature::Table,
                Mode::Append => Feature::Append,
                Mode::DeleteInsert(_) => Feature::DeleteInsert,
                Mode::Merge(_) => Feature::Merge,
                Mode::InsertOverwrite(_) => Feature::InsertOverwrite,
                Mode::Microbatch(_) => Feature::Microbatch,
            },
        },
        NodeKind::Seed(_) => Feature::Seed,
        NodeKind::Snapshot(_) => Feature::Snapshot,
        NodeKind::Test(test) if test.judgement.store_failures => Feature::StoredTest,
        NodeKind::Test(_) => Feature::Test,
        NodeKind::Source(source) => loaded(&source.load.as_ref()?.rules),
        NodeKind::Export(_) | NodeKind::Analysis => return None,
    })
}

fn loaded(rules: &LoadRules) -> Feature {
    match rules.mode {
        LoadMode::Replace => Feature::LoadReplace,
        LoadMode::Append => Feature::LoadAppend,
        LoadMode::Merge => Feature::LoadMerge,
        LoadMode::Scd2 => Feature::LoadScd2,
    }
}

/// Names of `node` that the engine would cut.
fn long_names(dialect: &dyn Dialect, node: &Node) -> Vec<Diagnostic> {
    let Some(longest) = dialect.longest_name() else { return Vec::new() };
    let refuse = |what: &str, name: &str, place: &Place| {
        let bytes = name.len();
        let message = format!(
            "{what} `{name}` has a name of {bytes} bytes, and {} keeps {longest}",
            dialect.name()
        );
        Diagnostic::error(Code::NOT_SUPPORTED, message).at(place.clone())
    };
    let mut refusals = Vec::new();
    let makes = !matches!(node.kind, NodeKind::Source(_)) || node.load().is_some();
    if let Some(relation) = node.relation.as_ref().filter(|_| makes) {
        if relation.identifier.len() > longest {
            let place = node.config.places.get("alias").unwrap_or(&node.place);
            let refusal = refuse("relation", &relation.identifier, place);
            refusals.push(refusal.with_help("give it a shorter one with `alias:`"));
        }
        if relation.schema().len() > longest {
            let place = node.config.places.get("schema").unwrap_or(&node.place);
            refusals.push(refuse("schema", relation.schema(), place));
        }
    }
    let declared = node.load().map_or(&[][..], |load| load.columns.as_slice());
    let described = node.columns.iter().filter(|_| makes).map(|column| &column.name);
    let mut columns: Vec<&String> =
        declared.iter().map(|(name, _)| name).chain(described).collect();
    columns.sort();
    columns.dedup();
    let long = columns.into_iter().filter(|name| name.len() > longest);
    refusals.extend(long.map(|name| refuse("column", name, &node.place)));
    refusals
}

/// A server's sessions see one of its databases.
fn elsewhere(target: &Target, node: &Node) -> Option<Diagnostic> {
    let database = node.relation.as_ref()?.database.as_deref()?;
    if target.dialect.is_embedded() || database == target.database {
        return None;
    }
    let message = format!(
        "`{}` is in database `{database}`, and the target is in `{}`",
        node.label(),
        target.database
    );
    let place = node.config.places.get("database").unwrap_or(&node.place).clone();
    let refusal = Diagnostic::error(Code::NOT_SUPPORTED, message).at(place);
    Some(refusal.with_help("use a schema of its own, or an output with that `dbname:`"))
}

/// Options of `node` that the engine does not know.
fn left_out(dialect: &dyn Dialect, node: &Node) -> Vec<Diagnostic> {
    let known = dialect.table_options();
    let told = node.config.table.set().into_iter().filter_map(|option| {
        let place = node.config.places.get(option).unwrap_or(&node.place);
        let what = if !known.contains(&option) {
            format!("on {}", dialect.name())
        } else if place.file.path == node.place.file.path {
            // What a folder of models sets is for those of them that are tables.
            format!("to a {}", without(option, node)?)
        } else {
            return None;
        };
        let message = format!("`{option}` is not applied {what}");
        Some(Diagnostic::warning(Code::NOT_SUPPORTED, message).at(place.clone()))
    });
    told.collect()
}

/// What `node` is, where `option` means nothing for it.
fn without(option: &str, node: &Node) -> Option<&'static str> {
    match node.kind {
        NodeKind::Model(Materialization::View) => Some("view"),
        NodeKind::Model(Materialization::MaterializedView) if option != "indexes" => {
            Some("materialized view")
        }
        _ => None,
    }
}
