//! Which snapshots the files of a package become: `{% snapshot %}` blocks, and YAML entries with
//! `relation:`.

mod config;

use super::config::{Config, Merged, settings_at};
use super::host::ParseHost;
use super::make::{PropertyIndex, fqn, model_shower, place_of_key_in};
use super::node::{Node, NodeId, NodeKind, Reference, SnapshotNode, SnapshotQuery, TemplateTraits};
use super::problem::{diagnose, explain};
use super::resolve::{Context, Made};
use crate::diagnostic::{Code, Diagnostic, Place, SourceFile};
use crate::project::{NodeProperties, Package, PropertiesKind, Setting, SqlFile};
use crate::template::{BlockKind, Limits, Renderer, TemplateSource, blocks, unclosed};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// The query of a snapshot of YAML, as dbt writes it.
pub(super) const QUERY: &str = include_str!("../../../templates/snapshot_relation.sql");

/// Where a snapshot is declared.
struct Declared<'d> {
    file: SqlFile,
    fqn: Vec<String>,
    place: Place,
    query: SnapshotQuery,
    properties: Option<&'d NodeProperties>,
}

impl Declared<'_> {
    /// Where `config(key=…)` of the block says `key`.
    fn place_of_key(&self, key: &str) -> Place {
        let found = match &self.query {
            SnapshotQuery::Block { body, .. } => {
                place_of_key_in(&self.file.file, body.clone(), key)
            }
            SnapshotQuery::Relation { .. } => None,
        };
        found.unwrap_or_else(|| self.place.clone())
    }
}

/// The snapshots of `package`.
pub(super) fn make(
    context: &Context<'_>,
    package: &Package,
    properties: &PropertyIndex<'_>,
) -> Made {
    let mut made = Made::default();
    let mut renderer = Renderer::new(context.library.clone(), Limits::default());
    for declared in declared(package, properties, &mut made.problems) {
        make_one(context, &mut renderer, package, &declared, &mut made);
    }
    made
}

/// The names of the snapshots that stand in blocks.
pub(super) fn names(package: &Package) -> Vec<String> {
    let found = package.snapshots.iter().flat_map(|sql| blocks(&sql.file.text));
    let named = found.filter(|block| block.kind == BlockKind::Snapshot).map(|block| block.name);
    let entries = package.properties.iter().flat_map(|file| &file.nodes);
    let entries = entries.filter(|entry| is_node(entry)).map(|entry| entry.name.text.clone());
    named.chain(entries).collect()
}

fn is_node(entry: &NodeProperties) -> bool {
    entry.kind == PropertiesKind::Snapshot && entry.relation.is_some()
}

fn declared<'p>(
    package: &'p Package,
    properties: &PropertyIndex<'p>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Declared<'p>> {
    let mut all = Vec::new();
    for sql in &package.snapshots {
        all.extend(in_file(package, sql, properties, problems));
    }
    for file in &package.properties {
        all.extend(file.nodes.iter().filter_map(|entry| in_yaml(package, &file.file, entry)));
    }
    all
}

/// The snapshot that an entry of YAML declares, where it is one.
fn in_yaml<'p>(
    package: &Package,
    file: &Arc<SourceFile>,
    entry: &'p NodeProperties,
) -> Option<Declared<'p>> {
    let relation = entry.relation.as_ref().filter(|_| is_node(entry))?;
    let name = &entry.name.text;
    let below = below_its_path(package, file);
    let folder = below.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let text = QUERY.trim_end().replace("RELATION", &relation.text);
    Some(Declared {
        file: SqlFile {
            file: file.clone(),
            name: name.clone(),
            relative: format!("{below}/{name}.sql"),
        },
        fqn: fqn(package, &format!("{folder}{name}.sql"), name),
        place: entry.name.place.clone(),
        query: SnapshotQuery::Relation { text: text.into(), place: relation.place.clone() },
        properties: Some(entry),
    })
}

/// The path of `file` below the snapshot path, model path or the like that it lies in.
pub(super) fn below_its_path(package: &Package, file: &SourceFile) -> String {
    let project = &package.file.file.path;
    let prefix = project.rsplit_once('/').map_or("", |(prefix, _)| prefix);
    let path = file.path.strip_prefix(prefix).unwrap_or(&file.path).trim_start_matches('/');
    let paths = &package.file.paths;
    let mut directories = [&paths.snapshots, &paths.models, &paths.sources, &paths.seeds]
        .into_iter()
        .chain([&paths.macros, &paths.tests, &paths.analyses, &paths.exports])
        .flatten();
    let below = directories.find_map(|directory| path.strip_prefix(&format!("{directory}/")));
    below.unwrap_or(path).to_owned()
}

