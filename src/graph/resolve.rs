//! Which nodes there are, and how they hang together.

use super::bind::{Names, Unbound};
use super::config::{Config, Merged, folder_defaults, materialization, settings_at};
use super::host::{
    Invocation, ParseHost, Shared, ShowModel, Surroundings, YamlText, has_jinja, no_model,
    own_scope,
};
use super::naming::Naming;
use super::node::{Node, NodeColumn, NodeId, NodeIndex, NodeKind, Reference, TemplateTraits};
use super::order;
use super::problem::{Files, diagnose};
use super::shown::ShownGraph;
use super::target::{self, Target, TargetRequest};
use super::{sources, tests};
use crate::diagnostic::{Code, Diagnostic, Label, Place, SourceFile, did_you_mean};
use crate::mode::Materialization;
use crate::project::{
    DeclaredColumn, FolderSetting, NodeProperties, Package, ProfilesFile, Project, ProjectFile,
    PropertiesKind, Setting, SqlFile, Text,
};
use crate::template::{
    BlockKind, Facts, Limits, MacroLibrary, Renderer, TemplateSource, blocks, from_serde,
};
use minijinja::Value;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// A project whose references are bound.
#[derive(Debug)]
pub struct Graph {
    /// The project's directory.
    pub root: PathBuf,
    /// The project's name.
    pub name: String,
    /// The project's version.
    pub version: String,
    /// Where everything generated goes, below the project's directory.
    pub target_path: String,
    /// The database it is for.
    pub target: Target,
    /// All nodes, by id.
    pub nodes: Arc<Vec<Node>>,
    /// The children of each node.
    pub children: Vec<Vec<NodeIndex>>,
    /// All nodes, parents before children.
    pub order: Vec<NodeIndex>,
    /// What names mean.
    pub names: Arc<Names>,
    /// The macros.
    pub library: Arc<MacroLibrary>,
    /// The files that macros and nodes come from.
    pub files: Files,
    /// What all renderings share.
    pub shared: Arc<Shared>,
    /// Nodes that are switched off: name and id.
    pub disabled: Vec<(String, NodeId)>,
    /// SQL before everything else.
    pub on_run_start: Vec<Text>,
    /// SQL after everything else.
    pub on_run_end: Vec<Text>,
}

impl Graph {
    /// The node at `index`.
    pub fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index.get()]
    }

    /// Where `node` refers to `parent`: the call first, then the macro calls around it.
    pub fn locate(&self, node: &Node, parent: &Node) -> Vec<(Place, String)> {
        let reference = node.references.iter().find(|reference| {
            self.names.resolve(reference, &node.package).is_ok_and(|bound| bound.id == parent.id)
        });
        match reference {
            Some(reference) => locate(&self.shared, &self.library, &self.files, node, reference),
            None => vec![(node.place.clone(), String::new())],
        }
    }

    /// The node called `id`.
    pub fn find(&self, id: &NodeId) -> Option<NodeIndex> {
        let found = self.nodes.binary_search_by(|node| node.id.cmp(id)).ok()?;
        u32::try_from(found).ok().map(NodeIndex)
    }
}

/// What is known while nodes are made.
pub(super) struct Context<'p> {
    pub(super) project: &'p Project,
    pub(super) target: Target,
    pub(super) shared: Arc<Shared>,
    pub(super) library: Arc<MacroLibrary>,
    pub(super) files: Files,
    pub(super) naming: Naming,
    shown: Arc<ShownGraph>,
}

/// Nodes as they are made, and what was found wrong on the way.
#[derive(Default)]
pub(super) struct Made {
    pub(super) nodes: Vec<Node>,
    pub(super) disabled: Vec<(String, NodeId)>,
    pub(super) problems: Vec<Diagnostic>,
}

impl Made {
    fn add(&mut self, other: Self) {
        self.nodes.extend(other.nodes);
        self.disabled.extend(other.disabled);
        self.problems.extend(other.problems);
    }
}

