//! Which nodes the files of a package become.

use super::config::{Config, Merged, folder_defaults, materialization, settings_at};
use super::host::{ParseHost, ShowModel, YamlText};
use super::node::{Node, NodeColumn, NodeId, NodeKind, TemplateTraits};
use super::problem::diagnose;
use super::resolve::{Context, Made};
use super::{exports, snapshots, sources, tests};
use crate::diagnostic::{Code, Diagnostic, Place, SourceFile, did_you_mean};
use crate::mode::Materialization;
use crate::project::{
    DeclaredColumn, FolderSetting, NodeProperties, Package, PropertiesKind, SqlFile,
};
use crate::template::{Limits, Renderer, TemplateSource, from_serde};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

/// The properties of a package's nodes, by kind and name.
pub(super) type PropertyIndex<'p> = HashMap<(PropertiesKind, &'p str), &'p NodeProperties>;

pub(super) fn index_properties<'p>(
    package: &'p Package,
    problems: &mut Vec<Diagnostic>,
) -> PropertyIndex<'p> {
    let mut index = PropertyIndex::new();
    for properties in package.properties.iter().flat_map(|file| &file.nodes) {
        let key = (properties.kind, properties.name.text.as_str());
        if let Some(first) = index.insert(key, properties) {
            let message = format!("`{}` has properties in two places", properties.name.text);
            problems.push(
                Diagnostic::error(Code::DUPLICATE_NAME, message)
                    .at(properties.name.place.clone())
                    .label(first.name.place.clone(), "and here")
                    .with_help("move them into one entry"),
            );
        }
    }
    index
}

