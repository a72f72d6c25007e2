//! Where a node's relation goes: dbt's `generate_database_name`, `generate_schema_name` and
//! `generate_alias_name`, which a project may replace by macros of its own.

use super::config::{Config, Merged};
use super::host::{ParseHost, ShowModel};
use super::problem::diagnose;
use super::resolve::Context;
use super::target::Target;
use crate::diagnostic::Diagnostic;
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

    /// The relation of the node called `name`.
    ///
    /// # Errors
    /// One of the project's own macros fails.
    pub(super) fn relation(
        &self,
        renderer: &mut Renderer,
        context: &Context<'_>,
        name: &str,
        package: &str,
        config: &Config,
        model: &ShowModel,
    ) -> Result<RelationName, Box<Diagnostic>> {
        let wanted = [&config.database, &config.schema, &config.alias];
        let defaults: [&dyn Fn(&str) -> String; 3] = [
            &|database| database.to_owned(),
            &|schema| format!("{}_{}", self.schema, schema.trim()),
            &|alias| alias.trim().to_owned(),
        ];
        let without = [&self.database, &self.schema, &name.to_owned()];
        let mut parts: [String; 3] = Default::default();
        for part in 0..3 {
            parts[part] = match (self.own[part], wanted[part]) {
                (Some(id), wanted) => {
                    let wanted = wanted.as_deref().map_or(Value::from(()), Value::from);
                    self.call(renderer, context, id, &[wanted, model()], package, name)?
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
        package: &str,
        name: &str,
    ) -> Result<String, Box<Diagnostic>> {
        let this = Some(self.provisional(name));
        let model = arguments.get(1).cloned().unwrap_or_default();
        let host = ParseHost::new(
            context.shared.clone(),
            package,
            this,
            Merged::default(),
            Arc::new(move || model.clone()),
        );
        match renderer.call(id, arguments, &[], Arc::new(host)) {
            Ok((value, _)) => Ok(value.to_string().trim().to_owned()),
            Err(error) => Err(Box::new(diagnose(&error, &context.files))),
        }
    }

    /// The schema that the tables of `source` land in where `into:` does not say otherwise: what
    /// the project's macro `generate_landing_schema` says, else the source's name.
    ///
    /// # Errors
    /// The macro fails.
    pub(super) fn landing_schema(
        &self,
        context: &Context<'_>,
        source: &str,
        package: &str,
    ) -> Result<String, Box<Diagnostic>> {
        let Some(id) = context.library.find(package, "generate_landing_schema") else {
            return Ok(source.to_owned());
        };
        let mut renderer = Renderer::new(context.library.clone(), Limits::default());
        self.call(&mut renderer, context, id, &[Value::from(source)], package, source)
    }

    /// The database of the target.
    pub(super) fn database(&self) -> &str {
        &self.database
    }
}
