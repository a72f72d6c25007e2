//! The tables of sources as nodes: where they are read, where they land, how they are loaded.

use super::config::{Config, Merged};
use super::connection::Connection;
use super::host::YamlText;
use super::naming::Naming;
use super::node::{LoadNode, LoadObject, Node, NodeId, NodeKind, SourceNode, TemplateTraits};
use super::resolve::{Context, Made};
use crate::diagnostic::{Code, Diagnostic, Place, did_you_mean};
use crate::project::{DeclaredSource, DeclaredTable, Package, Properties, Text};
use crate::relation::RelationName;
use std::collections::BTreeSet;

/// Every source table of `package` as a node.
pub(super) fn make(context: &Context<'_>, package: &Package) -> Made {
    let mut made = Made::default();
    for properties in &package.properties {
        for source in &properties.sources {
            for table in &source.tables {
                make_table(context, package, properties, source, table, &mut made);
            }
        }
    }
    made
}

fn make_table(
    context: &Context<'_>,
    package: &Package,
    properties: &Properties,
    source: &DeclaredSource,
    table: &DeclaredTable,
    made: &mut Made,
) {
    let problems = &mut made.problems;
    let label = format!("{}.{}", source.name.text, table.name.text);
    let fqn = table_fqn(package, properties, source, table);
    let mut merged = context.defaults(package, |package| &package.file.sources, &fqn, problems);
    merged.lay(&source.settings);
    merged.lay(&table.settings);
    context.render_settings(&mut merged, problems);
    let config = Config::read(&merged, problems);
    let id = NodeId(format!("source.{}.{label}", package.name));
    if !config.enabled {
        made.disabled.push((label, id));
        return;
    }
    let load = load_node(context, package, &fqn, source, table, problems);
    let mut render = |text: &Option<Text>| {
        let text = text.as_ref()?;
        context.shared.render_text(YamlText { text: &text.text, place: &text.place }, problems)
    };
    let identifier = render(&table.identifier).unwrap_or_else(|| table.name.text.clone());
    let read_schema = render(&source.schema);
    let read_database = render(&source.database);
    let relation = match &load {
        Some((_, into)) => into.clone(),
        None => RelationName::new(
            read_database.unwrap_or_else(|| context.naming.database().to_owned()),
            read_schema.unwrap_or_else(|| source.name.text.clone()),
            identifier.clone(),
        ),
    };
    let external = match &load {
        Some(_) => None,
        None => external(&config, source, table, &identifier),
    };
    let about = context.text(&table.description, &table.place, problems);
    made.nodes.push(Node {
        id,
        name: table.name.text.clone(),
        package: package.name.clone(),
        kind: NodeKind::Source(SourceNode {
            source: source.name.text.clone(),
            source_description: context.text(&source.description, &source.name.place, problems),
            identifier,
            external,
            load: load.map(|(load, _)| Box::new(load)),
            loaded_at_field: table
                .loaded_at_field
                .clone()
                .or_else(|| source.loaded_at_field.clone()),
            freshness: table.freshness.clone().or_else(|| source.freshness.clone()),
        }),
        file: properties.file.clone(),
        relative: properties.file.path.to_string(),
        fqn,
        place: table.place.clone(),
        relation: Some(relation),
        config,
        description: about,
        columns: context.columns(&table.columns, problems),
        references: Vec::new(),
        macros: BTreeSet::new(),
        parents: Vec::new(),
        traits: TemplateTraits::default(),
        refusals: Vec::new(),
    });
}

/// Package, folders of the YAML file, source, table: dbt's name for a table of a source.
fn table_fqn(
    package: &Package,
    properties: &Properties,
    source: &DeclaredSource,
    table: &DeclaredTable,
) -> Vec<String> {
    let mut folders: Vec<&str> = properties.file.path.split('/').collect();
    folders.pop();
    let below = folders.into_iter().skip(1).map(str::to_owned);
    std::iter::once(package.name.clone())
        .chain(below)
        .chain([source.name.text.clone(), table.name.text.clone()])
        .collect()
}