impl Context<'_> {
    pub(super) fn make_nodes(&self) -> Made {
        let mut made = Made::default();
        for package in &self.project.packages {
            let properties = index_properties(package, &mut made.problems);
            let files = package.models.iter().map(|file| (PropertiesKind::Model, file));
            let files = files
                .chain(package.analyses.iter().map(|file| (PropertiesKind::Analysis, file)))
                .chain(package.tests.iter().map(|file| (PropertiesKind::Test, file)))
                .collect::<Vec<_>>();
            let nodes: Vec<_> = files
                .into_par_iter()
                .map_init(
                    || Renderer::new(self.library.clone(), Limits::default()),
                    |renderer, (kind, file)| {
                        let known = properties.get(&(kind, file.name.as_str())).copied();
                        self.make_sql_node(renderer, package, kind, file, known)
                    },
                )
                .collect();
            for node in nodes {
                made.add(node);
            }
            made.add(self.make_seeds(package, &properties));
            made.add(sources::make(self, package));
            made.add(snapshots::make(self, package, &properties));
            made.add(exports::make(self, package));
            made.problems.extend(orphans(package, &properties));
        }
        duplicates(&mut made);
        made.nodes.sort_by(|a, b| a.id.cmp(&b.id));
        let generic = tests::make(self, &made.nodes);
        made.add(generic);
        made.nodes.sort_by(|a, b| a.id.cmp(&b.id));
        made
    }

    fn make_sql_node(
        &self,
        renderer: &mut Renderer,
        package: &Package,
        kind: PropertiesKind,
        sql: &SqlFile,
        properties: Option<&NodeProperties>,
    ) -> Made {
        let mut made = Made::default();
        let (resource, defaults): (_, fn(&Package) -> &[FolderSetting]) = match kind {
            PropertiesKind::Test => ("test", |package| &package.file.tests),
            PropertiesKind::Analysis => ("analysis", |_| &[]),
            _ => ("model", |package| &package.file.models),
        };
        let fqn = fqn(package, &sql.relative, &sql.name);
        let mut merged = self.defaults(package, defaults, &fqn, &mut made.problems);
        self.lay_properties(&mut merged, properties, &mut made.problems);
        let id = NodeId(format!("{resource}.{}.{}", package.name, sql.name));
        let template = TemplateSource {
            path: sql.file.path.clone(),
            text: sql.file.text.clone(),
            region: None,
        };
        let own = self.naming.provisional(&sql.name);
        let model = model_shower(&id, package, sql, own.schema.clone(), &merged);
        let parse = ParseHost::new(
            self.shared.clone(),
            &package.name,
            Some(own),
            merged.clone(),
            model.clone(),
        );
        let host = Arc::new(parse);
        let rendered = match renderer.render(&template, host.clone()) {
            Ok(rendered) => rendered,
            Err(error) => {
                made.problems.push(diagnose(&error, &self.files));
                made.broken.push(sql.name.clone());
                return made;
            }
        };
        let record = host.take_record();
        merged.lay(&settings_at(record.configured, &|key| place_of_key(sql, key)));
        let config = Config::read(&merged, &mut made.problems);
        let mut found = Vec::new();
        let node_kind = match kind {
            PropertiesKind::Test => tests::singular(&merged, &mut made.problems),
            PropertiesKind::Analysis => NodeKind::Analysis,
            _ => NodeKind::Model(materialization(&merged, &mut found)),
        };
        let (refusals, found): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|problem| problem.code == Code::NOT_SUPPORTED);
        made.problems.extend(found);
        if !config.enabled {
            made.disabled.push((sql.name.clone(), id));
            return made;
        }
        let makes_relation = match &node_kind {
            NodeKind::Model(materialization) => *materialization != Materialization::Ephemeral,
            _ => false,
        };
        let mut node = Node {
            id,
            name: sql.name.clone(),
            package: package.name.clone(),
            kind: node_kind,
            file: sql.file.clone(),
            relative: sql.relative.clone(),
            fqn,
            place: Place::start_of(sql.file.clone()),
            relation: None,
            config,
            description: self.description(properties, &mut made.problems),
            columns: self.columns(properties.map_or(&[][..], |p| &p.columns), &mut made.problems),
            references: record.references,
            macros: rendered.macros_called.iter().map(ToString::to_string).collect(),
            parents: Vec::new(),
            traits: record.traits,
            refusals,
        };
        if makes_relation {
            self.name_relation(renderer, &mut node, &mut made.problems);
        }
        made.nodes.push(node);
        made
    }

    /// Gives `node` the relation that it makes.
    pub(super) fn name_relation(
        &self,
        renderer: &mut Renderer,
        node: &mut Node,
        problems: &mut Vec<Diagnostic>,
    ) {
        match self.naming.relation(renderer, self, node) {
            Ok(relation) => node.relation = Some(relation),
            Err(problem) => {
                node.relation = Some(self.naming.provisional(&node.name));
                problems.push(*problem);
            }
        }
    }

    fn make_seeds(&self, package: &Package, properties: &PropertyIndex<'_>) -> Made {
        let mut made = Made::default();
        let mut renderer = Renderer::new(self.library.clone(), Limits::default());
        for seed in &package.seeds {
            let known = properties.get(&(PropertiesKind::Seed, seed.name.as_str())).copied();
            let fqn = fqn(package, &seed.relative, &seed.name);
            let mut merged =
                self.defaults(package, |package| &package.file.seeds, &fqn, &mut made.problems);
            self.lay_properties(&mut merged, known, &mut made.problems);
            let config = Config::read(&merged, &mut made.problems);
            let id = NodeId(format!("seed.{}.{}", package.name, seed.name));
            if !config.enabled {
                made.disabled.push((seed.name.clone(), id));
                continue;
            }
            let file = SourceFile::new(seed.path.as_str(), "");
            let mut node = Node {
                id,
                name: seed.name.clone(),
                package: package.name.clone(),
                kind: NodeKind::Seed(seed.clone()),
                relative: seed.relative.clone(),
                fqn,
                place: Place::start_of(file.clone()),
                file,
                relation: None,
                config,
                description: self.description(known, &mut made.problems),
                columns: self.columns(known.map_or(&[][..], |p| &p.columns), &mut made.problems),
                references: Vec::new(),
                macros: BTreeSet::new(),
                parents: Vec::new(),
                traits: TemplateTraits::default(),
                refusals: Vec::new(),
            };
            self.name_relation(&mut renderer, &mut node, &mut made.problems);
            made.nodes.push(node);
        }
        made
    }

    /// The defaults for a node: those of its own package, over them the project's.
    pub(super) fn defaults(
        &self,
        package: &Package,
        of: fn(&Package) -> &[FolderSetting],
        fqn: &[String],
        problems: &mut Vec<Diagnostic>,
    ) -> Merged {
        let mut merged = Merged::default();
        let main = self.project.main();
        let mut speakers = vec![package];
        if package.name != main.name {
            speakers.push(main);
        }
        for speaker in speakers {
            for setting in folder_defaults(of(speaker), &package.name, fqn) {
                merged.lay(std::slice::from_ref(setting));
            }
        }
        self.render_settings(&mut merged, problems);
        merged
    }

    pub(super) fn lay_properties(
        &self,
        merged: &mut Merged,
        properties: Option<&NodeProperties>,
        problems: &mut Vec<Diagnostic>,
    ) {
        if let Some(properties) = properties {
            merged.lay(&properties.settings);
            self.render_settings(merged, problems);
        }
    }

    /// Renders Jinja in values. Hooks keep theirs: it is rendered when they run.
    pub(super) fn render_settings(&self, merged: &mut Merged, problems: &mut Vec<Diagnostic>) {
        for setting in merged.iter_mut() {
            if !matches!(setting.key.as_str(), "pre_hook" | "post_hook") {
                self.shared.render_setting(setting, problems);
            }
        }
    }

    pub(super) fn description(
        &self,
        properties: Option<&NodeProperties>,
        problems: &mut Vec<Diagnostic>,
    ) -> String {
        properties.map_or_else(String::new, |properties| {
            self.text(&properties.description, &properties.name.place, problems)
        })
    }

    /// A text of a YAML file, rendered.
    pub(super) fn text(&self, text: &str, place: &Place, problems: &mut Vec<Diagnostic>) -> String {
        let rendered = self.shared.render_text(YamlText { text, place }, problems);
        rendered.unwrap_or_default()
    }

    pub(super) fn columns(
        &self,
        declared: &[DeclaredColumn],
        problems: &mut Vec<Diagnostic>,
    ) -> Vec<NodeColumn> {
        declared
            .iter()
            .map(|column| {
                let mut merged = Merged::default();
                merged.lay(&column.settings);
                let config = Config::read(&merged, problems);
                NodeColumn {
                    name: column.name.text.clone(),
                    description: self.text(&column.description, &column.name.place, problems),
                    place: column.name.place.clone(),
                    data_type: column.data_type.as_ref().map(|text| text.text.clone()),
                    type_place: column.data_type.as_ref().map(|text| text.place.clone()),
                    meta: config.all.get("meta").cloned().unwrap_or_else(|| serde_json::json!({})),
                    tags: config.tags,
                    quote: column.quote,
                }
            })
            .collect()
    }
}