/// Resolves `project` for the target that `request` means.
///
/// Everything that is wrong is in `problems`; where that holds an error, the graph may lack nodes
/// and edges. `None` where there is no target.
pub fn resolve(
    project: &Project,
    profiles: &ProfilesFile,
    request: &TargetRequest,
    invocation: &Invocation,
    surroundings: &Surroundings,
    problems: &mut Vec<Diagnostic>,
) -> Option<Graph> {
    let files = project_files(project);
    let library = Arc::new(read_macros(project, &files, problems));
    let unreadable = Renderer::new(library.clone(), Limits::default()).check_macros();
    problems.extend(unreadable.iter().map(|error| diagnose(error, &files)));
    let shown = Arc::new(ShownGraph::default());
    let facts = facts(project, invocation, surroundings, None, &shown);
    let mut early = Shared::new(facts, surroundings, library.clone(), invocation);
    early.vars = vars(project);
    let main = project.main();
    let target =
        target::resolve(&main.file, &project.root, profiles, request, &Arc::new(early), problems)?;
    let facts = self::facts(project, invocation, surroundings, Some(&target), &shown);
    let mut shared = Shared::new(facts, surroundings, library.clone(), invocation);
    shared.dialect = Some(target.dialect);
    shared.vars = vars(project);
    shared.docs = docs(project);
    let shared = render_vars(shared, problems);
    let naming = Naming::new(&library, &target);
    let context = Context { project, target, shared, library, files, naming, shown };
    let mut made = context.make_nodes();
    problems.append(&mut made.problems);
    let graph = context.bind(made, problems);
    each_once(problems, &format!("{}/", main.file.paths.packages));
    Some(graph)
}

/// A default that holds for a hundred models is wrong once.
fn each_once(problems: &mut Vec<Diagnostic>, packages: &str) {
    // The same mistake told with the calls that lead to it says more than by itself.
    let mut calls: HashMap<String, usize> = HashMap::new();
    for problem in &*problems {
        let most = calls.entry(problem.to_string()).or_default();
        *most = (*most).max(problem.labels.len());
    }
    problems.retain(|problem| {
        calls.get(&problem.to_string()) == Some(&problem.labels.len())
            && calls.remove(&problem.to_string()).is_some()
    });
    // Nobody can mend what an installed package says.
    problems.retain(|problem| {
        let installed = |label: &Label| label.place.file.path.starts_with(packages);
        problem.is_error() || !problem.labels.first().is_some_and(installed)
    });
}

fn project_files(project: &Project) -> Files {
    Files::new(project.packages.iter().flat_map(|package| {
        let sql = [&package.models, &package.tests, &package.analyses, &package.snapshots];
        let sql = sql.into_iter().flatten().map(|file| file.file.clone());
        sql.chain(package.macros.iter().cloned())
    }))
}

fn read_macros(project: &Project, files: &Files, problems: &mut Vec<Diagnostic>) -> MacroLibrary {
    let mut builder = MacroLibrary::builder(&project.main().name);
    for package in &project.packages {
        for file in &package.macros {
            builder.file(&package.name, &file.path, &file.text);
        }
    }
    for (namespace, order) in &project.main().file.dispatch {
        builder.search_order(namespace, order.clone());
    }
    let (library, errors) = builder.build();
    problems.extend(errors.iter().map(|error| diagnose(error, files)));
    library
}

fn facts(
    project: &Project,
    invocation: &Invocation,
    surroundings: &Surroundings,
    target: Option<&Target>,
    shown: &Arc<ShownGraph>,
) -> Facts {
    let json = |value: serde_json::Value| from_serde(&value);
    let target_value = target.map_or(Value::UNDEFINED, |target| {
        let mut fields = target.fields.clone();
        for (key, value) in [
            ("name", serde_json::Value::from(target.name.clone())),
            ("target_name", target.name.clone().into()),
            ("profile_name", target.profile.clone().into()),
            ("type", target.dialect.name().into()),
            ("database", target.database.clone().into()),
            ("dbname", target.database.clone().into()),
            ("schema", target.schema.clone().into()),
            ("threads", target.threads.into()),
        ] {
            fields.insert(key.to_owned(), value);
        }
        json(serde_json::Value::Object(fields))
    });
    Facts {
        target: target_value,
        graph: Value::from_dyn_object(shown.clone()),
        flags: json(serde_json::json!({
            "FULL_REFRESH": invocation.full_refresh,
            "WHICH": invocation.verb,
        })),
        invocation_id: surroundings.invocation_id.clone(),
        run_started_at: surroundings.now,
        now: surroundings.now,
        project_name: project.main().name.clone(),
        dbt_version: DBT_VERSION.to_owned(),
        adapter: target.map_or_else(String::new, |target| target.dialect.name().to_owned()),
        dispatch_prefixes: target
            .map(|target| vec![target.dialect.name().to_owned()])
            .unwrap_or_default(),
        metadata_environment: json(serde_json::json!({})),
        selected_resources: json(serde_json::json!([])),
        invocation_args: json(serde_json::json!({"which": invocation.verb})),
    }
}