/// How the table is loaded, and where it lands; `None` where it is in the target already.
fn load_node(
    context: &Context<'_>,
    package: &Package,
    fqn: &[String],
    source: &DeclaredSource,
    table: &DeclaredTable,
    problems: &mut Vec<Diagnostic>,
) -> Option<(LoadNode, RelationName)> {
    let connection = match &source.connection {
        Some(name) => Some(Box::new(connection(context, name, problems)?)),
        None => None,
    };
    let (object, place) = object(context, source, table, problems)?;
    let levels = load_levels(context, package, fqn, source, table, problems);
    let into = landing(context, &levels, &package.name, source, table, problems);
    let (mut rules, places) = super::load_rules::read(&levels, &table.place, problems);
    if let LoadObject::Query(query) = &object {
        rules.query = Some(fingerprint(query));
    }
    let mut options = table.options.clone();
    for option in &mut options {
        context.shared.render_setting(option, problems);
    }
    let load = LoadNode {
        object,
        place,
        connection,
        format: format(table, problems),
        options,
        columns: table
            .columns
            .iter()
            .filter_map(|column| {
                let data_type = column.data_type.as_ref()?;
                Some((column.name.text.clone(), data_type.text.clone()))
            })
            .collect(),
        required: table
            .columns
            .iter()
            .filter(|column| {
                column.constraints.iter().any(|constraint| constraint.text == "not_null")
            })
            .map(|column| (column.name.text.clone(), column.name.place.clone()))
            .collect(),
        rules,
        places,
    };
    Some((load, into))
}

/// Eight digits that tell one query from another.
fn fingerprint(query: &str) -> String {
    blake3::hash(query.trim().as_bytes()).to_hex().chars().take(8).collect()
}

/// What is read, and where that is said: files by `path`, else by `query`, else the table itself.
/// `None` where nothing is: the table is in the target already.
fn object(
    context: &Context<'_>,
    source: &DeclaredSource,
    table: &DeclaredTable,
    problems: &mut Vec<Diagnostic>,
) -> Option<(LoadObject, Place)> {
    let mut render = |text: &Text| {
        context.shared.render_text(YamlText { text: &text.text, place: &text.place }, problems)
    };
    if let Some(path) = &table.path {
        let object = LoadObject::Files(render(path)?);
        if let Some(query) = &table.query {
            let message = "`path` and `query` do not go together";
            problems.push(Diagnostic::error(Code::INVALID_VALUE, message).at(query.place.clone()));
        }
        return Some((object, path.place.clone()));
    }
    if source.connection.is_none() {
        if let Some(place) = without_path(table) {
            let message = format!(
                "source table `{}` is not loaded, because it has no `path`",
                table.name.text
            );
            problems.push(
                Diagnostic::error(Code::MISSING_KEY, message)
                    .at(place)
                    .with_help("say which files hold it: `path: data/file.csv`"),
            );
        }
        return None;
    }
    if let Some(query) = &table.query {
        return Some((LoadObject::Query(render(query)?), query.place.clone()));
    }
    let schema = source.schema.as_ref().map(&mut render);
    let name = table.identifier.as_ref().map_or(Some(table.name.text.clone()), render)?;
    let schema = schema.flatten().filter(|schema| !schema.is_empty());
    Some((LoadObject::Table { schema, name }, table.name.place.clone()))
}

/// What is said about the load: by the project file, by the source, by the table.
fn load_levels(
    context: &Context<'_>,
    package: &Package,
    fqn: &[String],
    source: &DeclaredSource,
    table: &DeclaredTable,
    problems: &mut Vec<Diagnostic>,
) -> [Merged; 3] {
    let mut levels = [Merged::default(), Merged::default(), Merged::default()];
    let [defaults, of_source, of_table] = &mut levels;
    for setting in super::config::folder_defaults(&package.file.loads, &package.name, fqn) {
        defaults.lay(std::slice::from_ref(setting));
    }
    of_source.lay(&source.load);
    of_table.lay(&table.load);
    for level in &mut levels {
        context.render_settings(level, problems);
    }
    levels
}