/// Package, folders, name.
pub(super) fn fqn(package: &Package, relative: &str, name: &str) -> Vec<String> {
    let folders = relative.split('/').map(str::to_owned);
    let mut fqn: Vec<String> = std::iter::once(package.name.clone()).chain(folders).collect();
    fqn.pop();
    fqn.push(name.to_owned());
    fqn
}

/// Makes what `model` is to a node's template while names are still being made.
pub(super) fn model_shower(
    id: &NodeId,
    package: &Package,
    sql: &SqlFile,
    schema: Option<String>,
    merged: &Merged,
) -> ShowModel {
    let (id, package, sql) = (id.clone(), package.name.clone(), sql.clone());
    let merged = merged.clone();
    Arc::new(move || {
        let mut config = serde_json::Map::new();
        config.insert("enabled".to_owned(), true.into());
        config.insert("materialized".to_owned(), "view".into());
        config.insert("tags".to_owned(), serde_json::json!([]));
        config.insert("meta".to_owned(), serde_json::json!({}));
        config.extend(merged.to_map());
        from_serde(&serde_json::json!({
            "unique_id": id.0,
            "name": sql.name,
            "alias": sql.name,
            "package_name": package,
            "path": sql.relative,
            "original_file_path": &*sql.file.path,
            "schema": schema,
            "resource_type": id.0.split('.').next(),
            "config": config,
        }))
    })
}