/// The version of dbt whose language this is, for templates that ask.
const DBT_VERSION: &str = "1.11.0";

/// Variables by package. A mapping under a package's name holds for that package alone.
fn vars(project: &Project) -> HashMap<String, BTreeMap<String, serde_json::Value>> {
    let mut scopes: HashMap<String, BTreeMap<String, serde_json::Value>> = HashMap::new();
    let names: Vec<&str> = project.packages.iter().map(|package| package.name.as_str()).collect();
    // Packages first: what the project itself says about them wins.
    for (index, package) in project.packages.iter().enumerate().rev() {
        for Setting { key, value, .. } in &package.file.vars {
            match value {
                serde_json::Value::Object(scope) if names.contains(&key.as_str()) => {
                    scopes.entry(key.clone()).or_default().extend(scope.clone());
                }
                value => {
                    let scope = if index == 0 { String::new() } else { own_scope(&package.name) };
                    scopes.entry(scope).or_default().insert(key.clone(), value.clone());
                }
            }
        }
    }
    scopes
}

/// Variables that are text may hold Jinja: dbt renders these, and nothing inside lists.
fn render_vars(shared: Shared, problems: &mut Vec<Diagnostic>) -> Arc<Shared> {
    let holds_jinja = |value: &serde_json::Value| value.as_str().is_some_and(has_jinja);
    if !shared.vars.values().flat_map(BTreeMap::values).any(holds_jinja) {
        return Arc::new(shared);
    }
    let raw = Arc::new(shared);
    let mut rendered = raw.vars.clone();
    for value in rendered.values_mut().flat_map(BTreeMap::values_mut) {
        if let serde_json::Value::String(text) = value
            && has_jinja(text)
        {
            let file = SourceFile::new("vars", text.as_str());
            let place = Place::start_of(file);
            if let Some(new) = raw.render_value(YamlText { text, place: &place }, problems) {
                *value = new;
            }
        }
    }
    Arc::new(Shared::with_vars(&raw, rendered))
}

fn docs(project: &Project) -> HashMap<(String, String), String> {
    let mut docs = HashMap::new();
    for package in &project.packages {
        for file in &package.docs {
            for block in blocks(&file.text).into_iter().filter(|b| b.kind == BlockKind::Docs) {
                let text = file.text[block.body].trim().to_owned();
                docs.insert((package.name.clone(), block.name), text);
            }
        }
    }
    docs
}

/// The properties of a package's nodes, by kind and name.
pub(super) type PropertyIndex<'p> = HashMap<(PropertiesKind, &'p str), &'p NodeProperties>;