/// dbt-duckdb's `meta: {external_location: ...}`: a path is quoted, a call such as
/// `read_csv(...)` stands as it is.
fn external(
    config: &Config,
    source: &DeclaredSource,
    table: &DeclaredTable,
    identifier: &str,
) -> Option<String> {
    let meta = config.all.get("meta").and_then(|meta| meta.get("external_location"));
    let location = meta.or_else(|| config.all.get("external_location"))?.as_str()?;
    let schema = source.schema.as_ref().unwrap_or(&source.name);
    let location = location
        .replace("{name}", &table.name.text)
        .replace("{identifier}", identifier)
        .replace("{schema}", &schema.text);
    let call = location.contains('(') || location.starts_with('\'');
    Some(if call { location } else { format!("'{}'", location.replace('\'', "''")) })
}

/// Where a table that has no path says how it is read.
fn without_path(table: &DeclaredTable) -> Option<Place> {
    let text = [&table.query, &table.format].into_iter().flatten().map(|text| text.place.clone());
    let settings = table.options.iter().chain(&table.load);
    text.chain(settings.map(|setting| setting.key_place.clone())).next()
}

/// The connection of that name; what is wrong with its declaration is told where it is used.
pub(super) fn connection(
    context: &Context<'_>,
    name: &Text,
    problems: &mut Vec<Diagnostic>,
) -> Option<Connection> {
    let known = &context.target.connections;
    if let Some(found) = known.iter().find(|known| known.name == name.text) {
        for problem in &found.problems {
            if !problems.contains(problem) {
                problems.push(problem.clone());
            }
        }
        return Some(found.clone());
    }
    let message = format!("no connection `{}` in profile `{}`", name.text, context.target.profile);
    let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
    let help = did_you_mean(&name.text, names.iter().copied()).unwrap_or_else(|| {
        if names.is_empty() {
            "declare it under `connections:` of the profile".to_owned()
        } else {
            format!("it has {}", names.join(", "))
        }
    });
    problems.push(
        Diagnostic::error(Code::UNKNOWN_CONNECTION, message).at(name.place.clone()).with_help(help),
    );
    None
}

fn landing(
    context: &Context<'_>,
    levels: &[Merged; 3],
    package: &str,
    source: &DeclaredSource,
    table: &DeclaredTable,
    problems: &mut Vec<Diagnostic>,
) -> RelationName {
    let named = Naming::landing_schema(context, &source.name.text, package);
    let schema = named.unwrap_or_else(|problem| {
        problems.push(*problem);
        source.name.text.clone()
    });
    let mut into = RelationName::new(context.naming.database(), schema, table.name.text.clone());
    let Some(setting) = levels.iter().rev().find_map(|level| level.get("into")) else {
        return into;
    };
    let parts: Vec<&str> = setting.value.as_str().unwrap_or_default().split('.').collect();
    match parts.as_slice() {
        [schema, name]
            if name.starts_with("__sqlflow")
                || schema.eq_ignore_ascii_case(&context.target.state_schema) =>
        {
            let message = format!("`into` names `{schema}.{name}`, which is kept for sqlflow");
            problems
                .push(Diagnostic::error(Code::INVALID_VALUE, message).at(setting.place.clone()));
        }
        [schema, name] if !schema.is_empty() && !name.is_empty() => {
            into.schema = Some((*schema).to_owned());
            (*name).clone_into(&mut into.identifier);
        }
        _ => problems.push(
            Diagnostic::error(Code::INVALID_VALUE, "`into` is not of the form `schema.table`")
                .at(setting.place.clone()),
        ),
    }
    into
}

fn format(table: &DeclaredTable, problems: &mut Vec<Diagnostic>) -> Option<String> {
    const FORMATS: [&str; 3] = ["csv", "parquet", "json"];
    let format = table.format.as_ref()?;
    if !FORMATS.contains(&format.text.as_str()) {
        problems.push(
            Diagnostic::error(Code::INVALID_VALUE, format!("unknown format `{}`", format.text))
                .at(format.place.clone())
                .with_help(format!("known are {}", FORMATS.join(", "))),
        );
        return None;
    }
    Some(format.text.clone())
}