/// Where `config(key=…)` says `key`; the file's start where a macro says it.
pub(super) fn place_of_key(sql: &SqlFile, key: &str) -> Place {
    place_of_key_in(&sql.file, 0..sql.file.text.len(), key)
        .unwrap_or_else(|| Place::start_of(sql.file.clone()))
}

/// Where `config(key=…)` says `key` in `range` of `file`.
pub(super) fn place_of_key_in(
    file: &Arc<SourceFile>,
    range: Range<usize>,
    key: &str,
) -> Option<Place> {
    let text = &file.text[range.clone()];
    let mut found = text.match_indices(key).filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        let after = text[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            && (after.starts_with('=') || after.starts_with(':'))
    });
    let (at, _) = found.next()?;
    let start = range.start + at;
    Some(Place::new(file.clone(), start..start + key.len()))
}

/// Properties of nodes that do not exist.
pub(super) fn orphans(package: &Package, properties: &PropertyIndex<'_>) -> Vec<Diagnostic> {
    let snapshots = snapshots::names(package);
    let names = |kind: PropertiesKind| -> Vec<&str> {
        match kind {
            PropertiesKind::Model => package.models.iter().map(|f| f.name.as_str()).collect(),
            PropertiesKind::Seed => package.seeds.iter().map(|f| f.name.as_str()).collect(),
            PropertiesKind::Analysis => package.analyses.iter().map(|f| f.name.as_str()).collect(),
            PropertiesKind::Test => package.tests.iter().map(|f| f.name.as_str()).collect(),
            PropertiesKind::Snapshot => snapshots.iter().map(String::as_str).collect(),
        }
    };
    let mut problems = Vec::new();
    for (kind, word) in [
        (PropertiesKind::Model, "model"),
        (PropertiesKind::Seed, "seed"),
        (PropertiesKind::Snapshot, "snapshot"),
        (PropertiesKind::Analysis, "analysis"),
        (PropertiesKind::Test, "singular test"),
    ] {
        let known = names(kind);
        let set: BTreeSet<&str> = known.iter().copied().collect();
        for ((found, name), entry) in properties {
            if *found == kind && !set.contains(name) {
                let message = format!("properties of the {word} `{name}`, which does not exist");
                problems.push(
                    Diagnostic::warning(Code::ORPHANED_PROPERTIES, message)
                        .at(entry.name.place.clone())
                        .with_help_maybe(did_you_mean(name, known.iter().copied())),
                );
            }
        }
    }
    problems.sort_by_key(ToString::to_string);
    problems
}

/// Two nodes of one id: the second is reported and taken out.
pub(super) fn duplicates(made: &mut Made) {
    let mut first: HashMap<NodeId, Place> = HashMap::new();
    let problems = &mut made.problems;
    made.nodes.retain(|node| {
        let Some(earlier) = first.get(&node.id) else {
            first.insert(node.id.clone(), node.place.clone());
            return true;
        };
        let message = format!("two {}s are called `{}`", node.resource_type(), node.label());
        problems.push(
            Diagnostic::error(Code::DUPLICATE_NAME, message)
                .at(node.place.clone())
                .label(earlier.clone(), "the other one")
                .with_help(match node.resource_type() {
                    "source" => "remove one of the declarations",
                    "export" => "rename one of them",
                    _ => "rename one of the files",
                }),
        );
        false
    });
    // A model and a seed of one name: `ref` could not tell them apart.
    let mut refable: HashMap<(String, String), &Node> = HashMap::new();
    for node in &made.nodes {
        if matches!(node.kind, NodeKind::Model(_) | NodeKind::Seed(_) | NodeKind::Snapshot(_))
            && let Some(other) = refable.insert((node.package.clone(), node.name.clone()), node)
        {
            let message = format!(
                "a {} and a {} are called `{}`",
                other.resource_type(),
                node.resource_type(),
                node.name
            );
            problems.push(
                Diagnostic::error(Code::DUPLICATE_NAME, message)
                    .at(node.place.clone())
                    .label(other.place.clone(), "the other one")
                    .with_help("rename one of them: `ref` could not tell them apart"),
            );
        }
    }
}
