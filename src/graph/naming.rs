//! Where a node's relation goes: dbt's `generate_database_name`, `generate_schema_name` and
//! `generate_alias_name`, which a project may replace by macros of its own.

use super::config::Merged;
use super::host::{ParseHost, ShowModel, no_model};
use super::node::Node;
use super::problem::diagnose;
use super::resolve::Context;
use super::shown::show_model;
use super::target::Target;
use crate::diagnostic::{Code, Diagnostic};
use crate::relation::RelationName;
use crate::template::{BUILTIN_PACKAGE, Limits, MacroId, MacroLibrary, Renderer};
use minijinja::Value;
use std::sync::Arc;

/// How relations are named in a project.
pub(super) struct Naming {
    database: String,
    schema: String,
    /// The project's own macros for database, schema and alias.
    own: [Option<MacroId>; 3],
}

const MACROS: [&str; 3] = ["generate_database_name", "generate_schema_name", "generate_alias_name"];

impl Naming {
    pub(super) fn new(library: &MacroLibrary, target: &Target) -> Self {
        let own = MACROS.map(|name| {
            // A package's version counts only where the project has none: dbt's order.
            let packages = library.packages().filter(|package| *package != BUILTIN_PACKAGE);
            let mut found = packages.filter_map(|package| library.find(package, name));
            found.find(|id| {
                library.info(*id).is_some_and(|info| info.package.as_ref() != BUILTIN_PACKAGE)
            })
        });
        Self { database: target.database.clone(), schema: target.schema.clone(), own }
    }

    /// The relation that a node called `name` makes where nothing says otherwise.
    pub(super) fn provisional(&self, name: &str) -> RelationName {
        RelationName::new(self.database.clone(), self.schema.clone(), name)
    }

    /// The relation that `node` makes.
    ///
    /// # Errors
    /// One of the project's own macros fails, or gives no name.
    pub(super) fn relation(
        &self,
        renderer: &mut Renderer,
        context: &Context<'_>,
        node: &Node,
    ) -> Result<RelationName, Box<Diagnostic>> {
        let wanted = [&node.config.database, &node.config.schema, &node.config.alias];
        let defaults: [&dyn Fn(&str) -> String; 3] = [
            &|database| database.to_owned(),
            &|schema| format!("{}_{}", self.schema, schema.trim()),
            &|alias| alias.trim().to_owned(),
        ];
        let without = [&self.database, &self.schema, &node.name];
        let mut parts: [String; 3] = Default::default();
        for part in 0..3 {
            parts[part] = match (self.own[part], wanted[part]) {
                (Some(id), wanted) => {
                    let wanted = wanted.as_deref().map_or(Value::from(()), Value::from);
                    let arguments = [wanted, show_model(node, None)];
                    let name = self.call(renderer, context, id, &arguments, node)?;
                    if name.is_empty() {
                        let message = format!("macro `{}` gave no name", MACROS[part]);
                        return Err(Box::new(
                            Diagnostic::error(Code::TEMPLATE_FAILED, message)
                                .label(node.place.clone(), "for this node"),
                        ));
                    }
                    name
                }
                (None, Some(wanted)) => defaults[part](wanted),
                (None, None) => without[part].clone(),
            };
        }
        let [database, schema, identifier] = parts;
        Ok(RelationName::new(database, schema, identifier))
    }

    fn call(
        &self,
        renderer: &mut Renderer,
        context: &Context<'_>,
        id: MacroId,
        arguments: &[Value],
        node: &Node,
    ) -> Result<String, Box<Diagnostic>> {
        let this = Some(self.provisional(&node.name));
        let shown = arguments.get(1).cloned().unwrap_or_default();
        let model: ShowModel = Arc::new(move || shown.clone());
        let host =
            ParseHost::new(context.shared.clone(), &node.package, this, Merged::default(), model);
        name_by(renderer, context, id, arguments, host)
    }

    /// The schema that the tables of `source` land in where `into:` does not say otherwise: what
    /// the project's macro `generate_landing_schema` says, else the source's name.
    ///
    /// # Errors
    /// The macro fails.
    pub(super) fn landing_schema(
        context: &Context<'_>,
        source: &str,
        package: &str,
    ) -> Result<String, Box<Diagnostic>> {
        let Some(id) = context.library.find(package, "generate_landing_schema") else {
            return Ok(source.to_owned());
        };
        let mut renderer = Renderer::new(context.library.clone(), Limits::default());
        let settings = Merged::default();
        let host = ParseHost::new(context.shared.clone(), package, None, settings, no_model());
        name_by(&mut renderer, context, id, &[Value::from(source)], host)
    }

    /// The database of the target.
    pub(super) fn database(&self) -> &str {
        &self.database
    }
}

/// The name that a macro gives.
fn name_by(
    renderer: &mut Renderer,
    context: &Context<'_>,
    id: MacroId,
    arguments: &[Value],
    host: ParseHost,
) -> Result<String, Box<Diagnostic>> {
    match renderer.call(id, arguments, &[], Arc::new(host)) {
        Ok((value, _)) if value.is_none() => Ok(String::new()),
        Ok((value, _)) => Ok(value.to_string().trim().to_owned()),
        Err(error) => Err(Box::new(diagnose(&error, &context.files))),
    }
}