fn index_properties<'p>(package: &'p Package, problems: &mut Vec<Diagnostic>) -> PropertyIndex<'p> {
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
    fn make_nodes(&self) -> Made {
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
            refuse_snapshots(package, &mut made.problems);
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
    fn name_relation(
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

    fn lay_properties(
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

    fn description(
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
                    data_type: column.data_type.as_ref().map(|text| text.text.clone()),
                    meta: config.all.get("meta").cloned().unwrap_or_else(|| serde_json::json!({})),
                    tags: config.tags,
                    quote: column.quote,
                }
            })
            .collect()
    }

    fn bind(self, made: Made, problems: &mut Vec<Diagnostic>) -> Graph {
        let Made { mut nodes, disabled, .. } = made;
        let main = self.project.main();
        let names = Arc::new(Names::new(&nodes, &disabled, &main.name));
        let unbound: Vec<_> = nodes
            .par_iter_mut()
            .flat_map_iter(|node| {
                let mut unbound = Vec::new();
                for reference in &node.references {
                    match names.resolve(reference, &node.package) {
                        Ok(bound) => node.parents.push(bound.index),
                        Err(problem) => unbound.push((node.id.clone(), problem)),
                    }
                }
                node.parents.sort_unstable();
                node.parents.dedup();
                unbound
            })
            .collect();
        let (in_tests, unbound): (Vec<_>, Vec<_>) =
            unbound.into_iter().partition(|(id, _)| id.0.starts_with("test."));
        if !in_tests.is_empty() {
            return self.without_tests(nodes, disabled, in_tests, problems);
        }
        for (id, unbound) in unbound {
            let late = unbound.late();
            let node = nodes.iter().find(|node| node.id == id);
            let places = node.map(|node| {
                locate(&self.shared, &self.library, &self.files, node, unbound.reference())
            });
            let problem = Diagnostic::error(late.code, late.message);
            let problem = problem.with_help_maybe(late.help);
            problems.push(point(problem, places.unwrap_or_default()));
        }
        for cycle in order::cycles(&nodes) {
            problems.push(self.describe_cycle(&nodes, &names, &cycle));
        }
        problems.extend(same_relation(&self.target, &nodes));
        let children = order::children(&nodes);
        let order = order::topological(&nodes, &children);
        // Packages first: what the project itself does comes on top.
        let hooks = |of: fn(&ProjectFile) -> &Vec<Text>| -> Vec<Text> {
            self.project.packages.iter().rev().flat_map(|p| of(&p.file)).cloned().collect()
        };
        let nodes = Arc::new(nodes);
        self.shown.fill(&nodes);
        Graph {
            root: self.project.root.clone(),
            name: main.name.clone(),
            version: main.file.version.clone(),
            target_path: main.file.paths.target.clone(),
            target: self.target,
            order,
            children,
            nodes,
            names,
            library: self.library,
            files: self.files,
            shared: self.shared,
            disabled,
            on_run_start: hooks(|file| &file.on_run_start),
            on_run_end: hooks(|file| &file.on_run_end),
        }
    }

    /// Binds again without the tests whose references mean nothing. dbt's rule: such a test is
    /// dropped, with a warning where the node does not exist, in silence where it is disabled.
    fn without_tests(
        self,
        mut nodes: Vec<Node>,
        disabled: Vec<(String, NodeId)>,
        unbound: Vec<(NodeId, Unbound)>,
        problems: &mut Vec<Diagnostic>,
    ) -> Graph {
        for (id, unbound) in &unbound {
            let Some(node) = nodes.iter().find(|node| node.id == *id) else { continue };
            if let Unbound::Disabled { .. } = unbound {
                continue;
            }
            let late = unbound.late();
            let message = format!("test `{}` is left out: {}", node.name, late.message);
            let problem = Diagnostic::warning(late.code, message).with_help_maybe(late.help);
            let places =
                locate(&self.shared, &self.library, &self.files, node, unbound.reference());
            problems.push(point(problem, places));
        }
        nodes.retain(|node| unbound.iter().all(|(id, _)| node.id != *id));
        for node in &mut nodes {
            node.parents.clear();
        }
        self.bind(Made { nodes, disabled, problems: Vec::new() }, problems)
    }

    fn describe_cycle(&self, nodes: &[Node], names: &Names, cycle: &[NodeIndex]) -> Diagnostic {
        let name = |index: NodeIndex| nodes[index.get()].label();
        if let [only] = cycle {
            let problem =
                Diagnostic::error(Code::CYCLE, format!("`{}` refers to itself", name(*only)))
                    .with_help("to read the rows already there, write `{{ this }}`");
            return point(problem, self.edge(nodes, names, *only, *only));
        }
        let path: Vec<_> =
            cycle.iter().chain(&cycle[..1]).map(|index| format!("`{}`", name(*index))).collect();
        let mut problem = Diagnostic::error(
            Code::CYCLE,
            format!("these nodes depend on each other: {}", path.join(" -> ")),
        );
        for (position, from) in cycle.iter().enumerate() {
            let to = cycle[(position + 1) % cycle.len()];
            let text = format!("`{}` needs `{}`", name(*from), name(to));
            if let Some((place, _)) = self.edge(nodes, names, *from, to).into_iter().next() {
                problem = problem.label(place, text);
            }
        }
        problem.with_help("remove one of these references")
    }

    fn edge(
        &self,
        nodes: &[Node],
        names: &Names,
        from: NodeIndex,
        to: NodeIndex,
    ) -> Vec<(Place, String)> {
        let node = &nodes[from.get()];
        let reference = node.references.iter().find(|reference| {
            names.resolve(reference, &node.package).is_ok_and(|bound| bound.index == to)
        });
        reference
            .map(|reference| locate(&self.shared, &self.library, &self.files, node, reference))
            .unwrap_or_default()
    }
}

/// Where `node` makes `reference`: the call itself first, then the macro calls around it. The
/// template is rendered once more with a host that fails there.
fn locate(
    shared: &Arc<Shared>,
    library: &Arc<MacroLibrary>,
    files: &Files,
    node: &Node,
    reference: &Reference,
) -> Vec<(Place, String)> {
    if node.test().is_some_and(|test| test.generic.is_some()) {
        return vec![(node.place.clone(), String::new())];
    }
    let settings = Merged::default();
    let relation = node.relation.clone();
    let host = ParseHost::new(shared.clone(), &node.package, relation, settings, no_model());
    let host = Arc::new(host.failing_at(reference.clone()));
    let template =
        TemplateSource { path: node.file.path.clone(), text: node.file.text.clone(), region: None };
    match Renderer::new(library.clone(), Limits::default()).render(&template, host) {
        Err(error) => {
            let labels = diagnose(&error, files).labels;
            labels.into_iter().map(|label| (label.place, label.text)).collect()
        }
        Ok(_) => vec![(node.place.clone(), String::new())],
    }
}