/// The blocks of one file.
fn in_file<'p>(
    package: &Package,
    sql: &SqlFile,
    properties: &PropertyIndex<'p>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Declared<'p>> {
    let text = &sql.file.text;
    if let Some((keyword, span)) = unclosed(text) {
        let message = format!("`{keyword}` is not closed, expected `{{% end{keyword} %}}`");
        problems.push(Diagnostic::error(Code::TEMPLATE_SYNTAX, message).at(at(sql, span)));
        return Vec::new();
    }
    let found: Vec<_> =
        blocks(text).into_iter().filter(|block| block.kind == BlockKind::Snapshot).collect();
    if found.is_empty() {
        let message = format!("`{}` holds no snapshot", sql.file.path);
        problems.push(
            Diagnostic::warning(Code::NOT_ONE_QUERY, message)
                .at(Place::start_of(sql.file.clone()))
                .with_help("put its query between `{% snapshot name %}` and `{% endsnapshot %}`"),
        );
    }
    let alone = found.len() == 1;
    let declared = found.into_iter().map(|block| {
        let path = sql.relative.trim_end_matches(".sql");
        Declared {
            fqn: fqn(package, &format!("{path}/{}.sql", block.name), &block.name),
            place: at(sql, block.name_span.clone()),
            query: SnapshotQuery::Block { body: block.body.clone(), alone },
            properties: properties
                .get(&(PropertiesKind::Snapshot, block.name.as_str()))
                .copied()
                .filter(|entry| entry.relation.is_none()),
            file: SqlFile { name: block.name, ..sql.clone() },
        }
    });
    declared.collect()
}

fn at(sql: &SqlFile, range: Range<usize>) -> Place {
    Place::new(sql.file.clone(), range)
}

fn make_one(
    context: &Context<'_>,
    renderer: &mut Renderer,
    package: &Package,
    declared: &Declared<'_>,
    made: &mut Made,
) {
    let name = &declared.file.name;
    let id = NodeId(format!("snapshot.{}.{name}", package.name));
    let rendered = match render(context, renderer, package, declared, &id, &mut made.problems) {
        Ok(rendered) => rendered,
        Err(problem) => {
            made.problems.push(*problem);
            made.broken.push(name.clone());
            return;
        }
    };
    let settings = Config::read(&rendered.merged, &mut made.problems);
    if !settings.enabled {
        made.disabled.push((name.clone(), id));
        return;
    }
    let read = config::read(name, &rendered.merged, &declared.place, &mut made.problems);
    let Some(read) = read else {
        made.broken.push(name.clone());
        return;
    };
    let kind = SnapshotNode {
        scd2: read.scd2,
        max_delete_percent: read.max_delete_percent,
        query: declared.query.clone(),
        places: read.places,
    };
    let properties = declared.properties;
    let mut node = Node {
        id,
        name: name.clone(),
        package: package.name.clone(),
        kind: NodeKind::Snapshot(Box::new(kind)),
        file: declared.file.file.clone(),
        relative: declared.file.relative.clone(),
        fqn: declared.fqn.clone(),
        place: declared.place.clone(),
        relation: None,
        config: settings,
        description: context.description(properties, &mut made.problems),
        columns: context.columns(properties.map_or(&[][..], |p| &p.columns), &mut made.problems),
        references: rendered.references,
        macros: rendered.macros,
        parents: Vec::new(),
        // dbt answers `is_incremental()` with false here, always.
        traits: TemplateTraits::default(),
        refusals: Vec::new(),
    };
    context.name_relation(renderer, &mut node, &mut made.problems);
    // dbt takes these as they are, without asking `generate_schema_name`.
    if let Some(relation) = &mut node.relation {
        relation.schema = read.target_schema.or(relation.schema.take());
        relation.database = read.target_database.or(relation.database.take());
    }
    made.nodes.push(node);
}

/// What the first pass found.
struct FirstPass {
    merged: Merged,
    references: Vec<Reference>,
    macros: BTreeSet<String>,
}

/// Renders a snapshot for what it refers to and configures.
fn render(
    context: &Context<'_>,
    renderer: &mut Renderer,
    package: &Package,
    declared: &Declared<'_>,
    id: &NodeId,
    problems: &mut Vec<Diagnostic>,
) -> Result<FirstPass, Box<Diagnostic>> {
    let sql = &declared.file;
    let mut merged = Merged::default();
    merged.lay(&[materialized(&declared.place)]);
    let defaults = context.defaults(package, |p| &p.file.snapshots, &declared.fqn, problems);
    merged.lay(&defaults.iter().cloned().collect::<Vec<_>>());
    context.lay_properties(&mut merged, declared.properties, problems);
    let own = context.naming.provisional(&sql.name);
    let model = model_shower(id, package, sql, own.schema.clone(), &merged);
    let shared = context.shared.clone();
    let host = Arc::new(ParseHost::new(shared, &package.name, Some(own), merged.clone(), model));
    let template = template(&sql.file, &declared.query);
    let rendered = renderer.render(&template, host.clone()).map_err(|error| {
        Box::new(match &declared.query {
            SnapshotQuery::Relation { place, .. } => explain(&error).at(place.clone()),
            SnapshotQuery::Block { .. } => diagnose(&error, &context.files),
        })
    })?;
    let record = host.take_record();
    merged.lay(&settings_at(record.configured, &|key| declared.place_of_key(key)));
    Ok(FirstPass {
        merged,
        references: record.references,
        macros: rendered.macros_called.iter().map(ToString::to_string).collect(),
    })
}

/// What a snapshot is to its own template.
fn materialized(place: &Place) -> Setting {
    Setting {
        key: "materialized".to_owned(),
        value: "snapshot".into(),
        place: place.clone(),
        key_place: place.clone(),
    }
}

/// The template of a snapshot that `file` declares.
pub(super) fn template(file: &SourceFile, query: &SnapshotQuery) -> TemplateSource {
    let path = file.path.clone();
    match query {
        SnapshotQuery::Block { body, .. } => {
            TemplateSource { path, text: file.text.clone(), region: Some(body.clone()) }
        }
        SnapshotQuery::Relation { text, .. } => {
            TemplateSource { path, text: text.clone(), region: None }
        }
    }
}
