//! The SQL of file scans, from templates.

use crate::dialect::{self, Dialect};
use crate::engine::{EngineError, ErrorKind};
use minijinja::{Environment, UndefinedBehavior};
use std::path::Path;
use std::sync::LazyLock;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../templates/duckdb/", $name)))),+]
    };
}

static TEMPLATES: [(&str, &str); 12] = templates![
    "columns_of_files.sql",
    "csv_read.sql",
    "misfit_csv.sql",
    "misfits_csv.sql",
    "misfit_parquet.sql",
    "parquet_chunks.sql",
    "parquet_footers.sql",
    "rows_of_files.sql",
    "scan_csv.sql",
    "scan_json.sql",
    "scan_parquet.sql",
    "wanted_columns.sql",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.add_filter("quote", |name: &str| dialect::DuckDb.quote(name));
    environment.add_filter("literal", |text: &str| dialect::DuckDb.string_literal(text));
    environment.set_loader(|name| {
        Ok(TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()))
    });
    environment
});

/// Renders a template of this module.
pub(crate) fn render(name: &str, context: minijinja::Value) -> Result<String, EngineError> {
    let render = || ENVIRONMENT.get_template(name)?.render(context);
    render().map_err(|error: minijinja::Error| {
        EngineError::new(ErrorKind::Internal, format!("template `{name}`: {error:#}"))
    })
}

/// A path as DuckDB's readers take it: what they would read as a glob stands for itself.
pub(crate) fn path(path: &Path) -> String {
    let mut text = String::new();
    for character in path.to_string_lossy().chars() {
        if matches!(character, '*' | '?' | '[') {
            text.extend(['[', character, ']']);
        } else {
            text.push(character);
        }
    }
    text
}