fn point(problem: Diagnostic, places: Vec<(Place, String)>) -> Diagnostic {
    places.into_iter().fold(problem, |problem, (place, text)| problem.label(place, text))
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
fn model_shower(
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
fn place_of_key(sql: &SqlFile, key: &str) -> Place {
    let text = &sql.file.text;
    let written = text.match_indices(key).find(|(at, _)| {
        let before = text[..*at].chars().next_back();
        let after = text[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            && (after.starts_with('=') || after.starts_with(':'))
    });
    match written {
        Some((at, _)) => Place::new(sql.file.clone(), at..at + key.len()),
        None => Place::start_of(sql.file.clone()),
    }
}

/// Properties of nodes that do not exist.
fn orphans(package: &Package, properties: &PropertyIndex<'_>) -> Vec<Diagnostic> {
    let names = |kind: PropertiesKind| -> Vec<&str> {
        match kind {
            PropertiesKind::Model => package.models.iter().map(|f| f.name.as_str()).collect(),
            PropertiesKind::Seed => package.seeds.iter().map(|f| f.name.as_str()).collect(),
            PropertiesKind::Analysis => package.analyses.iter().map(|f| f.name.as_str()).collect(),
            PropertiesKind::Test => package.tests.iter().map(|f| f.name.as_str()).collect(),
            PropertiesKind::Snapshot => Vec::new(),
        }
    };
    let mut problems = Vec::new();
    for (kind, word) in [
        (PropertiesKind::Model, "model"),
        (PropertiesKind::Seed, "seed"),
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

fn refuse_snapshots(package: &Package, problems: &mut Vec<Diagnostic>) {
    let declared = package.properties.iter().flat_map(|file| &file.nodes);
    let declared = declared.filter(|properties| properties.kind == PropertiesKind::Snapshot);
    let places = declared.map(|properties| properties.name.place.clone());
    let files = package.snapshots.iter().map(|sql| Place::start_of(sql.file.clone()));
    for place in places.chain(files) {
        let message = "snapshots are not supported by this version";
        problems.push(Diagnostic::error(Code::NOT_SUPPORTED, message).at(place));
    }
}

/// Two nodes of one id: the second is reported and taken out.
fn duplicates(made: &mut Made) {
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
                .with_help(if node.resource_type() == "source" {
                    "remove one of the declarations"
                } else {
                    "rename one of the files"
                }),
        );
        false
    });
    // A model and a seed of one name: `ref` could not tell them apart.
    let mut refable: HashMap<(String, String), &Node> = HashMap::new();
    for node in &made.nodes {
        if matches!(node.kind, NodeKind::Model(_) | NodeKind::Seed(_))
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

/// Nodes that make one relation, names compared as the engine compares them.
fn same_relation(target: &Target, nodes: &[Node]) -> Vec<Diagnostic> {
    let mut makers: HashMap<String, &Node> = HashMap::new();
    let mut problems = Vec::new();
    for node in nodes {
        let makes =
            matches!(node.kind, NodeKind::Model(_) | NodeKind::Seed(_)) || node.load().is_some();
        let Some(relation) = node.relation.as_ref().filter(|_| makes) else { continue };
        let key = target.dialect.fold(&target.dialect.render(relation));
        let Some(other) = makers.insert(key, node) else { continue };
        if other.name == node.name && other.package == node.package && node.load().is_none() {
            // Two nodes of one name: said already.
            continue;
        }
        let message = format!(
            "{} `{}` and {} `{}` both make the relation `{relation}`",
            other.resource_type(),
            other.label(),
            node.resource_type(),
            node.label(),
        );
        let differs = other.relation.as_ref().is_some_and(|other| other != relation);
        let problem = Diagnostic::error(Code::SAME_RELATION, message)
            .at(node.place.clone())
            .label(other.place.clone(), "the other one")
            .with_help(if node.load().is_some() || other.load().is_some() {
                "load into another table: `load: {into: schema.table}`"
            } else {
                "give one of them another `alias` or `schema`"
            });
        problems.push(if differs {
            problem
                .with_note(format!("{} does not tell capital letters apart", target.dialect.name()))
        } else {
            problem
        });
    }
    problems
}
